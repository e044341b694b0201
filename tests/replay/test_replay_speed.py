"""Stated limits: 1,000 interactions of 100 events replay in under 2 s; a 50 MB cassette opens in under 3 s.

Held as time of this process's CPU, as other work on the machine would make a wall clock lie.
"""

from pathlib import Path
from time import process_time

import pytest

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay import (
    Cassette,
    Interaction,
    load_cassette,
    open_replay,
    render_cassette,
    save_cassette,
)
from llm_pure.transports.base import Timeouts

EVENT = (
    'data: {{"id":"chatcmpl-{number}","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{{"index":0,"delta":{{"content":"some words of an answer"}},"finish_reason":null}}]}}\n\n'
)


def big(interactions: int, events: int) -> Cassette:
    """Streams as a service sends them, an event in each piece."""

    def one(number: int) -> Interaction:
        event = EVENT.format(number=number).encode()
        request = f'{{"model":"m","messages":[{{"role":"user","content":"question {number}"}}]}}'
        return Interaction(
            request=HttpRequest("POST", "https://a.test/v1/chat/completions", (), request.encode()),
            response=HttpResponse(200, (("content-type", "text/event-stream"),), event * events),
            sizes=(len(event),) * events,
            delays_ms=(3,) * events,
        )

    return Cassette(interactions=tuple([one(number) for number in range(interactions)]))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "large.yaml"
    entry = render_cassette(big(1, 330)).partition("\n")[2].rpartition("version: 1")[0]
    file.write_text(f"interactions:\n{entry * 1000}version: 1\n")
    return file


def test_a_thousand_streams_of_a_hundred_events_replay_in_two_seconds(tmp_path: Path) -> None:
    cassette = big(1000, 100)
    save_cassette(tmp_path / "x.yaml", cassette).unwrap()
    began = process_time()
    transport = open_replay(tmp_path / "x.yaml").unwrap()
    pieces = 0
    for interaction in cassette.interactions:
        with transport.stream(interaction.request, Timeouts()) as opened:
            pieces += sum(1 for _ in opened.unwrap())
    took_s = process_time() - began
    assert pieces == 100_000
    assert transport.unused == ()
    assert took_s < 2


def test_fifty_megabytes_open_in_three_seconds(large: Path) -> None:
    assert large.stat().st_size > 50_000_000
    began = process_time()
    assert len(load_cassette(large).unwrap().interactions) == 1000
    assert process_time() - began < 3
