"""Streams of /api/chat and /api/generate -> events, at any split."""

import json
from functools import partial

import pytest

from llm_pure import (
    ChatRequest,
    Completion,
    HttpResponse,
    LLMConfig,
    ProviderMetadata,
    ResponseHead,
    assistant,
    collect,
    user,
)
from llm_pure.adapters.dialects.ollama_native import make_service
from llm_pure.adapters.dialects.ollama_native.stream import State, step
from llm_pure.adapters.ollama import PROVIDER
from llm_pure.types.errors import NotFound, Overloaded, ServerError
from llm_pure.types.events import (
    ExtraReceived,
    Started,
)
from llm_pure.types.messages import Reasoning
from llm_pure.types.result import Success
from tests.support import streamed
from tests.support.framed import lines
from tests.support.ollama_native_streams import (
    BODY,
    CALLS,
    EVENTS,
    HEAD,
    LINES,
    STREAMED,
    chat,
)
from tests.support.streamed import broken_off, said_before, step_once

SERVICE = make_service("ollama")
read = partial(streamed.read, STREAMED)


def test_generate_streams_collect_to_its_whole_answer_too() -> None:
    start = {"model": "m", "created_at": "T"}
    more = [{**start, "thinking": "a"}, {**start, "response": "b"}, {**start, "response": "c"}]
    end = {**start, "done": True, "done_reason": "length", "context": [1, 2], "eval_count": 3}
    events, error = read(lines(*[{"done": False, "response": "", **one} for one in more], end))
    assert error is None
    whole = lines({**end, "response": "bc", "thinking": "a"})
    assert collect(events) == PROVIDER.parse_chat(HttpResponse(200, (), whole))
    assert collect(events).unwrap().text == "bc"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("model 'x' not found", NotFound),
        ("server busy, please try again.", Overloaded),
        ("an error was encountered while running the model", ServerError),
    ],
)
def test_an_error_in_mid_stream_comes_after_the_words_before_it(text: str, kind: type) -> None:
    events, error = broken_off(STREAMED, lines(*LINES[:4]), lines({"error": text}))
    assert (type(error), error.message) == (kind, text)
    assert (events, said_before(error)) == (EVENTS[:7], "One moment — 日本")


def test_what_is_said_beside_an_error_is_kept() -> None:
    _, error = read(lines(LINES[2], {**chat(done=True, content="!"), "error": "out of memory"}))
    assert isinstance(error, ServerError)
    assert error.partial is not None
    assert error.partial.text == "One !"


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(404, (("content-type", "application/json"),))
    body = b'{"error":"model \'x\' not found"}'
    refused = NotFound(
        message="model 'x' not found",
        provider="ollama",
        status=404,
        body={"error": "model 'x' not found"},
    )
    assert broken_off(STREAMED, b"", body, head) == ((), refused)


FRAMES: dict[str, bytes] = {
    "words": lines(chat(content="a")),
    "thoughts": lines(chat(thinking="a")),
    "response": lines({"response": "a", "done": False}),
    "a call": lines(chat(tool_calls=[CALLS[0]])),
    "the end": lines(chat(done=True)),
    "an error": lines({"error": "boom"}),
    "an unknown line": lines({"status": "pulling manifest"}),
    "an empty object": b"{}",
    "a wrong shape": lines({"message": {"content": 7}}),
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"response":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "thinking": State(started=True, thinking=True),
    "done": State(started=True, ended=True),
}
STEP = partial(step, SERVICE, HEAD)
FAULTY = ("an error", "a wrong shape", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_line_has_an_answer_in_every_state(state: str, frame: str) -> None:
    after, events = step_once(
        STEP, STATES[state], FRAMES[frame], frame in FAULTY, frame == "the end"
    )
    assert after.started == (state != "waiting" or frame not in (*FAULTY, "an empty object"))
    assert [one for one in events if not isinstance(one, Started)] == [] or frame not in FAULTY


@pytest.mark.parametrize("line", [b'{"status":"x"}', b"{}", b'{"message":{"mood":"good"}}', b""])
def test_unknown_lines_and_fields_change_no_word(line: bytes) -> None:
    first, rest = BODY.split(b"\n", 1)
    events, error = read(first + b"\n" + line + b"\n" + rest)
    assert error is None
    told = tuple([one for one in events if one not in EVENTS])
    assert all(isinstance(one, ExtraReceived) for one in told)
    assert [one for one in events if one not in told] == list(EVENTS)


def test_logprobs_of_all_lines_make_one_list() -> None:
    given = [{**chat(content=word), "logprobs": [{"token": word}]} for word in "ab"]
    events, _ = read(lines(*given, chat(done=True)))
    assert collect(events).unwrap().extra["logprobs"] == [{"token": "a"}, {"token": "b"}]


def test_thoughts_and_calls_go_back_as_they_came() -> None:
    answer: Completion = collect(EVENTS).unwrap()
    assert answer.message.parts[0] == Reasoning("I should look.", None, ProviderMetadata("ollama"))
    turns = [user("Weather?"), answer.message]
    config = LLMConfig(api_type="ollama", model="m")
    built = PROVIDER.build_chat(config, ChatRequest(messages=turns)).unwrap()
    sent = json.loads(built.request.body)["messages"][1]
    assert sent == {
        "role": "assistant",
        "content": "One moment — 日本.",
        "thinking": "I should look.",
        "tool_calls": [CALLS[0], {"id": "call_1", **CALLS[1]}],
    }
    assert '{"city":"Tromsø 🎈"}'.encode() in built.request.body
    assert built.adaptations == ()


def test_the_events_of_a_short_answer_are_what_a_reader_expects() -> None:
    body = lines(chat(content="hi"), {**chat(done=True), "done_reason": "stop"})
    events, _ = read(body)
    assert collect(events) == Success(
        Completion(
            model="qwen3:4b",
            provider="ollama",
            message=assistant("hi"),
            finish_reason="stop",
            raw_finish_reason="stop",
            extra={"created_at": "T9"},
        )
    )
