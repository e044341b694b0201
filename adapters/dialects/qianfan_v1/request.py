"""ChatRequest -> POST {base_url}/chat/{endpoint} of Qianfan version 1.

Source: cloud.baidu.com/doc/WENXINWORKSHOP (ERNIE chat APIs), in excerpts; qianfan 0.4.12.3, resources/llm/
chat_completion.py; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import (
    changed,
    dropped,
    dropped_tool_mark,
    leave_out_long_stops,
    limit_stops,
)
from llm_pure.adapters.dialects.common.legacy_functions import function_of
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, unsupported_by
from llm_pure.adapters.dialects.openai_chat.response_format import encode_format
from llm_pure.adapters.dialects.qianfan_v1.messages import encode_messages
from llm_pure.adapters.dialects.qianfan_v1.models import endpoint_of
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    dropped_tool_choice,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import AnyService, Service, build_post, require_lossless
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import SchemaProfiles
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest, NamedToolChoice, NativeTool

_SETTING_KEYS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "repetition_penalty": "penalty_score",
    "stop": "stop",
    "max_tokens": "max_output_tokens",
}

_EVERY_MODEL = ModelProfile(
    prefix="",
    unsupported=unsupported_by(
        "qianfan v1", "top_k", "seed", "n", "logprobs", "presence_penalty", "frequency_penalty"
    ),
    ranges={"temperature": (0.01, 1), "repetition_penalty": (1, 2)},
    source="cloud.baidu.com/doc/WENXINWORKSHOP, in excerpts read 2026-11-20: temperature in (0, 1]",
)


_SCHEMAS = SchemaProfiles()

QUIRKS = Quirks(json_formats=("json_object",))
"""The response formats of the API."""


@returns_failure
def build_chat(
    service: Service[Quirks],
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> Built:
    """POST {base_url}/chat/{endpoint}; a base URL without a path gets the path of the default base URL.

    endpoint: config.endpoint, else the model's segment. Body: {messages[], system?, functions[]?, tool_choice?,
    response_format?, temperature?, top_p?, penalty_score?, stop?, max_output_tokens?, stream?}. max_output_tokens only if
    the user set it, since the default of the configuration is more than most models support.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (media, several calls in a turn; with `strict` also every setting that would be dropped).
    """
    if config.endpoint and not config.model:  # the endpoint names the model
        config = replace(config, model=config.endpoint)
    adaptations: list[Adaptation] = []
    resolved = ok(resolve_request(config, request, provider=service.name))
    path = f"/chat/{endpoint_of(config, resolved.model)}"
    url = ok(service.url_for(config, resolved.model, path))
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    resolved = fitted.request
    adaptations += fitted.adaptations
    fields = encode_messages(service, resolved.messages, adaptations)
    encoded_format = encode_format(service, resolved.response_format, adaptations)
    if encoded_format.instruction:
        texts = [fields.get("system"), encoded_format.instruction]
        fields["system"] = "\n\n".join(filter(None, texts))
    fields |= _fields(service, resolved, adaptations)
    body = merge_extra(fields, resolved, adaptations)
    if strict:
        require_lossless(service, adaptations)
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def _fields(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """All fields but messages and system."""
    fields = _functions(service, resolved, adaptations)
    if resolved.response_format is not None:
        fields["response_format"] = "json_object"
    user_set = resolved.user_set
    settings = dict(resolved.settings)
    if "max_tokens" not in user_set:  # 4096 is more than most of these models support
        settings.pop("max_tokens", None)
    settings, setting_adaptations = adapt(settings, user_set, _EVERY_MODEL)
    adaptations += setting_adaptations
    if "stop" in settings:
        limit_stops(settings, 4, service.name, adaptations)
        leave_out_long_stops(settings, 20, "characters", service.name, adaptations)
    fields |= {key: settings[name] for name, key in _SETTING_KEYS.items() if name in settings}
    reasoning = resolved.reasoning
    if reasoning is not None and reasoning.enabled and reasoning.effort != "none":
        adaptations.append(dropped("reasoning", f"{resolved.model} has no reasoning to ask for"))
    fields |= encode_options(resolved, {"user": "user_id"}, service.name, adaptations)
    if resolved.metadata:
        adaptations.append(dropped("metadata", "qianfan v1 keeps none"))
    if resolved.stream:
        fields["stream"] = True
    return fields


def _functions(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """functions, tools of Baidu's own, tool_choice."""
    functions: list[dict[str, Any]] = []
    native: list[dict[str, Any]] = []
    for index, tool in enumerate(resolved.tools):
        if not isinstance(tool, NativeTool):
            functions.append({"description": tool.name, **function_of(tool)})  # required here
            if tool.cache is not None:
                adaptations.append(dropped_tool_mark(index, service.name))
            if tool.strict:
                reason = "qianfan v1 does not hold a model to a schema"
                adaptations.append(dropped(f"tools/{index}/strict", reason, True))
        elif tool.provider == service.name:
            native.append(tool.json)
        else:
            adaptations.append(dropped(f"tools/{index}", f"it is a tool of {tool.provider}'s own"))
    fields: dict[str, Any] = {}
    match resolved.tool_choice:
        case "none" if functions:
            functions = []
            reason = "qianfan v1 has no such choice; no function is called when none is sent"
            adaptations.append(changed("tool_choice", reason))
        case "required":
            reason = "qianfan v1 cannot be held to calling"
            adaptations.append(dropped("tool_choice", reason, "required"))
        case NamedToolChoice(name=name) if functions:
            fields["tool_choice"] = {"type": "function", "function": {"name": name}}
        case _:
            adaptations += dropped_tool_choice(resolved)
    if resolved.parallel_tool_calls is False and functions:
        reason = "qianfan v1 cannot be held to one call at a time"
        adaptations.append(dropped("parallel_tool_calls", reason, False))
    tools = {"functions": functions, "tools": native}
    return {**{key: value for key, value in tools.items() if value}, **fields}
