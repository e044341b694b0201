"""ChatRequest -> POST .../{model}:generateContent, or :streamGenerateContent?alt=sse.

Source: ai.google.dev, "Generating content" (v1beta); google-genai 3.4.0; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import clamped, dropped, dropped_tool_mark
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.common.legacy_functions import function_of
from llm_pure.adapters.dialects.gemini_content.messages import encode_messages
from llm_pure.adapters.dialects.gemini_content.models import PROFILES
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.adapters.dialects.gemini_content.thinking import thinking_config
from llm_pure.core.adaptations import (
    Adaptation,
    ModelProfile,
    adapt,
    profile_for,
    reasoning_enabled,
)
from llm_pure.core.dialect import Service, build_post, require_lossless
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice, resolve_request
from llm_pure.schema.fit import SchemaProfiles, fit_schemas
from llm_pure.schema.profiles import GEMINI
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    JsonSchema,
    NamedToolChoice,
    SchemaFormat,
    Tool,
)

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
"""Settings -> fields of generationConfig, but for logprobs."""

_MAX_STOP = 5
"""Maximum number of stop sequences. As generally known on 2026-11-20; unconfirmed."""

_SCHEMAS = SchemaProfiles(tools=GEMINI, responses=GEMINI)

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


@returns_failure
def build_chat(
    service: Service[Quirks], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST .../{model}:generateContent; for a stream :streamGenerateContent?alt=sse, with the same body.

    Body: {contents[], systemInstruction?, tools[]?, toolConfig?, generationConfig?, labels?}. `extra` is merged last,
    key by key inside objects. Fails with InvalidConfiguration (no model, bad URL, no project), InvalidRequest (messages
    that cannot be read, arguments that are not an object, a tool result of an unknown function), UnsupportedFeature (a
    part that Gemini does not support; with `strict` also everything that would be dropped or changed).
    """
    adaptations: list[Adaptation] = []
    resolved, body = chat_body(service, config, request, adaptations)
    if strict:
        require_lossless(service, adaptations)
    method = "streamGenerateContent?alt=sse" if resolved.stream else "generateContent"
    url = ok(service.url_for(config, resolved.model, method))
    accept = "text/event-stream" if resolved.stream else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def chat_body(
    service: Service[Quirks],
    config: LLMConfig,
    request: ChatRequest,
    adaptations: list[Adaptation],
) -> tuple[ResolvedRequest, dict[str, Any]]:
    """The resolved request and its body with `extra` merged in; used by `build_count` too. Raises Rejected."""
    resolved = ok(resolve_request(config, request, provider=service.name))
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    resolved = fitted.request
    profile = profile_for(PROFILES, resolved.model)
    body = encode_messages(service, profile, resolved.messages, adaptations)
    adaptations += fitted.adaptations
    body |= _tools(service, resolved, adaptations)
    generation = _generation_config(profile, resolved, adaptations)
    if generation:
        body["generationConfig"] = generation
    if resolved.metadata and service.quirks.labels:
        body["labels"] = dict(resolved.metadata)
    elif resolved.metadata:
        adaptations.append(dropped("metadata", f"{service.name} does not store metadata"))
    return resolved, merge_objects(body, resolved.extra)


def _generation_config(
    profile: ModelProfile, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    thinking = thinking_config(profile, resolved, adaptations)
    settings, setting_adaptations = adapt(
        resolved.settings,
        resolved.user_set,
        profile,
        reasoning=reasoning_enabled(profile, resolved.reasoning),
    )
    adaptations += setting_adaptations
    stop = settings.get("stop", ())
    if len(stop) > _MAX_STOP:
        settings["stop"] = stop[:_MAX_STOP]
        adaptations.append(clamped("stop", f"at most {_MAX_STOP} stop sequences are supported"))
    config = {key: settings[name] for name, key in _SETTING_KEYS.items() if name in settings}
    if "logprobs" in settings:
        config["responseLogprobs"] = True
        if settings["logprobs"] is not True:
            config["logprobs"] = settings["logprobs"]
    match resolved.response_format:
        case JsonFormat():
            config["responseMimeType"] = "application/json"
        case SchemaFormat() as schema_format:
            config["responseMimeType"] = "application/json"
            config["responseJsonSchema"] = _schema(schema_format)
        case None:
            pass
    if thinking:
        config["thinkingConfig"] = thinking
    return config


def _schema(schema_format: SchemaFormat) -> JsonSchema:
    """The schema, with the format's description inside, since the API has no other field for it."""
    if schema_format.description is None or "description" in schema_format.schema:
        return schema_format.schema
    return {**schema_format.schema, "description": schema_format.description}


def _tools(
    service: Service[Quirks], resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """{tools?, toolConfig?}."""
    functions: list[dict[str, Any]] = []
    native: list[dict[str, Any]] = []
    for index, tool in enumerate(resolved.tools):
        if isinstance(tool, Tool):
            functions.append(function_of(tool, schema_key="parametersJsonSchema"))
            if tool.cache is not None:
                adaptations.append(dropped_tool_mark(index, service.name))
        elif tool.provider == service.name:
            native.append(tool.json)
        else:
            adaptations.append(dropped(f"tools/{index}", f"it is a tool of {tool.provider}'s own"))
    if resolved.parallel_tool_calls is False and functions:
        reason = f"{service.name} cannot be limited to one function call at a time"
        adaptations.append(dropped("parallel_tool_calls", reason))
    encoded = ([{"functionDeclarations": functions}] if functions else []) + native
    fields: dict[str, Any] = {"tools": encoded} if encoded else {}
    if not functions:
        adaptations += dropped_tool_choice(resolved)
    elif calling := _calling_config(resolved):
        fields["toolConfig"] = {"functionCallingConfig": calling}
    return fields


def _calling_config(resolved: ResolvedRequest) -> dict[str, Any]:
    """The mode. In ANY, arguments always follow the schema; VALIDATED is AUTO with the same guarantee."""
    match resolved.tool_choice:
        case NamedToolChoice(name=name):
            return {"mode": "ANY", "allowedFunctionNames": [name]}
        case "none" | "required" as choice:
            return {"mode": _MODES[choice]}
        case choice:
            if any(isinstance(tool, Tool) and tool.strict for tool in resolved.tools):
                return {"mode": "VALIDATED"}
            return {"mode": _MODES[choice]} if choice else {}
