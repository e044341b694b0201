"""Responses of the Responses API as gateways and local servers send them: identity, finals that say more, ends, errors."""

import json
from typing import Any

import pytest

from llm_pure import Reasoning, ResponseHead
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import (
    ContentFiltered,
    LLMError,
    ProtocolError,
    RateLimited,
    ServerError,
    TimedOut,
)
from tests.support.wild_answers import Answer, Fault, Row, check, sse

P = "openai_responses"
JsonObject = dict[str, Any]
R0: JsonObject = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": "m", "output": [],
}  # fmt: skip
USAGE = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}


def stream(*events: Any) -> bytes:
    return sse({"type": "response.created", "response": R0}, *events, done=False, named=True)


def whole(*output: JsonObject, status: str = "completed", **more: Any) -> JsonObject:
    return {**R0, "status": status, "output": list(output), "usage": USAGE, **more}


def end(*output: JsonObject, kind: str = "completed", **more: Any) -> JsonObject:
    return {"type": f"response.{kind}", "response": whole(*output, status=kind, **more)}


def msg(text: str, item_id: str = "msg_1", **more: Any) -> JsonObject:
    part = {"type": "output_text", "text": text, "annotations": [], **more}
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def call(args: Any, name: str = "f", call_id: str = "call_1", item_id: str = "fc_1") -> JsonObject:
    return {
        "id": item_id, "type": "function_call", "call_id": call_id, "name": name, "arguments": args, "status": "completed",
    }  # fmt: skip


def think(text: str) -> JsonObject:
    content = [{"type": "reasoning_text", "text": text}]
    return {"id": "rs_1", "type": "reasoning", "summary": [], "content": content}


def summary(*texts: str) -> JsonObject:
    return {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text} for text in texts],
    }


def ev(kind: str, **fields: Any) -> JsonObject:
    return {"type": f"response.{kind}", **fields}


def added(item: JsonObject, **more: Any) -> JsonObject:
    return ev("output_item.added", item=item, **more)


def done(item: JsonObject, **more: Any) -> JsonObject:
    return ev("output_item.done", item=item, **more)


EMPTY = {**msg(""), "status": "in_progress", "content": []}
NO_THOUGHT = {"id": "rs_1", "type": "reasoning", "summary": [], "content": []}
TOKENS = (9, 4)
FIRST, SECOND = ("call_1", "f", '{"a":1}'), ("call_2", "g", '{"b":2}')
CALL_1, CALL_2 = call('{"a":1}'), call('{"b":2}', "g", "call_2", "fc_2")


def args(text: str, item_id: str | None = "fc_1", kind: str = "delta", **more: Any) -> JsonObject:
    where = {} if item_id is None else {"item_id": item_id}
    return ev(
        f"function_call_arguments.{kind}",
        **where,
        **{"delta" if kind == "delta" else "arguments": text},
        **more,
    )


def text(words: str, item_id: str | None = "msg_1", **more: Any) -> JsonObject:
    where = {} if item_id is None else {"item_id": item_id}
    return ev("output_text.delta", **where, delta=words, **more)


def streamed(title: str, *events: Any, replaces: bool = False, **expected: Any) -> Row:
    data = stream(*events)
    return Row(title=title, provider=P, data=data, expected=Answer(**expected), replaces=replaces)


BEGIN = added(call(""), output_index=0)
ARGS = args('{"id":1}', kind="done", output_index=0)
HELLO = (added(EMPTY, output_index=0), text("Hello", output_index=0, content_index=0))

