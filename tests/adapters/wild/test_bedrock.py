"""Answers of Bedrock's Converse and InvokeModel beside the documented form."""

import base64
from typing import Any

import msgspec
import pytest

from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.types.errors import (
    InvalidRequest,
    Overloaded,
    ProtocolError,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
)
from tests.support.aws_frames import STREAM_HEAD, body_of, event, exception, transport_error
from tests.support.wild_answers import JSON, Answer, Fault, Row, check

ABSENT = object()


def placed(kind: str, index: Any, **fields: Any) -> EventStreamMessage:
    number = {} if index is ABSENT else {"contentBlockIndex": index}
    return event(kind, **number, **fields)


def start(index: Any, **kind: Any) -> EventStreamMessage:
    return placed("contentBlockStart", index, start=kind)


def call(index: Any, id: str = "c", name: str = "f") -> EventStreamMessage:
    return start(index, toolUse={"toolUseId": id, "name": name})


def delta(index: Any, **kind: Any) -> EventStreamMessage:
    return placed("contentBlockDelta", index, delta=kind)


def text(index: Any, value: str) -> EventStreamMessage:
    return delta(index, text=value)


def thought(index: Any, **fields: Any) -> EventStreamMessage:
    return delta(index, reasoningContent=fields)


def arguments(index: Any, value: Any, **fields: Any) -> EventStreamMessage:
    return delta(index, toolUse={"input": value, **fields})


def stopped(index: Any) -> EventStreamMessage:
    return placed("contentBlockStop", index)


GUARDED = {"amazon-bedrock-guardrailAction": "INTERVENED"}
BEGIN = event("messageStart", role="assistant")
END = event("messageStop", stopReason="end_turn")
CALLED = event("messageStop", stopReason="tool_use")
USAGE = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
METADATA = event("metadata", usage=USAGE, metrics={"latencyMs": 5})
HI = Answer(text="Hi", parts=("Text",), tokens=(9, 3))
OPENED = (BEGIN, text(0, "Hi"))
COMPLETE = body_of(*OPENED, END, METADATA)
SO_FAR = Answer(text="Hi", finish="unknown")
ARGS = '{"a":1}'
BOTH = Answer(text="Look", reasoning="hm", calls=(("c", "f", ARGS),), parts=("Reasoning", "Text", "ToolCall"), finish="tool_calls")  # fmt: skip


def three(*index: Any, stops: bool = True) -> bytes:
    """Reasoning, text and a call, in 10 events of blocks with these indexes."""
    events = [
        thought(index[0], text="h"), thought(index[1], text="m"), stopped(index[2]),
        text(index[3], "Lo"), text(index[4], "ok"), stopped(index[5]),
        call(index[6]), arguments(index[7], '{"a":'), arguments(index[8], "1}"), stopped(index[9]),
    ]  # fmt: skip
    kept = [one for one in events if stops or one.header(":event-type") != "contentBlockStop"]
    return body_of(BEGIN, *kept, CALLED, METADATA)


def row(
    title: str, frames: tuple[EventStreamMessage, ...] | bytes | None, expected: Any, **fields: Any
) -> Row:
    data = body_of(*frames) if isinstance(frames, tuple) else frames
    return Row(
        title=title, provider=fields.pop("provider", "bedrock"), data=data, expected=expected,
        **{"headers": STREAM_HEAD.headers if data is not None else JSON, **fields},
    )  # fmt: skip


def cut_after(complete: bytes, *more: EventStreamMessage) -> tuple[int, ...]:
    """The lengths at which a cut cannot be told from the end of a complete stream: within the next frame."""
    return tuple(range(len(complete), len(complete) + len(body_of(*more))))


def signed(*pieces: str) -> tuple[EventStreamMessage, ...]:
    return (BEGIN, thought(0, text="hm"), *[thought(0, signature=piece) for piece in pieces], stopped(0), text(1, "Hi"), stopped(1), END, METADATA)  # fmt: skip


