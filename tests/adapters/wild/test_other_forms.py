"""Responses whose fields have other types, names or places than documented, in every API: what is meant is read."""

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from llm_pure import HttpResponse, ResponseHead
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.anthropic_messages import stream as anthropic_stream
from llm_pure.adapters.dialects.bedrock_converse import stream as bedrock_stream
from llm_pure.adapters.dialects.cohere_chat import stream as cohere_stream
from llm_pure.adapters.dialects.gemini_content import stream as gemini_stream
from llm_pure.adapters.dialects.openai_responses import stream as responses_stream
from llm_pure.core.lenient_json import lenient_forms
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.completion import Usage, finish_reason_of
from llm_pure.types.errors import Overloaded, ProtocolError, RateLimited, ServerError
from tests.adapters.wild import test_anthropic_messages as anthropic
from tests.adapters.wild import test_bedrock as bedrock
from tests.adapters.wild import test_gemini_content as gemini
from tests.adapters.wild import test_openai_responses as responses
from tests.adapters.wild.test_openai_chat import answer, call, chunk
from tests.support.aws_frames import STREAM_HEAD, body_of, event
from tests.support.rows import check_each
from tests.support.wild_answers import JSON, SSE, Answer, Fault, Row, check, completion_of, sse

P = "open_llm"
A = '{"a":1}'
HI = Answer(text="Hi")
ONE = Answer(calls=(("c1", "f", A),), finish="tool_calls")


def cohere(content: Any = "Hi", **fields: Any) -> dict[str, Any]:
    return {"id": "c", "message": {"role": "assistant", "content": content}, "finish_reason": "COMPLETE", **fields}  # fmt: skip


def converse(content: Any, **fields: Any) -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn", **fields}  # fmt: skip


def dashscope(message: dict[str, Any], reason: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"output": {"choices": [{"message": message, "finish_reason": reason}]}, "request_id": "r", **fields}  # fmt: skip


def ollama(message: Any, reason: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"model": "m", "message": message, "done": True, "done_reason": reason, **fields}


def llama(content: Any, reason: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"id": "l", "completion_message": {"role": "assistant", "stop_reason": reason, "content": content}, **fields}  # fmt: skip


def qianfan(**fields: Any) -> dict[str, Any]:
    return {"id": "q", "object": "chat.completion", "created": 1, "is_end": True, "result": "Hi", **fields}  # fmt: skip


USAGE_AT: dict[str, tuple[dict[str, Any], str]] = {
    "open_llm": (answer({"content": "Hi"}), "usage"),
    "openai_responses": (responses.whole(responses.msg("Hi")), "usage"),
    "anthropic": (anthropic.message(), "usage"),
    "gemini": (gemini.item({"text": "Hi"}, finish="STOP"), "usageMetadata"),
    "bedrock": (converse([{"text": "Hi"}]), "usage"),
    "cohere": (cohere([{"type": "text", "text": "Hi"}]), "usage"),
    "dashscope": (dashscope({"content": "Hi"}), "usage"),
    "llama_api": (llama({"type": "text", "text": "Hi"}), "metrics"),
    "qianfan": (qianfan(), "usage"),
}
"""API type -> a response, and the field of its usage."""


@pytest.mark.parametrize("usage", ["", "n/a", 0, False], ids=repr)
@pytest.mark.parametrize("provider", USAGE_AT)
def test_a_usage_that_is_none_costs_no_response(provider: str, usage: Any) -> None:
    body, field = USAGE_AT[provider]
    parsed = registry.get(provider).unwrap().parse_chat(
        HttpResponse(200, JSON, json.dumps({**body, field: usage}).encode())
    )  # fmt: skip
    completion = parsed.unwrap()
    assert (completion.text, completion.finish_reason) == ("Hi", "stop")
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (None, None)
    assert usage != "n/a" or completion.extra.get(f"unread_{field}") == "n/a"


Counts = tuple[int | None, int | None, int | None, int | None, int | None]

