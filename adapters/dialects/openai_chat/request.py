"""ChatRequest -> POST {base_url}/chat/completions, or the provider's own URL of this operation.

Source: openai/openai-openapi 2.3.0 (CreateChatCompletionRequest), read 2026-11-20.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import (
    changed,
    dropped,
    leave_out_long_stops,
    limit_stops,
    renamed,
)
from llm_pure.adapters.dialects.common.message_encoder import fit_marks
from llm_pure.adapters.dialects.openai_chat.messages import encode_messages
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, quirks_for, schema_profiles
from llm_pure.core.adaptations import (
    Adaptation,
    ModelProfile,
    Settings,
    adapt,
    apply_rules,
    fit_metadata,
    reasoning_enabled,
)
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import Service, build_post, require_lossless
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.late_module import LateModule
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import AllowedTools, ChatRequest, NamedToolChoice

if TYPE_CHECKING:
    from llm_pure.adapters.dialects.common import json_objects
    from llm_pure.adapters.dialects.openai_chat import reasoning, reasoning_replay, response_format
    from llm_pure.adapters.dialects.openai_chat import tools as tool_fields
    from llm_pure.core import request_fields
    from llm_pure.schema import fit
else:
    _DIALECTS = "llm_pure.adapters.dialects"
    json_objects = LateModule(f"{_DIALECTS}.common.json_objects")
    reasoning = LateModule(f"{_DIALECTS}.openai_chat.reasoning")
    reasoning_replay = LateModule(f"{_DIALECTS}.openai_chat.reasoning_replay")
    response_format = LateModule(f"{_DIALECTS}.openai_chat.response_format")
    tool_fields = LateModule(f"{_DIALECTS}.openai_chat.tools")
    request_fields = LateModule("llm_pure.core.request_fields")
    fit = LateModule("llm_pure.schema.fit")

_PLAIN_SETTINGS = (
    "temperature", "top_p", "top_k", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop",
    "seed", "n",
)  # fmt: skip
"""Settings that are sent as they are, under the provider's name. max_tokens and logprobs are written apart."""


_DEFAULTS = frozenset({"stream_options/include_usage"})
"""Fields that are sent without being requested."""


@returns_failure
def build_chat(
    service: Service[Quirks], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/chat/completions.

    Body: {model, messages[], max_tokens?, temperature?, ..., tools[]?, response_format?, stream?, stream_options?}.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (unreadable messages, a schema that is not JSON),
    UnsupportedFeature (a part that chat completions do not support; with `strict` also every loss of information).
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    profile, quirks = quirks_for(service.quirks, resolved.model, config.pricing_plan)
    service = replace(service, quirks=quirks)
    if quirks.stream_only and not resolved.stream and not resolved.extra.get("stream"):
        message = f"{resolved.model} only answers in streams; set stream=True"
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature="stream"))
    allowed = resolved.tool_choice if isinstance(resolved.tool_choice, AllowedTools) else None
    if allowed is not None:
        resolved = _with_mode(service, resolved, allowed, adaptations)
    url = ok(service.url_for(config, resolved.model, "/chat/completions"))
    schema_error = ""
    fit_changes: tuple[Adaptation, ...] = ()
    if resolved.tools or resolved.has_calls or resolved.response_format is not None:
        fitted = ok(fit.fit_schemas(resolved, schema_profiles(quirks), provider=service.name))
        resolved, schema_error = fitted.request, fitted.schema_error
        fit_changes = fitted.adaptations
    messages = encode_messages(
        service, resolved.messages, adaptations, model=resolved.model, models=profile.prefix
    )
    adaptations += fit_changes
    reasoning_fields, reasons = _reasoning(quirks, profile, resolved, adaptations)
    settings = _settings(service, profile, resolved, adaptations, reasoning=reasons)
    tools: dict[str, Any] = {}
    if resolved.tools or resolved.tool_choice is not None:
        tools = _tools(service, resolved, adaptations, reasoning=reasons)
    options = _options(service, resolved, adaptations)
    fields = {**settings, **reasoning_fields, **tools}
    instruction = ""
    if resolved.response_format is not None:
        refused = ""
        if not quirks.format_with_tools and "tools" in tools:
            refused = "beside tools"
        elif not quirks.format_with_reasoning and reasons:
            refused = "while the model reasons"
        requested = response_format.encode_format(
            service,
            resolved.response_format,
            adaptations,
            schema_error=schema_error,
            refused=refused,
        )
        fields |= requested.fields
        instruction = requested.instruction
    fields |= options
    if quirks.replay_extra_fields and reasoning_replay.carries_reasoning(messages):
        fields = json_objects.merge_objects(fields, quirks.replay_extra_fields)
    if instruction:
        messages = response_format.add_instruction(messages, instruction, quirks.system_role)
    body = {"model": resolved.model, "messages": messages, **fields}
    marks = quirks.turns.cache_marks
    if marks is not None and marks.key == "cache_control":
        fit_marks(_marked_blocks(body), "cache_control", adaptations)
    body = merge_extra(body, resolved, adaptations, defaults=_DEFAULTS)
    apply_rules(body, quirks.rules, adaptations)
    if "audio" in resolved.options and body.get("stream"):
        _stream_pcm(body, resolved, adaptations)
    if "response_format" in body and quirks.json_word:
        body = response_format.with_json_word(body, quirks.system_role, adaptations)
    if strict:
        require_lossless(service, adaptations)
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def _tools(
    service: Service[Quirks],
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    reasoning: bool,
) -> dict[str, Any]:
    """The fields of the tools and of their choice."""
    fields = tool_fields.encode_tools(service, resolved, adaptations, reasoning=reasoning)
    choice = resolved.tool_choice
    if isinstance(choice, AllowedTools) and "tools" in fields:
        fields["tool_choice"] = _allowed_choice(choice, fields["tools"])
    if isinstance(choice, NamedToolChoice) and "tool_choice" in fields:
        fields["tool_choice"] = _named_choice(choice.name, fields)
    return fields


