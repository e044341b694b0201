"""Embeddings by InvokeModel: Amazon's Titan and Nova, one text per call, and Cohere, several.

Source: docs.aws.amazon.com, "Amazon Titan Embeddings Text", "Amazon Nova Multimodal Embeddings", "Cohere Embed"; recorded
responses; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.models import bare_id
from llm_pure.adapters.dialects.bedrock_invoke.response import header_usage
from llm_pure.adapters.dialects.bedrock_invoke.shapes import read_counts
from llm_pure.adapters.dialects.cohere_chat.embed import NUMBER_KINDS
from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.embed import Vector, check_embed_request, drop_base64
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, malformed_response, read_json
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import LLMError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure

Fields = dict[str, Any]

EMBED_LIMITS = (
    EmbedLimit(
        max_texts=96,
        prefix="cohere.embed",
        source="docs.aws.amazon.com, Cohere Embed, texts; as Cohere's own, read 2026-11-20",
    ),
    EmbedLimit(
        max_texts=1, source="docs.aws.amazon.com, Titan and Nova embeddings, read 2026-11-20"
    ),
)

_VECTORS = ("embedding", "embeddings", "embeddingsByType")


@returns_failure
def build_embed(service: AnyService, config: LLMConfig, request: EmbedRequest) -> Built:
    """POST {base_url}/model/{modelId}/invoke, with the body of Titan, Nova or Cohere.

    Fails with InvalidConfiguration (no model, bad URL or region), InvalidRequest (no text, or an empty one),
    UnsupportedFeature (a model whose body is not known; several texts for a model that takes one per call).
    """
    adaptations: list[Adaptation] = []
    model = check_embed_request(service, config, request)
    fields = _body(service, model, config.pricing_plan or "", request, adaptations)
    drop_base64(service, request, adaptations)
    url = ok(service.url_for(config, model, "invoke"))
    return build_post(service, config, url, {**fields, **(request.extra or {})}, adaptations)


def _body(
    service: AnyService, model: str, hint: str, request: EmbedRequest, adaptations: list[Adaptation]
) -> Fields:
    for known in (bare_id(model), bare_id(hint)):
        if known.startswith("cohere.embed"):
            return _cohere(known, request, adaptations)
        if not known.startswith(("amazon.titan-embed", "amazon.nova")):
            continue
        if len(request.texts) > 1:
            message = f"{model} takes one text per call, not {len(request.texts)}"
            raise _unsupported(service, "input", message)
        return _titan(known, request, adaptations) if "titan" in known else _nova(request)
    raise _unsupported(service, "model", f"the body of {model!r} for embeddings is not known")


def _unsupported(service: AnyService, feature: str, message: str) -> Rejected:
    return Rejected(UnsupportedFeature(message=message, provider=service.name, feature=feature))


def _cohere(model: str, request: EmbedRequest, adaptations: list[Adaptation]) -> Fields:
    fields: Fields = {"texts": list(request.texts), "input_type": request.task or "search_document"}
    if "embed-v4" not in model:
        _drop_dimensions(model, request, adaptations)
    elif request.dimensions is not None:
        fields["output_dimension"] = request.dimensions
    return fields


def _titan(model: str, request: EmbedRequest, adaptations: list[Adaptation]) -> Fields:
    fields: Fields = {"inputText": request.texts[0]}
    if "embed-text-v1" in model:
        _drop_dimensions(model, request, adaptations)
    elif request.dimensions is not None and "embed-image" in model:
        fields["embeddingConfig"] = {"outputEmbeddingLength": request.dimensions}
    elif request.dimensions is not None:
        fields["dimensions"] = request.dimensions
    if request.task is not None:
        reason = f"{model} has the same vectors for all tasks"
        adaptations.append(dropped("task", reason, request.task))
    return fields


def _nova(request: EmbedRequest) -> Fields:
    fields: Fields = {"embeddingPurpose": request.task or "GENERIC_INDEX"}
    if request.dimensions is not None:
        fields["embeddingDimension"] = request.dimensions
    fields["text"] = {"truncationMode": "NONE", "value": request.texts[0]}
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": fields}


def _drop_dimensions(model: str, request: EmbedRequest, adaptations: list[Adaptation]) -> None:
    if request.dimensions is not None:
        reason = f"{model} has vectors of one length"
        adaptations.append(dropped("dimensions", reason, request.dimensions))


@returns_failure
def parse_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """{embedding}, {embeddings: [...] or {"float": [...]}}, {embeddings: [{embedding}]}, or {embeddingsByType}.

    Further kinds of vectors than the first are in `extra`. Usage is read from the body, else from the headers.
    """
    raw = read_json(service, response, _find_error, undecodable=undecodable)
    if not _has_vectors(raw):
        reason = raw.get("message") if isinstance(raw, dict) else None  # Titan: why there is none
        message = f"the response has no embeddings{f': {reason}' if reason else ''}"
        raise Rejected(malformed_response(service, response, message))
    kinds = _by_kind(raw)
    kind = next((name for name in NUMBER_KINDS if kinds.get(name)), "")
    vectors = _vectors(kinds.pop(kind, None))
    if vectors is None:
        message = "an embedding is not a list of numbers"
        raise Rejected(malformed_response(service, response, message))
    count = raw.get("inputTextTokenCount")
    if count is None:
        usage = header_usage(response.headers)
    else:
        usage = read_counts({"inputTextTokenCount": count})
    known = (*_VECTORS, "inputTextTokenCount")
    extra = {key: value for key, value in raw.items() if key not in known}
    if kinds:
        extra["embeddings"] = kinds
    return Embeddings(vectors=vectors, provider=service.name, usage=usage or Usage(), extra=extra)


def _has_vectors(raw: Any) -> bool:
    return isinstance(raw, dict) and any(raw.get(key) for key in _VECTORS)


def _find_error(service: AnyService, raw: Any, response: HttpResponse) -> LLMError | None:
    """As for chats, a 2xx body with vectors has no error."""
    is_response = response.status < 300 and _has_vectors(raw)
    return None if is_response else find_error(service, raw, response)


def _by_kind(raw: dict[str, Any]) -> dict[str, Any]:
    """Kind -> its vectors. Titan has one vector of each kind, and that of floats once more."""
    rows, by_type = raw.get("embeddings"), raw.get("embeddingsByType")
    if isinstance(rows, dict):
        return dict(rows)
    kinds = {name: [row] for name, row in by_type.items()} if isinstance(by_type, dict) else {}
    rows = [raw["embedding"]] if raw.get("embedding") else rows
    return {**kinds, "float": rows} if rows else kinds


def _vectors(rows: Any) -> tuple[Vector, ...] | None:
    if isinstance(rows, list):
        rows = [
            row["embedding"] if isinstance(row, dict) and "embedding" in row else row
            for row in rows
        ]
    try:
        return msgspec.convert(rows, tuple[Vector, ...])
    except DECODE_ERRORS:
        return None
