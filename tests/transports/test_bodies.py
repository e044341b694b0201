"""Bodies over every kind of transport, from a real server: their codings undone, their size bounded, memory flat."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import zstandard

from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure
from tests.support.carriers import (
    every_kind,
    is_sync,
    open_async,
    open_sync,
    run,
    take,
    whole_and_streamed,
)
from tests.support.loopback import Behaviour, Connection, Loopback, answering, chunked, response

brotli: Any = import_module("brotli")  # it has no types

PATIENT = Timeouts(total_s=60)
TEXT = b"hello, world " * 1000
MEGABYTE = b"x" * 1_000_000


def asking(url: str) -> HttpRequest:
    return HttpRequest("POST", url, (), b"{}")


def coded(body: bytes, coding: str) -> Behaviour:
    return answering(response(body, headers=(("content-encoding", coding),)))


def coded_in_chunks(body: bytes, coding: str) -> Behaviour:
    """With borders that no coding knows of."""
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    head, _, rest = chunked(*pieces).partition(b"\r\n\r\n")
    return answering(head + b"\r\ncontent-encoding: " + coding.encode() + b"\r\n\r\n" + rest)


def zlib_without_frame(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def message(error: LLMError) -> str:
    assert isinstance(error, ProtocolError)
    assert not error.retryable
    assert error.where == "body"
    return error.message


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in two members": ("gzip", lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:])),
    "deflate": ("deflate", zlib.compress),
    "deflate without its frame": ("deflate", zlib_without_frame),
    "brotli": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "gzip twice": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
    "identity": ("identity", bytes),
}


@every_kind
@whole_and_streamed
@pytest.mark.parametrize("served", [coded, coded_in_chunks], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("name", CODINGS)
def test_a_content_coding_is_undone(
    name: str, served: Callable[[bytes, str], Behaviour], how: str, kind: str
) -> None:
    coding, encode = CODINGS[name]
    with Loopback(served(encode(TEXT), coding)) as server:
        assert take(kind, how, asking(server.url)).unwrap().body == TEXT


BROKEN = {
    "gzip that is none": ("gzip", b"no gzip at all", "is broken"),
    "gzip cut off": ("gzip", gzip.compress(TEXT)[:-5], "ends in its middle"),
    "deflate that is none": ("deflate", b"\xff\xff\xff", "is broken"),
    "deflate cut off": ("deflate", zlib.compress(TEXT)[:-5], "ends in its middle"),
    "brotli that is none": ("br", b"no brotli at all", "is broken"),
    "brotli cut off": ("br", brotli.compress(TEXT)[:-5], "ends in its middle"),
    "zstd that is none": ("zstd", b"no zstd at all", "is broken"),
    "zstd cut off": ("zstd", zstandard.compress(TEXT)[:-5], "ends in its middle"),
    "a coding that nobody knows": ("rot13", b"...", "'rot13' is not known"),
}


@every_kind
@whole_and_streamed
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_content_coding_is_a_protocol_fault(name: str, how: str, kind: str) -> None:
    coding, body, told = BROKEN[name]
    with Loopback(coded(body, coding)) as server:
        got = take(kind, how, asking(server.url))
        assert isinstance(got, Failure)
        assert told in message(got.failure())
        assert server.wait_until_left()


def flood(megabytes: int) -> Behaviour:
    """So many, as far as anybody takes them."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(megabytes):
            connection.send(MEGABYTE)

    return behave


@every_kind
@whole_and_streamed
def test_of_a_gigabyte_no_more_than_the_limit_is_held(how: str, kind: str) -> None:
    with Loopback(flood(1000)) as server:
        tracemalloc.start()
        got = take(kind, how, asking(server.url), settings=TransportSettings(body_limit=1_000_000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert isinstance(got, Failure)
        assert message(got.failure()) == "the body is longer than 1000000 bytes"
        assert server.wait_until_left()
    assert peak < 8_000_000


@every_kind
@whole_and_streamed
@pytest.mark.parametrize("name", ["gzip", "deflate", "brotli", "zstd"])
def test_a_small_coding_of_a_large_body_is_not_held_either(name: str, how: str, kind: str) -> None:
    coding, encode = CODINGS[name]
    with Loopback(coded(encode(b"\0" * 3_000_000), coding)) as server:
        got = take(kind, how, asking(server.url), settings=TransportSettings(body_limit=1_000_000))
        assert isinstance(got, Failure)
        assert message(got.failure()) == "the body is longer than 1000000 bytes"


@every_kind
def test_a_long_stream_takes_the_memory_of_its_pieces(kind: str) -> None:
    settings = TransportSettings(body_limit=1_000_000_000)
    seen = 0
    with Loopback(flood(50)) as server:
        request = asking(server.url)
        tracemalloc.start()
        if is_sync(kind):
            with open_sync(kind, settings) as sync, sync.stream(request, PATIENT) as opened:
                for piece in opened.unwrap():
                    seen += len(piece.unwrap())
        else:

            async def main() -> int:
                seen = 0
                async with (
                    open_async(kind, settings) as transport,
                    transport.astream(request, PATIENT) as opened,
                ):
                    async for piece in opened.unwrap():
                        seen += len(piece.unwrap())
                return seen

            seen = run(kind, main)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert seen == 50_000_000
    assert peak < 8_000_000
