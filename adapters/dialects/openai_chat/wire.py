"""Bodies and chunks of chat completions as Structs, in the wire's field names.

Each field is missing, null or slightly wrong at some provider, so the types are wide. `Plain*` are narrow on purpose: they
match text-only bodies and chunks, which are nearly all, for the fast paths.
"""

from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec

from llm_pure.framing.json_codec import Scalar, ShallowObject


class Function(msgspec.Struct):
    """The function of a call."""

    name: str | None = None
    arguments: Any = None
    """Text at OpenAI, an object or null at some other providers. Gateways of other APIs name it as those do."""
    parameters: Any = None
    input: Any = None
    args: Any = None


class Custom(msgspec.Struct):
    """The custom tool of a call."""

    name: str | None = None
    input: str | None = None


class ToolCall(msgspec.Struct):
    """A tool call, in a stream a fragment of one."""

    id: str | None = None
    index: int | None = None
    function: Function | None = None
    custom: Custom | None = None
    name: str | None = None
    """With `arguments`, at servers that leave `function` out."""
    arguments: Any = None
    parameters: Any = None
    input: Any = None
    args: Any = None


class Message(msgspec.Struct):
    """`message` of a body, `delta` of a chunk."""

    content: str | list[dict[str, Any]] | dict[str, Any] | int | float | None = None
    """A list of parts at Mistral; one part or a number at some gateways."""
    reasoning_content: Any = None
    """Text; an object or a list of parts at some gateways. The same holds for the other names of it."""
    reasoning: Any = None
    reasoning_text: Any = None
    thinking: Any = None
    reasoning_details: list[dict[str, Any]] | None = None
    thinking_blocks: list[dict[str, Any]] | None = None
    """LiteLLM's, of Claude and Gemini."""
    reasoning_items: list[dict[str, Any]] | None = None
    """LiteLLM's, of the Responses API."""
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    audio: dict[str, Any] | None = None
    images: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct):
    """One choice of a body or a chunk."""

    index: int | None = None
    message: Message | None = None
    delta: Message | None = None
    text: str | None = None
    """Text of the legacy completions API."""
    finish_reason: str | int | None = None
    logprobs: Any = None
    usage: dict[str, Any] | None = None
    """Moonshot's usage."""


class XGroq(msgspec.Struct):
    """Groq's usage in streams."""

    usage: dict[str, Any] | None = None


class Body(msgspec.Struct):
    """A buffered response, or one chunk of a stream."""

    id: str | int | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: dict[str, Any] | None = None
    x_groq: XGroq | None = None


BODY = msgspec.json.Decoder(Body)

KNOWN_FIELDS_BODY = frozenset({"id", "object", "model", "choices", "usage", "error", "obfuscation"})
KNOWN_FIELDS_CHOICE = frozenset(Choice.__struct_fields__) - {"logprobs"}
KNOWN_FIELDS_MESSAGE = frozenset({"role", "usage", *Message.__struct_fields__}) - {"audio"}
KNOWN_FIELDS_CALL = frozenset({"type", *ToolCall.__struct_fields__})
"""The fields that have a place in Completion; all others are kept as extra fields."""


HOSTED_ID = "srvtoolu_"
"""The ids of tools that Claude runs itself, among the calls of older LiteLLM: prompt_templates/factory.py of litellm 1.110.2, read 2026-11-30."""
PlainId = Annotated[str, msgspec.Meta(pattern=f"^(?!{HOSTED_ID})")]


class PlainFunction(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The function of a call fragment."""

    name: str | None = None
    arguments: str | None = None


class PlainCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A call fragment with an index."""

    index: int
    id: PlainId | None = None
    type: str | None = None
    function: PlainFunction | None = None


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More text, reasoning or tool calls."""

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
    """A chunk with nothing to keep but its delta: its other fields were in the first chunk, or are padding.

    Forbidding unknown fields is a fork, not a check: a chunk with anything else takes the slow path, which keeps extra
    fields.
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


class EdgeChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The choice of an edge chunk."""

    delta: PlainDelta
    index: int = 0
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    logprobs: None = None


class EdgeChunk(msgspec.Struct, forbid_unknown_fields=True):
    """The first chunk of a stream, the one with the finish reason, the one with the usage: as most services send them. A fork."""

    choices: list[EdgeChoice]
    id: str
    model: str
    object: Scalar = None
    created: Scalar = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    usage: ShallowObject | None = None
    obfuscation: str = ""
    provider: str | None = None
    request_id: str | None = None
    x_groq: ShallowObject | None = None
    time_info: dict[str, Scalar] | None = None


EDGE_CHUNK = msgspec.json.Decoder(EdgeChunk)


def is_plain(chunk: EdgeChunk) -> bool:
    """Return whether the chunk is a PlainChunk too."""
    choices = chunk.choices
    return (
        len(choices) == 1
        and choices[0].finish_reason is None
        and choices[0].native_finish_reason is None
        and _more(chunk) == _NO_MORE
    )


_more = attrgetter("usage", "x_groq", "request_id", "time_info")
_NO_MORE = (None, None, None, None)


EDGE_FIELDS = (
    "created", "service_tier", "system_fingerprint", "provider", "request_id", "x_groq", "time_info",
)  # fmt: skip
"""The extra fields of an edge chunk."""
edge_values = attrgetter(*EDGE_FIELDS)


def is_groq_beside_usage(groq: ShallowObject, usage: ShallowObject | None) -> bool:
    """Return whether `x_groq` is an extra field, and no more: without usage outside of it, it has the usage. It may have an error."""
    return bool(usage) and isinstance(groq.get("usage"), dict | None) and not groq.get("error")


class PlainBodyFunction(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The function of a complete call."""

    name: str
    arguments: str


class PlainBodyCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A complete call."""

    id: PlainId
    function: PlainBodyFunction
    type: str | None = None
    index: int | None = None


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Text, reasoning and calls only."""

    content: str | None
    role: Scalar = None
    refusal: None = None
    tool_calls: list[PlainBodyCall] | None = None
    function_call: None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    audio: None = None
    annotations: tuple[()] | None = None


class PlainMessageChoice(msgspec.Struct, forbid_unknown_fields=True):
    """The only choice of a plain body."""

    message: PlainMessage
    finish_reason: str
    index: Literal[0] = 0
    logprobs: None = None
    native_finish_reason: str | None = None
    content_filter_results: ShallowObject | None = None


class PlainBody(msgspec.Struct, forbid_unknown_fields=True):
    """A body with text, reasoning and calls only. A fork like PlainChunk."""

    choices: tuple[PlainMessageChoice]
    id: str = ""
    object: Scalar = None
    created: Scalar = None
    model: str = ""
    usage: ShallowObject | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    provider: str | None = None
    request_id: str | None = None
    citations: list[str] | None = None
    time_info: dict[str, Scalar] | None = None
    x_groq: ShallowObject | None = None


PLAIN_BODY = msgspec.json.Decoder(PlainBody)
PLAIN_BODY_FIELDS = (
    "created", "service_tier", "system_fingerprint", "provider", "citations", "time_info", "request_id",
    "x_groq",
)  # fmt: skip
"""The extra fields of a plain body: OpenRouter has `provider`, Z.ai `request_id`, Perplexity `citations`, Cerebras `time_info`."""
PLAIN_CHOICE_FIELDS = ("native_finish_reason", "content_filter_results")
"""The extra fields of its choice, of OpenRouter and of Azure."""
