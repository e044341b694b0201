"""Moderation: POST {base_url}/moderations.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.5); mistralai 3.7.0
models/moderationobject.py, whose judgements have no `flagged`; read 2026-11-20.
"""

import sys
from typing import Any

from llm_pure.adapters.dialects.openai_common.json_response import body_of, objects_of, text_of
from llm_pure.core.provider import Built
from llm_pure.core.urls import UrlFor, post_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import ModerationRequest, ModerationResponse, ModerationResult
from llm_pure.types.result import Failure, LLMResult, Success

_LARGEST = sys.float_info.max


def build_moderate(
    name: str, url_for: UrlFor, default_model: str, config: LLMConfig, request: ModerationRequest
) -> LLMResult[Built]:
    """POST {base_url}/moderations. Body: {input: str | [str], model?}. InvalidRequest where there is no text.

    default_model: at a service that wants one to be named, "" at one that does not.
    """
    if not request.input:
        return Failure(InvalidRequest(message="no text to judge", param="input", provider=name))
    url = url_for(config, request.model, "/moderations")
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {"input": request.input}
    if request.model or default_model:
        body["model"] = request.model or default_model
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one))


def parse_moderate(name: str, response: HttpResponse) -> LLMResult[ModerationResponse]:
    """One judgement for each text; ProtocolError where one says neither whether it is flagged nor which categories."""
    got = body_of(name, response)
    if isinstance(got, Failure):
        return got
    body = got.unwrap()
    rows = objects_of(body.get("results"))
    if not rows or None in [_flagged(row) for row in rows]:
        message = "there is no judgement in the answer"
        return Failure(
            ProtocolError(message=message, provider=name, where="$.results", evidence=response.body)
        )
    return Success(
        ModerationResponse(
            results=tuple([_judgement(row) for row in rows]),
            id=text_of(body.get("id")) or "",
            model=text_of(body.get("model")) or "",
            provider=name,
        )
    )


def _judgement(row: dict[str, Any]) -> ModerationResult:
    categories, scores = row.get("categories"), row.get("category_scores")
    modelled = ("flagged", "categories", "category_scores")
    return ModerationResult(
        flagged=_flagged(row) is True,
        categories={key: value for key, value in _items(categories) if isinstance(value, bool)},
        scores={key: float(value) for key, value in _items(scores) if _is_score(value)},
        extra={key: value for key, value in row.items() if key not in modelled},
    )


def _flagged(row: dict[str, Any]) -> bool | None:
    """What it says itself, else whether any category is true; None where it has neither."""
    told = row.get("flagged")
    found = [value for _, value in _items(row.get("categories")) if isinstance(value, bool)]
    return told if isinstance(told, bool) else any(found) if found else None


def _is_score(value: Any) -> bool:
    """A number, and one that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _LARGEST


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []
