"""JSON objects put over one another, and the word JSON in a prompt."""

from collections.abc import Mapping
from typing import Any


def merge_objects(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects as one. Where both have an object under a key, these are merged too; else `override` counts.

    >>> merge_objects({"a": {"b": 1}, "c": 1}, {"a": {"d": 2}, "c": 2})
    {'a': {'b': 1, 'd': 2}, 'c': 2}
    """
    merged = dict(base)
    for key, value in override.items():
        before = merged.get(key)
        if before and isinstance(before, dict) and isinstance(value, Mapping):
            merged[key] = merge_objects(before, value)
        else:
            merged[key] = value
    return merged


JSON_INSTRUCTION = "Answer with a JSON object and nothing else."
"""Added to prompts without the word JSON where a service requires it."""


def mentions_json(message: Any) -> bool:
    """Whether the text of a message has the word JSON; its content is a string, or a list of parts with `text`.

    >>> mentions_json({"role": "user", "content": [{"type": "text", "text": "As json, please."}]})
    True
    """
    content = message.get("content") if isinstance(message, dict) else None
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return any(isinstance(text, str) and "json" in text.lower() for text in texts)
