"""ChatRequest -> POST {base_url}/v2/chat.

Source: cohere 7.3.1, v2/raw_client.py (chat, chat_stream), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.cohere_chat.messages import encode_messages
from llm_pure.adapters.dialects.common.adaptations import changed, dropped, limit_stops
from llm_pure.adapters.dialects.common.json_objects import JSON_INSTRUCTION
from llm_pure.adapters.dialects.common.legacy_functions import wire_tools
from llm_pure.adapters.dialects.common.reasoning_effort import not_both
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt, profile_for
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    dropped_tool_choice,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import AnyService, build_post, require_lossless
from llm_pure.framing.json_codec import encode
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import COHERE, COHERE_RESPONSES, COHERE_TOOL_NAME, SchemaProfiles
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    SchemaFormat,
    Tool,
)

_SETTING_KEYS: Mapping[str, str] = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
"""Settings -> fields, but for logprobs."""

_MAX_STOPS = 5
"""cohere 7.3.1, v2/raw_client.py: "A list of up to 5 strings", read 2026-11-30. The range of `seed` is unconfirmed."""

_SOURCE = "cohere 7.3.1, v2/raw_client.py, read 2026-11-20"

_EVERY_MODEL = ModelProfile(
    prefix="",
    unsupported={
        "n": "Cohere returns one choice",
        "repetition_penalty": "Cohere has presence and frequency penalties only",
    },
    ranges={
        "top_p": (0.01, 0.99),
        "top_k": (0, 500),
        "presence_penalty": (0, 1),
        "frequency_penalty": (0, 1),
        "seed": (0, 2**64 - 1),
    },
    source=_SOURCE,
)

_RULES: tuple[ModelProfile, ...] = (
    ModelProfile(
        prefix="command-r",
        reasoning="none",
        source="as generally known, unconfirmed; 2026-11-20",
    ),
    ModelProfile(
        prefix="command-a-03-2025",
        reasoning="none",
        source="as generally known, unconfirmed; 2026-11-20",
    ),
)
"""The models without reasoning. Others support `thinking`, or reject it with an error."""


_SCHEMAS = SchemaProfiles(
    tools=COHERE,
    strict_tools=COHERE_RESPONSES,
    responses=COHERE_RESPONSES,
    tool_name=COHERE_TOOL_NAME,
)


@returns_failure
def build_chat(
    service: AnyService, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/v2/chat.

    Body: {model, messages[], tools[]?, strict_tools?, tool_choice?, response_format?, max_tokens?, temperature?, p?, k?,
    ..., logprobs?, thinking?, stream?}. documents, citation_options and safety_mode come by `extra`.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (a part that Cohere does not support; with `strict` also every setting that would be dropped).
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    url = ok(service.url_for(config, resolved.model, "/v2/chat"))
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    fitted.require_schema(service.name)
    resolved = fitted.request
    messages = encode_messages(service, resolved.messages, adaptations)
    adaptations += fitted.adaptations
    fields = _fields(service, resolved, adaptations)
    if "tools" in fields and "response_format" in fields:
        messages = _in_words(
            service, resolved, messages, fields.pop("response_format"), adaptations
        )
    body = {"model": resolved.model, "messages": messages, **fields}
    body = merge_extra(body, resolved, adaptations)
    if strict:
        require_lossless(service, adaptations)
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def _in_words(
    service: AnyService,
    resolved: ResolvedRequest,
    messages: list[dict[str, Any]],
    refused: Mapping[str, Any],
    adaptations: list[Adaptation],
) -> list[dict[str, Any]]:
    """The messages with a text that asks for the format: it "is not supported when used in combination with documents or
    tools" (docs.cohere.com, Chat, response_format, read 2026-11-29)."""
    kind = "json_schema" if "json_schema" in refused else "json_object"
    reason = "Cohere has no response format beside tools; the prompt asks for it"
    adaptations.append(changed("response_format", reason, kind))
    text = JSON_INSTRUCTION
    if "json_schema" in refused:
        schema = ok(encode(refused["json_schema"], provider=service.name)).decode()
        text = f"Answer with JSON of this JSON Schema, and with nothing else.\n{schema}"
    return [{"role": "system", "content": text}, *messages]


