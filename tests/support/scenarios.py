"""What is recorded: every provider asked the same questions, whole and streamed, and the errors that it answers.

A row of SPEAKERS and a row of QUESTIONS make one cassette. Its name is derived from the request that is built, so a
cassette whose request has changed is missed and not replayed by mistake.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from llm_pure import (
    ChatRequest,
    EmbedRequest,
    HttpRequest,
    LLMConfig,
    ReasoningRequest,
    SchemaFormat,
    Tool,
    ToolCall,
    assistant,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.provider import Provider

CASSETTES = Path(__file__).parents[2] / "cassettes"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The time of every signature that is recorded."""

KEY = "test-key-of-llm-pure"
"""Not secret; it is redacted all the same."""

WEATHER = Tool(
    name="get_weather",
    description="The weather in a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
CITY = SchemaFormat(
    name="city",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}, "celsius": {"type": "number"}},
        "required": ["city", "celsius"],
        "additionalProperties": False,
    },
)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to ask. status: what the server is to answer."""

    request: ChatRequest | EmbedRequest
    status: int = 200


def _fails(status: int) -> Question:
    return Question(request=ChatRequest(messages=f"fail with {status}"), status=status)


QUESTIONS: dict[str, Question] = {
    "hello": Question(request=ChatRequest(messages="hello")),
    "pure": Question(request=ChatRequest(messages="Why are pure functions easy to test?")),
    "reasoning": Question(
        request=ChatRequest(
            messages="What is 17 times 23?", reasoning=ReasoningRequest(effort="low")
        )
    ),
    "tools": Question(
        request=ChatRequest(messages="How is the weather in Oslo and Rome?", tools=(WEATHER,))
    ),
    "tool_results": Question(
        request=ChatRequest(
            messages=(
                user("How is the weather in Oslo and Rome?"),
                assistant(
                    ToolCall("call_oslo", "get_weather", '{"city":"Oslo"}'),
                    ToolCall("call_rome", "get_weather", '{"city":"Rome","unit":"°C"}'),
                ),
                tool_result("call_oslo", "4 °C", name="get_weather"),
                tool_result("call_rome", "21 °C", name="get_weather"),
            ),
            tools=(WEATHER,),
        )
    ),
    "schema": Question(
        request=ChatRequest(
            messages="Oslo and its temperature as JSON, please.", response_format=CITY
        )
    ),
    "length": Question(request=ChatRequest(messages="Write a long list.", max_tokens=16)),
    "400": _fails(400),
    "401": _fails(401),
    "404": _fails(404),
    "429": _fails(429),
    "500": _fails(500),
    "529": _fails(529),
    "embed": Question(request=EmbedRequest(input=("a vector", "another vector"))),
}

ANSWERS = ("hello", "pure", "reasoning", "tools", "tool_results", "schema", "length")
ERRORS = ("400", "401", "404", "429", "500", "529")


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """One provider and how it is reached on loopback.

    server: who answers there. lacks: what that server leaves out in this API, where the provider itself would not.
    """

    provider: str
    config: LLMConfig
    questions: tuple[str, ...]
    server: str = "aimock"
    streams: bool = True
    lacks: frozenset[Literal["usage", "reasoning", "length", "length_reason"]] = frozenset()


AIMOCK_URL = "http://127.0.0.1:4010"


def _speaker(
    provider: str,
    path: str,
    model: str,
    questions: tuple[str, ...],
    *,
    more: LLMConfig = LLMConfig(),  # noqa: B008 - a value
    streams: bool = True,
    lacks: tuple[Literal["usage", "reasoning", "length", "length_reason"], ...] = (),
) -> Speaker:
    """Someone that aimock speaks like; `more` holds the configuration's further fields."""
    config = msgspec.structs.replace(
        more, api_type=provider, api_key=KEY, base_url=AIMOCK_URL + path, model=model
    )
    return Speaker(
        provider=provider,
        config=config,
        questions=questions,
        streams=streams,
        lacks=frozenset(lacks),
    )


_VERTEX = LLMConfig(project="project-1", location="us-central1", api_version="v1")
_OLLAMA_LACKS: tuple[Any, ...] = ("usage", "reasoning", "length")

SPEAKERS: tuple[Speaker, ...] = (
    _speaker("openai", "/v1", "gpt-5-mini", (*ANSWERS, *ERRORS)),
    _speaker("open_llm", "/v1", "any-model", (*ANSWERS, *ERRORS)),
    _speaker("openai", "/v1", "text-embedding-3-small", ("embed",), streams=False),
    _speaker(
        "openai_responses", "/v1", "gpt-5-mini", (*ANSWERS, *ERRORS), lacks=("length_reason",)
    ),
    _speaker("azure", "", "my-gpt", (*ANSWERS, *ERRORS), more=LLMConfig(api_version="2024-10-21")),
    _speaker("azure_responses", "", "my-gpt", ("hello", "tools", "429")),
    _speaker("anthropic", "", "claude-sonnet-4-5", (*ANSWERS, *ERRORS)),
    _speaker("gemini", "", "gemini-2.5-flash", (*ANSWERS, *ERRORS)),
    _speaker("vertex", "", "gemini-2.5-flash", ("hello", "tools", "429"), more=_VERTEX),
    _speaker("bedrock", "", "anthropic.claude-sonnet-4-5-v1:0", (*ANSWERS, *ERRORS)),
    _speaker("ollama", "", "llama3.2", (*ANSWERS, *ERRORS), lacks=_OLLAMA_LACKS),
    _speaker(
        "ollama.generate", "", "llama3.2", ("hello", "pure", "400", "500"), lacks=_OLLAMA_LACKS
    ),
)


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider, and where its exchange is kept."""

    speaker: Speaker
    name: str
    stream: bool

    @property
    def question(self) -> Question:
        """What is asked."""
        return QUESTIONS[self.name]

    @property
    def provider(self) -> Provider:
        """Who is asked."""
        return registry.get(self.speaker.provider).unwrap()

    @property
    def operation(self) -> str:
        """chat or embed."""
        return "embed" if isinstance(self.question.request, EmbedRequest) else "chat"

    @property
    def built(self) -> HttpRequest:
        """The request without credentials."""
        request = self.question.request
        if isinstance(request, EmbedRequest):
            operation = self.provider.embed
            assert operation is not None
            return operation.build(self.speaker.config, request).unwrap().request
        asked = msgspec.structs.replace(request, stream=self.stream)
        return self.provider.build_chat(self.speaker.config, asked).unwrap().request

    @property
    def signed(self) -> HttpRequest:
        """The request as it is sent."""
        return self.provider.authorize(self.speaker.config, self.built, NOW).unwrap()

    @property
    def path(self) -> Path:
        """cassettes/<provider>/<operation>.<unary|stream>.<status>.<hash>.yaml."""
        request = self.built
        told = b"\n".join([request.method.encode(), request.url.encode(), request.body])
        how = "stream" if self.stream else "unary"
        digest = hashlib.sha256(told).hexdigest()[:8]
        name = f"{self.operation}.{how}.{self.question.status}.{digest}.yaml"
        return CASSETTES / self.speaker.provider / name

    @property
    def id(self) -> str:
        """For test ids."""
        return f"{self.speaker.provider}-{self.name}-{'stream' if self.stream else 'unary'}"


def scenarios() -> Iterator[Scenario]:
    """Every one of them."""
    for speaker in SPEAKERS:
        for name in speaker.questions:
            for stream in (False, True) if speaker.streams else (False,):
                yield Scenario(speaker=speaker, name=name, stream=stream)
