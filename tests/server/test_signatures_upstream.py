"""A tool round of a signing model through each client's dialect: its own upstream gets its proofs back, and no other one does."""

import json
from typing import Any

import pytest

from llm_pure import HttpResponse
from llm_pure.server import (
    TranslatedRequest,
    server_dialects,
    translate_request,
    translate_response,
    upstream_of,
)
from tests.support.raw_clients import history, request, with_turns

TOOL = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MODELS = {
    "anthropic": "claude-opus-4-5",
    "gemini": "gemini-3-pro",
    "openai_responses": "gpt-5.2",
    "openai": "gpt-5.2",
    "ollama": "qwen3",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "anthropic": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use", "stop_sequence": None,
        "content": [
            {"type": "thinking", "thinking": "Look it up.", "signature": "anthropic/signature+1=="},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
        ],
        "usage": {"input_tokens": 3, "output_tokens": 4},
    },
    "gemini": {
        "candidates": [{
            "content": {"role": "model", "parts": [
                {"text": "Look it up.", "thought": True},
                {"functionCall": {"id": "g1", "name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "Z2VtaW5pL3NpZ25hdHVyZQ=="},
            ]},
            "finishReason": "STOP", "index": 0,
        }],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7},
        "modelVersion": "m", "responseId": "r",
    },
    "openai_responses": {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
        "output": [
            {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Look it up."}], "encrypted_content": "gAAA/openai+signature=="},
            {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        ],
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
    },
}  # fmt: skip
PROOFS: dict[str, dict[str, Any]] = {
    "anthropic": {"type": "thinking", "thinking": "Look it up.", "signature": "anthropic/signature+1=="},
    "gemini": {"functionCall": {"id": "g1", "name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "Z2VtaW5pL3NpZ25hdHVyZQ=="},
    "openai_responses": {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Look it up."}], "encrypted_content": "gAAA/openai+signature=="},
}  # fmt: skip
"""What the upstream has to be sent again, exactly."""
TEXTS = [proof.get("signature") or proof.get("thoughtSignature") or proof.get("encrypted_content") for proof in PROOFS.values()]  # fmt: skip


def tools(dialect: str) -> dict[str, Any]:
    match dialect:
        case "openai_chat" | "ollama_native":
            function = {"name": "weather", "parameters": TOOL}
            return {"tools": [{"type": "function", "function": function}]}
        case "openai_responses":
            return {"tools": [{"type": "function", "name": "weather", "parameters": TOOL}]}
        case "anthropic_messages":
            return {"tools": [{"name": "weather", "input_schema": TOOL}]}
        case _:
            declaration = {"name": "weather", "parametersJsonSchema": TOOL}
            return {"tools": [{"functionDeclarations": [declaration]}]}


def thinking(dialect: str) -> dict[str, Any]:
    match dialect:
        case "anthropic_messages":
            return {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4000}
        case "openai_responses":
            return {"reasoning": {"effort": "medium", "summary": "auto"}, "store": False}
        case "gemini_content":
            config = {"includeThoughts": True, "thinkingLevel": "HIGH"}
            return {"generationConfig": {"thinkingConfig": config}}
        case "openai_chat":
            return {"reasoning_effort": "medium"}
        case _:
            return {"think": True}


def result_of(dialect: str, turns: list[Any]) -> list[Any]:
    """The result of the call in these turns, as a client of the dialect sends it."""
    match dialect:
        case "openai_chat":
            (call,) = turns[0]["tool_calls"]
            return [{"role": "tool", "tool_call_id": call["id"], "content": "4 °C"}]
        case "openai_responses":
            call = next(item for item in turns if item["type"] == "function_call")
            return [{"type": "function_call_output", "call_id": call["call_id"], "output": "4 °C"}]
        case "anthropic_messages":
            call = next(block for block in turns[0]["content"] if block["type"] == "tool_use")
            block = {"type": "tool_result", "tool_use_id": call["id"], "content": "4 °C"}
            return [{"role": "user", "content": [block]}]
        case "gemini_content":
            call = next(
                part["functionCall"] for part in turns[0]["parts"] if "functionCall" in part
            )
            response = {"id": call["id"], "name": call["name"], "response": {"output": "4 °C"}}
            return [{"role": "user", "parts": [{"functionResponse": response}]}]
        case _:
            return [{"role": "tool", "tool_name": "weather", "content": "4 °C"}]


def translated(dialect: str, provider: str, turns: list[Any]) -> TranslatedRequest:
    body = {**with_turns(dialect, turns), **tools(dialect), **thinking(dialect)}
    upstream = upstream_of(provider, model=MODELS[provider]).unwrap()
    return translate_request(request(dialect, body), dialect, upstream).unwrap()


def second_request(dialect: str, provider: str, upstream: str) -> TranslatedRequest:
    """The request after a tool round: the provider's answer went to the client, and comes back with the result."""
    first = translated(dialect, provider, [])
    body = json.dumps(ANSWERS[provider]).encode()
    answer = translate_response(HttpResponse(200, (), body), first.exchange)
    assert answer.response.status == 200
    turns = history(dialect, answer.response.body, streamed=False)
    return translated(dialect, upstream, [*turns, *result_of(dialect, turns)])


def entries(body: Any) -> list[Any]:
    """All objects in a body."""
    found = [body] if isinstance(body, dict) else []
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return found + [entry for value in inner for entry in entries(value)]


@pytest.mark.parametrize("provider", PROOFS)
@pytest.mark.parametrize("dialect", server_dialects)
def test_the_own_upstream_gets_its_proof_back(dialect: str, provider: str) -> None:
    again = second_request(dialect, provider, provider)
    sent = json.loads(again.request.body)
    if dialect == "ollama_native":
        assert PROOFS[provider] not in entries(sent)
        return
    assert PROOFS[provider] in entries(sent)
    assert [c for c in again.adaptations if "signature" in c.field or "provider_metadata" in c.field] == []  # fmt: skip


@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("provider", PROOFS)
@pytest.mark.parametrize("dialect", server_dialects)
def test_no_other_upstream_gets_a_proof(dialect: str, provider: str, upstream: str) -> None:
    if provider == upstream:
        return
    again = second_request(dialect, provider, upstream)
    assert [text for text in TEXTS if str(text).encode() in again.request.body] == []
    assert b"llm-pure" not in again.request.body
    assert b"bGxtLXB1cmUx" not in again.request.body
    assert b"4 \xc2\xb0C" in again.request.body
