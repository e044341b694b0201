"""ChatRequest -> POST .../{model}:generateContent, or :streamGenerateContent?alt=sse.

Source: ai.google.dev, "Generating content" (v1beta); google-genai 3.4.0; read 2026-11-20.
"""

import re
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import (
    added,
    changed,
    clamped,
    dropped,
    dropped_tool_mark,
)
from llm_pure.adapters.dialects.common.json_objects import JSON_INSTRUCTION, merge_objects
from llm_pure.adapters.dialects.common.legacy_functions import function_of
from llm_pure.adapters.dialects.gemini_content.messages import encode_messages
from llm_pure.adapters.dialects.gemini_content.models import PROFILES
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.adapters.dialects.gemini_content.thinking import thinking_config
from llm_pure.core.adaptations import (
    Adaptation,
    MetadataLimits,
    ModelProfile,
    adapt,
    fit_metadata,
    profile_for,
    reasoning_enabled,
)
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    dropped_tool_choice,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import Service, build_post, require_lossless
from llm_pure.framing.json_codec import encode
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import GEMINI, GEMINI_TOOL_NAME, SchemaProfiles
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.http import Headers
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import (
    AllowedTools,
    ChatRequest,
    JsonFormat,
    JsonSchema,
    NamedToolChoice,
    ResponseFormat,
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

_MAX_FUNCTIONS = 512
"""\"At most 512 function declarations can be specified." (google-gemini/gemini-cli#19083, #25440), read 2026-11-30."""

_LABELS = MetadataLimits(
    max_pairs=64,
    key=re.compile(r"[a-z][a-z0-9_-]{0,62}"),
    value=re.compile(r"[a-z0-9_-]{0,63}"),
    source="cloud.google.com, Gemini API in Vertex AI, labels: lower case, at most 63 characters; as generally known on 2026-11-30, unconfirmed",
)

_SCHEMAS = SchemaProfiles(tools=GEMINI, responses=GEMINI, tool_name=GEMINI_TOOL_NAME)

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
    headers: Headers = ()
    tier, word = request.service_tier, service.quirks.tier_header
    if word and isinstance(tier, str):
        request = replace(request, service_tier=None)
        if word.has("service_tier", tier, service.name, adaptations):
            headers = ((word.path, tier),)
    resolved, body = chat_body(service, config, request, adaptations)
    if strict:
        require_lossless(service, adaptations)
    method = "streamGenerateContent?alt=sse" if resolved.stream else "generateContent"
    url = ok(service.url_for(config, resolved.model, method))
    accept = "text/event-stream" if resolved.stream else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept, headers=headers)


def chat_body(
    service: Service[Quirks],
    config: LLMConfig,
    request: ChatRequest,
    adaptations: list[Adaptation],
) -> tuple[ResolvedRequest, dict[str, Any]]:
    """The resolved request and its body with `extra` merged in; used by `build_count` too. Raises Rejected."""
    resolved = ok(resolve_request(config, request, provider=service.name))
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    fitted.require_schema(service.name)
    resolved = fitted.request
    profile = profile_for(PROFILES, resolved.model)
    body = encode_messages(service, profile, resolved.messages, adaptations)
    adaptations += fitted.adaptations
    body |= _tools(service, profile, resolved, adaptations)
    generation, instruction = _generation_config(
        service, profile, resolved, adaptations, has_tools="tools" in body
    )
    if instruction:
        body = with_instruction(body, instruction, profile)
    if generation:
        body["generationConfig"] = generation
    if resolved.options:
        options = encode_options(resolved, service.quirks.options, service.name, adaptations)
        body = merge_objects(body, _without_audio_format(resolved, options, adaptations))
        _check_cached_content(service, body)
    if resolved.metadata and service.quirks.labels:
        body["labels"] = fit_metadata(resolved.metadata, _LABELS, adaptations)
    elif resolved.metadata:
        adaptations.append(dropped("metadata", f"{service.name} does not store metadata"))
    return resolved, merge_extra(body, resolved, adaptations)


