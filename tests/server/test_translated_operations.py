"""Operations besides chat, from one dialect to another: embeddings, model lists, counts, probes, and the older completions."""

import json
from typing import Any

import pytest

from llm_pure import Completion, HttpRequest, HttpResponse, Reasoning, Text, assistant
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import (
    ReceivedRequest,
    server_dialects,
    translate_request,
    translate_response,
    upstream_of,
)


def post(path: str, body: Any) -> HttpRequest:
    return HttpRequest("POST", f"http://test{path}", (), json.dumps(body).encode())


@pytest.mark.parametrize(
    ("dialect", "request_", "upstream", "sent", "answer", "expected"),
    [
        (
            "openai_chat",
            post("/v1/embeddings", {"model": "m", "input": ["a", "b"]}),
            "gemini",
            {"requests": [{"model": "models/e", "content": {"parts": [{"text": text}]}} for text in ("a", "b")]},
            {"embeddings": [{"values": [0.5, 1.0]}, {"values": [0.0, 2.0]}]},
            {
                "object": "list",
                "data": [
                    {"object": "embedding", "index": 0, "embedding": [0.5, 1.0]},
                    {"object": "embedding", "index": 1, "embedding": [0.0, 2.0]},
                ],
                "model": "m",
                "usage": {"prompt_tokens": 0, "total_tokens": 0},
            },
        ),
        (
            "ollama_native",
            post("/api/embed", {"model": "m", "input": "a"}),
            "openai",
            {"model": "e", "input": ["a"]},
            {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "e", "usage": {"prompt_tokens": 1, "total_tokens": 1}},
            {"model": "e", "embeddings": [[0.5]], "prompt_eval_count": 1},
        ),
    ],
)  # fmt: skip
def test_embeddings_are_translated(
    dialect: str, request_: HttpRequest, upstream: str, sent: Any, answer: Any, expected: Any
) -> None:
    chosen = upstream_of(upstream, model="e").unwrap()
    translated = translate_request(request_, dialect, chosen).unwrap()
    body = json.loads(translated.request.body)
    assert {name: body[name] for name in sent} == sent
    response = HttpResponse(200, (), json.dumps(answer).encode())
    result = translate_response(response, translated.exchange)
    assert json.loads(result.response.body) == expected


@pytest.mark.parametrize("dialect", server_dialects)
def test_a_list_of_models_is_translated(dialect: str) -> None:
    path = "/api/tags" if dialect == "ollama_native" else "/v1/models"
    request = HttpRequest("GET", f"http://test{path}")
    translated = translate_request(request, dialect, "openai").unwrap()
    assert translated.request.url == "https://api.openai.com/v1/models"
    answer = {"object": "list", "data": [{"id": "gpt-x", "object": "model", "created": 7}]}
    response = HttpResponse(200, (), json.dumps(answer).encode())
    body = json.loads(translate_response(response, translated.exchange).response.body)
    rows = body["models"] if dialect in ("gemini_content", "ollama_native") else body["data"]
    assert [row.get("id") or row["name"] for row in rows] == [
        "models/gpt-x" if dialect == "gemini_content" else "gpt-x"
    ]


def test_a_probe_needs_no_upstream() -> None:
    request = HttpRequest("GET", "http://test/healthz")
    error = translate_request(request, "openai_chat", "anthropic").failure()
    assert (error.kind, getattr(error, "feature", "")) == ("unsupported", "health")


def test_a_prompt_is_answered_by_any_model() -> None:
    request = post("/v1/completions", {"model": "m", "prompt": "Say hi.", "max_tokens": 5})
    chosen = upstream_of("anthropic", model="claude-sonnet-4-5").unwrap()
    translated = translate_request(request, "openai_chat", chosen).unwrap()
    assert json.loads(translated.request.body) == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "Say hi."}],
    }
    completion = Completion(id="c", model="m", message=assistant(Text("hi")), finish_reason="stop")
    upstream = server_dialects["anthropic_messages"].build_response(
        completion, ReceivedRequest(dialect="anthropic_messages")
    )
    body = json.loads(translate_response(upstream, translated.exchange).response.body)
    assert (body["object"], body["choices"][0]["text"]) == ("text_completion", "hi")


@pytest.mark.parametrize("dialect", server_dialects)
def test_reasoning_is_hidden_from_a_client_that_may_not_see_it(dialect: str) -> None:

    completion = Completion(
        id="c",
        model="m",
        message=assistant(Reasoning("secret thought", "sig"), Text("hi")),
        finish_reason="stop",
    )
    received = ReceivedRequest(dialect=dialect, model="m", shows_reasoning=False)
    server = server_dialects[dialect]
    encoder = server.open_encoder(received)
    data = encoder.encode(completion_to_events(completion))
    body = server.build_response(completion, received).body
    assert b"secret" not in data + body
    assert b"hi" in body
    fields = [change.field for change in server.response_adaptations(completion, received)]
    assert fields == ["message/reasoning"]