COUNTS: list[tuple[str, dict[str, Any], Counts]] = [
    ("perplexity", {"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 9, "reasoning_tokens": 73997}, (33, 81160, None, None, 73997)),
    ("perplexity", {"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 9, "reasoning_tokens": 399}, (33, 7562, None, None, 399)),
    (P, {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8, "completion_tokens_details": {"reasoning_tokens": 10}}, (5, 3, None, None, 3)),
    (P, {"prompt_tokens": 5, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 4}}, (5, 5, None, None, 4)),
    (P, {"completion_tokens": 3, "total_tokens": 8}, (5, 3, None, None, None)),
    (P, {"completion_tokens": 9, "total_tokens": 8}, (None, 9, None, None, None)),
    (P, {"total_tokens": 8}, (None, None, None, None, None)),
    (P, {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2}, (12, 3, 5, 2, None)),
    (P, {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5, "cache_creation_tokens": 2}}, (12, 3, 5, 2, None)),
    (P, {"input_tokens": 5, "output_tokens": 3, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 50}, (155, 3, 100, 50, None)),
    (P, {"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 0}, "prompt_cache_hit_tokens": 2}, (5, 3, 2, None, None)),
    (P, {"promptTokens": 5, "completionTokens": 3, "totalTokens": 8}, (5, 3, None, None, None)),
    (P, {"promptTokenCount": 5, "candidatesTokenCount": 3}, (5, 3, None, None, None)),
    (P, {"prompt_eval_count": 5, "eval_count": 3}, (5, 3, None, None, None)),
    ("mistral", {"prompt_audio_seconds": 203, "prompt_tokens": 4, "completion_tokens": 635, "total_tokens": 3264}, (2629, 635, None, None, None)),
    ("gemini", {"promptTokenCount": 5, "toolUsePromptTokenCount": 4, "candidatesTokenCount": 3, "thoughtsTokenCount": 7, "totalTokenCount": 15}, (9, 10, None, None, 7)),
    ("gemini", {"promptTokenCount": 5, "toolUsePromptTokenCount": 4, "candidatesTokenCount": 3, "thoughtsTokenCount": 7, "totalTokenCount": 19}, (9, 10, None, None, 7)),
    ("anthropic", {"input_tokens": 100, "output_tokens": 7, "cache_read_input_tokens": 0, "iterations": [
        {"type": "compaction", "input_tokens": 100, "output_tokens": 500, "cache_read_input_tokens": 5000, "cache_creation_input_tokens": 20},
        {"type": "compaction", "input_tokens": 1, "output_tokens": 2}, {"type": "message", "input_tokens": 100, "output_tokens": 7}]}, (5221, 509, 5000, 20, None)),
]  # fmt: skip
"""API type, usage, and the counts of Usage in it."""


@pytest.mark.parametrize(("provider", "usage", "counts"), COUNTS)
def test_every_token_is_counted_once(provider: str, usage: dict[str, Any], counts: Counts) -> None:
    base, field = USAGE_AT[provider if provider in ("gemini", "anthropic") else P]
    response = HttpResponse(200, JSON, json.dumps({**base, field: usage}).encode())
    actual = registry.get(provider).unwrap().parse_chat(response).unwrap().usage
    assert actual == Usage(*counts, raw=usage)


@pytest.mark.parametrize("usage", [{"total_tokens": 5}, {"prompt_tokens": 0, "total_tokens": 5}, {"prompt_tokens": 5, "total_tokens": 5}])  # fmt: skip
def test_the_total_of_embeddings_is_their_input(usage: dict[str, Any]) -> None:
    operation = registry.get(P).unwrap().embed
    assert operation is not None
    body = {"data": [{"index": 0, "embedding": [1]}], "usage": usage}
    embeddings = operation.parse(HttpResponse(200, JSON, json.dumps(body).encode())).unwrap()
    assert embeddings.usage == Usage(5, 0, raw=usage)


def test_counts_in_pieces_are_put_together() -> None:
    pieces = [
        {**chunk({"content": "H"}), "usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}}},
        {**chunk({"content": "i"}), "usage": {"completion_tokens": 3}},
        chunk({}, "stop"),
    ]  # fmt: skip
    row_of = row("the input at first, the output at the end", Answer(text="Hi", tokens=(5, 3)), data=sse(*pieces))  # fmt: skip
    check(row_of)


REASONS = {
    "STOP": "stop", "end_turn": "stop", "stop": "stop", "COMPLETE": "stop", "MAX_TOKENS": "length", "length": "length",
    "max_output_tokens": "length", "tool_calls": "tool_calls", "TOOL_USE": "tool_calls", "content_filter": "content_filter",
    "content-filter": "content_filter", "SAFETY": "content_filter", "abort": "error", "mystery": "unknown",
    "content_filter: RECITATION": "content_filter", "function_call_filter: MALFORMED_FUNCTION_CALL": "error", "a: b": "unknown",
    "NO_IMAGE": "error", "compaction": "pause",
}  # fmt: skip
REASON_AT: dict[str, Any] = {
    "open_llm": lambda reason: answer({"content": "Hi"}, reason),
    "anthropic": lambda reason: anthropic.message(stop_reason=reason),
    "gemini": lambda reason: gemini.item({"text": "Hi"}, finish=reason),
    "bedrock": lambda reason: converse([{"text": "Hi"}], stopReason=reason),
    "cohere": lambda reason: cohere(finish_reason=reason),
    "dashscope": lambda reason: dashscope({"content": "Hi"}, reason),
    "ollama": lambda reason: ollama({"content": "Hi"}, reason),
    "llama_api": lambda reason: llama("Hi", reason),
    "qianfan": lambda reason: qianfan(finish_reason=reason),
}


@pytest.mark.parametrize("provider", REASON_AT)
def test_a_finish_reason_of_another_api_means_the_same(provider: str) -> None:
    for reason, meaning in REASONS.items():
        expected = Answer(text="Hi", finish=meaning, raw_finish=reason)
        check(Row(title=reason, provider=provider, body=REASON_AT[provider](reason), expected=expected))  # fmt: skip


def test_the_words_of_every_api_are_known_in_all() -> None:
    dialects = (anthropic_stream, bedrock_stream, cohere_stream, gemini_stream, responses_stream)
    words = {word: meaning for each in dialects for word, meaning in each.FINISH.items() if not word.isdigit()}  # fmt: skip
    assert {word: finish_reason_of(word, {}) for word in words} == words


def row(title: str, expected: Answer | Fault, *, provider: str = P, **fields: Any) -> Row:
    return Row(title=title, provider=provider, expected=expected, **fields)


def tools(title: str, *deltas: Any, expected: Answer = ONE) -> Row:
    data = sse(chunk({"role": "assistant"}), *map(chunk, deltas), chunk({}, "tool_calls"))
    return row(title, expected, data=data)


def two(*arguments: str) -> Answer:
    calls = tuple((f"call_c_{number}", "f", text) for number, text in enumerate(arguments))
    return Answer(calls=calls, finish="tool_calls")


MCP: list[dict[str, Any]] = [
    {"id": "1", "type": "mcp", "mcp": {"type": "mcp_list_tools", "server_label": "s", "tools": [{"name": "find"}]}},
    {"id": "2", "type": "mcp", "mcp": {"type": "mcp_call", "server_label": "s", "name": "find", "arguments": A, "output": "o"}},
]  # fmt: skip
CALLS = [
    tools("the name after the first arguments", call(0, "c1", None, '{"a"'), call(0, "c1", "f", ":1}")),
    tools("null in place of the function", {"tool_calls": [{"id": "c1", "index": 0, "function": None}]}, {"tool_calls": []},
          call(0, None, "f", '{"a"'), call(0, None, None, ":1}")),
    tools('id and name "None"', call(0, "c1", "f", ""), call(0, "None", "None", A)),
    tools("the same name with other arguments at one index", call(0, "", "f", A), call(0, "", "f", '{"a":2}'), expected=two(A, '{"a":2}')),
    tools("the same call again at one index", call(0, "", "f", A), call(0, "", "f", A), expected=two(A)),
    tools("one call in place of the list", {"tool_calls": {"index": 0, "id": "c1", "function": {"name": "f", "arguments": A}}}),
    tools("null among the calls", {"tool_calls": [None, *call(0, "c1", "f", A)["tool_calls"]]}),
    tools("an id that is a number", {"tool_calls": [{"index": 0, "id": 5, "function": {"name": "f", "arguments": A}}]},
          expected=Answer(calls=(("5", "f", A),), finish="tool_calls")),
    tools("a function that is its name", {"tool_calls": [{"index": 0, "id": "c1", "function": "f"}]},
          expected=Answer(calls=(("c1", "f", "{}"),), finish="tool_calls")),
    tools("the old function_call beside each fragment", call(0, "c1", "f", ""),
          {**call(0, None, None, '{"a"'), "function_call": {"arguments": '{"a"'}},
          {**call(0, None, None, ":1}"), "function_call": {"name": "f", "arguments": ":1}"}}),
    tools("an empty function_call at the end", call(0, "c1", "f", A), {"function_call": {"name": "", "arguments": ""}}),
    row("calls in the message beside an empty delta", ONE, data=sse({"id": "c", "choices": [
        {"index": 0, "delta": {"content": None}, "message": call(0, "c1", "f", A), "finish_reason": "tool_calls"}]})),
    *[row(f"text and calls in choices of their own, {index}", Answer(text="Hi", calls=ONE.calls, finish="tool_calls"), body={"id": "c", "choices": [
        {**index, "message": {"content": "Hi"}, "finish_reason": reason}, {**index, "message": {"content": None, **call(None, "c1", "f", A)}, "finish_reason": "tool_calls"}]})
      for index in ({}, {"index": 0}) for reason in ("tool_calls", "stop")],
    *[row("tools of MCP servers that the service ran", Answer(text="Hi", extra={"tool_calls": MCP}), provider="zhipuai", **form)
      for form in ({"body": answer({"content": "Hi", "tool_calls": MCP})},
                   {"data": sse(*[chunk({"tool_calls": [record]}) for record in MCP], chunk({"content": "Hi"}), chunk({}, "stop"))})],
    row("a tool that Claude ran, in a call of LiteLLM", Answer(text="Hi", calls=ONE.calls, finish="tool_calls", extra={"tool_calls": call(0, "srvtoolu_1", "web_search", A)["tool_calls"]}),
        body=answer({"content": "Hi", "tool_calls": [*call(0, "srvtoolu_1", "web_search", A)["tool_calls"], *call(1, "c1", "f", A)["tool_calls"]]}, "tool_calls")),
    row("a tool that Claude ran, in pieces of LiteLLM", Answer(text="Hi", calls=ONE.calls, finish="tool_calls"), data=sse(
        chunk(call(0, "srvtoolu_1", "web_search", "")), chunk(call(0, None, None, A)), chunk({"content": "Hi"}), chunk(call(1, "c1", "f", "")),
        chunk(call(1, None, None, A)), chunk({}, "tool_calls"))),
    row("arguments as an object", ONE, provider="cohere", body={**cohere(None), "message": {"tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}]}, "finish_reason": "TOOL_CALL"}),
    row("arguments as an object", ONE, provider="dashscope", body=dashscope({"content": "", "tool_calls": [
        {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}]}, "tool_calls")),
    row("one call in place of the list", ONE, provider="dashscope", body=dashscope({"content": "", "tool_calls": {
        "id": "c1", "function": {"name": "f", "arguments": A}}}, "tool_calls")),
    row("a call without its function", Answer(calls=(("c1", "f", '{"a": 1}'),), finish="tool_calls"), provider="ollama",
        body=ollama({"content": "", "tool_calls": [{"id": "c1", "name": "f", "arguments": {"a": 1}}]})),
    row("an id that is a number", Answer(calls=(("5", "f", "{}"),), finish="tool_calls"), provider="bedrock",
        body=converse([{"toolUse": {"toolUseId": 5, "name": "f", "input": {}}}], stopReason="tool_use")),
    row("the input in the start of its block", Answer(calls=(("c", "f", A),), finish="tool_calls"), provider="bedrock",
        headers=STREAM_HEAD.headers, cut_every=9, data=body_of(
            bedrock.BEGIN, bedrock.start(0, toolUse={"toolUseId": "c", "name": "f", "input": {"a": 1}}), bedrock.stopped(0),
            bedrock.CALLED, bedrock.METADATA)),
    row("calls as a list in the stream", Answer(calls=(("c1", "f", A),), finish="tool_calls"), provider="cohere", data=sse(
        {"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}},
        {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": [{"id": "c1", "function": {"name": "f"}}]}}},
        {"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": [{"function": {"arguments": A}}]}}},
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}, done=False)),
]  # fmt: skip

CONTENT_AT: dict[str, Callable[[Any], Any]] = {
    P: lambda content: answer({"content": content}),
    "anthropic": lambda content: anthropic.message(content=content),
    "cohere": cohere,
    "bedrock": converse,
    "dashscope": lambda content: dashscope({"content": content}),
    "ollama": lambda content: ollama({"content": content}),
    "llama_api": llama,
    "openai_responses": lambda content: responses.whole(
        {"id": "m", "type": "message", "content": content}
    ),
}
"""API type -> (content) -> a response with it."""
SGLANG: Any = {"type": "stop", "matched": 2}


def summary(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [{"type": "summary_text", "text": text, "signature": ""}]}  # fmt: skip


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CONTENT = [
    *[row(f"content {content!r}", HI, provider=provider, body=make(content))
      for provider, make in CONTENT_AT.items()
      for content in (["Hi"], ["H", "i"], {"type": "text", "text": "Hi"}, [{"type": "text", "text": "Hi"}])],
    row("content as a text", HI, provider="bedrock", body=converse("Hi")),
    row("content as a text", HI, provider="openai_responses", body=responses.whole({"type": "message", "content": "Hi"})),
    *[row(f"content {content!r}", HI, provider="gemini", body={"candidates": [{"content": content, "finishReason": "STOP"}]})
      for content in ("Hi", {"parts": {"text": "Hi"}}, {"parts": [None, {"text": "Hi"}]}, {"parts": ["Hi"]}, [{"text": "Hi"}])],
    row("a message that is its text", HI, body={"id": "c", "choices": [{"index": 0, "message": "Hi", "finish_reason": "stop"}]}),
    row("a delta that is its text", HI, data=sse(chunk("Hi"), chunk({}, "stop"))),
    row("one choice in place of the list", HI, body={"id": "c", "choices": answer({"content": "Hi"})["choices"][0]}),
    row("a part without a type", HI, body=answer({"content": [{"text": "Hi"}]})),
    row("a part with a value", HI, body=answer({"content": [{"type": "text", "text": {"value": "Hi", "annotations": []}}]})),
    row("reasoning as a summary (Databricks)", Answer(text="Hi", reasoning="hm", extra={"summary": None}), body=answer({"content": [summary("hm"), {"type": "text", "text": "Hi"}]}),
        data=sse(chunk({"content": [summary("h")]}), chunk({"content": [summary("m")]}), chunk({"content": [{"type": "text", "text": "Hi"}]}, "stop"))),
    row("images in the content (vLLM-Omni)", Answer(text="Hi", parts=("Image", "Text")), body=answer({"content": [IMAGE, {"type": "text", "text": "Hi"}]}),
        data=sse(chunk({"content": [IMAGE]}), chunk({"content": "Hi"}), chunk({}, "stop"))),
    row("citations of a text (Databricks)", Answer(text="Hi", extra={"citations": [{"url": "u"}]}), body=answer({"content": [{"type": "text", "text": "Hi", "citations": [{"url": "u"}]}]}),
        data=sse(chunk({"content": [{"type": "text", "text": "Hi", "citations": [{"url": "u"}]}]}), chunk({}, "stop"))),
    row("a reason as an object (SGLang)", HI, body=answer({"content": "Hi"}, SGLANG),
        data=sse(chunk({"content": "Hi"}, SGLANG))),
    row("ids and models that are numbers", HI, provider="anthropic", body=anthropic.message(id=5, model=3)),
    row("ids and models that are numbers", HI, provider="gemini", body={**gemini.item({"text": "Hi"}, finish="STOP"), "responseId": 5, "modelVersion": 3}),
    row("a model that is an object", HI, body={**answer({"content": "Hi"}), "model": {"id": "m"}}),
    row("thinking that is true", HI, provider="ollama", body=ollama({"content": "Hi", "thinking": True})),
    row("thinking under other names", Answer(text="Hi", reasoning="hm"), provider="ollama",
        body=ollama({"content": "Hi", "reasoning": "hm"})),
    row("thinking as text", Answer(text="Hi", reasoning="hm"), provider="anthropic",
        body=anthropic.message(content=[{"type": "thinking", "text": "hm"}, {"type": "text", "text": "Hi"}])),
    row("summaries as texts", Answer(text="Hi", reasoning="hm"), provider="openai_responses",
        body=responses.whole({"type": "reasoning", "id": "r", "summary": "hm"}, responses.msg("Hi"))),
    row("output_text alone", HI, provider="openai_responses", body={**responses.whole(), "output_text": "Hi"},
        data=responses.stream({"type": "response.completed", "response": {**responses.whole(), "output_text": "Hi"}})),
    row("the names of events of the first version", Answer(text="Hi", reasoning="hm"), provider="openai_responses", data=responses.stream(
        responses.ev("reasoning.delta", item_id="r", delta="h"), responses.ev("reasoning.delta", item_id="r", delta={"text": "m"}),
        responses.ev("reasoning.done", item_id="r", text="hm"), responses.ev("text.delta", item_id="m", delta="Hi"), responses.end())),
    row("deltas as objects", HI, provider="openai_responses",
        data=responses.stream(responses.ev("output_text.delta", item_id="m", delta={"text": "Hi"}), responses.end())),
    row("an error of nulls", HI, provider="openai_responses", body=responses.whole(responses.msg("Hi"), error={"code": None, "message": None})),
    row("lines as server-sent events", HI, provider="ollama", data=sse(
        {"model": "m", "message": {"content": "Hi"}, "done": False}, ollama({"content": ""}))),
    row("types in the event lines alone", HI, provider="anthropic", data=b"".join(
        b"event: %s\ndata: %s\n\n" % (kind, json.dumps(fields).encode()) for kind, fields in (
            (b"message_start", {"message": {"id": "m", "type": "message", "content": []}}), (b"ping", {}),
            (b"content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
            (b"content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "Hi"}}),
            (b"content_block_stop", {"index": 0}), (b"message_delta", {"delta": {"stop_reason": "end_turn"}}), (b"message_stop", {})))),
    row("data: twice, and [DONE] as JSON", HI, data=b"data: data: " + json.dumps(chunk({"content": "Hi"}, "stop")).encode() + b'\n\ndata: "[DONE]"\n\n'),
]  # fmt: skip

USED = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
COUNTED = Answer(text="Hi", tokens=(5, 3))
OPENED = (
    anthropic.start(usage=None),
    anthropic.begun(0),
    anthropic.text(0, "Hi"),
    anthropic.stopped(0),
)
NINE = Answer(text="Hi", tokens=(9, 3))


def claude(title: str, *events: Any, expected: Answer = NINE) -> Row:
    return row(title, expected, provider="anthropic", data=anthropic.stream(*events))


USAGE = [
    row("zeros after the counts", COUNTED, data=sse({**chunk({"content": "Hi"}, "stop"), "usage": USED},
        {"id": "c", "choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0}})),
    row("nulls after the counts", COUNTED, data=sse({**chunk({"content": "Hi"}, "stop"), "usage": USED},
        {"id": "c", "choices": [], "usage": {"prompt_tokens": None, "cost": 0.1}})),
    row("in the delta", COUNTED, data=sse(chunk({"content": "Hi"}), chunk({"usage": USED}, "stop"))),
    row("zeros after the counts", COUNTED, provider="gemini", data=gemini.stream(
        {**gemini.item({"text": "Hi"}), "usageMetadata": gemini.USAGE}, {**gemini.item(finish="STOP"), "usageMetadata": {"trafficType": "x"}})),
    row("zeros after the counts", COUNTED, provider="dashscope", data=sse(
        dashscope({"content": "Hi"}, "null", usage={"input_tokens": 5, "output_tokens": 3}),
        dashscope({"content": ""}, usage={"input_tokens": 0, "output_tokens": 0}), done=False)),
    row("zeros after the counts", NINE, provider="bedrock", headers=STREAM_HEAD.headers, cut_every=9, data=body_of(
        bedrock.BEGIN, bedrock.text(0, "Hi"), bedrock.END, bedrock.METADATA, event("metadata", usage={"inputTokens": 0, "outputTokens": 0}))),
    claude("zeros after the counts", anthropic.start(), *OPENED[1:], anthropic.end(input_tokens=0), anthropic.STOP),
    claude("OpenAI's names", *OPENED, {"type": "message_delta", "delta": {"stop_reason": "end_turn"},
        "usage": {"prompt_tokens": 9, "completion_tokens": 3}}, anthropic.STOP),
    claude("beside the message", {**anthropic.start(usage=None), "usage": {"input_tokens": 9}}, *OPENED[1:], anthropic.end(), anthropic.STOP),
    claude("in the last event", *OPENED, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {**anthropic.STOP, "usage": {"input_tokens": 9, "output_tokens": 3}}),
    claude("the stop reason in the last event", *OPENED, {**anthropic.STOP, "stop_reason": "end_turn"}, expected=HI),
    claude("the stop reason beside the delta", *OPENED, {"type": "message_delta", "stop_reason": "end_turn"}, anthropic.STOP, expected=HI),
    claude("finish_reason in the delta", *OPENED, {"type": "message_delta", "delta": {"finish_reason": "stop"}}, anthropic.STOP, expected=HI),
]  # fmt: skip

NAMED = [
    *[row(f"arguments as {[*call]}, {[*call.get('function', {})]}", ONE, body=answer({"tool_calls": [{"id": "c1", "type": "function", **call}]}, "tool_calls"),
          data=sse(chunk({"tool_calls": [{"id": "c1", "index": 0, **call}]}), chunk({}, "tool_calls")))
      for call in ({"function": {"name": "f", "parameters": {"a": 1}}}, {"function": {"name": "f", "input": {"a": 1}}}, {"function": {"name": "f", "args": A}},
                   {"name": "f", "input": {"a": 1}}, {"name": "f", "parameters": {"a": 1}}, {"function": {"name": "f"}, "arguments": A})],
    *[row(f"a part {part['type']} in the content", Answer(text="Hi", calls=ONE.calls, finish="tool_calls"), body=answer({"content": [{"type": "text", "text": "Hi"}, part]}, "stop"))
      for part in ({"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}, {"type": "function_call", "id": "x", "call_id": "c1", "name": "f", "arguments": A})],
    row("the calls as a text", ONE, body=answer({"tool_calls": json.dumps([{"id": "c1", "function": {"name": "f", "arguments": A}}])}, "tool_calls")),
    *[row(f"the end as {end!r}", Answer(text="Hi", finish="unknown"), data=sse(chunk({"content": "Hi"}), done=False) + b"data: " + end + b"\n\n") for end in (b"[done]", b"DONE", b'"[DONE]"')],
    row("reports of Azure's filter on each category", Answer(text="Hi", extra={"content_filter_results": {"hate": {"filtered": False}, "violence": {"filtered": False}}}),
        provider="azure", data=sse(chunk({"content": "Hi"}, "stop"), *[{"id": "", "choices": [{"index": 0, "finish_reason": None, "content_filter_results": {name: {"filtered": False}}}]}
                                     for name in ("hate", "violence")])),
]  # fmt: skip


@pytest.mark.parametrize(("cached", "counted"), [(3, 3), (0, 0), (9, 5), ("x", None)])
def test_ollama_counts_what_it_read_from_the_cache(cached: Any, counted: int | None) -> None:
    counts = {"prompt_eval_count": 5, "eval_count": 2, "prompt_eval_cached_count": cached}
    line = json.dumps(ollama({"content": "Hi"}, **counts)).encode()
    provider = registry.get("ollama").unwrap()
    usage = provider.parse_chat(HttpResponse(200, JSON, line)).unwrap().usage
    assert usage == Usage(5, 2, counted, raw=counts)


def test_choices_with_the_same_index_are_several() -> None:
    choices = [{"index": 0, "message": {"content": text}, "finish_reason": "stop"} for text in "AB"]
    response = HttpResponse(200, JSON, json.dumps({"id": "c", "choices": choices}).encode())
    completion = registry.get(P).unwrap().parse_chat(response).unwrap()
    assert completion.text == "A"
    assert [choice.message.text for choice in completion.alternatives] == ["B"]


BEGUN = (responses.added(responses.EMPTY), responses.text("Hi"))
UNTAGGED = [
    row(f"a closing tag alone in {pieces}", Answer(text=text, reasoning=reasoning), provider="open_llm_raw", replaces=True, cut_every=3,
        data=sse(*[chunk({"content": piece}) for piece in pieces], chunk({}, "stop")), body=answer({"content": "".join(pieces)}))
    for pieces, reasoning, text in (
        (["hm</think>Hi"], "hm", "Hi"), (["h", "m", "</think>", "\n\nHi"], "hm", "Hi"), (["\nhm\n</th", "ink>\n", "\nHi"], "hm\n", "Hi"), (["</think>Hi"], "", "Hi"),
        (["\n", "</think>", "Hi"], "", "Hi"), (["Hi"], "", "Hi"), (["<think>hm</think>Hi </think>"], "hm", "Hi </think>"), (["Use <think> and ", "</think>."], "", "Use <think> and </think>."),
        (["hm</think>", "<think>b</think>Hi"], "bhm", "Hi"), (["<mm:think>hm</mm:", "think>Hi"], "hm", "Hi"), (["hm</seed:", "think>Hi"], "hm", "Hi"),
        (["Use <mm:think> and ", "</mm:think>."], "", "Use <mm:think> and </mm:think>."))
] + [
    row("a block that repeats the reasoning (MiniMax)", Answer(text="Hi", reasoning="hm"), provider="open_llm_raw", body=answer({"content": "<think>hm</think>Hi", "reasoning_content": "hm"}),
        data=sse(chunk({"content": "<think>h", "reasoning_content": "h"}), chunk({"content": "m</th", "reasoning_content": "m"}), chunk({"content": "ink>Hi"}, "stop"))),
]  # fmt: skip
SO_FAR = ["Paris is", "Paris is the", "Paris is the", "Paris is the capital."]
CUMULATIVE = [
    row("text so far in each chunk", Answer(text=SO_FAR[-1]), replaces=True, data=sse(*[chunk({"content": text}) for text in SO_FAR], chunk({}, "stop"))),
    row("reasoning so far in each chunk", Answer(text="Hi", reasoning=SO_FAR[-1]), replaces=True,
        data=sse(*[chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": text}]}) for text in SO_FAR], chunk({"content": "Hi"}, "stop"))),
    *[row(f"no text so far, {texts}", Answer(text="".join(texts)), data=sse(*map(chunk, [{"content": text} for text in texts]), chunk({}, "stop")))
      for texts in (["ha", "ha ha", "ha ha ha"], ["=" * 20] * 3, ["\n", "\n\n", "\n\nParis is the capital."], ["Paris is the capital,", "Paris is the capital, indeed"])],
]  # fmt: skip
PYTHON = [
    row("NaN and Infinity", HI, body=b'{"id":"c","choices":[{"message":{"content":"Hi"},"finish_reason":"stop","logprobs":null,"score":NaN,"other":-Infinity}]}',
        data=b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop","score":NaN}]}\n\ndata: [DONE]\n\n'),
    row("a tab in a text", Answer(text="H\ti"), body=b'{"id":"c","choices":[{"message":{"content":"H\ti"},"finish_reason":"stop"}]}',
        data=b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"H\ti"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'),
    row("NaN", HI, provider="gemini", body=b'{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP","avgLogprobs":NaN}]}'),
]  # fmt: skip
LEFT_OUT = [
    *[row(f"a stream of Groq that was stopped early, {[*beside]}", Fault(kind=Overloaded, message="over capacity", retryable=True, partial=Answer(text="Hi", finish="unknown")), provider="groq",
          data=sse(chunk({"content": "Hi"}), {**chunk({}), "x_groq": {"id": "r", "error": "over capacity"}, **beside}))
      for beside in ({}, {"usage": {"prompt_tokens": 5, "completion_tokens": 3}})],
    *[row(f"the reason in {where}", HI, data=sse(chunk({"content": "Hi"}), last, done=False)) for where, last in (
        ("the delta", chunk({"finish_reason": "stop"})), ("the chunk", {**chunk({}), "finish_reason": "stop"}),
        *[(name, {"id": "c", "choices": [{"index": 0, "delta": {}, name: "stop"}]}) for name in ("finishReason", "stop_reason", "stopReason")])],
    *[row(f"the reason in {name} of a body", HI, body={"id": "c", "choices": [{"message": {"content": "Hi"}, name: "stop"}]}) for name in ("finishReason", "stop_reason")],
    row("a stop_reason that is a stop sequence", Answer(text="Hi", finish="length"), data=sse(
        {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None, "stop_reason": "###"}]}, chunk({}, "length"))),
    row("a failure without its response", Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True, partial=Answer(text="Hi", finish="unknown")), provider="openai_responses",
        data=responses.stream(*BEGUN, {"type": "response.failed", "error": {"code": "rate_limit_exceeded", "message": "slow"}})),
]  # fmt: skip


def cohere_events(*events: tuple[str, int, dict[str, str]]) -> bytes:
    """A stream of content events: (start, delta or end, index, content)."""
    middle = [
        {
            "type": f"content-{kind}",
            "index": at,
            **({"delta": {"message": {"content": content}}} if content else {}),
        }
        for kind, at, content in events
    ]
    return sse({"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}}, *middle,
               {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}, done=False)  # fmt: skip


def thinks(text: str, kind: str = "thinking") -> dict[str, str]:
    return {"type": kind, kind: text}


def says(text: str) -> dict[str, str]:
    return thinks(text, "text")


MIXED = Answer(text="Hi", reasoning="hm", parts=("Reasoning", "Text"))
BLOCKS = [
    *[row(f"thinking and text in {title}", MIXED, provider="cohere", data=cohere_events(*events)) for title, events in (
        ("a block of text", (("start", 0, says("")), ("delta", 0, {"thinking": "hm"}), ("delta", 0, {"text": "H"}), ("delta", 0, {"text": "i"}), ("end", 0, {}))),
        ("a block that has not begun", (("delta", 0, {"thinking": "h"}), ("delta", 0, {"thinking": "m"}), ("delta", 0, {"text": "Hi"}))),
        ("two blocks of one index", (("start", 0, thinks("")), ("delta", 0, {"thinking": "hm"}), ("end", 0, {}), ("start", 0, says("")), ("delta", 0, {"text": "Hi"}))),
        ("one delta", (("start", 0, says("")), ("delta", 0, {"thinking": "hm", "text": "Hi"}))))],
    row("thinking and text in one block", MIXED, provider="cohere", body=cohere([{"type": "text", "thinking": "hm", "text": "Hi"}])),
    *[row(f"the beginning has {begin!r}, the deltas {deltas!r}", Answer(text="" if kind == "thinking" else whole, reasoning=whole if kind == "thinking" else ""), provider="cohere",
          data=cohere_events(("start", 0, thinks(begin, kind)), *[("delta", 0, {kind: piece}) for piece in deltas], ("end", 0, {})))
      for kind in ("text", "thinking")
      for begin, deltas, whole in (
        ("Hello", ("Hello",), "Hello"), ("Hel", ("He", "llo", "!"), "Hello!"), ("Hel", ("lo",), "Hello"), ("Hello", (), "Hello"), ("Hello", ("He", "y"), "HelloHey"), ("Hello", ("He",), "HelloHe"))],
    row("the beginning of another block", Answer(text="HelloHe!"), provider="cohere", data=cohere_events(
        ("start", 0, says("Hello")), ("delta", 0, says("He")), ("delta", 1, says("!")))),
]  # fmt: skip


def frames(*texts: Any, reason: str = "stop", **last: Any) -> bytes:
    """A stream of DashScope with this content; the last frame has the reason."""
    *before, end = texts
    return sse(*[dashscope({"content": text}, "null") for text in before], dashscope({"content": end, **last}, reason), done=False)  # fmt: skip


def parts(text: str) -> list[dict[str, str]]:
    return [{"text": text}]


GROWING = [
    *[row(f"frames with all text so far ({title})", Answer(text="Hello!", parts=("Text",)), provider="dashscope", data=data, replaces=True) for title, data in (
        ("text", frames("Hel", "Hello", "Hello!")), ("the last one twice", frames("Hello", "Hello!", "Hello!")), ("blocks", frames(parts("Hel"), parts("Hello!"))),
        ("empty ones first", frames("", "", "Hel", "Hello!")),
        ("result_format text", sse(*[{"request_id": "r", "output": {"text": text, "finish_reason": reason}} for text, reason in (("Hel", "null"), ("Hello!", "stop"))], done=False)))],
    *[row(f"frames with new text only: {texts}", Answer(text="".join(texts)), provider="dashscope", data=frames(*texts)) for texts in (
        ("H", "ello"), ("1", "10", ""), ("a", "ab", "c"), ("ab", "a", "ab"), ("", "Hi"), ("Hi",), ("Hi", ""))],
    row("OCR's positions beside the text", Answer(text="Hi", extra={"ocr_result": {"words_info": [1]}}), provider="dashscope",
        body=dashscope({"content": [{"text": "Hi", "ocr_result": {"words_info": [1]}}]}), data=frames([{"text": "Hi", "ocr_result": {"words_info": [1]}}])),
]  # fmt: skip
GENERATED: dict[str, Any] = {
    "model": "m",
    "response": "",
    "image": "iVBORw0KGgo=",
    "done": True,
    "done_reason": "stop",
}
OLLAMA = [
    row("a generated image", Answer(parts=("Image",)), provider="ollama.generate", body=GENERATED,
        data=b"".join(json.dumps(line).encode() + b"\n" for line in ({"model": "m", "response": "", "completed": 1, "total": 4, "done": False}, GENERATED)), headers=(("content-type", "application/x-ndjson"),)),
    row("a generated image alone", Answer(parts=("Image",), finish="unknown"), provider="ollama.generate", body={"image": GENERATED["image"], "done": True}),
]  # fmt: skip

MESSAGE = anthropic.message()
ENVELOPES = [
    *[row(f"in {[*envelope]}", HI, provider=provider, body={**envelope, key: body})
      for provider, body in ((P, answer({"content": "Hi"})), ("anthropic", MESSAGE), ("openai_responses", responses.whole(responses.msg("Hi"))))
      for key, envelope in (("data", {}), ("data", {"code": 0, "msg": "ok"}), ("data", {"success": True, "code": 200, "message": "ok"}), ("result", {"success": True}))],
    row("in a list", HI, provider="anthropic", body=[MESSAGE]),
    row("in Code Assist's envelope", HI, provider="gemini", body={"response": gemini.item({"text": "Hi"}, finish="STOP"), "traceId": "x"},
        data=gemini.stream({"response": gemini.item({"text": "Hi"}), "traceId": "x"}, {"response": gemini.item(finish="STOP"), "traceId": "x"})),
    row("an envelope with an error", Fault(kind=ServerError, code="500", retryable=True), body={"code": 500, "message": "boom", "data": answer({"content": "Hi"})}),
    row("OpenAI's code in Claude's error", Fault(kind=RateLimited, code="rate_limit_exceeded", retryable=True), provider="anthropic",
        body={"error": {"message": "slow", "type": "requests", "code": "rate_limit_exceeded"}}),
]  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [*CALLS, *CONTENT, *USAGE, *NAMED, *UNTAGGED, *CUMULATIVE, *PYTHON, *LEFT_OUT, *BLOCKS, *GROWING, *OLLAMA, *ENVELOPES],
    ids=str,
)  # fmt: skip
def test_what_is_meant_is_read(row: Row) -> None:
    check(row)


def in_one_block(provider: str, first: str, kinds: tuple[str, ...]) -> bytes:
    """A stream with a delta of each kind, all at the place of a block that began as `first`; the content of each is its number."""
    # fmt: off
    pieces = [*zip(kinds, "123", strict=True)]
    if provider == "cohere":
        deltas = [("delta", 0, {kind: piece}) for kind, piece in pieces]
        return cohere_events(("start", 0, thinks("", first)), *deltas)
    write: dict[str, Callable[[Any, str], Any]]
    if provider == "bedrock":
        write = {"text": bedrock.text, "thinking": lambda at, piece: bedrock.thought(at, text=piece), "input": bedrock.arguments}
        begun = [bedrock.call(0)] if first == "tool_use" else []
        return body_of(bedrock.BEGIN, *begun, *[write[kind](0, piece) for kind, piece in pieces], bedrock.END, bedrock.METADATA)
    write = {"text": anthropic.text, "thinking": anthropic.thought, "input": anthropic.arguments}
    held = anthropic.CALL if first == "tool_use" else {first: ""}
    return anthropic.stream(anthropic.start(), anthropic.begun(0, first, **held), *[write[kind](0, piece) for kind, piece in pieces], anthropic.end(), anthropic.STOP)
    # fmt: on


ORDERS = [
    (provider, first, kinds)
    for provider, firsts in (("anthropic", ("text", "thinking", "tool_use")), ("cohere", ("text", "thinking")), ("bedrock", ("text", "tool_use")))
    for first in firsts
    for kinds in product(("text", "thinking", "input") if first == "tool_use" else ("text", "thinking"), repeat=3)
]  # fmt: skip


def test_content_in_a_block_of_another_kind_is_read() -> None:
    def check_order(order: tuple[str, str, tuple[str, ...]]) -> None:
        provider, first, kinds = order
        head = STREAM_HEAD if provider == "bedrock" else ResponseHead(200, SSE)
        stream = registry.get(provider).unwrap().open_stream(head)
        events, error = read_pieces(stream, [in_one_block(*order)])
        assert error is None, error
        read = completion_of(events)
        written = {kind: "".join([piece for at, piece in zip(kinds, "123", strict=True) if at == kind]) for kind in ("text", "thinking", "input")}  # fmt: skip
        calls = [written["input"] or "{}"] if first == "tool_use" else []
        assert (read.text, read.reasoning) == (written["text"], written["thinking"])
        assert [call.arguments for call in read.tool_calls] == calls

    check_each(check_order, ORDERS)


UNREADABLE: list[tuple[str, Any]] = [
    (P, {"choices": 7}), (P, {"choices": {}}), (P, {"choices": [7]}), (P, {"choices": [{"message": {"content": True}}]}),
    ("gemini", {"candidates": {"a": 1}}), ("gemini", {"candidates": [{"content": {"parts": [None]}}]}),
    ("openai_responses", {"output": [], "model": 7}), ("openai_responses", {"output": [1]}),
    ("anthropic", {"type": "message", "content": [5]}), ("bedrock", converse(5)), ("cohere", cohere(5)),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "body"), UNREADABLE)
def test_what_has_no_content_stays_an_error(provider: str, body: Any) -> None:
    response = HttpResponse(200, JSON, json.dumps(body).encode())
    assert isinstance(registry.get(provider).unwrap().parse_chat(response).failure(), ProtocolError)


@pytest.mark.parametrize(
    "value", [{"input": {"usage": "", "id": 5}}, {"args": [None]}, {"arguments": '{"id":5}'}]
)
def test_what_a_tool_gets_is_not_looked_into(value: Any) -> None:
    assert [*lenient_forms(json.dumps(value).encode())] == []
