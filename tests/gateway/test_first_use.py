"""What a person meets in the first hour with a gateway: paths, names and errors."""

import json
from typing import Any

import pytest

from llm_pure.core.server_paths import SERVED_PATHS, vendors_of
from llm_pure.gateway.routes import find_route
from llm_pure.server import server_dialects
from llm_pure.server.client_dialect import client_dialect
from llm_pure.types.errors import NotFound
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure
from tests.support.gateways import TWO, Running, hello

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


EXAMPLES: dict[tuple[str, str], tuple[str, str]] = {
    ("POST", "/v1/chat/completions"): ("openai_chat", "chat"),
    ("POST", "/v1/completions"): ("openai_chat", "chat"),
    ("POST", "/v1/embeddings"): ("", "embed"),
    ("POST", "/v1/responses"): ("openai_responses", "chat"),
    ("POST", "/v1/responses/input_tokens"): ("openai_responses", "count_tokens"),
    ("POST", "/v1/messages"): ("anthropic_messages", "chat"),
    ("POST", "/v1/messages/count_tokens"): ("anthropic_messages", "count_tokens"),
    ("POST", "/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict"): ("anthropic_messages", "chat"),
    ("GET", "/api/hello"): ("anthropic_messages", "health"),
    ("POST", "/v1beta/models/m:generateContent"): ("gemini_content", "chat"),
    ("POST", "/v1/models/a:b/c:streamGenerateContent"): ("gemini_content", "chat"),
    ("POST", "/v1/models/m:countTokens"): ("gemini_content", "count_tokens"),
    ("POST", "/v1/models/m:batchEmbedContents"): ("gemini_content", "embed"),
    ("POST", "/api/chat"): ("ollama_native", "chat"),
    ("POST", "/api/generate"): ("ollama_native", "chat"),
    ("POST", "/api/embed"): ("ollama_native", "embed"),
    ("POST", "/api/show"): ("ollama_native", "models"),
    ("GET", "/api/tags"): ("ollama_native", "models"),
    ("GET", "/api/ps"): ("ollama_native", "models"),
    ("GET", "/api/version"): ("ollama_native", "health"),
    ("GET", "/v1/models"): ("", "models"),
    ("GET", "/v1/models/m"): ("", "models"),
    ("GET", "/healthz"): ("", "health"),
}  # fmt: skip
"""A request of each kind -> the dialect, "" where several have the path, and the operation."""


@pytest.mark.parametrize(("method", "path"), EXAMPLES)
def test_routes_and_parsers_agree(method: str, path: str) -> None:
    dialect, operation = EXAMPLES[method, path]
    route = find_route(method, path)
    assert route is not None
    assert route.operation == operation
    request = HttpRequest(method, f"http://127.0.0.1:1{path}", body=b'{"model":"m"}')
    if dialect:
        assert (route.dialect, client_dialect(request)) == (dialect, dialect)
    for name in (
        [dialect] if dialect else (["openai_chat"] if operation == "embed" else server_dialects)
    ):
        parsed = server_dialects[name].parse_request(request)
        if name != "ollama_native" or dialect or operation == "health":
            assert not (isinstance(parsed, Failure) and isinstance(parsed.failure(), NotFound))


def test_every_path_of_the_table_has_an_example() -> None:
    import re

    known = [(method, path) for method, path in EXAMPLES]
    missing = [
        served
        for paths in SERVED_PATHS.values()
        for served in paths
        if served.pattern != r"/models/count-tokens:rawPredict"
        and not any(
            method == served.method and re.fullmatch(f".*?{served.pattern}", path)
            for method, path in known
        )
    ]
    assert [served.pattern for served in missing] == [r"(?<![\s\S])(?P<text>/?)"]  # the root
    assert vendors_of(SERVED_PATHS["openai_chat"][2]) == {"openai"}


CHAT = {"model": "smart", "messages": [{"role": "user", "content": [{"type": "text"}]}]}
IN_THE_TEXT = "messages/0/content/0/text: text is a string, not missing"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/v1/messages", {**CHAT, "max_tokens": 5}, IN_THE_TEXT),
        ("/api/chat", {"model": "smart", "messages": [{"role": "user", "content": 5}]}, "messages/0/content: content is a string or a list of parts, not int"),
    ],
)  # fmt: skip
async def test_the_path_of_what_is_invalid_is_in_errors_without_a_field_for_it(
    path: str, body: Any, expected: str
) -> None:
    answer = await Running(TWO, hello).post(path, body)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["message"] if isinstance(error, dict) else error) == (
        400,
        expected,
    )


async def test_an_unknown_path_is_no_unknown_model() -> None:
    running = Running(TWO, hello)
    answer = await running.post("/v1/images/generations", {})
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (404, None)
    assert error["message"] == "there is no operation at POST /v1/images/generations"
    answer = await running.get("/v1/chat/completions")
    expected = "there is no operation at GET /v1/chat/completions; there is one for POST"
    assert json.loads(answer.body)["error"]["message"] == expected
    answer = await running.post("/api/pull", {"model": "smart"})
    assert json.loads(answer.body) == {"error": "there is no operation at POST /api/pull"}


ALIASES = TWO + 'serve: {aliases: {"claude-*": smart}}\n'


@pytest.mark.parametrize("name", ["fast", "claude-opus-9", "gpt-5-mini"])
async def test_a_model_can_be_looked_up_by_every_name_that_means_it(name: str) -> None:
    answer = await Running(ALIASES, hello).get(f"/v1/models/{name}")
    assert (answer.status, json.loads(answer.body)["id"]) == (200, name)


async def test_a_lookup_of_an_unknown_model_lists_those_that_are_served() -> None:
    answer = await Running(ALIASES, hello).get("/v1/models/nope", headers={"x-api-key": "any"})
    body = json.loads(answer.body)
    assert answer.status == 404
    assert body["error"]["message"] == "model: nope is not served here; served are fast, smart"
    assert body["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
async def test_a_request_that_only_loads_a_model_is_answered_at_once(
    path: str, stream: bool
) -> None:
    running = Running(TWO, hello)
    answer = await running.post(path, {"model": "smart", "stream": stream})
    body = json.loads(answer.body)
    assert (answer.status, body["done"], body["done_reason"]) == (200, True, "load")
    assert running.upstream.requests == []


async def test_ollamas_older_api_takes_a_prompt() -> None:
    running = Running(TWO, hello)
    body = {"model": "fast", "prompt": "Hi", "system": "Be brief.", "stream": False}
    answer = json.loads((await running.post("/api/generate", body)).body)
    assert answer.pop("created_at")
    assert answer == {
        "model": "gpt-5-mini", "response": "Hello", "done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 2,
    }  # fmt: skip
    (sent,) = running.upstream.requests
    turns = json.loads(sent.body)["messages"]
    assert [(turn["role"], turn["content"]) for turn in turns] == [
        ("developer", "Be brief."),
        ("user", "Hi"),
    ]


async def test_a_stream_of_the_older_api_has_lines_of_its_own() -> None:
    running = Running(TWO, hello)
    answer = await running.post("/api/generate", {"model": "fast", "prompt": "Hi"})
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert [(line["response"], line["done"]) for line in lines] == [
        ("Hel", False),
        ("lo", False),
        ("", True),
    ]
    assert not any("message" in line for line in lines)


async def test_openais_older_api_takes_a_prompt() -> None:
    running = Running(TWO, hello)
    answer = await running.post("/v1/completions", {"model": "fast", "prompt": "Hi"})
    assert json.loads(answer.body)["choices"] == [
        {"text": "Hello", "index": 0, "logprobs": None, "finish_reason": "stop"}
    ]
