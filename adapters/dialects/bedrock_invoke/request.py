"""ChatRequest -> POST /model/{modelId}/invoke or /invoke-with-response-stream, with the body that the vendor wants.

Source: botocore 1.44.5 (InvokeModelRequest), ../shared/wire/bedrock.md section 9, anthropic.md section 8; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects import anthropic_messages, openai_chat
from llm_pure.adapters.dialects.anthropic_messages.tools import encode_format
from llm_pure.adapters.dialects.bedrock_converse import request as converse
from llm_pure.adapters.dialects.bedrock_converse.models import known_rule
from llm_pure.adapters.dialects.bedrock_converse.reasoning import merged, not_asked, put
from llm_pure.adapters.dialects.bedrock_converse.urls import call_url
from llm_pure.adapters.dialects.bedrock_invoke import cohere
from llm_pure.adapters.dialects.bedrock_invoke.prompts import TEMPLATES, text_turns
from llm_pure.adapters.dialects.bedrock_invoke.vendors import TokenizerProfile, Vendor, vendor_of
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt, strict_error
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice, resolve_request
from llm_pure.core.urls import post_json
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

ANTHROPIC = anthropic_messages.make_service(
    "bedrock_invoke",
    quirks=anthropic_messages.Quirks(
        version="bedrock-2023-05-31",
        version_in="body",
        model_in="path",
        stream_in_body=False,
        betas_in_body=True,
        kin=frozenset({"anthropic", "claude"}),
    ),
)

Told = tuple[Adaptation, ...]
Fields = dict[str, Any]
Written = LLMResult[tuple[Fields, Told]]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request on its way to a body."""

    name: str
    vendor: Vendor
    config: LLMConfig
    request: ChatRequest
    call: ResolvedRequest


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST {base_url}/model/{modelId}/invoke, or /invoke-with-response-stream. The model is in the URL only.

    Fails with InvalidConfiguration (no model, bad URL or region), UnsupportedFeature (a model whose body is not known; a part
    that its body cannot carry; with `strict` also every loss), InvalidRequest (messages that cannot be read or sent).
    """
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return Failure(drafted.failure())
    call = drafted.unwrap()
    action = "invoke-with-response-stream" if call.stream else "invoke"
    url = call_url(name, config, call.model, action)
    if isinstance(url, Failure):
        return Failure(url.failure())
    made = chat_body(name, config, request, call)
    if isinstance(made, Failure):
        return Failure(made.failure())
    fields, told = made.unwrap()
    lost = strict_error(told, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    accept = converse.EVENT_STREAM if call.stream else "application/json"
    inner = (("x-amzn-bedrock-accept", "application/json"),) if call.stream else ()
    return post_json(config, url.unwrap(), fields, provider=name, accept=accept, headers=inner).map(
        lambda sent: Built(request=sent, adaptations=told)
    )


def chat_body(name: str, config: LLMConfig, request: ChatRequest, call: ResolvedRequest) -> Written:
    """The vendor's body, and what could not be sent in it as it was asked."""
    vendor = vendor_of(call.model, config.pricing_plan)
    if vendor is None:
        message = (
            f"it is not known which body {call.model!r} takes; where an ARN hides the model, name it in `pricing_plan`,"
            " or use the provider `bedrock`, whose body is the same for all"
        )
        return Failure(UnsupportedFeature(message=message, provider=name, feature="model"))
    asked = Asked(name=name, vendor=vendor, config=config, request=request, call=call)
    return _WRITERS[vendor.family](asked)


def _anthropic(asked: Asked) -> Written:
    try:
        made = anthropic_messages.build_body(ANTHROPIC, asked.config, asked.request)
    except Rejected as rejected:
        return Failure(rejected.error)
    return Success((made.fields, tuple(made.adaptations)))


