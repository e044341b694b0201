"""All pairs of dialects: a request of one client reaches the provider of another dialect, and means the same there."""

import json
from typing import Any

import pytest

from llm_pure import (
    ChatRequest,
    HttpRequest,
    Image,
    LLMConfig,
    Message,
    ReasoningRequest,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.server import ReceivedRequest, server_dialects
from tests.support.png import tiny_png
from tests.support.server_answers import READERS

MODELS = {
    "openai_chat": "gpt-4o",
    "openai_responses": "gpt-4o",
    "anthropic_messages": "claude-sonnet-4-5",
    "gemini_content": "gemini-2.5-flash",
    "ollama_native": "gemma3",
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

REQUEST = ChatRequest(
    messages=[
        system("Be brief."),
        user("How warm is it?", Image(data=tiny_png())),
        assistant(
            "Let me look.",
            ToolCall("call_1", "weather", '{"city":"Oslo"}'),
            ToolCall("call_2", "weather", '{"city":"Rome"}'),
        ),
        tool_result("call_1", "4 °C", name="weather"),
        tool_result("call_2", "no station", name="weather"),
        assistant("4 °C in Oslo."),
        user("Thanks. And tomorrow?"),
    ],
    tools=[Tool(name="weather", description="The weather of a city.", parameters=SCHEMA)],
    max_tokens=500,
    temperature=0.5,
    stop=("END",),
    stream=True,
)


def sent(dialect: str, request: ChatRequest) -> HttpRequest:
    """The request as our client sends it in a dialect."""
    provider = registry.get(READERS[dialect]).unwrap()
    config = LLMConfig(api_type=provider.name, model=MODELS[dialect], api_key="k")
    model = MODELS[dialect]
    return (
        provider.build_chat(config, ChatRequest(**{**_fields(request), "model": model}))
        .unwrap()
        .request
    )


def _fields(request: ChatRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def read(dialect: str, request: HttpRequest) -> ReceivedRequest:
    return server_dialects[dialect].parse_request(request).unwrap()


def meaning(messages: tuple[Message, ...]) -> list[tuple[str, Any]]:
    """What a conversation says: roles and contents in order. Ids are numbers, since some dialects have none."""
    numbers: dict[str, int] = {}
    said: list[tuple[str, Any]] = []
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text):
                    said.append((message.role, text))
                case Image(data=data):
                    said.append((message.role, data))
                case ToolCall(id=call_id, name=name, arguments=arguments):
                    numbers[call_id] = len(numbers)
                    said.append(("call", (numbers[call_id], name, json.loads(arguments))))
                case ToolResult(tool_call_id=call_id, content=content):
                    texts = [item.text for item in content if isinstance(item, Text)]
                    said.append(("result", (numbers.get(call_id), "".join(texts))))
                case _:
                    said.append((message.role, type(part).__name__))
    return said


@pytest.mark.parametrize("first", READERS)
@pytest.mark.parametrize("second", READERS)
def test_a_conversation_means_the_same_in_every_dialect(first: str, second: str) -> None:
    received = read(first, sent(first, REQUEST))
    again = read(second, sent(second, received.chat))
    assert isinstance(REQUEST.messages, list)
    expected = meaning(
        tuple([message for message in REQUEST.messages if isinstance(message, Message)])
    )
    assert meaning(received.messages) == expected
    assert meaning(again.messages) == expected
    for each in (received, again):
        chat = each.chat
        (tool,) = chat.tools
        assert isinstance(tool, Tool)
        assert (tool.name, tool.description) == ("weather", "The weather of a city.")
        assert tool.parameters["properties"] == SCHEMA["properties"]
        assert each.stream
        assert chat.max_tokens == 500
        assert chat.temperature == 0.5
        assert chat.stop in (("END",), None)  # Responses has none
        assert [change for change in each.adaptations if not change.lossless] == []


@pytest.mark.parametrize("first", READERS)
@pytest.mark.parametrize("second", ["anthropic_messages", "gemini_content", "openai_responses"])
def test_reasoning_goes_through_as_a_request_for_it(first: str, second: str) -> None:
    models = {
        "openai_chat": "gpt-5-mini",
        "openai_responses": "gpt-5-mini",
        "anthropic_messages": "claude-opus-4-6",
        "gemini_content": "gemini-3-pro",
        "ollama_native": "gpt-oss:20b",
    }
    received: ReceivedRequest | None = None
    request = ChatRequest(messages=[user("Think.")], reasoning=ReasoningRequest(effort="high"))
    for dialect in (first, second):
        provider = registry.get(READERS[dialect]).unwrap()
        chat = request if received is None else received.chat
        chat = ChatRequest(**{**_fields(chat), "model": models[dialect]})
        config = LLMConfig(api_type=provider.name, model=models[dialect], api_key="k")
        received = read(dialect, provider.build_chat(config, chat).unwrap().request)
    assert received is not None
    assert isinstance(received.chat.reasoning, ReasoningRequest)
    assert received.chat.reasoning.effort == "high"
