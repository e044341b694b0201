"""The recorder: what each mode sends and keeps, streams with their borders and times, several writers of one file."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
from returns.result import Failure, Success

from llm_pure import LLM, HttpRequest, HttpResponse, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import load_cassette, open_replay
from llm_pure.replay.cassette_writer import (
    MODES,
    CassetteRecorder,
    Mode,
    lock_folder,
    open_cassette,
)
from llm_pure.replay.faults import Fault, PlaybackOptions
from llm_pure.replay.recorder import AsyncRecordTransport, RecordingOverride, RecordTransport
from llm_pure.replay.secrets.redaction import Redaction
from llm_pure.transports.base import Timeouts
from llm_pure.transports.override import override_transport
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration
from llm_pure.types.result import LLMResult
from tests.support.one_answer import http, one_answer

NOW = Timeouts()
URL = "https://api.test/v1/chat/completions"
KEY = "k7Qp2Zx9Lm4Vb8Nc3Rt6Ys1Wd5Fg0Hj2"


def ask(text: str) -> HttpRequest:
    return HttpRequest(
        "POST", URL, (("authorization", f"Bearer {KEY}"),), f'{{"m":"{text}"}}'.encode()
    )


def service(*bodies: str) -> ScriptedTransport:
    """Answers in turn, each in two pieces."""
    return ScriptedTransport(
        [ScriptedResponse(chunks=(body[:1].encode(), body[1:].encode())) for body in bodies]
    )


def send(
    kind: str, tape: CassetteRecorder, inner: ScriptedTransport, *texts: str
) -> list[LLMResult[HttpResponse]]:
    """The answers to these, over a recorder."""
    if kind == "sync":
        transport = RecordTransport(tape, inner)
        return [transport.send(ask(text), NOW) for text in texts]

    async def main() -> list[LLMResult[HttpResponse]]:
        recorder = AsyncRecordTransport(tape, inner)
        return [await recorder.asend(ask(text), NOW) for text in texts]

    return anyio.run(main, backend=kind)


def stream(
    kind: str, tape: CassetteRecorder, inner: ScriptedTransport, text: str, most: int = 99
) -> list[bytes]:
    """The pieces of the answer; no more than `most`, then it is left."""
    got: list[bytes] = []
    if kind == "sync":
        with RecordTransport(tape, inner).stream(ask(text), NOW) as opened:
            for piece in opened.unwrap():
                got.append(piece.unwrap())
                if len(got) == most:
                    break
        return got

    async def main() -> None:
        async with AsyncRecordTransport(tape, inner).astream(ask(text), NOW) as opened:
            async for piece in opened.unwrap():
                got.append(piece.unwrap())
                if len(got) == most:
                    break

    anyio.run(main, backend=kind)
    return got


every_kind = pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])


def bodies(path: Path) -> list[bytes]:
    return [one.response.body for one in load_cassette(path).unwrap().interactions]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cassette that holds the answer `old` to `a`."""
    file = tmp_path / "tapes" / "one.yaml"
    tape = open_cassette(file, "once").unwrap()
    assert send("sync", tape, service("old"), "a")[0].unwrap().body == b"old"
    assert tape.save() == Success(file)
    return file


TABLE: list[tuple[Mode, list[bytes | None], list[bytes]]] = [
    # asked: a, b, a; the service would answer new1, new2, new3
    ("none", [b"old", None, None], [b"old"]),
    ("once", [b"old", None, None], [b"old"]),
    ("new_episodes", [b"old", b"new1", b"new2"], [b"old", b"new1", b"new2"]),
    ("all", [b"new1", b"new2", b"new3"], [b"old", b"new1", b"new2", b"new3"]),
    ("rewrite", [b"new1", b"new2", b"new3"], [b"new1", b"new2", b"new3"]),
]


@every_kind
@pytest.mark.parametrize(("mode", "given", "kept"), TABLE, ids=[row[0] for row in TABLE])
def test_each_mode_gives_and_keeps_what_it_says(
    path: Path, kind: str, mode: Mode, given: list[bytes | None], kept: list[bytes]
) -> None:
    tape = open_cassette(path, mode).unwrap()
    got = send(kind, tape, service("new1", "new2", "new3"), "a", "b", "a")
    assert [None if isinstance(one, Failure) else one.unwrap().body for one in got] == given
    assert len(tape.misses) == given.count(None)
    assert tape.save() == Success(path)
    assert bodies(path) == kept


