"""Whole answers as they come over the wire."""

import json
from typing import Any

from llm_pure import HttpResponse


def response(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    """These bytes, or this value as JSON.

    >>> response({"a": 1}, 429, retry_after="2").headers
    (('content-type', 'application/json'), ('retry-after', '2'))
    """
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return HttpResponse(status, (("content-type", "application/json"), *named), data)
