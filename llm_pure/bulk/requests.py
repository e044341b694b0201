"""Requests as plain JSON, and back: a ChatRequest with everything it has but credentials. Pure."""

from typing import Any, get_type_hints

import msgspec

from llm_pure.bulk.identity import canonical_json
from llm_pure.chat.message_input import parse_messages
from llm_pure.chat.tool_input import read_tools
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Message
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.request import (
    AllowedTools,
    ChatRequest,
    NamedToolChoice,
    NativeTool,
    Tool,
    ToolChoice,
)

REQUEST_KEY = "$request"
"""Of lines that hold a ChatRequest."""

_DECIDED = frozenset({"stream", "headers", "model"})
"""Fields that the run decides, or that may hold credentials."""

_SPECIAL = frozenset({"messages", "tools", "tool_choice"})
"""Fields whose types msgspec cannot decode by themselves."""

_Settings = msgspec.defstruct(
    "_Settings",
    [
        (name, kind | None, None)
        for name, kind in get_type_hints(ChatRequest).items()
        if name in ChatRequest.__struct_fields__ and name not in _DECIDED | _SPECIAL
    ],
    kw_only=True,
)


def request_fields(request: ChatRequest) -> dict[str, Any]:
    """Return the request as plain JSON. Raises Rejected for messages and tools that cannot be read."""
    plain = msgspec.structs.replace(
        request,
        messages=ok(parse_messages(request.messages)) if request.messages else (),
        tools=read_tools(request.tools) if request.tools else (),
        stream=None,
        headers=None,
        model="",
    )
    fields: dict[str, Any] = msgspec.json.decode(canonical_json(plain))
    return {name: value for name, value in fields.items() if value != []}


def parse_request_fields(fields: Any) -> ChatRequest:
    """Return the request that `request_fields` wrote. Raises Rejected."""
    try:
        settings = msgspec.convert(
            {name: value for name, value in fields.items() if name not in _SPECIAL}, _Settings
        )
        return ChatRequest(
            **msgspec.structs.asdict(settings),
            messages=msgspec.convert(fields.get("messages", []), tuple[Message, ...]),
            tools=tuple([_tool(tool) for tool in fields.get("tools", [])]),
            tool_choice=_tool_choice(fields.get("tool_choice")),
        )
    except (msgspec.ValidationError, AttributeError, TypeError) as error:
        message = f"the row's request cannot be read: {error}"
        raise Rejected(InvalidRequest(message=message, param=REQUEST_KEY)) from None


def _tool(value: dict[str, Any]) -> Tool | NativeTool:
    if "json" in value:
        return msgspec.convert(value, NativeTool)
    return msgspec.convert(value, Tool)


def _tool_choice(value: Any) -> ToolChoice | None:
    match value:
        case {"name": _}:
            return msgspec.convert(value, NamedToolChoice)
        case {"names": _}:
            return msgspec.convert(value, AllowedTools)
        case _:
            choice: ToolChoice | None = value
            return choice
