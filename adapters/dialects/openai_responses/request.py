"""ChatRequest -> POST {base_url}/responses, and POST {base_url}/responses/input_tokens.

The library keeps no state and asks the provider to store nothing: `store` is false, and reasoning models are asked for
`reasoning.encrypted_content`, so that their reasoning can be replayed in the next turn. To have OpenAI store responses
(for `previous_response_id`), pass `extra={"store": True}`.
Source: openai/openai-openapi 2.3.0 (CreateResponse), read 2026-11-20.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import (
    clamped,
    dropped,
    dropped_tool_mark,
    renamed,
)
from llm_pure.adapters.dialects.common.reasoning_effort import effort_of
from llm_pure.adapters.dialects.openai_responses.input_items import encode_messages
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.core.adaptations import (
    Adaptation,
    ModelProfile,
    adapt,
    profile_for,
    reasoning_enabled,
)
from llm_pure.core.dialect import AnyService, Service, build_post, require_lossless
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice, resolve_request
from llm_pure.schema.fit import SchemaProfiles, fit_schemas
from llm_pure.schema.profiles import OPENAI_STRICT
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
)

MIN_OUTPUT_TOKENS = 16
"""The lowest max_output_tokens that the API accepts."""

_UNSUPPORTED = {
    setting: f"the Responses API has no {setting}"
    for setting in (
        "top_k", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop", "seed", "n",
    )
}  # fmt: skip

_COUNTED = frozenset(
    {
        "model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "truncation",
        "parallel_tool_calls", "previous_response_id", "conversation",
    }
)  # fmt: skip
"""The fields of POST /responses/input_tokens."""

_SCHEMAS = SchemaProfiles(strict_tools=OPENAI_STRICT, strict_responses=OPENAI_STRICT)

_NO_REASONING = ReasoningRequest(enabled=False, effort="none")


@returns_failure
def build_chat(
    service: Service[Quirks], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/responses.

    Body: {model, input[], max_output_tokens?, temperature?, ..., reasoning?, tools[]?, text?, include?, store, stream?}.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (a part that the API does not support; with `strict` also every setting that would be dropped).
    """
    adaptations: list[Adaptation] = []
    body = _body(service, config, request, adaptations)
    if strict:
        require_lossless(service, adaptations)
    return _post(service, config, "/responses", body, adaptations)


@returns_failure
def build_count(service: Service[Quirks], config: LLMConfig, request: ChatRequest) -> Built:
    """POST {base_url}/responses/input_tokens: the body without the fields that have no tokens. Fails as `build_chat` does."""
    body = _body(service, config, request, [])
    counted = {key: value for key, value in body.items() if key in _COUNTED}
    return _post(service, config, "/responses/input_tokens", counted, [])


