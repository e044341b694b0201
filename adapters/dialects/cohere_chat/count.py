"""Count of tokens: POST {base_url}/v1/tokenize, which takes text and no conversations.

Source: cohere 7.3.1, raw_base_client.py (tokenize): {text, model} -> {tokens[], token_strings[], meta}; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.cohere_chat.errors import find_error
from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.service import AnyService, build_post, read_json
from llm_pure.framing.json_codec import convert
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Message, Reasoning, Text, ToolCall, ToolResult
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest


class _Body(msgspec.Struct):
    tokens: list[Any]


@returns_failure
def build_count(service: AnyService, config: LLMConfig, request: ChatRequest) -> Built:
    """POST {base_url}/v1/tokenize. Body: {text, model}: the text of all messages, joined by line breaks.

    The markers and the hidden preamble that a chat adds are not counted; nor are tools and media, which is reported.
    Fails with InvalidRequest when there is no text.
    """
    resolved = ok(resolve_request(config, request, provider=service.name))
    texts: list[str] = []
    adaptations: list[Adaptation] = []
    for index, message in enumerate(resolved.messages):
        texts += _texts(message, f"messages/{index}", adaptations)
    text = "\n".join(filter(None, texts))
    if not text:
        error = InvalidRequest(
            message="there is no text to count", param="messages", provider=service.name
        )
        raise Rejected(error)
    if resolved.tools:
        adaptations.append(dropped("tools", _TEXT_ONLY))
    url = ok(service.url_for(config, resolved.model, "/v1/tokenize"))
    body = {"text": text, "model": resolved.model}
    return build_post(service, config, url, body, adaptations)


@returns_failure
def parse_count(service: AnyService, response: HttpResponse) -> TokenCount:
    """The length of `tokens`."""
    raw = read_json(service, response, find_error)
    body = ok(convert(_Body, raw, provider=service.name))
    return TokenCount(
        input_tokens=len(body.tokens),
        provider=service.name,
        extra=extra_fields(raw, frozenset({"tokens"})),
    )


_TEXT_ONLY = "/v1/tokenize counts text only"


def _texts(message: Message, path: str, adaptations: list[Adaptation]) -> list[str]:
    texts: list[str] = []
    for index, part in enumerate(message.parts):
        match part:
            case Text(text=text) | Reasoning(text=text):
                texts.append(text)
            case ToolCall(name=name, arguments=arguments):
                texts += [name, arguments]
            case ToolResult(content=content):
                texts += [item.text for item in content if isinstance(item, Text)]
            case _:
                adaptations.append(dropped(f"{path}/parts/{index}", _TEXT_ONLY))
    return texts
