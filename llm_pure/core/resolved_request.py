"""Merge configuration and request into a `ResolvedRequest`, which dialects encode.

The request's values take precedence over the configuration's; a value that neither sets is left to the provider.
The closer looks at fields of other types are in `request_fields`, imported when needed.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import asdict

from llm_pure.chat.message_input import NO_MEDIA, part_types, read_messages
from llm_pure.core.adaptations import Adaptation, Identifier, Settings, Word
from llm_pure.framing.json_codec import ENCODE_ERRORS, json_text
from llm_pure.types.config import LLMConfig, is_overridden
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.messages import Message, ToolCall, ToolResult
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.request import (
    LARGEST_NUMBER,
    AllowedTools,
    ChatRequest,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    ResponseFormat,
    SchemaFormat,
    Tool,
    ToolChoice,
)


class ResolvedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with all values merged and messages parsed."""

    model: str
    messages: tuple[Message, ...]
    settings: Settings
    """The sampling settings to send, under ChatRequest's names; `stop` is a tuple."""
    user_set: frozenset[str]
    """The settings and other fields that the user set, as opposed to the configuration's defaults."""
    tools: tuple[Tool | NativeTool, ...] = ()
    has_calls: bool = False
    """Calls or results of tools are among the messages."""
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning: ReasoningRequest | None = None
    stream: bool = False
    metadata: Mapping[str, str] | None = None
    options: Mapping[str, Any] = {}
    """The fields of OPTIONS that are set."""
    extra: Mapping[str, Any] = {}


def dropped_tool_choice(resolved: ResolvedRequest) -> tuple[Adaptation, ...]:
    """Return the adaptation for a required tool call in a request without tools; other choices lose nothing."""
    choice = resolved.tool_choice
    if choice is None or choice in ("auto", "none"):
        return ()
    before: Any = choice
    if isinstance(choice, NamedToolChoice):
        before = choice.name
    elif isinstance(choice, AllowedTools):
        before = choice.names
    reason = "there is no tool to call"
    return (Adaptation(field="tool_choice", action="dropped", reason=reason, before=before),)


_SETTINGS: tuple[tuple[str, str], ...] = (
    # ChatRequest's name, LLMConfig's name
    ("max_tokens", "max_token"),
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("repetition_penalty", "repetition_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("stop", "stop"),
    ("seed", "seed"),
    ("n", "n"),
    ("logprobs", "logprobs"),
    ("best_of", "best_of"),  # of the configuration alone
)

_NUMBER = (float, int)
_PLAIN_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("max_tokens", "top_k", "seed", "n", "best_of"), (int,)),
    **dict.fromkeys(
        ("temperature", "top_p", "presence_penalty", "frequency_penalty", "repetition_penalty"),
        _NUMBER,
    ),
    "stop": (str,),
    "logprobs": (bool, int),
}
"""Setting -> the types of values that need no closer look; `request_fields` has the rules of all fields."""

_BOUNDS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("max_tokens", "n"), (1, LARGEST_NUMBER)),
    "temperature": (0, LARGEST_NUMBER),
    "top_p": (0, 1),
    "top_k": (0, LARGEST_NUMBER),
    "logprobs": (0, LARGEST_NUMBER),
    "repetition_penalty": (0, LARGEST_NUMBER),
}
"""Setting -> (minimum, maximum) at every service; a value beyond them means nothing anywhere.

-1 is no top_k at vLLM, where leaving it out, or `extra`, does the same."""

_NUMBERS = (-LARGEST_NUMBER, LARGEST_NUMBER)

_PLAIN_FIELDS: Mapping[str, tuple[type, ...]] = {
    **_PLAIN_TYPES,
    "model": (str,),
    "stream": (bool,),
    "parallel_tool_calls": (bool,),
}

OPTIONS = (
    "user", "service_tier", "verbosity", "prompt_cache_key", "store", "previous_response_id", "audio",
    "modalities", "safety_settings", "cached_content", "guardrail", "logit_bias", "prediction",
)  # fmt: skip
"""Fields of ChatRequest that some services have under names of their own; `encode_options` encodes them in this order.

audio comes before modalities, since it implies them."""

OptionField: TypeAlias = str | Identifier | Word | Callable[[Any], Mapping[str, Any]]
"""Where a service has an option: a key of the body, a path such as "text/verbosity", or a function value -> fields."""