def _fields(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """All fields but model and messages."""
    fields = _tools(service, resolved, adaptations)
    match resolved.response_format:
        case JsonFormat():
            fields["response_format"] = {"type": "json_object"}
        case SchemaFormat(schema=schema, description=description):
            fields["response_format"] = {"type": "json_object", "json_schema": schema}
            if description is not None:
                reason = "Cohere takes a schema without a description"
                adaptations.append(dropped("response_format/description", reason, description))
        case None:
            pass
    settings, setting_adaptations = adapt(resolved.settings, resolved.user_set, _EVERY_MODEL)
    adaptations += setting_adaptations
    limit_stops(settings, _MAX_STOPS, service.name, adaptations)
    fields |= {key: settings[name] for name, key in _SETTING_KEYS.items() if name in settings}
    if "logprobs" in settings:
        fields["logprobs"] = True
        if settings["logprobs"] is not True:
            reason = "Cohere returns no alternative tokens"
            adaptations.append(changed("logprobs", reason, settings["logprobs"], True))
    fields |= _thinking(resolved, adaptations)
    fields |= encode_options(resolved, {}, service.name, adaptations)
    if resolved.metadata:
        adaptations.append(dropped("metadata", "Cohere does not store metadata"))
    if resolved.stream:
        fields["stream"] = True
    return fields


def _thinking(resolved: ResolvedRequest, adaptations: list[Adaptation]) -> dict[str, Any]:
    """`thinking`: {type: enabled | disabled, token_budget?}. Nothing without a ReasoningRequest."""
    request = resolved.reasoning
    if request is None:
        return {}
    enabled = request.enabled and request.effort != "none"
    if profile_for(_RULES, resolved.model).reasoning == "none":
        if enabled:
            reason = f"{resolved.model} has no reasoning to ask for"
            adaptations.append(dropped("reasoning", reason))
        return {}
    if not enabled:
        return {"thinking": {"type": "disabled"}}
    thinking: dict[str, Any] = {"type": "enabled"}
    if request.budget_tokens is not None:
        thinking["token_budget"] = request.budget_tokens
        adaptations += not_both(
            request, request.effort, "Cohere takes a budget in tokens, no efforts"
        )
    elif request.effort is not None:
        reason = "Cohere takes a budget in tokens or none, no efforts"
        adaptations.append(changed("reasoning", reason, request.effort, "enabled"))
    return {"thinking": thinking}


def _tools(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """tools, strict_tools, tool_choice. For a choice by name, only that tool is sent, and required."""
    tools = resolved.tools
    choice = resolved.tool_choice
    if isinstance(choice, NamedToolChoice):
        named = tuple(
            [tool for tool in tools if isinstance(tool, Tool) and tool.name == choice.name]
        )
        if named:
            tools, choice = named, "required"
            reason = "Cohere cannot select a tool by name; only this tool is sent, and a call is required"
            adaptations.append(changed("tool_choice", reason))
        else:
            reason = f"there is no tool {choice.name!r}"
            adaptations.append(dropped("tool_choice", reason, choice.name))
            choice = None
    encoded, unsupported = wire_tools(service.name, [_without_strict(tool) for tool in tools])
    adaptations += unsupported
    if not encoded:
        adaptations += dropped_tool_choice(resolved) if choice == "required" else ()
        return {}
    fields: dict[str, Any] = {"tools": encoded}
    strict_marks = [tool.strict for tool in tools if isinstance(tool, Tool)]
    if any(strict_marks):
        fields["strict_tools"] = True
        if not all(strict_marks):
            reason = "Cohere enforces all tool schemas or none; strict_tools is on"
            adaptations.append(changed("tools", reason))
    if choice in ("required", "none"):
        fields["tool_choice"] = str(choice).upper()
    if resolved.parallel_tool_calls is False:
        reason = "Cohere cannot be limited to one call at a time"
        adaptations.append(dropped("parallel_tool_calls", reason, False))
    return fields


def _without_strict(tool: Tool | NativeTool) -> Tool | NativeTool:
    """The tool without `strict`, which Cohere has for all tools together."""
    return msgspec.structs.replace(tool, strict=None) if isinstance(tool, Tool) else tool
