"""Read a client's keys and the id of its conversation from a request of any dialect. Pure."""

import re
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from llm_pure.types.config import Secret
from llm_pure.types.http import HttpRequest, get_header

_BEARER = re.compile(r"(?i)bearer +([^ ].*)")


def credentials(request: HttpRequest) -> tuple[Secret, ...]:
    """The keys in the headers and in the query, in the order of precedence: clients send two of them at once."""
    bearer = _BEARER.fullmatch((get_header(request.headers, "authorization") or "").strip())
    values = [bearer[1] if bearer else None]
    values += [
        get_header(request.headers, name) for name in ("x-api-key", "x-goog-api-key", "api-key")
    ]
    with suppress(ValueError):
        values += parse_qs(urlsplit(request.url).query).get("key", [])[:1]
    return tuple([Secret(value) for value in dict.fromkeys(values) if value])


SESSION_HEADERS = (
    "x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity", "x-opencode-session-id",
)  # fmt: skip
"""Headers in which agents send the id of a conversation. Source: ../shared/wire/server-side.md 5.1, 6.1, 7.1, read 2026-11-29."""


def session(request: HttpRequest) -> str:
    """The client's id of the conversation, "" without one."""
    values = [get_header(request.headers, name) for name in SESSION_HEADERS]
    return next((value for value in values if value), "")
