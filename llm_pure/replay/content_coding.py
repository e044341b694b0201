"""Bodies without their content coding: what a recorder kept as it came over the wire, as the service meant it."""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec

from llm_pure.errors import ConfigurationInvalid, ProtocolFault
from llm_pure.result import Failure, Parsed, Success

BODY_LIMIT = 512 * 1024 * 1024
"""The largest decoded body, in bytes."""

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def decode_content(body: bytes, content_encoding: str) -> Parsed[bytes]:
    """The body with no coding left; `content_encoding` is the header's value, "" when there is none.

    A body that is not in the coding that the header tells is taken as it is: some recorders decode and keep the header.
    A coded body that was cut off gives what it holds. `br` and `zstd` need the packages brotli and zstandard:
    ConfigurationInvalid names the one that is missing.
    """
    codings = [word.strip().lower() for word in content_encoding.split(",") if word.strip()]
    if not codings and body.startswith(_GZIP_MAGIC):
        return _gzip(body).lash(lambda _: Success(body))  # the header was filtered out
    for coding in reversed(codings):
        decode = _DECODERS.get(coding)
        if decode is None or not body:
            continue
        decoded = decode(body)
        if isinstance(decoded, Failure):
            return decoded
        body = decoded.unwrap()
    return Success(body)


def _gzip(body: bytes) -> Parsed[bytes]:
    if not body.startswith(_GZIP_MAGIC):
        return Success(body)
    plain = bytearray()
    while body.startswith(_GZIP_MAGIC):  # a gzip body may have several members
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            plain += member.decompress(body, BODY_LIMIT - len(plain) + 1)
        except zlib.error as fault:
            return _broken("gzip", fault)
        if len(plain) > BODY_LIMIT:
            return _broken("gzip", f"more than {BODY_LIMIT} bytes")
        body = member.unused_data
    return Success(bytes(plain))


def _deflate(body: bytes) -> Parsed[bytes]:
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # with a zlib head as RFC 9110 wants it, or raw
        stream = zlib.decompressobj(wbits)
        try:
            plain = stream.decompress(body, BODY_LIMIT)
        except zlib.error:
            continue
        if stream.unconsumed_tail:
            return _broken("deflate", f"more than {BODY_LIMIT} bytes")
        return Success(plain)
    return Success(body) if _is_text(body) else _broken("deflate", "neither zlib nor raw deflate")


def _brotli(body: bytes) -> Parsed[bytes]:
    if _is_text(body):  # brotli has no mark of its own
        return Success(body)
    return _by_package("br", body, _BROTLI, install="brotli")


def _zstd(body: bytes) -> Parsed[bytes]:
    if not body.startswith(_ZSTD_MAGIC):
        return Success(body)
    return _by_package("zstd", body, _ZSTD, install="zstandard")


class _Package(msgspec.Struct, frozen=True):
    """A package that knows a coding: its import name, its error class, and how it decodes."""

    name: str
    error: str
    decompress: Callable[[Any, bytes], Any]


_BROTLI = (
    _Package("brotli", "error", lambda package, body: package.decompress(body)),
    _Package("brotlicffi", "error", lambda package, body: package.decompress(body)),
)
_ZSTD = (
    # in the standard library from Python 3.14
    _Package("compression.zstd", "ZstdError", lambda package, body: package.decompress(body)),
    _Package(
        "zstandard",
        "ZstdError",
        lambda package, body: package.ZstdDecompressor().decompressobj().decompress(body),
    ),
)


def _by_package(
    coding: str, body: bytes, packages: tuple[_Package, ...], *, install: str
) -> Parsed[bytes]:
    for package in packages:
        try:
            module = import_module(package.name)
        except ImportError:
            continue
        try:
            return Success(bytes(package.decompress(module, body)))
        except (getattr(module, package.error), ValueError, EOFError) as fault:
            return _broken(coding, fault)
    return Failure(
        ConfigurationInvalid(
            message=f"the body is coded as {coding}: install {install} to read it",
            field="content-encoding",
        )
    )


def _is_text(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\r\n" for character in text[:1000])


def _broken(coding: str, why: object) -> Parsed[bytes]:
    return Failure(
        ProtocolFault(
            message=f"the body is coded as {coding} and cannot be decoded: {why}", code="cassette"
        )
    )


_DECODERS: dict[str, Callable[[bytes], Parsed[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
