"""ChatRequest -> POST {base_url}/chat/{endpoint} of Qianfan's first API.

Source: cloud.baidu.com/doc/WENXINWORKSHOP (ERNIE chat APIs), in excerpts; qianfan 0.4.12.3, resources/llm/
chat_completion.py; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.legacy_functions import function_of
from llm_pure.adapters.dialects.common.reasoning_effort import reasoning_told
from llm_pure.adapters.dialects.common.turn_order import dropped
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, unsupported_by
from llm_pure.adapters.dialects.openai_chat.response_format import wanted_format
from llm_pure.adapters.dialects.qianfan_v1.messages import encode_messages
from llm_pure.adapters.dialects.qianfan_v1.models import endpoint_of
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt, strict_error
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice, resolve_request
from llm_pure.core.urls import post_json, with_default_path
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import ChatRequest, NamedToolChoice, NativeTool
from llm_pure.types.result import Failure, LLMResult

SERVER = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop"

_SETTING_KEYS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "repetition_penalty": "penalty_score",
    "stop": "stop",
    "max_tokens": "max_output_tokens",
}

_RULE = ModelProfile(
    prefix="",
    unsupported=unsupported_by(
        "qianfan v1", "top_k", "seed", "n", "logprobs", "presence_penalty", "frequency_penalty"
    ),
    ranges={"temperature": (0.01, 1), "repetition_penalty": (1, 2)},
    source="cloud.baidu.com/doc/WENXINWORKSHOP, in excerpts read 2026-11-20: temperature in (0, 1]",
)


_FORMS = Quirks(json_formats=("json_object",))


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST {base_url}/chat/{endpoint}; a base URL that is a bare host gets the usual path.

    endpoint: config.endpoint, else what the model is called there. Body: {messages[], system?, functions[]?, tool_choice?,
    response_format?, temperature?, top_p?, penalty_score?, stop?, max_output_tokens?, stream?}. max_output_tokens only when
    somebody chose it, since the default of the configuration is more than most models take.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (media, several calls in a turn; with `strict` also every setting that would be dropped).
    """
    if config.endpoint and not config.model:  # the address says which model it is
        config = msgspec.structs.replace(config, model=config.endpoint)
    drafted = resolve_request(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    path = f"/chat/{endpoint_of(config, call.model)}"
    url = with_default_path(name, SERVER)(config, call.model, path)
    if isinstance(url, Failure):
        return url
    spoken = encode_messages(name, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    said, told = spoken.unwrap()
    formed = wanted_format(name, _FORMS, call.response_format)
    if isinstance(formed, Failure):
        return Failure(formed.failure())
    wanted = formed.unwrap()
    if wanted.in_words:
        said["system"] = "\n\n".join(filter(None, [said.get("system"), wanted.in_words]))
    fields, more = _fields(name, call)
    adaptations = (*told, *wanted.told, *more)
    lost = strict_error(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    body = {**said, **fields, **call.extra}
    accept = "text/event-stream" if body.get("stream") else "application/json"
    return post_json(config, url.unwrap(), body, provider=name, accept=accept).map(
        lambda made: Built(request=made, adaptations=adaptations)
    )


def _fields(name: str, call: ResolvedRequest) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    """Everything but what is said, and what could not be sent as asked."""
    fields, told = _functions(name, call)
    if call.response_format is not None:
        fields["response_format"] = "json_object"
    asked = {
        key: value
        for key, value in call.settings.items()
        if key != "max_tokens" or key in call.user_set
    }
    settings, refused = adapt(asked, call.user_set, _RULE)
    told += refused
    fields |= {key: settings[one] for one, key in _SETTING_KEYS.items() if one in settings}
    if call.reasoning is not None and call.reasoning.enabled and call.reasoning.effort != "none":
        told.append(reasoning_told("dropped", f"{call.model} has no reasoning to ask for"))
    if call.metadata:
        told.append(dropped("metadata", "qianfan v1 keeps none"))
    if call.stream:
        fields["stream"] = True
    return fields, tuple(told)


def _functions(name: str, call: ResolvedRequest) -> tuple[dict[str, Any], list[Adaptation]]:
    """functions, tools of Baidu's own, tool_choice."""
    functions: list[dict[str, Any]] = []
    native: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if not isinstance(tool, NativeTool):
            functions.append({"description": tool.name, **function_of(tool)})  # a must here
            if tool.strict:
                reason = "qianfan v1 does not hold a model to a schema"
                told.append(dropped(f"tools/{place}/strict", reason, True))
        elif tool.provider == name:
            native.append(tool.json)
        else:
            told.append(dropped(f"tools/{place}", f"it is a tool of {tool.provider}'s own"))
    fields: dict[str, Any] = {}
    match call.tool_choice:
        case "none" if functions:
            functions = []
            reason = "qianfan v1 has no such choice; no function is called when none is sent"
            told.append(Adaptation(field="tool_choice", action="changed", reason=reason))
        case "required":
            told.append(dropped("tool_choice", "qianfan v1 cannot be held to calling", "required"))
        case NamedToolChoice(name=wanted) if functions:
            fields["tool_choice"] = {"type": "function", "function": {"name": wanted}}
        case _:
            told += dropped_tool_choice(call)
    if call.parallel_tool_calls is False and functions:
        reason = "qianfan v1 cannot be held to one call at a time"
        told.append(dropped("parallel_tool_calls", reason, False))
    sent = {"functions": functions, "tools": native}
    return {**{key: value for key, value in sent.items() if value}, **fields}, told
