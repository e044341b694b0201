"""ChatRequest -> POST {base_url}/responses, and POST {base_url}/responses/input_tokens.

The library keeps no state and asks the provider to store nothing: `store` is false, and reasoning models are asked for
`reasoning.encrypted_content`, so that their reasoning can be replayed in the next turn. To have OpenAI store responses
(for `previous_response_id`), set `store`.
Source: openai/openai-openapi 2.3.0 (CreateResponse), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import (
    changed,
    clamped,
    dropped,
    dropped_tool_mark,
    renamed,
)
from llm_pure.adapters.dialects.common.json_objects import (
    JSON_INSTRUCTION,
    mentions_json,
    merge_objects,
)
from llm_pure.adapters.dialects.common.reasoning_effort import effort_of
from llm_pure.adapters.dialects.openai_responses.input_items import encode_messages
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks, profile_of
from llm_pure.core.adaptations import (
    Adaptation,
    FieldRule,
    ModelProfile,
    adapt,
    apply_rules,
    fit_metadata,
    reasoning_enabled,
)
from llm_pure.core.provider import Built
from llm_pure.core.request_fields import tool_name
from llm_pure.core.resolved_request import (
    OptionField,
    ResolvedRequest,
    dropped_tool_choice,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import AnyService, Service, build_post, require_lossless
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import OPENAI_STRICT, RESPONSES, SchemaProfiles
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import (
    AllowedTools,
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

_RANGES = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0), "logprobs": (0.0, 20.0)}
"""openai/openai-openapi 2.3.0, CreateResponse, read 2026-11-30."""

_NO_MINIMAL = frozenset(
    {"web_search", "web_search_preview", "image_generation", "code_interpreter", "file_search"}
)
"""Types of hosted tools that the effort minimal excludes: "The following tools cannot be used with reasoning.effort 'minimal':
web_search." (openai/codex#3559); developers.openai.com, model gpt-5: "minimal" lists the others; read 2026-11-30."""

_COUNTED = frozenset(
    {
        "model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "truncation",
        "parallel_tool_calls", "previous_response_id", "conversation",
    }
)  # fmt: skip
"""The fields of POST /responses/input_tokens."""

_OPTIONS: Mapping[str, OptionField] = {
    "user": "safety_identifier",
    "service_tier": "service_tier",
    "verbosity": "text/verbosity",
    "prompt_cache_key": "prompt_cache_key",
    "store": "store",
    "previous_response_id": "previous_response_id",
}
"""Source: openai 3.57.0, types/responses/response_create_params.py, read 2026-11-29."""

_CONTINUED = frozenset({"previous_response_id", "conversation", "prompt"})
"""Fields of `extra` by which the provider adds turns before those of the request."""

_RULES = (
    FieldRule(
        field="store",
        setting="store",
        excluded_by={"background": ()},
        unless=(True,),
        reason="a response in the background is stored",
        source="openai 3.57.0, response_create_params.background, read 2026-11-29",
    ),
)

