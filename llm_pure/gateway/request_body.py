"""The body of a request over ASGI: bounded in size, also after decompression, and in time."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from llm_pure.gateway.admission import RawHeaders
from llm_pure.transports.content_coding import BodyReader
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import ResponseHead
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

BODY_S = 120.0
"""For all of the body: a client that sends a byte a second holds nothing longer."""

_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "identity", ""})


class ClientGone(Exception):
    """The client has left; there is nobody to answer."""


async def read_body(receive: Receive, headers: RawHeaders, limit: int) -> bytes:
    """Return the decoded body. Raises Rejected with InvalidRequest (400, 413, 415), and ClientGone."""
    length = coding = b""
    for name, value in headers:
        if name == b"content-length":
            length = value
        elif name == b"content-encoding":
            coding += b"," + value
    if length:
        if not length.isdigit():
            raise _refused(400, "content-length is no number")
        if len(length) > 15 or int(length) > limit:
            raise too_large(limit)
    message = await receive()
    if not coding and message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        return body
    reader = _Body(coding.decode("latin-1"), limit)
    if reader.add(message):
        return reader.end()
    try:
        async with asyncio.timeout(BODY_S):
            while not reader.add(await receive()):
                pass
    except TimeoutError:
        raise _refused(400, f"the body did not come within {BODY_S:.0f} s") from None
    return reader.end()


class _Body:
    """The pieces of a body."""

    def __init__(self, coding: str, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0
        self._reader: BodyReader | None = None
        names = [name.strip().lower() for name in coding.split(",")]
        if any(name not in ("", "identity") for name in names):
            if not set(names) <= _CODINGS or len(names) > 3:
                raise _refused(415, "content codings are gzip, deflate, br and zstd")
            self._reader = BodyReader(ResponseHead(200, (("content-encoding", coding),)), limit)
            if isinstance(self._reader.take(b""), Failure):
                raise _refused(415, "this content coding cannot be read here; gzip can")

    def add(self, message: Message) -> bool:
        """Add a message of the server; true after the last."""
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        if self._reader is not None and piece:
            plain = self._reader.take(piece)
            if isinstance(plain, Failure):
                raise self._broken(self._reader)
            piece = plain.unwrap()
        self._size += len(piece)
        if self._size > self._limit:
            raise too_large(self._limit)
        self._pieces.append(piece)
        return not message.get("more_body", False)

    def end(self) -> bytes:
        """Return the body."""
        if self._reader is not None:
            ended = self._reader.end()
            if isinstance(ended, Failure):
                raise self._broken(self._reader)
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def _broken(self, reader: BodyReader) -> Rejected:
        if reader.is_over_limit:
            return too_large(self._limit)
        return _refused(400, "the content coding of the body is broken")


def too_large(limit: int) -> Rejected:
    """The refusal of a body above the limit."""
    return _refused(413, f"the request is longer than {limit} bytes", code="request_too_large")


def _refused(status: int, message: str, code: str | None = None) -> Rejected:
    return Rejected(InvalidRequest(message=message, status=status, code=code))
