"""Why a model stopped, in all pairs of dialects: each reason of each provider's wire, as clients of each dialect read it."""

import json
from typing import Any

import pytest

from llm_pure import Completion, HttpResponse, ResponseHead
from llm_pure.adapters.dialects.anthropic_messages import stream as anthropic
from llm_pure.adapters.dialects.gemini_content import stream as gemini
from llm_pure.adapters.dialects.ollama_native import stream as ollama
from llm_pure.adapters.dialects.openai_chat import stream as chat
from llm_pure.adapters.dialects.openai_responses import stream as responses
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import exchange_of, open_translation, translate_response
from llm_pure.types.completion import FinishReason
from tests.support.rows import check_each
from tests.support.server_answers import READERS

REASONS: dict[str, dict[str, FinishReason]] = {
    "openai_chat": dict(chat.FINISH),
    "openai_responses": dict(responses.FINISH),
    "anthropic_messages": dict(anthropic.FINISH),
    "gemini_content": dict(gemini.FINISH),
    "ollama_native": dict(ollama.FINISH),
}
"""Dialect of a provider -> its reasons, and what they mean."""

SEEN: dict[str, dict[str, str]] = {
    "openai_chat": {
        "stop": "stop",
        "length": "length",
        "tool_calls": "tool_calls",
        "content_filter": "content_filter",
        "refusal": "content_filter",
        "pause": "length",
        "error": "error",
    },
    "openai_responses": {
        "stop": "completed",
        "length": "incomplete max_output_tokens",
        "tool_calls": "completed",
        "content_filter": "incomplete content_filter",
        "refusal": "incomplete content_filter",
        "pause": "incomplete max_output_tokens",
        "error": "failed",
    },
    "anthropic_messages": {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "refusal",
        "refusal": "refusal",
        "pause": "pause_turn",
        "error": "error",
    },
    "gemini_content": {
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "tool_calls": "STOP",
        "content_filter": "SAFETY",
        "refusal": "SAFETY",
        "pause": "CONTINUATION",
        "error": "MALFORMED_RESPONSE",
    },
    "ollama_native": {
        "stop": "stop",
        "length": "length",
        "tool_calls": "stop",
        "content_filter": "content_filter",
        "refusal": "content_filter",
        "pause": "length",
        "error": "error",
    },
}
"""Dialect of a client -> meaning -> what the client reads, if its provider speaks another dialect."""


def provider_body(dialect: str, raw: str, *, call: bool = False, refused: bool = False) -> Any:
    """A provider's answer with one text, or a call, that ends for this reason."""
    text = "No." if refused else "Hi"
    match dialect:
        case "openai_chat":
            message: dict[str, Any] = {"role": "assistant", "content": text}
            if refused:
                message = {"role": "assistant", "content": None, "refusal": text}
            if call:
                function = {"name": "look", "arguments": "{}"}
                message["tool_calls"] = [{"id": "c1", "type": "function", "function": function}]
            choice = {"index": 0, "message": message, "finish_reason": raw}
            usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
            head = {"id": "a1", "object": "chat.completion", "created": 1, "model": "m"}
            return {**head, "choices": [choice], "usage": usage}
        case "openai_responses":
            content = {"type": "output_text", "text": text, "annotations": []}
            if refused:
                content = {"type": "refusal", "refusal": text}
            output: list[dict[str, Any]] = [
                {"id": "i1", "type": "message", "role": "assistant", "status": "completed", "content": [content]}
            ]  # fmt: skip
            if call:
                output.append(
                    {"id": "i2", "type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}", "status": "completed"}
                )  # fmt: skip
            incomplete = raw in ("max_output_tokens", "max_messages", "content_filter", "steered")
            ending = {"status": "incomplete" if incomplete else raw}
            details = {"incomplete_details": {"reason": raw} if incomplete else None}
            if raw == "failed":
                details["error"] = {"code": "server_error", "message": "the model failed"}
            head = {"id": "a1", "object": "response", "created_at": 1, "model": "m"}
            usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
            return {**head, **ending, **details, "output": output, "usage": usage}
        case "anthropic_messages":
            blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
            if call:
                blocks.append({"type": "tool_use", "id": "c1", "name": "look", "input": {}})
            head = {"id": "a1", "type": "message", "role": "assistant", "model": "m"}
            usage = {"input_tokens": 1, "output_tokens": 2}
            return {**head, "content": blocks, "stop_reason": raw, "usage": usage}
        case "gemini_content":
            parts: list[dict[str, Any]] = [{"text": text}]
            if call:
                parts.append({"functionCall": {"id": "c1", "name": "look", "args": {}}})
            inner = {"content": {"role": "model", "parts": parts}, "finishReason": raw, "index": 0}
            usage = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
            return {"candidates": [inner], "usageMetadata": usage, "modelVersion": "m"}
        case _:
            answer: dict[str, Any] = {"role": "assistant", "content": text}
            if call:
                answer["tool_calls"] = [{"function": {"name": "look", "arguments": {}}}]
            done: dict[str, Any] = {
                "done": True,
                "done_reason": raw,
                "prompt_eval_count": 1,
                "eval_count": 2,
            }
            return {"model": "m", "created_at": "2026-11-30T00:00:00Z", "message": answer, **done}


