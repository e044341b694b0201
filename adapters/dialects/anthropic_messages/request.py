"""ChatRequest -> POST {base_url}/v1/messages, and its body for hosts that carry it in another way.

Source: anthropic 2.11.0 (types/message_create_params.py), ../shared/wire/anthropic.md sections 2 and 9; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.messages import encode_messages
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks, rule_of, version_of
from llm_pure.adapters.dialects.anthropic_messages.thinking import Thinking, fitted, thinking_of
from llm_pure.adapters.dialects.anthropic_messages.tools import (
    schema_rules,
    wire_format,
    wire_tool_choice,
    wire_tools,
)
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt, strict_error
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice, resolve_request
from llm_pure.core.urls import base_url, post_json
from llm_pure.schema.fit import fit_schemas
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.http import Headers
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

Told = tuple[Adaptation, ...]


class Body(msgspec.Struct, frozen=True):
    """What is to be sent. model, stream: for hosts that say them in the path; `fields` names them where quirks say so."""

    model: str
    stream: bool
    fields: dict[str, Any]
    adaptations: Told = ()


def build_chat(
    name: str,
    default_url: str,
    quirks: Quirks,
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> LLMResult[Built]:
    """POST {base_url}/v1/messages, with the header `anthropic-version`.

    Fails with InvalidConfiguration (no model, bad URL), and as `build_body`.
    """
    made = build_body(name, quirks, config, request, strict=strict)
    if isinstance(made, Failure):
        return made
    body = made.unwrap()
    return post(name, default_url, quirks, config, "/v1/messages", body)


def post(
    name: str, default_url: str, quirks: Quirks, config: LLMConfig, path: str, body: Body
) -> LLMResult[Built]:
    """The body as a POST to a path below the base URL. A "/v1" at the base URL's end is not doubled."""
    url = base_url(config, default_url, provider=name)
    if isinstance(url, Failure):
        return url
    base = url.unwrap()
    if path.startswith("/v1/"):
        base = base.removesuffix("/v1")
    headers: Headers = ()
    if quirks.version_in == "header":
        headers = (("anthropic-version", version_of(quirks, config)),)
    accept = "text/event-stream" if body.stream else "application/json"
    return post_json(
        config, f"{base}{path}", body.fields, provider=name, accept=accept, headers=headers
    ).map(lambda made: Built(request=made, adaptations=body.adaptations))


