"""ChatRequest -> POST .../{model}:generateContent, or :streamGenerateContent?alt=sse.

Source: ai.google.dev, "Generating content" (v1beta); google-genai 3.4.0; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.gemini_content.messages import wire_contents
from llm_pure.adapters.dialects.gemini_content.models import RULES
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.adapters.dialects.gemini_content.thinking import thinking_config
from llm_pure.core.adaptations import (
    Adaptation,
    ModelProfile,
    adapt,
    profile_for,
    reasoning_enabled,
    strict_error,
)
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice, resolve_request
from llm_pure.core.urls import post_json
from llm_pure.schema.fit import SchemaProfiles, fit_schemas
from llm_pure.schema.profiles import GEMINI
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    JsonSchema,
    NamedToolChoice,
    NativeTool,
    SchemaFormat,
    Tool,
)
from llm_pure.types.result import Failure, LLMResult, Success

_SETTING_KEYS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "n": "candidateCount",
    "max_tokens": "maxOutputTokens",
    "stop": "stopSequences",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
"""Settings that only have another name on the wire. logprobs is written apart."""

_STOP_LIMIT = 5
"""Stop sequences that are taken. As generally known on 2026-11-20; unconfirmed."""

_SCHEMAS = SchemaProfiles(tools=GEMINI, answers=GEMINI)

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


class Body(msgspec.Struct, frozen=True):
    """A request's body, and what could not be written as it was asked."""

    model: str
    stream: bool
    fields: dict[str, Any]
    adaptations: tuple[Adaptation, ...]


def build_chat(
    name: str, quirks: Quirks, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST .../{model}:generateContent; for a stream :streamGenerateContent?alt=sse, with the same body.

    Body: {contents[], systemInstruction?, tools[]?, toolConfig?, generationConfig?, labels?}. `extra` is merged last,
    key by key inside of objects. Fails with InvalidConfiguration (no model, bad URL, no project), InvalidRequest
    (messages that cannot be read, arguments that are no object, a tool result of an unknown function), UnsupportedFeature (a
    part that Gemini cannot carry; with `strict` also everything that would be dropped or changed).
    """
    made = chat_body(name, quirks, config, request)
    if isinstance(made, Failure):
        return made
    body = made.unwrap()
    lost = strict_error(body.adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    method = "streamGenerateContent?alt=sse" if body.stream else "generateContent"
    url = quirks.place(config, body.model, method)
    if isinstance(url, Failure):
        return url
    accept = "text/event-stream" if body.stream else "application/json"
    return post_json(config, url.unwrap(), body.fields, provider=name, accept=accept).map(
        lambda sent: Built(request=sent, adaptations=body.adaptations)
    )


def chat_body(
    name: str, quirks: Quirks, config: LLMConfig, request: ChatRequest
) -> LLMResult[Body]:
    """The body of a chat, `extra` merged in; the count of its tokens needs it too."""
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    fitted = fit_schemas(drafted.unwrap(), _SCHEMAS, provider=name)
    if isinstance(fitted, Failure):
        return Failure(fitted.failure())
    call = fitted.unwrap().request
    rule = profile_for(RULES, call.model)
    spoken = wire_contents(name, quirks, rule, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    said = spoken.unwrap()
    fields: dict[str, Any] = {"contents": said.contents}
    if said.system:
        fields["systemInstruction"] = {"parts": said.system}
    tools, tools_told = _tools(name, call)
    generation, generation_told = _generation_config(rule, call)
    fields |= tools
    if generation:
        fields["generationConfig"] = generation
    told = (*said.adaptations, *fitted.unwrap().adaptations, *tools_told, *generation_told)
    if call.metadata and quirks.labels:
        fields["labels"] = dict(call.metadata)
    elif call.metadata:
        reason = f"{name} keeps no metadata with a call"
        told += (Adaptation(field="metadata", action="dropped", reason=reason),)
    return Success(Body(call.model, call.stream, merged(fields, call.extra), told))


def merged(fields: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with more put over them; objects are merged key by key, all else is replaced."""
    result = dict(fields)
    for key, value in more.items():
        before = result.get(key)
        both = isinstance(before, dict) and isinstance(value, Mapping)
        result[key] = merged(before, value) if both and before else value
    return result


def _generation_config(
    rule: ModelProfile, call: ResolvedRequest
) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    thinking, told = thinking_config(rule, call)
    settings, dropped = adapt(
        call.settings, call.user_set, rule, reasoning=reasoning_enabled(rule, call.reasoning)
    )
    told += dropped
    stop = settings.get("stop", ())
    if len(stop) > _STOP_LIMIT:
        settings["stop"] = stop[:_STOP_LIMIT]
        reason = f"at most {_STOP_LIMIT} stop sequences are taken"
        told += (Adaptation(field="stop", action="clamped", reason=reason),)
    config = {key: settings[one] for one, key in _SETTING_KEYS.items() if one in settings}
    if "logprobs" in settings:
        config["responseLogprobs"] = True
        if settings["logprobs"] is not True:
            config["logprobs"] = settings["logprobs"]
    match call.response_format:
        case JsonFormat():
            config["responseMimeType"] = "application/json"
        case SchemaFormat() as wanted:
            config["responseMimeType"] = "application/json"
            config["responseJsonSchema"] = _schema(wanted)
        case None:
            pass
    if thinking is not None:
        config["thinkingConfig"] = thinking
    return config, told


def _schema(wanted: SchemaFormat) -> JsonSchema:
    """The schema; what describes it goes into it, since there is no other place. Schemas are always strict here."""
    if wanted.description is None or "description" in wanted.schema:
        return wanted.schema
    return {**wanted.schema, "description": wanted.description}


def _tools(name: str, call: ResolvedRequest) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    functions: list[dict[str, Any]] = []
    native: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if isinstance(tool, Tool):
            functions.append(_function(tool))
        elif tool.provider == name:
            native.append(tool.json)
        else:
            reason = f"it is a tool of {tool.provider}'s own"
            told.append(Adaptation(field=f"tools/{place}", action="dropped", reason=reason))
    if call.parallel_tool_calls is False and functions:
        reason = f"{name} cannot be kept from calling several functions at once"
        told.append(Adaptation(field="parallel_tool_calls", action="dropped", reason=reason))
    wire = ([{"functionDeclarations": functions}] if functions else []) + native
    fields: dict[str, Any] = {"tools": wire} if wire else {}
    if not functions:
        told += dropped_tool_choice(call)
    calling = _calling_config(call) if functions else {}
    if calling:
        fields["toolConfig"] = {"functionCallingConfig": calling}
    return fields, tuple(told)


def _function(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parametersJsonSchema"] = tool.parameters
    return function


def _calling_config(call: ResolvedRequest) -> dict[str, Any]:
    """The mode. Arguments follow the schema to the letter in ANY; VALIDATED is AUTO with that promise."""
    match call.tool_choice:
        case NamedToolChoice(name=wanted):
            return {"mode": "ANY", "allowedFunctionNames": [wanted]}
        case "none" | "required" as word:
            return {"mode": _MODES[word]}
        case choice:
            strict = any(not isinstance(tool, NativeTool) and tool.strict for tool in call.tools)
            if strict:
                return {"mode": "VALIDATED"}
            return {"mode": _MODES[choice]} if choice else {}
