"""What the client adds unasked: it is there by default, and its switch takes it away."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from llm_pure import LLM, ChatRequest, JsonFormat, LLMConfig, user
from llm_pure.client.unasked import ADDITIONS, markdown_table
from llm_pure.policy.retry import NO_RETRY
from llm_pure.settings.config_parser import parse_config_file
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.config import LLMConfig as Config
from llm_pure.types.http import HttpRequest

KEY = "k" * 24
JSON = (("content-type", "application/json"),)
BUSY = ScriptedResponse(status=503, headers=JSON, chunks=(b'{"error":{"message":"busy"}}',))
ANSWER = ScriptedResponse(
    headers=JSON,
    chunks=(
        b'{"id":"c","model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}',
    ),
)


def sent(
    method: str = "completion",
    argument: Any = "Hi",
    *,
    config: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    answer: ScriptedResponse = ANSWER,
    **named: Any,
) -> list[HttpRequest]:
    """What a client sends for one call."""
    fields: dict[str, Any] = {"api_key": KEY, "model": "m", **(config or {})}
    transport = ScriptedTransport(lambda request: answer)
    with LLM(LLMConfig(**fields), transport, **{"retry": NO_RETRY, **(options or {})}) as llm:
        result = getattr(llm, method)(
            *(argument if isinstance(argument, tuple) else (argument,)), **named
        )
        if hasattr(result, "__next__"):
            list(result)
    return transport.requests


def body(*args: Any, **named: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(sent(*args, **named)[0].body)
    return content


def roles(*args: Any, **named: Any) -> list[str]:
    return [message["role"] for message in body(*args, **named)["messages"]]


def system_message() -> None:
    for method in ("ask", "ask_code", "ask_typed"):
        argument = (int, "Hi") if method == "ask_typed" else "Hi"
        assert roles(method, argument)[0] == "system"
        assert "system" not in roles(method, argument, system_msgs=())
        assert "system" not in roles(method, argument, config={"use_system_prompt": False})
    assert "system" not in roles("completion")


def stream() -> None:
    assert body("ask")["stream"] is True
    assert "stream" not in body("ask", stream=False)
    assert "stream" not in body("ask", config={"stream": False})


def stream_options() -> None:
    off = {"stream_options": {"include_usage": False}}
    assert body("stream")["stream_options"] == {"include_usage": True}
    assert (
        body("stream", ChatRequest(messages="Hi", extra=off))["stream_options"]
        == off["stream_options"]
    )


def max_tokens() -> None:
    config = {"api_type": "anthropic", "model": "claude-sonnet-4-5"}
    assert body(config=config)["max_tokens"] > 1000
    assert (
        body("completion", ChatRequest(messages="Hi", max_tokens=5), config=config)["max_tokens"]
        == 5
    )


def file_defaults() -> None:
    def from_file(**fields: Any) -> Config:
        sections = {"llm": {"api_type": "openai", "api_key": KEY, "model": "m", **fields}}
        return parse_config_file(sections, {}).unwrap().get().unwrap()

    config = from_file()
    assert (config.max_token, config.temperature) == (4096, 0.0)
    config = from_file(max_token=7, temperature=0.5)
    assert (config.max_token, config.temperature) == (7, 0.5)
    assert {"max_tokens", "max_completion_tokens", "temperature"} & body().keys() == set()


def store() -> None:
    config = {"api_type": "openai_responses", "model": "gpt-5"}
    request = ChatRequest(messages="Hi", store=True)
    assert body(config=config)["store"] is False
    on = body("completion", request, config=config)
    assert (on["store"], on.get("include")) == (True, None)


def word_json() -> None:
    config = {"model": "gpt-4o"}
    request = ChatRequest(messages="A city.", response_format=JsonFormat())
    with_word = ChatRequest(messages="A city as JSON.", response_format=JsonFormat())
    assert "Answer with a JSON object and nothing else." in json.dumps(
        body("completion", request, config=config)
    )
    assert body("completion", with_word, config=config)["messages"] == [
        {"role": "user", "content": "A city as JSON."}
    ]


def thinking() -> None:
    config = {"api_type": "dashscope_compatible", "model": "qwen3-8b"}
    assert body(config=config)["enable_thinking"] is False
    assert "enable_thinking" not in body("stream", config=config)


def code_tool() -> None:
    assert body("ask_code")["tools"][0]["function"]["name"] == "execute"
    assert "tools" not in body("ask")


def schema() -> None:
    assert (
        body("ask_typed", (int, "Hi"), config={"model": "gpt-4o"})["response_format"]["type"]
        == "json_schema"
    )
    assert "response_format" not in body("ask", config={"model": "gpt-4o"})


def headers() -> None:
    own = (("accept", "a/b"), ("accept-encoding", "identity"), ("user-agent", "me"))
    assert ("accept", "application/json") in sent()[0].headers
    assert set(own) <= set(sent(config={"headers": own})[0].headers)


def environment() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        patch.setenv("OPENAI_BASE_URL", "https://other.test/v1")
        (request,) = sent(config={"api_key": None})
        assert request.url.startswith("https://other.test/")
        assert sent(config={"api_key": None}, options={"env": {}}) == []
        (request,) = sent(options={"env": {}})
        assert request.url.startswith("https://api.openai.com/")


def attempts() -> None:
    assert len(sent(answer=BUSY, options={"retry": NO_RETRY})) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda seconds: None)
        assert len(sent(answer=BUSY, options={"retry": None})) == 7


def timeout() -> None:
    slow = ScriptedResponse(headers=JSON, delay_s=0.2)
    for configured, field in ((0.01, None), (600, 0.01)):
        config = LLMConfig(api_key=KEY, model="m", timeout=configured)
        llm = LLM(config, ScriptedTransport([slow]), retry=NO_RETRY)
        assert llm.completion("Hi", timeout_s=field).failure().kind == "timeout"
    assert LLMConfig().timeout == 600


def connections() -> None:
    from llm_pure.client.targets import load_targets

    def keep_alive_s(**fields: Any) -> float:
        (target,) = load_targets((LLMConfig(**fields),), None).unwrap()
        return target.settings.keep_alive_s

    assert (keep_alive_s(), keep_alive_s(keep_alive=1)) == (30, 1)


def estimated_usage() -> None:
    def usage(**fields: Any) -> Any:
        config = LLMConfig(api_key=KEY, model="gpt-4o", **fields)
        return LLM(config, ScriptedTransport([ANSWER])).completion("Hi").unwrap().usage

    assert usage().estimated
    off = usage(calc_usage=False)
    assert (off.input_tokens, off.estimated) == (None, False)


def several_calls() -> None:
    texts = [f"text {n}" for n in range(3000)]
    assert len(sent("embed", texts, config={"model": "text-embedding-3-small"})) >= 1
    assert len(sent("embed", texts[:10], config={"model": "text-embedding-3-small"})) == 1


def log() -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.handle = records.append  # type: ignore[method-assign,assignment]
    logger = logging.getLogger("llm_pure")
    logger.addHandler(handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda seconds: None)
        try:
            sent(answer=BUSY, options={"retry": None})
            assert [record.levelno for record in records] == [logging.WARNING] * 6
            logger.setLevel("ERROR")
            sent(answer=BUSY, options={"retry": None})
        finally:
            logger.setLevel("NOTSET")
            logger.removeHandler(handler)
    assert len(records) == 6


CHECKS: dict[str, Callable[[], None]] = {
    "system message": system_message,
    "stream": stream,
    "stream options": stream_options,
    "max_tokens": max_tokens,
    "file defaults": file_defaults,
    "store": store,
    "word JSON": word_json,
    "thinking": thinking,
    "code tool": code_tool,
    "schema": schema,
    "headers": headers,
    "environment": environment,
    "attempts": attempts,
    "timeout": timeout,
    "connections": connections,
    "estimated usage": estimated_usage,
    "several calls": several_calls,
    "log": log,
}


@pytest.mark.parametrize("name", CHECKS)
def test_an_addition_is_there_and_can_be_switched_off(name: str) -> None:
    CHECKS[name]()


def test_every_row_of_the_table_is_proved() -> None:
    assert [row.name for row in ADDITIONS] == list(CHECKS)
    assert markdown_table().count("\n") == len(ADDITIONS) + 1


def test_nothing_else_is_in_a_plain_request() -> None:
    """A request of one message is sent as the user wrote it."""
    assert body() == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert body("completion", [user("Hi")]) == body()
