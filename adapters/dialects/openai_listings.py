"""Moderation and the list of models: POST {base_url}/moderations, GET {base_url}/models.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (sections 3.5 and 3.7); read 2026-11-20.
"""

import sys
from typing import Any

from llm_pure.adapters.dialects.openai_answers import body_of, objects_of, text_of
from llm_pure.codec import decode_any
from llm_pure.config import LLMConfig
from llm_pure.endpoint import Locate, own_headers, post_json
from llm_pure.errors import InvalidRequest, ProtocolFault
from llm_pure.http import SECRET_HEADERS, HttpRequest, HttpResponse
from llm_pure.media_operations import (
    Judgement,
    ModelInfo,
    ModelList,
    ModelsRequest,
    ModerateRequest,
    Moderation,
)
from llm_pure.provider import Built
from llm_pure.result import Failure, Parsed, Success

_LARGEST = sys.float_info.max


def build_moderate(
    name: str, locate: Locate, config: LLMConfig, request: ModerateRequest
) -> Parsed[Built]:
    """POST {base_url}/moderations. Body: {input: str | [str], model?}. InvalidRequest where there is no text."""
    if not request.input:
        return Failure(InvalidRequest(message="no text to judge", param="input", provider=name))
    url = locate(config, request.model, "/moderations")
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {"input": request.input}
    if request.model:
        body["model"] = request.model
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one))


def parse_moderate(name: str, response: HttpResponse) -> Parsed[Moderation]:
    """One judgement for each text; ProtocolFault where one does not say whether it is flagged."""
    got = body_of(name, response)
    if isinstance(got, Failure):
        return got
    body = got.unwrap()
    rows = objects_of(body.get("results"))
    if not rows or not all(isinstance(row.get("flagged"), bool) for row in rows):
        message = "there is no judgement in the answer"
        return Failure(
            ProtocolFault(message=message, provider=name, where="$.results", evidence=response.body)
        )
    return Success(
        Moderation(
            results=tuple([_judgement(row) for row in rows]),
            id=text_of(body.get("id")) or "",
            model=text_of(body.get("model")) or "",
            provider=name,
        )
    )


def _judgement(row: dict[str, Any]) -> Judgement:
    categories, scores = row.get("categories"), row.get("category_scores")
    modelled = ("flagged", "categories", "category_scores")
    return Judgement(
        flagged=row["flagged"],
        categories={key: value for key, value in _items(categories) if isinstance(value, bool)},
        scores={key: float(value) for key, value in _items(scores) if _is_score(value)},
        extra={key: value for key, value in row.items() if key not in modelled},
    )


def _is_score(value: Any) -> bool:
    """A number, and one that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _LARGEST


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def build_models(
    name: str, locate: Locate, config: LLMConfig, request: ModelsRequest
) -> Parsed[Built]:
    """GET {base_url}/models."""
    plain = tuple([pair for pair in own_headers(config) if pair[0] not in SECRET_HEADERS])
    return locate(config, "", "/models").map(
        lambda url: Built(request=HttpRequest("GET", url, (("accept", "application/json"), *plain)))
    )


def parse_models(name: str, response: HttpResponse) -> Parsed[ModelList]:
    """{"data": [{"id", ...}]}, or the bare list that some have."""
    decoded = decode_any(response.body, provider=name)
    bare = None if isinstance(decoded, Failure) else decoded.unwrap()
    if response.status < 400 and isinstance(bare, list):
        rows = objects_of(bare)
    else:
        got = body_of(name, response)
        if isinstance(got, Failure):
            return got
        if not isinstance(got.unwrap().get("data"), list):
            message = "there is no list of models in the answer"
            return Failure(
                ProtocolFault(
                    message=message, provider=name, where="$.data", evidence=response.body
                )
            )
        rows = objects_of(got.unwrap()["data"])
    named = [_model(row) for row in rows if isinstance(row.get("id"), str)]
    return Success(ModelList(models=tuple(named), provider=name))


def _model(row: dict[str, Any]) -> ModelInfo:
    created = row.get("created")
    modelled = ("id", "object", "created", "owned_by")
    return ModelInfo(
        id=row["id"],
        created_s=created if isinstance(created, int) and not isinstance(created, bool) else None,
        owned_by=text_of(row.get("owned_by")),
        extra={key: value for key, value in row.items() if key not in modelled},
    )
