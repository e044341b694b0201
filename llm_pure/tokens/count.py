"""Count the tokens of texts, messages, tools and requests, by a tokenizer and the profile of a model."""

import re
from collections.abc import Iterable, Mapping, Sequence
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

MAX_CACHED_MESSAGES = 4096
MAX_CACHED_BYTES = 32 * 1024 * 1024


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A number of tokens and how it was counted."""

    tokens: int
    method: Method
    """"exact": the model's own tokenizer on plain text. "overhead rule": the same, plus the provider's known overhead of
    messages. "estimate": another tokenizer, or content other than text."""
    encoding: str
    """Name of the tokenizer; "" for a count of the provider."""


class MessageCountCache:
    """Bounded cache: message -> tokens, so that a conversation that grows by one message costs one message.

    A message is looked up by identity first, then by equality, since equal messages are parsed anew from the same
    mapping. When full, the cache is emptied; messages in use return with the next count.
    """

    __slots__ = ("_equal", "_left_bytes", "_same")

    def __init__(self) -> None:
        self._same: dict[int, tuple[Message, int]] = {}
        self._equal: dict[Message, int] = {}
        self._left_bytes = MAX_CACHED_BYTES

    def __len__(self) -> int:
        return len(self._equal)

    def get(self, message: Message) -> int | None:
        """Tokens of a message; None if it is not cached."""
        same = self._same.get(id(message))
        if same is not None and same[0] is message:
            return same[1]
        tokens = self._equal.get(message)
        if tokens is not None and len(self._same) < MAX_CACHED_MESSAGES:
            self._same[id(message)] = (message, tokens)
        return tokens

    def put(self, message: Message, tokens: int, weight_bytes: int) -> None:
        """Add a message, unless it exceeds the size of the cache."""
        if weight_bytes > MAX_CACHED_BYTES:
            return
        if len(self._equal) >= MAX_CACHED_MESSAGES or weight_bytes > self._left_bytes:
            self._same.clear()
            self._equal.clear()
            self._left_bytes = MAX_CACHED_BYTES
        self._left_bytes -= weight_bytes
        self._equal[message] = tokens
        self._same[id(message)] = (message, tokens)


class TokenCounter(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Token counter for one model: tokenizer profile, tokenizer, cache of recent counts."""

    family: TokenizerProfile
    tokenizer: Tokenizer
    cache: MessageCountCache = msgspec.field(default_factory=MessageCountCache)


def count_text(counter: TokenCounter, text: str) -> Count:
    """Count plain text, without the overhead of a message."""
    method: Method = "exact" if counter.family.public else "estimate"
    return _count(counter, counter.tokenizer.count(text), method)


def count_message(counter: TokenCounter, message: Message) -> int:
    """Tokens of a message with its overhead, before the profile's percentage. Equal messages are counted once."""
    known = counter.cache.get(message)
    return _count_new(counter, message) if known is None else known


def _count_new(counter: TokenCounter, message: Message) -> int:
    tokens = _message(counter, message)
    counter.cache.put(message, tokens, _weight(message))
    return tokens


def count_messages(counter: TokenCounter, messages: Sequence[Message]) -> Count:
    """Count a conversation, with the overhead of the response."""
    get = counter.cache.get
    total = counter.family.preamble + counter.family.reply
    for message in messages:
        known = get(message)
        total += _count_new(counter, message) if known is None else known
    return _count(counter, total, _method(counter, messages))


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
        case Video():
            return 0  # no rule is known: frames and their rate depend on the service
        case Opaque(json=json):
            return count(json)


def _document(counter: TokenCounter, part: Document) -> int:
    data = part.data or b""
    if (part.media_type or "").startswith("text/"):
        return counter.tokenizer.count(data.decode("utf-8", "replace"))
    return counter.family.page * max(1, len(_PAGE.findall(data)))


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


def _weight(message: Message) -> int:
    """Approximate size of a message in memory, in bytes."""
    weight = 200
    for part in message.parts:
        weight += _bytes(part)
    return weight


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
        case Image(data=data) | Audio(data=data) | Document(data=data) | Video(data=data):
            return len(data or b"")
