"""Chat completions as gateways and local servers send them: tool calls, ends, errors, reasoning, labels."""

import base64
import json
from itertools import pairwise
from typing import Any

import pytest

from llm_pure import ChatRequest, HttpResponse, LLMConfig, Message
from llm_pure.adapters import registry
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
)
from llm_pure.types.messages import Audio, Reasoning, Text
from tests.support.wild_answers import JSON, SSE, Answer, Fault, Row, check, sse


def chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


def answer(message: Any, finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{**choice, **more}],
    }


def call(index: int | None, id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": "function", "function": {"arguments": arguments}}
    if name is not None:
        fields["function"]["name"] = name
    if id is not None:
        fields["id"] = id
    if index is not None:
        fields["index"] = index
    return {"tool_calls": [fields]}


def calls_row(
    title: str, provider: str, *deltas: Any, calls: Any, finish: str = "tool_calls"
) -> Row:
    data = sse(chunk({"role": "assistant"}), *map(chunk, deltas), chunk({}, finish))
    return Row(
        title=title,
        provider=provider,
        data=data,
        expected=Answer(calls=tuple(calls), finish="tool_calls"),
    )


CALLS = [
    calls_row('id "null", name ""', "mistral",
        call(0, "WcG8xhSs1", "read_file", ""), call(0, "null", "", '{"path":'), call(0, "null", "", '"a"}'),
        calls=[("WcG8xhSs1", "read_file", '{"path":"a"}')]),
    calls_row("an id per piece, no name", "moonshot",
        call(0, "tool_A", "skill_view", ""), call(0, "tool_B", None, '{"n":'), call(0, "tool_C", None, "1}"),
        calls=[("tool_A", "skill_view", '{"n":1}')]),
    calls_row('an id per piece, name ""', "open_llm",
        call(0, "111", "list_dir", ""), call(0, "222", "", "{"), call(0, "333", "", "}"),
        calls=[("111", "list_dir", "{}")]),
    calls_row("the first piece has one id, the rest another", "open_llm",
        call(0, "call_a", "read", ""), call(0, "call_b", None, '{"p":'), call(0, "call_b", None, "1}"),
        calls=[("call_a", "read", '{"p":1}')]),
    calls_row("complete calls at one index", "open_llm",
        call(0, "a", "f", '{"x":1}'), call(0, "b", "f", '{"x":2}'),
        calls=[("a", "f", '{"x":1}'), ("b", "f", '{"x":2}')]),
    calls_row("complete calls at one index without ids", "open_llm",
        call(0, None, "f", '{"x":1}'), call(0, None, "g", '{"x":2}'),
        calls=[("call_c_0", "f", '{"x":1}'), ("call_c_1", "g", '{"x":2}')]),
    calls_row("complete calls without index and id", "open_llm",
        call(None, None, "f", '{"x":1}'), call(None, None, "f", '{"x":2}'),
        calls=[("call_c_0", "f", '{"x":1}'), ("call_c_1", "f", '{"x":2}')]),
    calls_row("pieces without index", "open_llm",
        call(None, "a", "f", '{"x"'), call(None, None, None, ":1}"), call(None, "b", "g", "{"), call(None, "", "", "}"),
        calls=[("a", "f", '{"x":1}'), ("b", "g", "{}")]),
    calls_row("pieces with their id and without index, in turn", "open_llm",
        call(None, "a", "f", '{"x"'), call(None, "b", "g", "{"), call(None, "a", None, ":1}"), call(None, "b", None, "}"),
        calls=[("a", "f", '{"x":1}'), ("b", "g", "{}")]),
    calls_row("an index for each piece", "open_llm",
        call(0, "a", "f", '{"x"'), call(1, None, None, ":1"), call(2, None, "", "}"),
        calls=[("a", "f", '{"x":1}')]),
    calls_row("ids decide over indexes", "open_llm",
        call(0, "a", "f", '{"x"'), call(1, "b", "g", "{"), call(5, "a", None, ":1}"), call(9, "b", None, "}"),
        calls=[("a", "f", '{"x":1}'), ("b", "g", "{}")]),
    calls_row("indexes as text and as fractions", "together",
        {"tool_calls": [{"index": "0", "id": "a", "function": {"name": "f", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0.0, "function": {"arguments": "}"}}]},
        calls=[("a", "f", "{}")]),
    calls_row("the name in pieces", "open_llm",
        call(0, "c1", "edit_ex", ""), call(0, None, "isting_file", "{}"),
        calls=[("c1", "edit_existing_file", "{}")]),
    calls_row("the name in pieces", "moonshot",
        call(0, "c1", "mcp__linear__list_issu", ""), call(0, None, "es", "{}"),
        calls=[("c1", "mcp__linear__list_issues", "{}")]),
    calls_row("the name in three pieces, with the id each time", "open_llm",
        call(0, "c1", "a_", ""), call(0, "c1", "b_", ""), call(0, "c1", "c", "{}"),
        calls=[("c1", "a_b_c", "{}")]),
    calls_row("the complete name again", "nvidia",
        call(0, "c1", "read_file", ""), call(0, None, "read_file", '{"a"'), call(0, None, "read_file", ":{}}"),
        calls=[("c1", "read_file", '{"a":{}}')]),
    calls_row("arguments as an object", "open_llm",
        call(0, "c1", "f", {"a": 1}),
        calls=[("c1", "f", '{"a":1}')]),
    calls_row("the finish reason twice, the second one stop", "open_llm",
        call(0, "c1", "f", "{}"), calls=[("c1", "f", "{}")], finish="stop"),
    Row(title="two calls with one id in a buffered body", provider="open_llm",
        body=answer({"tool_calls": [
            {"id": "x", "function": {"name": "f", "arguments": '{"a":1}'}},
            {"id": "x", "function": {"name": "f", "arguments": '{"a":2}'}}]}, "tool_calls"),
        expected=Answer(calls=(("x", "f", '{"a":1}'), ("x", "f", '{"a":2}')), finish="tool_calls")),
    Row(title="a call without a name", provider="open_llm",
        body=answer({"tool_calls": [{"id": "x", "function": {"arguments": "{}"}}]}, "tool_calls"),
        data=sse(chunk(call(0, "x", None, "{}")), chunk({}, "tool_calls")),
        expected=Fault(kind=ProtocolError, message="the response has a tool call without a name",
            partial=Answer(calls=(("x", "", "{}"),), finish="tool_calls"))),
]  # fmt: skip

TEXTS = [
    Row(title="a message and an empty delta", provider=name,
        body=answer({"content": "Paris."}, delta={"role": "assistant", "content": ""}),
        expected=Answer(text="Paris."))
    for name in ("perplexity", "open_llm")
] + [
    Row(title="a delta and the message so far", provider="perplexity",
        data=sse(chunk({"content": "Par"}, message={"role": "assistant", "content": "Par"}),
                 chunk({"content": "is."}, "stop", message={"role": "assistant", "content": "Paris."})),
        expected=Answer(text="Paris.")),
    Row(title="the message again at the end", provider="open_llm",
        data=sse(chunk({"content": "Hel"}), chunk({"content": "lo"}),
                 answer({"content": "Hello!", "reasoning_content": "hm"})),
        expected=Answer(text="Hello!", reasoning="hm"), open_ends=()),
    Row(title="deltas under the name message", provider="open_llm",
        data=sse({**chunk(None), "choices": [{"index": 0, "message": {"content": "Hel"}}]},
                 {**chunk(None), "choices": [{"index": 0, "message": {"content": "lo"}, "finish_reason": "stop"}]}),
        expected=Answer(text="Hello")),
    Row(title="a buffered body as one event", provider="open_llm",
        data=sse(answer({"content": "Hello", "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "function": {"name": "f", "arguments": "{}"}}]}, "tool_calls")),
        expected=Answer(text="Hello", calls=(("a", "f", "{}"), ("b", "f", "{}")), finish="tool_calls")),
    Row(title="citations of a chunk and of the next", provider="openrouter",
        data=sse(chunk({"content": "a", "annotations": [{"n": 1}]}), chunk({"content": "b", "annotations": [{"n": 2}]}),
                 chunk({}, "stop")),
        expected=Answer(text="ab", extra={"annotations": [{"n": 1}, {"n": 2}]})),
    Row(title="citations so far in each chunk", provider="perplexity",
        data=sse({**chunk({"content": "a"}), "citations": ["x"]}, {**chunk({"content": "b"}), "citations": ["x", "y"]},
                 {**chunk({}, "stop"), "citations": ["x", "y"]}),
        expected=Answer(text="ab", extra={"citations": ["x", "y"]})),
    Row(title="executed tools in two chunks", provider="groq",
        data=sse(chunk({"executed_tools": [{"index": 0}]}), chunk({"executed_tools": [{"index": 1}]}), chunk({}, "stop")),
        expected=Answer(extra={"executed_tools": [{"index": 0}, {"index": 1}]})),
    Row(title="a reference between texts", provider="mistral",
        body=answer({"content": [{"type": "text", "text": "Paris"}, {"type": "reference", "reference_ids": [7]},
                                 {"type": "text", "text": " is big."}]}),
        data=sse(chunk({"content": "Par"}), chunk({"content": "is"}),
                 chunk({"content": [{"type": "reference", "reference_ids": [7]}]}),
                 chunk({"content": " is "}), chunk({"content": "big."}), chunk({}, "stop")),
        expected=Answer(text="Paris is big.", parts=("Text", "Opaque", "Text"))),
    Row(title="usage in chunks with and without choices", provider="open_llm",
        data=sse({**chunk({"content": "a"}), "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
                 {**chunk({}, "stop"), "usage": None},
                 {"id": "c", "choices": [], "usage": {"prompt_tokens": "5", "completion_tokens": 3}}),
        expected=Answer(text="a", tokens=(5, 3))),
    Row(title="the id and the model in the second chunk", provider="open_llm",
        data=sse({"choices": [{"index": 0, "delta": {"content": "a"}}]}, chunk({}, "stop")),
        expected=Answer(text="a")),
]  # fmt: skip

REASONING = [
    Row(title="reasoning details alone", provider="open_llm",
        body=answer({"content": "Yes", "reasoning_details": [
            {"type": "reasoning.text", "id": "r", "format": "MiniMax-response-v1", "index": 0, "text": "hmm"}]}),
        data=sse(chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "h"}]}),
                 chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "mm"}]}),
                 chunk({"content": "Yes"}), chunk({}, "stop")),
        expected=Answer(text="Yes", reasoning="hmm")),
    Row(title="a summary in the details, beside the same as reasoning", provider="openrouter",
        body=answer({"content": "Yes", "reasoning": "hmm", "reasoning_details": [
            {"type": "reasoning.summary", "index": 0, "summary": "hmm"}]}),
        expected=Answer(text="Yes", reasoning="hmm")),
    Row(title="a summary in the details", provider="openrouter",
        body=answer({"content": "Yes", "reasoning": None, "reasoning_details": [
            {"type": "reasoning.summary", "index": 0, "summary": "hmm"}]}),
        expected=Answer(text="Yes", reasoning="hmm")),
    Row(title="under the name thinking", provider="open_llm",
        body=answer({"content": "Yes", "thinking": "hmm"}),
        data=sse(chunk({"thinking": "h"}), chunk({"thinking": "mm"}), chunk({"content": "Yes"}), chunk({}, "stop")),
        expected=Answer(text="Yes", reasoning="hmm")),
    Row(title="gpt-oss in tags", provider="open_llm_raw",
        body=answer({"content": "<reasoning>hm</reasoning><reasoning>m</reasoning>Yes"}),
        data=sse(chunk({"content": "<reasoning>hm</reasoning>"}), chunk({"content": "<reasoning>m</reasoning>"}),
                 chunk({"content": "Yes"}), chunk({}, "stop")),
        expected=Answer(text="Yes", reasoning="hmm")),
    Row(title="parts of the type reasoning", provider="open_llm",
        body=answer({"content": [{"type": "reasoning", "text": "hmm"}, {"type": "text", "text": "Yes"}]}),
        expected=Answer(text="Yes", reasoning="hmm")),
]  # fmt: skip

