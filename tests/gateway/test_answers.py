"""Clients of five dialects are answered by a model of another vendor."""

import asyncio
from typing import Any

import msgspec
import pytest

from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidConfiguration,
    Overloaded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.http import HttpRequest
from tests.support.gateways import (
    BODIES,
    COMPLETION,
    HELLO,
    JSON,
    RESET,
    STREAM,
    TWO,
    Reply,
    Running,
    hello,
    streamed,
)

DIALECTS = list(BODIES)


def _text(dialect: str, body: Any) -> Any:
    match dialect:
        case "openai_chat":
            return body["choices"][0]["message"]["content"]
        case "openai_responses":
            return body["output"][0]["content"][0]["text"]
        case "anthropic_messages":
            return body["content"][0]["text"]
        case "gemini_content":
            return body["candidates"][0]["content"]["parts"][0]["text"]
        case _:
            return body["message"]["content"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_buffered_answer_has_the_text_in_the_dialect_of_the_client(dialect: str) -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(*BODIES[dialect]))
    assert (answer.status, answer.complete) == (200, True)
    assert _text(dialect, msgspec.json.decode(answer.body)) == "Hello"
    (record,) = running.records
    assert (record.dialect, record.model, record.model_used, record.provider, record.status, record.error) == (
        dialect, "fast", "fast", "openai", 200, ""
    )  # fmt: skip
    assert (record.usage.input_tokens, record.usage.output_tokens) == (9, 2)
    assert answer.headers["x-request-id"] == record.request_id
    assert running.upstream.open == 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_has_the_text_and_ends_as_the_dialect_does(dialect: str) -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(*streamed(dialect)))
    assert (answer.status, answer.complete) == (200, True)
    assert b"Hel" in answer.body
    assert b"lo" in answer.body
    ends = {
        "openai_chat": b"data: [DONE]\n\n",
        "openai_responses": b"response.completed",
        "anthropic_messages": b"message_stop",
        "gemini_content": b'"finishReason":"STOP"',
        "ollama_native": b'"done":true',
    }
    assert ends[dialect] in answer.chunks[-1]
    assert running.records[0].usage.output_tokens == 2


def test_events_that_are_ready_together_go_out_in_one_send() -> None:
    running = Running(TWO, lambda request: Reply((b"".join(STREAM),)))
    answer = asyncio.run(running.post(*streamed("anthropic_messages")))
    assert len(answer.chunks) == 2  # the events, and the end


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_unknown_model_is_a_404_that_lists_the_names(dialect: str) -> None:
    path, body = BODIES[dialect]
    named = path.replace("fast", "nothing"), {**body, "model": "nothing"}
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(*named))
    assert answer.status == 404
    assert b"fast, smart" in answer.body
    assert running.upstream.requests == []


def test_aliases_are_patterns_and_the_first_counts() -> None:
    text = f'{TWO}\nserve: {{aliases: {{"claude-*haiku*": fast, "claude-*": smart}}}}'
    running = Running(text, hello)
    path, body = BODIES["openai_chat"]
    asyncio.run(running.post(path, {**body, "model": "claude-haiku-4-5"}))
    assert running.records[0].model_used == "fast"
    assert (running.records[0].model, running.records[0].status) == ("claude-haiku-4-5", 200)


def test_the_name_of_the_provider_means_its_model_too() -> None:
    running = Running(TWO, hello)
    path, body = BODIES["openai_chat"]
    assert asyncio.run(running.post(path, {**body, "model": "gpt-5-mini"})).status == 200


def test_any_model_means_the_only_one() -> None:
    text = (
        "models: {one: {api_type: openai, api_key: k, model: gpt-5-mini}}\nserve: {any_model: true}"
    )
    running = Running(text, hello)
    path, body = BODIES["anthropic_messages"]
    answer = asyncio.run(running.post(path, {**body, "model": "claude-opus-4-1"}))
    assert (answer.status, running.records[0].model_used) == (200, "one")


def test_file_defaults_are_not_added_to_the_request_of_a_client() -> None:
    running = Running(TWO, hello)
    asyncio.run(running.post(*BODIES["openai_responses"]))
    sent = msgspec.json.decode(running.upstream.requests[0].body)
    assert sent == {
        "model": "gpt-5-mini",
        "messages": [{"role": "user", "content": "Say hello."}],
    }