IDENTITY = [
    streamed(
        "two calls, no output_index (llama.cpp)",
        added(call("")), args('{"a":1}'), done(CALL_1),
        added(call("", "g", "call_2", "fc_2")), args('{"b":2}', "fc_2"), done(CALL_2), end(CALL_1, CALL_2),
        calls=(FIRST, SECOND), finish="tool_calls", tokens=TOKENS,
    ),
    streamed(
        "reasoning, message and call, no output_index (llama.cpp)",
        added(NO_THOUGHT), ev("reasoning_text.delta", item_id="rs_1", delta="hm"), done(think("hm")),
        added(EMPTY), text("Look"), done(msg("Look")), added(call("")), args('{"a":1}'), done(CALL_1),
        end(think("hm"), msg("Look"), CALL_1),
        text="Look", reasoning="hm", calls=(FIRST,), finish="tool_calls", parts=("Reasoning", "Text", "ToolCall"),
    ),
    streamed(
        "calls interleaved, told apart by id alone",
        added(call("")), added(call("", "g", "call_2", "fc_2")), args('{"b"', "fc_2"), args('{"a":'), args(":2}", "fc_2"),
        args("1}"), done(CALL_2), done(CALL_1), end(CALL_1, CALL_2),
        calls=(FIRST, SECOND), finish="tool_calls",
    ),
    streamed(
        "output_index 0 everywhere",
        added(EMPTY, output_index=0), text("Look", output_index=0), done(msg("Look"), output_index=0),
        added(call(""), output_index=0), args('{"a":1}', output_index=0), done(CALL_1, output_index=0),
        added(call("", "g", "call_2", "fc_2"), output_index=0), args('{"b":2}', "fc_2", output_index=0),
        done(CALL_2, output_index=0), end(msg("Look"), CALL_1, CALL_2),
        text="Look", calls=(FIRST, SECOND), finish="tool_calls", parts=("Text", "ToolCall", "ToolCall"),
    ),
    streamed(
        "neither ids nor indexes: the item that began last",
        added({**NO_THOUGHT, "id": None}), ev("reasoning_text.delta", delta="hm"), done({**think("hm"), "id": None}),
        added({**EMPTY, "id": None}), text("Lo", None), text("ok", None), done({**msg("Look"), "id": None}),
        added({**call(""), "id": None}), args('{"a":1}', None), done({**CALL_1, "id": None}),
        end(*[{**item, "id": None} for item in (think("hm"), msg("Look"), CALL_1)]),
        text="Look", reasoning="hm", calls=(FIRST,), finish="tool_calls", parts=("Reasoning", "Text", "ToolCall"),
    ),
    streamed(
        "another id of the item in every event (GitHub Copilot)",
        added({**EMPTY, "id": "a"}, output_index=0), text("Hel", "b", output_index=0), text("lo", "c", output_index=0),
        done(msg("Hello", "d"), output_index=0), added({**call(""), "id": "e"}, output_index=1),
        args('{"a":', "f", output_index=1), args("1}", "g", output_index=1), done({**CALL_1, "id": "h"}, output_index=1),
        end(msg("Hello", "i"), {**CALL_1, "id": "j"}),
        text="Hello", calls=(FIRST,), finish="tool_calls", parts=("Text", "ToolCall"),
    ),
    streamed(
        "parts of a message without content_index",
        added(EMPTY), ev("content_part.added", item_id="msg_1", part={"type": "output_text", "text": ""}), text("One."),
        ev("content_part.done", item_id="msg_1", part={"type": "output_text", "text": "One."}),
        ev("content_part.added", item_id="msg_1", part={"type": "output_text", "text": ""}), text("Two."), end(),
        text="One.Two.", parts=("Text", "Text"),
    ),
    streamed(
        "a refusal after text, without content_index",
        added(EMPTY), text("Sorry. "), ev("refusal.delta", item_id="msg_1", delta="No."), end(),
        text="Sorry. ", refusal="No.", finish="refusal", parts=("Text", "Refusal"),
    ),
    streamed(
        "thoughts and text under one id",
        ev("reasoning_text.delta", item_id="x", delta="hm"), text("Hi", "x"), ev("reasoning_text.delta", item_id="x", delta="m"),
        text("!", "x"), end(), text="Hi!", reasoning="hmm",
    ),
]  # fmt: skip

