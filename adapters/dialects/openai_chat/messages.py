"""Messages -> the `messages` of a chat completion request.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessage), read 2026-11-20. A message of tool results becomes one
`tool` message for each; media among the results follow in a `user` message, since `tool` messages carry text only.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapt import Adaptation, ModelRule
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.codec import json_object
from llm_pure.errors import Unsupported
from llm_pure.media import base64_text, data_url, media_type_of
from llm_pure.messages import (
    Audio,
    Document,
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

_AUDIO_FORMATS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


class _Unsendable(Exception):  # never leaves this file: `wire_messages` turns it into a value
    pass


def wire_messages(
    name: str, quirks: Quirks, rule: ModelRule, messages: tuple[Message, ...]
) -> Parsed[WireMessages]:
    """The wire's messages and what was left out of them; Unsupported when a part has no form here."""
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    try:
        for place, message in enumerate(messages):
            path = f"messages/{place}"
            match message.role:
                case "assistant":
                    wire.append(_assistant(name, quirks, message, path, told))
                case "tool" | "user":
                    wire += _user_and_results(name, message, path, told)
                case "system":
                    wire.append(_system(name, rule, message, path, told))
    except _Unsendable as fault:
        return Failure(Unsupported(message=str(fault), provider=name, feature="messages"))
    return Success((wire, tuple(told)))


def _system(
    name: str, rule: ModelRule, message: Message, path: str, told: list[Adaptation]
) -> dict[str, Any]:
    """`system`, or what the model takes in its place: `developer` means the same, `user` weighs less."""
    role = str(rule.facts.get("system_role", "system"))
    if role == "user":
        reason = f"{rule.prefix} takes no system messages"
        told.append(
            Adaptation(
                field=f"{path}/role", action="changed", reason=reason, before="system", after=role
            )
        )
    wire = {"role": role, "content": _content(name, message.parts, path, told)}
    return {**wire, "name": message.name} if message.name else wire


def _user_and_results(
    name: str, message: Message, path: str, told: list[Adaptation]
) -> list[dict[str, Any]]:
    """Tool results first, each its own message; then what else the turn says, with the results' media."""
    wire: list[dict[str, Any]] = []
    rest: list[Part] = []
    for part in message.parts:
        if not isinstance(part, ToolResult):
            rest.append(part)
            continue
        texts = [one.text for one in part.content if isinstance(one, Text)]
        media = [one for one in part.content if not isinstance(one, Text)]
        if media:
            reason = "tool messages carry text only; what else there was follows as the user's"
            told.append(Adaptation(field=path, action="changed", reason=reason))
            rest += media
        wire.append(
            {"role": "tool", "tool_call_id": part.tool_call_id, "content": "\n".join(texts)}
        )
    if rest or not wire:
        spoken: dict[str, Any] = {
            "role": "user",
            "content": _content(name, tuple(rest), path, told),
        }
        if message.name:
            spoken["name"] = message.name
        wire.append(spoken)
    return wire


def _assistant(
    name: str, quirks: Quirks, message: Message, path: str, told: list[Adaptation]
) -> dict[str, Any]:
    """One message for the whole turn: what it says, then what it calls. Media that a model made can't go back."""
    said: list[dict[str, Any]] = []
    refusals: list[str] = []
    thoughts: list[Reasoning] = []
    calls: list[dict[str, Any]] = []
    wire: dict[str, Any] = {"role": "assistant"}
    for place, part in enumerate(message.parts):
        where = f"{path}/parts/{place}"
        match part:
            case Text(text=text):
                said.append({"type": "text", "text": text})
            case Refusal(text=text):
                refusals.append(text)
            case ToolCall():
                calls.append(_tool_call(name, part))
            case Reasoning(echo=Echo(provider=other)) if other != name:
                told.append(_dropped(where, f"it is reasoning of {other}"))
            case Reasoning(echo=None) if quirks.reasoning_replay is None:
                told.append(_dropped(where, "there is no place for reasoning here"))
            case Reasoning():
                thoughts.append(part)
            case Audio(file_id=str() as file_id):
                wire["audio"] = {"id": file_id}
            case Image() | Audio() | Document():
                told.append(_dropped(where, "an assistant turn holds no media here"))
            case Opaque(provider=other, kind=kind) if other != name:
                told.append(_dropped(where, f"{kind} is for {other} only"))
            case Opaque(json=json):
                said.append(json_object(json) or {})
            case _:
                kind = type(part).__name__
                raise _Unsendable(f"{where}: an assistant turn cannot hold {kind} here")
    if refusals:
        wire["refusal"] = "".join(refusals)
    if any(part.get("type") != "text" for part in said):
        wire["content"] = said
    elif said:
        wire["content"] = "".join([part["text"] for part in said])
    else:
        none = quirks.empty_content if calls else ""
        wire["content"] = None if "audio" in wire or refusals else none
    if message.name:
        wire["name"] = message.name
    wire |= _replayed(name, quirks, thoughts)
    if calls:
        wire["tool_calls"] = calls
    return wire