_SCHEMAS = SchemaProfiles(
    tools=RESPONSES, strict_tools=OPENAI_STRICT, responses=RESPONSES, strict_responses=OPENAI_STRICT
)

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
    profile = profile_of(quirks, resolved.model, config.pricing_plan)
    by_default = resolved.options.get("store", quirks.store is not False)
    stored = bool(resolved.extra.get("store", by_default))
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    fitted.require_schema(service.name)
    resolved = fitted.request
    continues = "previous_response_id" in resolved.options or not _CONTINUED.isdisjoint(
        resolved.extra
    )
    items = encode_messages(
        service,
        profile,
        resolved.messages,
        adaptations,
        stored=stored,
        continues=continues,
        model=resolved.model,
    )
    adaptations += fitted.adaptations
    fields = _fields(service, profile, resolved, adaptations, stored=stored)
    body = {"model": resolved.model, "input": items, **fields}
    body = merge_extra(
        body, resolved, adaptations, defaults=() if "store" in resolved.options else ("store",)
    )
    apply_rules(body, _RULES, adaptations)
    return _with_json_word(body, profile, adaptations)


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
    if effort == "minimal" and not _NO_MINIMAL.isdisjoint(_hosted_types(resolved)):
        reason = "hosted tools cannot stand beside the effort minimal"
        effort_adaptations = (*effort_adaptations, changed("reasoning", reason, effort, "low"))
        effort = "low"
    reasoning = reasoning_enabled(
        profile, resolved.reasoning if effort != "none" else _NO_REASONING
    )
    settings, setting_adaptations = adapt(
        {key: value for key, value in resolved.settings.items() if (key, value) != ("n", 1)},
        resolved.user_set,
        replace(
            profile,
            unsupported=_unsupported(profile, quirks),
            ranges={**_RANGES, **profile.ranges},
        ),
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
    if isinstance(resolved.response_format, JsonFormat) and any(
        kind.startswith("web_search") for kind in _hosted_types(resolved)
    ):
        del fields["text"]
        reason = "there is no JSON mode beside a web search; an instruction asks for JSON"
        adaptations.append(changed("response_format", reason, "json_object"))
        fields["instructions"] = JSON_INSTRUCTION
    may_reason = reasoning or profile.reasoning in ("on", "off", "always")
    if quirks.encrypts and not stored and may_reason:
        include.append("reasoning.encrypted_content")
    if include:
        fields["include"] = include
    if quirks.store is not None and (not resolved.options or "store" not in resolved.options):
        fields["store"] = quirks.store
    if resolved.options:
        options = encode_options(
            resolved,
            {**_OPTIONS, **service.quirks.options},
            service.name,
            adaptations,
            _without_verbosity(profile),
        )
        fields = merge_objects(fields, options)
    if resolved.metadata:
        limits, pairs = quirks.metadata_limits, dict(resolved.metadata)
        fields["metadata"] = pairs if limits is None else fit_metadata(pairs, limits, adaptations)
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
    hosted: dict[str, dict[str, Any]] = {}
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
            hosted[tool_name(tool)] = tool.json
        else:
            adaptations.append(dropped(f"tools/{index}", f"it is a tool of {tool.provider}'s own"))
    if not tools:
        adaptations += dropped_tool_choice(resolved)
        return {}
    fields: dict[str, Any] = {"tools": tools}
    choice = resolved.tool_choice
    if isinstance(choice, NamedToolChoice):
        fields["tool_choice"] = _named_choice(choice.name, hosted)
    elif isinstance(choice, AllowedTools):
        named = [_entry(tool) for tool in tools if tool_name(tool) in choice.names]
        fields["tool_choice"] = {"type": "allowed_tools", "mode": choice.mode, "tools": named}
    elif choice is not None:
        fields["tool_choice"] = choice
    if resolved.parallel_tool_calls is not None:
        fields["parallel_tool_calls"] = resolved.parallel_tool_calls
    return fields


def _named_choice(name: str, hosted: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A function by name; a tool that OpenAI runs by its type, or by type and name where it has one (custom, mcp)."""
    tool = hosted.get(name)
    if tool is None:
        return {"type": "function", "name": name}
    kept = ("type", "name", "server_label")
    return {key: tool[key] for key in kept if key in tool}


def _entry(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool in the list of a choice among allowed tools."""
    return {key: tool[key] for key in ("type", "name", "server_label") if key in tool}


def _without_verbosity(profile: ModelProfile) -> dict[str, str]:
    """The options that the model does not support."""
    return {name: profile.unsupported[name] for name in _OPTIONS if name in profile.unsupported}


def _with_json_word(
    body: dict[str, Any], profile: ModelProfile, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """The body with an instruction if it requests a JSON object and no input has the word JSON, which the API refuses.

    "Response input messages must contain the word 'json'": `instructions` do not count.
    """
    text, items = body.get("text"), body.get("input")
    requested = text.get("format") if isinstance(text, dict) else None
    if not isinstance(requested, dict) or requested.get("type") != "json_object":
        return body
    if not isinstance(items, list) or any(map(mentions_json, items)):
        return body
    reason = "a response format json_object needs the word JSON in the prompt"
    adaptations.append(
        Adaptation(field="messages", action="added", reason=reason, after=JSON_INSTRUCTION)
    )
    role = profile.traits.get("system_role", "system")
    instruction = {"role": role, "content": JSON_INSTRUCTION}
    return {**body, "input": [instruction, *items]}


def _hosted_types(resolved: ResolvedRequest) -> set[str]:
    """The types of the tools that the provider runs."""
    tools = [tool.json for tool in resolved.tools if isinstance(tool, NativeTool)]
    return {str(tool.get("type", "")) for tool in tools}


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
