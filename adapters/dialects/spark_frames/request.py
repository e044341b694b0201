"""ChatRequest -> a websocket's address and the one frame that is sent there.

Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (gen_params, host_map); the wire notes of this project; read
2026-11-20.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llm_pure.adapters.dialects.common.legacy_functions import function_of
from llm_pure.adapters.dialects.common.reasoning_effort import reasoning_told
from llm_pure.adapters.dialects.common.turn_order import dropped
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, unsupported_by
from llm_pure.adapters.dialects.openai_chat.response_format import wanted_format
from llm_pure.adapters.dialects.spark_frames.messages import encode_messages
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt, strict_error
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import ResolvedRequest, resolve_request
from llm_pure.core.urls import base_url
from llm_pure.framing.json_codec import encode
from llm_pure.signing import hmac_url
from llm_pure.signing.key import usable_key, with_credential_headers
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.request import ChatRequest, NativeTool
from llm_pure.types.result import Failure, LLMResult, Success

SERVER = "wss://spark-api.xf-yun.com"

ADDRESSES: Mapping[str, str] = {
    "general": f"{SERVER}/v1.1/chat",
    "lite": f"{SERVER}/v1.1/chat",
    "generalv2": f"{SERVER}/v2.1/chat",
    "generalv3": f"{SERVER}/v3.1/chat",
    "pro-128k": f"{SERVER}/chat/pro-128k",
    "generalv3.5": f"{SERVER}/v3.5/chat",
    "max-32k": f"{SERVER}/chat/max-32k",
    "4.0Ultra": f"{SERVER}/v4.0/chat",
    "image": "wss://spark-api.cn-huabei-1.xf-yun.com/v2.1/image",
}
"""Where each domain, which is what Spark calls a model, is served."""

_SETTINGS = ("temperature", "top_k", "max_tokens")

_RULE = ModelProfile(
    prefix="",
    unsupported=unsupported_by(
        "Spark's frames",
        "top_p",
        "stop",
        "seed",
        "n",
        "logprobs",
        "presence_penalty",
        "frequency_penalty",
        "repetition_penalty",
    ),
    ranges={"temperature": (0.01, 1), "top_k": (1, 6), "max_tokens": (1, 8192)},
    source="the wire notes of this project, read 2026-11-20",
)


_FORMS = Quirks(json_formats=())


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """GET {address}, whose body is the frame to send once the websocket is open. A stream or not, it is the same.

    The domain is the request's model, else config.domain, else config.model; the address is config.base_url, else the
    domain's own. Frame: {header: {app_id}, parameter: {chat: {domain, temperature?, top_k?, max_tokens?}},
    payload: {message: {text[]}, functions?: {text[]}}}. `extra` goes last over it, objects key by key.
    Fails with InvalidConfiguration (no app_id, no model, no address), InvalidRequest (messages that cannot be read),
    UnsupportedFeature (a part that Spark cannot carry; with `strict` also every setting that would be dropped).
    """
    named = msgspec.structs.replace(config, model=config.domain or config.model)
    drafted = resolve_request(named, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    if not config.app_id:
        message = "Spark's websocket wants app_id, api_key and api_secret; with api_key alone it is asked over HTTP"
        return Failure(InvalidConfiguration(message=message, field="app_id", provider=name))
    url = _address(name, config, call.model)
    if isinstance(url, Failure):
        return url
    spoken = encode_messages(name, call.messages)
    if isinstance(spoken, Failure):
        return spoken
    messages, told = spoken.unwrap()
    formed = wanted_format(name, _FORMS, call.response_format)
    if isinstance(formed, Failure):
        return Failure(formed.failure())
    wanted = formed.unwrap()
    functions, more = _functions(name, call)
    settings, left_out = _settings(call)
    adaptations = (*told, *wanted.told, *more, *left_out)
    lost = strict_error(adaptations, provider=name) if strict else None
    if lost is not None:
        return Failure(lost)
    frame: dict[str, Any] = {
        "header": {"app_id": config.app_id},
        "parameter": {"chat": {"domain": call.model, **settings}},
        "payload": {"message": {"text": _with_words(messages, wanted.in_words)}},
    }
    if functions:
        frame["payload"]["functions"] = {"text": functions}
    headers = plain_headers(config)
    return encode(_over(frame, call.extra), provider=name).map(
        lambda body: Built(
            request=HttpRequest("GET", url.unwrap(), headers, body), adaptations=adaptations
        )
    )


def authorize(
    name: str, config: LLMConfig, request: HttpRequest, now: datetime
) -> LLMResult[HttpRequest]:
    """The address with its signature in the query, good for five minutes. InvalidConfiguration when a key is missing."""
    key = usable_key(name, ("SPARKAI_API_KEY",), config.api_key)
    secret = usable_key(name, ("SPARKAI_API_SECRET",), config.api_secret, "api_secret")
    if isinstance(key, Failure):
        return key
    if isinstance(secret, Failure):
        return secret
    request = with_credential_headers(config, request)
    return Success(
        hmac_url.sign(request, api_key=key.unwrap(), api_secret=secret.unwrap(), now=now)
    )


def _address(name: str, config: LLMConfig, domain: str) -> LLMResult[str]:
    """A base URL without a path gets the domain's."""
    known = ADDRESSES.get(domain, "")
    if not config.base_url and not known:
        message = f"the address of Spark's domain {domain!r} is not known: set base_url, such as {SERVER}/v4.0/chat"
        return Failure(
            InvalidConfiguration(
                message=message,
                field="base_url",
                provider=name,
                suggestions=tuple(sorted(ADDRESSES)),
            )
        )
    path = urlsplit(known).path
    return base_url(config, known, provider=name).map(
        lambda url: url if urlsplit(url).path else url + path
    )


