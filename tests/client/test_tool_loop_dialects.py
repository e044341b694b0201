"""The same run in every dialect: two calls in one turn, one of which fails, then one call, then the answer.

What must come back unchanged (signatures, encrypted reasoning, item ids) is in the next requests, results in the order of
the calls, each by the id or name that the dialect wants.
"""

import json
from typing import Any

import pytest

from llm_pure import LLM, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from tests.support.agents import JSON, KEY, looped
from tests.support.twins import every_kind

FIRST, SECOND, THIRD = {"city": "Oslo"}, {"city": "Atlantis"}, {"city": "Rome"}
OK, LOST, ROME = "21 C in Oslo", "LookupError: no such city", "21 C in Rome"


def weather(city: str) -> str:
    """The weather now."""
    if city == "Atlantis":
        raise LookupError("no such city")
    return f"21 C in {city}"


def openai_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    return _chat({
        "role": "assistant", "content": "Let me see.",
        "tool_calls": [
            {"id": name, "type": "function", "function": {"name": "weather", "arguments": json.dumps(value)}}
            for name, value in calls
        ],
    }, "tool_calls")  # fmt: skip


def _chat(message: dict[str, Any], finish: str) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]}


def deepseek_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    body = openai_calls(*calls)
    body["choices"][0]["message"]["reasoning_content"] = "Hm."
    return body


def responses_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    items: list[dict[str, Any]] = [
        {"type": "reasoning", "id": f"rs_{calls[0][0]}", "summary": [], "encrypted_content": "c2ln"}
    ]
    items += [
        {"type": "function_call", "id": f"fc_{name}", "call_id": name, "name": "weather",
         "arguments": json.dumps(value), "status": "completed"}
        for name, value in calls
    ]  # fmt: skip
    return _response(items)


def _response(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "r", "object": "response", "status": "completed", "model": "m", "output": items}


def anthropic_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]
    blocks += [
        {"type": "tool_use", "id": name, "name": "weather", "input": value} for name, value in calls
    ]
    return _message(blocks, "tool_use")


def _message(blocks: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    return {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": blocks,
            "stop_reason": reason, "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip


def gemini_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"functionCall": {"name": "weather", "args": value}} for _, value in calls
    ]
    parts[0]["thoughtSignature"] = "c2ln"
    return _candidate(parts)


def _candidate(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]}


def bedrock_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}
    ]
    blocks += [
        {"toolUse": {"toolUseId": name, "name": "weather", "input": value}} for name, value in calls
    ]
    return _converse(blocks, "tool_use")


def _converse(blocks: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": reason,
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}}  # fmt: skip


def ollama_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    made = [{"function": {"name": "weather", "arguments": value}} for _, value in calls]
    return _local({"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": made})


def _local(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "message": message, "done": True, "done_reason": "stop"}


def cohere_calls(*calls: tuple[str, Any]) -> dict[str, Any]:
    made = [
        {"id": name, "type": "function", "function": {"name": "weather", "arguments": json.dumps(value)}}
        for name, value in calls
    ]  # fmt: skip
    message = {"role": "assistant", "tool_plan": "Hm.", "tool_calls": made}
    return {"id": "c", "finish_reason": "TOOL_CALL", "message": message}


