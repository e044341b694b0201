"""What only the provider `groq` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, LLMConfig, ProviderMetadata, Reasoning, Usage, user
from llm_pure.types.messages import Text
from llm_pure.types.request import SchemaFormat
from tests.support.chat_requests import CLOCK, SCHEMA
from tests.support.family import Service
from tests.support.openai_chat_bodies import chunk, data, stream

GROQ = Service("groq", "openai/gpt-oss-120b")
SCHEMA_ASKED = ChatRequest(messages="hi", response_format=SchemaFormat(schema=SCHEMA))


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("openai/gpt-oss-120b", None, {}),
        ("openai/gpt-oss-120b", "high", {"reasoning_effort": "high", "reasoning_format": "parsed"}),
        ("openai/gpt-oss-120b", "none", {"reasoning_effort": "low"}),
        ("qwen/qwen3-32b", "low", {"reasoning_effort": "default", "reasoning_format": "parsed"}),
        ("qwen/qwen3-32b", "none", {"reasoning_effort": "none"}),
        ("llama-3.3-70b-versatile", "high", {}),
        ("some-model", "minimal", {"reasoning_effort": "low", "reasoning_format": "parsed"}),
        ("some-model", "max", {"reasoning_effort": "high", "reasoning_format": "parsed"}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object) -> None:
    assert GROQ.fields(ChatRequest(messages="hi", reasoning=asked), model) == sent


def test_its_variable_for_the_address_is_a_bare_host() -> None:
    config = LLMConfig(model="m", api_key="k", base_url="https://proxy.test/")
    built = GROQ.provider.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert built.request.url == "https://proxy.test/openai/v1/chat/completions"


def test_some_models_take_a_schema_and_others_are_told_it() -> None:
    assert GROQ.body(SCHEMA_ASKED)["response_format"]["type"] == "json_schema"
    llama = GROQ.body(SCHEMA_ASKED, "llama-3.3-70b-versatile")
    assert llama["response_format"] == {"type": "json_object"}
    assert '"required":["city"]' in llama["messages"][0]["content"]


def test_strict_tools_are_known_to_some_models() -> None:
    request = ChatRequest(messages="hi", tools=(CLOCK,))
    assert GROQ.body(request)["tools"][0]["function"]["strict"] is True
    assert GROQ.adaptations(request, "llama-3.3-70b-versatile") == [("tools/0/strict", "dropped")]


def test_its_reasoning_goes_back() -> None:
    turn = GROQ.says({"content": "Hi.", "reasoning": "Hm."}).message
    assert turn.parts == (Reasoning("Hm.", None, ProviderMetadata("groq")), Text("Hi."))
    assert GROQ.messages(user("?"), turn)[1] == {
        "role": "assistant",
        "content": "Hi.",
        "reasoning": "Hm.",
    }


USAGE = {"queue_time": 0.1, "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


@pytest.mark.parametrize("place", ["x_groq", "both"])
def test_usage_stands_in_a_place_of_its_own(place: str) -> None:
    more: dict[str, Any] = {"x_groq": {"id": "req_1", "usage": USAGE}}
    if place == "both":
        more["usage"] = USAGE
    first = chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1", "seed": 7})
    got, error = GROQ.streams(stream(first, chunk({"content": "Hi."}), chunk({}, "stop", **more)))
    assert error is None
    assert got.usage == Usage(9, 2, raw=USAGE)


def test_ids_that_change_from_chunk_to_chunk_are_no_matter() -> None:
    got, error = GROQ.streams(
        stream(
            chunk({"role": "assistant", "content": "H"}, id="a", model="compound"),
            chunk({"content": "i."}, id="b"),
            chunk({}, "stop", id="stub"),
        )
    )
    assert error is None
    assert (got.id, got.model, got.text) == ("a", "compound", "Hi.")


FAILED = {
    "message": "Failed to call a function.",
    "type": "invalid_request_error",
    "code": "tool_use_failed",
    "failed_generation": '{"name": "f", "arguments": {}}',
}


def test_what_the_model_wrote_in_place_of_a_call_is_in_the_error() -> None:
    error = GROQ.fails({"error": FAILED}, 400)
    assert (error.kind, error.code) == ("invalid_request", "tool_use_failed")
    assert error.message == 'Failed to call a function.: {"name": "f", "arguments": {}}'


def test_a_failed_call_ends_a_stream_with_an_event_of_its_own_and_no_done() -> None:
    told = b"event: error\n" + data({"error": {**FAILED, "status_code": 400}})
    partial, error = GROQ.streams(data(chunk({"role": "assistant", "reasoning": "Hm."})) + told)
    assert error is not None
    assert (error.kind, error.status, error.code) == ("invalid_request", 400, "tool_use_failed")
    assert partial.reasoning == "Hm."


def test_flex_machines_that_are_full_are_overloaded() -> None:
    assert GROQ.fails({"error": {"message": "no capacity"}}, 498).kind == "overloaded"
