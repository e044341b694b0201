"""A cassette that we recorded is replayed by vcrpy, and one that vcrpy recorded by us: httpx and aiohttp, whole and streamed.

The service compresses, sets cookies and echoes the key; the answers that come out of either cassette are those it gave.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from llm_pure import HttpResponse
from llm_pure.replay import (
    AsyncRecordTransport,
    RecordTransport,
    load_cassette,
    open_cassette,
    open_replay,
)
from llm_pure.transports.aiohttp_transport import AiohttpTransport
from llm_pure.transports.base import AsyncTransport, Timeouts, Transport, read_body
from llm_pure.transports.httpx import AsyncHttpxTransport, HttpxTransport
from llm_pure.types.http import HttpRequest
from tests.support.echoing_service import EVENTS, SHOWN, TIMEOUTS, asked, cassette, service

Around = Callable[[Any], Any]
"""What is put around a transport: a recorder, or nothing."""


def plain(transport: Any) -> Any:
    return transport


def by_httpx(url: str, around: Around) -> list[HttpResponse]:
    with HttpxTransport() as inner:
        return sync_answers(around(inner), url)


def by_async_httpx(url: str, around: Around) -> list[HttpResponse]:
    async def main() -> list[HttpResponse]:
        async with AsyncHttpxTransport() as inner:
            return await async_answers(around(inner), url)

    return anyio.run(main)


def by_aiohttp(url: str, around: Around) -> list[HttpResponse]:
    async def main() -> list[HttpResponse]:
        async with AiohttpTransport() as inner:
            return await async_answers(around(inner), url)

    return anyio.run(main)


def sync_answers(transport: Transport, url: str) -> list[HttpResponse]:
    """The first question asked whole, the second streamed."""
    first, second = asked(url)
    got = [transport.send(first, TIMEOUTS).unwrap()]
    with transport.stream(second, TIMEOUTS) as opened:
        answer = opened.unwrap()
        return [*got, read_body(answer.head, list(answer)).unwrap()]


async def async_answers(transport: AsyncTransport, url: str) -> list[HttpResponse]:
    first, second = asked(url)
    got = [(await transport.asend(first, TIMEOUTS)).unwrap()]
    async with transport.astream(second, TIMEOUTS) as opened:
        answer = opened.unwrap()
        return [*got, read_body(answer.head, [piece async for piece in answer]).unwrap()]


CARRIERS = {"httpx": by_httpx, "httpx, async": by_async_httpx, "aiohttp": by_aiohttp}
Carrier = Callable[[str, Around], list[HttpResponse]]
every_carrier = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS.keys())


def told(answers: list[HttpResponse]) -> list[tuple[int, bytes]]:
    return [(one.status, one.body) for one in answers]


RECORDED = [(200, SHOWN), (200, EVENTS.encode())]


@every_carrier
def test_what_we_recorded_vcrpy_replays(tmp_path: Path, carrier: Carrier) -> None:
    file = tmp_path / "ours.yaml"
    tape = open_cassette(file, "once").unwrap()

    def recorder(inner: Any) -> Any:
        if isinstance(inner, HttpxTransport):
            return RecordTransport(tape, inner)
        return AsyncRecordTransport(tape, inner)

    with service() as url:
        live = carrier(url, recorder)
    tape.save().unwrap()
    assert [status for status, _ in told(live)] == [200, 200]
    kept = load_cassette(file).unwrap().interactions
    assert [bool(one.sizes) for one in kept] == [False, True]
    with cassette(file, "none"):
        assert told(carrier(url, plain)) == RECORDED
    assert "Canary" not in file.read_text("utf-8")


@every_carrier
def test_what_vcrpy_recorded_we_replay(tmp_path: Path, carrier: Carrier) -> None:
    file = tmp_path / "theirs.yaml"
    with service() as url, cassette(file, "once"):
        carrier(url, plain)
    replay = open_replay(file).unwrap()
    assert told(carrier(url, lambda _: replay)) == RECORDED
    assert replay.unused == ()


@pytest.mark.parametrize("key", ["other", "none"])
def test_either_is_found_with_another_key(tmp_path: Path, key: str) -> None:
    file = tmp_path / "x.yaml"
    with service() as url, cassette(file, "once"):
        by_httpx(url, plain)
    first = asked(url)[0]
    request = HttpRequest(first.method, first.url.partition("?")[0] + f"?key={key}", (), first.body)
    assert open_replay(file).unwrap().send(request, Timeouts()).unwrap().body == SHOWN
