"""Failing streams of generateContent: errors at any position, wrong shapes, random bytes."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpResponse, ResponseHead
from llm_pure.adapters.dialects.gemini_content.frames import BEGIN, CLOSED, END
from llm_pure.adapters.dialects.gemini_content.plain_items import step
from llm_pure.adapters.dialects.gemini_content.stream import State
from llm_pure.adapters.gemini import PROVIDER
from llm_pure.core.stream import take_step
from llm_pure.types.errors import (
    ContentFiltered,
    LLMError,
    Overloaded,
    ProtocolError,
    RateLimited,
)
from llm_pure.types.events import (
    StreamEvent,
)
from llm_pure.types.result import Failure
from tests.support.gemini import SERVICE
from tests.support.gemini_streams import (
    JSON,
    SSE,
    as_array,
    as_sse,
    dumped,
    events_of,
    item,
    text_of,
)
from tests.support.json_values import json_values
from tests.support.laws import examples
from tests.support.pieces import one_byte_at_a_time
from tests.support.rows import check_each

OVERLOADED = {
    "error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
}
PRETTY = json.dumps(OVERLOADED, indent=2).encode()
LIMITED = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}
STARTED = as_sse(item({"text": "Half"}), item({"text": " of it"}))

ERRORS: dict[str, tuple[ResponseHead, bytes, Callable[..., Any], str]] = {
    "an event": (SSE, STARTED + as_sse(OVERLOADED), Overloaded, "Half of it"),
    "beside candidates": (
        SSE,
        STARTED + as_sse({**item({"text": "!"}), **LIMITED}),
        RateLimited,
        "Half of it!",
    ),
    "bare JSON between events": (SSE, STARTED + PRETTY + b"\r\n\r\n", Overloaded, "Half of it"),
    "bare JSON without a line end": (SSE, STARTED + PRETTY, Overloaded, "Half of it"),
    "an array between events": (
        SSE,
        STARTED + dumped([LIMITED]).encode(),
        RateLimited,
        "Half of it",
    ),
    "bare JSON in place of events": (SSE, PRETTY, Overloaded, ""),
    "an array of one error": (JSON, b"[" + PRETTY + b"\n]", Overloaded, ""),
    "an item of the array": (JSON, as_array(item({"text": "Half"}), LIMITED), RateLimited, "Half"),
    "a status before the stream": (ResponseHead(429), as_array(LIMITED), RateLimited, ""),
}


@pytest.mark.parametrize(("head", "body", "kind", "text"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_typed_wherever_it_comes_and_keeps_what_came_before(
    head: ResponseHead, body: bytes, kind: type[LLMError], text: str
) -> None:
    for fed in ((body,), one_byte_at_a_time(body)):
        events, error = events_of(head, *fed)
        assert isinstance(error, kind)
        assert text_of(events) == text
        assert (error.partial.text if error.partial else "") == text


def test_a_page_in_place_of_a_stream_is_a_protocol_fault() -> None:
    _, error = events_of(SSE, b"<html>nothing here</html>\n\n")
    assert isinstance(error, ProtocolError)
    assert error.evidence.startswith(b"<html>")


def test_a_blocked_prompt_is_an_error_with_the_reason() -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "responseId": "r9"}
    _, error = events_of(SSE, as_sse(blocked))
    assert isinstance(error, ContentFiltered)
    assert error.code == "PROHIBITED_CONTENT"
    assert error.partial is not None
    assert error.partial.extra == {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}


def test_a_part_of_a_wrong_shape_comes_after_the_parts_before_it() -> None:
    decoder = PROVIDER.open_stream(SSE)
    events = decoder.feed(as_sse(item({"text": "ok"}, {"text": 7}))).unwrap()
    assert text_of(events) == "ok"
    failed = decoder.feed(as_sse(item({"text": "more"})))
    assert isinstance(failed, Failure)
    fault = failed.failure()
    assert isinstance(fault, ProtocolError)
    assert fault.where == "candidates/0/content/parts/1"
    assert decoder.close() == failed


FRAMES: dict[str, bytes] = {
    "text": dumped(item({"text": "x"})).encode(),
    "thought": dumped(item({"text": "x", "thought": True})).encode(),
    "call": dumped(item({"functionCall": {"name": "f"}})).encode(),
    "call in pieces": dumped(item({"functionCall": {"name": "f", "willContinue": True}})).encode(),
    "signature": dumped(item({"text": "", "thoughtSignature": "czE="})).encode(),
    "unknown part": dumped(item({"newThing": {"a": 1}})).encode(),
    "end": dumped(item(finishReason="STOP")).encode(),
    "usage alone": b'{"usageMetadata": {"promptTokenCount": 3}}',
    "empty object": b"{}",
    "unknown fields": b'{"somethingNew": {"a": [1]}}',
    "blocked": b'{"promptFeedback": {"blockReason": "SAFETY"}}',
    "error": dumped(LIMITED).encode(),
    "no JSON": b"{nothing",
    "wrong shape": b'{"candidates": {"0": 1}}',
    "a list": b"[1]",
    "blank": b" \n",
    "array begins": BEGIN,
    "array ends": END,
    "body closed": CLOSED,
}


@pytest.mark.parametrize("first", FRAMES.values(), ids=FRAMES)
def test_every_frame_has_an_answer_after_every_other(first: bytes) -> None:
    check_each(partial(_has_an_answer_after, first), FRAMES.values())


def _has_an_answer_after(first: bytes, second: bytes) -> None:
    state, _ = take_step(partial(step, SERVICE, SSE), State(), first)
    after, events = take_step(partial(step, SERVICE, SSE), state, second)
    assert isinstance(after, State)
    assert all(isinstance(one, StreamEvent) for one in events)
    if second in (FRAMES["no JSON"], FRAMES["wrong shape"], FRAMES["a list"], FRAMES["error"]):
        assert after.fault is not None


@given(st.binary(max_size=300), st.sampled_from([SSE, JSON, ResponseHead(500), ResponseHead(200)]))
def test_random_bytes_are_never_an_answer(body: bytes, head: ResponseHead) -> None:
    _, error = events_of(head, body, b"", b"data: ")
    assert error is not None


JSON_VALUES = json_values(
    "candidates", "content", "parts", "text", "thought", "functionCall", "args", "name", "id",
    "partialArgs", "jsonPath", "willContinue", "inlineData", "data", "mimeType", "index",
    "finishReason", "usageMetadata", "promptTokenCount", "promptFeedback", "blockReason", "error",
    max_leaves=20, max_keys=4,
)  # fmt: skip


@examples(200)
@given(st.lists(JSON_VALUES, max_size=4))
def test_no_json_makes_it_raise(values: list[Any]) -> None:
    body = as_sse(item({"text": "x"}), *values)
    whole = events_of(SSE, body)
    assert whole == events_of(SSE, *one_byte_at_a_time(body))
    for value in values:
        PROVIDER.parse_chat(HttpResponse(200, (), dumped(value).encode()))
