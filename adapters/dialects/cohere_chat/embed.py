"""Embeddings: POST {base_url}/v2/embed.

Source: cohere 7.3.1, v2/raw_client.py (embed) and types/embed_by_type_response.py, read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.cohere_chat.errors import find_error
from llm_pure.adapters.dialects.cohere_chat.usage import read_usage
from llm_pure.adapters.dialects.common.embed import (
    check_embed_request,
    decode_vectors,
    dimensions_of,
)
from llm_pure.adapters.dialects.common.extra_fields import NO_NAMES, extra_fields
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, malformed_response, read_json
from llm_pure.framing.json_codec import convert
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure

EMBED_LIMITS = (
    EmbedLimit(
        max_texts=96, source="docs.cohere.com, Embed API, texts, by langchain; read 2026-11-21"
    ),
)

NUMBER_KINDS = ("float", "int8", "uint8", "binary", "ubinary")
"""Kinds of vectors that are lists of numbers."""

_NO_VECTORS = "the response has no vectors"


class _Meta(msgspec.Struct):
    billed_units: dict[str, Any] | None = None
    tokens: dict[str, Any] | None = None
    cached_tokens: float | None = None


class _Body(msgspec.Struct):
    embeddings: dict[str, list[list[float] | str] | None] | list[list[float]]
    id: str | None = None
    meta: _Meta | None = None


@returns_failure
def build_embed(service: AnyService, config: LLMConfig, request: EmbedRequest) -> Built:
    """POST {base_url}/v2/embed.

    Body: {model, texts[], input_type, embedding_types: ["float" or "base64"], output_dimension?}. input_type is required:
    the request's `task`, by default "search_document". `extra` adds other fields, such as truncate.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty text).
    """
    model = check_embed_request(service, config, request)
    url = ok(service.url_for(config, model, "/v2/embed"))
    body: dict[str, Any] = {
        "model": model,
        "texts": list(request.texts),
        "input_type": request.task or "search_document",
        "embedding_types": [request.encoding or "float"],
    }
    adaptations: list[Adaptation] = []
    dimensions = dimensions_of(request, model, adaptations)
    if dimensions is not None:
        body["output_dimension"] = dimensions
    body |= request.extra or {}
    return build_post(service, config, url, body, adaptations)


@returns_failure
def parse_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """One vector for each text, of the first kind in the response: floats, numbers of other sizes, base64 floats.

    Further kinds are in `extra`.
    """
    raw = read_json(service, response, find_error)
    body = ok(convert(_Body, raw, provider=service.name))
    kinds = body.embeddings if isinstance(body.embeddings, dict) else {"float": body.embeddings}
    kind = next((name for name in (*NUMBER_KINDS, "base64") if kinds.get(name)), None)
    if kind is None:
        raise Rejected(malformed_response(service, response, _NO_VECTORS))
    vectors = decode_vectors(service, response, kinds.get(kind) or (), invalid=_NO_VECTORS)
    other_kinds = {name: rows for name, rows in kinds.items() if name != kind and rows}
    meta = raw.get("meta")
    extra = extra_fields(raw, frozenset({"embeddings", "meta"})) | extra_fields(
        {"embeddings": other_kinds, "meta": meta}, NO_NAMES
    )
    return Embeddings(vectors=vectors, provider=service.name, usage=_usage(meta), extra=extra)


def _usage(meta: object) -> Usage:
    if not isinstance(meta, dict):
        return Usage()
    raw = {key: meta[key] for key in ("billed_units", "tokens", "cached_tokens") if meta.get(key)}
    return read_usage(raw) if raw else Usage()