UPSTREAM_ERRORS = [
    (AuthenticationFailed(message="bad key sk-upstream-secret-1", status=401), 500, False),
    (RateLimited(message="slow down", status=429, retry_after_s=7), 429, True),
    (Overloaded(message="busy", status=503), 503, True),
    (RESET, 502, True),
    (ServerError(message="broken at http://llm.internal/v1 for org-abcdef123456", status=500), 500, True),
]  # fmt: skip


@pytest.mark.parametrize(("error", "status", "retry"), UPSTREAM_ERRORS)
def test_an_upstream_error_tells_nothing_of_the_configuration(
    error: Any, status: int, retry: bool
) -> None:
    running = Running(TWO, lambda request: error)
    answer = asyncio.run(running.post(*BODIES["openai_chat"]))
    assert answer.status == status
    for secret in (b"secret", b"internal", b"10.1.2.3", b"org-abc", b"openai:"):
        assert secret not in answer.body
    assert (answer.headers.get("x-should-retry") == "false") is not retry
    assert answer.headers["x-request-id"] == running.records[0].request_id
    if error.kind == "rate_limited":
        assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfiguration(message="the ledger postgresql://db/x is gone", field="budget"),
        TimedOut(message="the ledger /srv/a.db was locked", phase="budget"),
    ],
)
def test_without_its_ledger_the_gateway_asks_clients_to_come_back(error: Any) -> None:
    running = Running(TWO, lambda request: error)
    answer = asyncio.run(running.post(*BODIES["openai_chat"]))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers.get("x-should-retry") != "false"
    assert b"ledger of its budgets" in answer.body


def test_a_spent_retry_tells_the_client_not_to_retry() -> None:
    text = TWO.replace("max_attempts: 1", "max_attempts: 2, initial_backoff_s: 0.001")
    running = Running(text, lambda request: Overloaded(message="busy", status=503))
    answer = asyncio.run(running.post(*BODIES["anthropic_messages"]))
    assert (answer.status, answer.headers["x-should-retry"]) == (529, "false")
    assert (len(running.upstream.requests), running.records[0].attempts) == (2, 2)


def test_a_fallback_of_another_dialect_answers_before_the_first_byte() -> None:
    def script(request: HttpRequest) -> Any:
        if "claude" in request.url:
            return Overloaded(message="busy", status=529)
        return hello(request)

    text = f"{TWO}\nfallbacks: {{smart: [fast]}}"
    running = Running(text, script)
    path, body = streamed("anthropic_messages")
    answer = asyncio.run(running.post(path, {**body, "model": "smart"}))
    assert (answer.status, running.records[0].provider) == (200, "openai")
    assert b"message_stop" in answer.chunks[-1]


def test_a_failure_after_the_first_byte_is_no_reason_to_fall_back() -> None:
    text = f"{TWO}\nfallbacks: {{fast: [smart]}}"
    running = Running(text, lambda request: Reply((*HELLO, RESET)))
    answer = asyncio.run(running.post(*streamed("openai_chat")))
    assert len(running.upstream.requests) == 1
    assert b'"error"' in answer.chunks[-1]
    assert b"[DONE]" not in answer.body
    assert running.records[0].error == "stream_interrupted"


def test_probes_need_no_upstream_and_no_key() -> None:
    running = Running(TWO, hello)

    async def probe() -> list[tuple[int, bytes]]:
        paths = ("/healthz", "/", "/api/version", "/api/hello", "/api/ps")
        answers = [await running.get(path) for path in paths]
        return [(answer.status, answer.body) for answer in answers]

    probes = asyncio.run(probe())
    assert [status for status, _ in probes] == [200] * 5
    assert probes[1][1] == b"Ollama is running"
    assert msgspec.json.decode(probes[2][1])["version"].replace(".", "").isdigit()
    assert running.upstream.requests == []


