"""ChatRequest -> POST {base_url}/responses, and POST {base_url}/responses/input_tokens.

The library keeps no state, and asks the provider to keep none: `store` is false, and models that reason are asked for
`reasoning.encrypted_content`, so that the next turn can bring their thoughts back. Who wants OpenAI to store answers
(for `previous_response_id`) says `extra={"store": True}`.
Source: openai/openai-openapi 2.3.0 (CreateResponse), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.reasoning_effort import effort_of
from llm_pure.adapters.dialects.openai_responses.input_items import input_items
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
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
from llm_pure.core.urls import UrlFor, post_json
from llm_pure.schema.fit import SchemaProfiles, fit_schemas
from llm_pure.schema.profiles import OPENAI_STRICT
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
)
from llm_pure.types.result import Failure, LLMResult, Success

LEAST_TOKENS = 16
"""The lowest max_output_tokens that the API takes."""

_ABSENT = "the Responses API has no {}"
_REFUSED = {
    one: _ABSENT.format(one)
    for one in (
        "top_k", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop", "seed", "n",
    )
}  # fmt: skip

_COUNTED = frozenset(
    {
        "model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "truncation",
        "parallel_tool_calls", "previous_response_id", "conversation",
    }
)  # fmt: skip
"""What POST /responses/input_tokens takes."""

_Body = tuple[dict[str, Any], tuple[Adaptation, ...]]


def build_chat(
    name: str,
    url_for: UrlFor,
    quirks: Quirks,
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> LLMResult[Built]:
    """POST {base_url}/responses.

    Body: {model, input[], max_output_tokens?, temperature?, ..., reasoning?, tools[]?, text?, include?, store, stream?}.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (a part that the API cannot carry; with `strict` also every setting that would be dropped).
    """
    written = _body(name, quirks, config, request)
    if isinstance(written, Failure):
        return written
    body, adaptations = written.unwrap()
    lost = strict_error(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    return _post(name, url_for, config, "/responses", body, adaptations)


def build_count(
    name: str, url_for: UrlFor, quirks: Quirks, config: LLMConfig, request: ChatRequest
) -> LLMResult[Built]:
    """POST {base_url}/responses/input_tokens: the same body, but for what has no tokens. Fails as `build_chat` does."""
    written = _body(name, quirks, config, request)
    if isinstance(written, Failure):
        return written
    body, _ = written.unwrap()
    counted = {key: value for key, value in body.items() if key in _COUNTED}
    return _post(name, url_for, config, "/responses/input_tokens", counted, ())


def _post(
    name: str,
    url_for: UrlFor,
    config: LLMConfig,
    path: str,
    body: dict[str, Any],
    adaptations: tuple[Adaptation, ...],
) -> LLMResult[Built]:
    url = url_for(config, str(body["model"]), path)
    if isinstance(url, Failure):
        return url
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda made: Built(request=made, adaptations=adaptations)
    )


def _body(name: str, quirks: Quirks, config: LLMConfig, request: ChatRequest) -> LLMResult[_Body]:
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    rule = profile_for(quirks.profiles, call.model, config.pricing_plan)
    stored = bool(call.extra.get("store", quirks.store is not False))
    spoken = input_items(name, rule, call.messages, stored=stored)
    if isinstance(spoken, Failure):
        return spoken
    items, told = spoken.unwrap()
    fitted = fit_schemas(call, _SCHEMAS, provider=name)
    if isinstance(fitted, Failure):
        return Failure(fitted.failure())
    call = fitted.unwrap().request
    told = (*told, *fitted.unwrap().adaptations)
    fields, more = _fields(name, quirks, rule, call, stored=stored)
    return Success(({"model": call.model, "input": items, **fields, **call.extra}, (*told, *more)))


_SCHEMAS = SchemaProfiles(strict_tools=OPENAI_STRICT, strict_answers=OPENAI_STRICT)


def _fields(
    name: str, quirks: Quirks, rule: ModelProfile, call: ResolvedRequest, *, stored: bool
) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    """Everything but model and input, and what could not be sent as asked."""
    effort, told = effort_of(call.reasoning, rule, call.model)
    thinks = reasoning_enabled(rule, call.reasoning if effort != "none" else _NO_REASONING)
    settings, dropped = adapt(
        {key: value for key, value in call.settings.items() if (key, value) != ("n", 1)},
        call.user_set,
        _with_refusals(rule, quirks),
        reasoning=thinks,
    )
    told += dropped
    fields: dict[str, Any] = {}
    if "max_tokens" in settings:
        asked = settings["max_tokens"]
        fields["max_output_tokens"] = max(asked, LEAST_TOKENS)
        if "max_tokens" in call.user_set:
            told += (_limit_told(name, asked),)
    fields |= {key: settings[key] for key in ("temperature", "top_p") if key in settings}
    include: list[str] = []
    if "logprobs" in settings:
        include.append("message.output_text.logprobs")
        if settings["logprobs"] is not True:
            fields["top_logprobs"] = settings["logprobs"]
    if call.reasoning is not None and rule.reasoning != "none":
        fields |= _reasoning(call.reasoning, effort)
    tools, more = _tools(name, call)
    told += more
    fields |= tools
    fields |= _format(call)
    if quirks.encrypts and not stored and (thinks or rule.reasoning in ("on", "off", "always")):
        include.append("reasoning.encrypted_content")
    if include:
        fields["include"] = include
    if quirks.store is not None:
        fields["store"] = quirks.store
    if call.metadata:
        fields["metadata"] = dict(call.metadata)
    if call.stream:
        fields["stream"] = True
    return fields, told


_NO_REASONING = ReasoningRequest(enabled=False, effort="none")


def _with_refusals(rule: ModelProfile, quirks: Quirks) -> ModelProfile:
    return ModelProfile(
        prefix=rule.prefix,
        unsupported={**_REFUSED, **quirks.unsupported, **_still_there(rule)},
        unsupported_while_reasoning=rule.unsupported_while_reasoning,
        ranges=rule.ranges,
    )


def _still_there(rule: ModelProfile) -> dict[str, str]:
    """What the models refuse of the settings that this API has: its own word on the others is the better one."""
    return {key: reason for key, reason in rule.unsupported.items() if key not in _REFUSED}


def _limit_told(name: str, asked: int) -> Adaptation:
    if asked < LEAST_TOKENS:
        return Adaptation(
            field="max_tokens",
            action="clamped",
            reason=f"max_output_tokens is at least {LEAST_TOKENS}",
            before=asked,
            after=LEAST_TOKENS,
        )
    return Adaptation(
        field="max_tokens",
        action="renamed",
        reason=f"{name} calls it max_output_tokens",
        after="max_output_tokens",
    )


def _reasoning(asked: ReasoningRequest, effort: str | None) -> dict[str, Any]:
    """`reasoning`: the effort, and a summary of the thoughts unless they are not wanted or not thought."""
    wire: dict[str, Any] = {} if effort is None else {"effort": effort}
    if asked.summary and effort != "none":
        wire["summary"] = "auto"
    return {"reasoning": wire} if wire else {}


def _tools(name: str, call: ResolvedRequest) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    """Function tools, flat; `strict` is always said, since left out it means "try" here and "no" elsewhere."""
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    kinds: dict[str, str] = {}
    for place, tool in enumerate(call.tools):
        if not isinstance(tool, NativeTool):
            function: dict[str, Any] = {"type": "function", "name": tool.name}
            if tool.description is not None:
                function["description"] = tool.description
            function["parameters"] = tool.parameters
            function["strict"] = bool(tool.strict)
            wire.append(function)
        elif tool.provider == name:
            wire.append(tool.json)
            kinds[str(tool.json.get("name"))] = str(tool.json.get("type"))
        else:
            reason = f"it is a tool of {tool.provider}'s own"
            told.append(Adaptation(field=f"tools/{place}", action="dropped", reason=reason))
    fields: dict[str, Any] = {"tools": wire} if wire else {}
    if not wire:
        told += dropped_tool_choice(call)
    if call.tool_choice is not None and wire:
        match call.tool_choice:
            case NamedToolChoice(name=wanted):
                fields["tool_choice"] = {"type": kinds.get(wanted, "function"), "name": wanted}
            case word:
                fields["tool_choice"] = word
    if call.parallel_tool_calls is not None and wire:
        fields["parallel_tool_calls"] = call.parallel_tool_calls
    return fields, tuple(told)


def _format(call: ResolvedRequest) -> dict[str, Any]:
    """`text.format`, with the schema's keys beside its type."""
    match call.response_format:
        case JsonFormat():
            return {"text": {"format": {"type": "json_object"}}}
        case SchemaFormat() as wanted:
            form: dict[str, Any] = {
                "type": "json_schema",
                "name": wanted.name,
                "schema": wanted.schema,
            }
            if wanted.description is not None:
                form["description"] = wanted.description
            if wanted.strict is not None:
                form["strict"] = wanted.strict
            return {"text": {"format": form}}
        case None:
            return {}
