"""Whatever a request asks for is in the bytes that are sent, or it is told what became of it: for every provider, by a table."""

from typing import Any

import msgspec
import pytest

from llm_pure import (
    ChatRequest,
    JsonFormat,
    ReasoningRequest,
    SchemaFormat,
    Tool,
    assistant,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.messages import (
    Image,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.request import NamedToolChoice, NativeTool
from llm_pure.types.result import Failure
from tests.support.cassettes import chat_providers, config_for
from tests.support.png import tiny_png

SCHEMA = {"type": "object", "properties": {"place_word": {"type": "string"}}}
TOOL = Tool(name="tool_word", description="tool words", parameters=SCHEMA)
MODELS: dict[str, tuple[str, ...]] = {
    "bedrock": ("anthropic.claude-sonnet-4-5-v1:0", "amazon.nova-lite-v1:0", "openai.gpt-oss-120b-1:0", "some-model"),
    "bedrock_invoke": (
        "anthropic.claude-sonnet-4-5-v1:0", "amazon.nova-lite-v1:0", "amazon.titan-text-express-v1", "meta.llama3-8b-v1:0",
        "mistral.mistral-7b-instruct-v0:2", "cohere.command-r-v1:0", "deepseek.r1-v1:0", "openai.gpt-oss-120b-1:0",
    ),
    "gemini": ("gemini-2.5-flash", "gemini-3-pro", "some-model"),
    "anthropic": ("claude-sonnet-4-5", "claude-opus-4-6", "some-model"),
    "spark": ("some-model", "frames"),
    "openai": ("gpt-4o", "gpt-5", "some-model"),
}  # fmt: skip
"""Models of a service that asks them in different ways; "some-model" elsewhere."""

ASKED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    # what is asked, and what must be found in the request, in any case of letters, where nothing is told of it
    "tools": ({"tools": (TOOL,)}, ("tool_word", "tool words", "place_word")),
    "a strict tool": ({"tools": (msgspec.structs.replace(TOOL, strict=True),)}, ("tool_word", "strict|validated")),
    "a tool with an enum": (
        {"tools": (msgspec.structs.replace(TOOL, parameters={"type": "object", "properties": {"unit": {"enum": ["kelvin"]}}}),)},
        ("kelvin",),
    ),
    "a tool of another's own": ({"tools": (NativeTool("elsewhere", {"type": "own_word"}),)}, ("own_word",)),
    "no call": ({"tools": (TOOL,), "tool_choice": "none"}, ("tool_word", "none")),
    "some call": ({"tools": (TOOL,), "tool_choice": "required"}, ("tool_word",)),
    "some call of none": ({"tool_choice": "required"}, ("required",)),
    "a call by name": ({"tools": (TOOL,), "tool_choice": NamedToolChoice("tool_word")}, ("tool_word",)),
    "a call by name of none": ({"tool_choice": NamedToolChoice("tool_word")}, ("tool_word",)),
    "one call at a time": ({"tools": (TOOL,), "parallel_tool_calls": False}, ("parallel",)),
    "JSON": ({"response_format": JsonFormat()}, ("json",)),
    "a schema": ({"response_format": SchemaFormat(schema=SCHEMA, description="some words")}, ("place_word", "some words")),
    "max_tokens": ({"max_tokens": 7717}, ("7717",)),
    "temperature": ({"temperature": 0.77}, ("0.77",)),
    "top_p": ({"top_p": 0.77}, ("0.77",)),
    "top_k": ({"top_k": 77}, ("77",)),
    "stop": ({"stop": ("first_word", "last_word")}, ("first_word", "last_word")),
    "seed": ({"seed": 7717}, ("7717",)),
    "presence_penalty": ({"presence_penalty": 0.77}, ("0.77",)),
    "frequency_penalty": ({"frequency_penalty": 0.77}, ("0.77",)),
    "repetition_penalty": ({"repetition_penalty": 1.77}, ("1.77",)),
    "n": ({"n": 3}, (":3",)),
    "logprobs": ({"logprobs": True}, ("logprobs",)),
    "logprobs of several": ({"logprobs": 4}, (":4",)),
    "an effort": ({"reasoning": "max"}, ("max",)),
    "a budget": ({"reasoning": 2077}, ("2077",)),
    "an effort and a budget": ({"reasoning": ReasoningRequest(effort="low", budget_tokens=2077)}, ("2077",)),
    "metadata": ({"metadata": {"user_id": "meta_word"}}, ("meta_word",)),
    "extra": ({"extra": {"extra_key": "extra_word"}}, ("extra_key", "extra_word")),
}  # fmt: skip

CALLS = [(name, model) for name in chat_providers() for model in MODELS.get(name, ("some-model",))]


def sent(built: Built) -> str:
    return f"{built.request.url}{built.request.headers}{built.request.body.decode()}"


def lost(name: str, model: str, asked: dict[str, Any], words: tuple[str, ...]) -> list[str]:
    """The words that are neither sent nor spoken of. An error that says what cannot be sent is an answer too."""
    config = msgspec.structs.replace(config_for(name), model=model)
    if model == "frames":
        config = msgspec.structs.replace(config, base_url="wss://service.test/v4.0/chat")
    provider = registry.get(name).unwrap()
    got = provider.build_chat(config, ChatRequest(**{"messages": "hi", **asked}))
    if isinstance(got, Failure):
        assert got.failure().kind in ("unsupported", "invalid_request"), got
        return []
    built = got.unwrap()
    if built.adaptations:
        return []
    found = sent(built).lower()
    return [word for word in words if not any(one in found for one in word.split("|"))]


@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_is_sent_or_spoken_of(what: str) -> None:
    asked, words = ASKED[what]
    found = {call: missing for call in CALLS if (missing := lost(*call, asked, words))}
    assert found == {}


CALLED = (user("hi"), assistant(ToolCall("call_1", "tool_word", "{}")))
SPOKEN: dict[str, tuple[tuple[Message, ...], tuple[str, ...]]] = {
    "a speaker": ((user("hi", name="speaker_word"),), ("speaker_word",)),
    "a system's name": ((Message("system", (Text("Be brief."),), "speaker_word"), user("hi")), ("speaker_word",)),
    "a failed tool": ((*CALLED, tool_result("call_1", "result_word", is_error=True)), ("result_word", "error")),
    "two results": ((*CALLED, tool_result("call_1", "first_word"), tool_result("call_1", "last_word")), ("first_word", "last_word")),
    "a result and more": (
        (*CALLED, Message("user", (ToolResult(tool_call_id="call_1", content=(Text("result_word"),)), Text("more_word"))), assistant("ok"), user("go on")),
        ("result_word", "more_word"),
    ),
    "a call that is no JSON": ((user("hi"), assistant(ToolCall("c", "tool_word", '{"a": args_word')), tool_result("c", "r")), ("args_word",)),
    "a call by the user": ((user("hi", ToolCall("c", "tool_word", '{"a": "args_word"}')),), ("args_word",)),
    "a result in the system's words": (
        (Message("system", (ToolResult(tool_call_id="c", content=(Text("result_word"),)),)), user("hi")),
        ("result_word",),
    ),
    "a picture in detail": ((user("hi", Image(data=tiny_png(), detail="high")),), ("high",)),
    "a refusal": ((user("hi"), assistant(Refusal("refusal_word")), user("why?")), ("refusal_word",)),
    "thoughts of another": ((user("hi"), assistant(Reasoning("thought_word", "sig", ProviderMetadata("elsewhere")), "ok"), user("why?")), ("thought_word",)),
    "a part of another's": ((user("hi"), assistant(Opaque("elsewhere", "kind", '{"a":"opaque_word"}'), "ok"), user("why?")), ("opaque_word",)),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOKEN)
def test_what_was_said_is_sent_or_spoken_of(what: str) -> None:
    messages, words = SPOKEN[what]
    asked = {"messages": messages}
    found = {call: missing for call in CALLS if (missing := lost(*call, asked, words))}
    assert found == {}


@pytest.mark.parametrize("model", ["deepseek.r1-v1:0"])
@pytest.mark.parametrize("name", ["bedrock", "bedrock_invoke"])
@pytest.mark.parametrize("asked", ["none", "low", 2077])
def test_a_model_that_reasons_as_it_likes_is_said_to(name: str, model: str, asked: Any) -> None:
    assert lost(name, model, {"reasoning": asked}, ("never sent",)) == []
