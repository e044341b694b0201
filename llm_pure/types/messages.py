"""What a conversation is made of: messages, and the parts of a message.

A `Message` is one turn; its parts keep the order in which they were said. What a provider sent beside the part's own
fields, and wants back unchanged in the next turn, rides along in `ProviderMetadata`.
"""

from typing import Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


class ProviderMetadata(msgspec.Struct, frozen=True):
    """Fields of a part as one provider sent them, to be sent back to it unchanged and to no other.

    json: a JSON object as text, "{}" when the provider's name is all there is to keep.
    """

    provider: str
    json: str = "{}"


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Words."""

    text: str
    provider_metadata: ProviderMetadata | None = None


class Image(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """A picture: its bytes, or where the provider finds it (`url`, `file_id`); exactly one of the three.

    media_type: such as "image/png"; None lets the bytes tell. detail: "low", "high" or "auto" where a provider knows it.
    """

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    detail: str | None = None
    provider_metadata: ProviderMetadata | None = None


class Audio(msgspec.Struct, frozen=True, kw_only=True, tag="audio"):
    """Sound: its bytes, a URL or a provider's id for it.

    media_type: such as "audio/wav"; None lets the bytes tell. transcript: what is said in it, where the provider told.
    """

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    transcript: str | None = None
    provider_metadata: ProviderMetadata | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True, tag="document"):
    """A file to read: its bytes, a URL or a provider's id for it. name: a file name that the model may see."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    name: str | None = None
    provider_metadata: ProviderMetadata | None = None


class Reasoning(msgspec.Struct, frozen=True, tag="reasoning"):
    """What the model thought before it answered, as far as the provider shows it.

    signature: the provider's proof that the text is its own; it goes back unchanged or the next turn is refused.
    """

    text: str
    signature: str | None = None
    provider_metadata: ProviderMetadata | None = None


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """The model asks for a tool.

    arguments: JSON text exactly as the model wrote it, so it may be cut off or not JSON at all. "" is never used for
    "no arguments": that is "{}".
    """

    id: str
    name: str
    arguments: str = "{}"
    provider_metadata: ProviderMetadata | None = None


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """The model declines, in its own words."""

    text: str
    provider_metadata: ProviderMetadata | None = None


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A part that only its provider understands (a server tool's result, encrypted reasoning ...), kept whole.

    kind: the provider's own word for it. json: the whole object as text; it goes back unchanged, to this provider only.
    """

    provider: str
    kind: str
    json: str


ToolResultContent: TypeAlias = Text | Image | Audio | Document | Opaque


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, tag="tool_result"):
    """What a tool answered. name: the tool's name, which some providers want beside the call's id."""

    tool_call_id: str
    content: tuple[ToolResultContent, ...] = ()
    name: str | None = None
    is_error: bool = False
    provider_metadata: ProviderMetadata | None = None


Part: TypeAlias = (
    Text | Image | Audio | Document | Reasoning | ToolCall | ToolResult | Refusal | Opaque
)


class Message(msgspec.Struct, frozen=True):
    """One turn: who speaks, and the parts in order. name: tells speakers of one role apart, where a provider can."""

    role: Role
    parts: tuple[Part, ...] = ()
    name: str | None = None

    @property
    def text(self) -> str:
        """The text parts, joined with nothing between them."""
        return "".join([part.text for part in self.parts if type(part) is Text])

    @property
    def reasoning(self) -> str:
        """The reasoning parts, joined with nothing between them."""
        return "".join([part.text for part in self.parts if type(part) is Reasoning])

    @property
    def refusal(self) -> str:
        """The refusal parts, joined with nothing between them."""
        return "".join([part.text for part in self.parts if type(part) is Refusal])

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, in the order in which the model made them."""
        return tuple([part for part in self.parts if type(part) is ToolCall])


def system(*content: str | Part) -> Message:
    """Instructions that stand above the conversation."""
    return Message("system", _parts(content))


def user(*content: str | Part, name: str | None = None) -> Message:
    """What the user says: strings and parts, in order.

    >>> user("What is this?", Image(url="https://example.org/cat.png")).text
    'What is this?'
    """
    return Message("user", _parts(content), name)


def assistant(*content: str | Part, name: str | None = None) -> Message:
    """What the model said before."""
    return Message("assistant", _parts(content), name)


def tool_result(
    tool_call_id: str,
    *content: str | ToolResultContent,
    name: str | None = None,
    is_error: bool = False,
) -> Message:
    """What the tool answered to the call with this id.

    >>> tool_result("call_1", "21 °C").parts
    (ToolResult(tool_call_id='call_1', content=(Text(text='21 °C', provider_metadata=None),), name=None, is_error=False, provider_metadata=None),)
    """
    parts = tuple([Text(item) if isinstance(item, str) else item for item in content])
    result = ToolResult(tool_call_id=tool_call_id, content=parts, name=name, is_error=is_error)
    return Message("tool", (result,))


def _parts(content: tuple[str | Part, ...]) -> tuple[Part, ...]:
    return tuple([Text(item) if isinstance(item, str) else item for item in content])