def _reasoning(
    quirks: Quirks, profile: ModelProfile, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> tuple[dict[str, Any], bool]:
    """The reasoning fields, and whether the model will reason in this call."""
    if (
        resolved.reasoning is None
        and quirks.reasoning_default is None
        and not quirks.reasoning_needs_stream
        and not (resolved.tools and quirks.tools_conflict_with)
    ):
        return {}, reasoning_enabled(profile, None)
    return reasoning.encode_reasoning(quirks, profile, resolved, adaptations)


def _stream_pcm(
    body: dict[str, Any], resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> None:
    """Streamed audio is pcm16 only.

    The 400: 'audio.format' does not support 'wav' when stream=true. Supported values are: 'pcm16'
    (Agent-Field/agentfield#584, through OpenRouter); read 2026-11-30.
    """
    audio, requested = body.get("audio"), resolved.options["audio"].format
    if isinstance(audio, dict) and audio.get("format") == (requested or "wav"):
        if requested not in (None, "pcm16"):
            reason = "audio is streamed as pcm16 only"
            adaptations.append(changed("audio/format", reason, requested, "pcm16"))
        body["audio"] = {**audio, "format": "pcm16"}


def _with_mode(
    service: Service[Quirks],
    resolved: ResolvedRequest,
    allowed: AllowedTools,
    adaptations: list[Adaptation],
) -> ResolvedRequest:
    """The request with the mode of AllowedTools as its choice, and with these tools only where they cannot be named."""
    if service.quirks.allowed_tools:
        return resolved
    resolved, narrowed = request_fields.narrow_tools(resolved)
    adaptations += narrowed
    return resolved


def _named_choice(name: str, tools: dict[str, Any]) -> Any:
    """`tool_choice` as it is encoded, but for a custom tool, whose choice has its own type (openai 3.57.0)."""
    for tool in tools["tools"]:
        custom = tool.get("custom")
        if tool.get("type") == "custom" and isinstance(custom, dict) and custom.get("name") == name:
            return {"type": "custom", "custom": {"name": name}}
    return tools["tool_choice"]


def _allowed_choice(allowed: AllowedTools, tools: list[dict[str, Any]]) -> dict[str, Any]:
    """`tool_choice` of type allowed_tools (openai 3.57.0, ChatCompletionAllowedToolChoiceParam, read 2026-11-29)."""
    named = [tool for tool in tools if request_fields.tool_name(tool) in allowed.names]
    entries = [
        {"type": "function", "function": {"name": request_fields.tool_name(tool)}}
        if tool.get("type") == "function"
        else tool
        for tool in named
    ]
    return {"type": "allowed_tools", "allowed_tools": {"mode": allowed.mode, "tools": entries}}


def _options(
    service: Service[Quirks], resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """`metadata`, `stream`, `stream_options`, and the fields that few services have."""
    quirks = service.quirks
    options: dict[str, Any] = {}
    if resolved.options:
        options = encode_options(
            resolved, quirks.options, service.name, adaptations, quirks.unsupported
        )
    if resolved.metadata and "metadata" in quirks.unsupported:
        adaptations.append(dropped("metadata", quirks.unsupported["metadata"]))
    elif resolved.metadata:
        options["metadata"] = dict(resolved.metadata)
        if quirks.metadata_limits is not None:
            fitted = fit_metadata(resolved.metadata, quirks.metadata_limits, adaptations)
            options["metadata"] = fitted
    if resolved.stream:
        options["stream"] = True
        if quirks.include_usage:
            options["stream_options"] = {"include_usage": True}
    return options


def _marked_blocks(body: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """What can have a cache mark, in the order of the prompt: tools, the first system message, then the turns."""
    yield body.get("tools", [])
    contents = [message.get("content") for message in body["messages"]]
    if not (contents and body["messages"][0]["role"] in ("system", "developer")):
        yield []
    for content in contents:
        yield content if isinstance(content, list) else []


def _settings(
    service: Service[Quirks],
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    reasoning: bool,
) -> dict[str, Any]:
    """The sampling settings, under the provider's names and within its ranges."""
    name, quirks, user_set = service.name, service.quirks, resolved.user_set
    resolved = _without_greedy_conflicts(service, resolved, adaptations)
    requested, fields = _replace_zero_temperature(quirks, resolved, adaptations)
    settings, setting_adaptations = adapt(requested, user_set, profile, reasoning=reasoning)
    adaptations += setting_adaptations
    if quirks.max_stop_sequences is not None and "stop" in settings:
        limit_stops(settings, quirks.max_stop_sequences, name, adaptations)
    if quirks.max_stop_length is not None and "stop" in settings:
        leave_out_long_stops(settings, *quirks.max_stop_length, name, adaptations)
    if (
        "prediction" in resolved.options
        and quirks.max_tokens_key == "max_completion_tokens"
        and not (resolved.tools or "logprobs" in settings or "audio" in resolved.options)
        and "prediction" not in quirks.unsupported
    ):
        limit = settings.pop("max_tokens", None)
        if "max_tokens" in user_set:
            reason = "there is no limit of the output beside a prediction"
            adaptations.append(dropped("max_tokens", reason, limit))
    if "max_tokens" in settings:
        key = quirks.max_tokens_key
        fields = {key: settings["max_tokens"], **fields}
        if key != "max_tokens" and "max_tokens" in user_set:
            adaptations.append(renamed("max_tokens", f"{name} calls it {key}", after=key))
    for setting in _PLAIN_SETTINGS:
        if setting in settings:
            key = quirks.renames.get(setting, setting)
            fields[key] = settings[setting]
            if key != setting and setting in user_set:
                adaptations.append(renamed(setting, f"{name} calls it {key}", after=key))
    logprobs = settings.get("logprobs")
    if logprobs is not None:
        fields["logprobs"] = int(logprobs) if quirks.logprobs_is_count else True
        if logprobs is not True and not quirks.logprobs_is_count:
            fields["top_logprobs"] = logprobs
    return fields


def _without_greedy_conflicts(
    service: Service[Quirks], resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> ResolvedRequest:
    """The settings that may stand beside a temperature of 0; a default temperature gives way to what the user has set."""
    settings, names = resolved.settings, service.quirks.greedy_excludes
    if not names or settings.get("temperature") != 0:
        return resolved
    excluded = [name for name in names if settings.get(name, 1) != 1]
    if "temperature" not in resolved.user_set and resolved.user_set.intersection(excluded):
        excluded = ["temperature"]
    for name in excluded:
        if name in resolved.user_set:
            reason = f"{service.name} has no {name} beside a temperature of 0"
            adaptations.append(dropped(name, reason, settings[name]))
    kept = {name: value for name, value in settings.items() if name not in excluded}
    return replace(resolved, settings=kept)


def _replace_zero_temperature(
    quirks: Quirks, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> tuple[Settings, dict[str, Any]]:
    """The settings, and the fields that replace a temperature of 0 at providers that do not support it."""
    settings, fields = resolved.settings, quirks.zero_temperature
    if fields is None or settings.get("temperature") != 0 or "temperature" in quirks.unsupported:
        return settings, {}
    if "temperature" in resolved.user_set:
        reason = f"{', '.join(fields)} has the same effect"
        adaptations.append(renamed("temperature", reason, before=0))
    others = {setting: value for setting, value in settings.items() if setting != "temperature"}
    return others, dict(fields)
