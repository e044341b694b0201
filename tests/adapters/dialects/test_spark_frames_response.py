"""Whole conversations of Spark's frames -> Completion, whatever the bytes."""

import json
from typing import Any

import pytest

from llm_pure import Completion, HttpResponse, ProviderMetadata, assistant
from llm_pure.adapters.dialects.spark_frames import parse_chat
from llm_pure.types.completion import Usage
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.messages import Reasoning, ToolCall
from llm_pure.types.result import Success
from tests.support.spark_frames_streams import SERVICE

COUNTS = {"question_tokens": 4, "prompt_tokens": 26, "completion_tokens": 9, "total_tokens": 35}


def frame(status: int, *texts: dict[str, Any], **payload: Any) -> dict[str, Any]:
    choices = {"status": status, "seq": 0, "text": list(texts)}
    header = {"code": 0, "message": "Success", "sid": "cht-1", "status": status}
    return {"header": header, "payload": {"choices": choices, **payload}}


def response(*frames: Any, status: int = 200) -> HttpResponse:
    body = b"".join([json.dumps(one).encode() + b"\n" for one in frames])
    return HttpResponse(status, (("content-type", "application/x-ndjson"),), body)


def test_a_conversation_is_one_answer() -> None:
    call = {"name": "f", "arguments": '{"a":1}'}
    got = parse_chat(
        SERVICE,
        response(
            frame(0, {"content": "", "reasoning_content": "Hm."}),
            frame(1, {"content": "One "}, {"content": "moment"}),
            frame(2, {"content": "", "function_call": call}, usage={"text": COUNTS}),
        ),
    )
    assert got == Success(
        Completion(
            id="cht-1",
            provider="spark",
            message=assistant(
                Reasoning("Hm.", None, ProviderMetadata("spark")),
                "One moment",
                ToolCall("call_cht-1_0", "f", '{"a":1}'),
            ),
            finish_reason="tool_calls",
            usage=Usage(26, 9, raw=COUNTS),
        )
    )


def test_why_an_answer_ends_is_never_said() -> None:
    got = parse_chat(SERVICE, response(frame(2, {"content": "Hi"}))).unwrap()
    assert (got.text, got.finish_reason, got.raw_finish_reason) == ("Hi", "unknown", None)


def test_without_its_last_frame_an_answer_is_cut() -> None:
    error = parse_chat(SERVICE, response(frame(0, {"content": "Hi"}))).failure()
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert error.partial.text == "Hi"


def test_an_error_is_the_answer() -> None:
    told = {"header": {"code": 10013, "message": "audit", "sid": "cht-1", "status": 2}}
    error = parse_chat(SERVICE, response(told)).failure()
    assert (error.kind, error.code, error.request_id) == ("content_filtered", "10013", "cht-1")


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, b'{"message":"HMAC signature cannot be verified"}', "authentication", "HMAC signature cannot be verified"),
        (403, b'{"message":"HMAC signature does not match"}', "permission", "HMAC signature does not match"),
        (404, b"", "not_found", "HTTP status 404"),
        (502, b"<html>bad</html>", "server_error", "<html>bad</html>"),
        (301, b"", "protocol", None),
    ],
)  # fmt: skip
def test_a_handshake_that_was_refused(
    status: int, body: bytes, kind: str, message: str | None
) -> None:
    error = parse_chat(SERVICE, HttpResponse(status, (), body)).failure()
    assert error.kind == kind
    assert message is None or error.message == message
