"""ChatRequest -> POST {base_url}/api/chat.

Source: ollama/ollama v0.33.0-rc2, api/types.go (ChatRequest, Options), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.legacy_functions import wire_tools
from llm_pure.adapters.dialects.ollama_native.messages import encode_messages
from llm_pure.adapters.dialects.ollama_native.thinking import wire_think
from llm_pure.core.adaptations import Adaptation, ModelProfile, adapt
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import (
    ResolvedRequest,
    encode_options,
    merge_extra,
    resolve_request,
)
from llm_pure.core.service import AnyService, build_post, require_lossless
from llm_pure.schema.fit import fit_schemas
from llm_pure.schema.profiles import OLLAMA_TOOLS, SchemaProfiles
from llm_pure.types.config import LLMConfig, is_overridden
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest, JsonFormat, SchemaFormat

_OPTIONS: Mapping[str, str] = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "repetition_penalty": "repeat_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "stop": "stop",
    "seed": "seed",
}
"""Settings -> keys of `options`. logprobs is a field of the body."""

_EVERY_MODEL = ModelProfile(
    prefix="",
    unsupported={"n": "Ollama returns one choice"},
    ranges={"logprobs": (0, 20)},
    source='ollama/ollama api/types.go, read 2026-11-20; 400 "top_logprobs must be between 0 and 20", read 2026-11-30',
)


_SCHEMAS = SchemaProfiles(tools=OLLAMA_TOOLS, tool_name=None)
"""`format` supports all of JSON Schema."""


@returns_failure
def build_chat(
    service: AnyService, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """POST {base_url}/api/chat.

    Body: {model, messages[], stream, tools[]?, format?, think?, logprobs?, top_logprobs?, options?}. `stream` is always
    sent, since the server streams without it. config.context_length becomes options.num_ctx. `extra` goes last over the
    body, object by object.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (messages that cannot be read), UnsupportedFeature
    (a part that Ollama does not support; with `strict` also every setting that would be dropped).
    """
    adaptations: list[Adaptation] = []
    fitted = ok(
        fit_schemas(
            ok(resolve_request(config, request, provider=service.name)),
            _SCHEMAS,
            provider=service.name,
        )
    )
    resolved = fitted.request
    messages = encode_messages(service, resolved.messages, adaptations)
    adaptations += fitted.adaptations
    body = {
        "model": resolved.model,
        "messages": messages,
        "stream": resolved.stream,
        **_tools(service, resolved, adaptations),
        **common_fields(config, resolved, adaptations),
    }
    return post_chat(service, config, "chat", resolved, body, adaptations, strict=strict)


def post_chat(
    service: AnyService,
    config: LLMConfig,
    operation: str,
    resolved: ResolvedRequest,
    body: dict[str, Any],
    adaptations: list[Adaptation],
    *,
    strict: bool,
) -> Built:
    """The request with this body and the user's `extra` over it."""
    url = ok(service.url_for(config, resolved.model, operation))
    body = merge_extra(body, resolved, adaptations)
    if strict:
        require_lossless(service, adaptations)
    accept = "application/x-ndjson" if body.get("stream") else "application/json"
    return build_post(service, config, url, body, adaptations, accept=accept)


def common_fields(
    config: LLMConfig, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """The fields that /api/chat and /api/generate have in common: format, think, logprobs, options."""
    fields: dict[str, Any] = {}
    match resolved.response_format:
        case JsonFormat():
            fields["format"] = "json"
        case SchemaFormat(schema=schema, description=description):
            fields["format"] = schema
            if description is not None:
                reason = "Ollama takes a schema without a description"
                adaptations.append(dropped("response_format/description", reason, description))
        case None:
            pass
    user_set = "reasoning" in resolved.user_set or is_overridden(config, "reasoning_max_token")
    think, think_adaptations = wire_think(resolved.model, resolved.reasoning)
    if user_set:
        adaptations += think_adaptations
    if think is not None:
        fields["think"] = think
    settings, setting_adaptations = adapt(resolved.settings, resolved.user_set, _EVERY_MODEL)
    adaptations += setting_adaptations
    if "logprobs" in settings:
        fields["logprobs"] = True
        if settings["logprobs"] is not True:
            fields["top_logprobs"] = settings["logprobs"]
    options = {key: settings[name] for name, key in _OPTIONS.items() if name in settings}
    if config.context_length is not None:
        options["num_ctx"] = config.context_length
    if options:
        fields["options"] = options
    fields |= encode_options(resolved, {}, "Ollama", adaptations)
    if resolved.metadata:
        adaptations.append(dropped("metadata", "Ollama does not store metadata"))
    return fields


def _tools(
    service: AnyService, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """`tools`; nothing if there are none, or if none may be called."""
    tools, unsupported = wire_tools(
        service.name, resolved.tools, strict="Ollama does not enforce tool schemas"
    )
    adaptations += unsupported
    choice = resolved.tool_choice
    if choice == "none" and tools:
        tools = []
        reason = "Ollama has no tool_choice; no tool is called when none is sent"
        adaptations.append(changed("tool_choice", reason, choice))
    elif choice is not None and choice != "auto":
        adaptations.append(dropped("tool_choice", "Ollama has no tool_choice", choice))
    if resolved.parallel_tool_calls is False:
        reason = "Ollama cannot be limited to one call at a time"
        adaptations.append(dropped("parallel_tool_calls", reason, False))
    return {"tools": tools} if tools else {}
