"""Undo the content codings of a body, with a bound on its size. Pure.

gzip and deflate are in the standard library; br and zstd need `brotli` or `zstandard` (the extra `codings`). No decoder produces
much more than the limit: a few bytes may stand for gigabytes.
"""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

import msgspec

from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

ACCEPTED = "gzip, deflate"
"""Value of accept-encoding: codings that every installation can decode."""

_GZIP_STEP = 4096
"""Bytes decoded at once: each member, of 20 bytes or more, copies what follows it."""

_ZSTD_WINDOW = 8 * 1024 * 1024
"""Window that a decoder of this coding must support, and the largest that a service may use (RFC 9659)."""

_ZSTD_STEP = 64
"""Bytes decoded at once: 4 bytes may stand for 128 KB, and zstandard has no limit of its own."""


class _Decoder(Protocol):
    @property
    def errors(self) -> type[Exception]:
        """Raised by `decode` for malformed data."""
        ...

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return the decoded bytes. If there are more than `limit`, more than `limit` of them but not all."""
        ...

    def is_complete(self) -> bool:
        """Return true if the coded data may end here."""
        ...


class _Gzip:
    """gzip, also of several members."""

    errors = zlib.error

    def __init__(self) -> None:
        self._member: Any = None

    def decode(self, data: bytes, limit: int) -> bytes:
        plain: list[bytes] = []
        size = 0
        for start in range(0, len(data), _GZIP_STEP):
            rest = data[start : start + _GZIP_STEP]
            while rest and size <= limit:
                if self._member is None or self._member.eof:
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                plain.append(self._member.decompress(rest, limit + 1 - size))
                size += len(plain[-1])
                rest = self._member.unused_data
        return b"".join(plain)

    def is_complete(self) -> bool:
        return self._member is None or bool(self._member.eof)


class _Deflate:
    """deflate in its zlib format or, as some servers send it, raw; the first two bytes distinguish them."""

    errors = zlib.error

    def __init__(self) -> None:
        self._start = b""
        self._inflate: Any = None

    def decode(self, data: bytes, limit: int) -> bytes:
        if self._inflate is None:
            data = self._start = self._start + data
            if len(data) < 2:
                return b""
            has_header = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        plain: bytes = self._inflate.decompress(data, limit + 1)
        return plain

    def is_complete(self) -> bool:
        return not self._start if self._inflate is None else bool(self._inflate.eof)


class _Brotli:
    """br, by `brotli` or `brotlicffi`, which bound their output since 1.2."""

    def __init__(self) -> None:
        library = _import_first("brotli", "brotlicffi")
        if not hasattr(library.Decompressor, "can_accept_more_data"):
            raise ImportError("it has no limit", name="brotli>=1.2")
        self.errors: type[Exception] = library.error
        self._stream = library.Decompressor()
        self._process = getattr(self._stream, "process", None) or self._stream.decompress
        self._empty = True

    def decode(self, data: bytes, limit: int) -> bytes:
        self._empty = self._empty and not data
        plain: bytes = self._process(data, output_buffer_limit=limit + 1)
        while len(plain) <= limit and not self._stream.can_accept_more_data():
            plain += self._process(b"", output_buffer_limit=limit + 1 - len(plain))
        return plain

    def is_complete(self) -> bool:
        return self._empty or bool(self._stream.is_finished())


class _Zstd:
    """zstd, also of several frames."""

    def __init__(self) -> None:
        self._library: Any = import_module("zstandard")
        self.errors: type[Exception] = self._library.ZstdError
        self._frame: Any = None

    def decode(self, data: bytes, limit: int) -> bytes:
        plain: list[bytes] = []
        size = start = 0
        while start < len(data) and size <= limit:
            if self._frame is None or self._frame.eof:
                decoder = self._library.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
                self._frame = decoder.decompressobj()
            step = data[start : start + _ZSTD_STEP]
            plain.append(self._frame.decompress(step))
            size += len(plain[-1])
            start += len(step) - len(self._frame.unused_data)
        return b"".join(plain)

    def is_complete(self) -> bool:
        return self._frame is None or bool(self._frame.eof)


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
"""Content coding -> decoder. Creating one raises ImportError if its package is missing."""


def is_readable(name: str) -> bool:
    """Return whether a content coding can be decoded by this installation."""
    try:
        return name in _DECODERS and bool(_DECODERS[name]())
    except ImportError:
        return False


def _import_first(*names: str) -> Any:
    for name in names[:-1]:
        try:
            return import_module(name)
        except ImportError:
            continue
    return import_module(names[-1])


_NOTHING: LLMResult[bytes] = Success(b"")  # creating one for each response takes longer than `end`


class BodyReader:
    """Decoder of one response: `take` bytes as they arrive, `end` after the last. Never raises."""

    __slots__ = ("_decoders", "_error", "_head", "_limit", "_size", "begun")

    def __init__(self, head: ResponseHead, limit: int) -> None:
        self._head = head
        self._limit = limit
        self._size = 0
        self._decoders: list[_Decoder] = []
        self._error: LLMError | None = None
        self.begun = False
        for name in _codings(head):
            self._add(name)

    @property
    def is_over_limit(self) -> bool:
        """True after an error: the body is longer than the limit."""
        return self._size > self._limit

    def take(self, raw: bytes) -> LLMResult[bytes]:
        """Return the decoded bytes, possibly b"". Fails with ProtocolError for malformed data and for a body over the limit."""
        self.begun = self.begun or bool(raw)
        if self._error is not None:
            return Failure(self._error)
        plain = raw
        left = self._limit - self._size
        for decoder in self._decoders:
            try:
                plain = decoder.decode(plain, left)
            except decoder.errors as error:
                return Failure(self._failed(f"the content coding is broken: {error}", raw))
        self._size += len(plain)
        if self._size > self._limit:
            return Failure(self._failed(f"the body is longer than {self._limit} bytes", plain))
        return Success(plain)

    def end(self) -> LLMResult[bytes]:
        """Return b"", or a ProtocolError if the coded data ends too early."""
        if self._error is not None:
            return Failure(self._error)
        for decoder in self._decoders:
            if not decoder.is_complete():
                return Failure(self._failed("the content coding ends in its middle", b""))
        return _NOTHING

    def _add(self, name: str) -> None:
        if name not in _DECODERS:
            self._error = self._failed(f"the content coding {name!r} is not known", b"")
            return
        try:
            self._decoders.append(_DECODERS[name]())
        except ImportError as error:
            message = f"the content coding {name!r} needs the package {error.name}"
            self._error = self._failed(message, b"")

    def _failed(self, message: str, evidence: bytes) -> LLMError:
        return ProtocolError(
            message=message,
            status=self._head.status,
            where="body",
            evidence=evidence,
        )


def _codings(head: ResponseHead) -> list[str]:
    """Return the codings to undo, the last one applied first."""
    values = [value for name, value in head.headers if name == "content-encoding"]
    if not values:
        return []
    names = [coding.strip().lower() for coding in ",".join(values).split(",")]
    return [name for name in reversed(names) if name not in ("", "identity")]


# recorded bodies

_RECORDED_LIMIT = 512 * 1024 * 1024
"""Maximum size of a recorded body, in bytes after decoding."""

_STEP = 64 * 1024
"""Bytes of a recorded body that are decoded at once, so that a small body cannot expand without bound."""

_MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
"""First bytes of coded data. deflate and br have none."""


def decode_content(body: bytes, content_encoding: str) -> LLMResult[bytes]:
    """Decode a recorded body. `content_encoding` is the header's value, "" without one.

    Some recorders decode the body and keep the header, some remove the header: the bytes themselves decide. A truncated
    body is decoded as far as it goes. Fails with ProtocolError for malformed data, or if `br` or `zstd` need a package.
    """
    coding = content_encoding.strip().lower()
    if not coding and body.startswith(_MAGIC["gzip"]):
        return _decode(body, "gzip").lash(lambda _: Success(body))
    if coding in ("", "identity", "aws-chunked") or not _is_coded(body, coding):
        return Success(body)
    return _decode(body, coding)


def _decode(body: bytes, coding: str) -> LLMResult[bytes]:
    reader = BodyReader(ResponseHead(200, (("content-encoding", coding),)), _RECORDED_LIMIT)
    plain: list[bytes] = []
    for start in range(0, len(body), _STEP):
        piece = reader.take(body[start : start + _STEP])
        if isinstance(piece, Failure):
            return Failure(msgspec.structs.replace(piece.failure(), status=None, code="cassette"))
        plain.append(piece.unwrap())
    return Success(b"".join(plain))


def _is_coded(body: bytes, coding: str) -> bool:
    if coding in _MAGIC:
        return body.startswith(_MAGIC[coding])
    return bool(body) and not _is_text(body)


def _is_text(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\r\n" for character in text[:1000])