FINALS = [
    streamed(
        "arguments stand only in their done event",
        BEGIN, ARGS, done(call(""), output_index=0), end(call("")),
        calls=(("call_1", "f", '{"id":1}'),), finish="tool_calls",
    ),
    streamed(
        "arguments stand only in their done event, without item.done and output",
        BEGIN, ARGS, end(), calls=(("call_1", "f", '{"id":1}'),), finish="tool_calls",
    ),
    streamed(
        "the arguments' done event has the name", ev("function_call_arguments.done", item_id="fc_1", arguments='{"a":1}', name="f"),
        done({**CALL_1, "name": None}), end(), calls=(FIRST,), finish="tool_calls",
    ),
    streamed(
        "a final item says {} of arguments that were streamed", BEGIN, args('{"a":1}', output_index=0), done(call("{}"), output_index=0),
        end(call("{}")), calls=(FIRST,), finish="tool_calls",
    ),
    streamed(
        "arguments as an object in the final item", BEGIN, args('{"a": 1}', output_index=0), done(call({"a": 1}), output_index=0),
        end(call({"a": 1})), calls=(("call_1", "f", '{"a": 1}'),), finish="tool_calls",
    ),
    streamed(
        "the final item has other arguments", BEGIN, args('{"a":2', output_index=0), done(CALL_1, output_index=0), end(CALL_1),
        calls=(FIRST,), finish="tool_calls",
    ),
    streamed(
        "the final item has more arguments", BEGIN, args('{"a"', output_index=0), done(CALL_1, output_index=0), end(CALL_1),
        calls=(FIRST,), finish="tool_calls",
    ),
    streamed(
        "the input of a custom tool stands only in its done event",
        added({"type": "custom_tool_call", "id": "ct", "call_id": "c", "name": "sql", "input": ""}),
        ev("custom_tool_call_input.done", item_id="ct", input="SELECT"), end(),
        calls=(("c", "sql", "SELECT"),), finish="tool_calls",
    ),
    streamed("the final item has more text", *HELLO, done(msg("Hello world"), output_index=0), end(msg("Hello world")), text="Hello world"),
    streamed("only the last event has more text", *HELLO, end(msg("Hello world")), text="Hello world"),
    streamed(
        "the last event has more text than item.done", *HELLO, done(msg("Hello"), output_index=0), end(msg("Hello world")),
        text="Hello world",
    ),
    streamed("the final item has another text", *HELLO, done(msg("Good bye"), output_index=0), end(msg("Good bye")), text="Good bye", replaces=True),
    streamed(
        "text.done has another text, the items nothing", *HELLO,
        ev("output_text.done", item_id="msg_1", output_index=0, content_index=0, text="Good bye"), end(), text="Good bye", replaces=True,
    ),
    streamed(
        "text.done has more text", *HELLO, ev("output_text.done", item_id="msg_1", output_index=0, content_index=0, text="Hello you"),
        done(msg("Hello you"), output_index=0), end(msg("Hello you")), text="Hello you",
    ),
    streamed("text.done alone", ev("output_text.done", item_id="msg_1", output_index=0, content_index=0, text="Hi"), end(), text="Hi"),
    streamed(
        "content_part.done alone",
        ev("content_part.done", item_id="msg_1", output_index=0, content_index=0,
           part={"type": "output_text", "text": "Hi", "annotations": [{"type": "file_path", "index": 1}]}), end(),
        text="Hi", extra={"annotations": [{"type": "file_path", "index": 1}]},
    ),
    streamed("refusal.done alone", ev("refusal.done", item_id="msg_1", refusal="No."), end(), refusal="No.", finish="refusal"),
    streamed("reasoning_text.done alone", ev("reasoning_text.done", item_id="rs_1", text="hm"), end(), reasoning="hm"),
    streamed(
        "summaries stand only in their done events",
        ev("reasoning_summary_text.done", item_id="rs_1", summary_index=0, text="One"),
        ev("reasoning_summary_part.done", item_id="rs_1", summary_index=1, part={"type": "summary_text", "text": "Two"}),
        done(summary("One", "Two")), end(summary("One", "Two")), reasoning="One\n\nTwo",
    ),
    streamed(
        "a summary is completed after the next one began",
        ev("reasoning_summary_text.delta", item_id="rs_1", summary_index=0, delta="On"),
        ev("reasoning_summary_text.delta", item_id="rs_1", summary_index=1, delta="Two"),
        ev("reasoning_summary_text.done", item_id="rs_1", summary_index=0, text="One"), end(), reasoning="One\n\nTwo",
    ),
    streamed(
        "the events of parts of vLLM", ev("reasoning_part.added", item_id="rs_1", content_index=-1, part={"type": "reasoning_text", "text": ""}),
        ev("reasoning_text.delta", item_id="rs_1", delta="hm"), ev("reasoning_part.done", item_id="rs_1", content_index=-1, part={"type": "reasoning_text", "text": "hm"}),
        done(think("hm")), end(think("hm")), reasoning="hm", extra={"response.reasoning_part.added": None, "response.reasoning_part.done": None},
    ),
    streamed("the final item has more thoughts", ev("reasoning_text.delta", item_id="rs_1", delta="h"), done(think("hm")), end(), reasoning="hm"),
    streamed("deltas left out, items and the last event repeat each other", done(msg("Hi")), done(CALL_1), end(msg("Hi"), CALL_1),
             text="Hi", calls=(FIRST,), finish="tool_calls"),
    streamed("only the last event", end(think("hm"), msg("Hi"), CALL_1), text="Hi", reasoning="hm", calls=(FIRST,), finish="tool_calls"),
    streamed("the last event without output", *HELLO, done(msg("Hello"), output_index=0), {"type": "response.completed", "response": {}}, text="Hello"),
    streamed("the text stands in the item that begins", added(msg("Hi")), end(), text="Hi"),
    streamed("the fields of the response in the last event", text("Hi"), {**whole(msg("Hi")), "type": "response.completed"}, text="Hi", tokens=TOKENS),
    streamed("response.done is an end too (xAI)", text("Hi"), {"type": "response.done", "response": whole(msg("Hi"))}, text="Hi", tokens=TOKENS),
    streamed("null in place of texts and items", text(None, content_index=None), ev("output_item.added", item=None),  # type: ignore[arg-type]
             ev("content_part.added", part=None), ev("output_text.annotation.added", annotation=None), ev("output_text.done", text=None),
             end(msg("Hi")), text="Hi"),
    streamed("indexes as text", added(EMPTY, output_index="0"), text("Hel", output_index="0", content_index="0"), text("lo", output_index="0"),
             done(msg("Hello"), output_index="0"), end(msg("Hello")), text="Hello", parts=("Text",)),
]  # fmt: skip

