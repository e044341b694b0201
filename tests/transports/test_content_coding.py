"""Content codings undone, however the bytes are cut, and never more of them than allowed."""

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import zstandard

from llm_pure.transports.content_coding import BodyReader
from llm_pure.types.errors import ProtocolError
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

brotli: Any = import_module("brotli")  # it has no types

TEXT = b"hello, world " * 50
ZERO = b"\0" * (1 << 20)


def reader(*codings: str, limit: int = 10_000) -> BodyReader:
    headers = tuple([("content-encoding", coding) for coding in codings])
    return BodyReader(ResponseHead(200, headers), limit)


def read(reading: BodyReader, data: bytes, size: int) -> LLMResult[bytes]:
    plain = b""
    for start in range(0, len(data), size):
        got = reading.take(data[start : start + size])
        if isinstance(got, Failure):
            return got
        plain += got.unwrap()
    return reading.end().map(lambda rest: plain + rest)


CODED = {
    "plain": ((), TEXT),
    "gzip": (("gzip",), gzip.compress(TEXT)),
    "x-gzip": (("X-GZip",), gzip.compress(TEXT)),
    "two members": (("gzip",), gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
    "deflate": (("deflate",), zlib.compress(TEXT)),
    "raw deflate": (("deflate",), zlib.compress(TEXT, wbits=-15)),
    "two in one header": (("gzip, deflate",), zlib.compress(gzip.compress(TEXT))),
    "two headers": (("gzip", "deflate"), zlib.compress(gzip.compress(TEXT))),
    "identity": (("identity",), TEXT),
    "brotli": (("br",), brotli.compress(TEXT)),
    "zstd": (("zstd",), zstandard.compress(TEXT)),
    "two frames": (("zstd",), zstandard.compress(TEXT[:99]) + zstandard.compress(TEXT[99:])),
    "zstd of brotli": (("br, zstd",), zstandard.compress(brotli.compress(TEXT))),
}


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize("name", CODED)
def test_the_body_is_the_same_however_it_is_cut(name: str, size: int) -> None:
    codings, data = CODED[name]
    assert read(reader(*codings), data, size) == Success(TEXT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "two headers", "brotli", "zstd", "two frames"])
def test_a_coding_that_stops_in_its_middle_is_a_fault(name: str) -> None:
    codings, data = CODED[name]
    for size in (1, 10_000):
        got = read(reader(*codings), data[:-5], size)
        assert isinstance(got, Failure)
        assert isinstance(got.failure(), ProtocolError)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [1, 10_000])
def test_bytes_that_are_not_coded_are_a_fault(coding: str, size: int) -> None:
    got = read(reader(coding), b"{'text': 'plain'}", size)
    assert isinstance(got, Failure)
    assert "coding" in got.failure().message


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_is_whole_in_every_coding(coding: str) -> None:
    assert read(reader(coding), b"", 1) == Success(b"")


def test_a_coding_that_nobody_knows_is_named() -> None:
    got = reader("rot13").take(b"x")
    assert isinstance(got, Failure)
    assert got.failure().message == "the content coding 'rot13' is not known"


@pytest.mark.parametrize(
    ("coding", "missing", "package"),
    [("br", ("brotli", "brotlicffi"), "brotlicffi"), ("zstd", ("zstandard",), "zstandard")],
)
def test_a_coding_whose_package_is_missing_names_it(
    coding: str, missing: tuple[str, ...], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    got = reader(coding).end()
    assert isinstance(got, Failure)
    assert got.failure() == ProtocolError(
        message=f"the content coding {coding!r} needs the package {package}",
        status=200,
        where="body",
    )


def test_a_brotli_without_a_limit_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brotli, "Decompressor", object)
    got = reader("br").end()
    assert isinstance(got, Failure)
    assert got.failure().message == "the content coding 'br' needs the package brotli>=1.2"


def test_the_limit_counts_what_comes_out() -> None:
    bomb = gzip.compress(b"\0" * 1_000_000)
    got = read(reader("gzip", limit=100_000), bomb, 10_000)
    assert isinstance(got, Failure)
    assert got.failure().message == "the body is longer than 100000 bytes"
    assert read(reader(limit=10), b"x" * 10, 1) == Success(b"x" * 10)
    assert isinstance(read(reader(limit=10), b"x" * 11, 1), Failure)


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: pack(zlib.compressobj(wbits=31), 1 << 28),
    "deflate": lambda: pack(zlib.compressobj(wbits=15), 1 << 28),
    "br": lambda: brotli_of_zeros(1 << 28),
    "zstd": lambda: pack(zstandard.ZstdCompressor().compressobj(), 1 << 30),
}


def pack(packer: "zlib._Compress | zstandard.ZstdCompressionObj", size: int) -> bytes:
    return b"".join([packer.compress(ZERO) for _ in range(size >> 20)]) + packer.flush()


def brotli_of_zeros(size: int) -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join([packer.process(ZERO) for _ in range(size >> 20)]) + bytes(packer.finish())


@pytest.mark.parametrize("coding", BOMBS)
def test_a_piece_that_stands_for_a_thousand_times_as_much_takes_no_more_memory_than_the_limit(
    coding: str,
) -> None:
    bomb = BOMBS[coding]()
    reading = reader(coding, limit=1_000_000)
    tracemalloc.start()
    got = reading.take(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(got, Failure)
    assert got.failure().message == "the body is longer than 1000000 bytes"
    assert peak < 4_000_000
