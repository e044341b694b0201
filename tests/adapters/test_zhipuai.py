"""What the providers `zhipuai` and `zai` do: one service, two hosts."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from llm_pure import ChatRequest, ProviderMetadata, Reasoning, Usage, user
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.messages import Text
from llm_pure.types.request import JsonFormat, SchemaFormat
from tests.support.chat_requests import SCHEMA, WEATHER
from tests.support.configs import file_config
from tests.support.family import Service
from tests.support.openai_chat_bodies import DONE, data

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW_MS = 1795176000000
BOTH = pytest.mark.parametrize("glm", [Service("zhipuai", "glm-4.7"), Service("zai", "glm-4.7")], ids=["zhipuai", "zai"])  # fmt: skip
GLM = Service("zhipuai", "glm-4.7")


def bearer(glm: Service, **keys: str) -> str:
    config = file_config(api_type=glm.name, model="glm-4.7", **keys)
    signed = glm.provider.authorize(config, glm.built("hi").request, NOW).unwrap()
    return (get_header(signed.headers, "authorization") or "").removeprefix("Bearer ")


def opened(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@BOTH
def test_a_key_goes_out_as_it_is(glm: Service) -> None:
    assert bearer(glm, api_key="abc123.s3cret") == "abc123.s3cret"


@BOTH
def test_an_id_and_a_secret_sign_a_token_whatever_the_key_is(glm: Service) -> None:
    for more in ({}, {"api_key": "another.key"}):
        token = bearer(glm, access_key="abc123", secret_key="s3cret", **more)
        head, claims, signature = token.split(".")
        assert opened(head) == {"alg": "HS256", "sign_type": "SIGN"}
        assert opened(claims) == {
            "api_key": "abc123",
            "exp": NOW_MS + 210_000,
            "timestamp": NOW_MS,
        }
        wanted = hmac.digest(b"s3cret", f"{head}.{claims}".encode(), hashlib.sha256)
        assert base64.urlsafe_b64decode(signature + "=") == wanted
        assert "s3cret" not in token


@BOTH
@pytest.mark.parametrize("field", ["access_key", "secret_key"])
def test_a_pair_that_no_header_can_hold_is_named(glm: Service, field: str) -> None:
    keys = {"access_key": "abc123", "secret_key": "s3cret"} | {field: "odd\udcff"}
    config = file_config(access_key=keys["access_key"], secret_key=keys["secret_key"])
    error = glm.provider.authorize(config, HttpRequest("POST", "https://h"), NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        (0, {"do_sample": False}, [("temperature", "renamed")]),
        (0.5, {"temperature": 0.5}, []),
        (1, {"temperature": 0.99}, [("temperature", "clamped")]),
        (1.5, {"temperature": 0.99}, [("temperature", "clamped")]),
    ],
)
def test_both_ends_of_temperature_are_outside(asked: float, sent: object, told: object) -> None:
    request = ChatRequest(messages="hi", temperature=asked)
    body = GLM.body(request)
    assert {key: body[key] for key in ("temperature", "do_sample") if key in body} == sent
    assert GLM.adaptations(request) == told


def test_top_p_is_kept_inside() -> None:
    assert GLM.body(ChatRequest(messages="hi", top_p=1.0))["top_p"] == 0.99


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("glm-4.7", None, {}),
        ("glm-4.7", "none", {"thinking": {"type": "disabled"}}),
        ("glm-4.7", "high", {"thinking": {"type": "enabled"}}),
        ("glm-5.2", "high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("glm-5.3", "max", {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        ("glm-5.3", "medium", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("glm-5.3", "none", {}),
        ("glm-4-plus", "high", {}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object) -> None:
    request = ChatRequest(messages="hi", reasoning=asked, temperature=0.5)
    assert GLM.fields(request, model) == sent


@BOTH
def test_reasoning_that_goes_back_is_kept(glm: Service) -> None:
    turn = glm.says({"content": "Hi.", "reasoning_content": "Hm."}).message
    assert turn.parts == (Reasoning("Hm.", None, ProviderMetadata(glm.name)), Text("Hi."))
    request = ChatRequest(messages=(user("?"), turn, user("!")), reasoning="high", temperature=0.5)
    assert glm.body(request) == {
        "model": "glm-4.7",
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "Hi.", "reasoning_content": "Hm."},
            {"role": "user", "content": "!"},
        ],
        "max_tokens": 4096,
        "temperature": 0.5,
        "thinking": {"type": "enabled", "clear_thinking": False},
    }


def test_reasoning_that_goes_back_says_so_even_when_nothing_is_asked() -> None:
    turn = GLM.says({"content": "Hi.", "reasoning_content": "Hm."}).message
    body = GLM.body(ChatRequest(messages=(user("?"), turn, user("!"))))
    assert body["thinking"] == {"clear_thinking": False}


def test_the_choice_of_tools_is_the_models() -> None:
    def asked(choice: Any) -> ChatRequest:
        return ChatRequest(messages="hi", tools=(WEATHER,), tool_choice=choice)

    assert GLM.body(asked("auto"))["tool_choice"] == "auto"
    assert "tool_choice" not in GLM.body(asked("required"))
    assert GLM.adaptations(asked("required")) == [("tool_choice", "dropped")]
    assert "tools" not in GLM.body(asked("none"))


def test_one_stop_word_and_no_schema() -> None:
    request = ChatRequest(
        messages="hi", stop=("A", "B"), response_format=SchemaFormat(schema=SCHEMA)
    )
    body = GLM.body(request)
    assert (body["stop"], body["response_format"]) == (["A"], {"type": "json_object"})
    assert body["messages"][0]["role"] == "system"
    assert GLM.adaptations(request) == [("stop", "clamped"), ("response_format", "changed")]
    plain = ChatRequest(messages="hi", response_format=JsonFormat())
    assert (GLM.body(plain)["response_format"], GLM.adaptations(plain)) == (
        {"type": "json_object"},
        [],
    )


@BOTH
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "1002", "authentication"),
        (401, "1003", "authentication"),
        (429, "1113", "quota"),
        (400, "1210", "invalid_request"),
        (400, "1211", "not_found"),
        (400, "1261", "context_length"),
        (400, "1301", "content_filtered"),
        (429, "1302", "rate_limited"),
        (429, "1304", "quota"),
        (429, "1310", "quota"),
        (429, "1313", "quota"),
        (429, "1305", "overloaded"),
        (500, "1234", "server_error"),
    ],
)
def test_its_numbers_for_errors(glm: Service, status: int, code: str, kind: str) -> None:
    error = glm.fails({"error": {"code": code, "message": "no"}}, status)
    assert (error.kind, error.code, error.status) == (kind, code, status)


@BOTH
def test_an_error_in_a_stream_with_status_200(glm: Service) -> None:
    first = data({"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hal"}}]})
    told = data({"error": {"code": "1302", "message": "too many at once"}})
    partial, error = glm.streams(first + told)
    assert error is not None
    assert (error.kind, error.code, partial.text) == ("rate_limited", "1302", "Hal")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("sensitive", "content_filter"),
        ("network_error", "error"),
        ("model_context_window_exceeded", "length"),
    ],
)
def test_its_words_for_the_end(word: str, reason: str) -> None:
    got = GLM.says({"content": "Hal"}, word)
    assert (got.finish_reason, got.raw_finish_reason) == (reason, word)


def test_a_stream_says_its_role_in_each_chunk_and_its_usage_at_the_end() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}

    def part(delta: object, **more: object) -> bytes:
        said = {"index": 0, "delta": delta, **more}
        return data({"id": "r-1", "model": "glm-4.7", "choices": [said], "request_id": "r-1"})

    last = data(
        {"id": "r-1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"}], "usage": usage}
    )  # fmt: skip
    got, error = GLM.streams(
        part({"role": "assistant", "reasoning_content": "Hm."})
        + part({"role": "assistant", "content": "Hi."})
        + last
        + DONE
    )
    assert error is None
    assert (got.reasoning, got.text, got.usage) == ("Hm.", "Hi.", Usage(9, 2, raw=usage))
    assert got.extra == {"request_id": "r-1"}
