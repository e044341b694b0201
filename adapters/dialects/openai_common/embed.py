"""Embeddings: POST {base_url}/embeddings.

Source: openai/openai-openapi 2.3.0 (CreateEmbeddingRequest), read 2026-11-20.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.embed import (
    check_embed_request,
    decode_vectors,
    dimensions_of,
    in_index_order,
)
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.openai_common.usage import read_input_usage
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import AnyService, build_post, read_json
from llm_pure.core.provider import Built
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import LLMResult, Success


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
"""OpenAI's names of the fields of EmbedRequest; a field without a name is dropped, and reported."""


@returns_failure
def build_embed(
    service: AnyService,
    config: LLMConfig,
    request: EmbedRequest,
    *,
    names: Mapping[str, str] = EMBED_NAMES,
    always: Mapping[str, Any] = MappingProxyType({}),
) -> Built:
    """POST {base_url}/embeddings. Body: {model, input: str | [str], dimensions?, encoding_format?}.

    `names`: the provider's names of `dimensions`, `task` and `encoding`. `always`: fields that it requires.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    model = check_embed_request(service, config, request)
    url = ok(service.url_for(config, model, "/embeddings"))
    body: dict[str, Any] = {"model": model, "input": request.input, **always}
    adaptations: list[Adaptation] = []
    for field in ("dimensions", "task", "encoding"):
        value = getattr(request, field)
        if field == "dimensions" and field in names:
            value = dimensions_of(request, model, adaptations)
        if value is not None and field in names:
            body[names[field]] = value
        elif value not in (None, "float"):
            reason = f"{service.name} has no {field} for embeddings"
            adaptations.append(dropped(field, reason, value))
    body |= request.extra or {}
    return build_post(service, config, url, body, adaptations)


def _decode_body(service: AnyService, data: bytes) -> LLMResult[_Body]:
    """The body, or the first other form of it that can be read."""
    decoded = decode(_BODY, data, provider=service.name)
    if isinstance(decoded, Success):
        return decoded
    from llm_pure.core.lenient_json import inner_responses, lenient_forms  # imported late: start-up

    error = decoded.failure()
    for form in (*[form for form, _ in lenient_forms(data)], *inner_responses(data, error)):
        other = decode(_BODY, form, provider=service.name)
        if isinstance(other, Success):
            return other
    return decoded


@returns_failure
def parse_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """One vector for each text, by `index`: floats, or base64 text of little-endian float32."""
    raw = read_json(service, response, find_error)
    body = ok(_decode_body(service, response.body))
    rows = in_index_order([(row.index, row.embedding) for row in body.data])
    return Embeddings(
        vectors=decode_vectors(service, response, rows),
        model=body.model or "",
        provider=service.name,
        usage=read_input_usage(body.usage) if body.usage else Usage(),
        extra={k: v for k, v in raw.items() if k not in ("data", "model", "usage", "object")},
    )
