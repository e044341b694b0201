"""Streams of the Llama API -> events, however they are cut."""

import json
from functools import partial
from typing import Any

import pytest

from llm_pure import ResponseHead, collect
from llm_pure.adapters.dialects.common.part_identity import Calls
from llm_pure.adapters.dialects.llama_native.stream import CALLS, State, step
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    TextDelta,
)
from llm_pure.types.messages import Opaque
from tests.support import streamed
from tests.support.framed import sse
from tests.support.llama_native_streams import (
    CHUNKS,
    EVENTS,
    HEAD,
    SERVICE,
    STREAMED,
    call,
    chunk,
    words,
)
from tests.support.streamed import broken_off, said_before, step_once

read = partial(streamed.read, STREAMED)


@pytest.mark.parametrize(
    ("word", "finish"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "tool_calls"), ("new", "unknown")],
)
def test_finish_reasons(word: str, finish: str) -> None:
    events, error = read(sse(words("a"), words("", "complete", stop_reason=word)))
    assert error is None
    assert events[-1] == Finished(finish, word)  # type: ignore[arg-type]


def test_the_end_needs_no_reason() -> None:
    events, error = read(sse(words("a"), words("", "complete")))
    assert (events[-1], error) == (Finished("unknown"), None)


def test_a_call_whose_first_piece_has_no_id_is_a_call() -> None:
    events, _ = read(sse(call(name="f", arguments="{"), call(arguments="}"), CHUNKS[7]))
    (made,) = collect(events).unwrap().tool_calls
    assert (made.id, made.name, made.arguments) == ("call_l-1_0", "f", "{}")


def test_pieces_that_repeat_their_id_are_of_one_call() -> None:
    events, _ = read(sse(call("c1", name="f", arguments="{"), call("c1", arguments="}"), CHUNKS[7]))
    assert [one.arguments for one in collect(events).unwrap().tool_calls] == ["{}"]


def test_a_delta_of_an_unknown_type_is_kept_whole() -> None:
    events, error = read(
        sse(words("a"), chunk("progress", delta={"type": "image", "url": "u"}), CHUNKS[7])
    )
    assert error is None
    assert events[2] == PartReceived(Opaque("llama_api", "image", '{"type":"image","url":"u"}'), 1)


def test_unknown_fields_are_kept_and_unknown_events_change_nothing() -> None:
    odd = [{**words("b"), "region": "eu"}, chunk("heartbeat", load=0.5), {"ping": 1}]
    events, error = read(sse(words("a"), *odd, CHUNKS[7]))
    assert error is None
    assert events[1:] == (
        TextDelta("a"),
        ExtraReceived("region", "eu"),
        TextDelta("b"),
        ExtraReceived("load", 0.5),
        Finished("tool_calls", "tool_calls"),
    )


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"error": {"message": "boom", "type": "server_error"}}, "server_error", "boom"),
        ({"error": "slow down", "code": "rate_limit_exceeded"}, "rate_limited", "slow down"),
    ],
)
def test_an_error_in_mid_stream_comes_after_the_words_before_it(
    body: Any, kind: str, message: str
) -> None:
    events, error = broken_off(STREAMED, sse(*CHUNKS[:3]), sse(body))
    assert (error.kind, error.message) == (kind, message)
    assert (events, said_before(error)) == (EVENTS[:3], "One moment — 日本")


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(401, (("content-type", "application/json"),))
    body = b'{"title":"Unauthorized","detail":"no such key","status":401}'
    _, error = broken_off(STREAMED, b"", body, head)
    assert (error.kind, error.message) == ("authentication", "no such key")


FRAMES: dict[str, bytes] = {
    "start": json.dumps(CHUNKS[0]).encode(),
    "words": json.dumps(CHUNKS[1]).encode(),
    "a call": json.dumps(CHUNKS[3]).encode(),
    "more of a call": json.dumps(CHUNKS[4]).encode(),
    "the end": json.dumps(CHUNKS[7]).encode(),
    "metrics": json.dumps(CHUNKS[8]).encode(),
    "an error": b'{"error":{"message":"boom"}}',
    "an unknown event": b'{"event":{"event_type":"new"}}',
    "an empty object": b"{}",
    "OpenAI's end": b"[DONE]",
    "a wrong shape": b'{"event":{"event_type":"progress","delta":{"type":"text","text":7}}}',
    "no event": b'{"event":null}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"id":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "in a call": State(started=True, calls=Calls(first=CALLS).read(0, None, "c1", "f", "")[0]),
    "ended": State(started=True, complete=True),
}
STEP = partial(step, SERVICE, HEAD)
FAULTY = ("an error", "a wrong shape", "no event", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_chunk_has_an_answer_in_every_state(state: str, frame: str) -> None:
    _, events = step_once(
        STEP,
        STATES[state],
        FRAMES[frame],
        frame in FAULTY,
        frame == "the end",
        ignored_after_end=False,
    )
    assert events == [] or frame not in FAULTY
