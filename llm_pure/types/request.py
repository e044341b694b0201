"""`ChatRequest`, and the tools, response formats and reasoning efforts in it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.messages import CacheMark, Message

JsonSchema: TypeAlias = dict[str, Any]

MessageInput: TypeAlias = Message | str | Mapping[str, Any]
"""One turn: a Message, a string (a user message), or a {"role", "content"} mapping."""

MessagesInput: TypeAlias = MessageInput | Sequence[MessageInput]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may call."""

    name: str
    description: str | None = None
    parameters: JsonSchema = msgspec.field(
        default_factory=lambda: {"type": "object", "properties": {}}
    )
    """JSON Schema of the arguments: an object schema."""
    strict: bool | None = None
    """The arguments must match the schema exactly; None takes the provider's default."""
    cache: CacheMark | None = None
    """Cache the tools up to this one."""


class NativeTool(msgspec.Struct, frozen=True):
    """A tool that the provider runs itself (web search, code execution ...)."""

    provider: str
    json: JsonSchema
    """The provider's own object; sent as is."""


class NamedToolChoice(msgspec.Struct, frozen=True):
    """The model must call the tool of this name."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | NamedToolChoice


class JsonFormat(msgspec.Struct, frozen=True, tag="json"):
    """The response is JSON."""


class SchemaFormat(msgspec.Struct, frozen=True, kw_only=True, tag="schema"):
    """The response is JSON of this schema."""

    schema: JsonSchema
    name: str = "answer"
    """At most 64 letters, digits, hyphens and underscores."""
    description: str | None = None
    strict: bool | None = True
    fallback_to_tool: bool = False
    """For models without schemas: `build_structured` requests a call of a tool of this name, before it puts the schema
    into the prompt. A provider's own build_chat uses the prompt only."""


ResponseFormat: TypeAlias = JsonFormat | SchemaFormat

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class ReasoningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How much the model should reason: an effort, or a budget in tokens; both None is the model's default."""

    effort: Effort | None = None
    budget_tokens: int | None = None
    enabled: bool = True
    """False requests no reasoning."""
    summary: bool = True
    """Request a summary from providers that hide the reasoning."""


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a model. A field that is None takes the configuration's value, else the provider's default."""

    messages: MessagesInput
    model: str = ""
    """The empty string takes the configuration's."""
    tools: tuple[Tool | NativeTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    """Output limit; includes reasoning where the provider counts it so."""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | tuple[str, ...] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repetition_penalty: float | None = None
    n: int | None = None
    logprobs: bool | int | None = None
    """True, or the number of alternatives per token."""
    reasoning: ReasoningRequest | Effort | int | None = None
    stream: bool | None = None
    metadata: dict[str, str] | None = None
    """Short strings that the provider stores with the call."""
    extra: dict[str, Any] | None = None
    """Merged last into the body, over everything else."""
