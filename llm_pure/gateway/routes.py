"""Path of a request -> the dialect that its client speaks, and the operation. Pure.

Only the path decides, never the host; where several dialects share a path, `llm_pure.server.client_dialect` reads the headers.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from llm_pure.core.server import ServedOperation
from llm_pure.core.server_paths import SERVED_PATHS, ServedPath, vendors_of

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

_OTHER_PATHS = (
    ("GET", r"", Route("ollama_native", "root")),
    ("GET", r"/metrics", Route("openai_chat", "metrics")),
)
"""Paths that no dialect has."""


def _route(dialect: str, path: ServedPath) -> Route:
    """Where several vendors share a path, the headers decide; a probe needs no dialect."""
    if len(vendors_of(path)) == 1:
        return Route(dialect, path.operation)
    return Route("openai_chat" if path.operation == "health" else "", path.operation)


_PATTERNS = tuple(
    [
        (method, re.compile(rf"\A{_PREFIX}(?:{pattern})/?\Z"), route)
        for method, pattern, route in (
            *_OTHER_PATHS,
            *[
                (path.method, path.pattern, _route(dialect, path))
                for dialect, paths in SERVED_PATHS.items()
                for path in paths
            ],
        )
    ]
)


@lru_cache(maxsize=1024)
def find_route(method: str, path: str) -> Route | None:
    """The route of a request, None for an unknown path. Its dialect is "" where the headers decide.

    >>> find_route("POST", "/v1/messages")
    Route(dialect='anthropic_messages', operation='chat')
    """
    for expected, pattern, route in _PATTERNS:
        if (method == expected or (method, expected) == ("HEAD", "GET")) and pattern.fullmatch(
            path
        ):
            return route
    return None
