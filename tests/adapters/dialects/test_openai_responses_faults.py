"""What goes wrong in streams of the Responses API: errors of the service, events in a wrong shape, bodies that are none."""

from functools import partial
from typing import Any

import pytest

from llm_pure import ResponseHead
from llm_pure.types.errors import (
    InvalidRequest,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from llm_pure.types.events import Finished, Started, TextDelta
from tests.support import streamed
from tests.support.openai_responses_bodies import answer, created, delta, frame
from tests.support.openai_responses_streams import HEAD, STREAMED
from tests.support.streamed import broken_off, said_before

run = partial(streamed.read, STREAMED)

BEGUN = created() + delta("output_text", "Hi")


def completed() -> bytes:
    return frame("response.completed", response=answer())


SAID: dict[str, Any] = {
    "code": "rate_limit_exceeded",
    "message": "slow down",
    "param": None,
}


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (frame("error", **SAID, sequence_number=4), RateLimited),
        (frame("error", error={**SAID, "type": "requests"}), RateLimited),
        (frame("error", error={"type": "insufficient_quota", "code": None}), QuotaExceeded),
        (frame("error", error="broken"), ServerError),
        (frame("error"), ServerError),
        (frame("response.failed", response=answer(status="failed", error=SAID)), RateLimited),
        (frame("response.failed", response={"error": {"code": "invalid_prompt"}}), InvalidRequest),
        (frame("response.failed", response={}), ServerError),
        (frame("response.completed", response=answer(error=SAID)), RateLimited),
        (b'data: {"error": {"message": "gateway", "code": 502}}\n\n', ServerError),
        (b'event: error\ndata: {"message": "m", "code": "rate_limit_exceeded"}\n\n', RateLimited),
    ],
    ids=[
        "error, flat", "error, nested", "error by type", "error in a word", "error, bare", "failed", "failed, flagged",
        "failed, bare", "complete with an error", "an error of a gateway", "an error by its name",
    ],
)  # fmt: skip
def test_an_error_in_mid_stream_comes_after_what_was_said(end: bytes, kind: type) -> None:
    events, error = broken_off(STREAMED, BEGUN, end + completed())
    assert events[:2] == (
        Started(id="resp_1", model="gpt-x-2026-01-01", provider="openai_responses"),
        TextDelta("Hi"),
    )
    assert not [event for event in events if isinstance(event, Finished)]
    assert (type(error), said_before(error)) == (kind, "Hi")


def test_a_failed_answer_still_tells_its_usage() -> None:
    failed = frame("response.failed", response=answer(status="failed", error=SAID))
    _, error = run(created() + failed)
    assert error is not None
    assert error.partial is not None
    assert error.partial.usage.input_tokens == 20


@pytest.mark.parametrize(
    "bad",
    [
        b"data: nonsense\n\n",
        b"data: [1]\n\n",
        b"data: \xff\n\n",
        b"data: " + b"[" * 5000 + b"\n\n",
        frame("response.output_text.delta", delta=7),
        frame("response.output_text.delta"),
        frame("response.output_item.done", item=[]),
        frame("response.output_item.done", item={"type": "message", "content": 7}),
        frame("response.output_item.added", item={"type": "function_call", "name": 7}),
        frame("response.completed", response=None),
        frame("response.completed", response={"output": [7]}),
        b'data: {"type": "response.output_text.delta", "delta": "x", "output_index": 1e400}\n\n',
    ],
    ids=[
        "nonsense", "a list", "no UTF-8", "deep", "a delta that is none", "no delta", "an item that is none", "content that is none",
        "a name that is none", "no answer", "items that are none", "a number out of range",
    ],
)  # fmt: skip
def test_a_known_event_in_a_wrong_shape_is_a_fault_after_what_came_before(bad: bytes) -> None:
    events, error = broken_off(STREAMED, BEGUN, bad + completed())
    assert events[1:] == (TextDelta("Hi"),)
    assert (type(error), said_before(error)) == (ProtocolError, "Hi")


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        (
            ResponseHead(429, (("content-type", "application/json"),)),
            b'{"error":{"message":"m","code":"rate_limit_exceeded"}}',
            RateLimited,
        ),
        (
            ResponseHead(200, (("content-type", "application/json"),)),
            b'{"error":{"message":"m","code":"server_error"}}',
            ServerError,
        ),
        (HEAD, b'{"error":{"message":"m","code":"server_error"}}', ServerError),
        (HEAD, b"<html>", ProtocolError),
        (HEAD, b"", StreamInterrupted),
    ],
    ids=["429", "JSON in place of a stream", "JSON that calls itself a stream", "HTML", "nothing"],
)
def test_a_body_that_is_no_stream(head: ResponseHead, body: bytes, kind: type) -> None:
    events, error = broken_off(STREAMED, b"", body, head)
    assert (events, type(error)) == ((), kind)
