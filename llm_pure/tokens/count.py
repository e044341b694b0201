"""Texts, messages, tools and whole requests -> `Count`, by a family's rules over a tokenizer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.framing.json_codec import json_text
from llm_pure.tokens.images import UNKNOWN_SIZE, image_size, image_tokens
from llm_pure.tokens.memo import MessageCountCache
from llm_pure.tokens.profiles import TokenizerProfile
from llm_pure.tokens.tokenizer import Tokenizer
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.request import NativeTool, SchemaFormat, Tool

Method: TypeAlias = Literal["exact", "overhead rule", "estimate"]

_METHODS: Sequence[Method] = ("exact", "overhead rule", "estimate")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_BYTES_PER_SECOND = 16_000  # 128 kbit/s, for sound that does not say how long it is
_WAV_HEADER = 44


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many tokens, and how that is known.

    method: "exact" is the model's own tokenizer on bare text; "overhead rule" is that, and what the provider is known to add
    around messages; "estimate" is another tokenizer, or something that is no text.
    encoding: the tokenizer's name, "" for a provider's own count.
    """

    tokens: int
    method: Method
    encoding: str


class TokenCounter(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What counts for one model: its family's rules, a tokenizer, and what was counted lately."""

    family: TokenizerProfile
    tokenizer: Tokenizer
    cache: MessageCountCache = msgspec.field(default_factory=MessageCountCache)


def count_text(counter: TokenCounter, text: str) -> Count:
    """Bare text, with nothing around it: a prompt's words, an answer's words."""
    method: Method = "exact" if counter.family.public else "estimate"
    return _count(counter, counter.tokenizer.count(text), method)


def count_message(counter: TokenCounter, message: Message) -> int:
    """One message's tokens with its overhead, before a family's percentage; counted once for messages that are equal."""
    known = counter.cache.get(message)
    if known is None:
        known = _message(counter, message)
        counter.cache.put(message, known, _weight(message))
    return known


def count_messages(counter: TokenCounter, messages: Sequence[Message]) -> Count:
    """A conversation, and what stands before the answer."""
    get = counter.cache.get
    total = counter.family.preamble + counter.family.reply
    for message in messages:
        known = get(message)
        total += count_message(counter, message) if known is None else known
    return _count(counter, total, _method(counter, messages))


def count_request(counter: TokenCounter, draft: ResolvedRequest) -> Count:
    """All that is sent: messages, tools and the answer's schema."""
    talk = count_messages(counter, draft.messages)
    extra = count_tools(counter, draft.tools)
    if isinstance(draft.response_format, SchemaFormat):
        extra += counter.tokenizer.count(json_text(draft.response_format.schema))
    if not extra:
        return talk
    tokens = talk.tokens + _scaled(counter.family, extra)
    return msgspec.structs.replace(talk, tokens=tokens, method=_worse(talk.method, "estimate"))


def count_tools(counter: TokenCounter, tools: Iterable[Tool | NativeTool]) -> int:
    """Definitions of tools, before a family's percentage. Objects inside objects are walked by the same rule."""
    rule, count = counter.family.tools, counter.tokenizer.count
    total = 0
    for tool in tools:
        if isinstance(tool, NativeTool):
            total += rule.function + count(json_text(tool.json))
        else:
            said = (tool.description or "").removesuffix(".")
            total += rule.function + count(f"{tool.name}:{said}")
            total += _properties(counter, tool.parameters)
    return total + rule.end if total else 0


def _properties(counter: TokenCounter, schema: Mapping[str, Any]) -> int:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return 0
    rule, count = counter.family.tools, counter.tokenizer.count
    total = rule.properties
    for key, given in properties.items():
        about: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        kind = about.get("type", "")
        said = str(about.get("description") or "").removesuffix(".")
        total += rule.key + count(f"{key}:{kind if isinstance(kind, str) else ''}:{said}")
        enum = about.get("enum")
        if isinstance(enum, Sequence) and not isinstance(enum, str):
            total += rule.enum + sum(rule.item + count(str(item)) for item in enum)
        total += _properties(counter, about)
        items = about.get("items")
        if isinstance(items, Mapping):
            total += _properties(counter, items)
    return total


def _message(counter: TokenCounter, message: Message) -> int:
    family, count = counter.family, counter.tokenizer.count
    total = family.message
    if message.name:
        total += family.name + count(message.name)
    for part in message.parts:
        total += _part(counter, part)
    return total


def _part(counter: TokenCounter, part: Part) -> int:
    family, count = counter.family, counter.tokenizer.count
    match part:
        case Text(text=text) | Refusal(text=text):
            return count(text)
        case ToolCall():
            return family.call + count(part.name) + count(part.arguments)
        case ToolResult():
            return sum(_part(counter, item) for item in part.content)
        case Reasoning(text=text):
            return count(text) if family.reasoning else 0
        case Image(data=data, detail=detail):
            size = (image_size(data) if data else None) or UNKNOWN_SIZE
            return image_tokens(family.images, size, detail)
        case Audio(data=data):
            return family.audio_per_s * _seconds(data or b"")
        case Document():
            return _document(counter, part)
        case Opaque(json=json):
            return count(json)


def _document(counter: TokenCounter, part: Document) -> int:
    data = part.data or b""
    if (part.media_type or "").startswith("text/"):
        return counter.tokenizer.count(data.decode("utf-8", "replace"))
    return counter.family.page * max(1, len(_PAGE.findall(data)))


def _seconds(data: bytes) -> int:
    """Rounded up; a WAV says its bytes a second, others are taken for 128 kbit/s."""
    if data[:4] == b"RIFF" and len(data) > _WAV_HEADER:
        rate = int.from_bytes(data[28:32], "little") or _BYTES_PER_SECOND
        return -(-(len(data) - _WAV_HEADER) // rate)
    return -(-len(data) // _BYTES_PER_SECOND)


def _method(counter: TokenCounter, messages: Sequence[Message]) -> Method:
    if not counter.family.public or counter.family.preamble:
        return "estimate"
    for message in messages:
        for part in message.parts:
            if type(part) is not Text and type(part) is not Refusal:
                return "estimate"
    return "overhead rule"


def _worse(one: Method, other: Method) -> Method:
    return one if _METHODS.index(one) > _METHODS.index(other) else other


def _count(counter: TokenCounter, tokens: int, method: Method) -> Count:
    return Count(
        tokens=_scaled(counter.family, tokens), method=method, encoding=counter.tokenizer.encoding
    )


def _scaled(family: TokenizerProfile, tokens: int) -> int:
    """Rounded up: an estimate is better a token too high."""
    return tokens if family.percent == 100 else -(-tokens * family.percent // 100)


def _weight(message: Message) -> int:
    """About how many bytes a message keeps alive."""
    return 200 + sum(_bytes(part) for part in message.parts)


def _bytes(part: Part) -> int:
    match part:
        case Text(text=text) | Refusal(text=text) | Reasoning(text=text):
            return len(text)
        case ToolCall():
            return len(part.arguments)
        case ToolResult():
            return sum(_bytes(item) for item in part.content)
        case Opaque(json=json):
            return len(json)
        case Image(data=data) | Audio(data=data) | Document(data=data):
            return len(data or b"")
