"""What every API of the loopback server takes and gives: a request, read, and a reply in pieces."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import msgspec


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request. path: percent-decoded, below the service's own prefix. body: decoded JSON, None when it is none.

    raw: the body's bytes.
    """

    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes = b""
    method: str = "POST"

    def says(self, key: str) -> Any:
        """A field at the top of the body."""
        return self.body.get(key) if isinstance(self.body, dict) else None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; more than one piece goes out in chunks."""

    pieces: tuple[bytes, ...]
    content_type: str = "application/json"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Service: TypeAlias = Callable[[Asked], Reply]


def asked(target: str, headers: Mapping[str, str], data: bytes, method: str = "POST") -> Asked:
    """The request of an HTTP message whose path begins with a service's name."""
    parts = urlsplit(target)
    _, _, path = parts.path.lstrip("/").partition("/")
    try:
        body = msgspec.json.decode(data)
    except msgspec.DecodeError:
        body = None
    return Asked(
        path="/" + unquote(path),
        query=parts.query,
        headers=headers,
        body=body,
        raw=data,
        method=method,
    )


def json_reply(
    value: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """A JSON body."""
    return Reply(pieces=(msgspec.json.encode(value),), status=status, headers=headers)


def sse_reply(*events: bytes) -> Reply:
    """Server-sent events, each a piece."""
    return Reply(pieces=events, content_type="text/event-stream")


def data(value: Any, *, event: str = "", space: bool = True) -> bytes:
    """One server-sent event."""
    name = f"event: {event}\n".encode() if event else b""
    return name + (b"data: " if space else b"data:") + msgspec.json.encode(value) + b"\n\n"