CONVERSE = [
    row("text in the start of a block", (BEGIN, start(0, text="x"), start(1, text=""), text(0, "Hi"), stopped(0), END, METADATA), Answer(
        text="Hi", extra={"contentBlockStart": [{"text": "x"}]})),
    row("a field of reasoning that is not known", (BEGIN, thought(0, text="hm"), thought(0, data="x"), stopped(0), text(1, "Hi"), END, METADATA), Answer(
        text="Hi", reasoning="hm", extra={"contentBlockDelta": [{"reasoningContent": {"data": "x"}}]})),
    # identity
    row("no indexes", three(*[ABSENT] * 10), BOTH),
    row("indexes null", three(*[None] * 10), BOTH),
    row("no indexes and no stops", three(*[ABSENT] * 10, stops=False), BOTH),
    row("no stops", three(0, 0, 0, 1, 1, 1, 2, 2, 2, 2, stops=False), BOTH),
    row("indexes all 0", three(*[0] * 10), BOTH),
    row("indexes that count the events", three(*range(10)), BOTH),
    row("indexes that count the events, no stops", three(*range(10), stops=False), BOTH),
    row("indexes as text", three(*"0001112222"), BOTH),
    row("two calls at one index, with stops", (BEGIN, call(0), arguments(0, ARGS), stopped(0), call(0, "d", "g"), stopped(0), CALLED, METADATA),
        Answer(calls=(("c", "f", ARGS), ("d", "g", "{}")), finish="tool_calls")),
    row("two calls at one index, without stops", (BEGIN, call(0), arguments(0, ARGS), call(0, "d", "g"), CALLED, METADATA),
        Answer(calls=(("c", "f", ARGS), ("d", "g", "{}")), finish="tool_calls")),
    row("two calls with one id", (BEGIN, call(0), arguments(0, ARGS), stopped(0), call(1), arguments(1, ARGS), stopped(1), CALLED, METADATA),
        Answer(calls=(("c", "f", ARGS), ("c", "f", ARGS)), finish="tool_calls")),
    row("a start twice", (BEGIN, call(0), call(0), arguments(0, ARGS), stopped(0), CALLED, METADATA), Answer(calls=BOTH.calls, finish="tool_calls")),
    row("a call whose start is in its first delta", (BEGIN, arguments(0, '{"a"', toolUseId="c", name="f"), arguments(0, ":1}"), stopped(0), CALLED, METADATA),
        Answer(calls=BOTH.calls, finish="tool_calls")),
    row("a call without its start has no name", (BEGIN, arguments(0, ARGS), stopped(0), CALLED, METADATA), Fault(kind=ProtocolError)),
    row("input null and absent", (BEGIN, call(0), arguments(0, None), delta(0, toolUse={}), stopped(0), CALLED, METADATA), Answer(calls=(("c", "f", "{}"),), finish="tool_calls")),
    row("the input is the object", (BEGIN, call(0), arguments(0, {"a": 1}), stopped(0), CALLED, METADATA), Answer(calls=BOTH.calls, finish="tool_calls")),
    row("start and delta null", (BEGIN, event("contentBlockStart", contentBlockIndex=0, start=None), event("contentBlockDelta", contentBlockIndex=0, delta=None),
        text(0, "Hi"), stopped(0), END, METADATA), HI),
    # order and ends
    row("metadata before messageStop", (*OPENED, stopped(0), METADATA, END), HI),
    row("metadata twice", (*OPENED, stopped(0), END, event("metadata", usage={"inputTokens": 1}), METADATA), HI),
    row("no metadata", (*OPENED, stopped(0), END), Fault(kind=StreamInterrupted, retryable=True, partial=Answer(text="Hi"))),
    row("messageStop twice", (*OPENED, stopped(0), END, END, METADATA), HI),
    row("messageStart twice", (BEGIN, *OPENED, BEGIN, stopped(0), END, METADATA), HI),
    row("no messageStart", (text(0, "Hi"), stopped(0), END, METADATA), HI),
    row("a stop after messageStop", (*OPENED, END, stopped(0), METADATA), HI),
    row("no stop reason", (*OPENED, event("messageStop", stopReason=None), METADATA), Answer(text="Hi", finish="unknown")),
    row("content after messageStop", (*OPENED, END, METADATA, text(0, "!")), Fault(kind=StreamInterrupted, retryable=True, partial=Answer(text="Hi!")),
        open_ends=cut_after(COMPLETE, text(0, "!"))),
    # what joins
    row("a signature in pieces", signed("ab", "cd", "ef"), Answer(text="Hi", reasoning="hm", parts=("Reasoning", "Text"))),
    row("redacted reasoning in pieces", (BEGIN, thought(0, redactedContent="YQ=="), thought(0, redactedContent="Yg=="), stopped(0), text(1, "Hi"), END, METADATA),
        Answer(text="Hi", parts=("Opaque", "Text"))),
    row("citations", (BEGIN, text(0, "Hi"), delta(0, citation={"title": "a"}), delta(0, citation={"title": "b"}), stopped(0), END, METADATA),
        Answer(text="Hi", extra={"citations": [{"title": "a"}, {"title": "b"}]})),
    row("unknown blocks, deltas and events", (BEGIN, start(0, hologram={"x": 1}), delta(0, hologram={"y": 2}), stopped(0), event("newEvent", a=1), text(1, "Hi"), END, METADATA),
        Answer(text="Hi", extra={"contentBlockStart": [{"hologram": {"x": 1}}], "contentBlockDelta": [{"hologram": {"y": 2}}], "newEvent": [{"a": 1}]})),
    row("numbers as text", (*OPENED, END, event("metadata", usage={key: str(value) for key, value in USAGE.items()})), HI),
    row("a JSON body in place of a stream", None, HI, body={"output": {"message": {"role": "assistant", "content": [{"text": "Hi", "toolUse": None}]}}, "stopReason": "end_turn", "usage": USAGE}),
    row("content null", None, Answer(tokens=(9, 3)), body={"output": {"message": {"role": "assistant", "content": None}}, "stopReason": "end_turn", "usage": USAGE}),
    row("null beside an unknown block", None, Answer(parts=("Opaque",)), body={"output": {"message": {"content": [{"text": None, "hologram": {"x": 1}}]}}, "stopReason": "end_turn"}),
    # errors everywhere
    *[row(f"{kind} in mid-stream", (*OPENED, exception(kind, message="no")), Fault(
          kind=error, message="no", code=kind[0].upper() + kind[1:], retryable=retryable, partial=SO_FAR))
      for kind, error, retryable in (
          ("throttlingException", RateLimited, True),
          ("validationException", InvalidRequest, False),
          ("serviceUnavailableException", Overloaded, True),
          ("internalServerException", ServerError, True),
          ("modelTimeoutException", TimedOut, True),
      )],
    row("modelStreamErrorException with the model's own error", (*OPENED, exception(
        "modelStreamErrorException", message="no", originalStatusCode=500, originalMessage="boom")), Fault(
        kind=ServerError, message="no: boom", code="ModelStreamErrorException", retryable=True, partial=SO_FAR)),
    row("an exception in place of the answer", (exception("throttlingException", message="no"),), Fault(kind=RateLimited, message="no", code="ThrottlingException", retryable=True)),
    row("an exception after the end", (*OPENED, END, METADATA, exception("throttlingException", message="no")), Fault(
        kind=RateLimited, message="no", code="ThrottlingException", retryable=True, partial=Answer(text="Hi")), open_ends=cut_after(COMPLETE, exception("throttlingException", message="no"))),
    row("an exception as an event", (*OPENED, event("throttlingException", message="no")), Fault(
        kind=RateLimited, message="no", code="ThrottlingException", retryable=True, partial=SO_FAR)),
    row("an error of the transport", (*OPENED, transport_error("InternalError", "boom")), Fault(
        kind=ServerError, message="boom", code="InternalError", retryable=True, partial=SO_FAR)),
    row("a code under 200", None, Fault(kind=RateLimited, message="no", code="ThrottlingException", retryable=True), body={"__type": "x#ThrottlingException", "message": "no"}),
    row("a code in the headers under 200", None, Fault(kind=RateLimited, message="no", code="ThrottlingException", retryable=True),
        body={"message": "no"}, headers=(*JSON, ("x-amzn-errortype", "ThrottlingException:http://internal"))),
    row("an error of a gateway under 200", None, Fault(kind=InvalidRequest, message="no", code="400"), body={"error": {"message": "no", "type": "invalid_request", "code": 400}}),
    row("an error beside the answer", None, Fault(kind=ServerError, message="boom", retryable=True, partial=Answer(text="Hi")),
        body={"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn", "error": "boom"}),
    row("an exception frame under 4xx", None, Fault(kind=RateLimited, message="no", code="ThrottlingException", retryable=True),
        body=body_of(exception("throttlingException", message="no")), status=429, headers=STREAM_HEAD.headers),
]  # fmt: skip