def merge_extra(
    body: Mapping[str, Any],
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    defaults: Collection[str] = (),
) -> dict[str, Any]:
    """Return the body with `extra` over it, object by object; other values, lists too, are replaced.

    A replaced value that the request has set is reported under its path, such as "extra/text/format". `defaults`: paths of
    values that the library sends by itself, which lose nothing.
    """
    if not resolved.extra:
        return dict(body)
    from llm_pure.core.extra_overlay import overlay  # imported late: start-up

    return overlay(body, resolved.extra, "extra", resolved.user_set, defaults, adaptations)


def encode_options(
    resolved: ResolvedRequest,
    fields: Mapping[str, OptionField],
    service: str,
    adaptations: list[Adaptation],
    unsupported: Mapping[str, str] = {},
) -> dict[str, Any]:
    """Return the fields of the options that the service has; the others are dropped and reported.

    `unsupported`: option -> the reason why the model does not support it.
    """
    encoded: dict[str, Any] = {}
    for name, value in resolved.options.items():
        field = fields.get(name)
        if field is None or name in unsupported:
            reason = unsupported.get(name, f"{service} has no {name}")
            before = value if isinstance(value, str | bool) else None
            adaptations.append(
                Adaptation(field=name, action="dropped", reason=reason, before=before)
            )
        elif isinstance(field, str):
            _put(encoded, field, value)
        elif isinstance(field, Word):
            if field.has(name, value, service, adaptations):
                _put(encoded, field.path, value)
        elif isinstance(field, Identifier):
            _put(encoded, field.path, field.fit(name, value, adaptations))
        else:
            for path, wire in field(value).items():
                _put(encoded, path, wire)
    return encoded


