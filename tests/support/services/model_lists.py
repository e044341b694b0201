"""Lists of models as each API has them, below a first segment that names the API: /openai, /anthropic, /gemini ...

/refusing before that segment answers 401.
Source: openai/openai-openapi 2.3.0; anthropic 2.11.0 types/model_info.py; google-genai 3.4.0; cohere 7.3.1; ollama/ollama
v0.33.0-rc2 docs/api.md; read 2026-11-20.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.support.services import anthropic, gemini
from tests.support.services.answers import Answer
from tests.support.services.exchange import Asked, Reply, json_reply
from tests.support.services.shapes import openai_error

REFUSED = Answer(status=401, message="the key is wrong", error_type="authentication_error")


def answer(asked: Asked) -> Reply:
    """One model on each page."""
    first, _, rest = asked.path.lstrip("/").partition("/")
    if first == "refusing":
        return _ERRORS.get(rest.partition("/")[0], openai_error)(REFUSED)
    return json_reply(_LISTS[first](parse_qs(asked.query)))


def _openai(query: dict[str, list[str]]) -> Any:
    row = {"id": "model-1", "object": "model", "created": 1, "owned_by": "system"}
    return {"object": "list", "data": [row]}


def _together(query: dict[str, list[str]]) -> Any:
    return [{"id": "model-1", "object": "model", "created": 1, "type": "chat"}]


def _anthropic(query: dict[str, list[str]]) -> Any:
    last = "after_id" in query
    name = "model-2" if last else "page-2"  # a page is named by the last id on the one before it
    row = {
        "id": name,
        "type": "model",
        "display_name": "A Model",
        "created_at": "1970-01-01T00:00:01Z",
    }
    return {"data": [row], "has_more": not last, "first_id": name, "last_id": name}


def _gemini(query: dict[str, list[str]]) -> Any:
    last = "pageToken" in query
    row = {"name": f"models/model-{2 if last else 1}", "inputTokenLimit": 1000}
    return {"models": [row], **({} if last else {"nextPageToken": "page-2"})}


def _cohere(query: dict[str, list[str]]) -> Any:
    last = "page_token" in query
    row = {"name": f"model-{2 if last else 1}", "endpoints": ["chat"]}
    return {"models": [row], **({} if last else {"next_page_token": "page-2"})}


def _ollama(query: dict[str, list[str]]) -> Any:
    return {"models": [{"name": "model-1", "modified_at": "1970-01-01T01:00:01+01:00", "size": 7}]}


_LISTS: dict[str, Callable[[dict[str, list[str]]], Any]] = {
    "anthropic": _anthropic,
    "azure": _openai,
    "cohere": _cohere,
    "gemini": _gemini,
    "ollama": _ollama,
    "openai": _openai,
    "together": _together,
}
_ERRORS: dict[str, Callable[[Answer], Reply]] = {
    "anthropic": anthropic.error,
    "cohere": lambda told: json_reply({"id": "1", "message": told.message}, status=told.status),
    "gemini": gemini.error,
    "ollama": lambda told: json_reply({"error": told.message}, status=told.status),
}