@pytest.mark.parametrize(("mode", "sent"), [(mode, int(mode != "none")) for mode in MODES])
def test_without_a_cassette_only_none_sends_nothing(tmp_path: Path, mode: Mode, sent: int) -> None:
    inner = service("new")
    tape = open_cassette(tmp_path / "x.yaml", mode).unwrap()
    [got] = send("sync", tape, inner, "a")
    assert len(inner.requests) == sent
    tape.save().unwrap()
    assert (tmp_path / "x.yaml").exists() == bool(sent)
    if not sent:
        assert f"there are no recordings in {tmp_path}/x.yaml" in got.failure().message


def test_a_mode_that_nobody_knows_is_an_error(tmp_path: Path) -> None:
    mode: Any = "always"
    assert open_cassette(tmp_path / "x.yaml", mode).failure().message == (
        "unknown mode 'always'; known modes: none, once, new_episodes, all, rewrite"
    )


def test_a_file_that_is_no_cassette_is_an_error_unless_it_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("not: one")
    assert isinstance(open_cassette(file, "all"), Failure)
    tape = open_cassette(file, "rewrite").unwrap()
    send("sync", tape, service("new"), "a")
    tape.save().unwrap()
    assert bodies(file) == [b"new"]


def test_a_rewrite_in_which_nothing_was_asked_removes_the_file(path: Path) -> None:
    open_cassette(path, "rewrite").unwrap().save().unwrap()
    assert not path.exists()


