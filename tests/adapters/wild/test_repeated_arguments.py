"""Arguments of tool calls that are sent twice, as they grow, or after an empty object, in the streams of every API."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from llm_pure import collect
from llm_pure.core.call_arguments import join_arguments
from llm_pure.types.events import Finished, Started, ToolCallDelta
from tests.adapters.wild import test_anthropic_messages as anthropic
from tests.adapters.wild import test_bedrock as bedrock
from tests.adapters.wild import test_openai_chat as chat
from tests.adapters.wild import test_openai_responses as responses
from tests.support.aws_frames import STREAM_HEAD, body_of
from tests.support.wild_answers import SSE, Answer, Row, check, sse

A = '{"a":1}'
NESTED = '{"a":{"b":2}}'
FRAGMENTS: dict[str, tuple[Sequence[str], str]] = {
    "an empty object before the fragments": (("{}", '{"a"', ":1}"), A),
    "an empty object before all of it": (("{}", A), A),
    "null before all of it": (("null", A), A),
    "an empty object after all of it": ((A, "{}"), A),
    "all of it after the fragments": (('{"a":', "1}", A), A),
    "all of it again in other white space": (('{"a":', "1}", '{"a": 1}'), A),
    "the fragments twice": (('{"a"', ":1}", '{"a"', ":1}"), A),
    "all of it three times": ((A, A, A), A),
    "what there is so far each time": (('{"a"', '{"a":', A), A),
    "an object within an object": (('{"a":', '{"b":2}', "}"), NESTED),
    "an object within an object, in more fragments": (("{", '"a":', '{"b"', ":2}", "}"), NESTED),
    "an empty object within an object": (('{"a":', "{}", "}"), '{"a":{}}'),
    "an empty object alone": (("{}",), "{}"),
    "two different objects": (('{"a":1}', '{"a":2}'), '{"a":1}{"a":2}'),
    "braces in a text": (('{"a":"', "}{", '"}'), '{"a":"}{"}'),
    "an object that does not end": (('{"a":1}', '{"a"'), '{"a":1}{"a"'),
    "null alone": (("nul", "l"), "{}"),
    "JSON in a JSON text": (('"{\\"a\\"', ':1}"'), A),
    "a text that is no JSON": (('"a', 'b"'), '"ab"'),
    "no JSON": (("{x", "{y"), "{x{y"),
}  # fmt: skip


def _chat(fragments: Sequence[str]) -> Row:
    calls = [chat.call(0, None, None, fragment) for fragment in fragments]
    deltas = [chat.call(0, "c", "f", ""), *calls]
    data = sse(*map(chat.chunk, deltas), chat.chunk({}, "tool_calls"))
    return Row(title="", provider="open_llm", data=data, expected=Answer())


def _anthropic(fragments: Sequence[str]) -> Row:
    deltas = [anthropic.arguments(0, fragment) for fragment in fragments]
    begun = anthropic.begun(0, "tool_use", **anthropic.CALL)
    data = anthropic.stream(
        anthropic.start(), begun, *deltas, anthropic.stopped(0), anthropic.end("tool_use"), anthropic.STOP
    )  # fmt: skip
    return Row(title="", provider="anthropic", data=data, expected=Answer())


def _responses(fragments: Sequence[str]) -> Row:
    item = responses.call("", call_id="c")
    deltas = [responses.args(fragment) for fragment in fragments]
    data = responses.stream(responses.added(item), *deltas, responses.end())
    return Row(title="", provider="openai_responses", data=data, expected=Answer())


def _bedrock(fragments: Sequence[str]) -> Row:
    deltas = [bedrock.arguments(0, fragment) for fragment in fragments]
    data = body_of(
        bedrock.BEGIN, bedrock.call(0), *deltas, bedrock.stopped(0), bedrock.CALLED, bedrock.METADATA
    )  # fmt: skip
    return Row(title="", provider="bedrock", data=data, expected=Answer(), headers=STREAM_HEAD.headers)  # fmt: skip


def _cohere(fragments: Sequence[str]) -> Row:
    def event(kind: str, call: Any) -> dict[str, Any]:
        return {"type": kind, "index": 0, "delta": {"message": {"tool_calls": call}}}

    data = sse(
        {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}},
        event("tool-call-start", {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}),
        *[event("tool-call-delta", {"function": {"arguments": fragment}}) for fragment in fragments],
        {"type": "tool-call-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
        done=False,
    )  # fmt: skip
    return Row(title="", provider="cohere", data=data, expected=Answer(), headers=SSE)


def _dashscope(fragments: Sequence[str]) -> Row:
    def frame(reason: str, **call: Any) -> dict[str, Any]:
        message = {"role": "assistant", "content": "", "tool_calls": [{"index": 0, **call}]}
        return {"output": {"choices": [{"message": message, "finish_reason": reason}]}, "request_id": "r"}  # fmt: skip

    frames = [frame("null", id="", function={"name": "", "arguments": text}) for text in fragments]
    begun = frame("null", id="c", function={"name": "f", "arguments": ""})
    end = frame("tool_calls", id="", function={"name": "", "arguments": ""})
    return Row(title="", provider="dashscope", data=sse(begun, *frames, end, done=False), expected=Answer())  # fmt: skip


STREAMS: dict[str, Callable[[Sequence[str]], Row]] = {
    "chat": _chat,
    "anthropic": _anthropic,
    "responses": _responses,
    "bedrock": _bedrock,
    "cohere": _cohere,
    "dashscope": _dashscope,
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize(("fragments", "arguments"), FRAGMENTS.values(), ids=FRAGMENTS)
def test_arguments_are_one_value(
    stream: Callable[[Sequence[str]], Row], fragments: Sequence[str], arguments: str
) -> None:
    row = stream(fragments)
    expected = Answer(calls=(("c", "f", arguments),), finish="tool_calls")
    check(Row(title="", provider=row.provider, data=row.data, headers=row.headers, expected=expected, cut_every=37))  # fmt: skip


@pytest.mark.parametrize("text", ['{"a":1}{"a":1}', '{"a":1} {"a":1}', '{}{"a":1}'])
def test_a_buffered_response_may_repeat_them_too(text: str) -> None:
    body = chat.answer({"tool_calls": [chat.call(None, "c", "f", text)["tool_calls"][0]]}, "tool_calls")  # fmt: skip
    arguments = (
        text if " " in text else A
    )  # with a space it is nothing that a stream could not mean
    check(Row(title="", provider="openai", body=body, expected=Answer(calls=(("c", "f", arguments),), finish="tool_calls")))  # fmt: skip


CALL = {"id": "c", "type": "function", "function": {"name": "f"}}
BUFFERED: dict[str, Callable[[str], dict[str, Any]]] = {
    "openai": lambda text: chat.answer({"tool_calls": [chat.call(None, "c", "f", text)["tool_calls"][0]]}, "tool_calls"),
    "anthropic": lambda text: anthropic.message(content=[{"type": "tool_use", "id": "c", "name": "f", "input": text}], stop_reason="tool_use"),
    "openai_responses": lambda text: responses.whole({"type": "function_call", "id": "x", "call_id": "c", "name": "f", "arguments": text}),
    "bedrock": lambda text: {"output": {"message": {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c", "name": "f", "input": text}}]}}, "stopReason": "tool_use"},
    "cohere": lambda text: {"id": "m", "message": {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": text}}]}, "finish_reason": "TOOL_CALL"},
    "dashscope": lambda text: {"output": {"choices": [{"finish_reason": "tool_calls", "message": {"role": "assistant", "content": "", "tool_calls": [
        {**CALL, "function": {"name": "f", "arguments": text}}]}}]}},
    "ollama": lambda text: {"model": "m", "message": {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": text}}]}, "done": True, "done_reason": "stop"},
    "gemini": lambda text: {"candidates": [{"content": {"parts": [{"functionCall": {"id": "c", "name": "f", "args": text}}]}, "finishReason": "STOP"}]},
    "llama_api": lambda text: {"completion_message": {"role": "assistant", "stop_reason": "tool_calls", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": text}}]}},
}  # fmt: skip


@pytest.mark.parametrize("provider", BUFFERED)
@pytest.mark.parametrize(("text", "arguments"), [("null", "{}"), (json.dumps(A), A), ("", "{}")])
def test_arguments_of_a_buffered_response_are_an_object(
    provider: str, text: str, arguments: str
) -> None:
    answer = Answer(calls=(("c", "f", arguments),), finish="tool_calls")
    check(Row(title="", provider=provider, body=BUFFERED[provider](text), expected=answer))


def test_the_input_of_a_custom_tool_stays_as_it_is() -> None:
    for text in ("null", '"{}"'):
        call = {"id": "c", "type": "custom", "custom": {"name": "f", "input": text}}
        body = chat.answer({"tool_calls": [call]}, "tool_calls")
        check(Row(title="", provider="openai", body=body, expected=Answer(calls=(("c", "f", text),), finish="tool_calls")))  # fmt: skip


def test_arguments_in_very_many_fragments_take_linear_time() -> None:
    fragments = ["{}"] * 20_000
    assert join_arguments(fragments) == "{}"
    assert join_arguments(["{"] * 20_000) == "{" * 20_000


def test_events_of_any_origin_are_collected_so() -> None:
    events = (
        Started(),
        ToolCallDelta("{}", 0, 0, "c", "f"),
        ToolCallDelta(A),
        Finished("tool_calls"),
    )
    [call] = collect(events).unwrap().tool_calls
    assert (call.id, call.name, call.arguments) == ("c", "f", A)
