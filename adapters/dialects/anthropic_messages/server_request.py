"""A client's request to the Messages API -> ReceivedRequest.

Sources: anthropic 2.14.0 (types/message_create_params.py and beta); ../shared/wire/server-side.md 5.1, read 2026-11-29.
"""

import re
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.received import (
    EFFORTS,
    BodyReader,
    ServedCall,
    cache_mark,
    function_tool,
    invalid,
    messages_of,
    object_at,
    receive,
)
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.server import ReceivedRequest
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.messages import Message, ProviderMetadata, Reasoning, Text
from llm_pure.types.rejection import returns_failure
from llm_pure.types.request import (
    ChatRequest,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
    Tool,
    ToolChoice,
)

DIALECT = "anthropic_messages"
PROVIDER = "anthropic"
"""Whose metadata, opaque parts and native tools they are."""

_BILLING = re.compile(r"x-anthropic-billing-header:")
"""The first block of Claude Code's instructions. It changes with every request, means nothing to other services, and would
make their prompt caches useless."""


@returns_failure
def parse_request(request: HttpRequest) -> ReceivedRequest:
    """The request of a client. Fails with InvalidRequest, or with NotFound for another URL."""
    return receive(request, DIALECT, _read)


def _read(call: ServedCall) -> ReceivedRequest:
    body, method = call.body, call.match.groupdict().get("method")
    version = body.text("anthropic_version")
    if version is not None or method is not None:  # as on Vertex AI, where the URL has the model
        body.values = {"model": call.model or None, **body.values}
    chat = _chat(body)
    if method is not None:
        chat = replace(chat, stream=method == "streamRawPredict")
    return ReceivedRequest(
        dialect=DIALECT,
        chat=chat,
        model=chat.model,
        stream=bool(chat.stream),
        unread=_betas(call),
    )


def _betas(call: ServedCall) -> dict[str, Any]:
    """The names of beta features, of the header or, as on Vertex AI and Bedrock, of the body."""
    header = get_header(call.request.headers, "anthropic-beta") or ""
    names = [*header.split(","), *(call.body.texts("anthropic_beta") or ())]
    betas = [name.strip() for name in names if name.strip()]
    if not betas:
        return {}
    reason = "names of beta features are for a provider of the same dialect"
    call.body.adaptations.append(
        Adaptation(field="betas", action="renamed", reason=reason, before=", ".join(betas)[:200])
    )
    return {"betas": betas}


def _chat(body: BodyReader) -> ChatRequest:
    model = body.text("model")
    if not model:
        invalid("model", "model is missing")
    turns = body.list("messages")
    if not turns:
        invalid("messages", "messages is missing or empty")
    messages = [*_system(body), *map(_marked, messages_of(turns, PROVIDER, body.adaptations))]
    mark = cache_mark(body)
    if mark is not None:
        messages[-1] = replace(messages[-1], cache=mark)
        reason = "the mark of the request is at the last message"
        body.adaptations.append(
            Adaptation(field="cache_control", action="rewritten", reason=reason)
        )
    choice, parallel = _tool_choice(body)
    reasoning, response_format = _reasoning_and_format(body)
    return ChatRequest(
        model=model,
        messages=messages,
        tools=_tools(body),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        response_format=response_format,
        max_tokens=body.integer("max_tokens"),
        temperature=body.number("temperature"),
        top_p=body.number("top_p"),
        top_k=body.integer("top_k"),
        stop=body.texts("stop_sequences") or None,
        reasoning=reasoning,
        stream=body.flag("stream"),
        metadata=_metadata(body),
        service_tier=body.text("service_tier"),
    )


def _marked(message: Message) -> Message:
    """The message with its reasoning marked as Anthropic's, so that no other service gets its signatures."""
    if message.role != "assistant" or not any(isinstance(p, Reasoning) for p in message.parts):
        return message
    parts = [
        replace(part, provider_metadata=ProviderMetadata(PROVIDER))
        if isinstance(part, Reasoning) and part.provider_metadata is None
        else part
        for part in message.parts
    ]
    return replace(message, parts=tuple(parts))


