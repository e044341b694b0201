"""A client's request to the Responses API -> ReceivedRequest.

Sources: openai/openai-openapi 2.3.0 (CreateResponse); ../shared/wire/server-side.md 7.1, read 2026-11-29.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.received import (
    EFFORTS,
    BodyReader,
    ServedCall,
    function_tool,
    invalid,
    messages_of,
    metadata_of,
    object_at,
    receive,
)
from llm_pure.adapters.dialects.common.received_keys import CHOICE_KEYS, report_unknown
from llm_pure.adapters.dialects.openai_common.served import embed_request, user_of
from llm_pure.chat.item_input import ITEM_TYPES
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import json_text
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import Message, Opaque, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.rejection import returns_failure
from llm_pure.types.request import (
    AllowedTools,
    ChatRequest,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    ResponseFormat,
    SchemaFormat,
    Tool,
    ToolChoice,
    Verbosity,
)

DIALECT = "openai_responses"
PROVIDER = "openai_responses"
"""Whose metadata, opaque items and native tools they are."""

_ENCRYPTED = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"


@returns_failure
def parse_request(request: HttpRequest) -> ReceivedRequest:
    """The request of a client. Fails with InvalidRequest, or with NotFound for another URL."""
    return receive(request, DIALECT, _read)


def _read(call: ServedCall) -> ReceivedRequest:
    if call.operation == "embed":
        embed = embed_request(call.body)
        return ReceivedRequest(dialect=DIALECT, embed=embed, model=embed.model)
    chat = _chat(call.body)
    return ReceivedRequest(dialect=DIALECT, chat=chat, model=chat.model, stream=bool(chat.stream))


def _chat(body: BodyReader) -> ChatRequest:
    model = body.text("model") or invalid("model", "model is missing")
    response_format, verbosity = _text_options(body)
    include = list(body.texts("include") or ())
    top_logprobs = body.integer("top_logprobs")
    logprobs: bool | int | None = True if _LOGPROBS in include else None
    rest = [name for name in include if name not in (_ENCRYPTED, _LOGPROBS)]
    if rest:
        body.values["include"] = rest
    return ChatRequest(
        model=model,
        messages=_messages(body),
        tools=_tools(body),
        tool_choice=_tool_choice(body),
        parallel_tool_calls=body.flag("parallel_tool_calls"),
        response_format=response_format,
        verbosity=verbosity,
        max_tokens=body.integer("max_output_tokens"),
        temperature=body.number("temperature"),
        top_p=body.number("top_p"),
        logprobs=logprobs if top_logprobs is None else top_logprobs,
        reasoning=_reasoning(body),
        stream=body.flag("stream"),
        metadata=metadata_of(body),
        user=user_of(body),
        service_tier=body.text("service_tier"),
        prompt_cache_key=body.text("prompt_cache_key"),
        store=body.flag("store"),
        previous_response_id=body.text("previous_response_id"),
    )


def _messages(body: BodyReader) -> list[Message]:
    """`instructions` and the items of `input`. Items of one turn of the model become one message."""
    instructions, value = body.text("instructions"), body.any("input")
    items = [{"role": "user", "content": value}] if isinstance(value, str) else value
    if not isinstance(items, list) or (not items and "previous_response_id" not in body.values):
        invalid("input", "input is a text or a list of items, and not empty")
    turns = [_item(item) for item in items]
    messages: list[Message] = []
    if instructions:
        messages += messages_of(
            [{"role": "system", "content": instructions}], PROVIDER, body.adaptations
        )
    for message in messages_of(turns, PROVIDER, body.adaptations, "input"):
        before = messages[-1] if messages else None
        if before is not None and before.role == message.role == "assistant":
            messages[-1] = replace(before, parts=(*before.parts, *message.parts))
        else:
            messages.append(message)
    return [_marked(message) for message in messages]


def _marked(message: Message) -> Message:
    """The message with all of its items marked as OpenAI's, where there is reasoning, which is sent back with what followed it."""
    if message.role != "assistant" or not any(isinstance(p, Reasoning) for p in message.parts):
        return message
    parts = [
        replace(part, provider_metadata=ProviderMetadata(PROVIDER))
        if isinstance(part, Text | ToolCall) and part.provider_metadata is None
        else part
        for part in message.parts
    ]
    return replace(message, parts=tuple(parts))


