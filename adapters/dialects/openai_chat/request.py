"""ChatRequest -> POST {base_url}/chat/completions, or wherever the service has it.

Source: openai/openai-openapi 2.3.0 (CreateChatCompletionRequest), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_chat.messages import encode_messages
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, known_model, schema_rules
from llm_pure.adapters.dialects.openai_chat.reasoning import asked_reasoning
from llm_pure.adapters.dialects.openai_chat.reasoning_replay import beside_reasoning
from llm_pure.adapters.dialects.openai_chat.response_format import wanted_format, with_words
from llm_pure.adapters.dialects.openai_chat.tools import wire_tools
from llm_pure.core.adaptations import Adaptation, ModelProfile, Settings, adapt, strict_error
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, resolve_request
from llm_pure.core.urls import UrlFor, post_json
from llm_pure.schema.fit import fit_schemas
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

Told = tuple[Adaptation, ...]

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
"""Settings that go as they are, but for their name at some services. max_tokens and logprobs are written apart."""


def build_chat(
    name: str,
    url_for: UrlFor,
    quirks: Quirks,
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> LLMResult[Built]:
    """POST {base_url}/chat/completions.

    Body: {model, messages[], max_tokens?, temperature?, ..., tools[]?, response_format?, stream?, stream_options?}.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (a part that chat completions cannot carry; with `strict` also every setting that would be dropped).
    """
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    url = url_for(config, call.model, "/chat/completions")
    if isinstance(url, Failure):
        return url
    rule, quirks = known_model(quirks, call.model, config.pricing_plan)
    fitted = fit_schemas(call, schema_rules(quirks), provider=name)
    if isinstance(fitted, Failure):
        return Failure(fitted.failure())
    call = fitted.unwrap().request
    spoken = encode_messages(name, quirks, rule, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    messages, told = spoken.unwrap()
    formed = wanted_format(name, quirks, call.response_format)
    if isinstance(formed, Failure):
        return formed
    wanted = formed.unwrap()
    fields, more = _fields(name, quirks, rule, call, wanted.fields)
    adaptations = (*told, *fitted.unwrap().adaptations, *more, *wanted.told)
    lost = strict_error(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    body = {
        "model": call.model,
        "messages": with_words(messages, wanted.in_words, quirks.system_role),
        **beside_reasoning(quirks, messages, fields),
        **call.extra,
    }
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda made: Built(request=made, adaptations=adaptations)
    )


def _fields(
    name: str,
    quirks: Quirks,
    rule: ModelProfile,
    call: ResolvedRequest,
    response_format: Mapping[str, Any],
) -> tuple[dict[str, Any], Told]:
    """Everything but model and messages, and what could not be sent as asked."""
    thinking = asked_reasoning(quirks, rule, call)
    settings, told = _settings(name, quirks, rule, call, thinks=thinking.thinks)
    tools, more = wire_tools(name, quirks, call, thinks=thinking.thinks)
    told = thinking.told + told + more
    fields = {**settings, **thinking.fields, **tools, **response_format}
    if call.metadata and "metadata" not in quirks.unsupported:
        fields["metadata"] = dict(call.metadata)
    elif call.metadata:
        told += (
            Adaptation(field="metadata", action="dropped", reason=quirks.unsupported["metadata"]),
        )
    if call.stream:
        fields["stream"] = True
        if quirks.include_usage:
            fields["stream_options"] = {"include_usage": True}
    return fields, told


def _settings(
    name: str, quirks: Quirks, rule: ModelProfile, call: ResolvedRequest, *, thinks: bool
) -> tuple[dict[str, Any], Told]:
    """The sampling settings, under the service's names and within its bounds."""
    whole = msgspec.structs.replace(rule, unsupported=quirks.unsupported, ranges=quirks.ranges)
    asked, fields, told = _without_chance(quirks, call)
    settings, changed = adapt(asked, call.user_set, whole, reasoning=thinks)
    told += changed
    if "stop" in settings and quirks.max_stop_sequences is not None:
        settings["stop"], more = _fewer(name, settings["stop"], quirks.max_stop_sequences)
        told += more
    if "max_tokens" in settings:
        limit = quirks.max_tokens_key
        fields = {limit: settings["max_tokens"], **fields}
        if limit != "max_tokens" and "max_tokens" in call.user_set:
            told += (_renamed(name, "max_tokens", limit),)
    for one in _PLAIN_SETTINGS:
        if one in settings:
            key = quirks.renames.get(one, one)
            fields[key] = settings[one]
            if key != one and one in call.user_set:
                told += (_renamed(name, one, key),)
    return {**fields, **_logprobs(quirks, settings)}, told


def _without_chance(quirks: Quirks, call: ResolvedRequest) -> tuple[Settings, dict[str, Any], Told]:
    """Where a temperature of 0 is not taken, another field says the same."""
    if quirks.zero_temperature is None or call.settings.get("temperature") != 0:
        return call.settings, {}, ()
    if "temperature" in quirks.unsupported:
        return call.settings, {}, ()
    kept = {key: value for key, value in call.settings.items() if key != "temperature"}
    said = ", ".join(quirks.zero_temperature)
    told = Adaptation(
        field="temperature", action="renamed", reason=f"{said} says the same here", before=0
    )
    return kept, dict(quirks.zero_temperature), (told,) if "temperature" in call.user_set else ()


def _fewer(name: str, stops: tuple[str, ...], most: int) -> tuple[tuple[str, ...], Told]:
    if len(stops) <= most:
        return stops, ()
    reason = f"{name} takes {most} stop word{'s' if most > 1 else ''}"
    told = Adaptation(
        field="stop", action="clamped", reason=reason, before=stops, after=stops[:most]
    )
    return stops[:most], (told,)


def _logprobs(quirks: Quirks, settings: Settings) -> dict[str, Any]:
    wanted = settings.get("logprobs")
    if wanted is None:
        return {}
    if quirks.logprobs_is_count:
        return {"logprobs": int(wanted)}
    return {"logprobs": True} if wanted is True else {"logprobs": True, "top_logprobs": wanted}


def _renamed(name: str, field: str, key: str) -> Adaptation:
    return Adaptation(field=field, action="renamed", reason=f"{name} calls it {key}", after=key)
