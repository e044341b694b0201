"""Messages -> the `messages` of a chat completion request.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessage), read 2026-11-20. A message of tool results becomes one
`tool` message for each; media among the results follow in a `user` message, since `tool` messages carry text only.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_chat.parts import wire_content
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.reasoning_replay import own, with_reasoning
from llm_pure.adapters.dialects.openai_chat.sending import Unsendable, changed, dropped
from llm_pure.adapters.dialects.openai_chat.turns import in_order, short_id
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.result import Failure, LLMResult, Success

WireMessages = tuple[list[dict[str, Any]], tuple[Adaptation, ...]]


def encode_messages(
    name: str, quirks: Quirks, rule: ModelProfile, messages: tuple[Message, ...]
) -> LLMResult[WireMessages]:
    """The wire's messages and what was left out of them; UnsupportedFeature when a part has no form here.

    quirks: as they are for the model. rule: the model's, for its name.
    """
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    try:
        for place, message in enumerate(messages):
            path = f"messages/{place}"
            match message.role:
                case "assistant":
                    turns = [_assistant(name, quirks, message, path, told)]
                case "tool" | "user":
                    turns = _user_and_results(name, quirks, message, path, told)
                case "system":
                    turns = [_system(name, quirks, rule, message, path, told)]
            if quirks.turn_order == "any":
                wire += turns
            else:
                wire, more = in_order(quirks.turn_order, wire, turns, path)
                told += more
    except Unsendable as fault:
        return Failure(UnsupportedFeature(message=str(fault), provider=name, feature="messages"))
    return Success((wire, tuple(told)))


def _system(
    name: str,
    quirks: Quirks,
    rule: ModelProfile,
    message: Message,
    path: str,
    told: list[Adaptation],
) -> dict[str, Any]:
    """`system`, or what the model takes in its place: `developer` means the same, `user` weighs less."""
    role = quirks.system_role
    if role == "user":
        reason = f"{rule.prefix} takes no system messages"
        told.append(changed(f"{path}/role", reason, "system", role))
    content = wire_content(name, quirks, message.parts, path, told)
    return {"role": role, "content": content, **_name(name, quirks, message, path, told)}


def _name(
    name: str, quirks: Quirks, message: Message, path: str, told: list[Adaptation]
) -> dict[str, str]:
    """The speaker's name, where a service takes one."""
    if not message.name:
        return {}
    if quirks.message_names:
        return {"name": message.name}
    told.append(dropped(f"{path}/name", f"{name} takes no names of speakers"))
    return {}


def _user_and_results(
    name: str, quirks: Quirks, message: Message, path: str, told: list[Adaptation]
) -> list[dict[str, Any]]:
    """Tool results first, each its own message; then what else the turn says, with the results' media."""
    wire: list[dict[str, Any]] = []
    rest: list[Part] = []
    for place, part in enumerate(message.parts):
        if not isinstance(part, ToolResult):
            rest.append(part)
            continue
        if part.is_error:
            reason = "there is no mark for a tool that failed; its words must say it"
            told.append(dropped(f"{path}/parts/{place}/is_error", reason))
        texts = [one.text for one in part.content if isinstance(one, Text)]
        media = [one for one in part.content if not isinstance(one, Text)]
        if media:
            reason = "tool messages carry text only; what else there was follows as the user's"
            told.append(changed(path, reason))
            rest += media
        wire.append(_result(quirks, part, "\n".join(texts)))
    if rest or not wire:
        content = wire_content(name, quirks, tuple(rest), path, told)
        speaker = _name(name, quirks, message, path, told)
        wire.append({"role": "user", "content": content, **speaker})
    return wire


def _result(quirks: Quirks, result: ToolResult, text: str) -> dict[str, Any]:
    call_id = (
        short_id(result.tool_call_id) if quirks.nine_char_tool_call_ids else result.tool_call_id
    )
    wire = {"role": "tool", "tool_call_id": call_id, "content": text}
    return {**wire, "name": result.name} if quirks.tool_names and result.name else wire


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
            case Refusal(text=text) if quirks.refusal_key:
                refusals.append(text)
            case Refusal(text=text):
                told.append(changed(where, f"{name} knows no refusals; it is said as text"))
                said.append({"type": "text", "text": text})
            case ToolCall():
                calls.append(_tool_call(name, quirks, part, where, told))
            case Reasoning(provider_metadata=ProviderMetadata(provider=other)) if other != name:
                told.append(dropped(where, f"it is reasoning of {other}"))
            case Reasoning(provider_metadata=None) if quirks.reasoning_replay is None:
                told.append(dropped(where, "there is no place for reasoning here"))
            case Reasoning():
                thoughts.append(part)
            case Audio(file_id=str() as file_id):
                wire["audio"] = {"id": file_id}
            case Image() | Audio() | Document():
                told.append(dropped(where, "an assistant turn holds no media here"))
            case Opaque(provider=other, kind=kind) if other != name:
                told.append(dropped(where, f"{kind} is for {other} only"))
            case Opaque(json=json):
                said.append(json_object(json) or {})
            case _:
                kind = type(part).__name__
                raise Unsendable(f"{where}: an assistant turn cannot hold {kind} here")
    if refusals:
        wire["refusal"] = "".join(refusals)
    if any(part.get("type") != "text" for part in said):
        wire["content"] = said
    elif said:
        wire["content"] = "".join([part["text"] for part in said])
    else:
        none = quirks.empty_content if calls else ""
        wire["content"] = None if "audio" in wire or refusals else none
    wire |= _name(name, quirks, message, path, told)
    if calls:
        wire["tool_calls"] = calls
    return with_reasoning(name, quirks, wire, thoughts)


def _tool_call(
    name: str, quirks: Quirks, call: ToolCall, where: str, told: list[Adaptation]
) -> dict[str, Any]:
    """The call as it came: of a function, or of a custom tool, whose input is any text."""
    echoed = own(name, call.provider_metadata)
    kind = "custom" if echoed.get("type") == "custom" else "function"
    called = {"name": call.name, "input" if kind == "custom" else "arguments": call.arguments}
    call_id = short_id(call.id) if quirks.nine_char_tool_call_ids else call.id
    if call_id != call.id:
        reason = f"an id is nine letters and digits at {name}"
        told.append(
            Adaptation(
                field=f"{where}/id",
                action="renamed",
                reason=reason,
                before=call.id,
                after=call_id,
            )
        )
    return {"id": call_id, "type": kind, kind: called, **echoed}
