"""Texts -> vectors, in the three forms that Google's models want.

batch: POST .../{model}:batchEmbedContents, one request for each text. content: Vertex's newer models, :embedContent for
one text and :batchEmbedContents for several. predict: Vertex's older models, :predict.
Source: ai.google.dev, "Embeddings"; google-genai 3.4.0 models.py; pydantic-ai-slim 2.68.0 embeddings/google.py (the
prefixes of gemini-embedding-2); read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.quirks import EmbedForm, Quirks, model_path
from llm_pure.adapters.dialects.gemini_content.request import merged
from llm_pure.adapters.dialects.gemini_content.usage import tokens
from llm_pure.adapters.dialects.openai_common.embed import no_base64
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.error_mapping import decode_success_json
from llm_pure.core.provider import Built
from llm_pure.core.urls import post_json
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import (
    EVIDENCE_LIMIT,
    InvalidConfiguration,
    InvalidRequest,
    ProtocolError,
)
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.result import Failure, LLMResult, Success

_TASK_IN_TEXT = "gemini-embedding-2"
"""The models with this prefix pass over taskType; the task is written before the text."""

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
    token_count: float | None = None


class _Values(msgspec.Struct):
    values: list[float]
    statistics: _Statistics | None = None


class _Prediction(msgspec.Struct):
    embeddings: _Values


class _Body(msgspec.Struct):
    """One of the three."""

    embeddings: list[_Values] | None = None
    embedding: _Values | None = None
    predictions: list[_Prediction] | None = None
    usageMetadata: dict[str, Any] | None = None


_BODY = msgspec.json.Decoder(_Body)
_MODELLED = frozenset({"embeddings", "embedding", "predictions", "usageMetadata"})


def build_embed(
    name: str, quirks: Quirks, config: LLMConfig, request: EmbedRequest
) -> LLMResult[Built]:
    """A request for one vector of each text, in the form that the model wants; `extra` is merged into the body.

    Fails with InvalidConfiguration (no model, bad URL, no project), InvalidRequest (no text, or an empty one).
    """
    model = request.model or config.model
    if not model:
        return Failure(
            InvalidConfiguration(message="no model for embeddings", field="model", provider=name)
        )
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    texts, task, told = _with_task(model, request)
    form = _form(quirks, model)
    method, body = _WRITERS[form](model, texts, task, request.dimensions)
    url = quirks.place(config, model, method)
    if isinstance(url, Failure):
        return url
    body = merged(body, request.extra or {})
    return post_json(config, url.unwrap(), body, provider=name).map(
        lambda sent: Built(request=sent, adaptations=(*told, *no_base64(name, request)))
    )


def _with_task(
    model: str, request: EmbedRequest
) -> tuple[tuple[str, ...], str | None, tuple[Adaptation, ...]]:
    """The texts, the taskType to send, and what was changed."""
    task = request.task
    if task is None or not model.rsplit("/", 1)[-1].startswith(_TASK_IN_TEXT):
        return request.texts, task, ()
    prefix = _PREFIXES.get(task, f"task: {task} | query: ")
    reason = f"{model} passes over a task type; the task is written before the text"
    told = Adaptation(field="task", action="changed", reason=reason, before=task, after=prefix)
    return tuple([prefix + text for text in request.texts]), None, (told,)


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
    told = {"task_type": task} if task is not None else {}
    body: dict[str, Any] = {"instances": [{"content": text, **told} for text in texts]}
    if dimensions is not None:
        body["parameters"] = {"outputDimensionality": dimensions}
    return "predict", body


_WRITERS = {"batch": _batch, "content": _contents, "predict": _predict}


def parse_embed(name: str, response: HttpResponse) -> LLMResult[Embeddings]:
    """The vectors, in order, of any of the forms. Older models name no usage; :predict counts for each text."""
    good = decode_success_json(name, response, lambda raw: find_error(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    typed = decode(_BODY, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    body = typed.unwrap()
    found = _found(body)
    if found is None:
        return Failure(
            ProtocolError(
                message="the answer has no embeddings",
                provider=name,
                status=response.status,
                where="body",
                evidence=response.body[:EVIDENCE_LIMIT],
            )
        )
    return Success(
        Embeddings(
            vectors=tuple([tuple(one.values) for one in found]),
            provider=name,
            usage=_usage(body, found),
            extra={key: value for key, value in raw.items() if key not in _MODELLED and value},
        )
    )


def _found(body: _Body) -> list[_Values] | None:
    if body.embeddings is not None:
        return body.embeddings
    if body.embedding is not None:
        return [body.embedding]
    if body.predictions is not None:
        return [one.embeddings for one in body.predictions]
    return None


def _usage(body: _Body, found: list[_Values]) -> Usage:
    if body.usageMetadata:
        sent = tokens(body.usageMetadata.get("promptTokenCount"))
        return Usage(input_tokens=sent, raw=body.usageMetadata)
    counts = [tokens(one.statistics.token_count) for one in found if one.statistics]
    said = [count for count in counts if count is not None]
    return Usage(input_tokens=sum(said)) if said else Usage()
