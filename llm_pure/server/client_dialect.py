"""The dialect that a client speaks, by the path and the headers of its request. Pure.

Three dialects list models at one path: their clients differ in the header of the key.
"""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from llm_pure.types.http import HttpRequest, get_header

_PREFIX_LIMIT = 300
"""Maximum characters before the path of an operation, such as a mount point."""

_PATHS = (
    (r"/chat/completions", "openai_chat"),
    (r"/responses(?:/.*)?", "openai_responses"),
    (r"/messages(?:/count_tokens)?", "anthropic_messages"),
    (r"/api/hello", "anthropic_messages"),
    (r"/api/(?:chat|embed|embeddings|show|tags|ps|version|generate)", "ollama_native"),
    (r"/models/.+:(?:g|streamG)enerateContent", "gemini_content"),
    (r"/models/.+:(?:countTokens|embedContent|batchEmbedContents)", "gemini_content"),
    (r"/v1beta\d*(?:/.*)?/models(?:/.+)?", "gemini_content"),
    (r"/embeddings", "openai_chat"),
)
"""End of a path -> dialect; the first match counts."""


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
    for pattern, dialect in _PATHS:
        if re.fullmatch(rf".{{0,{_PREFIX_LIMIT}}}?{pattern}", path, re.DOTALL):
            return dialect
    if get_header(request.headers, "x-goog-api-key") is not None or "key" in query:
        return "gemini_content"
    for name in ("anthropic-version", "x-api-key"):
        if get_header(request.headers, name) is not None:
            return "anthropic_messages"
    return "openai_chat"


__all__ = ["client_dialect"]
