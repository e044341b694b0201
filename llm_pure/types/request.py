"""What is asked of a model: `ChatRequest`, and the tools, formats and efforts that it holds."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.messages import Message

JsonSchema: TypeAlias = dict[str, Any]

MessageInput: TypeAlias = Message | str | Mapping[str, Any]
"""One turn as users have it: a Message, a plain string (the user speaks), or a {"role", "content"} mapping."""

MessagesInput: TypeAlias = MessageInput | Sequence[MessageInput]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may ask for.

    parameters: JSON Schema of its arguments, an object schema. strict: arguments must follow the schema to the letter;
    None leaves that to the provider.
    """

    name: str
    description: str | None = None
    parameters: JsonSchema = msgspec.field(
        default_factory=lambda: {"type": "object", "properties": {}}
    )
    strict: bool | None = None


class NativeTool(msgspec.Struct, frozen=True):
    """A tool that the provider runs itself (web search, code execution ...). json: its own object, sent as it is."""

    provider: str
    json: JsonSchema


class NamedToolChoice(msgspec.Struct, frozen=True):
    """The model must call the tool of this name."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | NamedToolChoice


class JsonFormat(msgspec.Struct, frozen=True, tag="json"):
    """The answer is some JSON."""


class SchemaFormat(msgspec.Struct, frozen=True, kw_only=True, tag="schema"):
    """The answer is JSON of this schema. name: letters, digits, hyphen and underscore, at most 64.

    fallback_to_tool: where the model takes no schema, `typed_answers.build_structured` asks for a call of a tool of this name, before
    it tells the schema in words. A provider's own build_chat knows words alone.
    """

    schema: JsonSchema
    name: str = "answer"
    description: str | None = None
    strict: bool | None = True
    fallback_to_tool: bool = False


ResponseFormat: TypeAlias = JsonFormat | SchemaFormat

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class ReasoningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How much the model should think before it answers: an effort, or a budget in tokens; both None is "as you like".

    enabled: False asks for none. summary: ask for the thoughts to be shown, where a provider hides them.
    """

    effort: Effort | None = None
    budget_tokens: int | None = None
    enabled: bool = True
    summary: bool = True


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model, in the field's own words. None means "not said": the configuration decides, else the provider.

    model: "" takes the configuration's. max_tokens: the answer's limit, reasoning included where the provider counts so.
    stop: at most as many strings as the provider takes. logprobs: True, or how many alternatives a token shows.
    metadata: short strings kept with the call by the provider. extra: merged last into the body, over everything else.
    """

    messages: MessagesInput
    model: str = ""
    tools: tuple[Tool | NativeTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
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
    reasoning: ReasoningRequest | Effort | int | None = None
    stream: bool | None = None
    metadata: dict[str, str] | None = None
    extra: dict[str, Any] | None = None