ANNOTATIONS = [{"type": "url_citation", "url": str(number)} for number in range(4)]


def cited(item_id: str, *numbers: int) -> JsonObject:
    return msg("x", item_id, annotations=[ANNOTATIONS[number] for number in numbers])


LISTS = [
    streamed(
        "citations of two messages, each added and repeated",
        text("x", "a"), ev("output_text.annotation.added", item_id="a", annotation=ANNOTATIONS[0]), done(cited("a", 0, 1)),
        text("x", "b"), ev("output_text.annotation.added", item_id="b", annotation=ANNOTATIONS[2]), done(cited("b", 2, 3)),
        end(cited("a", 0, 1), cited("b", 2, 3)), text="xx", extra={"annotations": ANNOTATIONS},
    ),
    streamed(
        "citations that come in another order than the items",
        text("x", "a", output_index=0), text("x", "b", output_index=1), done(cited("b", 2, 3), output_index=1),
        done(cited("a", 0, 1), output_index=0), end(), text="xx", extra={"annotations": ANNOTATIONS},
    ),
    streamed(
        "log probabilities of the final item have more fields",
        text("x", logprobs=[{"token": "x", "logprob": -1}]), done(msg("x", logprobs=[{"token": "x", "logprob": -1, "bytes": [1]}])),
        end(), text="x", extra={"logprobs": [{"token": "x", "logprob": -1, "bytes": [1]}]},
    ),
    Row(title="citations only added", provider=P, expected=Answer(text="x", extra={"annotations": ANNOTATIONS[:2]}), data=stream(
        text("x"), *[ev("output_text.annotation.added", item_id="msg_1", annotation=one) for one in ANNOTATIONS[:2]], end())),
]  # fmt: skip

CUT = {"status": "incomplete", "id": "resp_1", "model": "m", "usage": USAGE}