def _replayed(name: str, quirks: Quirks, thoughts: list[Reasoning]) -> dict[str, Any]:
    """Reasoning that goes back: under the service's key as text, and as the fields that came with it."""
    wire: dict[str, Any] = {}
    if thoughts and quirks.reasoning_replay is not None:
        wire[quirks.reasoning_replay] = "".join([part.text for part in thoughts])
    for part in thoughts:
        for key, value in _own(name, part.echo).items():
            known = wire.get(key)
            wire[key] = [*known, *value] if isinstance(known, list) else value
    return wire


def _own(name: str, echo: Echo | None) -> dict[str, Any]:
    """What this provider sent with a part; {} for parts of other origin."""
    return (json_object(echo.json) or {}) if echo and echo.provider == name else {}


def _dropped(field: str, reason: str) -> Adaptation:
    return Adaptation(field=field, action="dropped", reason=reason)


def _tool_call(name: str, call: ToolCall) -> dict[str, Any]:
    """The call as it came: of a function, or of a custom tool, whose input is any text."""
    echoed = _own(name, call.echo)
    kind = "custom" if echoed.get("type") == "custom" else "function"
    called = {"name": call.name, "input" if kind == "custom" else "arguments": call.arguments}
    return {"id": call.id, "type": kind, kind: called, **echoed}


def _content(
    name: str, parts: tuple[Part, ...], path: str, told: list[Adaptation]
) -> str | list[dict[str, Any]]:
    """A plain string for text alone, else a list of parts."""
    if all(isinstance(part, Text) for part in parts) and len(parts) <= 1:
        return "".join([part.text for part in parts if isinstance(part, Text)])
    wire = []
    for place, part in enumerate(parts):
        where = f"{path}/parts/{place}"
        if isinstance(part, Opaque) and part.provider != name:
            told.append(_dropped(where, f"{part.kind} is for {part.provider} only"))
        else:
            wire.append(_part(part, where))
    return wire


def _part(part: Part, where: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image(url=str() as url, detail=detail):
            return _image_url(url, detail)
        case Image(data=bytes() as data, media_type=claimed, detail=detail):
            media_type = media_type_of(data) or claimed
            if media_type is None:
                raise _Unsendable(f"{where}: these bytes are no picture that is known here")
            return _image_url(data_url(data, media_type), detail)
        case Audio(data=bytes() as data, media_type=claimed):
            form = _AUDIO_FORMATS.get(media_type_of(data) or claimed or "")
            if form is None:
                raise _Unsendable(f"{where}: audio is WAV or MP3 here")
            return {
                "type": "input_audio",
                "input_audio": {"data": base64_text(data), "format": form},
            }
        case Document(file_id=str() as file_id):
            return {"type": "file", "file": {"file_id": file_id}}
        case Document(data=bytes() as data, media_type=claimed, name=file_name):
            media_type = media_type_of(data) or claimed or "application/octet-stream"
            file = {"filename": file_name or "document", "file_data": data_url(data, media_type)}
            return {"type": "file", "file": file}
        case Opaque(json=json):
            return json_object(json) or {}
        case _:
            raise _Unsendable(f"{where}: chat completions have no form for {type(part).__name__}")


def _image_url(url: str, detail: str | None) -> dict[str, Any]:
    place = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": place}
