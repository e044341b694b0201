"""Embeddings: POST {base_url}/services/embeddings/text-embedding/text-embedding.

Source: dashscope 2.0.2, embeddings/text_embedding.py; the response's shape as generally known, unconfirmed; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.embed import (
    check_embed_request,
    decode_vectors,
    dimensions_of,
    drop_base64,
    in_index_order,
    unread_rows,
)
from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.token_counts import first_count
from llm_pure.adapters.dialects.dashscope_generation import wire
from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, malformed_response, read_json
from llm_pure.framing.json_codec import convert
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure

_ROWS = "help.aliyun.com/en/model-studio, synchronous text embedding, maximum rows; read 2026-11-21"

EMBED_LIMITS = (
    EmbedLimit(max_texts=25, prefix="text-embedding-v1", source=_ROWS),
    EmbedLimit(max_texts=25, prefix="text-embedding-v2", source=_ROWS),
    EmbedLimit(max_texts=10, source=_ROWS),
)


class _Row(msgspec.Struct):
    embedding: list[float]
    text_index: int | None = None


_KNOWN_FIELDS_ROW = frozenset({"embedding", "text_index"})


class _Output(msgspec.Struct):
    embeddings: list[_Row]


class _Body(msgspec.Struct):
    output: _Output
    usage: dict[str, Any] | None = None


@returns_failure
def build_embed(service: AnyService, config: LLMConfig, request: EmbedRequest) -> Built:
    """Body: {model, input: {texts[]}, parameters: {text_type?, dimension?}}. text_type is the request's `task`.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    model = check_embed_request(service, config, request)
    url = ok(service.url_for(config, model, "/services/embeddings/text-embedding/text-embedding"))
    adaptations: list[Adaptation] = []
    dimensions = dimensions_of(request, model, adaptations)
    parameters = {"text_type": request.task, "dimension": dimensions}
    body = {
        "model": model,
        "input": {"texts": list(request.texts)},
        "parameters": {key: value for key, value in parameters.items() if value is not None},
        **(request.extra or {}),
    }
    drop_base64(service, request, adaptations)
    return build_post(service, config, url, body, adaptations)


@returns_failure
def parse_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """One vector for each text, by `text_index`. All tokens of an embedding are input."""
    raw = read_json(service, response, find_error)
    body = ok(convert(_Body, raw, provider=service.name))
    if not body.output.embeddings:
        raise Rejected(malformed_response(service, response, "the response has no vectors"))
    rows = in_index_order([(row.text_index, row.embedding) for row in body.output.embeddings])
    total = first_count(body.usage, "total_tokens", "input_tokens") if body.usage else None
    unread = unread_rows(raw["output"]["embeddings"], _KNOWN_FIELDS_ROW)
    extra = extra_fields(raw, wire.KNOWN_FIELDS_FRAME)
    return Embeddings(
        vectors=decode_vectors(service, response, rows),
        provider=service.name,
        usage=Usage(input_tokens=total, raw=body.usage) if body.usage else Usage(),
        extra={**extra, "embeddings": unread} if unread else extra,
    )
