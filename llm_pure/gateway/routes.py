"""Path of a request -> the dialect that its client speaks, and the operation. Pure.

Only the path decides, never the host; where three dialects share a path, `llm_pure.server.client_dialect` reads the headers.
Source: ../shared/wire/server-side.md section 2 (paths that clients build), read 2026-11-30.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

from llm_pure.core.server import ServedOperation

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
    [(method, re.compile(rf"\A{_PREFIX}{path}/?\Z"), route) for method, path, route in _PATHS]
)
_COMMON = {
    "/v1/chat/completions": Route("openai_chat", "chat"),
    "/v1/responses": Route("openai_responses", "chat"),
    "/v1/messages": Route("anthropic_messages", "chat"),
    "/api/chat": Route("ollama_native", "chat"),
}
"""Paths that need no search."""


def find_route(method: str, path: str) -> Route | None:
    """The route of a request, None for an unknown path. Its dialect is "" where the headers decide.

    >>> find_route("POST", "/v1/messages")
    Route(dialect='anthropic_messages', operation='chat')
    """
    if method == "POST" and path in _COMMON:
        return _COMMON[path]
    for expected, pattern, route in _PATTERNS:
        if (method == expected or (method, expected) == ("HEAD", "GET")) and pattern.fullmatch(
            path
        ):
            return route
    return None


__all__ = ["Route", "RoutedOperation", "find_route"]