def _post(
    service: AnyService,
    config: LLMConfig,
    path: str,
    body: dict[str, Any],
    adaptations: list[Adaptation],
) -> Built:
    url = ok(service.url_for(config, str(body["model"]), path))
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def _body(
    service: Service[Quirks],
    config: LLMConfig,
    request: ChatRequest,
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    resolved = ok(resolve_request(config, request, provider=service.name))
    quirks = service.quirks
    profile = profile_for(quirks.profiles, resolved.model, config.pricing_plan)
    stored = bool(resolved.extra.get("store", quirks.store is not False))
    items = encode_messages(
        service, profile, resolved.messages, adaptations, stored=stored, model=resolved.model
    )
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    resolved = fitted.request
    adaptations += fitted.adaptations
    fields = _fields(service, profile, resolved, adaptations, stored=stored)
    return {"model": resolved.model, "input": items, **fields, **resolved.extra}


def _fields(
    service: Service[Quirks],
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    stored: bool,
) -> dict[str, Any]:
    """All fields but model and input."""
    quirks = service.quirks
    effort, effort_adaptations = effort_of(resolved.reasoning, profile, resolved.model)
    reasoning = reasoning_enabled(
        profile, resolved.reasoning if effort != "none" else _NO_REASONING
    )
    settings, setting_adaptations = adapt(
        {key: value for key, value in resolved.settings.items() if (key, value) != ("n", 1)},
        resolved.user_set,
        replace(profile, unsupported=_unsupported(profile, quirks)),
        reasoning=reasoning,
    )
    adaptations += (*effort_adaptations, *setting_adaptations)
    fields: dict[str, Any] = {}
    if "max_tokens" in settings:
        fields["max_output_tokens"] = max(settings["max_tokens"], MIN_OUTPUT_TOKENS)
        if "max_tokens" in resolved.user_set:
            adaptations.append(_limit_adaptation(service, settings["max_tokens"]))
    fields |= {key: settings[key] for key in ("temperature", "top_p") if key in settings}
    include: list[str] = []
    if "logprobs" in settings:
        include.append("message.output_text.logprobs")
        if settings["logprobs"] is not True:
            fields["top_logprobs"] = settings["logprobs"]
    if resolved.reasoning is not None and profile.reasoning != "none":
        fields |= _reasoning(resolved.reasoning, effort)
    fields |= _tools(service, resolved, adaptations)
    fields |= _format(resolved)
    may_reason = reasoning or profile.reasoning in ("on", "off", "always")
    if quirks.encrypts and not stored and may_reason:
        include.append("reasoning.encrypted_content")
    if include:
        fields["include"] = include
    if quirks.store is not None:
        fields["store"] = quirks.store
    if resolved.metadata:
        fields["metadata"] = dict(resolved.metadata)
    if resolved.stream:
        fields["stream"] = True
    return fields


def _unsupported(profile: ModelProfile, quirks: Quirks) -> dict[str, str]:
    """Setting -> reason. For a setting that the API does not have, its reason counts, not that of the model."""
    of_model = {
        name: reason for name, reason in profile.unsupported.items() if name not in _UNSUPPORTED
    }
    return {**_UNSUPPORTED, **quirks.unsupported, **of_model}


def _limit_adaptation(service: AnyService, limit: int) -> Adaptation:
    if limit < MIN_OUTPUT_TOKENS:
        reason = f"max_output_tokens is at least {MIN_OUTPUT_TOKENS}"
        return clamped("max_tokens", reason, limit, MIN_OUTPUT_TOKENS)
    reason = f"{service.name} calls it max_output_tokens"
    return renamed("max_tokens", reason, after="max_output_tokens")


def _reasoning(request: ReasoningRequest, effort: str | None) -> dict[str, Any]:
    """`reasoning`: the effort, and a summary of the reasoning if it is requested and there is reasoning."""
    wire: dict[str, Any] = {} if effort is None else {"effort": effort}
    if request.summary and effort != "none":
        wire["summary"] = "auto"
    return {"reasoning": wire} if wire else {}


def _tools(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """Function tools, flat. `strict` is always sent, since its absence means "try" here and "no" elsewhere."""
    tools: list[dict[str, Any]] = []
    types: dict[str, str] = {}
    for index, tool in enumerate(resolved.tools):
        if not isinstance(tool, NativeTool):
            function: dict[str, Any] = {"type": "function", "name": tool.name}
            if tool.description is not None:
                function["description"] = tool.description
            function["parameters"] = tool.parameters
            function["strict"] = bool(tool.strict)
            tools.append(function)
            if tool.cache is not None:
                adaptations.append(dropped_tool_mark(index, service.name))
        elif tool.provider == service.name:
            tools.append(tool.json)
            types[str(tool.json.get("name"))] = str(tool.json.get("type"))
        else:
            adaptations.append(dropped(f"tools/{index}", f"it is a tool of {tool.provider}'s own"))
    if not tools:
        adaptations += dropped_tool_choice(resolved)
        return {}
    fields: dict[str, Any] = {"tools": tools}
    choice = resolved.tool_choice
    if isinstance(choice, NamedToolChoice):
        fields["tool_choice"] = {"type": types.get(choice.name, "function"), "name": choice.name}
    elif choice is not None:
        fields["tool_choice"] = choice
    if resolved.parallel_tool_calls is not None:
        fields["parallel_tool_calls"] = resolved.parallel_tool_calls
    return fields


def _format(resolved: ResolvedRequest) -> dict[str, Any]:
    """`text.format`, with the schema's keys beside its type."""
    match resolved.response_format:
        case JsonFormat():
            return {"text": {"format": {"type": "json_object"}}}
        case SchemaFormat(name=name, schema=schema, description=description, strict=strict):
            form: dict[str, Any] = {"type": "json_schema", "name": name, "schema": schema}
            if description is not None:
                form["description"] = description
            if strict is not None:
                form["strict"] = strict
            return {"text": {"format": form}}
        case None:
            return {}