def _settings(call: ResolvedRequest) -> tuple[dict[str, Any], tuple[Adaptation, ...]]:
    settings, refused = adapt(call.settings, call.user_set, _RULE)
    told = [*refused]
    if call.reasoning is not None and call.reasoning.enabled and call.reasoning.effort != "none":
        told.append(reasoning_told("dropped", f"{call.model} reasons as it sees fit"))
    if call.metadata:
        told.append(dropped("metadata", "Spark keeps none"))
    return {key: settings[key] for key in _SETTINGS if key in settings}, tuple(told)


def _functions(
    name: str, call: ResolvedRequest
) -> tuple[list[dict[str, Any]], tuple[Adaptation, ...]]:
    functions: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if not isinstance(tool, NativeTool):
            functions.append(function_of(tool))
            if tool.strict:
                reason = "Spark does not hold a model to a schema"
                told.append(dropped(f"tools/{place}/strict", reason, True))
        elif tool.provider == name:
            functions.append(tool.json)
        else:
            told.append(dropped(f"tools/{place}", f"it is a tool of {tool.provider}'s own"))
    if call.tool_choice == "none" and functions:
        functions = []
        reason = "Spark has no such choice; no function is called when none is sent"
        told.append(Adaptation(field="tool_choice", action="changed", reason=reason))
    elif call.tool_choice not in (None, "auto", "none"):
        told.append(dropped("tool_choice", "Spark cannot be held to calling"))
    if call.parallel_tool_calls is False and functions:
        reason = "Spark cannot be held to one call at a time"
        told.append(dropped("parallel_tool_calls", reason, False))
    return functions, tuple(told)


def _with_words(messages: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """The messages with these words after the last that is no picture; a system's message would have to be first."""
    for place in reversed(range(len(messages))):
        one = messages[place]
        if words and "content_type" not in one:
            longer = {**one, "content": f"{one['content']}\n\n{words}"}
            return [*messages[:place], longer, *messages[place + 1 :]]
    return [*messages, {"role": "user", "content": words}] if words else messages


def _over(frame: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`extra` over the frame, objects key by key."""
    merged = dict(frame)
    for key, value in extra.items():
        known = merged.get(key)
        both = isinstance(known, dict) and isinstance(value, Mapping)
        merged[key] = _over(known, value) if both and known is not None else value
    return merged
