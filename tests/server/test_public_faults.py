"""Each fault of another gateway that its users reported, with the right translation. The rows are in `public_faults`."""

import json
from typing import Any

import pytest

from llm_pure import HttpResponse, ResponseHead
from llm_pure.server import (
    Exchange,
    ReceivedRequest,
    open_translation,
    server_dialects,
    translate_request,
    translate_response,
    upstream_error,
    upstream_of,
)
from tests.server.public_faults import (
    ANSWERS,
    ASK,
    F_ANTHROPIC,
    REQUESTS,
    STREAMS,
    AnswerFault,
    RequestFault,
    StreamFault,
)
from tests.support.raw_clients import events, request

MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "deepseek": "deepseek-chat",
    "gemini": "gemini-3-pro",
    "ollama": "qwen3-vl",
    "openai": "gpt-4o",
    "openai_responses": "gpt-5.2",
}


def sent(row: RequestFault) -> Any:
    """The body that the upstream gets."""
    upstream = upstream_of(row.upstream, model=MODELS[row.upstream]).unwrap()
    client = request(row.dialect, row.body, headers=row.headers)
    return json.loads(translate_request(client, row.dialect, upstream).unwrap().request.body)


def exchange(row: AnswerFault | StreamFault) -> Exchange:
    question = {"contents": "Ask."} if row.dialect == "gemini_content" else {"messages": [ASK]}
    question = {"input": "Ask."} if row.dialect == "openai_responses" else question
    body: dict[str, Any] = {**question, **row.request}
    upstream = upstream_of(row.upstream, model="m").unwrap()
    client = request(row.dialect, {"stream": isinstance(row, StreamFault), **body})
    return translate_request(client, row.dialect, upstream).unwrap().exchange


def answered(row: AnswerFault) -> Any:
    """Status, headers and body that the client gets."""
    body = row.answer if isinstance(row.answer, bytes) else json.dumps(row.answer).encode()
    upstream = HttpResponse(row.status, row.headers, body)
    response = translate_response(upstream, exchange(row), map_error=upstream_error).response
    headers = dict(response.headers)
    assert headers.pop("content-type") == "application/json"
    return {"status": response.status, **headers, "body": json.loads(response.body)}


def streamed(row: StreamFault) -> list[Any]:
    """The events that the client gets."""
    stream = open_translation(ResponseHead(200, ()), exchange(row))
    lines = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in row.chunks]
    lines.append(b"data: [DONE]\n\n")
    data = b"".join([stream.feed(line) for line in lines]) + stream.close()
    if row.dialect == "ollama_native":
        return [json.loads(line) for line in data.splitlines()]
    return events(data)


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row.source)
def test_a_request_that_others_send_wrongly(row: RequestFault) -> None:
    assert sent(row) == row.expected


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: row.source)
def test_an_answer_that_others_send_wrongly(row: AnswerFault) -> None:
    assert answered(row) == row.expected


@pytest.mark.parametrize("row", STREAMS, ids=lambda row: row.source)
def test_a_stream_that_others_send_wrongly(row: StreamFault) -> None:
    assert streamed(row) == row.expected


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("openai_chat", b": keep-alive\n\n"),
        ("openai_responses", b": keep-alive\n\n"),
        ("anthropic_messages", b'event: ping\ndata: {"type":"ping"}\n\n'),
        ("gemini_content", b"data: {}\r\n\r\n"),
    ],
)
def test_a_keep_alive_that_breaks_no_client(dialect: str, expected: bytes) -> None:
    """openai/openai-python#2722, mistralai/mistral-vibe#794, ollama/ollama#16443, coder/coder#28185."""
    encoder = server_dialects[dialect].open_encoder(ReceivedRequest(dialect=dialect, model="m"))
    assert encoder.keep_alive() == expected


def test_a_keep_alive_of_ollama_is_a_line_without_content() -> None:
    encoder = server_dialects["ollama_native"].open_encoder(
        ReceivedRequest(dialect="ollama_native", model="m")
    )
    line = {
        "model": "m",
        "created_at": "1970-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": ""},
        "done": False,
    }
    assert json.loads(encoder.keep_alive()) == line


CREDENTIALS = (
    ("authorization", "Bearer of-the-client"),
    ("x-api-key", "of-the-client"),
    ("x-goog-api-key", "of-the-client"),
    ("api-key", "of-the-client"),
    ("cookie", "session=of-the-client"),
    ("x-anything", "of-the-client"),
    ("anthropic-beta", "beta-1"),
    ("openai-organization", "of-the-client"),
)


@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("dialect", server_dialects)
def test_no_header_of_the_client_reaches_the_upstream(dialect: str, upstream: str) -> None:
    """BerriAI/litellm#32202, kcolemangt/llm-router#13, NVIDIA-NeMo/Switchyard#410."""
    question = {"contents": "Ask."} if dialect == "gemini_content" else {"messages": [ASK]}
    question = {"input": "Ask."} if dialect == "openai_responses" else question
    body = {**question, "api_base": "http://of-the-client", "api_key": "of-the-client", "user": "u"}
    client = request(dialect, body, headers=CREDENTIALS)
    chosen = upstream_of(upstream, model=MODELS[upstream]).unwrap()
    built = translate_request(client, dialect, chosen).unwrap().request
    names = {name for name, _ in built.headers}
    assert names <= {"content-type", "accept", "anthropic-version", "anthropic-beta"}
    assert ("anthropic-beta" in names) == (dialect == "anthropic_messages" and upstream == "anthropic")  # fmt: skip
    assert "of-the-client" not in f"{built.url}{built.headers}{built.body!r}"


