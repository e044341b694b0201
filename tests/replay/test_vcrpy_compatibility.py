"""What vcrpy records we replay, and what we write vcrpy replays: the same answers, and no secret in either file."""

from pathlib import Path

import anyio
import pytest

from llm_pure import HttpResponse
from llm_pure.replay import load_cassette, open_replay, redact_cassette, save_cassette
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.transports.httpx import AsyncHttpxTransport, HttpxTransport
from llm_pure.types.http import get_header
from tests.support.echoing_service import EVENTS, JSON, SHOWN, TIMEOUTS, asked, cassette, service


def sync_answers(transport: Transport, url: str) -> list[HttpResponse]:
    return [transport.send(request, TIMEOUTS).unwrap() for request in asked(url)]


async def async_answers(transport: AsyncTransport, url: str) -> list[HttpResponse]:
    return [(await transport.asend(request, TIMEOUTS)).unwrap() for request in asked(url)]


def through_httpx(url: str, kind: str) -> list[HttpResponse]:
    if kind == "sync":
        with HttpxTransport() as transport:
            return sync_answers(transport, url)

    async def run() -> list[HttpResponse]:
        async with AsyncHttpxTransport() as transport:
            return await async_answers(transport, url)

    return anyio.run(run)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_vcrpy_recorded_we_replay_and_what_we_wrote_vcrpy_replays(
    tmp_path: Path, kind: str
) -> None:
    theirs, ours = tmp_path / "theirs.yaml", tmp_path / "ours.yaml"
    with service() as url, cassette(theirs, "once"):
        live = through_httpx(url, kind)
    assert [response.body for response in live] == [JSON.encode(), EVENTS.encode()]

    replay = open_replay(theirs).unwrap()
    replayed = (
        sync_answers(replay, url) if kind == "sync" else anyio.run(async_answers, replay, url)
    )
    assert [response.body for response in replayed] == [SHOWN, EVENTS.encode()]
    assert [get_header(response.headers, "content-type") for response in replayed] == [
        "application/json",
        "text/event-stream",
    ]
    assert replay.unused == ()

    recorded = load_cassette(theirs).unwrap()
    assert redact_cassette(recorded) == recorded
    save_cassette(ours, recorded).unwrap()
    with cassette(ours, "none"):
        again = through_httpx(url, kind)
    assert again == replayed
    for file in (theirs, ours):
        text = file.read_text("utf-8")
        assert "Canary" not in text
        assert "session" not in text
