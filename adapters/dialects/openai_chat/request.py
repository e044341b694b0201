"""ChatRequest -> POST {base_url}/chat/completions, or wherever the service has it.

Source: openai/openai-openapi 2.3.0 (CreateChatCompletionRequest), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapt import Adaptation, ModelRule, adapt, lossy, reasons, rule_for
from llm_pure.adapters.dialects.openai_chat.messages import wire_messages
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_effort import effort_of, reasoning_told
from llm_pure.config import LLMConfig
from llm_pure.draft import Draft, draft
from llm_pure.endpoint import Locate, post_json
from llm_pure.provider import Built
from llm_pure.request import (
    ChatRequest,
    JsonFormat,
    NamedTool,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
)
from llm_pure.result import Failure, Parsed

_SETTING_KEYS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "repetition_penalty": "repetition_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "stop": "stop",
    "seed": "seed",
    "n": "n",
}
"""Settings that only have another name, or none, on the wire. max_tokens and logprobs are written apart."""


def build_chat(
    name: str,
    locate: Locate,
    quirks: Quirks,
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> Parsed[Built]:
    """POST {base_url}/chat/completions.

    Body: {model, messages[], max_tokens?, temperature?, ..., tools[]?, response_format?, stream?, stream_options?}.
    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (messages that cannot be read), Unsupported
    (a part that chat completions cannot carry; with `strict` also every setting that would be dropped).
    """
    drafted = draft(config, request)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    url = locate(config, call.model, "/chat/completions")
    if isinstance(url, Failure):
        return url
    rule = rule_for(quirks.rules, call.model, config.pricing_plan)
    spoken = wire_messages(name, quirks, rule, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    messages, message_adaptations = spoken.unwrap()
    fields, field_adaptations = _fields(name, quirks, rule, call)
    adaptations = (*message_adaptations, *field_adaptations)
    lost = lossy(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    body = {"model": call.model, "messages": messages, **fields, **call.extra}
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda made: Built(request=made, adaptations=adaptations)
    )


def _fields(
    name: str, quirks: Quirks, rule: ModelRule, call: Draft
) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    """Everything but model and messages, and what could not be sent as asked."""
    effort, told = _effort(quirks, rule, call)
    settings, dropped = adapt(
        call.settings,
        call.explicit,
        _with_refusals(rule, quirks),
        reasoning=reasons(rule, call.reasoning if effort != "none" else _NO_REASONING),
    )
    told += dropped
    fields: dict[str, Any] = {}
    if "max_tokens" in settings:
        limit = str(rule.facts.get("max_tokens_key", quirks.max_tokens_key))
        fields[limit] = settings["max_tokens"]
        if limit != "max_tokens" and "max_tokens" in call.explicit:
            told += (
                Adaptation(
                    field="max_tokens",
                    action="renamed",
                    reason=f"{name} calls it {limit}",
                    after=limit,
                ),
            )
    fields |= {key: settings[one] for one, key in _SETTING_KEYS.items() if one in settings}
    if "logprobs" in settings:
        fields["logprobs"] = True
        if settings["logprobs"] is not True:
            fields["top_logprobs"] = settings["logprobs"]
    if effort is not None:
        fields["reasoning_effort"] = effort
    tools, more = _tools(name, call)
    told += more
    fields |= tools
    match call.response_format:
        case JsonFormat():
            fields["response_format"] = {"type": "json_object"}
        case SchemaFormat() as wanted:
            fields["response_format"] = {"type": "json_schema", "json_schema": _schema(wanted)}
        case None:
            pass
    if call.metadata:
        fields["metadata"] = dict(call.metadata)
    if call.stream:
        fields["stream"] = True
        if quirks.include_usage:
            fields["stream_options"] = {"include_usage": True}
    return fields, told


_NO_REASONING = ReasoningRequest(enabled=False, effort="none")


def _with_refusals(rule: ModelRule, quirks: Quirks) -> ModelRule:
    return ModelRule(
        prefix=rule.prefix,
        refuses={**quirks.refuses, **rule.refuses},
        refuses_reasoning=rule.refuses_reasoning,
        bounds=rule.bounds,
    )


def _effort(
    quirks: Quirks, rule: ModelRule, call: Draft
) -> tuple[str | None, tuple[Adaptation, ...]]:
    """`reasoning_effort`, None when nothing is sent, and what was changed on the way.

    The fact `tools_refuse` of a rule: "effort", chat completions take no effort but none beside tools; "reasoning", the
    model's default effort counts too.
    """
    asked = call.reasoning
    if asked is not None and asked.enabled and quirks.reasoning_style == "none":
        return None, (reasoning_told("dropped", f"{call.model} has no reasoning to ask for"),)
    if quirks.reasoning_style == "none":
        return None, ()
    effort, told = effort_of(asked, rule, call.model)
    refused = rule.facts.get("tools_refuse")
    if call.tools and effort != "none" and (effort or refused == "reasoning") and refused:
        reason = f"{call.model} takes tools here only while it does not reason; Responses has both"
        return "none", (*told, reasoning_told("changed", reason, effort, "none"))
    return effort, told


def _tools(name: str, call: Draft) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if not isinstance(tool, NativeTool):
            function: dict[str, Any] = {"name": tool.name}
            if tool.description is not None:
                function["description"] = tool.description
            function["parameters"] = tool.parameters
            if tool.strict is not None:
                function["strict"] = tool.strict
            wire.append({"type": "function", "function": function})
        elif tool.provider == name:
            wire.append(tool.json)
        else:
            reason = f"it is a tool of {tool.provider}'s own"
            told.append(Adaptation(field=f"tools/{place}", action="dropped", reason=reason))
    fields: dict[str, Any] = {"tools": wire} if wire else {}
    if call.tool_choice is not None and wire:
        match call.tool_choice:
            case NamedTool(name=wanted):
                fields["tool_choice"] = {"type": "function", "function": {"name": wanted}}
            case word:
                fields["tool_choice"] = word
    if call.parallel_tool_calls is not None and wire:
        fields["parallel_tool_calls"] = call.parallel_tool_calls
    return fields, tuple(told)


def _schema(wanted: SchemaFormat) -> dict[str, Any]:
    schema: dict[str, Any] = {"name": wanted.name, "schema": wanted.schema}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return schema
