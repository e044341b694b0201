"""Short ways to ask one provider of the OpenAI family: what it would send, and what it reads."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure import ChatRequest, Completion, HttpResponse, LLMConfig, Message, ResponseHead
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import LLMError
from tests.support.openai_chat_bodies import answer

JsonObject = dict[str, Any]
Told = list[tuple[str, str]]

SSE = (("content-type", "text/event-stream"),)


class Service:
    """One provider of the registry, with a model that is asked unless another is named."""

    def __init__(self, name: str, model: str = "some-model", **config: Any) -> None:
        self.provider = registry.get(name).unwrap()
        self.name = name
        self.config = LLMConfig(api_type=name, model=model, api_key="test-key", **config)

    def built(self, request: ChatRequest | str, model: str = "") -> Built:
        """What is built for the request, or for a question of these words."""
        asked = ChatRequest(messages=request) if isinstance(request, str) else request
        named = msgspec.structs.replace(self.config, model=model or self.config.model)
        return self.provider.build_chat(named, asked).unwrap()

    def body(self, request: ChatRequest | str, model: str = "") -> JsonObject:
        """The body that is sent."""
        body: JsonObject = json.loads(self.built(request, model).request.body)
        return body

    def fields(self, request: ChatRequest | str, model: str = "") -> JsonObject:
        """The body without what every request has: model, messages, the limit and the temperature."""
        usual = ("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "tools")
        return {key: value for key, value in self.body(request, model).items() if key not in usual}

    def messages(self, *messages: Message | str, model: str = "", **asked: Any) -> list[JsonObject]:
        """The messages that are sent."""
        request = ChatRequest(messages=messages, **asked)
        sent: list[JsonObject] = self.body(request, model)["messages"]
        return sent

    def told(self, request: ChatRequest | str, model: str = "") -> Told:
        """(field, action) of each adaptation."""
        return [(one.field, one.action) for one in self.built(request, model).adaptations]

    def reads(self, body: Any, status: int = 200) -> Completion:
        """The Completion of this body."""
        return self.provider.parse_chat(HttpResponse(status, (), _bytes(body))).unwrap()

    def says(self, message: JsonObject, finish: str | None = "stop", **more: Any) -> Completion:
        """The Completion of an answer with this message."""
        return self.reads(answer(message, finish, **more))

    def fails(self, body: Any, status: int, headers: Mapping[str, str] | None = None) -> LLMError:
        """The error that this body tells."""
        given = tuple((headers or {}).items())
        return self.provider.parse_chat(HttpResponse(status, given, _bytes(body))).failure()

    def streams(self, data: bytes) -> tuple[Completion, LLMError | None]:
        """What a stream comes to, byte by byte, and the fault at its end."""
        decoder = self.provider.open_stream(ResponseHead(200, SSE))
        _, error = read_pieces(decoder, [data[i : i + 1] for i in range(len(data))])
        return decoder.partial(), error


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
