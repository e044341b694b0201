"""ChatRequest -> POST /model/{modelId}/converse, or /converse-stream.

Source: botocore 1.44.5 (ConverseRequest), ../shared/wire/bedrock.md section 2; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.tools import encode_format
from llm_pure.adapters.dialects.bedrock_converse.messages import spoken
from llm_pure.adapters.dialects.bedrock_converse.models import known_rule
from llm_pure.adapters.dialects.bedrock_converse.reasoning import (
    Asked,
    asked_reasoning,
    merged,
    put,
)
from llm_pure.adapters.dialects.bedrock_converse.tools import schema_rules, tool_fields
from llm_pure.adapters.dialects.bedrock_converse.urls import call_url
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt, strict_error
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, resolve_request
from llm_pure.core.urls import post_json
from llm_pure.framing.json_codec import encode
from llm_pure.schema.fit import fit_schemas
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import ChatRequest, SchemaFormat
from llm_pure.types.result import Failure, LLMResult, Success

EVENT_STREAM = "application/vnd.amazon.eventstream"

_INFERENCE_KEYS = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop": "stopSequences",
}

_NO_FIELD = "Converse has no field for it"
_REFUSES: dict[str, str] = dict.fromkeys(
    (
        "repetition_penalty",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "n",
        "logprobs",
    ),
    _NO_FIELD,
)
_BOUNDS = {"temperature": (0.0, 1.0), "top_p": (0.0, 1.0)}

Body = dict[str, Any]


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST {base_url}/model/{modelId}/converse, or /converse-stream.

    Body: {messages[], system[]?, inferenceConfig?, toolConfig?, additionalModelRequestFields?, outputConfig?,
    requestMetadata?}; the model is in the URL only. `extra` is merged in, object by object.
    Fails with InvalidConfiguration (no model, bad URL or region), InvalidRequest (messages that cannot be read),
    UnsupportedFeature (a part that Converse cannot carry; with `strict` also every setting that would be dropped).
    """
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    action = "converse-stream" if call.stream else "converse"
    url = call_url(name, config, call.model, action)
    if isinstance(url, Failure):
        return url
    made = chat_body(name, config, call)
    if isinstance(made, Failure):
        return made
    body, adaptations = made.unwrap()
    lost = strict_error(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    accept = EVENT_STREAM if call.stream else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda sent: Built(request=sent, adaptations=adaptations)
    )


def chat_body(
    name: str, config: LLMConfig, call: ResolvedRequest
) -> LLMResult[tuple[Body, tuple[Adaptation, ...]]]:
    """The body of a call, and what could not be sent in it as it was asked."""
    rule = known_rule(call.model, config.pricing_plan)
    fitted = fit_schemas(call, schema_rules(rule), provider=name)
    if isinstance(fitted, Failure):
        return Failure(fitted.failure())
    call = fitted.unwrap().request
    conversation = spoken(name, rule, call.messages)
    if isinstance(conversation, Failure):
        return Failure(conversation.failure())
    said = conversation.unwrap()
    output = _output(name, rule, call, fitted.unwrap().schema_error)
    if isinstance(output, Failure):
        return Failure(output.failure())
    output_config, words, format_told = output.unwrap()
    asked = asked_reasoning(rule, call, config.reasoning_max_token)
    inference, more, settings_told = _settings(rule, call, asked)
    tools = tool_fields(name, rule, call, said.called, by_budget=asked.by_budget)
    body: Body = {
        "messages": said.messages,
        "system": [*said.system, {"text": words}] if words else said.system,
        "inferenceConfig": inference,
        "toolConfig": tools.config,
        "additionalModelRequestFields": merged(more, tools.more),
        "outputConfig": output_config,
        "requestMetadata": dict(call.metadata or {}),
    }
    body = {key: value for key, value in body.items() if value or key == "messages"}
    told = (*said.adaptations, *fitted.unwrap().adaptations, *asked.told, *settings_told)
    told += (*tools.adaptations, *format_told)
    return Success((merged(body, dict(call.extra)), told))


def _settings(
    rule: ModelProfile, call: ResolvedRequest, asked: Asked
) -> tuple[Body, Body, tuple[Adaptation, ...]]:
    """inferenceConfig, additionalModelRequestFields, and what was changed."""
    settings = {**call.settings, "max_tokens": asked.max_tokens}
    if asked.max_tokens is None:
        del settings["max_tokens"]
    if settings.get("n") == 1:
        del settings["n"]  # one answer is what there is
    top_k_at = rule.traits.get("top_k_at")
    refuses = {**_REFUSES, **rule.unsupported}
    if top_k_at is None:
        refuses.setdefault("top_k", "it is not known where this model takes it")
    for setting in rule.traits.get("effort_refuses", {}).get(asked.effort, ()):
        refuses[setting] = f"this model refuses it while it reasons with effort {asked.effort}"
    bounds = {**_BOUNDS, **rule.ranges}
    if asked.thinks and "thinking" in rule.traits:
        bounds["top_p"] = (0.95, 1.0)  # Claude takes no other beside thinking
    limits = msgspec.structs.replace(rule, unsupported=refuses, ranges=bounds)
    settings, told = adapt(settings, call.user_set, limits, reasoning=asked.thinks)
    if rule.traits.get("one_of") and "temperature" in settings and "top_p" in settings:
        loser = "top_p" if "temperature" in call.user_set else "temperature"
        before = settings.pop(loser)
        if loser in call.user_set:
            reason = f"{call.model} takes temperature or top_p, not both"
            told += (Adaptation(field=loser, action="dropped", reason=reason, before=before),)
    inference = {key: settings[one] for one, key in _INFERENCE_KEYS.items() if one in settings}
    more = asked.fields
    if "top_k" in settings and top_k_at is not None:
        more = put(more, top_k_at, settings["top_k"])
    return inference, more, told


def _output(
    name: str, rule: ModelProfile, call: ResolvedRequest, schema_error: str
) -> LLMResult[tuple[Body, str | None, tuple[Adaptation, ...]]]:
    """(outputConfig, an instruction for `system`, what was changed); of the first two one at most.

    A schema goes as a JSON string. Where the model takes none, where the schema cannot be written so (`schema_error`), and for
    "some JSON", the model is told so in words.
    """
    wanted = call.response_format
    native = rule.traits.get("schema", True) is not False and not schema_error
    if not isinstance(wanted, SchemaFormat) or not native:
        told: list[Adaptation] = []
        _, words = encode_format(rule, call, told, schema_error)
        return Success(({}, words, tuple(told)))
    text = encode(wanted.schema, provider=name)
    if isinstance(text, Failure):
        return Failure(text.failure())
    schema = {"schema": text.unwrap().decode(), "name": wanted.name}
    if wanted.description:
        schema["description"] = wanted.description
    structure = {"jsonSchema": schema}
    return Success(({"textFormat": {"type": "json_schema", "structure": structure}}, None, ()))
