"""Messages -> the `messages` of /api/chat, and the words and pictures of one turn.

`content` is one string: text parts are joined by a line break, and pictures stand beside it as bare base64, so their
place among the words is not kept. Each tool result becomes a message of its own.
Source: ollama/ollama v0.33.0-rc2, api/types.go (Message), read 2026-11-20.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapt import Adaptation
from llm_pure.codec import json_object
from llm_pure.errors import Unsupported
from llm_pure.media import base64_text, from_data_url
from llm_pure.messages import (
    Echo,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.result import Failure, Parsed, Success

WireMessages = tuple[list[dict[str, Any]], tuple[Adaptation, ...]]


class Unsendable(Exception):  # never leaves this dialect: it becomes an Unsupported
    """A part that has no form here; its place and the reason."""


def wire_messages(name: str, messages: tuple[Message, ...]) -> Parsed[WireMessages]:
    """The wire's messages and what was left out of them; Unsupported when a part has no form here."""
    told: list[Adaptation] = []
    wire: list[dict[str, Any]] = []
    tools: dict[str, str] = {}  # the names of the tools called so far, by the calls' ids
    try:
        for place, message in enumerate(messages):
            tools |= {call.id: call.name for call in message.tool_calls}
            wire += _message(name, message, f"messages/{place}", tools, told)
    except Unsendable as fault:
        return Failure(Unsupported(message=str(fault), provider=name, feature="messages"))
    return Success((wire, tuple(told)))


def _message(
    name: str, message: Message, path: str, tools: dict[str, str], told: list[Adaptation]
) -> list[dict[str, Any]]:
    if message.name is not None:
        told.append(dropped(f"{path}/name", "Ollama's messages have no name", message.name))
    if message.role == "assistant":
        return [_assistant(name, message, path, told)]
    results = [
        _result(name, part, f"{path}/parts/{place}", tools, told)
        for place, part in enumerate(message.parts)
        if isinstance(part, ToolResult)
    ]
    rest = [
        (f"{path}/parts/{place}", part)
        for place, part in enumerate(message.parts)
        if not isinstance(part, ToolResult)
    ]
    if results and not rest:
        return results
    role = "user" if message.role == "tool" else message.role
    return [*results, {"role": role, **spoken(name, rest, told)}]


def spoken(name: str, parts: Sequence[tuple[str, Part]], told: list[Adaptation]) -> dict[str, Any]:
    """{content, images?} of parts and their paths. Raises Unsendable."""
    texts: list[str] = []
    images: list[str] = []
    for where, part in parts:
        match part:
            case Text(text=text):
                texts.append(text)
            case Image():
                images.append(_image(part, where, told))
            case Opaque(provider=other, kind=kind) if other != name:
                told.append(dropped(where, f"{kind} is for {other} only"))
            case _:
                raise Unsendable(f"{where}: Ollama has no form for {type(part).__name__} here")
    wire: dict[str, Any] = {"content": "\n".join(texts)}
    if images:
        wire["images"] = images
    return wire


def _assistant(name: str, message: Message, path: str, told: list[Adaptation]) -> dict[str, Any]:
    texts: list[str] = []
    thoughts: list[str] = []
    images: list[str] = []
    calls: list[dict[str, Any]] = []
    for place, part in enumerate(message.parts):
        where = f"{path}/parts/{place}"
        match part:
            case Text(text=text):
                texts.append(text)
            case Refusal(text=text):
                texts.append(text)
                reason = "Ollama knows no refusals; it goes as text"
                told.append(Adaptation(field=where, action="changed", reason=reason))
            case Reasoning(echo=Echo(provider=other)) if other != name:
                told.append(dropped(where, f"it is reasoning of {other}"))
            case Reasoning(signature=str()):
                told.append(dropped(where, "it is signed, so it is another provider's reasoning"))
            case Reasoning(text=text):
                thoughts.append(text)
            case ToolCall():
                calls.append(_tool_call(name, part, where))
            case Image():
                images.append(_image(part, where, told))
            case Opaque(provider=other, kind=kind) if other != name:
                told.append(dropped(where, f"{kind} is for {other} only"))
            case _:
                kind = type(part).__name__
                raise Unsendable(f"{where}: an assistant turn cannot hold {kind} here")
    wire: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
    if thoughts:
        wire["thinking"] = "".join(thoughts)
    if images:
        wire["images"] = images
    if calls:
        wire["tool_calls"] = calls
    return wire


def _tool_call(name: str, call: ToolCall, where: str) -> dict[str, Any]:
    """The call as it came. Its arguments are an object here, sent in the very words of the model."""
    if json_object(call.arguments) is None:
        raise Unsendable(
            f"{where}: Ollama takes a call's arguments as a JSON object; these are not one"
        )
    function = {"name": call.name, "arguments": msgspec.Raw(call.arguments)}
    wire: dict[str, Any] = {"id": call.id, "function": function}
    if call.echo is not None and call.echo.provider == name:
        echoed = json_object(call.echo.json) or {}
        wire |= echoed | {"function": {**function, **(echoed.get("function") or {})}}
    return wire


def _result(
    name: str, result: ToolResult, where: str, tools: dict[str, str], told: list[Adaptation]
) -> dict[str, Any]:
    if result.is_error:
        told.append(dropped(f"{where}/is_error", "Ollama has no mark for a tool that failed", True))
    parts = [(f"{where}/content/{place}", part) for place, part in enumerate(result.content)]
    wire = {"role": "tool", **spoken(name, parts, told)}
    tool_name = result.name or tools.get(result.tool_call_id)
    if tool_name:
        wire["tool_name"] = tool_name
    if result.tool_call_id:
        wire["tool_call_id"] = result.tool_call_id
    return wire


def _image(image: Image, where: str, told: list[Adaptation]) -> str:
    if image.detail not in (None, "auto"):
        told.append(dropped(f"{where}/detail", "Ollama has no detail of pictures", image.detail))
    data = image.data
    if data is None and image.url is not None:
        located = from_data_url(image.url)
        data = None if located is None else located[0]
    if data is None:
        given = "URL" if image.url is not None else "file id"
        raise Unsendable(f"{where}: Ollama takes a picture's bytes, not its {given}")
    return base64_text(data)


def dropped(field: str, reason: str, before: object = None) -> Adaptation:
    """The report of something that is not sent."""
    return Adaptation(field=field, action="dropped", reason=reason, before=before)
