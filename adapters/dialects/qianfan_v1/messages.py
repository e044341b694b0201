"""Messages -> `system` and the `messages` of Qianfan's first API.

The user (or a function) and the assistant take turns, the user first and last; turns of one speaker in a row become
one. A turn calls one function at most. A function's answer is a JSON object: other text goes as {"result": text}.
Source: cloud.baidu.com/doc/WENXINWORKSHOP (messages), in excerpts; qianfan 0.4.12.3, extensions/openai/adapter.py;
read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.turn_order import (
    Placed,
    Unsendable,
    assistant_turn,
    dropped,
    result_text,
    user_turn,
    without_name,
)
from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Message, Text, ToolCall
from llm_pure.types.result import Failure, LLMResult, Success

BLANK = "/"
"""What the vendor's SDK sends in place of an empty turn, which is refused."""

Wire = dict[str, Any]


class _Conversation:
    """The messages so far, in the order that the API wants."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.system: list[str] = []
        self.messages: list[Wire] = []
        self.functions: dict[
            str, str
        ] = {}  # names of the functions called so far, by the calls' ids
        self.told: list[Adaptation] = []

    def changed(self, path: str, reason: str) -> None:
        self.told.append(Adaptation(field=path, action="changed", reason=reason))


def encode_messages(
    name: str, messages: tuple[Message, ...]
) -> LLMResult[tuple[Wire, tuple[Adaptation, ...]]]:
    """{messages[], system?} and what was changed or left out; UnsupportedFeature when a turn has no form here."""
    talk = _Conversation(name)
    try:
        for place, message in enumerate(messages):
            path = f"messages/{place}"
            without_name(message, path, talk.told)
            match message.role:
                case "system":
                    _system(talk, message, path)
                case "assistant":
                    _assistant(talk, message, path)
                case "user" | "tool":
                    _user(talk, message, path)
        if not talk.messages or talk.messages[-1]["role"] == "assistant":
            raise Unsendable("messages: a conversation ends with the user here")
    except Unsendable as fault:
        return Failure(UnsupportedFeature(message=str(fault), provider=name, feature="messages"))
    fields: Wire = {"messages": talk.messages}
    if talk.system:
        fields["system"] = "\n\n".join(talk.system)
    return Success((fields, tuple(talk.told)))


def _system(talk: _Conversation, message: Message, path: str) -> None:
    turn = user_turn(talk.name, message, path, talk.told)
    if turn.results:
        raise Unsendable(f"{turn.results[0][0]}: a tool's result is no system text")
    if talk.messages:
        talk.changed(path, "system text stands before the conversation here")
    talk.system.append(_words(turn.rest))


def _user(talk: _Conversation, message: Message, path: str) -> None:
    turn = user_turn(talk.name, message, path, talk.told)
    for where, result in turn.results:
        called = result.name or talk.functions.get(result.tool_call_id)
        if not called:
            raise Unsendable(f"{where}: a function's answer needs the function's name here")
        text = result_text(result)
        content = text if json_object(text) is not None else json_text({"result": text})
        _add(talk, {"role": "function", "name": called, "content": content}, path)
    if turn.rest or not turn.results:
        _add(talk, {"role": "user", "content": _words(turn.rest) or BLANK}, path)


def _assistant(talk: _Conversation, message: Message, path: str) -> None:
    turn = assistant_turn(talk.name, message, path, talk.told, replays=False)
    for part in turn.opaque:
        talk.told.append(dropped(path, f"there is no place for {part.kind} here"))
    if len(turn.calls) > 1:
        raise Unsendable(f"{path}: a turn calls one function at most here")
    wire: Wire = {"role": "assistant", "content": turn.text}
    for call in turn.calls:
        talk.functions[call.id] = call.name
        wire["function_call"] = _call(talk.name, call)
    if not turn.text and not turn.calls:
        wire["content"] = BLANK
    _add(talk, wire, path)


def _call(name: str, call: ToolCall) -> Wire:
    wire: Wire = {"name": call.name, "arguments": call.arguments}
    if call.provider_metadata is not None and call.provider_metadata.provider == name:
        wire |= json_object(call.provider_metadata.json) or {}
    return wire


def _add(talk: _Conversation, turn: Wire, path: str) -> None:
    """The turn at its place: joined to one of the same speaker, or after words of the assistant that part two turns."""
    last = talk.messages[-1] if talk.messages else None
    speaks = turn["role"] == "assistant"
    if last is None and turn["role"] != "user":
        raise Unsendable(f"{path}: a conversation begins with the user here")
    if last is None or speaks != (last["role"] == "assistant"):
        talk.messages.append(turn)
    elif turn["role"] == last["role"] == "user" or (speaks and "function_call" not in last):
        talk.changed(path, f"two messages of the {turn['role']} in a row are one message here")
        texts = [one["content"] for one in (last, turn) if one["content"] not in ("", BLANK)]
        talk.messages[-1] = {**last, **turn, "content": "\n\n".join(texts) or last["content"]}
    elif speaks:
        raise Unsendable(f"{path}: the answer of a called function is missing")
    else:
        talk.changed(path, "the assistant says OK between a function's answer and the next turn")
        talk.messages += [{"role": "assistant", "content": "OK"}, turn]


def _words(parts: tuple[Placed, ...]) -> str:
    texts: list[str] = []
    for where, part in parts:
        if not isinstance(part, Text):
            raise Unsendable(f"{where}: Qianfan's first API takes text alone")
        texts.append(part.text)
    return "\n".join(texts)
