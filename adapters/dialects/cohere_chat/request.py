"""ChatRequest -> POST {base_url}/v2/chat.

Source: cohere 7.3.1, v2/raw_client.py (chat, chat_stream), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapt import Adaptation, ModelRule, adapt, lossy, rule_for
from llm_pure.adapters.dialects.cohere_chat.address import endpoint
from llm_pure.adapters.dialects.cohere_chat.messages import wire_messages
from llm_pure.adapters.dialects.function_tools import wire_tools
from llm_pure.adapters.dialects.openai_effort import not_both, reasoning_told
from llm_pure.adapters.dialects.turns import dropped
from llm_pure.config import LLMConfig
from llm_pure.draft import Draft, draft, uncalled
from llm_pure.endpoint import post_json
from llm_pure.provider import Built
from llm_pure.request import ChatRequest, JsonFormat, NamedTool, NativeTool, SchemaFormat, Tool
from llm_pure.result import Failure, Parsed
from llm_pure.schema_dialects import COHERE_ANSWERS
from llm_pure.schema_fit import SchemaRules, fit_schemas

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
"""Settings -> fields. logprobs is written apart."""

_SOURCE = "cohere 7.3.1, v2/raw_client.py, read 2026-11-20"

_EVERY_MODEL = ModelRule(
    prefix="",
    refuses={
        "n": "Cohere gives one answer",
        "repetition_penalty": "Cohere has presence and frequency penalties alone",
    },
    bounds={
        "top_p": (0.01, 0.99),
        "top_k": (0, 500),
        "presence_penalty": (0, 1),
        "frequency_penalty": (0, 1),
    },
    source=_SOURCE,
)

_RULES: tuple[ModelRule, ...] = (
    ModelRule(
        prefix="command-r",
        reasoning="none",
        source="as generally known, unconfirmed; 2026-11-20",
    ),
    ModelRule(
        prefix="command-a-03-2025",
        reasoning="none",
        source="as generally known, unconfirmed; 2026-11-20",
    ),
)
"""Which models cannot think. Others take `thinking`, or refuse it with an error that says so."""


_SCHEMAS = SchemaRules(strict_tools=COHERE_ANSWERS, answers=COHERE_ANSWERS)


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Parsed[Built]:
    """POST {base_url}/v2/chat.

    Body: {model, messages[], tools[]?, strict_tools?, tool_choice?, response_format?, max_tokens?, temperature?, p?, k?,
    ..., logprobs?, thinking?, stream?}. documents, citation_options and safety_mode go in by `extra`.
    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (messages that cannot be read), Unsupported
    (a part that Cohere cannot carry; with `strict` also every setting that would be dropped).
    """
    drafted = draft(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    url = endpoint(name, config, "/v2/chat")
    if isinstance(url, Failure):
        return url
    fitted = fit_schemas(call, _SCHEMAS, provider=name)
    if isinstance(fitted, Failure):
        return Failure(fitted.failure())
    call = fitted.unwrap().call
    spoken = wire_messages(name, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    messages, told = spoken.unwrap()
    fields, more = _fields(name, call)
    adaptations = (*told, *fitted.unwrap().adaptations, *more)
    lost = lossy(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    body = {"model": call.model, "messages": messages, **fields, **call.extra}
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda made: Built(request=made, adaptations=adaptations)
    )


def _fields(name: str, call: Draft) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    """Everything but model and messages, and what could not be sent as asked."""
    fields, told = _tools(name, call)
    match call.response_format:
        case JsonFormat():
            fields["response_format"] = {"type": "json_object"}
        case SchemaFormat(schema=schema, description=description):
            fields["response_format"] = {"type": "json_object", "json_schema": schema}
            if description is not None:
                reason = "Cohere takes the schema alone"
                told.append(dropped("response_format/description", reason, description))
        case None:
            pass
    settings, refused = adapt(call.settings, call.explicit, _EVERY_MODEL)
    told += refused
    fields |= {key: settings[one] for one, key in _SETTING_KEYS.items() if one in settings}
    if "logprobs" in settings:
        fields["logprobs"] = True
        if settings["logprobs"] is not True:
            reason = "Cohere shows no alternatives"
            wanted = settings["logprobs"]
            told.append(
                Adaptation(
                    field="logprobs", action="changed", reason=reason, before=wanted, after=True
                )
            )
    fields |= _thinking(call, told)
    if call.metadata:
        told.append(dropped("metadata", "Cohere keeps none"))
    if call.stream:
        fields["stream"] = True
    return fields, tuple(told)


def _thinking(call: Draft, told: list[Adaptation]) -> dict[str, Any]:
    """`thinking`: {type: enabled | disabled, token_budget?}. Nothing when nothing was asked."""
    asked = call.reasoning
    if asked is None:
        return {}
    wanted = asked.enabled and asked.effort != "none"
    if rule_for(_RULES, call.model).reasoning == "none":
        if wanted:
            told.append(reasoning_told("dropped", f"{call.model} has no reasoning to ask for"))
        return {}
    if not wanted:
        return {"thinking": {"type": "disabled"}}
    thinking: dict[str, Any] = {"type": "enabled"}
    if asked.budget_tokens is not None:
        thinking["token_budget"] = asked.budget_tokens
        told += not_both(asked, asked.effort, "Cohere takes a budget in tokens, no efforts")
    elif asked.effort is not None:
        reason = "Cohere takes a budget in tokens or none, no efforts"
        told.append(reasoning_told("changed", reason, asked.effort, "enabled"))
    return {"thinking": thinking}


def _tools(name: str, call: Draft) -> tuple[dict[str, Any], list[Adaptation]]:
    """tools, strict_tools, tool_choice. A tool that is wanted by name is the only one sent, and required."""
    chosen = call.tools
    told: list[Adaptation] = []
    choice = call.tool_choice
    if isinstance(choice, NamedTool):
        only = tuple([one for one in chosen if isinstance(one, Tool) and one.name == choice.name])
        if only:
            chosen, choice = only, "required"
            reason = "Cohere takes no tool by name; it is the only one sent, and required"
            told.append(Adaptation(field="tool_choice", action="changed", reason=reason))
        else:
            told.append(dropped("tool_choice", f"there is no tool {choice.name!r}", choice.name))
            choice = None
    wire, left_out = wire_tools(name, [_unmarked(one) for one in chosen])
    told += left_out
    if not wire:
        return {}, [*told, *(uncalled(call) if choice == "required" else ())]
    fields: dict[str, Any] = {"tools": wire}
    marks = [one.strict for one in chosen if isinstance(one, Tool)]
    if any(marks):
        fields["strict_tools"] = True
        if not all(marks):
            reason = "Cohere holds the model to all schemas or to none; strict_tools is on"
            told.append(Adaptation(field="tools", action="changed", reason=reason))
    if choice in ("required", "none"):
        fields["tool_choice"] = str(choice).upper()
    if call.parallel_tool_calls is False:
        reason = "Cohere cannot be held to one call at a time"
        told.append(dropped("parallel_tool_calls", reason, False))
    return fields, told


def _unmarked(tool: Tool | NativeTool) -> Tool | NativeTool:
    """The tool without `strict`, which Cohere has for all tools together."""
    return msgspec.structs.replace(tool, strict=None) if isinstance(tool, Tool) else tool
