"""ChatRequest -> POST /model/{modelId}/converse, or /converse-stream.

Source: botocore 1.44.5 (ConverseRequest), ../shared/wire/bedrock.md section 2; read 2026-11-20.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.models import refuses_forced
from llm_pure.adapters.dialects.anthropic_messages.request import (
    default_max_tokens,
    may_be_marked,
    take_betas,
)
from llm_pure.adapters.dialects.anthropic_messages.tools import encode_format
from llm_pure.adapters.dialects.bedrock_converse.messages import encode_messages
from llm_pure.adapters.dialects.bedrock_converse.models import known_profile
from llm_pure.adapters.dialects.bedrock_converse.reasoning import (
    ReasoningFields,
    encode_reasoning,
    with_value,
)
from llm_pure.adapters.dialects.bedrock_converse.tools import encode_tools, schema_profiles
from llm_pure.adapters.dialects.common.adaptations import (
    keep_temperature_or_top_p,
    leave_out_blank_stops,
)
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.common.message_encoder import fit_marks
from llm_pure.core.adaptations import (
    Adaptation,
    MetadataLimits,
    ModelProfile,
    Word,
    adapt,
    fit_metadata,
)
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    OptionField,
    ResolvedRequest,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import AnyService, build_post, require_lossless
from llm_pure.framing.json_codec import encode
from llm_pure.schema.fit import fit_schemas
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest, Guardrail, SchemaFormat

EVENT_STREAM = "application/vnd.amazon.eventstream"

_INFERENCE_KEYS = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop": "stopSequences",
}

_UNSUPPORTED: dict[str, str] = dict.fromkeys(
    ("repetition_penalty", "presence_penalty", "frequency_penalty", "seed", "n", "logprobs"),
    "Converse has no field for it",
)
_RANGES = {"temperature": (0.0, 1.0), "top_p": (0.0, 1.0)}

SERVICE_TIERS = Word(
    path="serviceTier/type",
    values=frozenset({"default", "flex", "priority", "reserved"}),
    source="botocore 1.44.8, ServiceTierType, read 2026-11-30",
)
_OPTIONS: Mapping[str, OptionField] = {
    "service_tier": SERVICE_TIERS,
    "guardrail": lambda guardrail: {"guardrailConfig": _guardrail(guardrail)},
}
"""Source: botocore 1.44.8 (ConverseRequest), read 2026-11-29."""

Body = dict[str, Any]


@returns_failure
def build_chat(
    service: AnyService, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/model/{modelId}/converse, or /converse-stream.

    Body: {messages[], system[]?, inferenceConfig?, toolConfig?, additionalModelRequestFields?, outputConfig?,
    requestMetadata?}; the model is in the URL only. `extra` is merged in, object by object.
    Fails with InvalidConfiguration (no model, bad URL or region), InvalidRequest (messages that cannot be read),
    UnsupportedFeature (a part that Converse does not support; with `strict` also every adaptation that loses information).
    """
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    operation = "converse-stream" if resolved.stream else "converse"
    url = ok(service.url_for(config, resolved.model, operation))
    body = chat_body(service, config, resolved, adaptations)
    if strict:
        require_lossless(service, adaptations)
    accept = EVENT_STREAM if resolved.stream else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def chat_body(
    service: AnyService, config: LLMConfig, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> Body:
    """The body of Converse. Raises Rejected."""
    profile = known_profile(resolved.model, config.pricing_plan)
    fitted = ok(fit_schemas(resolved, schema_profiles(profile), provider=service.name))
    resolved = fitted.request
    encoded = encode_messages(
        service, profile, resolved.messages, adaptations, model=resolved.model
    )
    adaptations += fitted.adaptations
    if "thinking" in profile.traits and "max_tokens" not in resolved.settings:
        limit = default_max_tokens(profile, resolved.model, adaptations)
        settings = {**resolved.settings, "max_tokens": limit}
        resolved = msgspec.structs.replace(resolved, settings=settings)
    reasoning = encode_reasoning(
        profile,
        resolved,
        config.reasoning_max_token,
        adaptations,
        turns=encoded.arranged,
    )
    inference, vendor_fields = _settings(profile, resolved, reasoning, adaptations)
    tools = encode_tools(
        service,
        profile,
        resolved,
        encoded.called,
        adaptations,
        refuses_forced_calls=reasoning.by_budget or (reasoning.thinks and refuses_forced(profile)),
    )
    schema_error = fitted.schema_error
    if resolved.response_format is not None and "thinking" in profile.traits:
        schema_error = schema_error or _format_conflict(encoded.turns)
    output, instruction = _output(service, profile, resolved, schema_error, adaptations)
    instructions = [{"text": instruction}] if instruction else []
    turns, system = encoded.turns, [*encoded.system, *instructions]
    if instructions and profile.traits.get("system", True) is False:
        last = next((turn for turn in reversed(turns) if turn["role"] == "user"), None)
        if last is not None:
            last["content"] = [*last["content"], *instructions]
        system = []
    body: Body = {
        "messages": turns,
        "system": system,
        "inferenceConfig": inference,
        "toolConfig": tools.config,
        "additionalModelRequestFields": merge_objects(vendor_fields, tools.vendor_fields),
        "outputConfig": output,
        "requestMetadata": (
            fit_metadata(resolved.metadata, _METADATA, adaptations) if resolved.metadata else {}
        ),
        **encode_options(resolved, _OPTIONS, service.name, adaptations),
    }
    if "thinking" in profile.traits and (
        not encoded.is_plain or any(map(may_be_marked, resolved.tools))
    ):
        fit_marks(_marked_blocks(body), "cachePoint", adaptations)
    betas, resolved = (
        take_betas(resolved, config) if "thinking" in profile.traits else ((), resolved)
    )
    if reasoning.effort is not None:
        betas = (*betas, *profile.traits.get("effort_betas", ()))
    if betas:
        fields = body["additionalModelRequestFields"]
        body["additionalModelRequestFields"] = {**fields, "anthropic_beta": list(betas)}
    body = {key: value for key, value in body.items() if value or key == "messages"}
    return merge_extra(body, resolved, adaptations)


_METADATA = MetadataLimits(
    max_pairs=16,
    key=re.compile(r"[a-zA-Z0-9\s:_@$#=/+,-.]{1,256}"),
    value=re.compile(r"[a-zA-Z0-9\s:_@$#=/+,-.]{0,256}"),
    source="botocore 1.44.8, bedrock-runtime RequestMetadata, read 2026-11-30",
)


def _marked_blocks(body: Body) -> Iterator[list[Body]]:
    """What can have a cache point, in the order of the prompt."""
    yield body["toolConfig"].get("tools", [])
    yield body["system"]
    for message in body["messages"]:
        yield message["content"]


def _format_conflict(messages: list[Body]) -> str:
    """As `anthropic_messages.request.format_conflict`, in Converse's form."""
    if messages[-1]["role"] == "assistant":
        return "a response that is continued has no format"
    blocks = [block for message in messages for block in message["content"]]
    cited = any("citations" in block.get("document", ()) for block in blocks)
    return "there is no format beside citations" if cited else ""


def _guardrail(guardrail: Guardrail) -> Body:
    config = {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version}
    return config if guardrail.trace is None else {**config, "trace": guardrail.trace}


def _settings(
    profile: ModelProfile,
    resolved: ResolvedRequest,
    reasoning: ReasoningFields,
    adaptations: list[Adaptation],
) -> tuple[Body, Body]:
    """(inferenceConfig, additionalModelRequestFields)."""
    settings = {**resolved.settings, "max_tokens": reasoning.max_tokens}
    if reasoning.max_tokens is None:
        del settings["max_tokens"]
    if settings.get("n") == 1:
        del settings["n"]
    top_k_path = profile.traits.get("top_k_path")
    unsupported = {**_UNSUPPORTED, **profile.unsupported}
    if top_k_path is None:
        unsupported.setdefault("top_k", "the field of this model for it is not known")
    for setting in profile.traits.get("effort_excludes", {}).get(reasoning.effort, ()):
        unsupported[setting] = (
            f"this model rejects it while it reasons with effort {reasoning.effort}"
        )
    ranges = {**_RANGES, **profile.ranges}
    if reasoning.thinks and "thinking" in profile.traits:
        ranges["top_p"] = (0.95, 1.0)  # Claude accepts no other with thinking
    limits = msgspec.structs.replace(profile, unsupported=unsupported, ranges=ranges)
    settings, setting_adaptations = adapt(
        settings, resolved.user_set, limits, reasoning=reasoning.thinks
    )
    adaptations += setting_adaptations
    if "stop" in settings and "thinking" in profile.traits:
        leave_out_blank_stops(settings, adaptations)
    if profile.traits.get("one_of"):
        keep_temperature_or_top_p(settings, resolved.user_set, adaptations, model=resolved.model)
    inference = {key: settings[name] for name, key in _INFERENCE_KEYS.items() if name in settings}
    vendor_fields = reasoning.vendor_fields
    if "top_k" in settings and top_k_path is not None:
        vendor_fields = with_value(vendor_fields, top_k_path, settings["top_k"])
    return inference, vendor_fields


def _output(
    service: AnyService,
    profile: ModelProfile,
    resolved: ResolvedRequest,
    schema_error: str,
    adaptations: list[Adaptation],
) -> tuple[Body, str | None]:
    """(outputConfig, an instruction for `system`); at least one of the two is empty.

    A schema is sent as a JSON string. For models without schemas, for a schema that cannot be translated (`schema_error`),
    and for JSON without a schema, an instruction asks for it.
    """
    requested = resolved.response_format
    is_native = profile.traits.get("schema", True) is not False and not schema_error
    if not isinstance(requested, SchemaFormat) or not is_native:
        _, instruction = encode_format(profile, resolved, adaptations, schema_error)
        return {}, instruction
    text = ok(encode(requested.schema, provider=service.name)).decode()
    schema = {"schema": text, "name": requested.name}
    if requested.description:
        schema["description"] = requested.description
    structure = {"jsonSchema": schema}
    return {"textFormat": {"type": "json_schema", "structure": structure}}, None