def as_seen(dialect: str, body: Any) -> str:
    """The reason in an answer, as a client finds it."""
    match dialect:
        case "openai_chat":
            return str(body["choices"][0]["finish_reason"])
        case "openai_responses":
            details = body["incomplete_details"]
            return str(body["status"]) + ("" if details is None else f" {details['reason']}")
        case "anthropic_messages":
            return str(body["stop_reason"])
        case "gemini_content":
            return str(body["candidates"][0]["finishReason"])
        case _:
            return str(body["done_reason"])


def streamed_reason(dialect: str, data: bytes) -> str:
    """The reason in a stream, as a client finds it; it stands there once."""
    text = data.decode()
    if dialect == "ollama_native":
        frames = [json.loads(line) for line in text.splitlines()]
        (last,) = [frame for frame in frames if frame.get("done")]
        return str(last["done_reason"])
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    frames = [json.loads(line) for line in lines if line != "[DONE]"]
    match dialect:
        case "openai_chat":
            found = [c["finish_reason"] for frame in frames for c in frame["choices"]]
        case "openai_responses":
            ends = ("response.completed", "response.incomplete", "response.failed")
            found = [
                as_seen(dialect, frame["response"]) for frame in frames if frame["type"] in ends
            ]
        case "anthropic_messages":
            found = [frame["delta"]["stop_reason"] for frame in frames if frame["type"] == "message_delta"]  # fmt: skip
        case _:
            found = [c.get("finishReason") for frame in frames for c in frame["candidates"]]
    (reason,) = [reason for reason in found if reason is not None]
    return str(reason)


def translated(client: str, provider: str, body: Any) -> tuple[Any, list[str]]:
    """The body that the client reads, and the adaptations."""
    exchange = exchange_of(READERS[provider], client, model="m").unwrap()
    kind = (("content-type", "application/json"),)
    answer = translate_response(HttpResponse(200, kind, json.dumps(body).encode()), exchange)
    return json.loads(answer.response.body), [one.field for one in answer.adaptations]


def through_stream(client: str, provider: str, body: Any) -> bytes:
    """The client's stream of an answer that its provider streams."""
    own = exchange_of(READERS[provider], provider, model="m").unwrap()
    kind = (("content-type", "application/json"),)
    parsed = translate_response(HttpResponse(200, kind, json.dumps(body).encode()), own).result
    completion = parsed.unwrap()
    assert isinstance(completion, Completion)
    encoder = own.dialect.open_encoder(own.received)
    data = encoder.encode(completion_to_events(completion)) + encoder.close(parsed)
    exchange = exchange_of(READERS[provider], client, model="m").unwrap()
    head = ResponseHead(200, (("content-type", own.dialect.stream_type(own.received)),))
    translation = open_translation(head, exchange)
    return translation.feed(data) + translation.close()


