"""What each transport writes to the wire: the request as it was signed, and no more than it has to."""

from importlib import import_module

import pytest
import trio

from llm_pure.client.transport_manager import NAMES
from llm_pure.transports.aiohttp_transport import AiohttpTransport
from llm_pure.transports.base import Transport, TransportSettings
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult
from tests.support.carriers import QUICK, every_kind, send
from tests.support.loopback import Loopback, always, response

TARGETS = {
    "escapes stay escapes": "/model/a%3Ab%2Fc%20d/invoke",
    "escapes keep their case": "/a%2fb%2Fc",
    "a needless escape stays": "/%7Ea/%41",
    "what needs no escape gets none": "/v1beta/models/gemini-2.5:generate~x!$&'()*+,;=@",
    "a query is not read": "/ask?sig=a%2Bb%3D&plus=a+b&empty=&flag&again=1&again=2",
    "two slashes": "//a//b",
    "no path": "",
    "a query without a path": "?a=1",
}


def sent(kind: str, request: HttpRequest, settings: TransportSettings | None = None) -> list[str]:
    """The lines of the request as the server got it, without its body."""
    with Loopback(always(response(b"ok"))) as server:
        whole = HttpRequest(request.method, server.url + request.url, request.headers, request.body)
        send(kind, whole, settings=settings).unwrap()
        head = server.requests[0].partition(b"\r\n\r\n")[0].decode()
        return head.replace(server.url.removeprefix("http://"), "HOST").split("\r\n")


@every_kind
@pytest.mark.parametrize("name", TARGETS)
def test_the_address_is_sent_as_it_was_signed(name: str, kind: str) -> None:
    target = TARGETS[name]
    expected = target if target.startswith("/") else f"/{target}"
    assert sent(kind, HttpRequest("POST", target))[0] == f"POST {expected} HTTP/1.1"


@every_kind
def test_every_header_is_the_requests_own_or_a_known_one(kind: str) -> None:
    request = HttpRequest("POST", "/ask", (("x-api-key", "k"), ("content-type", "a/b")), b"{}")
    assert {line.lower() for line in sent(kind, request)[1:]} == {
        "host: host",
        "x-api-key: k",
        "content-type: a/b",
        "accept: */*",
        "accept-encoding: gzip, deflate",
        "user-agent: llm-pure",
        "content-length: 2",
    }


@every_kind
def test_headers_of_the_settings_fill_in_what_the_request_lacks(kind: str) -> None:
    settings = TransportSettings(headers=(("X-Team", "blue"), ("Accept", "none")))
    lines = sent(kind, HttpRequest("POST", "/", (("accept", "a/b"),)), settings)
    assert "x-team: blue" in [line.lower() for line in lines]
    assert [line.lower() for line in lines if line.lower().startswith("accept:")] == ["accept: a/b"]


@every_kind
def test_a_large_body_arrives_whole(kind: str) -> None:
    body = bytes(range(256)) * 8000
    with Loopback(always(response(b"ok"))) as server:
        send(kind, HttpRequest("POST", server.url, (), body)).unwrap()
        assert server.requests[0].partition(b"\r\n\r\n")[2] == body


def test_aiohttp_has_no_sync_side() -> None:
    transport: Transport = import_module(NAMES["aiohttp"]).open_sync()
    got = transport.send(HttpRequest("GET", "http://127.0.0.1:1"), QUICK)
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)
    assert got.failure().message.startswith("aiohttp is async only")


def test_aiohttp_does_not_run_on_trio() -> None:
    async def main() -> LLMResult[HttpResponse]:
        async with AiohttpTransport() as transport:
            return await transport.asend(HttpRequest("GET", "http://127.0.0.1:1"), QUICK)

    got = trio.run(main)
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)
    assert got.failure().message.startswith("aiohttp runs on asyncio only")


def test_settings_show_no_header_and_no_password() -> None:
    settings = TransportSettings(
        proxy="http://me:hunter2@proxy.example:3128", headers=(("x-api-key", "sk-1"),)
    )
    assert "hunter2" not in repr(settings)
    assert "sk-1" not in repr(settings)
