"""ChatRequest -> POST /model/{modelId}/invoke or /invoke-with-response-stream, with the vendor's body.

Source: botocore 1.44.5 (InvokeModelRequest), ../shared/wire/bedrock.md section 9, anthropic.md section 8; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects import anthropic_messages, openai_chat
from llm_pure.adapters.dialects.anthropic_messages.tools import encode_format
from llm_pure.adapters.dialects.bedrock_converse import request as converse
from llm_pure.adapters.dialects.bedrock_converse.models import known_profile
from llm_pure.adapters.dialects.bedrock_converse.reasoning import report_uncontrolled, with_value
from llm_pure.adapters.dialects.bedrock_invoke import cohere
from llm_pure.adapters.dialects.bedrock_invoke.prompts import TEMPLATES, text_turns
from llm_pure.adapters.dialects.bedrock_invoke.vendors import Families, Family, Vendor, vendor_of
from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.core.adaptations import DEFAULT_PROFILE, Adaptation, ModelProfile, adapt
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    dropped_tool_choice,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import Service, build_post, require_lossless
from llm_pure.framing.json_codec import decode_any
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import COHERE, COHERE_TOOL_NAME, SchemaProfiles
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.http import Headers
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

Fields = dict[str, Any]

_COHERE_SCHEMAS = SchemaProfiles(tools=COHERE, tool_name=COHERE_TOOL_NAME)
_NO_FIELD = "this model's body has no field for it"


class _Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A request while its body is encoded."""

    service: Service[Families]
    vendor: Vendor
    config: LLMConfig
    request: ChatRequest
    resolved: ResolvedRequest
    adaptations: list[Adaptation]


@returns_failure
def build_chat(
    service: Service[Families], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/model/{modelId}/invoke, or /invoke-with-response-stream. The model is in the URL only.

    Fails with InvalidConfiguration (no model, bad URL or region), UnsupportedFeature (a model whose body is not known; a part
    that its body does not support; with `strict` also every adaptation that loses information), InvalidRequest (messages
    that cannot be read or sent).
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    headers = _header_options(service.name, request, adaptations)
    if request.service_tier is not None or request.guardrail is not None:
        request = msgspec.structs.replace(request, service_tier=None, guardrail=None)
        resolved = ok(resolve_request(config, request, provider=service.name))
    operation = "invoke-with-response-stream" if resolved.stream else "invoke"
    url = ok(service.url_for(config, resolved.model, operation))
    body = chat_body(service, config, request, resolved, adaptations)
    if strict:
        require_lossless(service, adaptations)
    accepted = (("x-amzn-bedrock-accept", "application/json"),) if resolved.stream else ()
    return build_post(
        service,
        config,
        url,
        body,
        adaptations,
        accept=converse.EVENT_STREAM if resolved.stream else "application/json",
        headers=(*accepted, *headers),
    )


def _header_options(name: str, request: ChatRequest, adaptations: list[Adaptation]) -> Headers:
    """The optional fields that InvokeModel has as headers (botocore 1.44.8, InvokeModelRequest, read 2026-11-29)."""
    headers: list[tuple[str, str]] = []
    tier = request.service_tier
    if tier is not None and converse.SERVICE_TIERS.has("service_tier", tier, name, adaptations):
        headers.append(("x-amzn-bedrock-service-tier", tier))
    guardrail = request.guardrail
    if guardrail is not None:
        headers.append(("x-amzn-bedrock-guardrailidentifier", guardrail.id))
        headers.append(("x-amzn-bedrock-guardrailversion", guardrail.version))
        if guardrail.trace is not None:
            headers.append(("x-amzn-bedrock-trace", guardrail.trace.upper()))
    return tuple(headers)


def chat_body(
    service: Service[Families],
    config: LLMConfig,
    request: ChatRequest,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
) -> Fields:
    """The vendor's body. Raises Rejected."""
    vendor = vendor_of(resolved.model, config.pricing_plan)
    if vendor is None:
        message = (
            f"the body of {resolved.model!r} is not known; for an ARN without the model's name, set `pricing_plan` to the"
            " model, or use the provider `bedrock`, whose body is the same for all models"
        )
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature="model"))
    chat = _Chat(
        service=service,
        vendor=vendor,
        config=config,
        request=request,
        resolved=resolved,
        adaptations=adaptations,
    )
    return _ENCODERS[vendor.family](chat)


