"""Embeddings: POST {base_url}/embeddings.

Source: openai/openai-openapi 2.3.0 (CreateEmbeddingRequest), read 2026-11-20.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.openai_chat.errors import error_in
from llm_pure.adapters.dialects.openai_chat.stream import broken
from llm_pure.adapters.dialects.openai_chat.usage import read_usage
from llm_pure.classify import ErrorType, unreadable_error
from llm_pure.codec import decode, decode_any
from llm_pure.completion import Usage
from llm_pure.config import LLMConfig
from llm_pure.endpoint import Locate, post_json
from llm_pure.errors import ConfigurationInvalid, InvalidRequest
from llm_pure.http import HttpResponse
from llm_pure.media import from_base64
from llm_pure.operations import Embeddings, EmbedRequest
from llm_pure.provider import Built
from llm_pure.result import Failure, Parsed, Success


class _Row(msgspec.Struct):
    embedding: list[float] | str
    index: int | None = None


class _Body(msgspec.Struct):
    data: list[_Row]
    model: str | None = None
    usage: dict[str, Any] | None = None


_BODY = msgspec.json.Decoder(_Body)

EMBED_NAMES: Mapping[str, str] = MappingProxyType(
    {"dimensions": "dimensions", "encoding": "encoding_format"}
)
"""What OpenAI calls the fields of EmbedRequest; what is not among them is not sent, and told."""


def build_embed(
    name: str,
    locate: Locate,
    config: LLMConfig,
    request: EmbedRequest,
    *,
    names: Mapping[str, str] = EMBED_NAMES,
    always: Mapping[str, Any] = MappingProxyType({}),
) -> Parsed[Built]:
    """POST {base_url}/embeddings. Body: {model, input: str | [str], dimensions?, encoding_format?}.

    names: what the service calls `dimensions`, `task` and `encoding`. always: fields that it wants in any case.

    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    model = request.model or config.model
    if not model:
        return Failure(
            ConfigurationInvalid(message="no model for embeddings", field="model", provider=name)
        )
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    url = locate(config, model, "/embeddings")
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {"model": model, "input": request.input, **always}
    told: list[Adaptation] = []
    for field in ("dimensions", "task", "encoding"):
        value = getattr(request, field)
        if value is not None and field in names:
            body[names[field]] = value
        elif value not in (None, "float"):
            reason = f"{name} has no {field} for embeddings"
            told.append(Adaptation(field=field, action="dropped", reason=reason, before=value))
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=tuple(told)))


def no_base64(name: str, request: EmbedRequest) -> tuple[Adaptation, ...]:
    """The report of a service that sends vectors as plain numbers only."""
    if request.encoding != "base64":
        return ()
    reason = f"{name} sends vectors as numbers only"
    return (Adaptation(field="encoding", action="dropped", reason=reason, before=request.encoding),)


def parse_embed(
    name: str, words: Mapping[str, ErrorType], response: HttpResponse
) -> Parsed[Embeddings]:
    """One vector for each text, by `index`. Floats or base64 (little-endian float32): the JSON type tells."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(unreadable_error(name, response.status, response.headers, response.body))
    raw = decoded.unwrap()
    told = error_in(name, words, raw, response)
    if told is not None:
        return Failure(told)
    typed = decode(_BODY, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    body = typed.unwrap()
    rows = sorted(
        enumerate(body.data), key=lambda one: one[0] if one[1].index is None else one[1].index
    )
    vectors = [_vector(row.embedding) for _, row in rows]
    if None in vectors:
        return Failure(broken(name, "an embedding is neither floats nor base64 floats", response))
    return Success(
        Embeddings(
            vectors=tuple([vector for vector in vectors if vector is not None]),
            model=body.model or "",
            provider=name,
            usage=read_usage(body.usage) if body.usage else Usage(),
            extra={k: v for k, v in raw.items() if k not in ("data", "model", "usage", "object")},
        )
    )


def _vector(embedding: list[float] | str) -> tuple[float, ...] | None:
    if isinstance(embedding, list):
        return tuple(embedding)
    data = from_base64(embedding)
    if data is None or len(data) % 4:
        return None
    return struct.unpack(f"<{len(data) // 4}f", data)
