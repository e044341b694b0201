"""Path of a request -> the dialect that its client speaks, and the operation. Pure.

Only the path decides, and the headers of the key where three dialects share a path; never the host.
Source: ../shared/wire/server-side.md section 2 (paths that clients build), read 2026-11-30.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

from llm_pure.core.server import ServedOperation
from llm_pure.gateway.admission import RawHeaders

RoutedOperation: TypeAlias = ServedOperation | Literal["metrics", "root"]


class Route(NamedTuple):
    """Where a request goes."""

    dialect: str
    operation: RoutedOperation


_PREFIX = (
    r"(?:/(?:v1|v1beta\d?|v1alpha|openai|anthropic|gemini|google|ollama|api/v1"
    r"|projects/[^/]+|locations/[^/]+|publishers/[^/]+))*"
)
"""Base URLs as users write them, also doubled, and the paths of Vertex AI."""

_PATHS: tuple[tuple[str, str, Route], ...] = (
    ("POST", r"/chat/completions", Route("openai_chat", "chat")),
    ("POST", r"/responses", Route("openai_responses", "chat")),
    ("POST", r"/responses/input_tokens", Route("openai_responses", "count_tokens")),
    ("POST", r"/messages", Route("anthropic_messages", "chat")),
    ("POST", r"/messages/count_tokens", Route("anthropic_messages", "count_tokens")),
    ("POST", r"/models/.+:(?:generateContent|streamGenerateContent)", Route("gemini_content", "chat")),
    ("POST", r"/models/.+:countTokens", Route("gemini_content", "count_tokens")),
    ("POST", r"/models/.+:(?:embedContent|batchEmbedContents)", Route("gemini_content", "embed")),
    ("POST", r"/api/chat", Route("ollama_native", "chat")),
    ("POST", r"/api/(?:embed|embeddings)", Route("ollama_native", "embed")),
    ("POST", r"/api/show", Route("ollama_native", "models")),
    ("GET", r"/api/(?:tags|ps)", Route("ollama_native", "models")),
    ("GET", r"/api/version", Route("ollama_native", "health")),
    ("GET", r"/api/hello", Route("anthropic_messages", "health")),
    ("POST", r"/embeddings", Route("openai_chat", "embed")),
    ("GET", r"/models(?:/.+)?", Route("", "models")),
    ("GET", r"/(?:health|healthz|readyz|livez)", Route("openai_chat", "health")),
    ("GET", r"/metrics", Route("openai_chat", "metrics")),
    ("GET", r"", Route("ollama_native", "root")),
)  # fmt: skip
_PATTERNS = tuple(
    [(method, re.compile(f"{_PREFIX}{path}/?"), route) for method, path, route in _PATHS]
)
_COMMON = {
    "/v1/chat/completions": Route("openai_chat", "chat"),
    "/v1/responses": Route("openai_responses", "chat"),
    "/v1/messages": Route("anthropic_messages", "chat"),
    "/api/chat": Route("ollama_native", "chat"),
}
"""Paths that need no search."""


def find_route(method: str, path: str, headers: RawHeaders, query: bytes) -> Route | None:
    """The route of a request, None for an unknown path.

    >>> find_route("POST", "/v1/messages", (), b"")
    Route(dialect='anthropic_messages', operation='chat')
    """
    if method == "POST" and path in _COMMON:
        return _COMMON[path]
    for expected, pattern, route in _PATTERNS:
        if (method == expected or (method, expected) == ("HEAD", "GET")) and pattern.fullmatch(
            path
        ):
            return route if route.dialect else Route(_lister(path, headers, query), "models")
    return None


def guess_dialect(path: str) -> str:
    """The dialect of errors for a path that has no route."""
    for pattern, dialect in _FORMS:
        if pattern.search(path):
            return dialect
    return "openai_chat"


_FORMS = (
    (re.compile(r"/messages"), "anthropic_messages"),
    (re.compile(r"/v1beta|:[A-Za-z]+$"), "gemini_content"),
    (re.compile(r"^/api/"), "ollama_native"),
    (re.compile(r"/responses"), "openai_responses"),
)


def _lister(path: str, headers: RawHeaders, query: bytes) -> str:
    """The dialect of a client that lists models. Anthropic's and OpenAI's clients read the same list."""
    names = {name for name, _ in headers}
    keyed = re.search(rb"(?:^|&)key=", query) is not None
    if b"x-goog-api-key" in names or keyed or "/v1beta" in path:
        return "gemini_content"
    if b"anthropic-version" in names:
        return "anthropic_messages"
    return "openai_chat"


__all__ = ["Route", "RoutedOperation", "find_route", "guess_dialect"]