def incomplete(reason: str, finish: str) -> Row:
    body = {**CUT, "object": "response", "incomplete_details": {"reason": reason}}
    return Row(
        title=f"incomplete without output: {reason}",
        provider=P,
        body=body,
        data=stream({"type": "response.incomplete", "response": body}),
        expected=Answer(finish=finish, raw_finish=reason, tokens=TOKENS),
    )


ENDS = [
    incomplete("content_filter", "content_filter"),
    incomplete("max_output_tokens", "length"),
    incomplete("max_messages", "length"),
    incomplete("steered", "pause"),
    streamed("resumed in mid-text", text("lo", output_index=0, content_index=0), done(msg("Hello"), output_index=0), end(msg("Hello")), text="Hello", replaces=True),
    streamed("resumed, and only the last event has the items", text("lo", output_index=1), end(think("hm"), msg("Hello")), text="Hello", reasoning="hm", replaces=True),
    Row(title="[DONE] after it", provider=P, data=stream(text("Hi"), end(msg("Hi"))) + b"data: [DONE]\n\n", expected=Answer(text="Hi")),
    Row(title="the last event alone as a body", provider=P, body=end(msg("Hi")), expected=Answer(text="Hi", tokens=TOKENS)),
    Row(title="the types stand in the event lines only", provider=P, expected=Answer(text="Hi"), data=(
        b'event: response.output_text.delta\ndata: {"item_id":"m","delta":"Hi"}\n\n'
        b'event: response.completed\ndata: {"response":{"id":"r","model":"m"}}\n\n')),
    Row(title="heartbeats of every kind", provider=P, expected=Answer(text="Hi"), data=b"".join(
        beat + frame for beat, frame in zip(
            (b": ping\n\n", b"event: ping\ndata: 2023-02-20\n\n", b"data: null\n\n", b'data: {"type":"ping"}\n\n'),
            (stream(), sse(text("H"), done=False), sse(text("i"), done=False), sse(end(), done=False)), strict=True))),
]  # fmt: skip

X_SEARCH = {
    "id": "ctc_1", "type": "custom_tool_call", "call_id": "xs_1", "name": "x_keyword_search", "input": '{"query":"a"}', "status": "completed",
}  # fmt: skip
HOSTED: list[JsonObject] = [
    {"id": "h", "type": kind, "status": "completed", "name": "n", "call_id": "c", "arguments": "{}"}
    for kind in (
        "web_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "x_search_call", "view_image_call",
        "shell_call_output", "multi_agent_call",
    )
]  # fmt: skip

RESULT = {"id": "o", "type": "function_call_output", "call_id": "call_1", "output": "x"}
PATCH = {"id": "p", "type": "apply_patch_call", "call_id": "c", "operation": {"type": "create_file", "path": "a", "diff": "+a"}}  # fmt: skip
DIFFS = [f"response.apply_patch_call_operation_diff.{end}" for end in ("delta", "done")]

