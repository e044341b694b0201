"""The replay transport: the recorded answers, in order, in pieces, cut short; a miss says what is near."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.chunking import Chunking, as_recorded, random_chunks, single_bytes, split_body
from llm_pure.replay.faults import Fault
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import ReplayTransport, open_replay
from llm_pure.replay.recording_index import CassetteLocation
from llm_pure.transports.base import AsyncTransport, Timeouts, Transport
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, LLMError, ProtocolError
from llm_pure.types.result import LLMResult

NOW = Timeouts()
URL = "https://api.test/v1/chat/completions"
BODY = b"data: 1\n\ndata: 2\n\n"


def ask(text: str, url: str = URL) -> HttpRequest:
    return HttpRequest("POST", url, (("authorization", "Bearer x"),), f'{{"m":"{text}"}}'.encode())


def recorded(text: str, answer: str) -> Interaction:
    return Interaction(request=ask(text), response=HttpResponse(200, (), answer.encode()))


STREAMED = Interaction(
    request=ask("stream"), response=HttpResponse(200, (("a", "b"),), BODY), sizes=(4, 6, 8)
)
TAPE = Cassette(name="tape.yaml", interactions=(recorded("a", "1"), recorded("b", "2"), STREAMED))
TWICE = Cassette(name="twice.yaml", interactions=(recorded("a", "3"),))


def drain(transport: ReplayTransport, request: HttpRequest) -> list[LLMResult[bytes]]:
    with transport.stream(request, NOW) as opened:
        return list(opened.unwrap())


def adrain(transport: ReplayTransport, request: HttpRequest) -> list[LLMResult[bytes]]:
    async def run() -> list[LLMResult[bytes]]:
        async with transport.astream(request, NOW) as opened:
            return [piece async for piece in opened.unwrap()]

    return anyio.run(run)


Drain = Callable[[ReplayTransport, HttpRequest], list[LLMResult[bytes]]]
BOTH = pytest.mark.parametrize("drain_", [drain, adrain], ids=["sync", "async"])


def test_it_is_both_kinds_of_transport() -> None:
    sync: Transport = ReplayTransport(TAPE)
    asynchronous: AsyncTransport = ReplayTransport(TAPE)
    assert isinstance(sync, Transport)
    assert isinstance(asynchronous, AsyncTransport)


def test_a_request_gets_its_recorded_answer_whatever_its_key() -> None:
    assert ReplayTransport(TAPE).send(ask("b"), NOW) == Success(HttpResponse(200, (), b"2"))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_gets_the_same(backend: str) -> None:
    transport = ReplayTransport(TAPE)

    async def run() -> tuple[LLMResult[HttpResponse], list[LLMResult[bytes]]]:
        whole = await transport.asend(ask("b"), NOW)
        async with transport.astream(ask("stream"), NOW) as opened:
            answer = opened.unwrap()
            assert answer.head == STREAMED.response.head
            return whole, [piece async for piece in answer]

    whole, body = anyio.run(run, backend=backend)
    assert whole == Success(HttpResponse(200, (), b"2"))
    assert [piece.unwrap() for piece in body] == [BODY[:4], BODY[4:10], BODY[10:]]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_stream_may_be_left_early(backend: str) -> None:
    async def run() -> None:
        async with ReplayTransport(TAPE).astream(ask("stream"), NOW) as opened:
            async for _ in opened.unwrap():
                break

    anyio.run(run, backend=backend)


def test_equal_requests_are_answered_in_the_order_recorded_and_then_no_more() -> None:
    transport = ReplayTransport(TAPE, TWICE)
    got = [transport.send(ask("a"), NOW) for _ in range(3)]
    assert [one.map(lambda response: response.body) for one in got[:2]] == [
        Success(b"1"),
        Success(b"3"),
    ]
    match got[2]:
        case Failure(ConnectionFailed(code="not_recorded", message=message, retryable=False)):
            assert message == (
                f"no recording matches POST {URL}: it is recorded 2 times "
                "(last: twice.yaml: interactions[0]), and all recordings were used; `again=True` repeats the last one. "
                'Record it with open_cassette("twice.yaml", mode="new_episodes") and '
                "override_transport(RecordingOverride(cassette))"
            )
        case other:
            pytest.fail(f"{other}")


def test_the_last_answer_is_given_again_when_asked_for() -> None:
    transport = ReplayTransport(TAPE, TWICE, again=True)
    bodies = [transport.send(ask("a"), NOW).unwrap().body for _ in range(4)]
    assert bodies == [b"1", b"3", b"3", b"3"]


def test_a_miss_names_the_nearest_recording_and_the_paths_that_differ() -> None:
    transport = ReplayTransport(TAPE)
    match transport.send(ask("c"), NOW):
        case Failure(ConnectionFailed(code="not_recorded", message=message, retryable=False)):
            assert message == (
                f"no recording matches POST {URL}: nearest is tape.yaml: interactions[0], "
                'where (requested != recorded) /m: "c" != "a". '
                'Record it with open_cassette("tape.yaml", mode="new_episodes") and '
                "override_transport(RecordingOverride(cassette))"
            )
        case other:
            pytest.fail(f"{other}")
    [miss] = transport.misses
    assert miss.nearest == CassetteLocation("tape.yaml", 0)
    assert [one.where for one in miss.differences] == ["/m"]


def test_a_miss_shows_no_secret() -> None:
    request = HttpRequest("POST", f"{URL}?key=sk-abcdefgh12345678", (), b'"sk-abcdefgh12345678"')
    assert "abcdefgh" not in repr(ReplayTransport(TAPE).send(request, NOW))


def test_a_miss_without_any_recording_says_so() -> None:
    error = ReplayTransport().send(ask("a"), NOW).failure()
    assert "there are no recordings" in error.message


def test_a_miss_of_a_stream_is_a_failure_in_both_kinds() -> None:
    transport = ReplayTransport(TAPE)
    with transport.stream(ask("c"), NOW) as opened:
        assert isinstance(opened, Failure)

    async def run() -> None:
        async with transport.astream(ask("c"), NOW) as opened:
            assert isinstance(opened, Failure)

    anyio.run(run)


def test_matching_can_be_looser() -> None:
    transport = ReplayTransport(TAPE, matching=MatchRules(origin=False, ignored=("/m",)))
    request = ask("whatever", URL.replace("https://api.test", "http://127.0.0.1:4010"))
    assert transport.send(request, NOW) == Success(HttpResponse(200, (), b"1"))


def test_what_nobody_asked_for_is_listed() -> None:
    transport = ReplayTransport(TAPE, TWICE)
    transport.send(ask("a"), NOW)
    assert [str(place) for place in transport.unused] == [
        "tape.yaml: interactions[1]",
        "tape.yaml: interactions[2]",
        "twice.yaml: interactions[0]",
    ]


def test_threads_get_every_recording_once() -> None:
    answers = tuple([recorded("a", str(number)) for number in range(200)])
    transport = ReplayTransport(Cassette(interactions=answers))
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: transport.send(ask("a"), NOW).unwrap().body, range(200)))
    assert sorted(map(int, got)) == list(range(200))
    assert transport.unused == ()


def test_tasks_get_every_recording_once() -> None:
    answers = tuple([recorded("a", str(number)) for number in range(50)])
    transport = ReplayTransport(Cassette(interactions=answers))
    got: list[bytes] = []

    async def one() -> None:
        got.append((await transport.asend(ask("a"), NOW)).unwrap().body)

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(one)

    anyio.run(run)
    assert sorted(map(int, got)) == list(range(50))


@pytest.mark.parametrize(
    ("borders", "sizes"),
    [(as_recorded, [4, 6, 8]), (single_bytes, [1] * 18), (random_chunks(1, 7), None)],
    ids=["as recorded", "one byte", "by seed"],
)
@BOTH
def test_borders_are_as_asked_for(
    drain_: Drain, borders: Chunking, sizes: list[int] | None
) -> None:
    got = [
        piece.unwrap() for piece in drain_(ReplayTransport(TAPE, borders=borders), ask("stream"))
    ]
    assert b"".join(got) == BODY
    again = [
        piece.unwrap() for piece in drain_(ReplayTransport(TAPE, borders=borders), ask("stream"))
    ]
    assert got == again
    if sizes is not None:
        assert [len(piece) for piece in got] == sizes


@given(st.binary(), st.lists(st.integers(0, 9)), st.integers(0, 99), st.integers())
def test_pieces_are_the_body_up_to_the_cut(
    body: bytes, sizes: list[int], end: int, seed: int
) -> None:
    interaction = Interaction(
        request=ask(""), response=HttpResponse(200, (), body), sizes=tuple(sizes)
    )
    for borders in (as_recorded, single_bytes, random_chunks(seed)):
        got = list(split_body(interaction, borders, end))
        assert b"".join(got) == body[:end]
        assert b"" not in got


@BOTH
def test_a_cut_ends_the_body(drain_: Drain) -> None:
    got = drain_(ReplayTransport(TAPE, fault=Fault(cut_at=6)), ask("stream"))
    assert got == [Success(BODY[:4]), Success(BODY[4:6])]


@BOTH
def test_a_cut_may_break_the_connection(drain_: Drain) -> None:
    *before, last = drain_(
        ReplayTransport(TAPE, fault=Fault(cut_at=6, cut_as="reset")), ask("stream")
    )
    assert before == [Success(BODY[:4]), Success(BODY[4:6])]
    assert isinstance(last.failure(), ConnectionFailed)


def test_whole_answers_are_cut_too() -> None:
    assert (
        ReplayTransport(TAPE, fault=Fault(cut_at=6)).send(ask("stream"), NOW).unwrap().body
        == BODY[:6]
    )
    broken = ReplayTransport(TAPE, fault=Fault(cut_at=6, cut_as="reset")).send(ask("stream"), NOW)
    assert isinstance(broken.failure(), ConnectionFailed)
    uncut = ReplayTransport(TAPE, fault=Fault(cut_at=18, cut_as="reset")).send(ask("stream"), NOW)
    assert uncut.unwrap().body == BODY


def test_a_transport_is_opened_over_files_and_folders(tmp_path: Path) -> None:
    save_cassette(tmp_path / "tapes/a.yaml", TAPE).unwrap()
    save_cassette(tmp_path / "b.yaml", TWICE).unwrap()
    (tmp_path / "tapes/settings.yaml").write_text("not: a cassette")
    transport = open_replay(tmp_path / "tapes", str(tmp_path / "b.yaml")).unwrap()
    assert [transport.send(ask("a"), NOW).unwrap().body for _ in range(2)] == [b"1", b"3"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("interactions: [1]", ProtocolError), ("[", ProtocolError), (None, InvalidConfiguration)],
)
def test_a_file_that_cannot_be_read_is_the_failure(
    tmp_path: Path, text: str | None, kind: type[LLMError]
) -> None:
    if text is not None:
        (tmp_path / "a.yaml").write_text(text)
    assert isinstance(open_replay(tmp_path / "a.yaml").failure(), kind)


def test_a_miss_by_host_alone_says_how_to_compare_without_it() -> None:
    transport = ReplayTransport(TAPE)
    moved = msgspec.structs.replace(ask("a"), url=URL.replace("://", "://other."))
    message = transport.send(moved, NOW).failure().message
    assert (
        "only the host differs: set `base_url`, or compare without it by MatchRules(origin=False)"
        in message
    )
