"""Requests of every kind: a table by what is odd in them, and a strategy that mixes."""

from collections.abc import Mapping

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from llm_pure import ChatRequest, LLMConfig, Message, assistant, system, tool_result, user
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    ToolCall,
)
from llm_pure.types.request import JsonFormat, NamedToolChoice, ReasoningRequest, SchemaFormat, Tool

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
WAV = b"RIFF\0\0\0\0WAVEfmt "
PDF = b"%PDF-1.7"

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = Tool(name="weather", description="Weather now", parameters=SCHEMA)
CLOCK = Tool(name="clock", strict=True)

CALLED = (
    user("How is the weather?"),
    assistant("Let me see.", ToolCall("call_1", "weather", '{"city":"Oslo"}')),
    tool_result("call_1", "21 °C"),
)

REQUESTS: Mapping[str, ChatRequest] = {
    "a string": ChatRequest(messages="hi"),
    "a system message in the middle": ChatRequest(
        messages=[system("Be brief."), user("hi"), assistant("Hello."), system("Now be long.")]
    ),
    "every sampling setting": ChatRequest(
        messages="hi",
        max_tokens=64,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=("END", "STOP"),
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        repetition_penalty=1.1,
        n=2,
        logprobs=3,
        metadata={"job": "7"},
    ),
    "few tokens": ChatRequest(messages="hi", max_tokens=1),
    "logprobs without alternatives": ChatRequest(messages="hi", logprobs=True),
    "tools": ChatRequest(
        messages=CALLED, tools=(WEATHER, CLOCK), tool_choice="required", parallel_tool_calls=False
    ),
    "one tool by name": ChatRequest(
        messages="hi", tools=(WEATHER,), tool_choice=NamedToolChoice("weather")
    ),
    "an effort": ChatRequest(messages="hi", reasoning="high"),
    "no reasoning": ChatRequest(messages="hi", reasoning="none"),
    "a budget of tokens": ChatRequest(messages="hi", reasoning=ReasoningRequest(budget_tokens=900)),
    "an effort beside tools": ChatRequest(messages=CALLED, tools=(WEATHER,), reasoning="low"),
    "JSON": ChatRequest(messages="JSON please", response_format=JsonFormat()),
    "a schema": ChatRequest(
        messages="hi", response_format=SchemaFormat(schema=SCHEMA, name="place", description="A place")
    ),
    "pictures": ChatRequest(
        messages=[
            user(
                "What are these?",
                Image(data=PNG, detail="low"),
                Image(url="https://example.org/cat.png"),
            )
        ]
    ),
    "a document": ChatRequest(messages=[user("Read this", Document(data=PDF, name="a.pdf"))]),
    "a document at the provider": ChatRequest(messages=[user(Document(file_id="file-1"))]),
    "a picture from a tool": ChatRequest(
        messages=[*CALLED[:2], tool_result("call_1", "Look:", Image(data=PNG))]
    ),
    "a speaker with a name": ChatRequest(messages=[user("hi", name="ann"), assistant("hi", name="bo")]),
    "a refusal": ChatRequest(messages=["hi", assistant(Refusal("No.")), "please"]),
    "what other providers said": ChatRequest(
        messages=[
            "hi",
            assistant(
                Reasoning("hm", "sig", ProviderMetadata("anthropic")),
                Opaque("anthropic", "server_tool_use", '{"type":"server_tool_use"}'),
                "Hello.",
                Image(data=PNG),
                ToolCall("toolu_1", "weather", "{}", ProviderMetadata("anthropic", '{"x":1}')),
            ),
            tool_result("toolu_1", "21 °C"),
        ]
    ),
    "a stream": ChatRequest(messages="hi", stream=True),
    "extra fields": ChatRequest(messages="hi", extra={"user": "u-1", "temperature": 0.25}),
}  # fmt: skip
"""What is odd in them -> requests that every chat API of the OpenAI family takes."""

_TEXT = st.text(max_size=12)
_ASSISTANT_PARTS = st.one_of(
    _TEXT,
    st.builds(Refusal, st.text(min_size=1, max_size=9)),
    st.builds(
        Reasoning,
        _TEXT,
        st.none() | st.just("sig"),
        st.none() | st.just(ProviderMetadata("elsewhere")),
    ),
    st.builds(ToolCall, st.just("call_1"), st.just("weather"), st.sampled_from(['{"a":1}', "{"])),
    st.just(Image(data=PNG)),
    st.just(Audio(data=WAV)),
)
_TURNS: SearchStrategy[Message] = st.one_of(
    st.builds(lambda text: system(text), _TEXT),
    st.builds(lambda parts: user(*parts), st.lists(_TEXT | st.just(Image(data=PNG)), max_size=3)),
    st.builds(lambda parts: assistant(*parts), st.lists(_ASSISTANT_PARTS, max_size=4)),
    st.builds(lambda texts: tool_result("call_1", *texts), st.lists(_TEXT, max_size=2)),
)


def _with_a_user(turns: list[Message]) -> list[Message]:
    """Empty turns of the assistant alone are left out, and are no request."""
    return turns if any(turn.role != "assistant" for turn in turns) else [*turns, user("And?")]


def chat_requests() -> SearchStrategy[ChatRequest]:
    """Conversations and settings, mixed."""
    return st.builds(
        ChatRequest,
        messages=st.lists(_TURNS, min_size=1, max_size=5).map(_with_a_user),
        tools=st.sampled_from([(), (WEATHER,), (WEATHER, CLOCK)]),
        tool_choice=st.sampled_from([None, "auto", "none", "required", NamedToolChoice("weather")]),
        parallel_tool_calls=st.sampled_from([None, True, False]),
        response_format=st.sampled_from([None, JsonFormat(), SchemaFormat(schema=SCHEMA)]),
        max_tokens=st.none() | st.integers(1, 10**6),
        temperature=st.none() | st.floats(0, 2),
        top_p=st.none() | st.floats(0, 1),
        top_k=st.none() | st.integers(1, 100),
        stop=st.sampled_from([None, "END", ("A", "B")]),
        seed=st.none() | st.integers(0, 2**31),
        n=st.sampled_from([None, 1, 2]),
        logprobs=st.sampled_from([None, False, True, 5]),
        reasoning=st.sampled_from([None, "none", "minimal", "low", "high", "max", 2000]),
        stream=st.booleans(),
    )


MODELS = (
    "gpt-4o", "gpt-5", "gpt-5-mini", "gpt-5-chat-latest", "gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.6",
    "gpt-6-nova", "gpt-6.1-sol", "o1-mini", "o3-mini", "o4-mini", "gpt-4o-search-preview", "ft:gpt-4o:x",
    "somebody-elses-model",
)  # fmt: skip


unbuildable = pytest.mark.parametrize(
    ("config", "request_", "kind"),
    [
        (LLMConfig(), ChatRequest(messages="hi"), InvalidConfiguration),
        (LLMConfig(model="m", base_url="nowhere"), ChatRequest(messages="hi"), InvalidConfiguration),
        (LLMConfig(model="m"), ChatRequest(messages=[]), InvalidRequest),
        (LLMConfig(model="m"), ChatRequest(messages="hi", extra={"x": object()}), InvalidRequest),
    ],
    ids=["no model", "no URL", "no message", "no JSON"],
)  # fmt: skip