CALLS = [
    *[
        Row(
            title=f"{item['type']} is run by the service",
            provider=P,
            body=whole(item, msg("Hi")),
            data=stream(added(item), done(item), done(msg("Hi")), end(item, msg("Hi"))),
            expected=Answer(text="Hi", parts=("Opaque", "Text")),
        )
        for item in [X_SEARCH, *HOSTED]
    ],
    *[
        Row(
            title=f"a call whose result the response has, {len(ends)} items at the end",
            provider=P,
            body=whole(CALL_1, RESULT, msg("Hi")),
            data=stream(added(CALL_1), done(CALL_1), done(RESULT), done(msg("Hi")), end(*ends)),
            expected=Answer(text="Hi", parts=("Opaque", "Opaque", "Text")),
        )
        for ends in ((CALL_1, RESULT, msg("Hi")), ())
    ],
    Row(
        title="a call beside the result of another one", provider=P, body=whole(CALL_1, {**RESULT, "call_id": "c"}),
        expected=Answer(calls=(FIRST,), finish="tool_calls", parts=("ToolCall", "Opaque")),
    ),
    Row(
        title="a call that is shown again under another id", provider=P, body=whole(CALL_1, {**call(""), "id": "fc_9"}),
        data=stream(added(call("")), args('{"a":1}'), done(CALL_1), added({**call(""), "id": "fc_9"}), done({**call(""), "id": "fc_9"}),
                    end(CALL_1, {**call(""), "id": "fc_9"})),
        expected=Answer(calls=(FIRST,), finish="tool_calls"),
    ),
    Row(
        title="[DONE] in place of the last event, after complete items", provider=P, body={"output": [CALL_1, RESULT, msg("Hi")]},
        data=stream(done(CALL_1), done(RESULT), {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Hi"}, done(msg("Hi")), b"data: [DONE]\n\n"),
        expected=Answer(text="Hi", parts=("Opaque", "Opaque", "Text"), finish="unknown"),
    ),
    Row(
        title="a patch in pieces", provider=P, body=whole(PATCH), expected=Answer(parts=("Opaque",), extra=dict.fromkeys(DIFFS)),
        data=stream(added({**PATCH, "operation": {"type": "create_file", "path": "a", "diff": ""}}), {"type": DIFFS[0], "item_id": "p", "delta": "+a"},
                    {"type": DIFFS[1], "item_id": "p", "diff": "+a"}, done(PATCH), end(PATCH)),
    ),
    Row(
        title="a custom tool beside xAI's own tools, by the tools that the response repeats",
        provider=P,
        body=whole({**X_SEARCH, "name": "browse_page"}, {**X_SEARCH, "id": "2", "call_id": "c2", "name": "mine"}, tools=[
            {"type": "x_search"}, {"type": "custom", "name": "mine"}]),
        expected=Answer(calls=(("c2", "mine", '{"query":"a"}'),), finish="tool_calls", parts=("Opaque", "ToolCall")),
    ),
    Row(
        title="a custom tool of the caller with a name of xAI",
        provider=P,
        body=whole(X_SEARCH, tools=[{"type": "custom", "name": "x_keyword_search"}]),
        expected=Answer(calls=(("xs_1", "x_keyword_search", '{"query":"a"}'),), finish="tool_calls"),
    ),
    streamed("the input of a call that the service runs", added({**X_SEARCH, "input": ""}),
             ev("custom_tool_call_input.delta", item_id="ctc_1", delta='{"query":"a"}'), done(X_SEARCH), end(X_SEARCH), parts=("Opaque",)),
]  # fmt: skip

SLOW = {"code": "rate_limit_exceeded", "message": "slow down"}


def failing(title: str, *events: Any, kind: type[LLMError], code: str | None, **more: Any) -> Row:
    partial = Answer(text="Hi", finish="unknown")
    retryable = more.pop("retryable", True)
    return Row(
        title=title,
        provider=P,
        data=stream(text("Hi"), *events, end(msg("Hi"))),
        expected=Fault(kind=kind, code=code, retryable=retryable, partial=partial),
        **more,
    )


ERRORS = [
    failing("error event, flat", {"type": "error", **SLOW}, kind=RateLimited, code="rate_limit_exceeded"),
    failing("error event, nested", {"type": "error", "error": {**SLOW, "type": "requests"}}, kind=RateLimited, code="rate_limit_exceeded"),
    failing("response.error", {"type": "response.error", **SLOW}, kind=RateLimited, code="rate_limit_exceeded"),
    failing("a status beside the error", {"type": "error", "status_code": 429, "error": {"message": "slow down"}}, kind=RateLimited, code=None),
    failing("a stream that the gateway lost", {"type": "error", "error": {"type": "invalid_request_error", "code": "request_timeout", "message": "x"}}, kind=TimedOut, code="request_timeout"),
    failing("[DONE] in place of the last event, before the item is complete", b"data: [DONE]\n\n", {"type": "error", "error": SLOW}, kind=RateLimited, code="rate_limit_exceeded"),
    failing("response.failed", end(kind="failed", error=SLOW), kind=RateLimited, code="rate_limit_exceeded"),
    failing("an error in response.incomplete", end(kind="incomplete", error=SLOW), kind=RateLimited, code="rate_limit_exceeded"),
    failing("an error beside the response", {**end(msg("Hi")), "error": SLOW}, kind=RateLimited, code="rate_limit_exceeded"),
    failing("an error beside the response that begins", {**ev("in_progress", response=R0), "error": SLOW}, kind=RateLimited, code="rate_limit_exceeded"),
    failing("status failed in the last event", {"type": "response.completed", "response": whole(status="failed")}, kind=ServerError, code=None),
    failing("a bare error frame", {"type": "unknown", "error": {"message": "m", "code": "content_filter"}},
            kind=ContentFiltered, code="content_filter", retryable=False),
    Row(title="error beside output", provider=P, body=whole(msg("Hi"), error=SLOW),
        expected=Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True, partial=Answer(text="Hi"))),
    Row(title="failed, with output", provider=P, body=whole(msg("Hi"), status="failed", error=SLOW),
        expected=Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True, partial=Answer(text="Hi", finish="error"))),
    Row(title="incomplete with an error", provider=P, body=whole(msg("Hi"), status="incomplete", error=SLOW),
        expected=Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True, partial=Answer(text="Hi", finish="unknown"))),
    Row(title="an error alone under 200", provider=P, body={"error": SLOW}, expected=Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True)),
    Row(title="an error event as the body", provider=P, body={"type": "error", "error": SLOW}, expected=Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True)),
    Row(title="a failed response as an event in the body", provider=P, body=end(msg("Hi"), kind="failed", error=SLOW),
        expected=Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True, partial=Answer(text="Hi", finish="error"))),
    Row(title="a call without a name", provider=P, body=whole(call("{}", "")), expected=Fault(kind=ProtocolError)),
]  # fmt: skip


