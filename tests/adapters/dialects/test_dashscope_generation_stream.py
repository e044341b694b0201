"""Streams of DashScope's own API -> events, however they are cut."""

import json
from functools import partial

import pytest

from llm_pure import (
    ChatRequest,
    LLMConfig,
    ResponseHead,
    collect,
    tool_result,
    user,
)
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.dashscope_generation import build_chat
from llm_pure.adapters.dialects.dashscope_generation.stream import State, step
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import (
    Finished,
    PartReceived,
    TextDelta,
)
from llm_pure.types.messages import Image, Opaque
from tests.support import streamed
from tests.support.dashscope_generation_streams import (
    EVENTS,
    FRAMES_SENT,
    HEAD,
    SERVICE,
    STREAMED,
    called,
    frame,
    sse,
)
from tests.support.streamed import broken_off, said_before, step_once

read = partial(streamed.read, STREAMED)


def test_pieces_of_multimodal_content_are_words_too() -> None:
    told = [
        frame(content=[]),
        frame(content=[{"text": "One "}]),
        frame(content=[{"text": "cat"}]),
        frame("stop", 3, content=[]),
    ]
    events, error = read(sse(*told))
    assert error is None
    assert [one for one in events if isinstance(one, TextDelta)] == [
        TextDelta("One ", 1),
        TextDelta("cat", 1),
    ]
    answer = collect(events).unwrap()
    assert (answer.text, answer.finish_reason, answer.usage.output_tokens) == ("One cat", "stop", 3)


def test_media_are_parts_and_unknown_pieces_are_kept_whole() -> None:
    content = [{"image": "https://x.test/a.png"}, {"sound": "s", "hz": 8}, {"text": "a"}]
    events, _ = read(sse(frame("stop", 1, content=content)))
    assert [one for one in events if isinstance(one, PartReceived)] == [
        PartReceived(Image(url="https://x.test/a.png"), 2),
        PartReceived(Opaque("dashscope", "sound", '{"sound":"s","hz":8}'), 3),
    ]
    assert collect(events).unwrap().text == "a"


def test_words_without_choices_are_words() -> None:
    told = [
        {"output": {"text": "a", "finish_reason": "null"}, "request_id": "r"},
        {"output": {"text": "b", "finish_reason": "length"}, "request_id": "r"},
    ]
    events, error = read(sse(*told))
    assert error is None
    answer = collect(events).unwrap()
    assert (answer.text, answer.finish_reason) == ("ab", "length")


def test_several_answers_stand_apart_and_their_output_is_added() -> None:
    told = [
        frame(index=0, content="a"),
        frame(index=1, content="x"),
        frame(index=0, content="b"),
        frame("stop", 5, index=0, content=""),
        frame("length", 6, index=1, content="y"),
    ]
    body = sse(*told)
    events, error = read(body)
    assert error is None
    answer = collect(events).unwrap()
    assert (answer.text, answer.alternatives[0].message.text) == ("ab", "xy")
    assert (answer.finish_reason, answer.alternatives[0].finish_reason) == ("stop", "length")
    assert answer.usage.output_tokens == 11
    cut = sse(*told[:4])
    assert isinstance(read(cut)[1], StreamInterrupted)


def test_a_name_may_come_in_pieces_or_again() -> None:
    told = [
        frame(content="", tool_calls=[called(0, "c1", "get_", "")]),
        frame(content="", tool_calls=[called(0, "", "weather", "{")]),
        frame(content="", tool_calls=[called(0, "c1", "get_weather", "}")]),
        frame("tool_calls", content=""),
    ]
    (call,) = collect(read(sse(*told))[0]).unwrap().tool_calls
    assert (call.id, call.name, call.arguments) == ("c1", "get_weather", "{}")


@pytest.mark.parametrize(
    ("word", "finish"), [("stop", "stop"), ("length", "length"), ("new_one", "unknown")]
)
def test_finish_reasons(word: str, finish: str) -> None:
    events, error = read(sse(frame(content="a"), frame(word, content="")))
    assert error is None
    assert events[-1] == Finished(finish, word)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["null", "", None])
def test_an_answer_that_does_not_say_that_it_is_finished_is_interrupted(word: str | None) -> None:
    assert isinstance(read(sse(frame(word, content="a")))[1], StreamInterrupted)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("InvalidParameter", "bad", "invalid_request"),
        ("InvalidParameter", "Range of input length should be [1, 30720]", "context_length"),
        (
            "DataInspectionFailed",
            "Output data may contain inappropriate content.",
            "content_filtered",
        ),
        ("Throttling.RateQuota", "slow down", "rate_limited"),
        ("Arrearage", "pay", "quota"),
        ("InternalError.Algo", "boom", "server_error"),
        ("SomethingNew", "boom", "server_error"),
    ],
)
def test_an_error_frame_comes_after_the_words_before_it(code: str, message: str, kind: str) -> None:
    told = {"code": code, "message": message, "request_id": "r-9"}
    events, error = broken_off(STREAMED, sse(*FRAMES_SENT[:4]), sse(told, status=400))
    assert (error.kind, error.code, error.message, error.request_id) == (kind, code, message, "r-9")
    assert (events, said_before(error)) == (EVENTS[:8], "One moment — 日本")


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(401, (("content-type", "application/json"),))
    body = b'{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r"}'
    _, error = broken_off(STREAMED, b"", body, head)
    assert (error.kind, error.status) == ("authentication", 401)


def test_unknown_fields_are_kept_and_unknown_frames_change_nothing() -> None:
    odd = frame(content="c")
    odd["output"]["search_info"] = {"search_results": [1]}
    odd["output"]["choices"][0]["message"]["mood"] = "good"
    events, error = read(sse(FRAMES_SENT[2], {"ping": 1}, odd, frame("stop", content="")))
    assert error is None
    answer = collect(events).unwrap()
    assert answer.text == "One c"
    assert answer.extra == {
        "request_id": "r-1",
        "search_info": {"search_results": [1]},
        "mood": "good",
    }


def test_logprobs_of_all_frames_make_one_list() -> None:
    told = [frame(content=word) for word in "ab"]
    for word, one in zip("ab", told, strict=True):
        one["output"]["choices"][0]["logprobs"] = {"content": [{"token": word}]}
    events, _ = read(sse(*told, frame("stop", content="")))
    assert collect(events).unwrap().extra["logprobs"] == [{"token": "a"}, {"token": "b"}]


FRAMES: dict[str, bytes] = {
    "words": json.dumps(frame(content="a")).encode(),
    "thoughts": json.dumps(frame(content="", reasoning_content="a")).encode(),
    "a call": json.dumps(FRAMES_SENT[4]).encode(),
    "more of a call": json.dumps(FRAMES_SENT[5]).encode(),
    "the end": json.dumps(frame("stop", content="")).encode(),
    "text alone": b'{"output":{"text":"a","finish_reason":"null"}}',
    "an error": b'{"code":"InternalError","message":"boom"}',
    "a gateway's error": b'{"error":{"message":"boom"}}',
    "an unknown frame": b'{"ping":1}',
    "an empty object": b"{}",
    "an empty output": b'{"output":{}}',
    "no output": b'{"output":null}',
    "a wrong shape": b'{"output":{"choices":[{"message":{"content":7}}]}}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"request_id":"\xff"}',
    "nothing": b"",
}
BEGUN = Entries().put(0, True)
STATES = {
    "waiting": State(),
    "started": State(started=True, begun=BEGUN),
    "thinking": State(started=True, begun=BEGUN, thinking=BEGUN),
    "done": State(started=True, complete=True),
}
STEP = partial(step, SERVICE, HEAD)
FAULTY = ("an error", "a gateway's error", "a wrong shape", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame_", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_frame_has_an_answer_in_every_state(state: str, frame_: str) -> None:
    _, events = step_once(
        STEP,
        STATES[state],
        FRAMES[frame_],
        frame_ in FAULTY,
        frame_ == "the end",
        ignored_after_end=False,
    )
    assert events == [] or frame_ not in FAULTY


def test_thoughts_and_calls_go_back_as_they_came() -> None:
    turns = [user("Weather?"), collect(EVENTS).unwrap().message]
    turns += [tool_result("c1", "21 °C"), tool_result("c2", "noon")]
    config = LLMConfig(api_type="dashscope", model="qwen-plus")
    built = build_chat(SERVICE, config, ChatRequest(messages=turns)).unwrap()
    assert json.loads(built.request.body)["input"]["messages"][1:] == [
        {
            "role": "assistant",
            "content": "One moment — 日本",
            "reasoning_content": "I should look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Tromsø"}'},
                },
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "clock", "arguments": "{}"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
        {"role": "tool", "tool_call_id": "c2", "content": "noon"},
    ]
    assert built.adaptations == ()
