"""Every field of ChatRequest at every provider: it is sent, reported, or refused; none is lost silently, and none raises."""

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, JsonFormat, LLMConfig, Tool
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.request import AllowedTools, AudioOutput, Guardrail, NamedToolChoice
from llm_pure.types.result import Failure, LLMResult
from tests.every_provider.test_nothing_asked_is_lost import CALLS
from tests.support.rows import check_each

TOOLS = {"tools": (Tool(name="tool_word"), Tool(name="other_word"))}

FIELDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    # field -> what is requested, and the texts one of which is then in the request, in any case of letters
    "messages": ({"messages": "message_word"}, ("message_word",)),
    "model": ({"model": ""}, ("",)),
    "tools": (TOOLS, ("tool_word",)),
    "tool_choice": ({**TOOLS, "tool_choice": NamedToolChoice("tool_word")}, ('choice', "tool_config", "toolconfig")),
    "tool_choice of some": ({**TOOLS, "tool_choice": AllowedTools(("tool_word",), "required")}, ("allowed",)),
    "parallel_tool_calls": ({**TOOLS, "parallel_tool_calls": False}, ("parallel",)),
    "response_format": ({"response_format": JsonFormat()}, ("json_object", "application/json", '"format":"json"')),
    "max_tokens": ({"max_tokens": 7717}, ("7717",)),
    "temperature": ({"temperature": 0.77}, ("0.77",)),
    "top_p": ({"top_p": 0.77}, ("0.77",)),
    "top_k": ({"top_k": 5}, (":5",)),
    "stop": ({"stop": ("stop_word",)}, ("stop_word",)),
    "seed": ({"seed": 7717}, ("7717",)),
    "presence_penalty": ({"presence_penalty": 0.77}, ("0.77",)),
    "frequency_penalty": ({"frequency_penalty": 0.77}, ("0.77",)),
    "repetition_penalty": ({"repetition_penalty": 1.77}, ("1.77",)),
    "n": ({"n": 3}, (":3",)),
    "logprobs": ({"logprobs": True}, ("logprobs",)),
    "reasoning": ({"reasoning": "high"}, ("high", "reasoning", "think")),
    "stream": ({"stream": True}, ("stream", "get wss", "event")),
    "metadata": ({"metadata": {"user_id": "meta_word"}}, ("meta_word",)),
    "user": ({"user": "user_word"}, ("user_word",)),
    "service_tier": ({"service_tier": "tier_word"}, ("tier_word",)),
    "verbosity": ({"verbosity": "low"}, ("verbosity",)),
    "prompt_cache_key": ({"prompt_cache_key": "cache_word"}, ("cache_word",)),
    "store": ({"store": True}, ('"store":true',)),
    "previous_response_id": ({"previous_response_id": "previous_word"}, ("previous_word",)),
    "modalities": ({"modalities": ("text", "audio")}, ("modalities",)),
    "audio": ({"audio": AudioOutput(voice="voice_word")}, ("voice_word",)),
    "safety_settings": ({"safety_settings": {"HARM_WORD": "BLOCK_WORD"}}, ("harm_word",)),
    "cached_content": ({"cached_content": "cachedContents/content_word"}, ("content_word",)),
    "guardrail": ({"guardrail": Guardrail(id="guard_word", trace="enabled")}, ("guard_word",)),
    "logit_bias": ({"logit_bias": {7717: -100}}, ("7717",)),
    "prediction": ({"prediction": "prediction_word"}, ("prediction_word",)),
    "headers": ({"headers": {"X-Word": "header_word"}}, ("header_word",)),
    "query": ({"query": {"query_word": "é &"}}, ("query_word=%c3%a9%20%26",)),
    "extra": ({"extra": {"extra_key": {"deep": "extra_word"}}}, ("extra_word",)),
}  # fmt: skip


def build(
    name: str, model: str, requested: dict[str, Any], *, strict: bool = False
) -> LLMResult[Built]:
    config = LLMConfig(
        api_type=name,
        api_key="k" * 24,
        model=model,
        project="p",
        location="us-east1",
        base_url="https://e.test",
    )
    if model == "frames":
        config = msgspec.structs.replace(
            config, base_url="wss://e.test/v4.0/chat", app_id="a", api_secret="s"
        )
    request = ChatRequest(**{"messages": "hi", **requested})
    return registry.get(name).unwrap().build_chat(config, request, strict=strict)


def outcome(name: str, model: str, field: str) -> str:
    """ "sent", "reported" or "refused"; "lost" if none of these."""
    requested, texts = FIELDS[field]
    result = build(name, model, requested)
    strict = build(name, model, requested, strict=True)
    if isinstance(result, Failure):
        assert isinstance(result.failure(), InvalidRequest | UnsupportedFeature), result
        return "refused"
    built = result.unwrap()
    lossy = [change.field for change in built.adaptations if not change.lossless]
    assert isinstance(strict, Failure) == bool(lossy), (lossy, strict)
    request = built.request
    sent = f"{request.method} {request.url}{request.headers}{request.body.decode()}".lower()
    reported = {change.field.partition("/")[0] for change in built.adaptations}
    if field.partition(" ")[0] in reported or ("tools" in requested and "tools" in reported):
        return "reported"
    return "sent" if any(text in sent for text in texts) else "lost"


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_sent_reported_or_refused_by_every_provider(field: str) -> None:
    outcomes = {call: outcome(*call, field) for call in CALLS}
    assert [call for call, found in outcomes.items() if found == "lost"] == []
    assert "sent" in outcomes.values() or field == "model" or "reported" in outcomes.values()


def test_the_table_has_every_field() -> None:
    assert {field.partition(" ")[0] for field in FIELDS} == set(ChatRequest.__struct_fields__)


WRONG: tuple[Any, ...] = (
    "hgh",
    object(),
    1.5,
    -1,
    True,
    (),
    [object()],
    {"a": object()},
    {1: 2},
    b"x",
    {1, 2},
)


@pytest.mark.parametrize(
    "name", ["openai", "openai_responses", "anthropic", "gemini", "bedrock", "ollama", "cohere"]
)
def test_a_value_of_a_wrong_type_is_an_error_value_never_an_exception(name: str) -> None:
    fields = sorted(set(ChatRequest.__struct_fields__) - {"messages", "tools"})
    check_each(partial(_is_an_error_value, name), fields)


def _is_an_error_value(name: str, field: str) -> None:
    model = "anthropic.claude-sonnet-4-5" if name == "bedrock" else "m"
    for value in WRONG:
        result = build(name, model, {field: value})
        assert not isinstance(result, Failure) or result.failure().kind in (
            "invalid_request", "unsupported", "invalid_configuration"
        )  # fmt: skip


def test_some_of_the_tools_are_named_or_only_they_are_sent() -> None:
    requested = FIELDS["tool_choice of some"][0]
    openai = json.loads(build("openai", "gpt-4o", requested).unwrap().request.body)
    assert openai["tool_choice"] == {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": "tool_word"}}],
        },
    }
    assert len(openai["tools"]) == 2
    claude = build("anthropic", "claude-opus-4-8", requested).unwrap()
    sent = json.loads(claude.request.body)
    assert [tool["name"] for tool in sent["tools"]] == ["tool_word"]
    assert sent["tool_choice"] == {"type": "any"}
    assert [
        (change.field, change.action) for change in claude.adaptations if not change.lossless
    ] == [("tool_choice", "changed")]
