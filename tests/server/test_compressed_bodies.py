"""Compressed bodies of clients: read where the codec is there, bounded, and every fault is an error of that vendor's form."""

import gzip
import json
import sys
import zlib
from collections.abc import Callable
from functools import lru_cache

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpRequest, user
from llm_pure.server import ReceivedRequest, plain_request, server_dialects
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.result import Failure
from tests.support.laws import examples
from tests.support.raw_clients import PATHS, request, with_turns

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": bytes,
    "GZIP , br": lambda data: brotli.compress(gzip.compress(data)),
}


def coded(dialect: str, coding: str, body: bytes) -> HttpRequest:
    headers = (("Content-Encoding", coding), ("content-length", str(len(body))), ("x", "y"))
    return HttpRequest("POST", f"http://test{PATHS[dialect]}", headers, body)


def plain_body(dialect: str) -> bytes:
    return request(dialect, with_turns(dialect, [])).body


@pytest.mark.parametrize("coding", CODECS)
@pytest.mark.parametrize("dialect", server_dialects)
def test_a_compressed_request_is_the_request(dialect: str, coding: str) -> None:
    body = plain_body(dialect)
    sent = coded(dialect, coding, CODECS[coding](body))
    received = server_dialects[dialect].parse_request(sent).unwrap()
    assert list(received.messages) == [user("Ask."), user("Go on.")]
    plain = plain_request(sent).unwrap()
    if coding != "identity":
        assert plain == HttpRequest("POST", sent.url, (("x", "y"),), body)
        assert plain_request(plain).unwrap() is plain


@lru_cache
def bomb(coding: str) -> bytes:
    return CODECS[coding](b" " * 40_000_000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("dialect", server_dialects)
def test_a_bomb_is_a_413_of_the_vendor(dialect: str, coding: str) -> None:
    error = server_dialects[dialect].parse_request(coded(dialect, coding, bomb(coding))).failure()
    assert isinstance(error, InvalidRequest)
    response = server_dialects[dialect].build_error(error, ReceivedRequest(dialect=dialect))
    assert response.status == 413
    if dialect == "anthropic_messages":
        assert json.loads(response.body)["error"]["type"] == "request_too_large"


def test_the_bounds_are_a_size_and_a_ratio() -> None:
    body = b"x" * 3_000_000
    sent = coded("openai_chat", "gzip", gzip.compress(body))
    assert len(sent.body) * 1000 < 3_200_000  # a ratio that no conversation has
    assert plain_request(sent).failure().status == 413
    assert plain_request(sent, max_ratio=1100).unwrap().body == body
    assert plain_request(sent, max_ratio=1100, max_bytes=2_999_999).failure().status == 413
    small = coded("openai_chat", "gzip", gzip.compress(b"x" * 1_000_000))
    assert len(plain_request(small).unwrap().body) == 1_000_000  # the first MiB is free


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_broken_body_is_a_400(coding: str) -> None:
    data = CODECS[coding](plain_body("openai_chat"))
    for body in (data[:-3], b"{}", data[:10] + b"\xff" * 8 + data[18:]):
        error = plain_request(coded("openai_chat", coding, body)).failure()
        assert (error.kind, error.status) == ("invalid_request", 400)


@pytest.mark.parametrize("coding", ["compress", "aws-chunked", "gzip, gzip, gzip"])
def test_an_unknown_coding_is_a_415(coding: str) -> None:
    error = plain_request(coded("openai_chat", coding, b"{}")).failure()
    assert (error.kind, error.status) == ("invalid_request", 415)


@pytest.mark.parametrize(("coding", "package"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_coding_whose_package_is_missing_is_a_415(
    coding: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (package, "brotlicffi"):
        monkeypatch.setitem(sys.modules, name, None)
    error = plain_request(coded("openai_chat", coding, b"x")).failure()
    assert (error.kind, error.status) == ("invalid_request", 415)


@examples(40)
@given(st.binary(max_size=40), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br"]))
def test_any_bytes_are_read_or_are_an_error_of_the_client(body: bytes, coding: str) -> None:
    result = plain_request(coded("openai_chat", coding, body))
    if isinstance(result, Failure):
        assert result.failure().status in (400, 413)
