"""ChatRequest -> POST {base_url}/api/chat.

Source: ollama/ollama v0.33.0-rc2, api/types.go (ChatRequest, Options), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapt import Adaptation, ModelRule, adapt, lossy
from llm_pure.adapters.dialects.ollama_native.address import endpoint
from llm_pure.adapters.dialects.ollama_native.messages import dropped, wire_messages
from llm_pure.adapters.dialects.ollama_native.thinking import wire_think
from llm_pure.config import LLMConfig, differs_from_default
from llm_pure.draft import Draft, draft
from llm_pure.endpoint import post_json
from llm_pure.provider import Built
from llm_pure.request import ChatRequest, JsonFormat, NativeTool, SchemaFormat
from llm_pure.result import Failure, Parsed
from llm_pure.schema_dialects import OLLAMA_TOOLS
from llm_pure.schema_fit import SchemaRules, fit_schemas

_OPTIONS: Mapping[str, str] = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "repetition_penalty": "repeat_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "stop": "stop",
    "seed": "seed",
}
"""Settings -> keys of `options`. logprobs stands beside them."""

_REFUSES = ModelRule(
    prefix="",
    refuses={"n": "Ollama gives one answer"},
    source="ollama/ollama api/types.go, read 2026-11-20",
)


_SCHEMAS = SchemaRules(tools=OLLAMA_TOOLS)
"""`format` takes all of JSON Schema."""


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Parsed[Built]:
    """POST {base_url}/api/chat.

    Body: {model, messages[], stream, tools[]?, format?, think?, logprobs?, top_logprobs?, options?}. `stream` is always
    said, since it is on when it is not. config.context_length becomes options.num_ctx. `extra` goes last over the body, its
    `options` over the options.
    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (messages that cannot be read), Unsupported
    (a part that Ollama cannot carry; with `strict` also every setting that would be dropped).
    """
    drafted = draft(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    fitted = fit_schemas(call, _SCHEMAS, provider=name)
    if isinstance(fitted, Failure):
        return Failure(fitted.failure())
    call = fitted.unwrap().call
    spoken = wire_messages(name, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    messages, told = spoken.unwrap()
    tools, more = _tools(name, call)
    fields, dropped_settings = common_fields(config, call)
    body = {"model": call.model, "messages": messages, "stream": call.stream, **tools, **fields}
    adaptations = (*told, *fitted.unwrap().adaptations, *more, *dropped_settings)
    return posted(name, config, "chat", call, body, adaptations, strict=strict)


def posted(
    name: str,
    config: LLMConfig,
    path: str,
    call: Draft,
    body: dict[str, Any],
    adaptations: tuple[Adaptation, ...],
    *,
    strict: bool,
) -> Parsed[Built]:
    """The request with this body and the call's `extra` over it."""
    lost = lossy(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    url = endpoint(name, config, path)
    if isinstance(url, Failure):
        return url
    body = with_extra(body, call.extra)
    accept = "application/x-ndjson" if body.get("stream") else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda made: Built(request=made, adaptations=adaptations)
    )


def with_extra(body: dict[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """The body with `extra` over it; `options` is merged key by key, so that one more option does not drop the others."""
    merged = {**body, **(extra or {})}
    ours, theirs = body.get("options"), merged.get("options")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        merged["options"] = {**ours, **theirs}
    return merged


def common_fields(config: LLMConfig, call: Draft) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    """What /api/chat and /api/generate both take beside the words: format, think, logprobs, options."""
    fields: dict[str, Any] = {}
    told: list[Adaptation] = []
    match call.response_format:
        case JsonFormat():
            fields["format"] = "json"
        case SchemaFormat(schema=schema, description=description):
            fields["format"] = schema
            if description is not None:
                reason = "Ollama takes the schema alone"
                told.append(dropped("response_format/description", reason, description))
        case None:
            pass
    chosen = "reasoning" in call.explicit or differs_from_default(config, "reasoning_max_token")
    think, changed = wire_think(call.model, call.reasoning, explicit=chosen)
    told += changed
    if think is not None:
        fields["think"] = think
    settings, refused = adapt(call.settings, call.explicit, _REFUSES)
    told += refused
    if "logprobs" in settings:
        fields["logprobs"] = True
        if settings["logprobs"] is not True:
            fields["top_logprobs"] = settings["logprobs"]
    options = {key: settings[one] for one, key in _OPTIONS.items() if one in settings}
    if config.context_length is not None:
        options["num_ctx"] = config.context_length
    if options:
        fields["options"] = options
    if call.metadata:
        told.append(dropped("metadata", "Ollama keeps none"))
    return fields, tuple(told)


def _tools(name: str, call: Draft) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if isinstance(tool, NativeTool):
            if tool.provider == name:
                wire.append(tool.json)
            else:
                told.append(dropped(f"tools/{place}", f"it is a tool of {tool.provider}'s own"))
            continue
        function: dict[str, Any] = {"name": tool.name}
        if tool.description is not None:
            function["description"] = tool.description
        function["parameters"] = tool.parameters
        wire.append({"type": "function", "function": function})
        if tool.strict:
            reason = "Ollama does not hold a model to a tool's schema"
            told.append(dropped(f"tools/{place}/strict", reason, True))
    choice = call.tool_choice
    if choice == "none" and wire:
        wire = []
        reason = "Ollama has no tool_choice; no tool is called when none is sent"
        told.append(Adaptation(field="tool_choice", action="changed", reason=reason, before=choice))
    elif choice is not None and choice != "auto":
        told.append(dropped("tool_choice", "Ollama has no tool_choice", choice))
    if call.parallel_tool_calls is False:
        reason = "Ollama cannot be held to one call at a time"
        told.append(dropped("parallel_tool_calls", reason, False))
    return ({"tools": wire} if wire else {}), tuple(told)
