"""Requests to the Messages API, built and read back."""

import json
from typing import Any

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters.dialects.anthropic_messages import Quirks, build_chat, make_service
from llm_pure.core.provider import Built
from llm_pure.types.errors import LLMError
from llm_pure.types.messages import Message
from llm_pure.types.result import Failure
from tests.support.chat_requests import SCHEMA
from tests.support.configs import file_config

CONFIG = file_config(
    api_type="anthropic",
    model="claude-sonnet-4-5",
    input_modalities=("image", "audio", "document"),  # forms are asked about here, not models
)
PNG = b"\x89PNG\r\n\x1a\n\x00"
PNG_SOURCE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoA"}
WIRE_WEATHER = {"name": "weather", "description": "Weather now", "input_schema": SCHEMA}


def built(
    request: ChatRequest, config: LLMConfig = CONFIG, quirks: Quirks | None = None, **options: Any
) -> Built:
    return build_chat(make_service("anthropic", quirks=quirks), config, request, **options).unwrap()


def body(
    request: ChatRequest, config: LLMConfig = CONFIG, quirks: Quirks | None = None
) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(built(request, config, quirks).request.body)
    return sent


def error(request: ChatRequest, config: LLMConfig = CONFIG, **options: Any) -> LLMError:
    made = build_chat(make_service("anthropic"), config, request, **options)
    assert isinstance(made, Failure)
    failure: LLMError = made.failure()
    return failure


def messages(*given: Message | str, model: str = "claude-sonnet-4-5") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = body(ChatRequest(messages=given, model=model))["messages"]
    return sent


def fields(model: str, **asked: Any) -> dict[str, Any]:
    """The body beside model and messages."""
    sent = body(ChatRequest(messages="hi", model=model, **asked))
    return {key: sent[key] for key in sent if key not in ("model", "messages")}


def told(model: str, **asked: Any) -> list[tuple[str, str]]:
    """(field, action) of what could not be sent as asked."""
    request = ChatRequest(messages="hi", model=model, **asked)
    return [(one.field, one.action) for one in built(request).adaptations]