@pytest.mark.parametrize("upstream", ["anthropic", "gemini", "openai_responses"])
def test_a_count_has_the_instructions_and_the_tools(upstream: str) -> None:
    """router-for-me/CLIProxyAPI#679, BerriAI/litellm#37102: 48 tokens for 728."""
    body = {"system": "Be brief.", "messages": [ASK], "tools": [F_ANTHROPIC]}
    chat = request("anthropic_messages", body)
    client = type(chat)("POST", "http://test/v1/messages/count_tokens?beta=true", (), chat.body)
    chosen = upstream_of(upstream, model=MODELS[upstream]).unwrap()
    translated = translate_request(client, "anthropic_messages", chosen).unwrap()
    assert translated.exchange.received.operation == "count_tokens"
    assert b"Be brief." in translated.request.body
    assert b'"f"' in translated.request.body
    answers = {
        "anthropic": b'{"input_tokens": 728}',
        "gemini": b'{"totalTokens": 728}',
        "openai_responses": b'{"object": "response.input_tokens", "input_tokens": 728}',
    }
    answer = translate_response(HttpResponse(200, (), answers[upstream]), translated.exchange)
    assert answer.response.body == b'{"input_tokens":728}'


@pytest.mark.parametrize("upstream", ["openai", "ollama"])
def test_an_upstream_that_does_not_count_is_no_error_of_its_health(upstream: str) -> None:
    """BerriAI/litellm#13252, router-for-me/CLIProxyAPI#4410."""
    body = request("anthropic_messages", {"messages": [ASK]})
    client = type(body)("POST", "http://test/v1/messages/count_tokens", (), body.body)
    chosen = upstream_of(upstream, model="m").unwrap()
    error = translate_request(client, "anthropic_messages", chosen).failure()
    assert (error.kind, getattr(error, "feature", "")) == ("unsupported", "count_tokens")


REFERENCE = {"type": "item_reference", "id": "msg_1"}
STORED: list[tuple[str, dict[str, Any]]] = [
    ("previous_response_id", {"input": "Ask.", "previous_response_id": "x_1"}),
    ("conversation", {"input": "Ask.", "conversation": "x_1"}),
    ("prompt", {"input": "Ask.", "prompt": {"id": "x_1"}}),
    ("item_reference", {"input": [REFERENCE, ASK]}),
    ("cachedContent", {"contents": [{"role": "user", "parts": [{"text": "Ask."}]}], "cachedContent": "cachedContents/1"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body"), STORED, ids=[name for name, _ in STORED])
def test_what_another_server_stores_is_refused(name: str, body: dict[str, Any]) -> None:
    """../shared/wire/server-side.md 2.6: silence loses the turns before. Vercel's AI SDK sends references unless
    `store` is false (as generally known on 2026-11-30, unconfirmed)."""
    dialect = "gemini_content" if name == "cachedContent" else "openai_responses"
    client = request(dialect, body)
    error = translate_request(client, dialect, "anthropic").failure()
    response = server_dialects[dialect].build_error(error, ReceivedRequest(dialect=dialect))
    shown = json.loads(response.body)["error"]
    assert response.status == 400
    assert shown["message"].startswith(f"{name}: ")
    if dialect == "openai_responses":
        assert (shown["code"], shown["param"]) == ("unsupported_parameter", name)
    native = "gemini" if dialect == "gemini_content" else "openai_responses"
    sent = json.loads(translate_request(client, dialect, native).unwrap().request.body)
    assert {key: sent[key] for key in body if key != "input"} == {
        key: value for key, value in body.items() if key != "input"
    }
    assert name != "item_reference" or sent["input"][0] == REFERENCE


def test_shortened_reasoning_loses_its_signature() -> None:
    """lbjlaq/Antigravity-Manager#3337: both or neither."""
    body = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "stop_sequence": None,
        "content": [{"type": "thinking", "thinking": "A long thought.", "signature": "s"}, {"type": "text", "text": "a"}],
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }  # fmt: skip
    first = translate_request(request("openai_responses", {"input": "Ask."}), "openai_responses", "anthropic").unwrap()  # fmt: skip
    upstream = HttpResponse(200, (), json.dumps(body).encode())
    items = json.loads(translate_response(upstream, first.exchange).response.body)["output"]
    for text, kept in (("A long thought.", True), ("A long", False)):
        items[0]["summary"] = [{"type": "summary_text", "text": text}]
        client = request("openai_responses", {"input": [ASK, *items, ASK]})
        again = translate_request(client, "openai_responses", "anthropic").unwrap()
        blocks = json.loads(again.request.body)["messages"][1]["content"]
        assert blocks == (body["content"] if kept else "a")
        reasons = [change.reason for change in again.adaptations if "signature" in change.field]
        assert reasons == ([] if kept else ["its text is not the one that was signed"])