def _anthropic(chat: _Chat) -> Fields:
    claude = chat.service.quirks.anthropic
    body = anthropic_messages.build_body(claude, chat.config, chat.request)
    chat.adaptations.extend(body.adaptations)
    return body.fields


def _nova(chat: _Chat) -> Fields:
    """Converse's body, with the vendor's fields at Nova's own paths."""
    body = converse.chat_body(chat.service, chat.config, chat.resolved, chat.adaptations)
    vendor_fields = dict(body.pop("additionalModelRequestFields", {}))
    if "reasoningConfig" in vendor_fields:
        reasoning = vendor_fields.pop("reasoningConfig")
        vendor_fields = with_value(vendor_fields, ("inferenceConfig", "reasoningConfig"), reasoning)
    for key, field in (("requestMetadata", "metadata"), ("outputConfig", "response_format")):
        if body.pop(key, None):
            chat.adaptations.append(dropped(field, "Nova's own body has no field for it"))
    return {"schemaVersion": "messages-v1", **merge_objects(body, vendor_fields)}


def _openai(chat: _Chat) -> Fields:
    """The body of a chat completion, without the fields that the URL has."""
    service = msgspec.structs.replace(chat.service.quirks.openai, quirks=chat.vendor.quirks)
    built = ok(openai_chat.DIALECT.build_chat(service, chat.config, chat.request))
    chat.adaptations.extend(built.adaptations)
    body = ok(decode_any(built.request.body, provider=chat.service.name))
    in_url = ("model", "stream", "stream_options")
    return {key: value for key, value in body.items() if key not in in_url}


def _cohere_chat(chat: _Chat) -> Fields:
    fitted = ok(fit_schemas(chat.resolved, _COHERE_SCHEMAS, provider=chat.service.name))
    resolved = fitted.request
    chat.adaptations.extend(fitted.adaptations)
    body = cohere.encode_messages(chat.service, resolved.messages, chat.adaptations)
    _, instruction = encode_format(DEFAULT_PROFILE, resolved, chat.adaptations)
    if instruction:
        body["preamble"] = "\n\n".join(filter(None, [body.get("preamble"), instruction]))
    tools = cohere.encode_tools(resolved, chat.adaptations)
    if tools:
        body["tools"] = tools
    return merge_extra(merge_objects(body, _settings(chat)), resolved, chat.adaptations)


def _prompt(chat: _Chat) -> Fields:
    resolved, vendor = chat.resolved, chat.vendor
    system, turns = text_turns(chat.service, resolved.messages, chat.adaptations)
    _, instruction = encode_format(DEFAULT_PROFILE, resolved, chat.adaptations)
    if resolved.tools:
        chat.adaptations.append(dropped("tools", "this model takes a prompt, without tools"))
    chat.adaptations.extend(dropped_tool_choice(resolved))
    prompt = TEMPLATES[vendor.template]("\n\n".join(filter(None, [system, instruction])), turns)
    body = {vendor.prompt_key: prompt, **_settings(chat)}
    if resolved.stream:
        body |= vendor.stream
    return merge_extra(body, resolved, chat.adaptations)


def _settings(chat: _Chat) -> Fields:
    """The settings at the vendor's paths; all others are unsupported."""
    resolved, paths = chat.resolved, chat.vendor.paths
    settings = dict(resolved.settings)
    if settings.get("n") == 1:
        del settings["n"]
    unsupported = {name: _NO_FIELD for name in settings if name not in paths}
    profile = ModelProfile(prefix="", unsupported=unsupported)
    settings, setting_adaptations = adapt(settings, resolved.user_set, profile)
    chat.adaptations.extend(setting_adaptations)
    if resolved.reasoning is not None:
        known = known_profile(resolved.model, chat.config.pricing_plan).reasoning
        profile = ModelProfile(prefix="", reasoning="always" if known == "always" else "none")
        report_uncontrolled(profile, resolved.model, resolved.reasoning, chat.adaptations)
    encode_options(resolved, {}, resolved.model, chat.adaptations)
    if resolved.metadata:
        chat.adaptations.append(dropped("metadata", _NO_FIELD))
    fields: Fields = {}
    for setting, path in paths.items():
        if setting in settings:
            fields = with_value(fields, path, settings[setting])
    return fields


_ENCODERS: Mapping[Family, Callable[[_Chat], Fields]] = {
    "anthropic": _anthropic,
    "nova": _nova,
    "openai": _openai,
    "cohere_chat": _cohere_chat,
    "prompt": _prompt,
}
