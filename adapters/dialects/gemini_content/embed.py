"""Texts -> vectors, in the three forms of Google's models.

batch: POST .../{model}:batchEmbedContents, one request for each text. content: Vertex's newer models, :embedContent for
one text and :batchEmbedContents for several. predict: Vertex's older models, :predict.
Source: ai.google.dev, "Embeddings"; google-genai 3.4.0 models.py; pydantic-ai-slim 2.68.0 embeddings/google.py (the
prefixes of gemini-embedding-2); read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed
from llm_pure.adapters.dialects.common.embed import check_embed_request, drop_base64
from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.quirks import EmbedForm, Quirks, model_path
from llm_pure.adapters.dialects.gemini_content.usage import tokens
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, Service, build_post, malformed_response, read_json
from llm_pure.framing.json_codec import convert
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure

_TASK_IN_TEXT = "gemini-embedding-2"
"""The models with this prefix ignore taskType; the task is written before the text."""

_PREFIXES: Mapping[str, str] = {
    "RETRIEVAL_QUERY": "task: search result | query: ",
    "RETRIEVAL_DOCUMENT": "title: none | text: ",
    "QUESTION_ANSWERING": "task: question answering | query: ",
    "FACT_VERIFICATION": "task: fact checking | query: ",
    "CODE_RETRIEVAL_QUERY": "task: code retrieval | query: ",
    "CLASSIFICATION": "task: classification | query: ",
    "CLUSTERING": "task: clustering | query: ",
    "SEMANTIC_SIMILARITY": "task: sentence similarity | query: ",
}


class _Statistics(msgspec.Struct):
    truncated: bool | None = None
    token_count: float | None = None


class _Values(msgspec.Struct):
    values: list[float]
    statistics: _Statistics | None = None


class _Prediction(msgspec.Struct):
    embeddings: _Values


class _Body(msgspec.Struct):
    """Exactly one of `embeddings`, `embedding` and `predictions` is set."""

    embeddings: list[_Values] | None = None
    embedding: _Values | None = None
    predictions: list[_Prediction] | None = None
    usageMetadata: dict[str, Any] | None = None


_KNOWN_FIELDS = frozenset({"embeddings", "embedding", "predictions", "usageMetadata"})


@returns_failure
def build_embed(service: Service[Quirks], config: LLMConfig, request: EmbedRequest) -> Built:
    """A request for one vector of each text, in the model's form; `extra` is merged into the body.

    Fails with InvalidConfiguration (no model, bad URL, no project), InvalidRequest (no text, or an empty one).
    """
    model = check_embed_request(service, config, request)
    adaptations: list[Adaptation] = []
    texts, task = _with_task(model, request, adaptations)
    method, body = _WRITERS[_form(service.quirks, model)](model, texts, task, request.dimensions)
    url = ok(service.url_for(config, model, method))
    drop_base64(service, request, adaptations)
    body = merge_objects(body, request.extra or {})
    return build_post(service, config, url, body, adaptations)


def _with_task(
    model: str, request: EmbedRequest, adaptations: list[Adaptation]
) -> tuple[tuple[str, ...], str | None]:
    """The texts, and the taskType to send."""
    task = request.task
    if task is None or not model.rsplit("/", 1)[-1].startswith(_TASK_IN_TEXT):
        return request.texts, task
    prefix = _PREFIXES.get(task, f"task: {task} | query: ")
    reason = f"{model} ignores taskType; the task is written before the text"
    adaptations.append(changed("task", reason, task, prefix))
    return tuple([prefix + text for text in request.texts]), None


def _form(quirks: Quirks, model: str) -> EmbedForm:
    name = model.rsplit("/", 1)[-1]
    for prefix, form in quirks.embed_forms:
        if name.startswith(prefix):
            return form
    return "batch"


def _content(text: str) -> dict[str, Any]:
    return {"parts": [{"text": text}]}


def _settings(task: str | None, dimensions: int | None) -> dict[str, Any]:
    settings: dict[str, Any] = {"taskType": task} if task is not None else {}
    return settings | ({"outputDimensionality": dimensions} if dimensions is not None else {})


def _batch(
    model: str, texts: tuple[str, ...], task: str | None, dimensions: int | None
) -> tuple[str, dict[str, Any]]:
    settings = _settings(task, dimensions)
    requests = [
        {"model": model_path(model), "content": _content(text), **settings} for text in texts
    ]
    return "batchEmbedContents", {"requests": requests}


def _contents(
    model: str, texts: tuple[str, ...], task: str | None, dimensions: int | None
) -> tuple[str, dict[str, Any]]:
    settings = _settings(task, dimensions)
    config = {"embedContentConfig": settings} if settings else {}
    requests: list[dict[str, Any]] = [{"content": _content(text), **config} for text in texts]
    if len(requests) == 1:
        return "embedContent", requests[0]
    return "batchEmbedContents", {"requests": requests}


def _predict(
    model: str, texts: tuple[str, ...], task: str | None, dimensions: int | None
) -> tuple[str, dict[str, Any]]:
    task_type = {"task_type": task} if task is not None else {}
    body: dict[str, Any] = {"instances": [{"content": text, **task_type} for text in texts]}
    if dimensions is not None:
        body["parameters"] = {"outputDimensionality": dimensions}
    return "predict", body


_WRITERS = {"batch": _batch, "content": _contents, "predict": _predict}


@returns_failure
def parse_embed(service: AnyService, response: HttpResponse) -> Embeddings:
    """The vectors of any of the forms, in order. Older models report no usage; :predict counts each text."""
    raw = read_json(service, response, find_error)
    body = ok(convert(_Body, raw, provider=service.name))
    rows = body.embeddings
    if body.embedding is not None and rows is None:
        rows = [body.embedding]
    elif body.predictions is not None and rows is None:
        rows = [prediction.embeddings for prediction in body.predictions]
    if rows is None:
        raise Rejected(malformed_response(service, response, "the response has no embeddings"))
    return Embeddings(
        vectors=tuple([tuple(row.values) for row in rows]),
        provider=service.name,
        usage=_usage(body, rows),
        extra={**extra_fields(raw, _KNOWN_FIELDS), **_cut(rows)},
    )


def _cut(rows: list[_Values]) -> dict[str, Any]:
    """Which texts were too long for the model, which cut them; {} if none was."""
    cut = [bool(row.statistics and row.statistics.truncated) for row in rows]
    return {"truncated": cut} if any(cut) else {}


def _usage(body: _Body, rows: list[_Values]) -> Usage:
    if body.usageMetadata:
        sent = tokens(body.usageMetadata.get("promptTokenCount"))
        return Usage(input_tokens=sent, raw=body.usageMetadata)
    counts = [tokens(row.statistics.token_count) for row in rows if row.statistics]
    known = [count for count in counts if count is not None]
    return Usage(input_tokens=sum(known)) if known else Usage()