def _without_audio_format(
    resolved: ResolvedRequest, options: dict[str, Any], adaptations: list[Adaptation]
) -> dict[str, Any]:
    audio = resolved.options.get("audio")
    if audio is not None and audio.format is not None:
        adaptations.append(
            dropped("audio/format", "Gemini speaks 24 kHz PCM, without a choice", audio.format)
        )
    return options


def _check_cached_content(service: Service[Quirks], body: dict[str, Any]) -> None:
    """Raise Rejected with InvalidRequest for what the service refuses beside a cached content."""
    if "cachedContent" not in body:
        return
    beside = [key for key in ("systemInstruction", "tools", "toolConfig") if key in body]
    if beside:
        message = f"cached_content cannot stand beside {', '.join(beside)}: put them into the cached content"
        raise Rejected(
            InvalidRequest(message=message, param="cached_content", provider=service.name)
        )


def with_instruction(
    body: dict[str, Any], instruction: str, profile: ModelProfile
) -> dict[str, Any]:
    """The body with a text at the end of systemInstruction, or of the first turn for models without it."""
    part = {"text": instruction}
    if profile.traits.get("system_role") == "user":
        first, *others = body["contents"]
        return {**body, "contents": [{**first, "parts": [*first["parts"], part]}, *others]}
    system = body.get("systemInstruction", {})
    return {**body, "systemInstruction": {**system, "parts": [*system.get("parts", ()), part]}}


def _generation_config(
    service: Service[Quirks],
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    has_tools: bool,
) -> tuple[dict[str, Any], str]:
    """(generationConfig, an instruction in place of the response format beside tools)"""
    thinking = thinking_config(profile, resolved, adaptations)
    settings, setting_adaptations = adapt(
        resolved.settings,
        resolved.user_set,
        _of_service(service, profile, resolved),
        reasoning=reasoning_enabled(profile, resolved.reasoning),
    )
    adaptations += setting_adaptations
    if profile.traits.get("own_temperature") and "temperature" not in resolved.user_set:
        settings.pop("temperature", None)
    stop = settings.get("stop", ())
    if len(stop) > _MAX_STOP:
        settings["stop"] = stop[:_MAX_STOP]
        adaptations.append(clamped("stop", f"at most {_MAX_STOP} stop sequences are supported"))
    config = {key: settings[name] for name, key in _SETTING_KEYS.items() if name in settings}
    if "logprobs" in settings:
        config["responseLogprobs"] = True
        if settings["logprobs"] is not True:
            config["logprobs"] = settings["logprobs"]
    instruction = ""
    traits = profile.traits
    refuses = not traits.get("json", True) or (has_tools and not traits.get("combines"))
    if resolved.response_format is not None and refuses:
        reason = _NO_JSON_MODE if not traits.get("json", True) else _NO_FORMAT_BESIDE_TOOLS
        instruction = _in_words(service, resolved.response_format, reason, adaptations)
    else:
        config |= _format(resolved.response_format)
    if thinking:
        config["thinkingConfig"] = thinking
    return config, instruction


def _format(response_format: ResponseFormat | None) -> dict[str, Any]:
    match response_format:
        case JsonFormat():
            return {"responseMimeType": "application/json"}
        case SchemaFormat():
            schema = _schema(response_format)
            return {"responseMimeType": "application/json", "responseJsonSchema": schema}
        case None:
            return {}


_NO_FORMAT_BESIDE_TOOLS = (
    "before Gemini 3 there is no response format beside tools; the prompt asks for it"
)
"""\"Function calling with a response mime type: 'application/json' is unsupported\" (python-genai#867, symfony/ai#803,
read 2026-11-29)."""

_NO_JSON_MODE = "the model has no JSON mode; the prompt asks for it"


def _of_service(
    service: Service[Quirks], profile: ModelProfile, resolved: ResolvedRequest
) -> ModelProfile:
    """The profile with what the service does not support of models that think."""
    unsupported = service.quirks.unsupported
    if not service.quirks.several_candidates and profile.traits.get("thinking") == "level":
        profile = replace(profile, ranges={**profile.ranges, "n": (1, 1)})
    if unsupported.keys().isdisjoint(resolved.settings) or "thinking" not in profile.traits:
        return profile
    return replace(profile, unsupported={**profile.unsupported, **unsupported})


