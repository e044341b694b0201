"""Messages -> the `messages` of /v2/chat.

Text alone is a plain string, anything more a list of blocks. Each tool result becomes a message of its own; pictures
among results follow in a `user` message.
Source: cohere 7.3.1, types/chat_message_v2.py and what it names, read 2026-11-20.
"""

from typing import Any

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.cohere_chat.stream import PLAN_ECHO
from llm_pure.adapters.dialects.turns import (
    Placed,
    Unsendable,
    assistant_turn,
    result_text,
    user_turn,
    without_name,
)
from llm_pure.codec import json_object
from llm_pure.errors import Unsupported
from llm_pure.media import data_url, media_type_of
from llm_pure.messages import Document, Image, Message, Opaque, Part, Reasoning, Text, ToolCall
from llm_pure.result import Failure, Parsed, Success

WireMessages = tuple[list[dict[str, Any]], tuple[Adaptation, ...]]


def wire_messages(name: str, messages: tuple[Message, ...]) -> Parsed[WireMessages]:
    """The wire's messages and what was left out of them; Unsupported when a part has no form here."""
    told: list[Adaptation] = []
    wire: list[dict[str, Any]] = []
    try:
        for place, message in enumerate(messages):
            path = f"messages/{place}"
            without_name(message, path, told)
            if message.role == "assistant":
                wire.append(_assistant(name, message, path, told))
            else:
                wire += _spoken(name, message, path, told)
    except Unsendable as fault:
        return Failure(Unsupported(message=str(fault), provider=name, feature="messages"))
    return Success((wire, tuple(told)))


def _spoken(name: str, message: Message, path: str, told: list[Adaptation]) -> list[dict[str, Any]]:
    """Tool results first, each its own message; then what else the turn says."""
    turn = user_turn(name, message, path, told)
    wire: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": result.tool_call_id, "content": result_text(result)}
        for _, result in turn.results
    ]
    if turn.rest or not wire:
        role = "user" if message.role == "tool" else message.role
        wire.append({"role": role, "content": _content(turn.rest)})
    return wire


def _assistant(name: str, message: Message, path: str, told: list[Adaptation]) -> dict[str, Any]:
    """One message for the whole turn. What was told as `tool_plan` goes back as such."""
    turn = assistant_turn(name, message, path, told, replays=True)
    plan = "".join([one.text for one in turn.thoughts if _is_plan(one)])
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": one.text} for one in turn.thoughts if not _is_plan(one)
    ]
    wire: dict[str, Any] = {"role": "assistant"}
    others = [json_object(one.json) or {} for one in turn.opaque]
    if blocks or others:
        text = [{"type": "text", "text": turn.text}] if turn.text else []
        wire["content"] = [*blocks, *text, *others]
    elif turn.text or not turn.calls:
        wire["content"] = turn.text
    if plan:
        wire["tool_plan"] = plan
    if turn.calls:
        wire["tool_calls"] = [_call(name, one) for one in turn.calls]
    return wire


def _is_plan(thought: Reasoning) -> bool:
    return thought.echo is not None and thought.echo.json == PLAN_ECHO


def _call(name: str, call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    wire = {"id": call.id, "type": "function", "function": function}
    if call.echo is not None and call.echo.provider == name:
        wire |= json_object(call.echo.json) or {}
    return wire


def _content(parts: tuple[Placed, ...]) -> str | list[dict[str, Any]]:
    if len(parts) <= 1 and all(isinstance(part, Text) for _, part in parts):
        return "".join([part.text for _, part in parts if isinstance(part, Text)])
    return [_block(part, where) for where, part in parts]


def _block(part: Part, where: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image(url=str() as url, detail=detail):
            return _image(url, detail)
        case Image(data=bytes() as data, media_type=claimed, detail=detail):
            media_type = media_type_of(data) or claimed
            if media_type is None:
                raise Unsendable(f"{where}: these bytes are no picture that is known here")
            return _image(data_url(data, media_type), detail)
        case Opaque(json=json):
            return json_object(json) or {}
        case Document():
            raise Unsendable(
                f"{where}: Cohere takes documents beside the messages: extra={{'documents': [...]}}"
            )
        case _:
            raise Unsendable(f"{where}: Cohere has no form for {type(part).__name__} here")


def _image(url: str, detail: str | None) -> dict[str, Any]:
    place = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": place}
