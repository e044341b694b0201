"""Messages -> the `messages` of /v2/chat.

Text alone is a plain string, everything else a list of blocks. Each tool result becomes a message of its own; images
among results follow in a `user` message.
Source: cohere 7.3.1, types/chat_message_v2.py and the types it imports, read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.cohere_chat.stream import PLAN_ECHO
from llm_pure.adapters.dialects.common.adaptations import changed
from llm_pure.adapters.dialects.common.message_encoder import no_turns, turns_of
from llm_pure.adapters.dialects.common.turn_order import (
    assistant_turn,
    only_text,
    result_text,
    user_turn,
    without_name,
)
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import data_url, document_text, media_type_of
from llm_pure.types.messages import (
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
)
from llm_pure.types.rejection import UnsupportedPart


def encode_messages(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """The wire's messages. Raises Rejected with UnsupportedFeature for a part that Cohere does not support."""
    encoded: list[dict[str, Any]] = []
    try:
        for turn in turns_of(messages, service.name, _RULES, adaptations):
            without_name(turn, adaptations)
            text = only_text(turn)
            if text is not None:
                encoded.append({"role": turn.role, "content": text})
            elif turn.role == "assistant":
                encoded.append(_assistant(service, turn, adaptations))
            else:
                encoded += _turn(turn, adaptations)
    except UnsupportedPart as part:
        raise part.of_provider(service.name) from None
    if not encoded:
        raise no_turns(service.name)
    return encoded


_RULES = TurnRules(final_assistant="refused", reasoning="plain")
"""The last message is the user's or a tool's (docs.cohere.com, Chat: "the last message ... must be user or tool"); read
2026-11-29."""


def _turn(turn: Turn, adaptations: list[Adaptation]) -> list[dict[str, Any]]:
    """Each tool result in a message of its own; the other parts in one."""
    sorted_parts = user_turn(turn, adaptations)
    encoded: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": result.tool_call_id, "content": result_text(result)}
        for _, result in sorted_parts.results
    ]
    if sorted_parts.rest or not encoded:
        for path, part in sorted_parts.rest:
            if turn.role == "system" and isinstance(part, Image):
                raise UnsupportedPart(f"{path}: a system message holds text, not Image")
        content = _content(sorted_parts.rest, adaptations)
        encoded.append({"role": turn.role, "content": content})
    return encoded


def _assistant(service: AnyService, wire: Turn, adaptations: list[Adaptation]) -> dict[str, Any]:
    """One message for the turn. Reasoning that was received as `tool_plan` is replayed as such."""
    turn = assistant_turn(wire, adaptations)
    plan = "".join([part.text for part in turn.reasoning if _is_plan(part)])
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": part.text} for part in turn.reasoning if not _is_plan(part)
    ]
    encoded: dict[str, Any] = {"role": "assistant"}
    opaque = [json_object(part.json) or {} for part in turn.opaque]
    if blocks or opaque:
        text = [{"type": "text", "text": turn.text}] if turn.text else []
        encoded["content"] = [*blocks, *text, *opaque]
    elif turn.text or not turn.calls:
        encoded["content"] = turn.text
    if plan:
        encoded["tool_plan"] = plan
    if turn.calls:
        encoded["tool_calls"] = [_call(service, call) for call in turn.calls]
    return encoded


def _is_plan(part: Reasoning) -> bool:
    return part.provider_metadata is not None and part.provider_metadata.json == PLAN_ECHO


def _call(service: AnyService, call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    encoded = {"id": call.id, "type": "function", "function": function}
    if call.provider_metadata is not None and call.provider_metadata.provider == service.name:
        encoded |= json_object(call.provider_metadata.json) or {}
    return encoded


def _content(
    parts: tuple[Placed, ...], adaptations: list[Adaptation]
) -> str | list[dict[str, Any]]:
    if len(parts) <= 1 and all(isinstance(part, Text) for _, part in parts):
        return "".join([part.text for _, part in parts if isinstance(part, Text)])
    return [_block(part, path, adaptations) for path, part in parts]


def _block(part: Part, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image(url=str() as url, detail=detail):
            return _image(url, detail)
        case Image(data=bytes() as data, media_type=declared, detail=detail):
            media_type = media_type_of(data) or declared
            if media_type is None:
                raise UnsupportedPart(f"{path}: the bytes are not an image of a known format")
            return _image(data_url(data, media_type), detail)
        case Opaque(json=json):
            return json_object(json) or {}
        case Document(data=bytes() as data, media_type=declared) if (
            file_text := document_text(data, declared)
        ) is not None:
            reason = "Cohere takes no files in messages; its text is sent, without its name"
            adaptations.append(changed(path, reason, part.name))
            return {"type": "text", "text": file_text}
        case Document():
            raise UnsupportedPart(
                f"{path}: Cohere takes documents outside the messages: extra={{'documents': [...]}}"
            )
        case _:
            raise UnsupportedPart(f"{path}: Cohere does not support {type(part).__name__} here")


def _image(url: str, detail: str | None) -> dict[str, Any]:
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image}