@every_kind
def test_a_stream_is_recorded_with_its_borders_and_times(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "x.yaml"
    tape = open_cassette(file, "once").unwrap()
    inner = ScriptedTransport(
        [ScriptedResponse(chunks=(b"one", b"three", b"7"), piece_delay_s=0.02)]
    )
    assert stream(kind, tape, inner, "a") == [b"one", b"three", b"7"]
    tape.save().unwrap()
    [kept] = load_cassette(file).unwrap().interactions
    assert (kept.response.body, kept.sizes) == (b"onethree7", (3, 5, 1))
    assert all(15 <= delay <= 2000 for delay in kept.delays_ms)
    assert stream(kind, open_cassette(file).unwrap(), service(), "a") == [b"one", b"three", b"7"]


@every_kind
def test_a_stream_that_is_left_early_is_kept_as_far_as_it_came(tmp_path: Path, kind: str) -> None:
    tape = open_cassette(tmp_path / "x.yaml", "once").unwrap()
    assert stream(kind, tape, service("abc"), "a", most=1) == [b"a"]
    assert [one.response.body for one in tape.recorded] == [b"a"]


@every_kind
def test_what_could_not_be_carried_is_not_recorded(tmp_path: Path, kind: str) -> None:
    tape = open_cassette(tmp_path / "x.yaml", "all").unwrap()
    fault = ConnectionFailed(message="gone")
    assert send(kind, tape, ScriptedTransport([fault]), "a") == [Failure(fault)]
    assert tape.recorded == ()


def test_a_body_that_broke_off_is_recorded_to_there(tmp_path: Path) -> None:
    tape = open_cassette(tmp_path / "x.yaml", "all").unwrap()
    inner = ScriptedTransport(
        [ScriptedResponse(chunks=(b"abc",), error=ConnectionFailed(message="x"))]
    )
    with RecordTransport(tape, inner).stream(ask("a"), NOW) as opened:
        assert [isinstance(piece, Failure) for piece in opened.unwrap()] == [False, True]
    assert [one.response.body for one in tape.recorded] == [b"abc"]


def test_what_runs_at_once_is_kept_in_the_order_asked(tmp_path: Path) -> None:
    tape = open_cassette(tmp_path / "x.yaml", "all").unwrap()
    first = RecordTransport(tape, service("1"))
    with first.stream(ask("a"), NOW) as opened:
        send("sync", tape, service("2"), "b")
        assert len(list(opened.unwrap())) == 2
    assert [one.response.body for one in tape.recorded] == [b"1", b"2"]


def test_unused_recordings_are_told(path: Path) -> None:
    tape = open_cassette(path).unwrap()
    assert [str(place) for place in tape.unused] == [f"{path}: interactions[0]"]
    send("sync", tape, service(), "a")
    assert tape.unused == ()


@pytest.mark.parametrize("mode", ["new_episodes", "all", "rewrite"])
def test_several_writers_of_one_file_lose_nothing(path: Path, mode: Mode) -> None:
    def work(number: int) -> None:
        tape = open_cassette(path, mode).unwrap()
        ready.wait(10)
        send("sync", tape, service(f"new{number}"), f"only {number}")
        tape.save().unwrap()

    ready = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    kept = sorted(bodies(path))
    expected = sorted([f"new{number}".encode() for number in range(8)])
    assert kept == (expected if mode == "rewrite" else [*expected, b"old"])
    assert [file.name for file in path.parent.iterdir()] == ["one.yaml"]


def test_several_processes_that_write_one_file_lose_nothing(path: Path) -> None:
    program = (
        "import sys\n"
        "from tests.replay.test_recorder import open_cassette, send, service\n"
        "for number in range(5):\n"
        "    tape = open_cassette(sys.argv[1], 'new_episodes').unwrap()\n"
        "    send('sync', tape, service('new'), f'{sys.argv[2]}.{number}')\n"
        "    tape.save().unwrap()\n"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program, str(path)]
    workers = [subprocess.Popen([*command, str(number)], cwd=root) for number in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert bodies(path) == [b"old", *[b"new"] * 15]


def test_a_lock_that_is_not_to_be_had_is_an_error_in_time(tmp_path: Path) -> None:
    with lock_folder(tmp_path) as mine, lock_folder(tmp_path, 0.05) as other:
        assert mine == Success(None)
        assert "another process held it 0.05 s" in other.failure().message


@every_kind
def test_text_that_may_be_a_key_is_an_error_and_nothing_is_written(
    tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "x.yaml"
    tape = open_cassette(file, "once").unwrap()
    inner = service("fine", '{"note":"q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"}')
    good, bad = send(kind, tape, inner, "a", "b")
    assert good.unwrap().body == b"fine"
    message = (
        f"refusing to write {file}: possible secret in response.body /note: high-entropy text "
        "(33 characters), like a key. Remove it with Redaction(paths=...) or Redaction(secrets=...), "
        "or allow it with Redaction(allowed=...)"
    )
    error = InvalidConfiguration(message=message, field="cassette", code="secret_refused")
    assert bad == Failure(error)
    assert tape.save() == Failure(error)
    assert not file.exists()


def test_a_stream_ends_with_that_error(tmp_path: Path) -> None:
    tape = open_cassette(tmp_path / "x.yaml", "once").unwrap()
    body = '{"note":"q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"}'
    with RecordTransport(tape, service(body)).stream(ask("a"), NOW) as opened:
        *_, last = opened.unwrap()
    assert last.failure().code == "secret_refused"
    assert isinstance(tape.save(), Failure)


@pytest.mark.parametrize("allowed", ["/note", "q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"])
def test_what_is_allowed_is_written(tmp_path: Path, allowed: str) -> None:
    file = tmp_path / "x.yaml"
    tape = open_cassette(file, "once", redaction=Redaction(allowed=(allowed,))).unwrap()
    body = '{"note":"q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"}'
    send("sync", tape, service(body), "a")
    tape.save().unwrap()
    assert bodies(file) == [body.encode()]


def test_a_key_of_no_known_shape_is_found_by_the_header_that_carried_it(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    tape = open_cassette(file, "once").unwrap()
    request = HttpRequest("POST", URL, (("x-api-key", "my dog"), ("cookie", "a=my-dog-rex")), b"{}")
    inner = ScriptedTransport(
        [ScriptedResponse(headers=(("set-cookie", "s=the-cats-name; Path=/"),), chunks=(b'["my dog"]',)),
         ScriptedResponse(chunks=(b'["the-cats-name", "my-dog-rex"]',))]
    )  # fmt: skip
    transport = RecordTransport(tape, inner)
    transport.send(request, NOW)
    transport.send(ask("say it"), NOW)
    tape.save().unwrap()
    assert bodies(file) == [b'["my dog"]', b'["*************", "**********"]']


def test_a_request_that_says_its_own_key_is_found_again(tmp_path: Path) -> None:
    def saying(key: str) -> HttpRequest:
        return HttpRequest(
            "POST", URL, (("x-api-key", key),), f'{{"token_of_mine":"{key}"}}'.encode()
        )

    file = tmp_path / "x.yaml"
    tape = open_cassette(file, "once").unwrap()
    RecordTransport(tape, service("hi")).send(saying("the-real-one"), NOW)
    tape.save().unwrap()
    assert "the-real-one" not in file.read_text()
    got = RecordTransport(open_cassette(file).unwrap(), service()).send(saying("another-one"), NOW)
    assert got.unwrap().body == b"hi"


def config(url: str) -> LLMConfig:
    return LLMConfig(api_type="openai", base_url=url, model="m", api_key="test", stream=False)


ANSWER = b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'

CHUNKS = (
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


def asked_in(kind: str, llm: Callable[[], LLM]) -> LLMResult[str]:
    """What a program asks with a client of its own."""
    if kind == "thread":
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: llm().ask("hello")).result()
    if kind == "sync":
        return llm().ask("hello")

    async def main() -> LLMResult[str]:
        return await llm().aask("hello")

    return anyio.run(main, backend=kind)


@pytest.mark.parametrize("kind", ["sync", "thread", "asyncio", "trio"])
def test_code_that_makes_its_own_client_is_recorded_and_replayed(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "x.yaml"
    with one_answer(http(200, "application/json", ANSWER)) as url:
        tape = open_cassette(file, "once").unwrap()
        with override_transport(RecordingOverride(tape)):
            assert asked_in(kind, lambda: LLM(config(url))) == Success("hi")
        tape.save().unwrap()
    replay = open_cassette(file).unwrap()
    with override_transport(RecordingOverride(replay)):
        assert asked_in(kind, lambda: LLM(config(url))) == Success("hi")
    assert replay.unused == ()
    assert isinstance(asked_in(kind, lambda: LLM(config(url), retry=NO_RETRY)), Failure)


@pytest.mark.parametrize("name", ["httpx", "httpx2", "aiohttp"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_every_transport_that_has_a_name_is_recorded(
    tmp_path: Path, name: str, stream: bool
) -> None:
    file = tmp_path / "x.yaml"

    def ask_it(url: str) -> LLMResult[str]:
        async def main() -> LLMResult[str]:
            return await LLM(config(url), name, retry=NO_RETRY).aask("hello", stream=stream)

        return anyio.run(main)

    body, kind = (CHUNKS, "text/event-stream") if stream else (ANSWER, "application/json")
    with one_answer(http(200, kind, body)) as url:
        tape = open_cassette(file, "once").unwrap()
        with override_transport(RecordingOverride(tape)):
            assert ask_it(url) == Success("hi")
        tape.save().unwrap()
    [kept] = load_cassette(file).unwrap().interactions
    assert (kept.response.body, bool(kept.sizes)) == (body, stream)
    with override_transport(RecordingOverride(open_cassette(file).unwrap())):
        assert ask_it(url) == Success("hi")


def test_a_client_that_lives_longer_than_a_tape_leaves_it(path: Path, tmp_path: Path) -> None:
    with one_answer(http(200, "application/json", ANSWER)) as url, LLM(config(url)) as llm:
        first = open_cassette(tmp_path / "1.yaml", "all").unwrap()
        second = open_cassette(tmp_path / "2.yaml", "all").unwrap()
        with override_transport(RecordingOverride(first)):
            llm.ask("one")
        llm.ask("nobody listens")
        with override_transport(RecordingOverride(second)):
            llm.ask("two")
    assert [len(tape.recorded) for tape in (first, second)] == [1, 1]


def test_a_transport_that_was_brought_is_left_alone(tmp_path: Path) -> None:
    tape = open_cassette(tmp_path / "x.yaml").unwrap()
    inner = ScriptedTransport([ScriptedResponse(chunks=(ANSWER,))])
    with override_transport(RecordingOverride(tape)):
        assert LLM(config("http://a.test/v1"), inner).ask("hello") == Success("hi")
    assert tape.misses == ()


def test_faults_are_played_over_a_tape(path: Path) -> None:
    detour = RecordingOverride(
        open_cassette(path).unwrap(), PlaybackOptions(fault=Fault(first=(503,)))
    )
    transport = detour.open_sync(lambda: Success(service()))
    got = [transport.send(ask("a"), NOW).unwrap() for _ in range(2)]
    assert [one.status for one in got] == [503, 200]


def test_what_was_recorded_is_what_a_replay_transport_gives(path: Path) -> None:
    assert open_replay(path).unwrap().send(ask("a"), NOW) == Success(HttpResponse(200, (), b"old"))
