"""Body bytes as they came -> body bytes as the service meant them: content codings undone, the size bounded.

gzip and deflate are in the standard library; br and zstd are read where `brotli` or `zstandard` is installed, which is the
extra `codings`. No coding is let run further than the limit: a few bytes may stand for gigabytes. Pure.
"""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

import msgspec

from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

ACCEPTED = "gzip, deflate"
"""What a transport asks for: what every installation can read."""

_GZIP = zlib.MAX_WBITS | 16

_ZSTD_WINDOW = 8 * 1024 * 1024
"""What a decoder of this content coding has to bear, and nobody may ask for more (RFC 9659)."""

_ZSTD_STEP = 64
"""Bytes that are undone at once: four of them may stand for 128 KB, and zstandard knows no limit of its own."""


class _Coding(Protocol):
    def decode(self, data: bytes, most: int) -> bytes:
        """The plain bytes that these complete. When there are more than `most`, more than `most` of them."""
        ...

    def is_whole(self) -> bool: ...


class _Gzip:
    """gzip, also of several members."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)
        self._fresh = True

    def decode(self, data: bytes, most: int) -> bytes:
        plain = b""
        while data and len(plain) <= most:
            self._fresh = False
            if self._inflate.eof:
                self._inflate = zlib.decompressobj(_GZIP)
            plain += self._inflate.decompress(data, most + 1 - len(plain))
            data = self._inflate.unused_data
        return plain

    def is_whole(self) -> bool:
        return self._fresh or self._inflate.eof


class _Deflate:
    """deflate in its zlib frame or, as some servers send it, without: the first two bytes tell."""

    def __init__(self) -> None:
        self._start = b""
        self._inflate: zlib._Decompress | None = None

    def decode(self, data: bytes, most: int) -> bytes:
        if self._inflate is None:
            data = self._start + data
            self._start = data
            if len(data) < 2:
                return b""
            framed = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
        return self._inflate.decompress(data, most + 1)

    def is_whole(self) -> bool:
        return not self._start if self._inflate is None else self._inflate.eof


class _Brotli:
    """br, by `brotli` or `brotlicffi`; both know a limit since 1.2."""

    def __init__(self, library: Any) -> None:
        self._stream = library.Decompressor()
        self._process = getattr(self._stream, "process", None) or self._stream.decompress
        self._seen = False

    def decode(self, data: bytes, most: int) -> bytes:
        self._seen = self._seen or bool(data)
        plain: bytes = self._process(data, output_buffer_limit=most + 1)
        while len(plain) <= most and not self._stream.can_accept_more_data():
            plain += self._process(b"", output_buffer_limit=most + 1 - len(plain))
        return plain

    def is_whole(self) -> bool:
        return not self._seen or bool(self._stream.is_finished())


class _Zstd:
    """zstd, also of several frames."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._frame: Any = None

    def decode(self, data: bytes, most: int) -> bytes:
        plain: list[bytes] = []
        size = start = 0
        while start < len(data) and size <= most:
            if self._frame is None or self._frame.eof:
                opened = self._library.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
                self._frame = opened.decompressobj()
            step = data[start : start + _ZSTD_STEP]
            plain.append(self._frame.decompress(step))
            size += len(plain[-1])
            start += len(step) - len(self._frame.unused_data)
        return b"".join(plain)

    def is_whole(self) -> bool:
        return self._frame is None or bool(self._frame.eof)


_Opened = tuple[_Coding, tuple[type[Exception], ...]]
"""A coding and the errors that it raises."""


def _brotli() -> _Opened:
    library: Any = _first_of("brotli", "brotlicffi")
    if not hasattr(library.Decompressor, "can_accept_more_data"):
        raise ImportError("it has no limit", name="brotli>=1.2")
    return _Brotli(library), (library.error,)


def _zstd() -> _Opened:
    library: Any = import_module("zstandard")
    return _Zstd(library), (library.ZstdError,)


def _first_of(*names: str) -> Any:
    for name in names[:-1]:
        try:
            return import_module(name)
        except ImportError:
            continue
    return import_module(names[-1])


_CODINGS: dict[str, Callable[[], _Opened]] = {
    "gzip": lambda: (_Gzip(), (zlib.error,)),
    "x-gzip": lambda: (_Gzip(), (zlib.error,)),
    "deflate": lambda: (_Deflate(), (zlib.error,)),
    "br": _brotli,
    "zstd": _zstd,
}


