"""Moderation: POST {base_url}/moderations.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.5); mistralai 3.7.0
models/moderationobject.py, whose results have no `flagged`; read 2026-11-20.
"""

import sys
from contextlib import suppress
from typing import Any

from llm_pure.adapters.dialects.openai_common.json_response import objects_of, read_object, text_of
from llm_pure.adapters.dialects.openai_common.usage import read_input_usage
from llm_pure.adapters.dialects.openai_media.quirks import MediaService
from llm_pure.core.provider import Built
from llm_pure.core.service import build_post, malformed_response
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import ModerationRequest, ModerationResponse, ModerationResult
from llm_pure.types.rejection import Rejected, ok, returns_failure


@returns_failure
def build_moderate(service: MediaService, config: LLMConfig, request: ModerationRequest) -> Built:
    """POST {base_url}/moderations. Body: {input: str | [str], model?}. Fails with InvalidRequest without a text."""
    if not request.input:
        message = "no text to moderate"
        raise Rejected(InvalidRequest(message=message, param="input", provider=service.name))
    url = ok(service.url_for(config, request.model, "/moderations"))
    body: dict[str, Any] = {"input": request.input}
    model = request.model or service.quirks.moderation_model
    if model:
        body["model"] = model
    return build_post(service, config, url, body | (request.extra or {}))


@returns_failure
def parse_moderate(service: MediaService, response: HttpResponse) -> ModerationResponse:
    """One result per text. Fails with ProtocolError if one has neither `flagged` nor categories."""
    body = read_object(service, response)
    results = body.get("results")
    rows = objects_of([results] if isinstance(results, dict) else results)
    if not rows or None in [_flagged(row) for row in rows]:
        message = "the response has no moderation results"
        raise Rejected(malformed_response(service, response, message, where="$.results"))
    usage = body.get("usage")
    known = ("results", "id", "model", "usage", "object")
    return ModerationResponse(
        results=tuple([_result(row) for row in rows]),
        id=text_of(body.get("id")) or "",
        model=text_of(body.get("model")) or "",
        provider=service.name,
        usage=read_input_usage(usage) if isinstance(usage, dict) else Usage(),
        extra={key: value for key, value in body.items() if key not in known},
    )


def _result(row: dict[str, Any]) -> ModerationResult:
    scores = _items(row.get("category_scores"))
    known = ("flagged", "categories", "category_scores")
    return ModerationResult(
        flagged=_flagged(row) is True,
        categories={
            key: value for key, value in _items(row.get("categories")) if isinstance(value, bool)
        },
        scores={key: score for key, value in scores if (score := _score(value)) is not None},
        extra={key: value for key, value in row.items() if key not in known},
    )


def _flagged(row: dict[str, Any]) -> bool | None:
    """`flagged`, else whether a category is true; None if the row has neither."""
    flagged = row.get("flagged")
    if isinstance(flagged, bool):
        return flagged
    flags = [value for _, value in _items(row.get("categories")) if isinstance(value, bool)]
    return any(flags) if flags else None


def _score(value: Any) -> float | None:
    """A number in the range of float, or its text; None for anything else."""
    if isinstance(value, str) and len(value) < 40:
        with suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []
