"""Embeddings by InvokeModel: Amazon's Titan and Nova, one text for each call, and Cohere, many.

Source: docs.aws.amazon.com, "Amazon Titan Embeddings Text", "Amazon Nova Multimodal Embeddings", "Cohere Embed"; recorded
answers; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.models import bare_id
from llm_pure.adapters.dialects.bedrock_converse.response import broken
from llm_pure.adapters.dialects.bedrock_converse.urls import call_url
from llm_pure.adapters.dialects.bedrock_invoke.response import usage_of
from llm_pure.adapters.dialects.bedrock_invoke.shapes import read_counts
from llm_pure.adapters.dialects.openai_common.embed import no_base64
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.urls import post_json
from llm_pure.framing.json_codec import DECODE_ERRORS, decode_any
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.result import Failure, LLMResult, Success

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


def build_embed(name: str, config: LLMConfig, request: EmbedRequest) -> LLMResult[Built]:
    """POST {base_url}/model/{modelId}/invoke, with the body of Titan, Nova or Cohere.

    Fails with InvalidConfiguration (no model, bad URL or region), InvalidRequest (no text, or an empty one),
    UnsupportedFeature (a model whose body is not known; several texts where a call takes one).
    """
    model = request.model or config.model
    if not model:
        return Failure(
            InvalidConfiguration(message="no model for embeddings", field="model", provider=name)
        )
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    written = _body(name, model, config.pricing_plan or "", request)
    if isinstance(written, Failure):
        return Failure(written.failure())
    fields, told = written.unwrap()
    url = call_url(name, config, model, "invoke")
    if isinstance(url, Failure):
        return Failure(url.failure())
    body = {**fields, **(request.extra or {})}
    return post_json(config, url.unwrap(), body, provider=name).map(
        lambda sent: Built(request=sent, adaptations=(*told, *no_base64(name, request)))
    )


def _body(
    name: str, model: str, hint: str, request: EmbedRequest
) -> LLMResult[tuple[Fields, tuple[Adaptation, ...]]]:
    for known in (bare_id(model), bare_id(hint)):
        if known.startswith("cohere.embed"):
            return Success(_cohere(known, request))
        if not known.startswith(("amazon.titan-embed", "amazon.nova")):
            continue
        if len(request.texts) > 1:
            message = f"{model} takes one text for each call, not {len(request.texts)}"
            return Failure(UnsupportedFeature(message=message, provider=name, feature="input"))
        return Success(_titan(known, request) if "titan" in known else _nova(request))
    message = f"it is not known which body {model!r} takes for embeddings"
    return Failure(UnsupportedFeature(message=message, provider=name, feature="model"))


def _cohere(model: str, request: EmbedRequest) -> tuple[Fields, tuple[Adaptation, ...]]:
    fields: Fields = {
        "texts": list(request.texts),
        "input_type": request.task or "search_document",
    }
    if request.dimensions is None:
        return fields, ()
    if "embed-v4" not in model:
        return fields, (_no_dimensions(model, request),)
    return {**fields, "output_dimension": request.dimensions}, ()


def _titan(model: str, request: EmbedRequest) -> tuple[Fields, tuple[Adaptation, ...]]:
    fields: Fields = {"inputText": request.texts[0]}
    told: tuple[Adaptation, ...] = ()
    if request.dimensions is not None and "embed-image" in model:
        fields["embeddingConfig"] = {"outputEmbeddingLength": request.dimensions}
    elif request.dimensions is not None and "embed-text-v1" not in model:
        fields["dimensions"] = request.dimensions
    elif request.dimensions is not None:
        told += (_no_dimensions(model, request),)
    return fields, told + _no_task(model, request)


def _nova(request: EmbedRequest) -> tuple[Fields, tuple[Adaptation, ...]]:
    text = {"truncationMode": "NONE", "value": request.texts[0]}
    wanted: Fields = {"embeddingPurpose": request.task or "GENERIC_INDEX"}
    if request.dimensions is not None:
        wanted["embeddingDimension"] = request.dimensions
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {**wanted, "text": text}}, ()


def _no_dimensions(model: str, request: EmbedRequest) -> Adaptation:
    reason = f"{model} has vectors of one length"
    return Adaptation(
        field="dimensions", action="dropped", reason=reason, before=request.dimensions
    )


def _no_task(model: str, request: EmbedRequest) -> tuple[Adaptation, ...]:
    if request.task is None:
        return ()
    reason = f"{model} has vectors for every task"
    return (Adaptation(field="task", action="dropped", reason=reason, before=request.task),)


def parse_embed(name: str, response: HttpResponse) -> LLMResult[Embeddings]:
    """{embedding}, {embeddings: [...] or {"float": [...]}}, or {embeddings: [{embedding}]}: the shape tells.

    Tokens are read from the body, else from the headers.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(undecodable(name, response))
    raw = decoded.unwrap()
    known = isinstance(raw, dict) and any(key in raw for key in _VECTORS)
    if response.status >= 300 or not known:
        told: LLMError | None = find_error(name, raw, response)
        return Failure(told or broken(name, "the answer has no embeddings", response))
    vectors = _vectors(raw)
    if vectors is None:
        return Failure(broken(name, "an embedding is no list of numbers", response))
    counted = raw.get("inputTextTokenCount")
    usage = usage_of(response.headers)
    if counted is not None:
        usage = read_counts({"inputTextTokenCount": counted})
    return Success(
        Embeddings(
            vectors=vectors,
            provider=name,
            usage=usage or Usage(),
            extra={
                key: value
                for key, value in raw.items()
                if key not in (*_VECTORS, "inputTextTokenCount")
            },
        )
    )


def _vectors(raw: dict[str, Any]) -> tuple[tuple[float, ...], ...] | None:
    found: Any = [raw["embedding"]] if raw.get("embedding") else raw.get("embeddings")
    if isinstance(found, dict):
        found = found.get("float")
    if isinstance(found, list):
        found = [one["embedding"] if _holds(one) else one for one in found]
    try:
        return msgspec.convert(found, tuple[tuple[float, ...], ...])
    except DECODE_ERRORS:
        return None


def _holds(one: Any) -> bool:
    return isinstance(one, dict) and "embedding" in one
