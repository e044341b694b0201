"""`ChatRequest`, and the tools, response formats and reasoning efforts in it."""

from collections.abc import Callable, Mapping, Sequence
from sys import float_info
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import msgspec

from llm_pure.types.http import RedactedRepr, is_credential
from llm_pure.types.messages import CacheMark, Message, SafeRepr, safe_repr

LARGEST_NUMBER = float_info.max
"""Numbers beyond it are infinite or no number, which JSON does not have, or integers that readers of JSON refuse."""

JsonSchema: TypeAlias = dict[str, Any]

MessageInput: TypeAlias = Message | str | Mapping[str, Any]
"""One turn: a Message, a string (a user message), or a {"role", "content"} mapping."""

MessagesInput: TypeAlias = MessageInput | Sequence[MessageInput]


class Tool(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
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


class NativeTool(SafeRepr, msgspec.Struct, frozen=True):
    """A tool that the provider runs itself (web search, code execution ...)."""

    provider: str
    json: JsonSchema
    """The provider's own object; sent as is."""


class HasTool(Protocol):
    """A tool with its function, as `output.tools.bind_tool` makes it."""

    @property
    def tool(self) -> Tool:
        """The tool as it is sent."""
        ...


ToolInput: TypeAlias = Tool | NativeTool | HasTool | Callable[..., Any] | Mapping[str, Any]
"""A tool: a value, a function or class with annotations, a bound tool, or a mapping in OpenAI's, Anthropic's or MCP's format."""


class NamedToolChoice(msgspec.Struct, frozen=True):
    """The model must call the tool of this name."""

    name: str


class AllowedTools(msgspec.Struct, frozen=True):
    """The model may call these of the tools only. Services without such a choice are sent these tools only."""

    names: tuple[str, ...]
    """Names of tools; of a tool that the provider runs itself, its type."""
    mode: Literal["auto", "required"] = "auto"


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | NamedToolChoice | AllowedTools


class JsonFormat(msgspec.Struct, frozen=True, tag="json"):
    """The response is JSON."""


class SchemaFormat(SafeRepr, msgspec.Struct, frozen=True, kw_only=True, tag="schema"):
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

if TYPE_CHECKING:
    ToolChoiceInput: TypeAlias = ToolChoice | Literal["any"] | Mapping[str, Any]
    ResponseFormatInput: TypeAlias = ResponseFormat | Mapping[str, Any]
else:  # a mapping becomes a value at once, and msgspec decodes no union of Structs and mappings
    ToolChoiceInput, ResponseFormatInput = ToolChoice, ResponseFormat

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class ReasoningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How much the model should reason: an effort, or a budget in tokens; both None is the model's default."""

    effort: Effort | None = None
    budget_tokens: int | None = None
    """-1: the model chooses, like None."""
    enabled: bool = True
    """False requests no reasoning."""
    summary: bool = True
    """Request a summary from providers that hide the reasoning."""


Verbosity: TypeAlias = Literal["low", "medium", "high"]


class AudioOutput(msgspec.Struct, frozen=True, kw_only=True):
    """How spoken output sounds."""

    voice: str
    """The provider's name of the voice, such as "alloy" (OpenAI) or "Kore" (Gemini)."""
    format: str | None = None
    """"wav", "mp3", "flac", "opus" or "pcm16"; None: the library's default for the service. Gemini has one format."""


class Guardrail(msgspec.Struct, frozen=True, kw_only=True):
    """A guardrail of Amazon Bedrock."""

    id: str
    """Its identifier or ARN."""
    version: str = "DRAFT"
    trace: Literal["enabled", "disabled", "enabled_full"] | None = None
    """Whether the response says what the guardrail did."""


class ChatRequest(SafeRepr, frozen=True, kw_only=True):
    """One request to a model. A field that is None takes the configuration's value, else the provider's default.

    A field that the service does not have is reported as an adaptation. The services that have a field are named below
    by their providers; what fewer services have stays in `extra`.
    """

    messages: MessagesInput
    model: str = ""
    """The empty string takes the configuration's."""
    tools: Sequence[ToolInput] = ()
    tool_choice: ToolChoiceInput | None = None
    """A mapping in OpenAI's or Anthropic's format becomes the value that it means, and "any" is "required"."""
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormatInput | None = None
    """A mapping in OpenAI's format becomes the value that it means. `LLM.ask_typed` takes a type."""
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
    """Short strings that the provider stores with the call. Anthropic stores `user_id` only."""
    user: str | None = None
    """A stable id of the end user, without personal data, by which the provider traces abuse: `safety_identifier` at
    openai, azure, their Responses and moonshot; `metadata.user_id` at anthropic and its hosts; `user_id` at zhipuai, zai
    and qianfan v1; `user` at openrouter, groq, cerebras, fireworks, ark, xai, llama_api, open_llm, spark, qianfan. Of an id that
    the service refuses (an e-mail address at anthropic, another length) the SHA-256 is sent."""
    service_tier: str | None = None
    """The provider's name of a price and speed class, such as "flex" or "priority": openai, azure, their Responses,
    anthropic, bedrock, bedrock_invoke, gemini, vertex, mistral, groq, cerebras, fireworks,
    openrouter, ark, xai, open_llm."""
    verbosity: Verbosity | None = None
    """How long the answer is: models from gpt-5 on at openai, azure and their Responses; openrouter, open_llm."""
    prompt_cache_key: str | None = None
    """Requests of one key are sent to one server, so that its prompt cache is used: openai, azure, their Responses,
    moonshot, mistral, cerebras, fireworks, openrouter, open_llm."""
    store: bool | None = None
    """The provider stores the response, to be read or continued later: openai, azure, their Responses, gemini,
    open_llm. Responses gets false unless it is set."""
    previous_response_id: str | None = None
    """The messages continue this stored response: openai_responses, azure_responses."""
    modalities: tuple[str, ...] | None = None
    """The kinds of output, such as ("text", "audio"): openai, azure, openrouter, dashscope_compatible, gemini, vertex,
    open_llm."""
    audio: AudioOutput | None = None
    """The voice of spoken output: openai, azure, openrouter, dashscope_compatible, gemini, vertex, open_llm."""
    safety_settings: dict[str, str] | None = None
    """Category of harm -> threshold, by Google's names: gemini, vertex. Cohere's `safety_mode` and Mistral's
    `safe_prompt` are single switches, and go into `extra`."""
    cached_content: str | None = None
    """The name of a stored context that the messages continue, such as "cachedContents/abc": gemini, vertex."""
    guardrail: Guardrail | None = None
    """bedrock, bedrock_invoke. Mistral's `guardrails` have another form, and go into `extra`."""
    logit_bias: dict[Any, float] | None = None
    """Token id -> what is added to its logit, -100 to 100: openai, azure (models that do not reason), cerebras,
    fireworks, together, openrouter, ark, open_llm."""
    prediction: str | None = None
    """Text that the answer will mostly repeat, which makes it faster: openai, azure (gpt-4o and gpt-4.1), mistral,
    cerebras, fireworks, openrouter."""
    headers: dict[str, str] | None = None
    """Headers of this request, over those of the configuration. `authorize` adds those that are credentials, if its
    configuration is that of `llm_pure.core.request_fields.request_config`; the client does so."""
    query: dict[str, str] | None = None
    """Fields of the URL's query for this request. A credential is InvalidRequest: it belongs in `headers`."""
    extra: dict[str, Any] | None = None
    """Fields of the service's own body, merged last into it, object by object. A value that replaces one that the request
    has set is reported as an adaptation. `betas` of Anthropic's go where its API reads them."""

    def __post_init__(self) -> None:
        choice, response_format = self.tool_choice, self.response_format
        if isinstance(choice, dict) or choice == "any" or isinstance(response_format, dict):
            msgspec.structs.force_setattr(self, "tool_choice", _read_tool_choice(choice))
            read = _read_response_format(response_format)
            msgspec.structs.force_setattr(self, "response_format", read)

    def __repr__(self) -> str:
        """Only fields that are set, without credentials."""
        fields = [f"{name}={safe_repr(value)}" for name, value in self.__rich_repr__()]
        return f"ChatRequest({', '.join(fields)})"

    def __rich_repr__(self) -> RedactedRepr:
        names, defaults = self.__struct_fields__, self.__struct_defaults__
        unset = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        return [
            (name, _show(name, getattr(self, name)))
            for name in self.__struct_fields__
            if name not in unset or getattr(self, name) != unset[name]
        ]


def _show(name: str, value: Any) -> Any:
    if name == "headers" and isinstance(value, dict):
        return {
            key: "***" if is_credential(str(key).lower()) else text for key, text in value.items()
        }
    return value


_MODES = {"auto": "auto", "none": "none", "any": "required", "required": "required"}


def _read_response_format(value: Any) -> Any:
    """Return the response format of a mapping in OpenAI's format; None for plain text, and the value for any other mapping.

    >>> _read_response_format({"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "object"}}})
    SchemaFormat(schema={'type': 'object'}, name='city', description=None, strict=None, fallback_to_tool=False)
    """
    match value:
        case {"type": "text", **rest} if not rest:
            return None
        case {"type": "json_object", **rest} if not rest:
            return JsonFormat()
        case {"type": "json_schema", "json_schema": dict(inner), **rest} if not rest:
            return _schema_format(inner, value)
        case {"type": "json_schema", **flat}:
            return _schema_format(flat, value)
        case _:
            return value


def _schema_format(fields: Any, value: Any) -> Any:
    known = {"schema", "name", "description", "strict"}
    if not isinstance(fields.get("schema"), dict) or fields.keys() - known:
        return value
    return SchemaFormat(**{"strict": None, **fields})


def _read_tool_choice(value: Any) -> Any:
    """Return the tool choice of a mapping in OpenAI's or Anthropic's format, and the value for any other mapping.

    >>> _read_tool_choice({"type": "function", "function": {"name": "weather"}})
    NamedToolChoice(name='weather')
    >>> _read_tool_choice("any")
    'required'
    """
    named = _named_choice(value)
    if named is not None:
        return named
    match value:
        case {"type": "allowed_tools", "allowed_tools": dict(tools), **rest} if not rest:
            return _allowed_tools(tools, value)
        case {"type": "allowed_tools", **flat}:
            return _allowed_tools(flat, value)
        case {"type": str(mode), **rest} if not rest:
            return _MODES.get(mode, value)
        case "any":
            return "required"
        case _:
            return value


def _named_choice(value: Any) -> NamedToolChoice | None:
    match value:
        case {"type": "function", "function": {"name": str(name), **inner}, **rest} if not (
            inner or rest
        ):
            return NamedToolChoice(name)
        case {"type": "function" | "tool", "name": str(name), **rest} if not rest:
            return NamedToolChoice(name)
        case _:
            return None


def _allowed_tools(fields: Any, value: Any) -> Any:
    match fields:
        case {"tools": [*tools], "mode": "auto" | "required" as mode, **rest} if not rest:
            choices = [_named_choice(tool) for tool in tools]
            names = [choice.name for choice in choices if choice is not None]
            return AllowedTools(tuple(names), mode) if len(names) == len(choices) else value
        case _:
            return value
