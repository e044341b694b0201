"""Envelopes survive the vendors' own packages: their types read an answer, and write it into the next request."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from anthropic.types import Message as AnthropicMessage
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from llm_pure import Message, ProviderMetadata, Reasoning, Text, ToolCall, assistant
from llm_pure.server import server_dialects
from tests.server.test_envelope_laws import answered
from tests.support.raw_clients import next_request

TURN: Message = assistant(
    Reasoning("Look it up. é", "sig+/==", ProviderMetadata("bedrock")),
    Text("One moment."),
    ToolCall(
        "call_1", "f", '{"a":1}', ProviderMetadata("bedrock", '{"thoughtSignature":"c2ln+/=="}')
    ),
)

PACKAGES: dict[str, Callable[[Any], list[Any]]] = {
    "anthropic_messages": lambda body: [
        {
            "role": "assistant",
            "content": [b.model_dump() for b in AnthropicMessage.model_validate(body).content],
        }
    ],
    "gemini_content": lambda body: [
        content.model_dump(mode="json", by_alias=True, exclude_none=True)
        for candidate in GenerateContentResponse.model_validate(body).candidates or ()
        if (content := candidate.content) is not None
    ],
    "openai_chat": lambda body: [
        {
            **ChatCompletion.model_validate(body).choices[0].message.model_dump(exclude_none=True),
            "reasoning_content": body["choices"][0]["message"]["reasoning_content"],
        }
    ],
    "openai_responses": lambda body: [
        item.model_dump(exclude_none=True) for item in Response.model_validate(body).output
    ],
}


@pytest.mark.parametrize("dialect", PACKAGES)
def test_the_packages_send_an_envelope_back_as_it_came(dialect: str) -> None:
    data, adaptations = answered(dialect, "bedrock", TURN, streamed=False)
    assert [change.field for change in adaptations if not change.lossless] == []
    turns = PACKAGES[dialect](json.loads(data))
    received = server_dialects[dialect].parse_request(next_request(dialect, turns)).unwrap()
    (turn,) = [message for message in received.messages if message.role == "assistant"]
    reasoning, text, call = turn.parts
    assert reasoning == TURN.parts[0]
    assert isinstance(text, Text)
    assert text.text == "One moment."
    assert call == TURN.parts[2]
