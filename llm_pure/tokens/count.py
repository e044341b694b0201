"""Count the tokens of texts, messages, tools and requests, by a tokenizer and the profile of a model."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.framing.json_codec import json_text
from llm_pure.media.image_info import image_size
from llm_pure.tokens.images import UNKNOWN_SIZE, image_tokens
from llm_pure.tokens.profiles import TokenizerProfile
from llm_pure.tokens.tokenizer import Tokenizer
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from llm_pure.types.request import NativeTool, SchemaFormat, Tool

Method: TypeAlias = Literal["exact", "overhead rule", "estimate"]

_METHODS: Sequence[Method] = ("exact", "overhead rule", "estimate")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_BYTES_PER_SECOND = 16_000  # 128 kbit/s, for audio without a known duration
_WAV_HEADER = 44

MAX_CACHED_BYTES = 32 * 1024 * 1024
_ENTRY_BYTES = 200  # of the cache's own, about


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A number of tokens and how it was counted."""

    tokens: int
    method: Method
    """"exact": the model's own tokenizer on plain text. "overhead rule": the same, plus the provider's known overhead of
    messages. "estimate": another tokenizer, or content other than text."""
    encoding: str
    """Name of the tokenizer; "" for a count of the provider."""


class CountCache:
    """Bounded cache: text or media -> tokens, so that a conversation that grows by one message costs one message.

    When full, it is emptied; what is in use returns with the next count.
    """

    __slots__ = ("_known", "_left_bytes")

    def __init__(self) -> None:
        self._known: dict[str | Media, int] = {}
        self._left_bytes = MAX_CACHED_BYTES

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, content: object) -> bool:
        return content in self._known

    def count_texts(self, texts: Sequence[str], tokenizer: Tokenizer) -> int:
        """Return the tokens of all the texts; encode those that are not cached."""
        total, new = 0, []
        for text in texts:
            tokens = self._known.get(text)
            if tokens is None:
                new.append(text)
            else:
                total += tokens
        if new:
            counts = tokenizer.count_each(new)
            total += sum(counts)
            self._add(zip(new, counts, strict=True), len(new), sum(map(len, new)))
        return total

    def count_media(self, media: Media, count: Callable[[Media], int]) -> int:
        """Return the tokens of media; count them if they are not cached."""
        tokens = self._known.get(media)
        if tokens is None:
            tokens = count(media)
            self._add(((media, tokens),), 1, len(media.data or b""))
        return tokens

    def _add(self, counts: Iterable[tuple[str | Media, int]], length: int, size_bytes: int) -> None:
        size_bytes += length * _ENTRY_BYTES
        if size_bytes > MAX_CACHED_BYTES:
            return
        if size_bytes > self._left_bytes:
            self._known.clear()
            self._left_bytes = MAX_CACHED_BYTES
        self._left_bytes -= size_bytes
        self._known.update(counts)