PLAIN_MEANING = [
    Row(title="calls without function", provider="open_llm",
        body=answer({"tool_calls": [{"id": "a", "name": "f", "arguments": {"x": 1}}]}, "tool_calls"),
        data=sse(chunk({"tool_calls": [{"index": 0, "id": "a", "name": "f", "arguments": '{"x":1}'}]}),
                 chunk({}, "tool_calls")),
        expected=Answer(calls=(("a", "f", '{"x":1}'),), finish="tool_calls")),
    Row(title="a call under the old name too", provider="open_llm",
        body=answer({"content": None, "function_call": {"name": "f", "arguments": "{}"},
                     "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}, "tool_calls"),
        expected=Answer(calls=(("a", "f", "{}"),), finish="tool_calls")),
    Row(title="text as a number", provider="open_llm",
        data=sse(chunk({"content": "a"}), chunk({"content": 5}), chunk({}, "stop")), expected=Answer(text="a5")),
    Row(title="text as one part", provider="open_llm", body=answer({"content": {"type": "text", "text": "a"}}),
        expected=Answer(text="a")),
    Row(title="reasoning as an object", provider="open_llm", body=answer({"content": "a", "reasoning": {"content": "hm"}}),
        expected=Answer(text="a", reasoning="hm")),
    Row(title="reasoning as a list of parts", provider="open_llm",
        body=answer({"content": "a", "reasoning_content": [{"type": "text", "text": "hm"}]}),
        expected=Answer(text="a", reasoning="hm")),
    Row(title="no blank lines", provider="open_llm",
        data=b"data: " + json.dumps(chunk({"content": "a"})).encode() + b"\ndata: "
             + json.dumps(chunk({"content": "b"}, "stop")).encode() + b"\ndata: [DONE]\n",
        expected=Answer(text="ab")),
    Row(title="lines of JSON", provider="open_llm",
        data=json.dumps(chunk({"content": "a"})).encode() + b"\n" + json.dumps(chunk({"content": "b"}, "stop")).encode()
             + b"\n",
        open_ends=(151, 152),  # the first chunk is JSON of its own
        expected=Answer(text="ab")),
    Row(title="the finish reason is empty text", provider="open_llm",
        data=sse(chunk({"content": "a"}, ""), chunk({}, "")), expected=Answer(text="a", finish="unknown")),
]  # fmt: skip

HEARTBEATS = [
    Row(title=f"heartbeat {beat!r}", provider="open_llm",
        data=sse(beat, chunk({"content": "Hel"}), beat, chunk({"content": "lo"}, "stop"), beat),
        expected=Answer(text="Hello"))
    for beat in (
        b"event: ping\r\ndata: 2023-02-20 08:40:33.556053\r\n\r\n", b"event: heartbeat\ndata: x\n\n",
        b"event: keep-alive\nid: 4\ndata: x\n\n", b": OPENROUTER PROCESSING\n\n", b"data: null\n\n", b"data: {}\n\n",
        b"data:\n\n", b"data: \n\n", b'data: ""\n\n', b'data: {"type": "ping"}\n\n', b"data: keepalive\n\n", b"\n\n\n",
    )
]  # fmt: skip

LABELS = [
    Row(title=f"a buffered body labeled {label}", provider="open_llm", body=answer({"content": "Hello"}),
        headers=(("content-type", label),) if label else (), expected=Answer(text="Hello"))
    for label in ("application/json", "text/event-stream", "text/plain; charset=utf-8", None)
] + [
    Row(title=f"a stream labeled {label}", provider="open_llm", data=sse(chunk({"content": "Hello"}), chunk({}, "stop")),
        headers=(("content-type", label),) if label else (), expected=Answer(text="Hello"))
    for label in ("application/json", "text/html", None)
] + [
    Row(title="a byte order mark", provider="open_llm",
        body=b"\xef\xbb\xbf" + b'{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}',
        data=b"\xef\xbb\xbf" + sse(chunk({"content": "Hello"}), chunk({}, "stop")), expected=Answer(text="Hello")),
]  # fmt: skip

TOO_LONG = "This model's maximum context length is 100 tokens. However, you requested 200 tokens."
HEL = Answer(text="Hel", finish="unknown")


def error_rows(
    title: str,
    error: Any,
    kind: type[LLMError],
    code: str | None,
    *,
    retryable: bool = False,
    provider: str = "open_llm",
) -> list[Row]:
    """The error in every place: instead of the answer, before the first delta, in mid-stream, before and without [DONE]."""
    alone = Fault(kind=kind, code=code, retryable=retryable)
    beside = Fault(kind=kind, code=code, retryable=retryable, partial=HEL)
    return [
        Row(title=f"{title}, alone", provider=provider, body=error, data=sse(error, done=False), expected=alone),
        Row(title=f"{title}, and [DONE]", provider=provider, data=sse(error), expected=alone),
        Row(title=f"{title}, after the role", provider=provider, data=sse(chunk({"role": "assistant"}), error),
            expected=alone),
        Row(title=f"{title}, in mid-stream", provider=provider, data=sse(chunk({"content": "Hel"}), error, done=False),
            expected=beside),
        Row(title=f"{title}, in mid-stream, and [DONE]", provider=provider, data=sse(chunk({"content": "Hel"}), error),
            expected=beside),
        Row(title=f"{title}, after the finish reason", provider="openai" if provider == "open_llm" else provider,
            data=sse(chunk({"content": "Hel"}, "stop"), error),
            expected=Fault(kind=kind, code=code, retryable=retryable, partial=Answer(text="Hel"))),
    ]  # fmt: skip


ERRORS = [
    *error_rows("words beside the choices (DeepInfra, Venice, vLLM)",
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": None,
         "error_type": "BadRequestError", "error_message": TOO_LONG, "status_code": 400},
        ContextLengthExceeded, "BadRequestError"),
    *error_rows("base_resp (MiniMax)",
        {"id": "", "choices": None, "created": 0, "model": "", "object": "", "usage": {"total_tokens": 0},
         "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
        QuotaExceeded, "1008"),
    *error_rows("base_resp, a rate", {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, RateLimited, "1002",
        retryable=True),
    *error_rows("an error object", {"error": {"message": "boom", "type": "server_error", "code": 500}}, ServerError, "500",
        retryable=True),
    *error_rows("an error object with a general type",
        {"error": {"message": "`stop` must be a list", "type": "invalid_request_error"}},
        InvalidRequest, "invalid_request_error"),
    *error_rows("an error as text", {"error": "rate limit", "code": 429}, RateLimited, "429", retryable=True),
    *error_rows("code and msg", {"code": 401, "msg": "who are you?"}, AuthenticationFailed, "401"),
    *error_rows("errors (Cloudflare)", {"success": False, "errors": [{"code": 404, "message": "no such model"}]},
        NotFound, "404"),
    *error_rows("success: false", {"success": False, "message": "boom"}, ServerError, None, retryable=True),
    *error_rows("the type error", {"type": "error", "message": "boom"}, ServerError, None, retryable=True),
    *error_rows("a wrong key in words", {"error": {"message": "Incorrect API key provided: sk-***", "type": "x"}},
        AuthenticationFailed, "x"),
    *error_rows("in the choice", {"choices": [{"index": 0, "delta": {}, "message": {},
        "error": {"code": 429, "message": "upstream"}, "finish_reason": None}]}, RateLimited, "429", retryable=True,
        provider="openrouter"),
    *error_rows("a moderated input (OpenRouter)", {"error": {"code": 403, "message": "flagged",
        "metadata": {"reasons": ["x"], "flagged_input": "y"}}}, ContentFiltered, "403", provider="openrouter"),
    Row(title="error of a choice", provider="openrouter",
        body=answer({"content": "Partial"}, "error", error={"code": 429, "message": "upstream rate limit"}),
        expected=Fault(kind=RateLimited, code="429", retryable=True, partial=Answer(text="Partial", finish="error"))),
    Row(title="error of a choice", provider="openrouter",
        data=sse(chunk({"content": "Partial "}),
                 chunk({"content": ""}, "error", error={"code": 504, "message": "upstream timed out"})),
        expected=Fault(kind=TimedOut, code="504", retryable=True, partial=Answer(text="Partial ", finish="error"))),
    Row(title="error beside choices", provider="openrouter",
        body={**answer({"content": "Part"}, "error"), "error": {"code": 502, "message": "Provider disconnected"}},
        data=sse({**chunk({"content": "Part"}, "error"), "error": {"code": 502, "message": "Provider disconnected"}}),
        expected=Fault(kind=ServerError, code="502", retryable=True, partial=Answer(text="Part", finish="error"))),
    Row(title="an error line at the start", provider="open_llm",
        data=b'error: {"code":400,"message":"the request exceeds the available context size",'
             b'"type":"invalid_request_error"}\n\ndata: [DONE]\n\n',
        expected=Fault(kind=ContextLengthExceeded, code="400")),
    Row(title="an error line after text", provider="open_llm",
        data=sse(chunk({"content": "Hel"}), b'error: {"code":500,"message":"boom","type":"server_error"}\n\n'),
        expected=Fault(kind=ServerError, code="500", retryable=True, partial=HEL)),
    Row(title="a bare JSON error", provider="open_llm",
        data=b'{"error":{"code":400,"message":"request (6009 tokens) exceeds the available context size (4096 tokens)",'
             b'"type":"exceed_context_size_error"}}',
        expected=Fault(kind=ContextLengthExceeded, code="400")),
    Row(title="a bare JSON error, and [DONE]", provider="open_llm",
        data=b'{"error":{"code":400,"message":"request (6009 tokens) exceeds the available context size (4096 tokens)",'
             b'"type":"exceed_context_size_error"}}\n\ndata: [DONE]\n\n',
        expected=Fault(kind=ContextLengthExceeded, code="400")),
    Row(title="an event named error with words alone", provider="open_llm",
        data=sse(chunk({"content": "Hel"}), b"event: error\ndata: upstream is gone\n\n"),
        expected=Fault(kind=ServerError, message="upstream is gone", retryable=True, partial=HEL)),
    Row(title="an event named error with a message alone", provider="open_llm",
        data=sse(chunk({"content": "Hel"}), b'event: error\ndata: {"message": "upstream is gone"}\n\n'),
        expected=Fault(kind=ServerError, message="upstream is gone", retryable=True, partial=HEL)),
    Row(title="nothing but [DONE]", provider="open_llm", data=sse(),
        expected=Fault(kind=StreamInterrupted, retryable=True)),
    Row(title="a stream of another API", provider="open_llm",
        data=sse({"type": "message_start", "message": {"id": "m", "type": "message", "content": []}}, done=False),
        expected=Fault(kind=ProtocolError,
            message="the stream has the form of anthropic_messages, not of openai_chat: check api_type and base_url")),
    Row(title="a body of another API", provider="open_llm", body={"candidates": [{"content": {}}]},
        expected=Fault(kind=ProtocolError,
            message="the response has the form of gemini_content, not of openai_chat: check api_type and base_url")),
    Row(title="a wrong key under 400", provider="xai", status=400,
        body={"code": "invalid-argument", "error": "Incorrect API key provided: ab***yz."},
        expected=Fault(kind=AuthenticationFailed, code="invalid-argument")),
    Row(title="an unknown model under 400", provider="xai", status=400,
        body={"code": "invalid-argument", "error": "Model not found: grok-9"},
        expected=Fault(kind=NotFound, code="invalid-argument")),
    Row(title="a choice that goes on after its finish reason, cut", open_ends=tuple(range(145, 156)), provider="open_llm",
        data=sse(chunk({"content": "He"}, "stop"), chunk({"content": "l"}), done=False),
        expected=Fault(kind=StreamInterrupted, retryable=True, partial=Answer(text="Hel"))),
    Row(title="one of two choices has ended", provider="open_llm",
        data=sse({"choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": "stop"},
                              {"index": 1, "delta": {"content": "He"}}]}, done=False),
        expected=Fault(kind=StreamInterrupted, retryable=True, partial=Answer(text="Hel"))),
]  # fmt: skip


@pytest.mark.parametrize(
    "row", [*CALLS, *TEXTS, *REASONING, *PLAIN_MEANING, *HEARTBEATS, *LABELS, *ERRORS], ids=str
)
def test_wild_chat_completions_have_their_right_value(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("cuts", [(), (7, 30), (8, 32)], ids=str)
def test_the_base64_of_audio_may_be_cut_anywhere(cuts: tuple[int, ...]) -> None:
    data = b"RIFF" + bytes(range(50))
    text = base64.b64encode(data).decode()
    pieces = [text[start:end] for start, end in pairwise((0, *cuts, len(text)))]
    deltas = [{"audio": {"id": "a", "data": piece}} for piece in pieces]
    spoken = [{"type": "response.audio.delta", "delta": piece} for piece in pieces]
    over = {"type": "response.completed", "response": {"id": "r", "model": "m", "output": []}}
    for provider, body in (
        ("openai", sse(*map(chunk, deltas), chunk({"audio": {"expires_at": 5}}))),
        ("openai_responses", sse(*spoken, over, done=False)),
    ):
        response = HttpResponse(200, SSE, body)
        completion = registry.get(provider).unwrap().parse_chat(response).unwrap()
        [part] = completion.message.parts
        assert isinstance(part, Audio)
        assert (part.data, completion.finish_reason) == (data, "stop")


BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Let me", "signature": "s1"},
    {"type": "redacted_thinking", "data": "r"},
    {"type": "thinking", "thinking": " see", "signature": "s2"},
]
ITEM = {"type": "reasoning", "id": "rs_1", "encrypted_content": "e", "summary": []}


def thinking(text: str, **block: Any) -> dict[str, Any]:
    blocks = [{"type": "thinking", "thinking": text, **block}]
    return chunk({"content": "", "reasoning_content": text, "thinking_blocks": blocks})


def test_reasoning_of_litellm_is_joined_and_sent_back() -> None:
    whole = {
        "content": "Hi",
        "reasoning_content": "Let me see",
        "thinking_blocks": BLOCKS,
        "reasoning_items": [ITEM],
    }
    pieces = sse(
        thinking("Let "), thinking("me", index=0), thinking("", signature="s1", index=0),
        chunk({"thinking_blocks": [{**BLOCKS[1], "index": 1}]}), thinking(" see"), thinking("", signature="s2"),
        chunk({"reasoning_items": [ITEM]}), chunk({"content": "Hi"}), chunk({}, "stop"),
    )  # fmt: skip
    fields = {"thinking_blocks": BLOCKS, "reasoning_items": [ITEM]}
    provider = registry.get("open_llm").unwrap()
    for headers, body in ((JSON, json.dumps(answer(whole)).encode()), (SSE, pieces)):
        completion = provider.parse_chat(HttpResponse(200, headers, body)).unwrap()
        reasoning, text = completion.message.parts
        assert isinstance(reasoning, Reasoning)
        assert reasoning.provider_metadata is not None
        assert reasoning.text == "Let me see"
        assert json.loads(reasoning.provider_metadata.json) == fields
        assert text == Text("Hi")
        request = ChatRequest(messages=[Message("user", (Text("?"),)), completion.message])
        built = provider.build_chat(LLMConfig(model="m", base_url="http://x/v1"), request).unwrap()
        sent = json.loads(built.request.body)["messages"][1]
        assert sent == {"role": "assistant", "content": "Hi", **fields}
