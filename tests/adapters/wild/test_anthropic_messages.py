"""Claude's answers as gateways send them beside the documented form."""

from typing import Any

import pytest

from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidRequest,
    Overloaded,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    StreamInterrupted,
)
from tests.support.framed import dense
from tests.support.wild_answers import Answer, Fault, Row, check, sse

Event = dict[str, Any]


def start(id: str = "m", **fields: Any) -> Event:
    message = {"id": id, "type": "message", "role": "assistant", "model": "k", "content": [], **fields}  # fmt: skip
    return {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}, **message}}  # fmt: skip


def begun(index: Any, type: str = "text", **fields: Any) -> Event:
    return placed({"type": "content_block_start", "content_block": {"type": type, **fields}}, index)


def delta(index: Any, type: str, **fields: Any) -> Event:
    return placed({"type": "content_block_delta", "delta": {"type": type, **fields}}, index)


def text(index: Any, value: str) -> Event:
    return delta(index, "text_delta", text=value)


def thought(index: Any, value: str) -> Event:
    return delta(index, "thinking_delta", thinking=value)


def arguments(index: Any, value: Any) -> Event:
    return delta(index, "input_json_delta", partial_json=value)


def signature(index: Any, value: str) -> Event:
    return delta(index, "signature_delta", signature=value)


def stopped(index: Any) -> Event:
    return placed({"type": "content_block_stop"}, index)


def placed(event: Event, index: Any) -> Event:
    return event if index is ABSENT else {**event, "index": index}


ABSENT = object()


def end(reason: str | None = "end_turn", **usage: Any) -> Event:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 3, **usage}}  # fmt: skip


STOP: Event = {"type": "message_stop"}
CALL: Event = {"id": "c", "name": "f", "input": {}}
ARGS = '{"a":1}'


def stream(*events: Any, done: bool = False) -> bytes:
    return sse(*events, done=done, named=True)


def message(**fields: Any) -> Event:
    usage = {"input_tokens": 9, "output_tokens": 3}
    return {"id": "m", "type": "message", "role": "assistant", "model": "k", "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn", "usage": usage, **fields}  # fmt: skip


HI = Answer(text="Hi", parts=("Text",), tokens=(9, 3), raw_finish="end_turn")
BOTH = Answer(text="Look", reasoning="hm", calls=(("c", "f", ARGS),), parts=("Reasoning", "Text", "ToolCall"), finish="tool_calls")  # fmt: skip


def three(*index: Any, stops: bool = True) -> bytes:
    """Reasoning, text and a call, in 10 events of blocks with these indexes."""
    events = [
        begun(index[0], "thinking", thinking=""), thought(index[1], "hm"), stopped(index[2]),
        begun(index[3], text=""), text(index[4], "Lo"), text(index[5], "ok"), stopped(index[6]),
        begun(index[7], "tool_use", **CALL), arguments(index[8], '{"a":'), arguments(index[9], "1}"), stopped(index[10]),
    ]  # fmt: skip
    kept = [event for event in events if stops or event["type"] != "content_block_stop"]
    return stream(start(), *kept, end("tool_use"), STOP)


def ends(data: bytes, name: str = "error", since: bytes = b"") -> tuple[int, ...]:
    """The lengths at which a cut cannot be told from an end after these bytes: up to the data of the next event, of this name.

    `since`: the bytes up to the stop reason, if the stream could end there already.
    """
    return tuple(range(len(since or data) - 2, len(data) + len(f"event: {name}\ndata: ") + 1))


OPENED = (start(), begun(0, text=""), text(0, "Hi"))
WHOLE = (*OPENED, stopped(0), end(), STOP)
STOPPED = stream(*OPENED, stopped(0), end())
"""A stream up to its stop reason."""
ERROR: Event = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "request_id": "r"}  # fmt: skip
BUSY = Fault(kind=Overloaded, message="busy", code="overloaded_error", retryable=True)
BROKEN = Fault(kind=Overloaded, message="busy", code="overloaded_error", retryable=True, partial=Answer(text="Hi", finish="unknown"))  # fmt: skip
AFTER = Fault(kind=Overloaded, message="busy", code="overloaded_error", retryable=True, partial=HI)
PING: Event = {"type": "ping"}
NINE = Answer(text="Hi", tokens=(9, 3))
ITERATIONS = [
    {"type": "compaction", "input_tokens": 180, "output_tokens": 7},
    {"type": "message", "input_tokens": 23, "output_tokens": 3},
]