def _system(body: BodyReader) -> list[Message]:
    value = body.any("system")
    if value is None or value in ("", []):
        return []
    if not isinstance(value, str | list):
        invalid("system", "system is a string or a list of blocks")
    turn = {"role": "system", "content": value}
    (message,) = messages_of([turn], PROVIDER, body.adaptations, "system")
    parts = [
        part for part in message.parts if not (isinstance(part, Text) and _BILLING.match(part.text))
    ]
    if len(parts) < len(message.parts):
        reason = "the client's billing line means nothing to a model"
        body.adaptations.append(Adaptation(field="system/0", action="rewritten", reason=reason))
    return [replace(message, parts=tuple(parts))] if parts else []


def _tools(body: BodyReader) -> tuple[Tool | NativeTool, ...]:
    tools: list[Tool | NativeTool] = []
    for index, value in enumerate(body.list("tools") or ()):
        path = f"tools/{index}"
        fields = object_at(value, body.adaptations, path)
        if fields.any("type") not in (None, "custom"):
            tools.append(NativeTool(PROVIDER, value))
            continue
        cache = cache_mark(fields)
        tools.append(function_tool(fields, ("input_schema",), cache, path=path))
    return tuple(tools)


_CHOICES: dict[str, ToolChoice] = {"auto": "auto", "any": "required", "none": "none"}


def _tool_choice(body: BodyReader) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and whether several calls in one turn are allowed."""
    fields = body.object("tool_choice")
    if fields is None:
        return None, None
    disabled = fields.flag("disable_parallel_tool_use")
    parallel = None if disabled is None else not disabled
    kind = fields.text("type")
    if kind == "tool":
        name = fields.text("name")
        if not name:
            invalid("tool_choice/name", "the choice of a tool needs its name")
        fields.unread()
        return NamedToolChoice(name), parallel
    if kind not in _CHOICES:
        invalid("tool_choice/type", "the type is auto, any, tool or none")
    fields.unread()
    choice = _CHOICES[kind]
    is_default = kind == "auto" and disabled is not None
    return (None if is_default else choice), parallel


def _reasoning_and_format(
    body: BodyReader,
) -> tuple[ReasoningRequest | None, SchemaFormat | None]:
    """`thinking`, and `output_config` with its effort and format."""
    thinking, output = body.object("thinking"), body.object("output_config")
    older = body.object("output_format")
    effort = None if output is None else output.one_of("effort", EFFORTS)
    form = None if output is None else output.object("format")
    if form is not None and older is not None:
        body.drop("output_format", "output_config/format is there too")
    form = older if form is None else form
    response_format: SchemaFormat | None = None
    if form is not None:
        form.any("type")
        schema = form.object("schema")
        if schema is None:
            invalid(form.at("schema"), "a format has a schema")
        response_format = SchemaFormat(schema=schema.values)
        form.unread()
    if output is not None:
        output.unread()
    if thinking is None:
        return (None if effort is None else ReasoningRequest(effort=effort)), response_format
    kind = thinking.text("type")
    budget = thinking.integer("budget_tokens")
    summary = thinking.text("display") != "omitted"
    thinking.unread()
    if kind == "disabled":
        if effort is not None:
            body.drop("output_config/effort", "thinking is disabled", effort)
        return ReasoningRequest(enabled=False), response_format
    reasoning = ReasoningRequest(effort=effort, budget_tokens=budget, summary=summary)
    return reasoning, response_format


def _metadata(body: BodyReader) -> dict[str, str] | None:
    """`user_id`, which may be JSON text of the client's own."""
    fields = body.object("metadata")
    if fields is None:
        return None
    user_id: Any = fields.text("user_id")
    fields.unread()
    return None if user_id is None else {"user_id": user_id}