class TokenCounter(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Token counter for one model: tokenizer profile, tokenizer, cache of recent counts."""

    family: TokenizerProfile
    tokenizer: Tokenizer
    cache: CountCache = msgspec.field(default_factory=CountCache)

    def media_tokens(self, media: Media) -> int:
        """Tokens of media by the rules of the family."""
        family = self.family
        match media:
            case Image(data=data, detail=detail):
                size = (image_size(data) if data else None) or UNKNOWN_SIZE
                return image_tokens(family.images, size, detail)
            case Audio(data=data):
                return family.audio_per_s * _seconds(data or b"")
            case Document(data=data) if (media.media_type or "").startswith("text/"):
                return self.tokenizer.count((data or b"").decode("utf-8", "replace"))
            case Document(data=data):
                return family.page * max(1, len(_PAGE.findall(data or b"")))
            case Video():
                return 0  # no rule is known: frames and their rate depend on the service


def count_text(counter: TokenCounter, text: str) -> Count:
    """Count plain text, without the overhead of a message."""
    method: Method = "exact" if counter.family.public else "estimate"
    return _count(counter, counter.tokenizer.count(text), method)


def count_message(counter: TokenCounter, message: Message) -> int:
    """Tokens of a message with its overhead, before the profile's percentage."""
    texts: list[str] = []
    overhead = _message(counter, message, texts)
    return overhead + counter.cache.count_texts(texts, counter.tokenizer)


def count_messages(counter: TokenCounter, messages: Sequence[Message]) -> Count:
    """Count a conversation, with the overhead of the response."""
    family = counter.family
    texts: list[str] = []
    others: list[Message] = []
    for message in messages:
        parts = message.parts
        if len(parts) == 1 and type(parts[0]) is Text and not message.name:  # nearly every message
            texts.append(parts[0].text)
        else:
            others.append(message)
    total = family.preamble + family.reply + family.message * len(texts)
    total += sum([_message(counter, message, texts) for message in others])
    total += counter.cache.count_texts(texts, counter.tokenizer)
    return _count(counter, total, _method(counter, others))


def count_request(counter: TokenCounter, request: ResolvedRequest) -> Count:
    """Count a request: messages, tools and the response schema."""
    messages = count_messages(counter, request.messages)
    extra = count_tools(counter, request.tools)
    if isinstance(request.response_format, SchemaFormat):
        extra += counter.tokenizer.count(json_text(request.response_format.schema))
    if not extra:
        return messages
    tokens = messages.tokens + _scaled(counter.family, extra)
    return msgspec.structs.replace(
        messages, tokens=tokens, method=_worse(messages.method, "estimate")
    )


def count_tools(counter: TokenCounter, tools: Iterable[Tool | NativeTool]) -> int:
    """Tokens of tool definitions, before the profile's percentage. Nested objects count by the same rule."""
    rule, count = counter.family.tools, counter.tokenizer.count
    total = 0
    for tool in tools:
        if isinstance(tool, NativeTool):
            total += rule.function + count(json_text(tool.json))
        else:
            description = (tool.description or "").removesuffix(".")
            total += rule.function + count(f"{tool.name}:{description}")
            total += _properties(counter, tool.parameters)
    return total + rule.end if total else 0


SCHEMA_DEPTH_LIMIT = 64
"""Maximum nesting of a schema whose properties are counted; services stop much earlier."""


def _properties(counter: TokenCounter, schema: Mapping[str, Any], depth: int = 0) -> int:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties or depth > SCHEMA_DEPTH_LIMIT:
        return 0
    rule, count = counter.family.tools, counter.tokenizer.count
    total = rule.properties
    for key, value in properties.items():
        about: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        kind = about.get("type", "")
        description = str(about.get("description") or "").removesuffix(".")
        total += rule.key + count(f"{key}:{kind if isinstance(kind, str) else ''}:{description}")
        enum = about.get("enum")
        if isinstance(enum, Sequence) and not isinstance(enum, str):
            total += rule.enum + sum(rule.item + count(str(item)) for item in enum)
        total += _properties(counter, about, depth + 1)
        items = about.get("items")
        if isinstance(items, Mapping):
            total += _properties(counter, items, depth + 1)
    return total


def _message(counter: TokenCounter, message: Message, texts: list[str]) -> int:
    """Append the texts of a message; return its other tokens."""
    overhead = counter.family.message
    if message.name:
        overhead += counter.family.name
        texts.append(message.name)
    for part in message.parts:
        overhead += _part(counter, part, texts)
    return overhead


def _part(counter: TokenCounter, part: Part, texts: list[str]) -> int:
    match part:
        case Text(text=text) | Refusal(text=text) | Opaque(json=text):
            texts.append(text)
        case ToolCall():
            texts += (part.name, part.arguments)
            return counter.family.call
        case ToolResult():
            return sum([_part(counter, item, texts) for item in part.content])
        case Reasoning(text=text):
            if counter.family.reasoning:
                texts.append(text)
        case _:
            return counter.cache.count_media(part, counter.media_tokens)
    return 0


def _seconds(data: bytes) -> int:
    """Duration in seconds, rounded up; WAV files have their byte rate, 128 kbit/s is assumed for others."""
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


def _worse(left: Method, right: Method) -> Method:
    return left if _METHODS.index(left) > _METHODS.index(right) else right


def _count(counter: TokenCounter, tokens: int, method: Method) -> Count:
    return Count(
        tokens=_scaled(counter.family, tokens), method=method, encoding=counter.tokenizer.encoding
    )


def _scaled(family: TokenizerProfile, tokens: int) -> int:
    """Rounded up: an estimate should rather be too high."""
    return tokens if family.percent == 100 else -(-tokens * family.percent // 100)
