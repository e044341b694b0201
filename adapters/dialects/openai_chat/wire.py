"""Chat completions as OpenAI and its many clones send them; field names are theirs.

Every field may be missing, null or a little wrong at some service, so the shapes here are wide. `Plain*` is the one
narrow exception: the chunk that carries nothing but more of the answer, which is nearly every chunk of a stream.
"""

from typing import Any, Literal

import msgspec


class Function(msgspec.Struct):
    """arguments: text at OpenAI, an object or null at some clones."""

    name: str | None = None
    arguments: Any = None


class Custom(msgspec.Struct):
    """A call of a custom tool: its input is any text."""

    name: str | None = None
    input: str | None = None


class ToolCall(msgspec.Struct):
    """A whole call in an answer, a piece of one in a stream."""

    id: str | None = None
    index: int | None = None
    function: Function | None = None
    custom: Custom | None = None


class Message(msgspec.Struct):
    """`message` of an answer and `delta` of a chunk. content is a list of parts at Mistral."""

    content: str | list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    audio: dict[str, Any] | None = None
    images: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct):
    """One answer, whole (`message`) or in pieces (`delta`). usage is here at Moonshot; text is the old completions'."""

    index: int | None = None
    message: Message | None = None
    delta: Message | None = None
    text: str | None = None
    finish_reason: str | int | None = None
    logprobs: Any = None
    usage: dict[str, Any] | None = None


class XGroq(msgspec.Struct):
    """Groq's own place for usage and errors."""

    usage: dict[str, Any] | None = None


class Body(msgspec.Struct):
    """A whole answer or one chunk of a stream."""

    id: str | int | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: dict[str, Any] | None = None
    x_groq: XGroq | None = None


BODY = msgspec.json.Decoder(Body)

KNOWN_FIELDS_BODY = frozenset({"id", "object", "model", "choices", "usage", "error", "obfuscation"})
KNOWN_FIELDS_CHOICE = frozenset({"index", "message", "delta", "text", "finish_reason", "usage"})
KNOWN_FIELDS_MESSAGE = frozenset(
    {
        "role", "content", "reasoning_content", "reasoning", "reasoning_details", "refusal", "tool_calls",
        "function_call", "images",
    }
)  # fmt: skip
KNOWN_FIELDS_CALL = frozenset({"id", "index", "type", "function", "custom"})
"""The keys that a Completion says in its own words; all others are kept as they come."""


class PlainFunction(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A piece of a call."""

    name: str | None = None
    arguments: str | None = None


class PlainCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A piece of a call that says where it belongs."""

    index: int
    id: str | None = None
    type: str | None = None
    function: PlainFunction | None = None


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More text, more reasoning or more of a call."""

    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: list[PlainCall] | None = None


class PlainChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The only choice of a plain chunk."""

    delta: PlainDelta
    index: int = 0
    finish_reason: None = None
    native_finish_reason: None = None
    logprobs: None = None


class PlainChunk(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A chunk with nothing to keep beside its delta: all other fields were in the first chunk, or are padding.

    The closed shape is not a check but a fork: a chunk with anything else in it takes the longer way, so that what
    is not modelled is kept too.
    """

    choices: tuple[PlainChoice]
    id: Any = None
    object: Any = None
    created: Any = None
    model: Any = None
    service_tier: Any = None
    system_fingerprint: Any = None
    usage: None = None
    obfuscation: str = ""
    provider: Any = None


PLAIN_CHUNK = msgspec.json.Decoder(PlainChunk)


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Words, and nothing else."""

    content: str
    role: Any = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    reasoning_content: None = None
    reasoning: None = None
    audio: None = None
    annotations: tuple[()] | None = None


class PlainWhole(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The only choice of a plain answer."""

    message: PlainMessage
    finish_reason: str
    index: Literal[0] = 0
    logprobs: None = None


class PlainAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A whole answer of words alone: nearly every answer. A fork, as PlainChunk is."""

    choices: tuple[PlainWhole]
    id: str = ""
    object: Any = None
    created: Any = None
    model: str = ""
    usage: dict[str, Any] | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None


PLAIN_ANSWER = msgspec.json.Decoder(PlainAnswer)
