"""Embeddings: POST {base_url}/api/embed, and the old POST {base_url}/api/embeddings.

Source: ollama/ollama v0.33.0-rc2, api/types.go (EmbedRequest, EmbeddingRequest) and docs/api.md; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.embed import check_embed_request, drop_base64
from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.ollama_native.errors import find_error
from llm_pure.adapters.dialects.ollama_native.usage import read_usage
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, read_json, undecodable_error
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult


class _Body(msgspec.Struct):
    embeddings: list[list[float]]
    model: str | None = None
    prompt_eval_count: Any = None


class _OldBody(msgspec.Struct):
    embedding: list[float]


_BODY = msgspec.json.Decoder(_Body)
_OLD_BODY = msgspec.json.Decoder(_OldBody)


def build_no_chat(
    service: AnyService, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """Fails with UnsupportedFeature, always: this endpoint only embeds."""
    message = f"{service.name} supports embeddings only; use api_type ollama for chat"
    return Failure(UnsupportedFeature(message=message, provider=service.name, feature="chat"))


@returns_failure
def build_embed(service: AnyService, config: LLMConfig, request: EmbedRequest) -> Built:
    """POST {base_url}/api/embed. Body: {model, input: str | [str], dimensions?}; `extra` adds truncate, keep_alive, options.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    fields: dict[str, Any] = {"input": request.input}
    if request.dimensions is not None:
        fields["dimensions"] = request.dimensions
    return _build(service, config, request, "embed", fields, [])


@returns_failure
def build_old_embed(service: AnyService, config: LLMConfig, request: EmbedRequest) -> Built:
    """POST {base_url}/api/embeddings. Body: {model, prompt}.

    Fails as `build_embed` does, and with UnsupportedFeature for more than one text.
    """
    if len(request.texts) > 1:
        message = "/api/embeddings takes one text; api_type ollama.embed takes several"
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature="input"))
    adaptations: list[Adaptation] = []
    if request.dimensions is not None:
        reason = "/api/embeddings has no dimensions; api_type ollama.embed has"
        adaptations.append(dropped("dimensions", reason, request.dimensions))
    fields = {"prompt": "".join(request.texts)}
    return _build(service, config, request, "embeddings", fields, adaptations)


@returns_failure
def parse_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """One vector of length 1 for each text. Durations are in `extra`, in nanoseconds."""
    raw = read_json(service, response, find_error)
    body = ok(decode(_BODY, response.body, provider=service.name))
    return Embeddings(
        vectors=tuple([tuple(vector) for vector in body.embeddings]),
        model=body.model or "",
        provider=service.name,
        usage=read_usage(body.prompt_eval_count, None) or Usage(),
        extra=extra_fields(raw, frozenset({"embeddings", "model", "prompt_eval_count"})),
    )


@returns_failure
def parse_old_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """One vector, of any length. Fails with ProtocolError for an empty one: nothing was embedded."""
    raw = read_json(service, response, find_error)
    body = ok(decode(_OLD_BODY, response.body, provider=service.name))
    if not body.embedding:
        raise Rejected(undecodable_error(service, response))
    vectors = (tuple(body.embedding),)
    extra = extra_fields(raw, frozenset({"embedding"}))
    return Embeddings(vectors=vectors, provider=service.name, extra=extra)


def _build(
    service: AnyService,
    config: LLMConfig,
    request: EmbedRequest,
    operation: str,
    fields: dict[str, Any],
    adaptations: list[Adaptation],
) -> Built:
    model = check_embed_request(service, config, request)
    if request.task is not None:
        reason = "Ollama's embedding models take no task"
        adaptations.append(dropped("task", reason, request.task))
    drop_base64(service, request, adaptations)
    url = ok(service.url_for(config, model, operation))
    body = merge_objects({"model": model, **fields}, request.extra or {})
    return build_post(service, config, url, body, adaptations)
