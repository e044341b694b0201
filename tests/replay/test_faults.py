"""Speeds and faults: when pieces come, what goes wrong, and what the client's patience makes of it."""

from time import monotonic
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from llm_pure import LLM, HttpRequest, HttpResponse, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import (
    Cassette,
    Fault,
    Interaction,
    MatchRules,
    PlaybackOptions,
    ReplayTransport,
)
from llm_pure.replay.chunking import Chunking, as_recorded, random_chunks, single_bytes
from llm_pure.replay.faults import body_steps, injected_response
from llm_pure.transports.base import Timeouts
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import RateLimited, StreamInterrupted, TimedOut
from llm_pure.types.result import LLMResult

NOW = Timeouts()
ASKED = HttpRequest("POST", "https://a.test/x", (), b"{}")


def recorded(body: bytes = b"abcdef", **more: Any) -> Interaction:
    return Interaction(request=ASKED, response=HttpResponse(200, (), body), **more)


TIMED = recorded(sizes=(1, 2, 3), delays_ms=(100, 200, 300))


def played(interaction: Interaction, timeouts: Timeouts = NOW, **playing: Any) -> list[Any]:
    """Waits in milliseconds, and pieces or the kinds of errors."""
    return [
        (round(wait_s * 1000), got.failure().kind if isinstance(got, Failure) else got.unwrap())
        for wait_s, got in body_steps(interaction, PlaybackOptions(**playing), timeouts)
    ]


@pytest.mark.parametrize(
    ("playing", "told"),
    [
        ({}, [(0, b"a"), (0, b"bc"), (0, b"def")]),
        ({"speed": 1.0}, [(100, b"a"), (200, b"bc"), (300, b"def")]),
        ({"speed": 10.0}, [(10, b"a"), (20, b"bc"), (30, b"def")]),
        ({"speed": 1.0, "borders": single_bytes},
         [(100, b"a"), (200, b"b"), (0, b"c"), (300, b"d"), (0, b"e"), (0, b"f")]),
        ({"speed": 1.0, "borders": lambda _: iter((2, 4))}, [(300, b"ab"), (300, b"cdef")]),
        ({"speed": 1.0, "fault": Fault(cut_at=2)}, [(100, b"a"), (200, b"b")]),
        ({"fault": Fault(cut_at=1, cut_as="reset")}, [(0, b"a"), (0, "connection")]),
    ],
    ids=["instant", "as recorded", "ten times faster", "bytes", "other borders", "a cut", "a reset"],
)  # fmt: skip
def test_pieces_come_when_their_last_byte_came(playing: dict[str, Any], told: list[Any]) -> None:
    assert played(TIMED, **playing) == told


@pytest.mark.parametrize(
    ("timeouts", "told"),
    [(Timeouts(read_s=0.15), [(100, b"a"), (150, "timeout")]),
     (Timeouts(total_s=0.45), [(100, b"a"), (200, b"bc"), (150, "timeout")])],
    ids=["a byte", "all of it"],
)  # fmt: skip
def test_patience_ends_as_with_a_service(timeouts: Timeouts, told: list[Any]) -> None:
    assert played(TIMED, timeouts, speed=1.0) == told


@given(
    st.binary(max_size=60),
    st.lists(st.integers(1, 9), max_size=9),
    st.sampled_from([as_recorded, single_bytes, random_chunks(3)]),
)
def test_the_whole_wait_is_the_recorded_one_whatever_the_borders(
    body: bytes, sizes: list[int], borders: Chunking
) -> None:
    body = (body + b"." * sum(sizes))[: sum(sizes)]
    timed = recorded(body, sizes=tuple(sizes), delays_ms=tuple([7] * len(sizes)))
    got = list(body_steps(timed, PlaybackOptions(speed=1.0, borders=borders), NOW))
    assert b"".join([piece.unwrap() for _, piece in got]) == body
    assert round(sum([wait_s for wait_s, _ in got]) * 1000) == 7 * len(sizes)


@pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_waits_are_truly_waited(kind: str, stream: bool) -> None:
    timed = recorded(sizes=(1, 2, 3), delays_ms=(20, 20, 20))
    fault = Fault(delay_s=0.05)
    transport = ReplayTransport(Cassette(interactions=(timed,)), speed=1.0, fault=fault)
    began_s = monotonic()
    assert asked(kind, transport, stream) == Success(b"abcdef")
    assert 0.1 <= monotonic() - began_s < 5


@pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_delay_over_the_timeout_is_a_timeout(kind: str, stream: bool) -> None:
    transport = ReplayTransport(Cassette(interactions=(TIMED,)), fault=Fault(delay_s=9))
    got = asked(kind, transport, stream, Timeouts(read_s=0.01))
    assert isinstance(got.failure(), TimedOut)


def asked(
    kind: str, transport: ReplayTransport, stream: bool, timeouts: Timeouts = NOW
) -> LLMResult[bytes]:
    """The body, or what went wrong."""

    async def main() -> LLMResult[bytes]:
        if not stream:
            return (await transport.asend(ASKED, timeouts)).map(lambda got: got.body)
        async with transport.astream(ASKED, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            return Success(b"".join([piece.unwrap() async for piece in opened.unwrap()]))

    if kind != "sync":
        return anyio.run(main, backend=kind)
    if not stream:
        return transport.send(ASKED, timeouts).map(lambda got: got.body)
    with transport.stream(ASKED, timeouts) as opened:
        return opened.map(lambda answer: b"".join([piece.unwrap() for piece in answer]))


def test_the_first_requests_get_what_was_asked_for_and_use_no_recording_up() -> None:
    mine = HttpResponse(503, (("retry-after", "0"),), b"busy")
    transport = ReplayTransport(
        Cassette(interactions=(recorded(),)), fault=Fault(first=(429, mine))
    )
    got = [transport.send(ASKED, NOW).unwrap() for _ in range(3)]
    assert got == [injected_response(429), mine, HttpResponse(200, (), b"abcdef")]
    assert transport.unused == ()


STREAM = (
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hello "}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"you"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


def client(fault: Fault, **more: Any) -> LLM:
    """A client whose one question is recorded."""
    config = LLMConfig(base_url="https://a.test/v1", model="m", api_key="k")
    built = HttpRequest("POST", "https://a.test/v1/chat/completions", (), b"{}")
    answer = HttpResponse(200, (("content-type", "text/event-stream"),), STREAM)
    kept = Interaction(request=built, response=answer)
    everything = MatchRules(ignored=("/*",))
    cassette = Cassette(interactions=(kept,))
    return LLM(config, ReplayTransport(cassette, matching=everything, fault=fault), **more)


def test_a_resilience_test_is_one_argument() -> None:
    assert client(Fault()).ask("hi") == Success("hello you")
    assert client(Fault(first=(429,))).ask("hi") == Success("hello you")
    limited = client(Fault(first=(429,)), retry=NO_RETRY).ask("hi").failure()
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == 0
    cut = client(Fault(cut_at=90), retry=NO_RETRY).ask("hi").failure()
    assert isinstance(cut, StreamInterrupted)
    assert cut.partial is not None
    assert cut.partial.text == "hello "


@pytest.mark.parametrize("number", [0, -1, float("nan"), float("-inf")])
@pytest.mark.parametrize("place", ["speed", "delay", "scripted"])
def test_a_time_that_is_none_is_no_wait(place: str, number: float) -> None:
    request = HttpRequest("GET", "https://a.test/")
    answer = HttpResponse(200, (), b"hello world")
    kept = Interaction(request=request, response=answer, sizes=(5, 6), delays_ms=(9000, 9000))
    transport: Any = ReplayTransport(
        Cassette(interactions=(kept,)),
        speed=number if place == "speed" else None,
        fault=Fault(delay_s=number if place == "delay" else 0.0),
    )
    if place == "scripted":
        transport = ScriptedTransport(
            [ScriptedResponse(chunks=(answer.body,), delay_s=number, piece_delay_s=number)]
        )
    assert transport.send(request, NOW) == Success(answer)


@pytest.mark.parametrize(("sizes", "delays_ms"), [((5,), (1,)), ((), (1,)), ((5, 6), (1,)), ((99,), (1,))])  # fmt: skip
def test_times_of_other_chunks_are_no_exception(
    sizes: tuple[int, ...], delays_ms: tuple[int, ...]
) -> None:
    answer = HttpResponse(200, (), b"hello world")
    request = HttpRequest("GET", "https://a.test/")
    kept = Interaction(request=request, response=answer, sizes=sizes, delays_ms=delays_ms)
    transport = ReplayTransport(Cassette(interactions=(kept,)), speed=1000.0)
    assert transport.send(request, NOW) == Success(answer)
