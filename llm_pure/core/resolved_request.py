"""Merge configuration and request into a `ResolvedRequest`, which dialects encode.

The request's values take precedence over the configuration's; a value that neither sets is left to the provider.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec

from llm_pure.chat.message_input import read_messages
from llm_pure.core.adaptations import Adaptation, Settings
from llm_pure.framing.json_codec import ENCODE_ERRORS, json_text
from llm_pure.types.config import LLMConfig, is_overridden
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.messages import Message, Text
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.request import (
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
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning: ReasoningRequest | None = None
    stream: bool = False
    metadata: Mapping[str, str] | None = None
    extra: Mapping[str, Any] = {}


def dropped_tool_choice(resolved: ResolvedRequest) -> tuple[Adaptation, ...]:
    """Return the adaptation for a required tool call in a request without tools; other choices lose nothing."""
    choice = resolved.tool_choice
    if choice is None or choice in ("auto", "none"):
        return ()
    before = choice.name if isinstance(choice, NamedToolChoice) else choice
    reason = "there is no tool to call"
    return (Adaptation(field="tool_choice", action="dropped", reason=reason, before=before),)


_SETTINGS: tuple[tuple[str, str, object], ...] = (
    # ChatRequest's name, LLMConfig's name, the configuration value that means "not set"
    ("max_tokens", "max_token", None),
    ("temperature", "temperature", None),
    ("top_p", "top_p", 1.0),
    ("top_k", "top_k", 0),
    ("repetition_penalty", "repetition_penalty", 1.0),
    ("presence_penalty", "presence_penalty", 0.0),
    ("frequency_penalty", "frequency_penalty", 0.0),
    ("stop", "stop", None),
    ("seed", "seed", None),
    ("n", "n", None),
    ("logprobs", "logprobs", None),
    ("best_of", "best_of", None),  # of the configuration alone
)


@returns_failure
def resolve_request(
    config: LLMConfig, request: ChatRequest, *, provider: str | None = None
) -> ResolvedRequest:
    """Merge configuration and request. `provider`: its name in errors, config.api_type by default.

    Fails with InvalidConfiguration if no model is named, with InvalidRequest if a message is malformed, and with
    UnsupportedFeature if a message has media that the model is known not to support.
    """
    model = request.model or config.model
    name = provider or config.api_type
    if not model:
        message = "no model: set `model` in the request or in the configuration"
        raise Rejected(InvalidConfiguration(message=message, field="model", provider=name))
    messages = read_messages(request.messages)
    has_media = not {type(part) for turn in messages for part in turn.parts} <= {Text}
    if has_media:
        _check_images(messages)
    if isinstance(request.response_format, SchemaFormat):
        _check_schema(request.response_format)
    settings, user_set = _settings(config, request)
    for setting, value in settings.items():
        if isinstance(value, float) and not isfinite(value):  # would be encoded as null
            message = f"{setting}={value} is not valid JSON"
            raise Rejected(InvalidRequest(message=message, param=setting, provider=config.api_type))
    turns = messages
    if not config.use_system_prompt:
        turns = tuple([turn for turn in messages if turn.role != "system"])
        if not turns:
            message = "no messages to send: all messages have role 'system' and use_system_prompt is false"
            raise Rejected(InvalidRequest(message=message, param="messages", provider=name))
    if has_media:
        _check_modalities(config, messages, model, name)
    return ResolvedRequest(
        model=model,
        messages=turns,
        settings=settings,
        user_set=user_set,
        tools=_read_tools(request.tools),
        tool_choice=request.tool_choice,
        parallel_tool_calls=request.parallel_tool_calls,
        response_format=request.response_format,
        reasoning=_reasoning(config, request),
        stream=bool(request.stream),
        metadata=request.metadata,
        extra=request.extra or {},
    )


def _read_tools(tools: object) -> tuple[Tool | NativeTool, ...]:
    if tools == ():
        return ()
    from llm_pure.chat.tool_input import read_tools  # imported late: start-up

    return read_tools(tools)


def _check_images(messages: tuple[Message, ...]) -> None:
    from llm_pure.media.image_validation import find_invalid_image  # imported late: start-up

    invalid = find_invalid_image(messages)
    if invalid is not None:
        raise Rejected(InvalidRequest(message=invalid[1], param=invalid[0]))


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


def _settings(config: LLMConfig, request: ChatRequest) -> tuple[Settings, frozenset[str]]:
    settings: Settings = {}
    requested = msgspec.structs.asdict(request)
    user_set = {name for name, value in requested.items() if value is not None}
    for name, config_name, unset in _SETTINGS:
        value = requested.get(name)
        if value is None:
            value = getattr(config, config_name)
            if value is None or value == unset:
                continue
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
    return settings, frozenset(user_set)


def _reasoning(config: LLMConfig, request: ChatRequest) -> ReasoningRequest | None:
    match request.reasoning:
        case ReasoningRequest() as reasoning:
            return reasoning
        case bool() as enabled:
            return ReasoningRequest(enabled=enabled)
        case int() as budget_tokens:
            return ReasoningRequest(budget_tokens=budget_tokens, enabled=budget_tokens > 0)
        case str() as effort:
            return ReasoningRequest(effort=effort, enabled=effort != "none")
        case _:
            pass
    if config.reasoning:
        return ReasoningRequest(budget_tokens=config.reasoning_max_token)
    return None
