"""ChatRequest -> a websocket's URL and the one frame that is sent there.

Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (gen_params); the wire notes of this project; read 2026-11-20.
"""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import changed, dropped, dropped_tool_mark
from llm_pure.adapters.dialects.common.legacy_functions import function_of
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, unsupported_by
from llm_pure.adapters.dialects.openai_chat.response_format import encode_format
from llm_pure.adapters.dialects.spark_frames.messages import encode_messages
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import AnyService, Service, require_lossless
from llm_pure.framing.json_codec import encode
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import SchemaProfiles
from llm_pure.signing import hmac_url
from llm_pure.signing.key import usable_key, with_credential_headers
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest, NativeTool

_SETTINGS = ("temperature", "top_k", "max_tokens")

_EVERY_MODEL = ModelProfile(
    prefix="",
    unsupported=unsupported_by(
        "Spark's frames", "top_p", "stop", "seed", "n", "logprobs", "presence_penalty", "frequency_penalty",
        "repetition_penalty",
    ),
    ranges={"temperature": (0.01, 1), "top_k": (1, 6), "max_tokens": (1, 8192)},
    source="the wire notes of this project, read 2026-11-20",
)  # fmt: skip

_SCHEMAS = SchemaProfiles()

QUIRKS = Quirks(json_formats=())
"""The response formats of the API."""


@returns_failure
def build_chat(
    service: Service[Quirks],
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> Built:
    """GET {url}, whose body is the frame to send once the websocket is open; the same with and without `stream`.

    The domain is the request's model, else config.domain, else config.model; the URL is config.base_url, else the
    domain's. Frame: {header: {app_id}, parameter: {chat: {domain, temperature?, top_k?, max_tokens?}},
    payload: {message: {text[]}, functions?: {text[]}}}. `extra` goes last over it, objects key by key.
    Fails with InvalidConfiguration (no app_id, no model, no URL), InvalidRequest (messages that cannot be read),
    UnsupportedFeature (a part that Spark does not support; with `strict` also every setting that would be dropped).
    """
    adaptations: list[Adaptation] = []
    config = replace(config, model=config.domain or config.model)
    resolved = ok(resolve_request(config, request, provider=service.name))
    if not config.app_id:
        message = "Spark's websocket needs app_id, api_key and api_secret; with api_key alone Spark is called over HTTP"
        raise Rejected(InvalidConfiguration(message=message, field="app_id", provider=service.name))
    url = ok(service.url_for(config, resolved.model, ""))
    fitted = ok(fit_schemas(resolved, _SCHEMAS, provider=service.name))
    resolved = fitted.request
    adaptations += fitted.adaptations
    messages = encode_messages(service, resolved.messages, adaptations)
    encoded_format = encode_format(service, resolved.response_format, adaptations)
    functions = _functions(service, resolved, adaptations)
    settings = _settings(resolved, adaptations)
    frame: dict[str, Any] = {
        "header": {"app_id": config.app_id},
        "parameter": {"chat": {"domain": resolved.model, **settings}},
        "payload": {"message": {"text": _with_text(messages, encoded_format.instruction)}},
    }
    if functions:
        frame["payload"]["functions"] = {"text": functions}
    frame = merge_extra(frame, resolved, adaptations)
    if strict:
        require_lossless(service, adaptations)
    body = ok(encode(frame, provider=service.name))
    exchange = HttpRequest("GET", url, plain_headers(config), body)
    return Built(request=exchange, adaptations=tuple(adaptations))


@returns_failure
def authorize(
    service: AnyService, config: LLMConfig, request: HttpRequest, now: datetime
) -> HttpRequest:
    """Sign the URL; the signature, in the query, is valid for five minutes. Fails with InvalidConfiguration without a key."""
    key = ok(usable_key(service.name, ("SPARKAI_API_KEY",), config.api_key))
    secret_env = ("SPARKAI_API_SECRET",)
    secret = ok(usable_key(service.name, secret_env, config.api_secret, "api_secret"))
    request = with_credential_headers(config, request)
    return hmac_url.sign(request, api_key=key, api_secret=secret, now=now)


def _settings(resolved: ResolvedRequest, adaptations: list[Adaptation]) -> dict[str, Any]:
    settings, setting_adaptations = adapt(resolved.settings, resolved.user_set, _EVERY_MODEL)
    adaptations += setting_adaptations
    reasoning = resolved.reasoning
    if reasoning is not None and reasoning.enabled and reasoning.effort != "none":
        reason = f"the reasoning of {resolved.model} cannot be configured"
        adaptations.append(dropped("reasoning", reason))
    encode_options(resolved, {}, "Spark's frames", adaptations)
    if resolved.metadata:
        adaptations.append(dropped("metadata", "Spark keeps none"))
    return {key: settings[key] for key in _SETTINGS if key in settings}


def _functions(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    functions: list[dict[str, Any]] = []
    for index, tool in enumerate(resolved.tools):
        if not isinstance(tool, NativeTool):
            functions.append(function_of(tool))
            if tool.cache is not None:
                adaptations.append(dropped_tool_mark(index, service.name))
            if tool.strict:
                reason = "Spark does not hold a model to a schema"
                adaptations.append(dropped(f"tools/{index}/strict", reason, True))
        elif tool.provider == service.name:
            functions.append(tool.json)
        else:
            adaptations.append(dropped(f"tools/{index}", f"it is a tool of {tool.provider}'s own"))
    if resolved.tool_choice == "none" and functions:
        functions = []
        reason = "Spark has no such choice; no function is called when none is sent"
        adaptations.append(changed("tool_choice", reason))
    elif resolved.tool_choice not in (None, "auto", "none"):
        adaptations.append(dropped("tool_choice", "Spark cannot be held to calling"))
    if resolved.parallel_tool_calls is False and functions:
        reason = "Spark cannot be held to one call at a time"
        adaptations.append(dropped("parallel_tool_calls", reason, False))
    return functions


def _with_text(messages: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The messages with this text after the last that is no image; a system message would have to be first."""
    if not text:
        return messages
    for index in reversed(range(len(messages))):
        message = messages[index]
        if "content_type" not in message:
            longer = {**message, "content": f"{message['content']}\n\n{text}"}
            return [*messages[:index], longer, *messages[index + 1 :]]
    return [*messages, {"role": "user", "content": text}]
