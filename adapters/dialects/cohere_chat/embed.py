"""Embeddings: POST {base_url}/v2/embed.

Source: cohere 7.3.1, v2/raw_client.py (embed) and types/embed_by_type_response.py, read 2026-11-20.
"""

import struct
from typing import Any

import msgspec

from llm_pure.adapters.dialects.cohere_chat.address import endpoint
from llm_pure.adapters.dialects.cohere_chat.errors import error_in
from llm_pure.adapters.dialects.cohere_chat.usage import read_usage
from llm_pure.adapters.dialects.unmodelled import broken, others
from llm_pure.classify import good_json
from llm_pure.codec import convert
from llm_pure.completion import Usage
from llm_pure.config import LLMConfig
from llm_pure.endpoint import post_json
from llm_pure.errors import ConfigurationInvalid, InvalidRequest
from llm_pure.http import HttpResponse
from llm_pure.media import from_base64
from llm_pure.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.provider import Built
from llm_pure.result import Failure, Parsed, Success

EMBED_LIMITS = (
    EmbedLimit(texts=96, source="docs.cohere.com, Embed API, texts, by langchain; read 2026-11-21"),
)

_NUMBERS = ("float", "int8", "uint8", "binary", "ubinary")
"""Kinds of vectors that are lists of numbers."""


class _Meta(msgspec.Struct):
    billed_units: dict[str, Any] | None = None
    tokens: dict[str, Any] | None = None
    cached_tokens: float | None = None


class _Body(msgspec.Struct):
    embeddings: dict[str, list[list[float] | str] | None] | list[list[float]]
    id: str | None = None
    meta: _Meta | None = None


def build_embed(name: str, config: LLMConfig, request: EmbedRequest) -> Parsed[Built]:
    """POST {base_url}/v2/embed.

    Body: {model, texts[], input_type, embedding_types: ["float" or "base64"], output_dimension?}. input_type is the request's
    `task`, and "search_document" without one, since Cohere wants it said. `extra` adds truncate and others.
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
    url = endpoint(name, config, "/v2/embed")
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {
        "model": model,
        "texts": list(request.texts),
        "input_type": request.task or "search_document",
        "embedding_types": [request.encoding or "float"],
    }
    if request.dimensions is not None:
        body["output_dimension"] = request.dimensions
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one))


def parse_embed(name: str, response: HttpResponse) -> Parsed[Embeddings]:
    """One vector for each text, out of the first kind that was sent: floats, numbers of other sizes, base64 floats.

    Further kinds are in `extra`.
    """
    good = good_json(name, response, lambda raw: error_in(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    typed = convert(_Body, raw, provider=name)
    if isinstance(typed, Failure):
        return typed
    body = typed.unwrap()
    kinds = body.embeddings if isinstance(body.embeddings, dict) else {"float": body.embeddings}
    kind = next((one for one in (*_NUMBERS, "base64") if kinds.get(one)), None)
    vectors = [_vector(row) for row in kinds.get(kind or "") or ()]
    if kind is None or None in vectors:
        return Failure(broken(name, "the answer has no vectors", response))
    extra = others(raw, frozenset({"embeddings", "meta"})) | others(
        {
            "embeddings": {k: v for k, v in kinds.items() if k != kind and v},
            "meta": raw.get("meta"),
        },
        frozenset(),
    )
    return Success(
        Embeddings(
            vectors=tuple([vector for vector in vectors if vector is not None]),
            provider=name,
            usage=_usage(raw.get("meta")),
            extra=extra,
        )
    )


def _vector(row: list[float] | str) -> tuple[float, ...] | None:
    """Base64 holds little-endian float32."""
    if isinstance(row, list):
        return tuple(row)
    data = from_base64(row)
    if data is None or len(data) % 4:
        return None
    return struct.unpack(f"<{len(data) // 4}f", data)


def _usage(meta: object) -> Usage:
    if not isinstance(meta, dict):
        return Usage()
    told = {k: meta[k] for k in ("billed_units", "tokens", "cached_tokens") if meta.get(k)}
    return read_usage(told) if told else Usage()
