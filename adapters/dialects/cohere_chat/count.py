"""Count of tokens: POST {base_url}/v1/tokenize, which knows text and no conversations.

Source: cohere 7.3.1, raw_base_client.py (tokenize): {text, model} -> {tokens[], token_strings[], meta}; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.cohere_chat.address import endpoint
from llm_pure.adapters.dialects.cohere_chat.errors import error_in
from llm_pure.adapters.dialects.turns import dropped
from llm_pure.adapters.dialects.unmodelled import others
from llm_pure.classify import good_json
from llm_pure.codec import convert
from llm_pure.config import LLMConfig
from llm_pure.draft import draft
from llm_pure.endpoint import post_json
from llm_pure.errors import InvalidRequest
from llm_pure.http import HttpResponse
from llm_pure.messages import Message, Reasoning, Text, ToolCall, ToolResult
from llm_pure.operations import TokenCount
from llm_pure.provider import Built
from llm_pure.request import ChatRequest
from llm_pure.result import Failure, Parsed, Success


class _Body(msgspec.Struct):
    tokens: list[Any]


def build_count(name: str, config: LLMConfig, request: ChatRequest) -> Parsed[Built]:
    """POST {base_url}/v1/tokenize. Body: {text, model}: the words of all messages, a line break between them.

    What a chat adds to them, its markers and hidden preamble, is not counted; nor are tools and media, which is reported.
    Fails with InvalidRequest when there are no words.
    """
    drafted = draft(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    texts: list[str] = []
    told: list[Adaptation] = []
    for place, message in enumerate(call.messages):
        texts += _texts(message, f"messages/{place}", told)
    text = "\n".join(filter(None, texts))
    if not text:
        what = "there are no words to count"
        return Failure(InvalidRequest(message=what, param="messages", provider=name))
    if call.tools:
        told.append(dropped("tools", "/v1/tokenize counts words alone"))
    url = endpoint(name, config, "/v1/tokenize")
    if isinstance(url, Failure):
        return url
    body = {"text": text, "model": call.model}
    made = post_json(config, url.unwrap(), body, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=tuple(told)))


def parse_count(name: str, response: HttpResponse) -> Parsed[TokenCount]:
    """The length of `tokens`."""
    good = good_json(name, response, lambda raw: error_in(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    return convert(_Body, raw, provider=name).bind(
        lambda body: Success(
            TokenCount(
                input_tokens=len(body.tokens),
                provider=name,
                extra=others(raw, frozenset({"tokens"})),
            )
        )
    )


def _texts(message: Message, path: str, told: list[Adaptation]) -> list[str]:
    texts: list[str] = []
    for place, part in enumerate(message.parts):
        match part:
            case Text(text=text) | Reasoning(text=text):
                texts.append(text)
            case ToolCall(name=called, arguments=arguments):
                texts += [called, arguments]
            case ToolResult(content=content):
                texts += [one.text for one in content if isinstance(one, Text)]
            case _:
                where = f"{path}/parts/{place}"
                told.append(dropped(where, "/v1/tokenize counts words alone"))
    return texts
