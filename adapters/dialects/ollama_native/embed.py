"""Embeddings: POST {base_url}/api/embed, and the old POST {base_url}/api/embeddings.

Source: ollama/ollama v0.33.0-rc2, api/types.go (EmbedRequest, EmbeddingRequest) and docs/api.md; read 2026-11-20.
"""

from typing import Any, Generic, TypeVar

import msgspec

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.ollama_native.address import endpoint
from llm_pure.adapters.dialects.ollama_native.errors import error_in
from llm_pure.adapters.dialects.ollama_native.messages import dropped
from llm_pure.adapters.dialects.ollama_native.request import with_extra
from llm_pure.adapters.dialects.ollama_native.usage import read_usage
from llm_pure.adapters.dialects.openai_chat.embed import no_base64
from llm_pure.classify import unreadable_error
from llm_pure.codec import decode, decode_any
from llm_pure.completion import JsonObject, Usage
from llm_pure.config import LLMConfig
from llm_pure.endpoint import post_json
from llm_pure.errors import ConfigurationInvalid, InvalidRequest, Unsupported
from llm_pure.http import HttpResponse
from llm_pure.operations import Embeddings, EmbedRequest
from llm_pure.provider import Built
from llm_pure.request import ChatRequest
from llm_pure.result import Failure, Parsed, Success

B = TypeVar("B")


class _Body(msgspec.Struct):
    embeddings: list[list[float]]
    model: str | None = None
    prompt_eval_count: Any = None


class _OldBody(msgspec.Struct):
    embedding: list[float]


class _Read(msgspec.Struct, Generic[B]):
    """A body, typed and as plain JSON."""

    body: B
    raw: JsonObject


_BODY = msgspec.json.Decoder(_Body)
_OLD_BODY = msgspec.json.Decoder(_OldBody)


def build_no_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Parsed[Built]:
    """Unsupported, always: this endpoint only embeds."""
    message = f"{name} only makes embeddings; api_type ollama holds conversations"
    return Failure(Unsupported(message=message, provider=name, feature="chat"))


def build_embed(name: str, config: LLMConfig, request: EmbedRequest) -> Parsed[Built]:
    """POST {base_url}/api/embed. Body: {model, input: str | [str], dimensions?}; `extra` adds truncate, keep_alive, options.

    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    fields: dict[str, Any] = {"input": request.input}
    if request.dimensions is not None:
        fields["dimensions"] = request.dimensions
    return _built(name, config, request, "embed", fields, ())


def build_old_embed(name: str, config: LLMConfig, request: EmbedRequest) -> Parsed[Built]:
    """POST {base_url}/api/embeddings. Body: {model, prompt}.

    Fails as `build_embed` does, and with Unsupported for more than one text.
    """
    if len(request.texts) > 1:
        message = "/api/embeddings takes one text; api_type ollama.embed takes several"
        return Failure(Unsupported(message=message, provider=name, feature="input"))
    told: tuple[Adaptation, ...] = ()
    if request.dimensions is not None:
        reason = "/api/embeddings has no dimensions; api_type ollama.embed has"
        told = (dropped("dimensions", reason, request.dimensions),)
    return _built(name, config, request, "embeddings", {"prompt": "".join(request.texts)}, told)


def parse_embed(name: str, response: HttpResponse) -> Parsed[Embeddings]:
    """One vector of length 1 for each text. Durations are in extra, in nanoseconds."""
    got = _read(name, _BODY, response)
    if isinstance(got, Failure):
        return got
    read = got.unwrap()
    return Success(
        Embeddings(
            vectors=tuple([tuple(vector) for vector in read.body.embeddings]),
            model=read.body.model or "",
            provider=name,
            usage=read_usage(read.body.prompt_eval_count, None) or Usage(),
            extra=_extra(read.raw, "embeddings", "model", "prompt_eval_count"),
        )
    )


def parse_old_embed(name: str, response: HttpResponse) -> Parsed[Embeddings]:
    """One vector, of any length. ProtocolFault when it is empty: nothing was embedded."""
    got = _read(name, _OLD_BODY, response)
    if isinstance(got, Failure):
        return got
    read = got.unwrap()
    if not read.body.embedding:
        return Failure(unreadable_error(name, response.status, response.headers, response.body))
    vector = tuple(read.body.embedding)
    return Success(
        Embeddings(vectors=(vector,), provider=name, extra=_extra(read.raw, "embedding"))
    )


def _built(
    name: str,
    config: LLMConfig,
    request: EmbedRequest,
    path: str,
    fields: dict[str, Any],
    told: tuple[Adaptation, ...],
) -> Parsed[Built]:
    model = request.model or config.model
    if not model:
        return Failure(
            ConfigurationInvalid(message="no model for embeddings", field="model", provider=name)
        )
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    if request.task is not None:
        told = (*told, dropped("task", "Ollama's models are not told what for", request.task))
    told += no_base64(name, request)
    url = endpoint(name, config, path)
    if isinstance(url, Failure):
        return url
    body = with_extra({"model": model, **fields}, request.extra)
    return post_json(config, url.unwrap(), body, provider=name).map(
        lambda made: Built(request=made, adaptations=told)
    )


def _read(name: str, decoder: msgspec.json.Decoder[B], response: HttpResponse) -> Parsed[_Read[B]]:
    """The body of a good answer, else the error that it tells."""
    decoded = decode_any(response.body, provider=name)
    told = None if isinstance(decoded, Failure) else error_in(name, decoded.unwrap(), response)
    if told is not None:
        return Failure(told)
    if isinstance(decoded, Failure) or response.status >= 300:
        return Failure(unreadable_error(name, response.status, response.headers, response.body))
    return decode(decoder, response.body, provider=name).map(
        lambda body: _Read(body, decoded.unwrap())
    )


def _extra(raw: JsonObject, *modelled: str) -> JsonObject:
    return {
        key: value
        for key, value in raw.items()
        if key not in modelled and value is not None and value not in ("", [], {})
    }