def build_body(
    name: str, quirks: Quirks, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Body]:
    """{anthropic_version?, model?, max_tokens, system?, messages[], tools[]?, tool_choice?, temperature?, top_p?, top_k?,
    stop_sequences?, thinking?, output_config?, metadata?, stream?}, and request.extra over it.

    max_tokens is required here: config.max_token where the request says nothing. It is raised where a thinking budget
    leaves no room for the answer. A schema format goes to `output_config.format` where the model takes it, and into
    `system` in words elsewhere, or where it cannot be written as the API wants it.
    Fails with InvalidConfiguration (no model), InvalidRequest (messages that cannot be read, a tool's arguments that are
    no JSON object, a schema that is no JSON), UnsupportedFeature (a part without a form here; with `strict` also every loss).
    """
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    version = version_of(quirks, config)
    rule = rule_of(quirks, call.model, version)
    schemas = fit_schemas(call, schema_rules(rule), provider=name)
    if isinstance(schemas, Failure):
        return Failure(schemas.failure())
    call = schemas.unwrap().request
    spoken = encode_messages(name, quirks, rule, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    system, messages, told = spoken.unwrap()
    schema, words, more = wire_format(rule, call, schemas.unwrap().schema_error)
    if words is not None:
        system = [*system, {"type": "text", "text": words}]
    told += schemas.unwrap().adaptations + more
    thinking = thinking_of(call.reasoning, rule, call.model, config.reasoning_max_token)
    settings, more = _settings(rule, call, thinking)
    told += thinking.told + more
    thinking, max_tokens, more = fitted(thinking, settings.pop("max_tokens"), rule)
    told += more
    fields: dict[str, Any] = {"model": call.model, "max_tokens": max_tokens}
    if system:
        plain = len(system) == 1 and system[0].keys() == {"type", "text"}
        fields["system"] = system[0]["text"] if plain else system
    fields["messages"] = messages
    tools, more = _tools(name, quirks, rule, call, thinking)
    told += more
    metadata, more = _metadata(call)
    told += more
    fields |= {**tools, **settings}
    if thinking.config is not None:
        fields["thinking"] = thinking.config
    output = {"effort": thinking.effort, "format": schema}
    if any(output.values()):
        fields["output_config"] = {key: value for key, value in output.items() if value}
    fields |= metadata
    if call.stream:
        fields["stream"] = True
    lost = strict_error(told, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    return Success(_placed(quirks, config, version, {**fields, **call.extra}, told))


def _placed(
    quirks: Quirks, config: LLMConfig, version: str, fields: dict[str, Any], told: Told
) -> Body:
    """What this host wants in the body and what not."""
    model, stream = str(fields["model"]), bool(fields.get("stream"))
    if quirks.model_in == "path":
        del fields["model"]
    if not quirks.stream_in_body:
        fields.pop("stream", None)
    if quirks.version_in == "body":
        fields = {"anthropic_version": version, **fields}
    if quirks.betas_in_body:
        told_in_headers = [v for k, v in plain_headers(config) if k == "anthropic-beta"]
        betas = [one.strip() for one in ",".join(told_in_headers).split(",") if one.strip()]
        if betas:
            fields.setdefault("anthropic_beta", betas)
    return Body(model, stream, fields, told)


def _settings(
    rule: ModelProfile, call: ResolvedRequest, thinking: Thinking
) -> tuple[dict[str, Any], Told]:
    """max_tokens and the sampling settings under the wire's names."""
    settings = dict(call.settings)
    if settings.get("n") == 1:
        del settings["n"]
    if thinking.config is None:
        thinks = rule.reasoning in ("on", "always")
    else:
        thinks = thinking.config["type"] in ("enabled", "adaptive")
    if thinks:  # the API takes no other top_p beside thinking
        rule = msgspec.structs.replace(rule, ranges={**rule.ranges, "top_p": (0.95, 1.0)})
    settings, told = adapt(settings, call.user_set, rule, reasoning=thinks)
    if rule.traits.get("one_of") and "temperature" in settings and "top_p" in settings:
        loser = "top_p" if "temperature" in call.user_set else "temperature"
        before = settings.pop(loser)
        if loser in call.user_set:
            reason = f"{call.model} takes temperature or top_p, not both"
            told += (Adaptation(field=loser, action="dropped", reason=reason, before=before),)
    if "stop" in settings:
        asked = settings.pop("stop")
        kept = [one for one in asked if one.strip()]
        if kept:
            settings["stop_sequences"] = kept
        if len(kept) < len(asked):
            reason = "the API refuses stop sequences of nothing but white space"
            told += (
                Adaptation(field="stop", action="changed", reason=reason, before=asked, after=kept),
            )
    order = ("max_tokens", "temperature", "top_p", "top_k", "stop_sequences")
    return {key: settings[key] for key in order if key in settings}, told


def _tools(
    name: str, quirks: Quirks, rule: ModelProfile, call: ResolvedRequest, thinking: Thinking
) -> tuple[dict[str, Any], Told]:
    tools, told = wire_tools(name, quirks, rule, call)
    if not tools:
        return {}, told + dropped_tool_choice(call)
    by_budget = (thinking.config or {}).get("type") == "enabled"
    choice, more = wire_tool_choice(rule, call, thinks_by_budget=by_budget)
    fields: dict[str, Any] = {"tools": tools}
    if choice is not None:
        fields["tool_choice"] = choice
    return fields, told + more


def _metadata(call: ResolvedRequest) -> tuple[dict[str, Any], Told]:
    """The API keeps one thing with a call: `user_id`."""
    given = dict(call.metadata or {})
    kept = {key: value for key, value in given.items() if key == "user_id"}
    told = tuple(
        [
            Adaptation(
                field=f"metadata/{key}",
                action="dropped",
                reason="the API keeps user_id only",
                before=value,
            )
            for key, value in given.items()
            if key != "user_id"
        ]
    )
    return ({"metadata": kept} if kept else {}), told
