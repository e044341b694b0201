"""Short ways to ask one provider of the OpenAI family: what it would send, and what it reads."""

from collections.abc import Mapping
from typing import Any

from llm_pure import ChatRequest, Completion, Message, ResponseHead
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import LLMError
from tests.support.builders import ProviderCase
from tests.support.openai_chat_bodies import answer

JsonObject = dict[str, Any]

SSE = (("content-type", "text/event-stream"),)


class Service(ProviderCase):
    """One provider of the registry, with a model that is asked unless another is named."""

    def __init__(self, name: str, model: str = "some-model", **config: Any) -> None:
        super().__init__(name, model, api_key="test-key", **config)
        self.name = name

    def fields(self, request: ChatRequest | str, model: str = "") -> JsonObject:
        """The body without what every request has: model, messages, the limit and the temperature."""
        usual = ("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "tools")
        return {key: value for key, value in self.body(request, model).items() if key not in usual}

    def messages(self, *messages: Message | str, model: str = "", **asked: Any) -> list[JsonObject]:
        """The messages that are sent."""
        request = ChatRequest(messages=messages, **asked)
        sent: list[JsonObject] = self.body(request, model)["messages"]
        return sent

    def reads(self, body: Any, status: int = 200) -> Completion:
        """The Completion of this body."""
        return self.parse(body, status).unwrap()

    def says(self, message: JsonObject, finish: str | None = "stop", **more: Any) -> Completion:
        """The Completion of an answer with this message."""
        return self.reads(answer(message, finish, **more))

    def fails(self, body: Any, status: int, headers: Mapping[str, str] | None = None) -> LLMError:
        """The error that this body tells."""
        return self.parse(body, status, **(headers or {})).failure()

    def streams(self, data: bytes) -> tuple[Completion, LLMError | None]:
        """What a stream comes to, byte by byte, and the fault at its end."""
        decoder = self.provider.open_stream(ResponseHead(200, SSE))
        _, error = read_pieces(decoder, [data[i : i + 1] for i in range(len(data))])
        return decoder.partial(), error
