"""ChatRequest -> POST {base_url}/chat/completions, or the provider's own URL of this operation.

Source: openai/openai-openapi 2.3.0 (CreateChatCompletionRequest), read 2026-11-20.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import clamped, dropped, renamed
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.openai_chat.messages import encode_messages
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, quirks_for, schema_profiles
from llm_pure.adapters.dialects.openai_chat.reasoning import encode_reasoning
from llm_pure.adapters.dialects.openai_chat.reasoning_replay import carries_reasoning
from llm_pure.adapters.dialects.openai_chat.response_format import add_instruction, encode_format
from llm_pure.adapters.dialects.openai_chat.tools import encode_tools
from llm_pure.core.adaptations import Adaptation, ModelProfile, Settings, adapt
from llm_pure.core.dialect import Service, build_post, require_lossless
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, resolve_request
from llm_pure.schema.fit import fit_schemas
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

_PLAIN_SETTINGS = (
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "seed",
    "n",
)
"""Settings that are sent as they are, under the provider's name. max_tokens and logprobs are written apart."""


@returns_failure
def build_chat(
    service: Service[Quirks], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/chat/completions.

    Body: {model, messages[], max_tokens?, temperature?, ..., tools[]?, response_format?, stream?, stream_options?}.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (unreadable messages, a schema that is not JSON),
    UnsupportedFeature (a part that chat completions do not support; with `strict` also every loss of information).
    """
    resolved = ok(resolve_request(config, request, provider=service.name))
    url = ok(service.url_for(config, resolved.model, "/chat/completions"))
    profile, quirks = quirks_for(service.quirks, resolved.model, config.pricing_plan)
    service = replace(service, quirks=quirks)
    fitted = ok(fit_schemas(resolved, schema_profiles(quirks), provider=service.name))
    resolved = fitted.request
    adaptations: list[Adaptation] = []
    messages = encode_messages(
        service, resolved.messages, adaptations, model=resolved.model, models=profile.prefix
    )
    adaptations += fitted.adaptations
    reasoning = encode_reasoning(quirks, profile, resolved, adaptations)
    settings = _settings(service, profile, resolved, adaptations, reasoning=reasoning.enabled)
    tools = encode_tools(service, resolved, adaptations, reasoning=reasoning.enabled)
    options = _options(quirks, resolved, adaptations)
    fields = {**settings, **reasoning.fields, **tools}
    instruction = ""
    if resolved.response_format is not None:
        requested = encode_format(service, resolved.response_format, adaptations)
        fields |= requested.fields
        instruction = requested.instruction
    if strict:
        require_lossless(service, adaptations)
    fields |= options
    if quirks.replay_extra_fields and carries_reasoning(messages):
        fields = merge_objects(fields, quirks.replay_extra_fields)
    if instruction:
        messages = add_instruction(messages, instruction, quirks.system_role)
    body = {"model": resolved.model, "messages": messages, **fields, **resolved.extra}
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def _options(
    quirks: Quirks, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """`metadata`, `stream` and `stream_options`."""
    options: dict[str, Any] = {}
    if resolved.metadata and "metadata" in quirks.unsupported:
        adaptations.append(dropped("metadata", quirks.unsupported["metadata"]))
    elif resolved.metadata:
        options["metadata"] = dict(resolved.metadata)
    if resolved.stream:
        options["stream"] = True
        if quirks.include_usage:
            options["stream_options"] = {"include_usage": True}
    return options


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
    requested, fields = _replace_zero_temperature(quirks, resolved, adaptations)
    profile = replace(profile, unsupported=quirks.unsupported, ranges=quirks.ranges)
    settings, setting_adaptations = adapt(requested, user_set, profile, reasoning=reasoning)
    adaptations += setting_adaptations
    limit = quirks.max_stop_sequences
    stop = settings.get("stop", ())
    if limit is not None and len(stop) > limit:
        reason = f"{name} supports at most {limit} stop sequence{'s' if limit > 1 else ''}"
        adaptations.append(clamped("stop", reason, stop, stop[:limit]))
        settings["stop"] = stop[:limit]
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
