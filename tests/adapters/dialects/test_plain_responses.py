"""The fast path of a plain buffered response gives what the slow path gives, or leaves the response to it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.samples import ANSWERS
from llm_pure import Completion, HttpResponse
from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.anthropic_messages import response as messages_response
from llm_pure.adapters.dialects.bedrock_converse import response as converse_response
from llm_pure.adapters.dialects.cohere_chat import response as cohere_response
from llm_pure.adapters.dialects.dashscope_generation import response as dashscope_response
from llm_pure.adapters.dialects.gemini_content import response as gemini_response
from llm_pure.adapters.dialects.llama_native import response as llama_response
from llm_pure.adapters.dialects.ollama_native import response as ollama_response
from llm_pure.adapters.dialects.openai_chat import response as chat_response
from llm_pure.adapters.dialects.openai_responses import response as responses_response
from llm_pure.core.service import Service
from llm_pure.types.result import LLMResult, Success
from tests.support.cassettes import Recorded, recorded
from tests.support.laws import examples
from tests.support.odd_json import change
from tests.support.rows import check_each

HEADERS = (("x-request-id", "req_1"),)


class Paths(NamedTuple):
    """Both paths of a dialect, and plain responses in its form."""

    plain: Callable[[Any, HttpResponse], Completion | None]
    slow: Callable[[Any, HttpResponse], LLMResult[Completion]]
    bodies: tuple[dict[str, Any], ...]


def _service(name: str) -> Any:
    if name == "openai_chat":
        return openai_chat.make_service("any", openai_chat.Quirks())
    return Service(name="any", base_url="", url_for=lambda *_: Success(""), quirks=None)


def _chat(message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}  # fmt: skip


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _messages(content: list[dict[str, Any]], reason: str = "end_turn") -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": None}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": reason,
        "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _gemini(parts: list[dict[str, Any]], reason: str = "STOP") -> dict[str, Any]:
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": reason, "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 5}, "modelVersion": "m", "responseId": "r"}  # fmt: skip


_TEXT = {"type": "output_text", "text": "a", "annotations": [], "logprobs": []}
_THOUGHT = {
    "id": "r", "type": "reasoning", "summary": [{"type": "summary_text", "text": "b"}, {"type": "summary_text", "text": "c"}],
    "encrypted_content": "s",
}  # fmt: skip


def _responses(output: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 3,
        "output_tokens": 2,
        "total_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 1},
    }
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": None, "incomplete_details": None,
        "model": "m", "output": output, "tools": [], "temperature": 0, "store": False, "usage": usage, **fields,
    }  # fmt: skip


def _converse(content: list[dict[str, Any]], reason: str = "end_turn") -> dict[str, Any]:
    usage = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
    return {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": reason, "usage": usage, "metrics": {"latencyMs": 7}}  # fmt: skip


def _cohere(message: dict[str, Any], reason: str = "COMPLETE") -> dict[str, Any]:
    usage = {"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 3, "output_tokens": 2}}
    return {"id": "c", "finish_reason": reason, "message": {"role": "assistant", **message}, "usage": usage}  # fmt: skip


def _dashscope(message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    choice = {"finish_reason": reason, "message": {"role": "assistant", **message}}
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    return {"output": {"choices": [choice]}, "usage": usage, "request_id": "r"}


def _llama(message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    metrics = [{"metric": "num_prompt_tokens", "value": 3, "unit": "tokens"}]
    message = {"role": "assistant", "stop_reason": reason, **message}
    return {"id": "l", "completion_message": message, "metrics": metrics}


def _ollama(**fields: Any) -> dict[str, Any]:
    return {
        "model": "m", "created_at": "2026", "done": True, "done_reason": "stop", "total_duration": 7, "load_duration": 0,
        "prompt_eval_count": 3, "eval_count": 2, **fields,
    }  # fmt: skip


def _ollama_call(name: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments, **fields}}


PATHS = {
    "openai_chat": Paths(
        chat_response.read_plain_response,
        chat_response.parse_chat,
        (
            msgspec.json.decode(ANSWERS["openai"]),
            _chat({"content": None, "tool_calls": [_call("a", "f", "{}"), _call("a", "g", "")]}),
            _chat({"content": "x", "tool_calls": [_call("a", "multi_tool_use.parallel", '{"tool_uses":[{"recipient_name":"functions.f","parameters":{"b":1}}]}')]}),
            _chat({"content": "x", "tool_calls": [_call("a", "f", '{"b":1}')]}, "tool_calls"),
            _chat({"content": "", "tool_calls": []}, "length"),
            _chat({"content": "x"}, "null"),
            _chat({"content": "x", "reasoning_content": "y", "reasoning": "z"}),
            {**_chat({"content": "<x", "reasoning": "z"}), "provider": "p", "request_id": "q", "citations": ["c"], "time_info": {"a": 1.5}, "x_groq": {"id": "g"}},
            {**_chat({"content": "x"}), "choices": [{**_chat({"content": "x"})["choices"][0], "native_finish_reason": "STOP", "content_filter_results": {"hate": {"filtered": False}}}]},
        ),
    ),
    "anthropic_messages": Paths(
        messages_response.read_plain_response,
        messages_response.parse_chat,
        (
            msgspec.json.decode(ANSWERS["anthropic"]),
            _messages([{"type": "text", "text": "a"}, {"type": "text", "text": ""}, {"type": "text", "text": "b"}]),
            _messages([{"type": "text", "text": "a"}, {"type": "tool_use", "id": "t", "name": "f", "input": {"b": [1, "ü"]}}], "tool_use"),
            _messages([{"type": "tool_use", "id": "t", "name": "f", "input": {}}], "new_reason"),
            _messages([]),
            _messages([{"type": "thinking", "thinking": "a", "signature": "s"}, {"type": "text", "text": "b"}]),
            _messages([{"type": "thinking", "thinking": "", "signature": ""}, {"type": "text", "text": "b"}]),
        ),
    ),
    "gemini_content": Paths(
        gemini_response.read_plain_response,
        gemini_response.parse_chat,
        (
            msgspec.json.decode(ANSWERS["gemini"]),
            _gemini([{"text": "a"}, {"text": ""}, {"text": "b"}]),
            _gemini([], "MAX_TOKENS"),
            _gemini([{"text": ""}], "FINISH_REASON_UNSPECIFIED"),
            _gemini([{"text": "a", "thought": True}, {"text": "b", "thought": True}, {"text": "c"}, {"text": "d"}]),
            _gemini([{"text": "a"}, {"text": "", "thoughtSignature": "s"}, {"text": "b", "thoughtSignature": "t"}, {"text": "c"}]),
            _gemini([{"text": "a", "thought": True, "thoughtSignature": "s"}, {"text": "b", "thought": True}]),
            _gemini([{"text": "a"}, {"functionCall": {"name": "f", "args": {"b": [1, "ü"]}, "id": "c"}, "thoughtSignature": "s"}, {"functionCall": {"name": "g"}}]),
        ),
    ),
    "openai_responses": Paths(
        responses_response.read_plain_response,
        responses_response.parse_chat,
        (
            msgspec.json.decode(ANSWERS["openai_responses"]),
            _responses([], incomplete_details={"reason": "max_output_tokens"}),
            _responses([], status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            _responses([_THOUGHT, {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [_TEXT, {**_TEXT, "text": ""}]}]),
            _responses([{**_THOUGHT, "content": [{"type": "reasoning_text", "text": "z"}, {"type": "reasoning_text", "text": ""}], "encrypted_content": None}]),
            _responses([_THOUGHT, {"type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": '{"b":1}', "status": "completed"}, {"type": "function_call", "call_id": "d", "name": "g", "arguments": ""}]),
            _responses([{"type": "message", "id": "m", "content": [{**_TEXT, "annotations": [{"type": "url_citation"}]}]}]),
        ),
    ),
    "bedrock_converse": Paths(
        converse_response.read_plain_response,
        converse_response.parse_chat,
        (
            msgspec.json.decode(ANSWERS["bedrock"]),
            _converse([{"text": "a"}, {"text": ""}, {"text": "b"}], "max_tokens"),
            _converse([{"reasoningContent": {"reasoningText": {"text": "a", "signature": "s"}}}, {"text": "b"}]),
            _converse([{"text": "a"}, {"toolUse": {"toolUseId": "t", "name": "f", "input": {"b": [1, "ü"]}}}], "tool_use"),
            _converse([{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}], "end_turn"),
            _converse([], "new_reason"),
        ),
    ),
    "cohere_chat": Paths(
        cohere_response.read_plain_response,
        cohere_response.parse_chat,
        (
            _cohere({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}, {"type": "text", "text": "b"}]}),
            _cohere({"content": [{"type": "thinking", "thinking": "a"}, {"type": "text", "text": "b"}]}, "MAX_TOKENS"),
            _cohere({"tool_plan": "p", "tool_calls": [_call("c", "f", '{"b":1}'), _call("d", "g", "")]}, "TOOL_CALL"),
            _cohere({"content": []}, "NEW"),
        ),
    ),
    "dashscope_generation": Paths(
        dashscope_response.read_plain_response,
        dashscope_response.parse_chat,
        (
            _dashscope({"content": "a"}),
            _dashscope({"content": [{"text": "a"}, {"text": "b"}], "reasoning_content": "c"}),
            _dashscope({"content": [{"text": "a"}, {"image": "https://x/y.png"}]}, "length"),
            _dashscope({"content": "", "tool_calls": [{"index": 0, **_call("c", "f", '{"b":1}')}, {"index": 1, **_call("d", "g", "")}]}, "tool_calls"),
            _dashscope({"content": ""}, "null"),
            {"output": {"text": "a", "finish_reason": "stop"}, "request_id": "r"},
        ),
    ),
    "llama_native": Paths(
        llama_response.read_plain_response,
        llama_response.parse_chat,
        (
            _llama({"content": {"type": "text", "text": "a"}}),
            _llama({"content": "a", "tool_calls": [_call("c", "f", '{"b":1}'), _call("d", "g", "")]}, "tool_calls"),
            _llama({"content": [{"type": "text", "text": "a"}]}),
            _llama({"content": None}, "new_reason"),
        ),
    ),
    "ollama_native": Paths(
        ollama_response.read_plain_response,
        ollama_response.parse_chat,
        (
            msgspec.json.decode(ANSWERS["ollama"]),
            _ollama(message={"role": "assistant", "content": "a", "thinking": "b"}),
            _ollama(response="a", thinking="b"),
            _ollama(message={"role": "assistant", "content": "", "tool_calls": [{"id": "c", **_ollama_call("f", {"b": 1}, index=0)}, _ollama_call("g", {})]}),
            _ollama(message={"role": "assistant", "content": ""}, done_reason="load"),
            _ollama(message={"role": "assistant", "content": "a", "tool_calls": [_ollama_call("f", "{}")]}),
        ),
    ),
}  # fmt: skip
NOT_PLAIN = [
    ("dashscope_generation", 5),
    ("llama_native", 2),
    ("openai_responses", 1),
    ("openai_responses", 6),
    ("openai_chat", 5),
    ("ollama_native", 4),
    ("ollama_native", 5),
]
"""Bodies above that the slow path alone reads."""

NAMES = [
    "error", "message", "x", "type", "text", "thought", "status", "citations", "annotations", "logprobs", "refusal", "code",
    "detail", "id", "index", "stop_reason", "finishReason", "promptFeedback", "audio", "name", "done", "response", "thinking",
    "arguments", "input", "trace", "tool_calls", "signature", "thoughtSignature", "functionCall", "avgLogprobs", "summary", "content", "encrypted_content", "call_id", "incomplete_details",
    "provider", "request_id", "reasoning", "reasoning_content", "reasoning_details", "usage", "x_groq",
]  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, name: str) -> bytes:
    """A plain body with up to three changes: a value replaced, a field left out, another one added, a value repeated."""
    return change(draw, deepcopy(draw(st.sampled_from(PATHS[name].bodies))), NAMES)


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", PATHS)
def test_both_paths_give_one_completion(name: str) -> None:
    paths, service = PATHS[name], _service(name)

    @given(changed(name))
    @examples(300)
    def check(body: bytes) -> None:
        response = HttpResponse(200, HEADERS, body)
        plain = paths.plain(service, response)
        assert plain is None or Success(plain) == paths.slow(service, response)

    check()


@pytest.mark.parametrize(
    ("name", "number"),
    [(name, number) for name, paths in PATHS.items() for number in range(len(paths.bodies))],
)
def test_plain_responses_take_the_fast_path(name: str, number: int) -> None:
    paths, service = PATHS[name], _service(name)
    response = HttpResponse(200, HEADERS, msgspec.json.encode(paths.bodies[number]))
    slow = paths.slow(service, response)
    expected = None if (name, number) in NOT_PLAIN else slow.unwrap()
    assert paths.plain(service, response) == expected


WHOLE = [
    one
    for one in recorded()
    if one.provider.dialect in PATHS and one.operation == "chat" and not one.streamed
]


@pytest.mark.parametrize("dialect", sorted({one.provider.dialect for one in WHOLE}))
def test_both_paths_read_recorded_responses(dialect: str) -> None:
    paths, service = PATHS[dialect], _service(dialect)

    def check(one: Recorded) -> None:
        plain = paths.plain(service, one.interaction.response)
        assert plain is None or Success(plain) == paths.slow(service, one.interaction.response)

    check_each(check, [one for one in WHOLE if one.provider.dialect == dialect])