def row(title: str, data: bytes | None, expected: Answer | Fault, **fields: Any) -> Row:
    return Row(title=title, provider=fields.pop("provider", "anthropic"), data=data, expected=expected, **fields)  # fmt: skip


ROWS = [
    row("content null", stream(start(content=None), end(), STOP), Answer(tokens=(9, 3)), body=message(content=None)),
    row("content is a text", stream(start(content="Hi"), end(), STOP), HI, body=message(content="Hi")),
    # identity
    row("no indexes", three(*[ABSENT] * 11), BOTH),
    row("indexes null", three(*[None] * 11), BOTH),
    row("no indexes and no stops", three(*[ABSENT] * 11, stops=False), BOTH),
    row("no stops", three(0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, stops=False), BOTH),
    row("indexes all 0", three(*[0] * 11), BOTH),
    row("indexes that count the events", three(*range(11)), BOTH),
    row("indexes that count the events, no stops", three(*range(11), stops=False), BOTH),
    row("indexes as text", three(*"00011112222"), BOTH),
    row("indexes from 5", three(5, 5, 5, 6, 6, 6, 6, 9, 9, 9, 9), BOTH),
    row("no starts", stream(start(), thought(0, "hm"), stopped(0), text(1, "Hi"), stopped(1), end(), STOP), Answer(
        text="Hi", reasoning="hm", parts=("Reasoning", "Text"), tokens=(9, 3))),
    row("no starts and no stops", stream(start(), thought(0, "hm"), signature(0, "s"), text(1, "H"), text(1, "i"), end(), STOP), Answer(
        text="Hi", reasoning="hm", parts=("Reasoning", "Text"))),
    row("no starts, no stops and no indexes", stream(start(), thought(ABSENT, "hm"), text(ABSENT, "H"), text(ABSENT, "i"), end(), STOP), Answer(
        text="Hi", reasoning="hm", parts=("Reasoning", "Text"))),
    row("a call without its start has no name", stream(start(), arguments(0, "{}"), stopped(0), end("tool_use"), STOP), Fault(kind=ProtocolError)),
    row("a delta after its block's end", stream(start(), begun(0, text=""), text(0, "H"), stopped(0), text(0, "i"), end(), STOP), HI),
    row("an end of a block that has not begun", stream(*OPENED, stopped(7), stopped(0), end(), STOP), HI),
    row("a block that begins at an open index", stream(*OPENED, begun(0, text="")), Fault(kind=ProtocolError, partial=BROKEN.partial)),
    # order
    row("message_start twice", stream(start(), *OPENED, start(), stopped(0), end(), STOP), HI),
    row("another message_start", stream(*OPENED, start("m2")), Fault(kind=ProtocolError, partial=BROKEN.partial)),
    row("a signature in a text", stream(*OPENED, signature(0, "s"), stopped(0), end(), STOP), Answer(
        text="Hi", parts=("Text",), extra={"signature_delta": [{"type": "signature_delta", "signature": "s"}]})),
    row("thinking and input in a text", stream(*OPENED, thought(0, "x"), arguments(0, "y"), stopped(0), end(), STOP), Answer(
        text="Hi", reasoning="x", parts=("Text", "Reasoning"), extra={"input_json_delta": [arguments(0, "y")["delta"]]})),
    row("thinking, a signature and text in an empty text (LiteLLM)", stream(start(), start(), begun(0, text=""), thought(0, "h"), thought(0, "m"), signature(0, "s"), text(0, "Hi"), stopped(0), end(), STOP), Answer(
        text="Hi", reasoning="hm", parts=("Reasoning", "Text"))),
    row("text in a call (SGLang)", stream(start(), begun(0, "tool_use", **CALL), arguments(0, '{"a"'), text(0, "x"), text(0, "y"), arguments(0, ":1}"), stopped(0), end("tool_use"), STOP), Answer(
        text="xy", calls=BOTH.calls, parts=("ToolCall", "Text"), finish="tool_calls")),
    row("text in a call with its input", stream(start(), begun(0, "tool_use", id="c", name="f", input={"a": 1}), text(0, "x"), stopped(0), begun(0, text=""), text(0, "y"), end("tool_use"), STOP), Answer(
        text="xy", calls=BOTH.calls, finish="tool_calls")),
    row("text in the result of a server tool", stream(start(), begun(0, "web_search_tool_result", tool_use_id="s", content=[]), text(0, "x"), stopped(0), text(1, "Hi"), end(), STOP), Answer(
        text="Hi", parts=("Opaque", "Text"), extra={"text_delta": [text(0, "x")["delta"]]})),
    *[row(f"a delta of the type {kind}", stream(start(), begun(0, kind, **{kind: ""}), delta(0, kind, **{kind: "Hi"}), stopped(0), end(), STOP), answer)
      for kind, answer in (("text", HI), ("thinking", Answer(reasoning="Hi")))],
    row("a delta without its type", stream(start(), begun(0, text=""), placed({"type": "content_block_delta", "delta": {"text": "Hi"}}, 0), end(), STOP), HI),
    row("a block without its type", stream(start(), placed({"type": "content_block_start", "content_block": {"text": "Hi"}}, 0), end(), STOP), HI),
    row("delta and content_block null", stream(start(), {"type": "content_block_start", "index": 0, "content_block": None},
        {"type": "content_block_delta", "index": 0, "delta": None}, text(0, "Hi"), {"type": "message_delta", "delta": None, "usage": None}, end(), STOP), HI),
    row("message null", stream({"type": "message_start", "message": None}, text(0, "Hi"), end(), STOP), Answer(text="Hi", tokens=(None, 3))),
    # input, signatures, citations
    row("the input only in the start", stream(start(), begun(0, "tool_use", id="c", name="f", input={"a": 1}), stopped(0), end("tool_use"), STOP), Answer(calls=BOTH.calls, finish="tool_calls")),
    row("the input as text in the start", stream(start(), begun(0, "tool_use", id="c", name="f", input=ARGS), end("tool_use"), STOP), Answer(calls=BOTH.calls, finish="tool_calls")),
    row("partial_json null", stream(start(), begun(0, "tool_use", id="c", name="f", input=None), arguments(0, None), arguments(0, ARGS), end("tool_use"), STOP), Answer(calls=BOTH.calls, finish="tool_calls")),
    row("partial_json is the object", stream(start(), begun(0, "tool_use", **CALL), arguments(0, {"a": 1}), end("tool_use"), STOP), Answer(calls=BOTH.calls, finish="tool_calls")),
    row("no input at all", stream(start(), begun(0, "tool_use", **CALL), stopped(0), end("tool_use"), STOP), Answer(calls=(("c", "f", "{}"),), finish="tool_calls")),
    row("citations in several deltas, one null", stream(*OPENED, delta(0, "citations_delta", citation={"a": 1}), delta(0, "citations_delta", citation=None),
        delta(0, "citations_delta", citation={"b": 2}), stopped(0), end(), STOP), Answer(text="Hi", extra={"citations": [{"a": 1}, {"b": 2}]})),
    row("server tools and unknown blocks", stream(start(), begun(0, "server_tool_use", id="s", name="web", input={}), arguments(0, ARGS), stopped(0),
        begun(1, "web_search_tool_result", tool_use_id="s", content=[]), stopped(1), begun(2, "new_block", x=1), delta(2, "new_delta", y=2), stopped(2), text(3, "Hi"), end(), STOP),
        Answer(text="Hi", parts=("Opaque", "Opaque", "Opaque", "Text"), extra={"new_delta": [{"type": "new_delta", "y": 2}]})),
    # usage
    row("usage only in the start", stream(start(usage={"input_tokens": 9, "output_tokens": 3}), text(0, "Hi"), {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, STOP), HI),
    row("a compaction, which the totals are without", stream(start(), text(0, "Hi"), end(input_tokens=23, iterations=ITERATIONS), STOP), Answer(text="Hi", tokens=(203, 10)),
        body=message(usage={"input_tokens": 23, "output_tokens": 3, "iterations": ITERATIONS})),
    row("a compaction in the totals of a gateway", None, Answer(text="Hi", tokens=(203, 10)), body=message(usage={"input_tokens": 203, "output_tokens": 10, "iterations": ITERATIONS})),
    row("a compaction alone", None, Answer(text="Hi", tokens=(180, 7)), body=message(usage={"input_tokens": 0, "output_tokens": 0, "iterations": ITERATIONS[:1]})),
    row("iterations of an advisor, or of another form", None, NINE, body=message(usage={"input_tokens": 9, "output_tokens": 3, "iterations": [
        None, "x", {"type": "message", "input_tokens": 9, "output_tokens": 3}, {"type": "advisor_message", "model": "b", "input_tokens": 50, "output_tokens": 5}]})),
    row("usage late", stream(start(usage=None), text(0, "Hi"), end(input_tokens=9), STOP), HI),
    row("usage as text and null", stream(start(usage={"input_tokens": "9", "output_tokens": None}), text(0, "Hi"), end(input_tokens=None), STOP), HI),
    row("message_delta twice", stream(*OPENED, stopped(0), end(output_tokens=1), end(), STOP), HI),
    row("usage in a message_delta of its own", stream(*OPENED, stopped(0), {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 3}}, STOP), HI),
    # ends
    row("stop_reason null, then message_stop", stream(*OPENED, stopped(0), end(None), STOP), Answer(text="Hi", finish="unknown")),
    row("no message_delta", stream(*OPENED, stopped(0), STOP), Answer(text="Hi", finish="unknown")),
    row("[DONE] after message_stop", stream(*WHOLE, done=True), HI),
    row("[DONE] in place of message_stop", stream(*OPENED, stopped(0), end(), done=True), HI),
    row("[DONE] without a stop reason", stream(*OPENED, done=True), Fault(kind=StreamInterrupted, retryable=True, partial=BROKEN.partial)),
    row("no message_stop", stream(*OPENED, stopped(0), end()), HI),
    row("no message_stop and no stop reason", stream(*OPENED, stopped(0), end(None)), Fault(kind=StreamInterrupted, retryable=True, partial=Answer(text="Hi", finish="unknown"))),
    row("content after the stop reason, and no message_stop", stream(*OPENED, stopped(0), end(), text(0, "!")), Fault(
        kind=StreamInterrupted, retryable=True, partial=Answer(text="Hi!")), open_ends=ends(STOPPED, "content_block_delta")),
    row("content after the stop reason", stream(start(), text(0, "H"), end(), text(0, "i"), end(), STOP), HI, open_ends=ends(stream(start(), text(0, "H"), end()), "content_block_delta")),
    row("the complete message as an event", stream(message()), HI),
    row("the complete message as an event, without its reason", stream(message(stop_reason=None)), Answer(text="Hi", finish="unknown")),
    row("the complete message after message_start", stream(start(), message()), HI),
    # heartbeats
    row("heartbeats of every form", stream(start(), PING, b"event: ping\ndata: 2026-11-29\n\n", b"data: {}\n\n", text(0, "H"), b": ka\n\n", b"data: null\n\n",
        {"type": "keepalive"}, b"data:\n\n", text(0, "i"), {**PING, "cost": "0"}, end(), PING, STOP, PING), HI),
    # errors everywhere
    row("an error in place of the answer", stream(ERROR), BUSY),
    row("an error before the first delta", stream(start(), ERROR), Fault(kind=Overloaded, message="busy", code="overloaded_error", retryable=True, partial=Answer(finish="unknown"))),
    row("an error in mid-stream", stream(*OPENED, ERROR), BROKEN),
    row("an error after the stop reason", stream(*OPENED, stopped(0), end(), ERROR, STOP), AFTER, open_ends=ends(STOPPED)),
    row("an error after the end", stream(*WHOLE, ERROR), AFTER, open_ends=ends(stream(*WHOLE), since=STOPPED)),
    row("an error after the end and [DONE]", stream(*WHOLE, b"data: [DONE]\n\n", ERROR), AFTER, open_ends=ends(stream(*WHOLE, done=True), since=STOPPED)),
    row("an error without its type", stream(*OPENED, b'data: {"error":{"type":"overloaded_error","message":"busy"}}\n\n'), BROKEN),
    row("a bare error in mid-stream", stream(*OPENED) + dense(ERROR).encode() + b"\n\n", BROKEN),
    row("an error beside a delta", stream(*OPENED, {**text(0, "!"), "error": ERROR["error"]}), Fault(
        kind=Overloaded, message="busy", code="overloaded_error", retryable=True, partial=Answer(text="Hi!", finish="unknown"))),
    row("an error beside the answer", stream(message(error=ERROR["error"])), AFTER, body=message(error=ERROR["error"])),
    row("error null beside the answer", stream({**start(), "error": None}, {**text(0, "Hi"), "error": None}, end(), STOP), HI, body=message(error=None)),
    row("DashScope's flat error in mid-stream", stream(*OPENED, b'event:error\ndata:{"code":"Arrearage","message":"Access denied.","request_id":"r"}\n\n'), Fault(
        kind=QuotaExceeded, message="Access denied.", code="Arrearage", partial=BROKEN.partial)),
    row("Google's list in mid-stream", stream(*OPENED, b'data: [{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]\n\n'), Fault(
        kind=RateLimited, message="slow", code="RESOURCE_EXHAUSTED", retryable=True, partial=BROKEN.partial), provider="vertex_anthropic"),
    row("an invalid request under 200", stream({"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}), Fault(
        kind=InvalidRequest, message="no", code="invalid_request_error"), body={"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}),
    row("an error framed as an event under 4xx", None, Fault(kind=AuthenticationFailed, message="no", code="authentication_error"),
        body=stream({"type": "error", "error": {"type": "authentication_error", "message": "no"}}), status=401),
    # the text of a block's beginning comes again
    *[row(f"the beginning has {begin!r}, the deltas {deltas!r}", stream(start(), begun(0, text=begin), *[text(0, piece) for piece in deltas], stopped(0), end(), STOP), Answer(text=whole))
      for begin, deltas, whole in (
        ("Hello", ("Hello",), "Hello"), ("Hello", ("Hel", "lo"), "Hello"), ("Hel", ("Hello",), "Hello"), ("Hel", ("He", "llo", "!"), "Hello!"),
        ("Hel", ("lo",), "Hello"), ("Hello", (), "Hello"), ("Hello", ("", " Hello"), "Hello Hello"), ("Hello", ("He", "y"), "HelloHey"), ("Hello", ("He",), "HelloHe"))],
    row("thinking of the beginning comes again", stream(start(), begun(0, "thinking", thinking="hm", signature=""), thought(0, "h"), thought(0, "m"), signature(0, "S"), stopped(0),
        begun(1, text=""), text(1, "Hi"), stopped(1), end(), STOP), Answer(text="Hi", reasoning="hm")),
    row("a beginning without anything", stream(start(), placed({"type": "content_block_start", "content_block": {}}, 0), text(0, "Hi"), stopped(0), end(), STOP), HI),
    row("DashScope's error framed as an event under 4xx", None, Fault(kind=QuotaExceeded, message="credit balance is too low", code="X"),
        body=b'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"X","message":"credit balance is too low","request_id":"r"}\n\n', status=400),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_shape_has_its_right_value(row: Row) -> None:
    check(row)