class BodyReader:
    """One for each answer: `take` the bytes as they come, `end` when there are no more. Never raises."""

    __slots__ = ("_codings", "_faults", "_head", "_limit", "_size", "_unreadable", "begun")

    def __init__(self, head: ResponseHead, limit: int) -> None:
        self._head = head
        self._limit = limit
        self._size = 0
        self._codings: list[_Coding] = []
        self._faults: tuple[type[Exception], ...] = ()
        self._unreadable: LLMError | None = None
        self.begun = False
        for name in _names(head):
            self._add(name)

    def take(self, raw: bytes) -> LLMResult[bytes]:
        """The plain bytes that these complete, maybe none; a ProtocolError for a broken coding or too much of it."""
        self.begun = self.begun or bool(raw)
        if self._unreadable is not None:
            return Failure(self._unreadable)
        plain = raw
        left = self._limit - self._size
        try:
            for coding in self._codings:
                plain = coding.decode(plain, left)
        except self._faults as fault:
            return Failure(self._fault(f"the content coding is broken: {fault}", raw))
        self._size += len(plain)
        if self._size > self._limit:
            return Failure(self._fault(f"the body is longer than {self._limit} bytes", plain))
        return Success(plain)

    def end(self) -> LLMResult[bytes]:
        """Nothing more, or a ProtocolError when the coded bytes stop before their end."""
        if self._unreadable is not None:
            return Failure(self._unreadable)
        if all(coding.is_whole() for coding in self._codings):
            return Success(b"")
        return Failure(self._fault("the content coding ends in its middle", b""))

    def _add(self, name: str) -> None:
        if name not in _CODINGS:
            self._unreadable = self._fault(f"the content coding {name!r} is not known", b"")
            return
        try:
            coding, faults = _CODINGS[name]()
        except ImportError as fault:
            self._unreadable = self._fault(
                f"the content coding {name!r} needs the package {fault.name}", b""
            )
            return
        self._codings.append(coding)
        self._faults += faults

    def _fault(self, message: str, evidence: bytes) -> LLMError:
        return ProtocolError(
            message=message,
            status=self._head.status,
            where="body",
            evidence=evidence[:EVIDENCE_LIMIT],
        )


def _names(head: ResponseHead) -> list[str]:
    """The codings to undo, the last one that was put on first."""
    listed = [value for name, value in head.headers if name == "content-encoding"]
    if not listed:
        return []
    names = [word.strip().lower() for word in ",".join(listed).split(",")]
    return [name for name in reversed(names) if name not in ("", "identity")]


BODY_LIMIT = 512 * 1024 * 1024
"""The largest body, in bytes after decoding."""


def decode_content(body: bytes, content_encoding: str) -> LLMResult[bytes]:
    """The body with no coding left; `content_encoding` is the header's value, "" when there is none.

    Some recorders decode and keep the header, some filter the header out: the bytes themselves tell what they are. A
    body that was cut off gives what it holds. `br` and `zstd` need the package that the ProtocolError names.
    """
    coding = content_encoding.strip().lower()
    if not coding and body.startswith(_GZIP_MAGIC):
        return _decode(body, "gzip").lash(lambda _: Success(body))
    if coding in ("", "identity", "aws-chunked") or not _is_coded(body, coding):
        return Success(body)
    return _decode(body, coding)


_GZIP_MAGIC = b"\x1f\x8b"
_DECODE_STEP = 65_536
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def _decode(body: bytes, coding: str) -> LLMResult[bytes]:
    reader = BodyReader(ResponseHead(200, (("content-encoding", coding),)), BODY_LIMIT)
    plain: list[bytes] = []
    for begin in range(
        0, len(body), _DECODE_STEP
    ):  # so that a small body can't blow up all at once
        taken = reader.take(body[begin : begin + _DECODE_STEP])
        if isinstance(taken, Failure):
            return Failure(msgspec.structs.replace(taken.failure(), status=None, code="cassette"))
        plain.append(taken.unwrap())
    return Success(b"".join(plain))


def _is_coded(body: bytes, coding: str) -> bool:
    match coding:
        case "gzip" | "x-gzip":
            return body.startswith(_GZIP_MAGIC)
        case "zstd":
            return body.startswith(_ZSTD_MAGIC)
        case _:  # deflate and br have no mark of their own
            return bool(body) and not _is_text(body)


def _is_text(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\r\n" for character in text[:1000])