@pytest.mark.parametrize(
    "row", [*IDENTITY, *FINALS, *LISTS, *ENDS, *CALLS, *ERRORS], ids=lambda row: row.title
)
def test_a_shape_has_its_right_value(row: Row) -> None:
    check(row)


def test_what_stands_beside_the_response_is_kept() -> None:
    data = stream(text("Hi"), {**end(msg("Hi")), "billing": {"payer": "x"}, "sequence_number": 3})
    check(
        Row(
            title="",
            provider=P,
            data=data,
            expected=Answer(text="Hi", extra={"billing": {"payer": "x"}, "sequence_number": None}),
        )
    )


def test_an_item_that_comes_again_with_another_id_keeps_its_first_one() -> None:
    def reasoning(item_id: str, note: int) -> dict[str, Any]:
        content = [{"type": "reasoning_text", "text": "hm"}]
        return {"type": "reasoning", "id": item_id, "summary": [], "content": content, "note": note}

    response = {"id": "resp_1", "object": "response", "model": "m", "output": []}
    done = {**response, "status": "completed", "output": [reasoning("rs_2", 2)]}
    data = sse(
        {"type": "response.created", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": reasoning("rs_1", 1)},
        {"type": "response.output_item.done", "output_index": 0, "item": reasoning("rs_1", 1)},
        {"type": "response.completed", "response": done},
        done=False,
    )
    decoder = registry.get("openai_responses").unwrap().open_stream(ResponseHead(200, ()))
    assert decoder.feed(data).bind(lambda _: decoder.close()).map(len).unwrap() == 0
    [part] = decoder.partial().message.parts
    assert isinstance(part, Reasoning)
    assert part.provider_metadata is not None
    metadata = json.loads(part.provider_metadata.json)
    assert (part.text, metadata["id"], metadata["note"]) == ("hm", "rs_1", 2)


@pytest.mark.parametrize(
    "first",
    [
        ev("output_text.done", item_id="msg_1", output_index=0, content_index=0, text="Hello"),
        added(EMPTY, output_index=0),
        text("Hel", output_index=0, content_index=0),
        args('{"a":1}'),
        done(msg("Hello"), output_index=0),
    ],
)
def test_an_event_before_the_response_counts_in_whatever_pieces_it_comes(first: JsonObject) -> None:
    before = sse(first, done=False, named=True)
    data = before + stream(*HELLO, done(msg("Hello"), output_index=0), end(msg("Hello")))

    def read(*pieces: bytes) -> Any:
        return read_pieces(registry.get(P).unwrap().open_stream(ResponseHead(200, ())), pieces)

    assert read(before, data[len(before) :]) == read(data)
