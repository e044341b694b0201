"""Messages -> `payload.message.text`: {role, content} each, words alone but for pictures of the image models.

System text stands first; later it goes as the user's. A picture is a message of its own before the words that go with it.
Calls and their answers have no form that is known.
Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (_convert_message_to_dict), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.turn_order import (
    Unsendable,
    assistant_turn,
    dropped,
    user_turn,
    without_name,
)
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Image, Message, Part, Text
from llm_pure.types.result import Failure, LLMResult, Success

WireMessages = tuple[list[dict[str, Any]], tuple[Adaptation, ...]]


def encode_messages(name: str, messages: tuple[Message, ...]) -> LLMResult[WireMessages]:
    """The wire's messages and what was left out of them; UnsupportedFeature when a part has no form here."""
    told: list[Adaptation] = []
    wire: list[dict[str, Any]] = []
    try:
        for place, message in enumerate(messages):
            path = f"messages/{place}"
            without_name(message, path, told)
            if message.role == "assistant":
                wire.append(_assistant(name, message, path, told))
            else:
                wire += _spoken(name, message, path, told, first=not wire)
    except Unsendable as fault:
        return Failure(UnsupportedFeature(message=str(fault), provider=name, feature="messages"))
    return Success((wire, tuple(told)))


def _assistant(name: str, message: Message, path: str, told: list[Adaptation]) -> dict[str, Any]:
    turn = assistant_turn(name, message, path, told, replays=False)
    for part in turn.opaque:
        told.append(dropped(path, f"there is no place for {part.kind} here"))
    if turn.calls:
        raise Unsendable(f"{path}: Spark's frames have no form for a call that was made")
    return {"role": "assistant", "content": turn.text}


def _spoken(
    name: str, message: Message, path: str, told: list[Adaptation], *, first: bool
) -> list[dict[str, Any]]:
    turn = user_turn(name, message, path, told)
    for where, _ in turn.results:
        raise Unsendable(f"{where}: Spark's frames have no form for a tool's result")
    role = "user" if message.role == "tool" else message.role
    if role == "system" and not first:
        role = "user"
        reason = "system text stands first here; later it goes as the user's"
        told.append(
            Adaptation(
                field=f"{path}/role", action="changed", reason=reason, before="system", after=role
            )
        )
    for where, part in turn.rest:
        if isinstance(part, Image) and part.detail not in (None, "auto"):
            told.append(dropped(f"{where}/detail", "Spark has no detail of pictures", part.detail))
    pictures = [_picture(part, where) for where, part in turn.rest if not isinstance(part, Text)]
    words = "\n".join([part.text for _, part in turn.rest if isinstance(part, Text)])
    if pictures and not words:
        return pictures
    return [*pictures, {"role": role, "content": words}]


def _picture(part: Part, where: str) -> dict[str, Any]:
    if isinstance(part, Image) and part.data is not None:
        return {"role": "user", "content": base64_text(part.data), "content_type": "image"}
    if isinstance(part, Image):
        raise Unsendable(f"{where}: Spark takes a picture's bytes")
    raise Unsendable(f"{where}: Spark has no form for {type(part).__name__} here")
