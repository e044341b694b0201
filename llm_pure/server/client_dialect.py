"""The dialect that a client speaks, by the path and the headers of its request. Pure.

Three dialects list models at one path: their clients differ in the header of the key.
"""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from llm_pure.core.server_paths import PREFIX_LIMIT, SERVED_PATHS, vendors_of
from llm_pure.types.http import HttpRequest, get_header

_PATHS = (
    *[
        (path.pattern, dialect)
        for dialect, paths in SERVED_PATHS.items()
        for path in paths
        if len(vendors_of(path)) == 1
    ],
    (r"/responses/.+", "openai_responses"),
    (r"/api/(?:pull|push|create|copy|delete|blobs/.+)", "ollama_native"),
    (r"/v1beta\d*(?:/.*)?/models(?:/.+)?", "gemini_content"),
)
"""End of a path that clients of one vendor call, whether it is served or not -> dialect; the first match counts."""


def client_dialect(request: HttpRequest) -> str:
    """Return the name of the dialect. Where the path does not decide, the headers do; OpenAI's chat completions without them.

    >>> client_dialect(HttpRequest("POST", "http://127.0.0.1:1/v1/messages?beta=true"))
    'anthropic_messages'
    >>> client_dialect(HttpRequest("GET", "http://127.0.0.1:1/v1/models", (("x-goog-api-key", "any"),)))
    'gemini_content'
    """
    try:
        parts = urlsplit(request.url)
        path, query = unquote(parts.path).rstrip("/"), parse_qs(parts.query)
    except ValueError:
        path, query = "", {}
    for pattern, dialect in _PATHS if path else ():
        if re.fullmatch(rf".{{0,{PREFIX_LIMIT}}}?{pattern}", path, re.DOTALL):
            return dialect
    if get_header(request.headers, "x-goog-api-key") is not None or "key" in query:
        return "gemini_content"
    for name in ("anthropic-version", "x-api-key"):
        if get_header(request.headers, name) is not None:
            return "anthropic_messages"
    return "openai_chat"