def _put(fields: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path such as "text/verbosity"."""
    *parents, key = path.split("/")
    for parent in parents:
        fields = fields.setdefault(parent, {})
    fields[key] = value


@returns_failure
def resolve_request(
    config: LLMConfig,
    request: ChatRequest,
    *,
    provider: str | None = None,
    allows_no_output: bool = False,
) -> ResolvedRequest:
    """Merge configuration and request. `provider`: its name in errors, config.api_type by default.

    `allows_no_output`: max_tokens may be 0, as it may where no provider is named.

    Fails with InvalidConfiguration if no model is named, with InvalidRequest if a message is malformed or a setting means
    nothing at any service (max_tokens=-1), and with UnsupportedFeature if a message has media that the model is known not to
    support.
    """
    model = request.model or config.model
    name = provider or config.api_type
    if not model:
        message = "no model: set `model` in the request or in the configuration"
        raise Rejected(InvalidConfiguration(message=message, field="model", provider=name))
    fields = {name: value for name, value in asdict(request).items() if value is not None}
    if not _is_plain(fields):
        from llm_pure.core.request_fields import check_fields  # imported late: start-up

        check_fields(request, name)
    messages = read_messages(request.messages)
    kinds = part_types(messages)
    with_media = not kinds <= NO_MEDIA
    if with_media:
        messages = _read_media(messages, name, paths=config.base_url is not None)
    if isinstance(request.response_format, SchemaFormat):
        _check_schema(request.response_format)
    settings, user_set = _settings(config, fields, name)
    for setting, value in settings.items():
        low, high = _BOUNDS.get(setting, _NUMBERS)
        if isinstance(value, int | float) and not low <= value <= high:
            if value == 0 and setting == "max_tokens" and (allows_no_output or provider is None):
                continue
            from llm_pure.core.request_fields import reject_number  # imported late: start-up

            reject_number(setting, value, low, high, name)
    choice, response_format = request.tool_choice, request.response_format
    # mappings that mean something are values by now, and check_fields rejects the others
    assert not isinstance(choice, Mapping)
    assert choice != "any"
    assert not isinstance(response_format, Mapping)
    turns = messages
    if not config.use_system_prompt:
        turns = tuple([turn for turn in messages if turn.role != "system"])
        if not turns:
            message = "no messages to send: all messages have role 'system' and use_system_prompt is false"
            raise Rejected(InvalidRequest(message=message, param="messages", provider=name))
    if with_media:
        _check_modalities(config, messages, model, name)
    return ResolvedRequest(
        model=model,
        messages=turns,
        settings=settings,
        user_set=user_set,
        tools=_read_tools(request.tools),
        has_calls=ToolCall in kinds or ToolResult in kinds,
        tool_choice=choice,
        parallel_tool_calls=request.parallel_tool_calls,
        response_format=response_format,
        reasoning=_reasoning(config, request),
        stream=bool(request.stream),
        metadata=request.metadata,
        options={}
        if fields.keys().isdisjoint(OPTIONS)
        else {name: fields[name] for name in OPTIONS if name in fields},
        extra=request.extra or {},
    )


def _read_tools(tools: object) -> tuple[Tool | NativeTool, ...]:
    if isinstance(tools, tuple | list) and all(map(_is_plain_tool, tools)):
        return tuple(tools)
    from llm_pure.chat.tool_input import read_tools  # imported late: start-up

    return read_tools(tools)


def _is_plain_tool(tool: object) -> bool:
    """Return true for a Tool whose fields have their types; `tool_input` reads all others."""
    return (
        type(tool) is Tool
        and type(tool.name) is str
        and type(tool.parameters) is dict
        and (tool.description is None or type(tool.description) is str)
        and (tool.strict is None or type(tool.strict) is bool)
    )


def _is_plain(fields: Mapping[str, Any]) -> bool:
    """Return true if the fields that are set, but for messages and tools, have types that need no closer look."""
    for name, value in fields.items():
        if type(value) not in _PLAIN_FIELDS.get(name, ()) and name not in ("messages", "tools"):
            return False
    return True


def _read_media(
    messages: tuple[Message, ...], provider: str, *, paths: bool
) -> tuple[Message, ...]:
    from llm_pure.media.image_validation import find_invalid_image  # imported late: start-up
    from llm_pure.media.part_sources import read_sources  # imported late: start-up

    messages = read_sources(messages, provider, paths=paths)
    invalid = find_invalid_image(messages)
    if invalid is not None:
        raise Rejected(InvalidRequest(message=invalid[1], param=invalid[0]))
    return messages


def _check_modalities(
    config: LLMConfig, messages: tuple[Message, ...], model: str, service: str
) -> None:
    from llm_pure.media.modalities import find_unsupported_part  # imported late: start-up

    unsupported = find_unsupported_part(
        messages,
        model,
        plan=config.pricing_plan,
        service=service,
        input_modalities=config.input_modalities,
    )
    if unsupported is not None:
        raise Rejected(unsupported)


def _check_schema(response_format: SchemaFormat) -> None:
    try:
        json_text(response_format.schema)
    except ENCODE_ERRORS as error:
        message = f"the request contains a value that is not JSON: {error}"
        raise Rejected(InvalidRequest(message=message, param="response_format/schema")) from error


def _settings(
    config: LLMConfig, fields: Mapping[str, Any], provider: str
) -> tuple[Settings, frozenset[str]]:
    """The settings to send, and `user_set`. `fields`: those of the request that are set."""
    settings: Settings = {}
    user_set = set(fields)
    for name, config_name in _SETTINGS:
        value = fields.get(name)
        if value is None:
            value = getattr(config, config_name)
            if value is None:
                continue
            if name in _PLAIN_TYPES and type(value) not in _PLAIN_TYPES[name]:
                from llm_pure.core.request_fields import check_setting  # imported late: start-up

                check_setting(name, value, config_name, provider)
            if is_overridden(config, config_name):
                user_set.add(name)
        settings[name] = value
    if config.top_logprobs is not None and settings.get("logprobs") is True:
        settings["logprobs"] = config.top_logprobs
    if settings.get("logprobs") is False:
        del settings["logprobs"]
    if "stop" in settings:
        stop = settings["stop"]
        settings["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
        if not settings["stop"]:
            del settings["stop"]  # "[] is too short": it says nothing
    return settings, frozenset(user_set)


_MODELS_CHOICE = -1
"""A budget that the model chooses itself, as Gemini writes it."""


def _reasoning(config: LLMConfig, request: ChatRequest) -> ReasoningRequest | None:
    match request.reasoning:
        case ReasoningRequest() as reasoning:
            if reasoning.budget_tokens == _MODELS_CHOICE:
                return msgspec.structs.replace(reasoning, budget_tokens=None)
            return reasoning
        case bool() as enabled:
            return ReasoningRequest(enabled=enabled)
        case int() as budget_tokens:
            if budget_tokens == _MODELS_CHOICE:
                return ReasoningRequest()
            return ReasoningRequest(budget_tokens=budget_tokens, enabled=budget_tokens > 0)
        case str() as effort:
            return ReasoningRequest(effort=effort, enabled=effort != "none")
        case _:
            pass
    if config.reasoning:
        return ReasoningRequest(budget_tokens=config.reasoning_max_token)
    return None
