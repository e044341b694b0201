"""Answers over ASGI: a response in one message pair, a stream in as many as there are batches. Headers go by an allow-list."""

import re
from collections.abc import Iterable

from llm_pure.gateway.request_body import Send
from llm_pure.types.http import Headers, HttpResponse, ResponseHead

_ALLOWED = re.compile(
    r"content-type|allow|request-id|x-request-id|retry-after(?:-ms)?|x-should-retry|x-llm-pure-[a-z-]+"
)
_RATE_LIMITS = re.compile(r"(?:[a-z]+-){0,4}ratelimit-[a-z-]+")
"""Of the provider: what is left of its limits."""

RawHeader = tuple[bytes, bytes]


def rate_limits(head: ResponseHead | HttpResponse | None) -> Headers:
    """The provider's headers that clients may see."""
    if head is None:
        return ()
    limits = [pair for pair in head.headers if "ratelimit-" in pair[0]]
    return tuple([pair for pair in limits if _RATE_LIMITS.fullmatch(pair[0])][:20])


def raw_headers(headers: Iterable[tuple[str, str]]) -> list[RawHeader]:
    """Headers for ASGI; those that are not allowed are left out."""
    return [
        (name.encode("latin-1"), _one_line(value).encode("latin-1", "replace"))
        for name, value in headers
        if name == "content-type" or _ALLOWED.fullmatch(name) or _RATE_LIMITS.fullmatch(name)
    ]


def _one_line(value: str) -> str:
    return value if value.isprintable() else "".join([c for c in value if c.isprintable()])


async def send_response(
    send: Send, response: HttpResponse, request_id: str, extra: Headers = (), *, close: bool = False
) -> None:
    """Send a complete response. close: the connection is not used again."""
    headers = raw_headers((*response.headers, *extra))
    if b"x-request-id" not in dict(headers):
        headers.append((b"x-request-id", request_id.encode("latin-1")))
    body = response.body
    headers.append((b"content-length", str(len(body)).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def begin_stream(send: Send, kind: str, request_id: str, extra: Headers = ()) -> None:
    """Send the head of a stream."""
    headers = [
        (b"content-type", kind.encode("latin-1")),
        (b"cache-control", b"no-cache"),
        (b"x-accel-buffering", b"no"),
        (b"x-request-id", request_id.encode("latin-1")),
        *raw_headers(extra),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
