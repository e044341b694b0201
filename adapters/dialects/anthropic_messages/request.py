"""ChatRequest -> POST {base_url}/v1/messages, and its body for hosts such as Bedrock and Vertex AI.

Source: anthropic 2.11.0 (types/message_create_params.py), ../shared/wire/anthropic.md sections 2 and 9; read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.messages import encode_messages, is_plain_text
from llm_pure.adapters.dialects.anthropic_messages.models import refuses_forced
from llm_pure.adapters.dialects.anthropic_messages.quirks import (
    USER_ID,
    Quirks,
    profile_of,
    version_of,
)
from llm_pure.adapters.dialects.anthropic_messages.thinking import (
    Thinking,
    encode_thinking,
    fit_budget,
    without_budget,
)
from llm_pure.adapters.dialects.anthropic_messages.tools import (
    encode_format,
    encode_tool_choice,
    encode_tools,
    schema_profiles,
)
from llm_pure.adapters.dialects.common.adaptations import (
    dropped,
    keep_temperature_or_top_p,
    leave_out_blank_stops,
)
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.common.message_encoder import fit_marks
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    dropped_tool_choice,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import Service, build_post, require_lossless
from llm_pure.schema.fit import fit_schemas
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import Headers
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest, NamedToolChoice, NativeTool, Tool

BETA_HEADER = "anthropic-beta"

DEFAULT_MAX_TOKENS = 4096
"""The limit of a request without one, for models whose maximum is not known."""


class Body(msgspec.Struct, frozen=True):
    """An encoded body. `model` and `stream` are for URLs; the quirks decide whether `fields` has them too."""

    model: str
    stream: bool
    fields: dict[str, Any]
    adaptations: list[Adaptation]
    betas: tuple[str, ...] = ()
    """Names of beta features, for the header `anthropic-beta`; the configuration's are among them."""


@returns_failure
def build_chat(
    service: Service[Quirks], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/v1/messages, with the header `anthropic-version`. Body: see `build_body`.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (invalid messages, a tool's arguments that are
    not a JSON object, a schema that is not JSON), UnsupportedFeature (a part that the API does not support; with
    `strict` also every adaptation that loses information).
    """
    body = build_body(service, config, request, strict=strict)
    path = service.quirks.stream_path if body.stream else service.quirks.chat_path
    return build_post(
        service,
        with_betas(config, body.betas),
        ok(service.url_for(config, body.model, path)),
        body.fields,
        body.adaptations,
        accept="text/event-stream" if body.stream else "application/json",
        headers=version_header(service.quirks, config),
    )


def with_betas(config: LLMConfig, betas: tuple[str, ...]) -> LLMConfig:
    """The configuration with these names as its header `anthropic-beta`."""
    if not betas:
        return config
    others = [pair for pair in config.headers if pair[0].lower() != BETA_HEADER]
    return msgspec.structs.replace(config, headers=(*others, (BETA_HEADER, ",".join(betas))))


def version_header(quirks: Quirks, config: LLMConfig) -> Headers:
    """The header `anthropic-version`; none where the version is sent in the body."""
    if quirks.version_in == "body":
        return ()
    return (("anthropic-version", version_of(quirks, config)),)


def build_body(
    service: Service[Quirks], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Body:
    """{anthropic_version?, model?, max_tokens, system?, messages[], tools[]?, tool_choice?, temperature?, top_p?, top_k?,
    stop_sequences?, thinking?, output_config?, metadata?, stream?}, and request.extra over it, object by object; its
    `betas` go where the host reads them.

    max_tokens is required by the API: the default is the model's maximum. It is raised if a thinking budget leaves no room
    for the answer. A response schema becomes `output_config.format`, or an instruction in `system` for models without it.
    Raises Rejected where `build_chat` fails.
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name, allows_no_output=True))
    version = version_of(service.quirks, config)
    profile = profile_of(service.quirks, resolved.model, version)
    fitted = ok(fit_schemas(resolved, schema_profiles(profile), provider=service.name))
    resolved = fitted.request
    encoded = encode_messages(
        service, profile, resolved.messages, adaptations, model=resolved.model
    )
    system, messages = encoded.system, encoded.messages
    adaptations += fitted.adaptations
    schema_error = fitted.schema_error
    if resolved.response_format is not None:
        schema_error = schema_error or format_conflict(messages)
    schema, instruction = encode_format(profile, resolved, adaptations, schema_error)
    if instruction is not None:
        system = [*system, {"type": "text", "text": instruction}]
    thinking = encode_thinking(
        resolved.reasoning, profile, resolved.model, config.reasoning_max_token, adaptations
    )
    thinking = without_budget(thinking, encoded.turns, adaptations)
    settings = _settings(profile, resolved, thinking, adaptations)
    if "max_tokens" not in settings:
        settings["max_tokens"] = default_max_tokens(profile, resolved.model, adaptations)
    if settings["max_tokens"] == 0:
        _check_warming(service, resolved, thinking, schema)
    thinking, max_tokens = fit_budget(thinking, settings.pop("max_tokens"), profile, adaptations)
    fields: dict[str, Any] = {"model": resolved.model, "max_tokens": max_tokens}
    if system:
        fields["system"] = system[0]["text"] if is_plain_text(system) else system
    fields["messages"] = messages
    fields |= _tools(service, profile, resolved, thinking, adaptations)
    fields |= settings
    if thinking.config is not None:
        fields["thinking"] = thinking.config
    output = {"effort": thinking.effort, "format": schema}
    if any(output.values()):
        fields["output_config"] = {key: value for key, value in output.items() if value}
    fields |= _metadata(resolved, adaptations)
    if resolved.options:
        options = encode_options(resolved, service.quirks.options, service.name, adaptations)
        fields = merge_objects(fields, options)
    if resolved.stream:
        fields["stream"] = True
    if not encoded.is_plain or any(map(may_be_marked, resolved.tools)):
        fit_marks(_marked_blocks(fields), "cache_control", adaptations)
    betas, resolved = take_betas(resolved, config)
    fields = merge_extra(fields, resolved, adaptations)
    if service.quirks.betas_in_body and thinking.effort is not None:
        betas = (*betas, *profile.traits.get("effort_betas", ()))
    if strict:
        require_lossless(service, adaptations)
    model, stream = str(fields["model"]), bool(fields.get("stream"))
    fields = _for_host(service.quirks, betas, version, fields)
    return Body(model, stream, fields, adaptations, () if service.quirks.betas_in_body else betas)