def chunk(value: Any) -> EventStreamMessage:
    return event("chunk", bytes=base64.b64encode(msgspec.json.encode(value)).decode())


def openai(message: dict[str, Any], reason: str | None = None, key: str = "delta", **fields: Any) -> dict[str, Any]:  # fmt: skip
    return {"id": "x", "model": "m", "choices": [{"index": 0, key: message, "finish_reason": reason}], **fields}  # fmt: skip


def chunks(*values: Any) -> tuple[EventStreamMessage, ...]:
    return tuple(map(chunk, values))


def invoke(title: str, frames: Any, expected: Any, **fields: Any) -> Row:
    return row(title, frames, expected, provider="bedrock_invoke", **fields)


THOUGHT = Answer(text="Hello!", reasoning="The user greets me.", parts=("Reasoning", "Text"))
INVOKE = [
    invoke("gpt-oss puts its reasoning in tags", chunks(openai({"role": "assistant"}), openai({"content": "<reasoning>The user</reasoning>"}),
        openai({"content": "<reasoning> greets me.</reasoning>"}), openai({"content": "Hello!"}), openai({}, "stop")), THOUGHT,
        cut_every=7),
    invoke("the same, tags in pieces", chunks(openai({"content": "<reaso"}), openai({"content": "ning>The user greets me.</rea"}), openai({"content": "soning>"}),
        openai({"content": "Hello!"}), openai({}, "stop")), THOUGHT, cut_every=7),
    invoke("the same in a body", None, THOUGHT, body=openai({"content": "<reasoning>The user greets me.</reasoning>Hello!"}, "stop", "message")),
    invoke("Mistral's chunks have messages", chunks({"choices": [{"index": 0, "message": {"role": "assistant", "content": "H"}, "stop_reason": None}]},
        {"choices": [{"index": 0, "message": {"content": "i"}, "stop_reason": "stop"}]}), Answer(text="Hi")),
    invoke("Claude's message_start twice, no indexes", chunks({"type": "message_start", "message": {"id": "m"}}, {"type": "message_start", "message": {"id": "m"}},
        {"type": "content_block_start", "content_block": {"type": "text"}}, {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}), Answer(text="Hi")),
    invoke("DeepSeek-R1 begins inside its reasoning", chunks({"choices": [{"text": "h", "stop_reason": None}]}, {"choices": [{"text": "m</thi", "stop_reason": None}]},
        {"choices": [{"text": "nk>\n\nHi", "stop_reason": None}]}, {"choices": [{"text": "", "stop_reason": "stop"}]}), Answer(text="Hi", reasoning="hm"),
        body={"choices": [{"text": "hm</think>\n\nHi", "stop_reason": "stop"}]}, cut_every=5),
    invoke("DeepSeek-R1 ends inside its reasoning", chunks({"choices": [{"text": "hm", "stop_reason": "length"}]}), Answer(reasoning="hm", finish="length"),
        body={"choices": [{"text": "hm", "stop_reason": "length"}]}),
    *[invoke(f"a guardrail's text in place of {name}", chunks(*frames), Answer(text="No.", finish="content_filter"), body=body, cut_every=9)
      for name, frames, body in (
        ("Llama's", ({"generation": "No.", "stop_reason": "stop", **GUARDED},), {"generation": "No.", "stop_reason": "stop", **GUARDED}),
        ("gpt-oss's", (openai({"content": "No."}), {**openai({}, "stop"), **GUARDED}), {**openai({"content": "No."}, "stop", "message"), **GUARDED}))],
    invoke("Nova's metadata before its end", chunks({"messageStart": {}}, {"contentBlockDelta": {"delta": {"text": "Hi"}}}, {"metadata": {"usage": USAGE}},
        {"messageStop": {"stopReason": "end_turn"}}), HI),
    invoke("Llama goes on after its reason", chunks({"generation": "H", "stop_reason": "stop"}, {"generation": "i", "stop_reason": None}), Fault(
        kind=StreamInterrupted, retryable=True, partial=Answer(text="Hi", finish="stop")), open_ends=cut_after(body_of(chunk({"generation": "H", "stop_reason": "stop"})), chunk({"generation": "i", "stop_reason": None}))),
    invoke("an error chunk before the answer", chunks({"error": {"message": "boom", "type": "server"}}), Fault(kind=ServerError, message="boom", code="server", retryable=True)),
    invoke("an error chunk of Llama", chunks({"generation": "Hi", "stop_reason": None}, {"__type": "ThrottlingException", "message": "no"}), Fault(
        kind=RateLimited, message="no", code="ThrottlingException", retryable=True, partial=SO_FAR)),
    invoke("an exception chunk of Nova", chunks({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}}, {"internalServerException": {"message": "boom"}}), Fault(
        kind=ServerError, message="boom", code="InternalServerException", retryable=True, partial=SO_FAR)),
    invoke("an error chunk of gpt-oss", chunks(openai({"content": "Hi"}), {"error": {"message": "boom", "code": "server_error"}}), Fault(
        kind=ServerError, message="boom", code="server_error", retryable=True, partial=SO_FAR)),
    invoke("an error chunk of Claude", chunks({"type": "message_start", "message": {}}, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}), Fault(
        kind=Overloaded, message="busy", code="overloaded_error", retryable=True)),
    invoke("an exception after the end", (*chunks({"generation": "Hi", "stop_reason": "stop"}), exception("throttlingException", message="no")), Fault(
        kind=RateLimited, message="no", code="ThrottlingException", retryable=True, partial=Answer(text="Hi")),
        open_ends=cut_after(body_of(chunk({"generation": "Hi", "stop_reason": "stop"})), exception("throttlingException", message="no"))),
    *[invoke(f"counts of Llama without a reason ({reason!r})", None, Answer(text="Hi", finish="unknown", tokens=(9, 3)),
             body={"generation": "Hi", "prompt_token_count": 9, "generation_token_count": 3, "stop_reason": reason}) for reason in (None, "")],
    invoke("Claude's error in place of the answer", chunks({"type": "error", "error": {"type": "rate_limit_error", "message": "slow", "details": None}, "request_id": "r"}), Fault(
        kind=RateLimited, message="slow", code="rate_limit_error", retryable=True)),
    invoke("a code under 200", None, Fault(kind=RateLimited, message="no", code="ThrottlingException", retryable=True), body={"__type": "x#ThrottlingException", "message": "no"}),
]  # fmt: skip


@pytest.mark.parametrize("row", [*CONVERSE, *INVOKE], ids=str)
def test_shape_has_its_right_value(row: Row) -> None:
    check(row)
