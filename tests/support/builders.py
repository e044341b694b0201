"""One provider with the configuration of its tests: build requests, parse responses."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import replace

from llm_pure import ChatRequest, Completion, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.result import LLMResult
from tests.support.configs import file_config
from tests.support.replies import response

A = TypeVar("A")
BuildChat: TypeAlias = Callable[..., LLMResult[Built]]


class ChatCase:
    """A `build_chat` and the configuration of its tests."""

    def __init__(self, build_chat: BuildChat, config: LLMConfig) -> None:
        self.build_chat = build_chat
        self.config = config

    def built(
        self, request: ChatRequest | str, config: LLMConfig | str | None = None, **options: Any
    ) -> Built:
        """The request that is built; a string is the text of a user message, or the model in place of a configuration."""
        chat = ChatRequest(messages=request) if isinstance(request, str) else request
        if isinstance(config, str):
            config = replace(self.config, model=config or self.config.model)
        return self.build_chat(config or self.config, chat, **options).unwrap()

    def body(
        self, request: ChatRequest | str, config: LLMConfig | str | None = None
    ) -> dict[str, Any]:
        """The decoded body of the request."""
        body: dict[str, Any] = json.loads(self.built(request, config).request.body)
        return body

    def adaptations(
        self, request: ChatRequest | str, config: LLMConfig | str | None = None
    ) -> list[tuple[str, str]]:
        """(field, action) of each adaptation."""
        return actions(self.built(request, config))


class ProviderCase(ChatCase):
    """A provider of the registry and its configuration."""

    def __init__(self, name: str, model: str, **config: Any) -> None:
        self.provider = registry.get(name).unwrap()
        super().__init__(
            self.provider.build_chat, file_config(api_type=name, model=model, **config)
        )

    def parse(self, body: Any, status: int = 200, **headers: str) -> LLMResult[Completion]:
        """The response with these bytes, or with this value as JSON, parsed."""
        return self.provider.parse_chat(response(body, status, **headers))


def actions(built: Built) -> list[tuple[str, str]]:
    """(field, action) of each adaptation."""
    return [(adaptation.field, adaptation.action) for adaptation in built.adaptations]


def required(value: A | None) -> A:
    """The value, for fields that are optional in general and set in this test."""
    assert value is not None
    return value
