"""Configuration and request become one: a `ResolvedRequest`, which dialects write as bytes.

What the request says goes over what the configuration says; what neither says is left to the provider.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.core.adaptations import Adaptation, Settings
from llm_pure.framing.json_codec import ENCODE_ERRORS, json_text
from llm_pure.media.image_validation import find_invalid_image
from llm_pure.media.modalities import find_unsupported_part
from llm_pure.types.config import LLMConfig, is_overridden
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.messages import Message, Text
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
from llm_pure.types.result import Failure, LLMResult, Success


class ResolvedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with nothing left to look up.

    settings: the sampling settings to send, under ChatRequest's names. explicit: those of them, and of the other
    fields, that the user chose, as against a default of the configuration. stop is always a tuple there.
    """

    model: str
    messages: tuple[Message, ...]
    settings: Settings
    user_set: frozenset[str]
    tools: tuple[Tool | NativeTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning: ReasoningRequest | None = None
    stream: bool = False
    metadata: Mapping[str, str] | None = None
    extra: Mapping[str, Any] = {}


def dropped_tool_choice(call: ResolvedRequest) -> tuple[Adaptation, ...]:
    """What is told where no tool can be sent: that a call was demanded. Any other choice is kept without tools."""
    choice = call.tool_choice
    if choice is None or choice in ("auto", "none"):
        return ()
    shown = choice.name if isinstance(choice, NamedToolChoice) else choice
    reason = "there is no tool to call"
    return (Adaptation(field="tool_choice", action="dropped", reason=reason, before=shown),)


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


def resolve_request(
    config: LLMConfig, request: ChatRequest, *, provider: str | None = None
) -> LLMResult[ResolvedRequest]:
    """provider: who is asked, config.api_type where None.

    Fails with InvalidConfiguration when no model is named, with InvalidRequest when a message cannot be read, with
    UnsupportedFeature when it holds a picture, sound or document that the model is known not to take.
    """
    model = request.model or config.model
    who = provider or config.api_type
    if not model:
        return Failure(
            InvalidConfiguration(
                message="no model: set `model` in the request or in the configuration",
                field="model",
                provider=who,
            )
        )
    messages = parse_messages(request.messages)
    if isinstance(messages, Failure):
        return messages
    has_media = not {type(part) for turn in messages.unwrap() for part in turn.parts} <= {Text}
    fault = _unsendable(messages.unwrap() if has_media else (), request)
    if fault is not None:
        return Failure(fault)
    settings, user_set = _settings(config, request)
    endless = [name for name, value in settings.items() if _is_endless(value)]
    if endless:
        message = f"{endless[0]} is {settings[endless[0]]}, which no JSON can say"
        return Failure(InvalidRequest(message=message, param=endless[0], provider=config.api_type))
    turns = messages.unwrap()
    if not config.use_system_prompt:
        turns = tuple([turn for turn in turns if turn.role != "system"])
        if not turns:
            message = "there is no message to send: use_system_prompt is off, and all are system's"
            return Failure(InvalidRequest(message=message, param="messages", provider=who))
    if has_media:
        blind = find_unsupported_part(
            messages.unwrap(),
            model,
            plan=config.pricing_plan,
            service=who,
            input_modalities=config.input_modalities,
        )
        if blind is not None:
            return Failure(blind)
    return Success(
        ResolvedRequest(
            model=model,
            messages=turns,
            settings=settings,
            user_set=user_set,
            tools=tuple(request.tools),
            tool_choice=request.tool_choice,
            parallel_tool_calls=request.parallel_tool_calls,
            response_format=request.response_format,
            reasoning=_reasoning(config, request),
            stream=bool(request.stream),
            metadata=request.metadata,
            extra=request.extra or {},
        )
    )


def _unsendable(messages: tuple[Message, ...], request: ChatRequest) -> InvalidRequest | None:
    """A picture that no model can see, or a schema of the answer that is no JSON."""
    found = find_invalid_image(messages) if messages else None
    if found is not None:
        return InvalidRequest(message=found[1], param=found[0])
    if isinstance(request.response_format, SchemaFormat):
        try:
            json_text(request.response_format.schema)
        except ENCODE_ERRORS as fault:
            message = f"the request holds something that is not JSON: {fault}"
            return InvalidRequest(message=message, param="response_format/schema")
    return None


def _is_endless(value: object) -> bool:
    """NaN and the infinities: they would go out as null."""
    return isinstance(value, float) and not isfinite(value)


def _settings(config: LLMConfig, request: ChatRequest) -> tuple[Settings, frozenset[str]]:
    settings: Settings = {}
    asked = msgspec.structs.asdict(request)
    user_set = {name for name, value in asked.items() if value is not None}
    for name, config_name, unset in _SETTINGS:
        value = asked.get(name)
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
        case ReasoningRequest() as asked:
            return asked
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
