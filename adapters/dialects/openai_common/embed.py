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
    unread_rows,
)
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.openai_common.usage import read_input_usage
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, read_json
from llm_pure.framing.json_codec import any_json, decode
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


def _extra(raw: dict[str, Any]) -> dict[str, Any]:
    known = _KNOWN_FIELDS if "data" in raw else {*_KNOWN_FIELDS, *_VECTORS}
    extra = {name: value for name, value in raw.items() if name not in known}
    unread = unread_rows(raw.get("data"), _KNOWN_FIELDS_ROW)
    return {**extra, "data": unread} if unread else extra


_KNOWN_FIELDS = frozenset({"data", "model", "usage", "object"})
_KNOWN_FIELDS_ROW = frozenset({"object", "index", "embedding"})


def _decode_body(service: AnyService, data: bytes) -> LLMResult[_Body]:
    """The body, or the first other form of it that can be read."""
    decoded = decode(_BODY, data, provider=service.name)
    if isinstance(decoded, Success):
        return decoded
    from llm_pure.core.lenient_json import inner_responses, lenient_forms  # imported late: start-up

    error = decoded.failure()
    forms = [form for form, _ in lenient_forms(data)]
    for form in (*forms, *inner_responses(data, error), _as_rows(data)):
        other = decode(_BODY, form, provider=service.name)
        if isinstance(other, Success):
            return other
    return decoded


def _as_rows(data: bytes) -> bytes:
    raw = any_json(data)
    beside = (
        {key: raw[key] for key in ("model", "usage") if key in raw} if isinstance(raw, dict) else {}
    )
    return msgspec.json.encode({**beside, "data": _rows(raw)})


def _rows(raw: Any) -> list[dict[str, Any]] | None:
    """The vectors of other servers as OpenAI's rows: a list of them, under other names, as objects by their type, in a list of one.

    Those of TEI, llama.cpp and of Cohere's form, as generally known on 2026-11-30, unconfirmed.
    """
    if isinstance(raw, dict):
        raw = next((raw[key] for key in ("data", *_VECTORS) if raw.get(key)), None)
    if isinstance(raw, dict):
        raw = _vector(raw, depth=0)
    if not isinstance(raw, list) or not raw:
        return None
    if not isinstance(raw[0], list | dict | str):
        raw = [raw]
    return [
        {"index": row.get("index"), "embedding": _vector(row, depth=3)}
        if isinstance(row, dict)
        else {"embedding": _vector(row, depth=3)}
        for row in raw
    ]


_VECTORS = ("embeddings", "embedding", "values", "vectors", "float", "int8", "uint8", "base64")


def _vector(value: Any, depth: int) -> Any:
    """The vector in objects by its type, and in lists of one."""
    if isinstance(value, dict):
        value = next((value[key] for key in _VECTORS if value.get(key)), None)
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], list | dict):
        value = value[0]
    else:
        return value
    return _vector(value, depth - 1) if depth > 0 else value


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
        extra=_extra(raw) if isinstance(raw, dict) else {},
    )
