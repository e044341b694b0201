"""Reasoning of earlier turns -> the field of an assistant message in which the provider expects it.

Source: ../shared/wire/openai-family.md, section 4.24, "reasoning replay"; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.types.messages import Reasoning

_KEYS = ("reasoning_content", "reasoning")


def add_reasoning(
    quirks: Quirks, wire: dict[str, Any], thoughts: list[Reasoning], received: list[dict[str, Any]]
) -> dict[str, Any]:
    """The assistant message with its reasoning, under a key or in its content.

    `received`: the wire fields that this provider sent with the thoughts; lists under the same key are joined.
    """
    text = "".join([part.text for part in thoughts])
    form = quirks.reasoning_replay
    content = wire["content"]
    if form in _KEYS:
        if thoughts or (quirks.replay_required and wire.get("tool_calls")):
            wire[form] = text
    elif text and form == "think_tags" and isinstance(content, str | None):
        wire["content"] = f"<think>{text}</think>{content or ''}"
    elif thoughts and form == "thinking_parts":
        if isinstance(content, str) and content:
            content = [{"type": "text", "text": content}]
        wire["content"] = [*[_thinking_part(thought) for thought in thoughts], *(content or [])]
    return wire | _join_fields(received)


def carries_reasoning(messages: list[dict[str, Any]]) -> bool:
    """Whether a message carries reasoning; the request then has `Quirks.replay_extra_fields`."""
    return any(map(_has_reasoning, messages))


def _join_fields(received: list[dict[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for fields in received:
        for key, value in fields.items():
            before = joined.get(key)
            joined[key] = [*before, *value] if isinstance(before, list) else value
    return joined


def _thinking_part(thought: Reasoning) -> dict[str, Any]:
    part: dict[str, Any] = {
        "type": "thinking",
        "thinking": [{"type": "text", "text": thought.text}] if thought.text else [],
    }
    return part if thought.signature is None else {**part, "signature": thought.signature}


def _has_reasoning(message: dict[str, Any]) -> bool:
    if message["role"] != "assistant":
        return False
    content = message.get("content")
    tagged = isinstance(content, str) and content.startswith("<think>")
    return tagged or any(message.get(key) for key in _KEYS)