TEXT = "Rome is warm."
ANSWERS = {
    openai_calls: _chat({"role": "assistant", "content": TEXT}, "stop"),
    deepseek_calls: _chat({"role": "assistant", "content": TEXT}, "stop"),
    responses_calls: _response([
        {"type": "message", "id": "msg", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": TEXT, "annotations": []}]}
    ]),
    anthropic_calls: _message([{"type": "text", "text": TEXT}], "end_turn"),
    gemini_calls: _candidate([{"text": TEXT}]),
    bedrock_calls: _converse([{"text": TEXT}], "end_turn"),
    ollama_calls: _local({"role": "assistant", "content": TEXT}),
    cohere_calls: {"id": "c", "finish_reason": "COMPLETE",
                   "message": {"role": "assistant", "content": [{"type": "text", "text": TEXT}]}},
}  # fmt: skip


def openai_turn(body: Any) -> tuple[Any, Any]:
    turn, *results = body["messages"][1:4]
    calls = [(call["id"], json.loads(call["function"]["arguments"])) for call in turn["tool_calls"]]
    return calls, [(result["tool_call_id"], result["content"]) for result in results]


def responses_turn(body: Any) -> tuple[Any, Any]:
    reasoning, first, second, *results = body["input"][1:6]
    assert (reasoning["type"], reasoning["encrypted_content"]) == ("reasoning", "c2ln")
    calls = [(item["call_id"], json.loads(item["arguments"])) for item in (first, second)]
    assert [item["id"] for item in (first, second)] == ["fc_a", "fc_b"]
    return calls, [(item["call_id"], item["output"]) for item in results]


def anthropic_turn(body: Any) -> tuple[Any, Any]:
    (thinking, *calls), results = [turn["content"] for turn in body["messages"][1:3]]
    assert thinking == {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    assert [result.get("is_error", False) for result in results] == [False, True]
    return (
        [(call["id"], call["input"]) for call in calls],
        [(result["tool_use_id"], _text(result["content"])) for result in results],
    )


def gemini_turn(body: Any) -> tuple[Any, Any]:
    calls, results = [turn["parts"] for turn in body["contents"][1:3]]
    assert [part.get("thoughtSignature") for part in calls] == ["c2ln", None]
    responses = [part["functionResponse"] for part in results]
    assert [response["name"] for response in responses] == ["weather", "weather"]
    return (
        list(zip("ab", [part["functionCall"]["args"] for part in calls], strict=True)),
        list(zip("ab", [_first_text(response["response"]) for response in responses], strict=True)),
    )


def bedrock_turn(body: Any) -> tuple[Any, Any]:
    (reasoning, *calls), results = [turn["content"] for turn in body["messages"][1:3]]
    assert reasoning["reasoningContent"]["reasoningText"]["signature"] == "c2ln"
    found = [block["toolResult"] for block in results]
    assert [result.get("status", "success") for result in found] == ["success", "error"]
    return (
        [(block["toolUse"]["toolUseId"], block["toolUse"]["input"]) for block in calls],
        [(result["toolUseId"], _text(result["content"])) for result in found],
    )


def ollama_turn(body: Any) -> tuple[Any, Any]:
    turn, *results = body["messages"][1:4]
    assert [result["tool_name"] for result in results] == ["weather", "weather"]
    return (
        list(
            zip("ab", [call["function"]["arguments"] for call in turn["tool_calls"]], strict=True)
        ),
        list(zip("ab", [result["content"] for result in results], strict=True)),
    )


def cohere_turn(body: Any) -> tuple[Any, Any]:
    turn, *results = body["messages"][1:4]
    assert turn["tool_plan"] == "Hm."
    calls = [(call["id"], json.loads(call["function"]["arguments"])) for call in turn["tool_calls"]]
    return calls, [(result["tool_call_id"], _text(result["content"])) for result in results]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join([block["text"] for block in content])


def _first_text(response: dict[str, Any]) -> str:
    (text,) = response.values()
    return str(text)


BEDROCK = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": KEY, "region_name": "us-east-1", "api_key": None}  # fmt: skip
DIALECTS: list[tuple[str, str, Any, Any, dict[str, Any]]] = [
    ("openai", "gpt-5-mini", openai_calls, openai_turn, {}),
    ("deepseek", "deepseek-v4-pro", deepseek_calls, openai_turn, {}),
    ("openai_responses", "gpt-5-mini", responses_calls, responses_turn, {}),
    ("anthropic", "claude-sonnet-4-5", anthropic_calls, anthropic_turn, {"reasoning": 2000}),
    ("gemini", "gemini-2.5-flash", gemini_calls, gemini_turn, {}),
    ("bedrock", "anthropic.claude-sonnet-4-5-v1:0", bedrock_calls, bedrock_turn, BEDROCK),
    ("ollama", "llama3.2", ollama_calls, ollama_turn, {}),
    ("cohere", "command-a-03-2025", cohere_calls, cohere_turn, {}),
]


@every_kind
@pytest.mark.parametrize(
    ("api_type", "model", "calling", "turn_of", "fields"),
    DIALECTS,
    ids=[row[0] for row in DIALECTS],
)
def test_a_run_of_three_turns_is_the_same_in_every_dialect(
    kind: str, api_type: str, model: str, calling: Any, turn_of: Any, fields: dict[str, Any]
) -> None:
    bodies = [calling(("a", FIRST), ("b", SECOND)), calling(("c", THIRD)), ANSWERS[calling]]
    script = [
        ScriptedResponse(headers=JSON, chunks=(json.dumps(body).encode(),)) for body in bodies
    ]
    transport = ScriptedTransport(script)
    config = LLMConfig(**{"api_type": api_type, "model": model, "api_key": KEY, **fields})
    llm = LLM(config, transport, retry=NO_RETRY)
    run = looped(kind, llm, "How warm?", [weather]).unwrap()
    assert run.text == TEXT
    assert [len(step.results) for step in run.steps] == [2, 1, 0]
    for request in transport.requests[1:]:
        calls, results = turn_of(json.loads(request.body))
        assert calls == [("a", FIRST), ("b", SECOND)]
        assert results == [("a", OK), ("b", LOST)]
    assert ROME in transport.requests[2].body.decode()
