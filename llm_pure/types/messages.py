"""Messages and their parts.

A `Message` is one turn; its parts are in order. Fields of a part that only its provider understands, and that must be
sent back unchanged in the next turn, are in its `ProviderMetadata`. Parts hold nothing that could refer back to them, so
the garbage collector need not walk them (`gc=False`): a conversation of thousands of messages costs it little.
"""

from typing import Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


class SafeRepr(msgspec.Struct, frozen=True):
    """A value with JSON in it, whose repr never raises: JSON that is nested too deeply or has too long a number is not shown."""

    def __repr__(self) -> str:
        try:
            return super().__repr__()
        except (RecursionError, ValueError):
            fields = [f"{name}={safe_repr(getattr(self, name))}" for name in self.__struct_fields__]
            return f"{type(self).__name__}({', '.join(fields)})"


def safe_repr(value: object) -> str:
    """Return the repr of a value, or a note that it is nested too deeply or has an integer that Python does not print."""
    try:
        return repr(value)
    except RecursionError:
        return f"<{type(value).__name__}, nested too deeply>"
    except ValueError:
        return f"<{type(value).__name__}, too long>"


CacheTtl: TypeAlias = Literal["5m", "30m", "1h", "12h"]


class CacheMark(msgspec.Struct, frozen=True, gc=False):
    """The provider is to cache the prompt up to the end of what carries this mark.

    Sent as `cache_control` (Anthropic, OpenRouter, DashScope), `cachePoint` (Bedrock) or `prompt_cache_breakpoint` (OpenAI
    since gpt-5.6); dropped with an adaptation elsewhere.
    """

    ttl: CacheTtl | None = None
    """How long the entry is kept; None is the provider's default. Anthropic and Bedrock have 5m and 1h, OpenAI 30m and 12h."""


class ProviderMetadata(msgspec.Struct, frozen=True, gc=False):
    """Fields of a part as its provider sent them; sent back to that provider only, unchanged."""

    provider: str
    json: str = "{}"
    """A JSON object as text; "{}" if only the provider's name is kept."""


class Text(msgspec.Struct, frozen=True, gc=False, tag="text"):
    """Text."""

    text: str
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


class Image(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="image"):
    """An image: exactly one of `data`, `url` and `file_id`."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    """The provider's id of an uploaded file."""
    media_type: str | None = None
    """Such as "image/png"; None: detected from the bytes."""
    detail: str | None = None
    """One of "low", "high", "auto", for providers that support it."""
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


class Audio(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="audio"):
    """Audio: `data`, `url` or `file_id`, as in Image."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    transcript: str | None = None
    """The spoken text, if the provider sent it."""
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="document"):
    """A file: `data`, `url` or `file_id`, as in Image."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    name: str | None = None
    """The file name; the model may see it."""
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


class Video(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="video"):
    """A video: `data`, `url` or `file_id`, as in Image."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


class Reasoning(msgspec.Struct, frozen=True, gc=False, tag="reasoning"):
    """The model's reasoning, as far as the provider shows it."""

    text: str
    signature: str | None = None
    """The provider's signature of the text; the next turn is rejected unless it is sent back unchanged."""
    provider_metadata: ProviderMetadata | None = None


class ToolCall(msgspec.Struct, frozen=True, gc=False, tag="tool_call"):
    """The model calls a tool."""

    id: str
    name: str
    arguments: str = "{}"
    """JSON text exactly as the model wrote it: it may be truncated or not JSON. No arguments are "{}", never ""."""
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


class Refusal(msgspec.Struct, frozen=True, gc=False, tag="refusal"):
    """The model declines to respond."""

    text: str
    provider_metadata: ProviderMetadata | None = None


class Opaque(msgspec.Struct, frozen=True, gc=False, tag="opaque"):
    """A part that only its provider understands (a server tool's result, encrypted reasoning ...)."""

    provider: str
    kind: str
    """The provider's own type name."""
    json: str
    """The complete object as JSON text; sent back unchanged, to this provider only."""


NO_RESULT = "The call was interrupted: there is no result."
"""Text of the result that a call without one gets, where a service or a client needs one."""

ToolResultContent: TypeAlias = Text | Image | Audio | Document | Video | Opaque


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, tag="tool_result"):
    """The result of a tool call."""

    tool_call_id: str
    content: tuple[ToolResultContent, ...] = ()
    name: str | None = None
    """The tool's name; some providers require it besides the id."""
    is_error: bool = False
    provider_metadata: ProviderMetadata | None = None
    cache: CacheMark | None = None


Media: TypeAlias = Image | Audio | Document | Video

Part: TypeAlias = (
    Text | Image | Audio | Document | Video | Reasoning | ToolCall | ToolResult | Refusal | Opaque
)


class Message(msgspec.Struct, frozen=True):
    """One turn: its role, and its parts in order."""

    role: Role
    parts: tuple[Part, ...] = ()
    name: str | None = None
    """Distinguishes participants of one role, for providers that support it."""
    prefix: bool = False
    """The last message, of the assistant: the model continues its text. Sent as `prefix` (Mistral, DeepSeek), `partial` (Kimi,
    Qwen), or as the last turn where that is enough; UnsupportedFeature for models that cannot."""
    cache: CacheMark | None = None
    """The same as a mark at the message's last part."""

    @property
    def text(self) -> str:
        """The text parts, concatenated."""
        return "".join([part.text for part in self.parts if type(part) is Text])

    @property
    def reasoning(self) -> str:
        """The reasoning parts, concatenated."""
        return "".join([part.text for part in self.parts if type(part) is Reasoning])

    @property
    def refusal(self) -> str:
        """The refusal parts, concatenated."""
        return "".join([part.text for part in self.parts if type(part) is Refusal])

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, in order."""
        return tuple([part for part in self.parts if type(part) is ToolCall])


def system(*content: str | Part) -> Message:
    """Return a system message: instructions for the conversation."""
    return Message("system", _parts(content))


def user(*content: str | Part, name: str | None = None) -> Message:
    """Return a user message of strings and parts, in order.

    >>> user("What is this?", Image(url="https://example.org/cat.png")).text
    'What is this?'
    """
    return Message("user", _parts(content), name)


def assistant(*content: str | Part, name: str | None = None, prefix: bool = False) -> Message:
    """Return a message of the model, from an earlier turn. `prefix`: the beginning of its next one, which it continues."""
    return Message("assistant", _parts(content), name, prefix)


def tool_result(
    tool_call_id: str,
    *content: str | ToolResultContent,
    name: str | None = None,
    is_error: bool = False,
) -> Message:
    """Return a message with the result of the tool call of this id.

    >>> tool_result("call_1", "21 °C").parts
    (ToolResult(tool_call_id='call_1', content=(Text(text='21 °C', provider_metadata=None, cache=None),), name=None, is_error=False, provider_metadata=None, cache=None),)
    """
    parts = tuple([Text(item) if isinstance(item, str) else item for item in content])
    result = ToolResult(tool_call_id=tool_call_id, content=parts, name=name, is_error=is_error)
    return Message("tool", (result,))


def _parts(content: tuple[str | Part, ...]) -> tuple[Part, ...]:
    return tuple([Text(item) if isinstance(item, str) else item for item in content])
