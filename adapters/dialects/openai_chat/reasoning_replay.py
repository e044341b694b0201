"""What a model thought in an earlier turn -> where one service wants it back.

Source: ../shared/wire/openai-family.md, section 4.24, "reasoning replay"; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.framing.json_codec import json_object
from llm_pure.types.messages import ProviderMetadata, Reasoning

_KEYS = ("reasoning_content", "reasoning")


def with_reasoning(
    name: str, quirks: Quirks, wire: dict[str, Any], thoughts: list[Reasoning]
) -> dict[str, Any]:
    """The assistant's message with its reasoning: under a key or in its content, and as the fields that came with it."""
    echoed = _echoed(name, thoughts)
    text = "".join([part.text for part in thoughts])
    way = quirks.reasoning_replay
    if way in _KEYS:
        needed = thoughts or (quirks.replay_required and wire.get("tool_calls"))
        return {**wire, **({way: text} if needed else {}), **echoed}
    if text and way == "think_tags" and isinstance(wire["content"], str | None):
        return {**wire, "content": f"<think>{text}</think>{wire['content'] or ''}", **echoed}
    if thoughts and way == "thinking_parts":
        said = wire["content"]
        parts = [{"type": "text", "text": said}] if isinstance(said, str) and said else said or []
        return {**wire, "content": [*[_thinking_part(one) for one in thoughts], *parts], **echoed}
    return {**wire, **echoed}


def beside_reasoning(
    quirks: Quirks, messages: list[dict[str, Any]], fields: dict[str, Any]
) -> dict[str, Any]:
    """The request's fields, and those that must stand beside reasoning when some of it goes back."""
    if not quirks.replay_extra_fields or not any(_holds_reasoning(one) for one in messages):
        return fields
    more = dict(quirks.replay_extra_fields)
    for key, value in more.items():
        known = fields.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            more[key] = {**known, **value}
    return {**fields, **more}


def own(name: str, provider_metadata: ProviderMetadata | None) -> dict[str, Any]:
    """What this provider sent with a part; {} for parts of other origin."""
    return (
        (json_object(provider_metadata.json) or {})
        if provider_metadata and provider_metadata.provider == name
        else {}
    )


def _echoed(name: str, thoughts: list[Reasoning]) -> dict[str, Any]:
    """The fields that came with the thoughts; lists of several are joined."""
    wire: dict[str, Any] = {}
    for part in thoughts:
        for key, value in own(name, part.provider_metadata).items():
            known = wire.get(key)
            wire[key] = [*known, *value] if isinstance(known, list) else value
    return wire


def _thinking_part(thought: Reasoning) -> dict[str, Any]:
    part: dict[str, Any] = {
        "type": "thinking",
        "thinking": [{"type": "text", "text": thought.text}] if thought.text else [],
    }
    return part if thought.signature is None else {**part, "signature": thought.signature}


def _holds_reasoning(message: dict[str, Any]) -> bool:
    if message["role"] != "assistant":
        return False
    said = message.get("content")
    tagged = isinstance(said, str) and said.startswith("<think>")
    return tagged or any(message.get(key) for key in _KEYS)
