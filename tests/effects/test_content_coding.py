"""Content codings undone, however the bytes are cut, and never more of them than allowed."""

import gzip
import zlib
from importlib.util import find_spec

import pytest

from llm_pure.effects.transports.content_coding import BodyReader
from llm_pure.errors import ProtocolFault
from llm_pure.http import ResponseHead
from llm_pure.result import Failure, Parsed, Success

TEXT = b"hello, world " * 50


def reader(*codings: str, limit: int = 10_000) -> BodyReader:
    headers = tuple([("content-encoding", coding) for coding in codings])
    return BodyReader(ResponseHead(200, headers), limit)


def read(reading: BodyReader, data: bytes, size: int) -> Parsed[bytes]:
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
}


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize("name", CODED)
def test_the_body_is_the_same_however_it_is_cut(name: str, size: int) -> None:
    codings, data = CODED[name]
    assert read(reader(*codings), data, size) == Success(TEXT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "two headers"])
def test_a_coding_that_stops_in_its_middle_is_a_fault(name: str) -> None:
    codings, data = CODED[name]
    for size in (1, 10_000):
        got = read(reader(*codings), data[:-5], size)
        assert isinstance(got, Failure)
        assert isinstance(got.failure(), ProtocolFault)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("size", [1, 10_000])
def test_bytes_that_are_not_coded_are_a_fault(coding: str, size: int) -> None:
    got = read(reader(coding), b"{'text': 'plain'}", size)
    assert isinstance(got, Failure)
    assert "coding" in got.failure().message


def test_an_empty_body_is_whole_in_every_coding() -> None:
    assert read(reader("gzip"), b"", 1) == Success(b"")


def test_a_coding_that_nobody_knows_is_named() -> None:
    got = reader("rot13").take(b"x")
    assert isinstance(got, Failure)
    assert got.failure().message == "the content coding 'rot13' is not known"


@pytest.mark.parametrize(("coding", "package"), [("br", "brotlicffi"), ("zstd", "zstandard")])
def test_a_coding_whose_package_is_missing_names_it(coding: str, package: str) -> None:
    if find_spec(package) or (coding == "br" and find_spec("brotli")):
        assert read(reader(coding), b"no such thing", 100) != Success(b"no such thing")
        return
    got = reader(coding).end()
    assert isinstance(got, Failure)
    assert got.failure().message == f"the content coding {coding!r} needs the package {package}"


def test_the_limit_counts_what_comes_out() -> None:
    bomb = gzip.compress(b"\0" * 1_000_000)
    got = read(reader("gzip", limit=100_000), bomb, 10_000)
    assert isinstance(got, Failure)
    assert got.failure().message == "the body is longer than 100000 bytes"
    assert read(reader(limit=10), b"x" * 10, 1) == Success(b"x" * 10)
    assert isinstance(read(reader(limit=10), b"x" * 11, 1), Failure)