def _nova(asked: Asked) -> Written:
    """Converse's body but for the vendor's fields, which stand where Nova itself has them."""
    made = converse.chat_body(asked.name, asked.config, asked.call)
    if isinstance(made, Failure):
        return Failure(made.failure())
    body, told = made.unwrap()
    own = dict(body.pop("additionalModelRequestFields", {}))
    if "reasoningConfig" in own:
        own = put(own, ("inferenceConfig", "reasoningConfig"), own.pop("reasoningConfig"))
    for key, field in (("requestMetadata", "metadata"), ("outputConfig", "response_format")):
        if body.pop(key, None):
            told += (_dropped(field, "Nova's own body has no field for it"),)
    return Success(({"schemaVersion": "messages-v1", **merged(body, own)}, told))


def _openai(asked: Asked) -> Written:
    """A chat completion's body without what the URL says."""
    built = openai_chat.build_chat(
        asked.name,
        lambda config, model, operation: Success("https://unused.invalid"),
        asked.vendor.quirks,
        asked.config,
        asked.request,
    )
    if isinstance(built, Failure):
        return Failure(built.failure())
    sent = built.unwrap()
    said_elsewhere = ("model", "stream", "stream_options")
    return decode_any(sent.request.body, provider=asked.name).map(
        lambda body: (
            {key: value for key, value in body.items() if key not in said_elsewhere},
            sent.adaptations,
        )
    )


def _cohere_chat(asked: Asked) -> Written:
    spoken = cohere.conversation(asked.name, asked.call.messages)
    if isinstance(spoken, Failure):
        return Failure(spoken.failure())
    body, told = spoken.unwrap()
    more: list[Adaptation] = []
    _, words = encode_format(_NO_SCHEMAS, asked.call, more)
    if words:
        body["preamble"] = "\n\n".join(filter(None, [body.get("preamble"), words]))
    tools, tools_told = cohere.tools(asked.call)
    if tools:
        body["tools"] = tools
    fields, settings_told = _settings(asked)
    told = (*told, *more, *tools_told, *settings_told)
    return Success((merged(merged(body, fields), dict(asked.call.extra)), told))


def _prompt(asked: Asked) -> Written:
    call, vendor = asked.call, asked.vendor
    spoken = text_turns(asked.name, call.messages)
    if isinstance(spoken, Failure):
        return Failure(spoken.failure())
    system, turns, told = spoken.unwrap()
    format_told: list[Adaptation] = []
    _, words = encode_format(_NO_SCHEMAS, call, format_told)
    told += tuple(format_told)
    if call.tools:
        told += (_dropped("tools", "this model takes a prompt, and knows no tools"),)
    told += dropped_tool_choice(call)
    prompt = TEMPLATES[vendor.template]("\n\n".join(filter(None, [system, words])), turns)
    fields, more = _settings(asked)
    body = {vendor.prompt_key: prompt, **fields}
    if call.stream:
        body |= vendor.stream
    return Success((merged(body, dict(call.extra)), told + more))


_NO_SCHEMAS = ModelProfile(prefix="")


def _settings(asked: Asked) -> tuple[Fields, Told]:
    """The settings where this vendor has them; all others are refused."""
    call, keys = asked.call, asked.vendor.keys
    settings = dict(call.settings)
    if settings.get("n") == 1:
        del settings["n"]
    refuses = {one: "this model's body has no field for it" for one in settings if one not in keys}
    settings, told = adapt(settings, call.user_set, ModelProfile(prefix="", unsupported=refuses))
    wanted = call.reasoning
    if wanted is not None:
        known = known_rule(call.model, asked.config.pricing_plan).reasoning
        rule = ModelProfile(prefix="", reasoning="always" if known == "always" else "none")
        thinks = wanted.enabled and wanted.effort != "none"
        exact = wanted.effort is not None or wanted.budget_tokens is not None
        told += not_asked(rule, call.model, thinks=thinks, exact=exact)
    if call.metadata:
        told += (_dropped("metadata", "this model's body has no field for it"),)
    fields: Fields = {}
    for setting, place in keys.items():
        if setting in settings:
            fields = put(fields, place, settings[setting])
    return fields, told


def _dropped(field: str, reason: str) -> Adaptation:
    return Adaptation(field=field, action="dropped", reason=reason)


_WRITERS: Mapping[TokenizerProfile, Callable[[Asked], Written]] = {
    "anthropic": _anthropic,
    "nova": _nova,
    "openai": _openai,
    "cohere_chat": _cohere_chat,
    "prompt": _prompt,
}