@pytest.mark.parametrize("client", SEEN)
@pytest.mark.parametrize("provider", REASONS)
def test_a_reason_says_the_same_to_each_client(client: str, provider: str) -> None:
    reasons = REASONS[provider]
    check_each(
        lambda raw: _says_the_same(client, provider, raw, reasons[raw]),
        [raw for raw in reasons if raw != "failed"],  # with an error, which the answer is then
    )


def _says_the_same(client: str, provider: str, raw: str, meaning: FinishReason) -> None:
    body = provider_body(provider, raw, call=meaning == "tool_calls")
    answer, _ = translated(client, provider, body)
    if client == provider:
        assert as_seen(client, answer) == as_seen(client, body)
        return
    expected = SEEN[client][meaning]
    assert as_seen(client, answer) == expected
    assert streamed_reason(client, through_stream(client, provider, body)) == expected


def text_of(dialect: str, body: Any) -> str:
    """Where a client of this dialect looks for a refusal."""
    match dialect:
        case "openai_chat":
            return str(body["choices"][0]["message"]["refusal"])
        case "openai_responses":
            return str(body["output"][0]["content"][0]["refusal"])
        case "anthropic_messages":
            return str(body["content"][0]["text"])
        case "gemini_content":
            return str(body["candidates"][0]["content"]["parts"][0]["text"])
        case _:
            return str(body["message"]["content"])


REFUSED = {
    "openai_chat": "stop",
    "openai_responses": "completed",
    "anthropic_messages": "refusal",
    "gemini_content": "STOP",
    "ollama_native": "stop",
}
"""A refusal with a text of its own: only Anthropic's clients look for it in the reason."""


@pytest.mark.parametrize("provider", ["openai_chat", "openai_responses"])
@pytest.mark.parametrize("client", REFUSED)
def test_a_refusal_with_a_text_brings_its_text(client: str, provider: str) -> None:
    raw = {"openai_chat": "stop", "openai_responses": "completed"}[provider]
    body = provider_body(provider, raw, refused=True)
    answer, _ = translated(client, provider, body)
    assert (as_seen(client, answer), text_of(client, answer)) == (REFUSED[client], "No.")
    assert streamed_reason(client, through_stream(client, provider, body)) == REFUSED[client]


@pytest.mark.parametrize("client", SEEN)
def test_what_refuses_without_a_word_is_no_empty_success(client: str) -> None:
    body = provider_body("anthropic_messages", "refusal") | {"content": []}
    answer, _ = translated(client, "anthropic_messages", body)
    expected = "refusal" if client == "anthropic_messages" else SEEN[client]["refusal"]
    assert as_seen(client, answer) == expected


@pytest.mark.parametrize("client", SEEN)
def test_an_answer_that_failed_is_an_error(client: str) -> None:
    exchange = exchange_of("openai_responses", client, model="m").unwrap()
    body = json.dumps(provider_body("openai_responses", "failed")).encode()
    answer = translate_response(HttpResponse(200, (), body), exchange).response
    assert (answer.status >= 500, b"the model failed" in answer.body) == (True, True)


BLOCKED_BY_GEMINI = HttpResponse(200, (), b'{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}')  # fmt: skip
BLOCKED_BY_AZURE = HttpResponse(
    400, (), b'{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400}}'
)  # fmt: skip


@pytest.mark.parametrize(
    ("response", "provider"),
    [(BLOCKED_BY_GEMINI, "gemini_content"), (BLOCKED_BY_AZURE, "openai_chat")],
    ids=["gemini", "azure"],
)
@pytest.mark.parametrize("client", SEEN)
def test_a_blocked_prompt_is_a_refused_request(
    client: str, response: HttpResponse, provider: str
) -> None:
    exchange = exchange_of(READERS[provider], client, model="m").unwrap()
    answer = translate_response(response, exchange).response
    body = json.loads(answer.body)
    if client == "gemini_content":  # whose clients read it in an answer
        reasons = {"gemini_content": "SAFETY", "openai_chat": "OTHER"}
        assert answer.status == 200
        assert body["promptFeedback"]["blockReason"] == reasons[provider]
        return
    assert answer.status == 400
    assert "blocked" in str(body) or "filtered" in str(body)