_READ_ITEMS = frozenset(
    {
        "custom_tool_call", "custom_tool_call_output", "function_call", "function_call_output", "reasoning",
    }
)  # fmt: skip
"""Types of items that are not opaque."""


def _item(item: Any) -> Any:
    """An item of an unknown type as an opaque part, which is sent back unchanged."""
    if not isinstance(item, dict):
        return item
    kind = item.get("type")
    if not isinstance(kind, str) or kind == "message":
        return item
    if kind in _READ_ITEMS:  # some have a role too
        return {key: value for key, value in item.items() if key != "role"}
    if kind in ITEM_TYPES and "role" not in item:
        return item
    is_clients = kind.endswith("_output") or item.get("role", "assistant") != "assistant"
    role: Any = "user" if is_clients else "assistant"
    return Message(role, (Opaque(PROVIDER, kind, json_text(item)),))


def _tools(body: BodyReader) -> tuple[Tool | NativeTool, ...]:
    tools: list[Tool | NativeTool] = []
    for index, value in enumerate(body.list("tools") or ()):
        path = f"tools/{index}"
        fields = object_at(value, body.adaptations, path)
        if fields.any("type") != "function":
            tools.append(NativeTool(PROVIDER, value))
            continue
        inner = fields.object("function")  # as in chat completions
        if inner is not None:
            path = f"{path}/function"
        tools.append(function_tool(inner or fields, ("parameters",), None, path=path))
    return tuple(tools)


def _tool_choice(body: BodyReader) -> ToolChoice | None:
    value = body.any("tool_choice")
    report_unknown(value, CHOICE_KEYS, body.adaptations, "tool_choice")
    match value:
        case None | "auto" | "none" | "required":
            return value
        case {"type": "allowed_tools", "tools": [*tools]}:
            names = [_name_of(tool) for tool in tools]
            mode = value.get("mode")
            return AllowedTools(
                tuple([name for name in names if name]),
                "required" if mode == "required" else "auto",
            )
        case dict() if (name := _name_of(value)) is not None:
            return NamedToolChoice(name)
        case _:
            invalid("tool_choice", "tool_choice is auto, none, required or names a tool")


def _name_of(value: Any) -> str | None:
    """The name of a tool, or its type."""
    fields = value if isinstance(value, dict) else {}
    names = [fields.get(key) for key in ("name", "server_label", "type")]
    return next((name for name in names if isinstance(name, str)), None)


def _text_options(body: BodyReader) -> tuple[ResponseFormat | None, Verbosity | None]:
    text = body.object("text")
    if text is None:
        return None, None
    levels: tuple[Verbosity, ...] = ("low", "medium", "high")
    verbosity = text.one_of("verbosity", levels)
    fields = text.object("format")
    text.unread()
    if fields is None:
        return None, verbosity
    match fields.any("type"):
        case "text":
            fields.unread()
            return None, verbosity
        case "json_object":
            fields.unread()
            return JsonFormat(), verbosity
        case "json_schema":
            schema = fields.object("schema")
            if schema is None:
                invalid("text/format/schema", "a format has a schema")
            requested = SchemaFormat(
                schema=schema.values,
                name=fields.text("name") or "answer",
                description=fields.text("description"),
                strict=fields.flag("strict"),
            )
            fields.unread()
            return requested, verbosity
        case kind:
            body.drop("text/format", "it is text, json_object or json_schema", kind)
            return None, verbosity


def _reasoning(body: BodyReader) -> ReasoningRequest | None:
    fields = body.object("reasoning")
    if fields is None:
        return None
    effort = fields.one_of("effort", EFFORTS)
    summary = fields.text("summary") or fields.text("generate_summary")
    fields.unread()
    return ReasoningRequest(effort=effort, summary=summary is not None)
