"""The server on loopback: the official packages, pointed at it, get the recorded answers, streamed too."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import anthropic
import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay import (
    Cassette,
    Fault,
    Interaction,
    MatchRules,
    RecordTransport,
    ReplayTransport,
    load_cassette,
    open_cassette,
    open_replay,
    save_cassette,
    serve,
)
from llm_pure.replay.faults import NO_FAULT
from llm_pure.transports.httpx import HttpxTransport
from tests.support.one_answer import http, one_answer
from tests.support.scenarios import CASSETTES

PURE = "Why are pure functions easy to test?"
ASKED: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": PURE}]
LOOSE = MatchRules(
    origin=False,
    ignored=("/max_completion_tokens", "/max_tokens", "/stream_options", "/temperature"),
)


def pure_text() -> str:
    """What both recordings answer to that question."""
    return (
        "A pure function is its own test bench: the same input gives the same output, so a test needs no server, no clock "
        "and no luck.\n\nBytes in, values out – even for 日本語."
    )


@contextmanager
def openai_at(*paths: Path, fault: Fault = NO_FAULT) -> Iterator[openai.OpenAI]:
    transport = open_replay(*paths, matching=LOOSE, again=True, fault=fault).unwrap()
    with (
        serve(transport) as server,
        openai.OpenAI(api_key="any", base_url=f"{server.url}/v1") as client,
    ):
        yield client


def test_the_openai_package_gets_the_recorded_answer() -> None:
    with openai_at(CASSETTES / "openai") as client:
        got = client.chat.completions.create(model="gpt-5-mini", messages=ASKED)
    assert got.choices[0].message.content == pure_text()
    assert got.usage is not None
    assert got.usage.prompt_tokens > 0


def test_the_openai_package_gets_it_streamed() -> None:
    with openai_at(CASSETTES / "openai") as client:
        chunks = list(
            client.chat.completions.create(model="gpt-5-mini", messages=ASKED, stream=True)
        )
    words = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(words) == pure_text()
    assert len([word for word in words if word]) > 5


@pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")
def test_the_anthropic_package_gets_it_whole_and_streamed() -> None:
    transport = open_replay(CASSETTES / "anthropic", matching=LOOSE, again=True).unwrap()
    with (
        serve(transport) as server,
        anthropic.Anthropic(api_key="any", base_url=server.url) as client,
    ):
        got = client.messages.create(
            model="claude-sonnet-4-5", max_tokens=4096, messages=[{"role": "user", "content": PURE}]
        )
        with client.messages.stream(
            model="claude-sonnet-4-5", max_tokens=4096, messages=[{"role": "user", "content": PURE}]
        ) as stream:
            streamed = "".join(stream.text_stream)
    [block] = got.content
    assert block.type == "text"
    assert block.text == streamed == pure_text()


def test_a_request_that_was_not_recorded_tells_what_differs_and_is_not_asked_again() -> None:
    transport = open_replay(CASSETTES / "openai", matching=LOOSE).unwrap()
    with (
        serve(transport) as server,
        openai.OpenAI(api_key="any", base_url=f"{server.url}/v1") as client,
        pytest.raises(openai.NotFoundError, match=r'/messages/0/content: "Who\?" != '),
    ):
        client.chat.completions.create(
            model="gpt-5-mini", messages=[{"role": "user", "content": "Who?"}]
        )
    assert len(transport.misses) == 1


def test_a_fault_reaches_the_package_and_its_own_retries() -> None:
    with openai_at(CASSETTES / "openai", fault=Fault(first=(429, 503))) as client:
        got = client.chat.completions.create(model="gpt-5-mini", messages=ASKED)
    assert got.choices[0].message.content == pure_text()


def test_a_connection_that_breaks_is_broken_there_too() -> None:
    fault = Fault(cut_at=700, cut_as="reset")
    with openai_at(CASSETTES / "openai", fault=fault) as client:
        stream = client.chat.completions.create(model="gpt-5-mini", messages=ASKED, stream=True)
        with pytest.raises(openai.APIError):
            list(stream)


def test_pieces_keep_their_borders() -> None:
    body = b"data: 1\n\ndata: 2\n\n"
    kept = Interaction(
        request=HttpRequest("GET", "http://a.test/x"),
        response=HttpResponse(200, (("content-type", "text/event-stream"),), body),
        sizes=(4, 6, 8),
        delays_ms=(0, 30, 30),
    )
    transport = ReplayTransport(Cassette(interactions=(kept,)), matching=LOOSE, speed=1.0)
    with serve(transport) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", "/x")
        answer = connection.getresponse()
        assert [answer.read1(), answer.read1(), answer.read1()] == [body[:4], body[4:10], body[10:]]
        connection.close()


def test_many_at_once_are_answered() -> None:
    with openai_at(CASSETTES / "openai") as client, ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(
                lambda _: client.chat.completions.create(model="gpt-5-mini", messages=ASKED),
                range(24),
            )
        )
    assert {one.choices[0].message.content for one in got} == {pure_text()}


def test_it_records_what_such_a_program_asks(tmp_path: Path) -> None:
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]}  # fmt: skip
    file = tmp_path / "x.yaml"
    with one_answer(http(200, "application/json", json.dumps(body).encode())) as url:
        upstream = url.removesuffix("/v1")
        tape = open_cassette(file, "once").unwrap()
        with (
            HttpxTransport() as inner,
            serve(RecordTransport(tape, inner), upstream=upstream) as server,
            openai.OpenAI(api_key="sk-canary-0123456789", base_url=f"{server.url}/v1") as client,
        ):
            client.chat.completions.create(model="m", messages=ASKED)
        tape.save().unwrap()
    [kept] = load_cassette(file).unwrap().interactions
    assert kept.request.url == f"{url}/chat/completions"
    assert "canary" not in file.read_text()


def test_the_command_tells_its_url_and_ends_when_told(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    request = HttpRequest("POST", "https://a.test/v1/x", (), b"{}")
    kept = Interaction(request=request, response=HttpResponse(200, (), b"here"))
    save_cassette(file, Cassette(interactions=(kept,))).unwrap()
    command = [sys.executable, "-m", "llm_pure", "replay", "serve", str(file), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        killer = threading.Timer(20, server.kill)
        killer.start()
        url = server.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("POST", "/v1/x", b"{}")
        assert connection.getresponse().read() == b"here"
        connection.close()
        server.terminate()
        assert server.wait(10) == 130
        killer.cancel()