@pytest.mark.parametrize(
    ("path", "headers", "names"),
    [
        ("/v1/models", {}, ["fast", "smart"]),
        ("/v1/models?limit=1000", {"anthropic-version": "2023-06-01"}, ["fast", "smart"]),
        ("/v1beta/models", {}, ["models/fast", "models/smart"]),
        ("/v1/models", {"x-goog-api-key": "any"}, ["models/fast", "models/smart"]),
        ("/api/tags", {}, ["fast", "smart"]),
    ],
)
def test_models_are_listed_in_the_form_of_the_client(
    path: str, headers: dict[str, str], names: list[str]
) -> None:
    answer = asyncio.run(Running(TWO, hello).get(path, headers=headers))
    body = msgspec.json.decode(answer.body)
    rows = body["data"] if "data" in body else body["models"]
    assert [row.get("id") or row["name"] for row in rows] == names


def test_one_model_is_found_by_name_and_another_is_a_404() -> None:
    running = Running(TWO, hello)
    one = asyncio.run(running.get("/v1/models/fast"))
    assert (one.status, msgspec.json.decode(one.body)["id"]) == (200, "fast")
    assert asyncio.run(running.get("/v1/models/other")).status == 404


def test_tokens_are_counted_by_estimate_and_never_too_low() -> None:
    running = Running(TWO, hello)
    body = {"model": "fast", "messages": QUESTION_LONG, "system": "Be short. " * 50}
    answer = asyncio.run(running.post("/v1/messages/count_tokens", body))
    assert answer.status == 200
    assert msgspec.json.decode(answer.body)["input_tokens"] >= 150
    assert running.upstream.requests == []


QUESTION_LONG = [{"role": "user", "content": "word " * 50}]


def test_embeddings_come_through() -> None:
    rows = {
        "object": "list",
        "model": "gpt-5-mini",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}],
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    running = Running(TWO, lambda request: Reply((msgspec.json.encode(rows),), JSON))
    answer = asyncio.run(running.post("/v1/embeddings", {"model": "fast", "input": "one"}))
    assert msgspec.json.decode(answer.body)["data"][0]["embedding"] == [0.5, 1.0]
    assert running.records[0].usage.input_tokens == 3


def test_the_reasoning_of_models_can_be_hidden() -> None:
    body = msgspec.json.decode(COMPLETION)
    body["choices"][0]["message"]["reasoning_content"] = "secret thought"
    text = TWO.replace("api_type: openai", "api_type: deepseek") + "\nserve: {thinking: hide}"
    running = Running(text, lambda request: Reply((msgspec.json.encode(body),), JSON))
    answer = asyncio.run(running.post(*BODIES["openai_chat"]))
    assert b"Hello" in answer.body
    assert b"secret thought" not in answer.body


def test_own_headers_are_sent_only_if_they_are_wanted() -> None:
    plain = asyncio.run(Running(TWO, hello).post(*BODIES["openai_chat"]))
    assert not [name for name in plain.headers if name.startswith("x-llm-pure")]
    shown = asyncio.run(
        Running(f"{TWO}\nserve: {{headers: true}}", hello).post(*BODIES["openai_chat"])
    )
    assert shown.headers["x-llm-pure-model"] == "fast"


def test_too_many_requests_at_a_time_are_asked_to_come_back() -> None:
    running = Running(f"{TWO}\nserve: {{max_requests: 1}}", lambda request: Reply(("hang",)))

    async def crowd() -> int:
        first = running.request(*BODIES["openai_chat"])
        task = asyncio.create_task(first.run())
        await asyncio.sleep(0.01)
        second = await running.post(*BODIES["openai_chat"])
        first.leave()
        await task
        return second.status

    assert asyncio.run(crowd()) == 503


def test_every_chunk_has_a_choice_unless_the_usage_was_asked_for() -> None:
    """The loop of every tutorial reads `chunk.choices[0]`; what the answer has besides stands in the finish chunk."""
    for provider in ("openai", "groq", "deepseek"):
        text = TWO.replace("api_type: openai", f"api_type: {provider}")
        answer = asyncio.run(Running(text, hello).post(*streamed("openai_chat")))
        frames = [frame.removeprefix(b"data: ") for frame in answer.body.split(b"\n\n")[:-2]]
        assert frames
        assert all(msgspec.json.decode(frame)["choices"] for frame in frames)