def _in_words(
    service: Service[Quirks],
    response_format: ResponseFormat,
    reason: str,
    adaptations: list[Adaptation],
) -> str:
    """The text that asks for the format, where the model refuses it for this reason."""
    if isinstance(response_format, JsonFormat):
        adaptations.append(changed("response_format", reason, "json_object"))
        return JSON_INSTRUCTION
    adaptations.append(changed("response_format", reason, "json_schema"))
    schema = ok(encode(_schema(response_format), provider=service.name)).decode()
    return f"Answer with JSON of this JSON Schema, and with nothing else.\n{schema}"


def _schema(schema_format: SchemaFormat) -> JsonSchema:
    """The schema, with the format's description inside, since the API has no other field for it."""
    if schema_format.description is None or "description" in schema_format.schema:
        return schema_format.schema
    return {**schema_format.schema, "description": schema_format.description}


def _tools(
    service: Service[Quirks],
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    """{tools?, toolConfig?}. Raises Rejected for functions beside hosted tools, where they are refused."""
    calls_functions = profile.traits.get("functions", True)
    functions: list[dict[str, Any]] = []
    native: list[dict[str, Any]] = []
    if not calls_functions and any(isinstance(tool, Tool) for tool in resolved.tools):
        adaptations.append(dropped("tools", f"{resolved.model} calls no functions"))
    for index, tool in enumerate(resolved.tools):
        if isinstance(tool, Tool) and not calls_functions:
            continue
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
    if len(functions) > _MAX_FUNCTIONS:
        message = f"{service.name} takes at most {_MAX_FUNCTIONS} tools, not {len(functions)}"
        raise Rejected(InvalidRequest(message=message, param="tools", provider=service.name))
    encoded = ([{"functionDeclarations": functions}] if functions else []) + native
    fields: dict[str, Any] = {"tools": encoded} if encoded else {}
    if not functions:
        adaptations += dropped_tool_choice(resolved)
    elif calling := _calling_config(resolved):
        fields["toolConfig"] = {"functionCallingConfig": calling}
    if functions and any("functionDeclarations" not in tool for tool in native):
        _combine(service, profile, resolved.model, fields, adaptations)
    return fields


def _combine(
    service: Service[Quirks],
    profile: ModelProfile,
    model: str,
    fields: dict[str, Any],
    adaptations: list[Adaptation],
) -> None:
    """Add what the service needs for functions beside hosted tools.

    "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling"
    (cloudwego/eino-ext#761, genkit#4970), with which there is no mode AUTO; Vertex AI has no such field (strands-agents
    harness-sdk#3646), and models before Gemini 3 refuse both together: "Tool use with function calling is unsupported".
    Source: ai.google.dev, Tool combination; read 2026-11-30.
    """
    if not profile.traits.get("combines"):
        message = f"{service.name} does not support functions beside hosted tools for {model}"
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature="tools"))
    if not service.quirks.combines_hosted_tools:
        return
    config = fields.get("toolConfig", {})
    calling = config.get("functionCallingConfig", {})
    if calling.get("mode") == "AUTO":
        config = {**config, "functionCallingConfig": {**calling, "mode": "VALIDATED"}}
    fields["toolConfig"] = {**config, "includeServerSideToolInvocations": True}
    reason = "functions beside hosted tools need it"
    adaptations.append(added("toolConfig/includeServerSideToolInvocations", reason, True))


def _calling_config(resolved: ResolvedRequest) -> dict[str, Any]:
    """The mode. In ANY, arguments always follow the schema; VALIDATED is AUTO with the same guarantee."""
    match resolved.tool_choice:
        case NamedToolChoice(name=name):
            return {"mode": "ANY", "allowedFunctionNames": [name]}
        case AllowedTools(names=names, mode=mode):
            # names are allowed in the modes ANY and VALIDATED only
            kind = "ANY" if mode == "required" else "VALIDATED"
            return {"mode": kind, "allowedFunctionNames": list(names)}
        case "none" | "required" as choice:
            return {"mode": _MODES[choice]}
        case choice:
            if any(isinstance(tool, Tool) and tool.strict for tool in resolved.tools):
                return {"mode": "VALIDATED"}
            return {"mode": _MODES[choice]} if choice else {}
