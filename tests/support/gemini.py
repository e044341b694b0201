"""Requests to Gemini, built, and their bodies."""

import base64
import json
from typing import Any

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters.dialects import gemini_content
from llm_pure.adapters.gemini import PROVIDER as GEMINI
from llm_pure.adapters.gemini import url_for
from llm_pure.core.provider import Built, Provider
from llm_pure.types.messages import (
    Message,
)
from llm_pure.types.request import (
    Tool,
)
from tests.support.configs import file_config

CONFIG = file_config(api_type="gemini", model="gemini-2.5-flash", api_key="AIza" + "x" * 35)
ON_CLOUD = file_config(
    api_type="vertex", model="gemini-2.5-flash", project="p", location="us-east1"
)
SERVICE = gemini_content.make_service("gemini", "", url_for, gemini_content.Quirks())
VERTEX_SERVICE = gemini_content.make_service("vertex", "", url_for, gemini_content.Quirks())
DEFAULTS = {"temperature": 0.0, "maxOutputTokens": 4096}
PNG = b"\x89PNG\r\n\x1a\n0123"
PDF = b"%PDF-1.7 ..."
WAV = b"RIFF\0\0\0\0WAVEfmt "
STAND_IN = base64.b64encode(b"skip_thought_signature_validator").decode()


def built(request: ChatRequest, config: LLMConfig = CONFIG, provider: Provider = GEMINI) -> Built:
    return provider.build_chat(config, request).unwrap()


def body_of(request: ChatRequest, config: LLMConfig = CONFIG, provider: Provider = GEMINI) -> Any:
    return json.loads(built(request, config, provider).request.body)


def contents_of(*messages: Message, model: str = "gemini-2.5-flash") -> Any:
    return body_of(ChatRequest(messages=messages, model=model))["contents"]


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


WEATHER = Tool(
    name="weather",
    description="The weather of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}},
)