def may_be_marked(tool: Tool | NativeTool) -> bool:
    """Whether a tool has a cache mark, or is one whose JSON may have it."""
    return isinstance(tool, NativeTool) or tool.cache is not None


def _check_warming(
    service: Service[Quirks], resolved: ResolvedRequest, thinking: Thinking, schema: object
) -> None:
    """Raise Rejected for max_tokens=0, which fills the prompt cache, beside what the API refuses with it.

    Source: platform.claude.com, Prompt caching, Pre-warming (in public code): "stream: true", "thinking.type: enabled",
    "output_config.format", a forced tool_choice; read 2026-11-30.
    """
    refused = {
        "stream": resolved.stream,
        "a thinking budget": (thinking.config or {}).get("type") == "enabled",
        "response_format": schema is not None,
        "a forced tool_choice": bool(resolved.tools)
        and (
            resolved.tool_choice == "required" or isinstance(resolved.tool_choice, NamedToolChoice)
        ),
    }
    for what, is_there in refused.items():
        if is_there:
            message = f"max_tokens=0 fills the prompt cache, and cannot stand beside {what}"
            raise Rejected(
                InvalidRequest(message=message, param="max_tokens", provider=service.name)
            )


def _marked_blocks(fields: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """What can have a cache mark, in the order of the prompt."""
    yield fields.get("tools", [])
    system = fields.get("system")
    yield system if isinstance(system, list) else []
    for message in fields["messages"]:
        if isinstance(message["content"], list):
            yield message["content"]
            for block in message["content"]:
                if isinstance(block.get("content"), list):
                    yield block["content"]


def format_conflict(messages: list[dict[str, Any]]) -> str:
    """The reason why there can be no `output_config.format` beside these turns; "" if there is none.

    Source: prism-php/prism#967 (citations: the API refuses both), read 2026-11-30; the prefill as generally known, unconfirmed.
    """
    if messages[-1]["role"] == "assistant":
        return "a response that is continued has no format"
    for message in messages:
        blocks = message["content"] if isinstance(message["content"], list) else ()
        for block in blocks:
            inner = block.get("content") if block["type"] == "tool_result" else None
            for item in (block, *(inner if isinstance(inner, list) else ())):
                if (item.get("citations") or {}) == {"enabled": True}:
                    return "there is no format beside citations"
    return ""


def take_betas(
    resolved: ResolvedRequest, config: LLMConfig
) -> tuple[tuple[str, ...], ResolvedRequest]:
    """The names of beta features in config.headers and in `extra["betas"]`, and the request without the latter."""
    values = [value for key, value in plain_headers(config) if key == BETA_HEADER]
    names = [name.strip() for name in ",".join(values).split(",")]
    extra = resolved.extra
    if "betas" in extra:
        requested = extra["betas"]
        names += [requested] if isinstance(requested, str) else map(str, requested or ())
        extra = {key: value for key, value in extra.items() if key != "betas"}
        resolved = msgspec.structs.replace(resolved, extra=extra)
    return tuple(dict.fromkeys(filter(None, names))), resolved


def default_max_tokens(profile: ModelProfile, model: str, adaptations: list[Adaptation]) -> int:
    """The limit of a request without one: the most that the model writes, since the API requires a limit."""
    known = profile.traits.get("max_output") or profile.ranges.get("max_tokens", (0, 0))[1]
    limit = int(known or DEFAULT_MAX_TOKENS)
    reason = f"the API requires a limit; {model} writes at most {limit} tokens"
    if not known:
        reason = f"the API requires a limit; the maximum of {model} is not known"
    adaptations.append(Adaptation(field="max_tokens", action="added", reason=reason, after=limit))
    return limit


def _for_host(
    quirks: Quirks, betas: tuple[str, ...], version: str, fields: dict[str, Any]
) -> dict[str, Any]:
    """Move the model, the version and the beta names to where the host expects them."""
    if quirks.model_in == "path":
        del fields["model"]
    if not quirks.stream_in_body:
        fields.pop("stream", None)
    if quirks.version_in == "body":
        fields = {"anthropic_version": version, **fields}
    if quirks.betas_in_body and betas:
        in_body = fields.get("anthropic_beta")
        names = in_body if isinstance(in_body, list) else []
        fields["anthropic_beta"] = list(dict.fromkeys([*names, *betas]))
    return fields


def _settings(
    profile: ModelProfile,
    resolved: ResolvedRequest,
    thinking: Thinking,
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    """max_tokens and the sampling settings, under the wire's names."""
    settings = dict(resolved.settings)
    if settings.get("n") == 1:
        del settings["n"]
    thinks = thinking.enabled(profile)
    if thinks:  # the API accepts no other top_p with thinking
        ranges = {**profile.ranges, "top_p": (0.95, 1.0)}
        profile = msgspec.structs.replace(profile, ranges=ranges)
    settings, setting_adaptations = adapt(settings, resolved.user_set, profile, reasoning=thinks)
    adaptations += setting_adaptations
    if profile.traits.get("one_of"):
        keep_temperature_or_top_p(settings, resolved.user_set, adaptations, model=resolved.model)
    if "stop" in settings:
        leave_out_blank_stops(settings, adaptations)
    if "stop" in settings:
        settings["stop_sequences"] = settings.pop("stop")
    order = ("max_tokens", "temperature", "top_p", "top_k", "stop_sequences")
    return {key: settings[key] for key in order if key in settings}


def _tools(
    service: Service[Quirks],
    profile: ModelProfile,
    resolved: ResolvedRequest,
    thinking: Thinking,
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    tools = encode_tools(service, profile, resolved, adaptations)
    if not tools:
        adaptations += dropped_tool_choice(resolved)
        return {}
    kind = (thinking.config or {}).get("type")
    refuses = kind == "enabled"
    if kind == "adaptive" and not service.quirks.forces_adaptive:
        refuses = refuses_forced(profile)
    choice = encode_tool_choice(profile, resolved, adaptations, refuses_forced_calls=refuses)
    return {"tools": tools} if choice is None else {"tools": tools, "tool_choice": choice}


def _metadata(resolved: ResolvedRequest, adaptations: list[Adaptation]) -> dict[str, Any]:
    """The API supports one key of metadata: `user_id`."""
    kept: dict[str, str] = {}
    for key, value in (resolved.metadata or {}).items():
        if key == "user_id" and "user" not in resolved.options:
            kept[key] = USER_ID.fit(f"metadata/{key}", value, adaptations)
        elif key == "user_id":
            adaptations.append(dropped(f"metadata/{key}", "`user` is sent in its place", value))
        else:
            adaptations.append(dropped(f"metadata/{key}", "the API keeps user_id only", value))
    return {"metadata": kept} if kept else {}
