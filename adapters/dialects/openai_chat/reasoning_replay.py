"""Reasoning of earlier turns -> the field of an assistant message in which the provider expects it; fragments of such fields, joined.

Source: ../shared/wire/openai-family.md, section 4.24, "reasoning replay"; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.part_builder import are_cumulative
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


def reasoning_metadata(details: list[dict[str, Any]]) -> dict[str, Any]:
    """The details, blocks and items of a choice's reasoning by the field in which they are sent back in the next turn.

    A block ends with its signature. Source: docs.litellm.ai, "Thinking / Reasoning Content", and litellm 1.110.2,
    streaming_chunk_builder_utils.py and types/llms/openai.py; read 2026-11-30.
    """
    fields: dict[str, list[dict[str, Any]]] = {}
    number = 0
    for detail in details:
        field = _FIELDS_BY_TYPE.get(str(detail.get("type")), "reasoning_details")
        if field == "thinking_blocks":
            detail = {**detail, "index": number}
            number += bool(detail.get("signature") or detail.get("data"))
        fields.setdefault(field, []).append(detail)
    joined = {field: _join_details(items) for field, items in fields.items()}
    for block in joined.get("thinking_blocks", ()):
        del block["index"]
    return joined


def _join_details(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join fragments of the same `index` and `type`: texts are concatenated, of other fields the last value counts.

    Source: OpenRouter, "Reasoning tokens", read 2026-11-20.
    """
    joined: dict[object, dict[str, Any]] = {}
    texts: dict[tuple[object, str], list[str]] = {}
    for position, detail in enumerate(details):
        key = (detail["index"], detail.get("type")) if _is_fragment(detail) else ("at", position)
        entry = joined.setdefault(key, {})
        for name, value in detail.items():
            if name in _TEXT_FIELDS and isinstance(value, str):
                texts.setdefault((key, name), []).append(value)
            if value is not None or name not in entry:
                entry[name] = value
    for (place, name), pieces in texts.items():
        joined[place][name] = pieces[-1] if are_cumulative(pieces) else "".join(pieces)
    return list(joined.values())


def _is_fragment(detail: dict[str, Any]) -> bool:
    values = [detail.get(name) for name in ("type", *_TEXT_FIELDS)]
    return isinstance(detail.get("index"), int | str) and all(
        isinstance(value, str | None) for value in values
    )


_TEXT_FIELDS = ("text", "summary", "data", "thinking")
"""Fields of a reasoning detail or a thinking block that arrive in fragments."""
_FIELDS_BY_TYPE = {
    "thinking": "thinking_blocks",
    "redacted_thinking": "thinking_blocks",
    "reasoning": "reasoning_items",
}
"""Type -> the field, where it is not `reasoning_details`."""
