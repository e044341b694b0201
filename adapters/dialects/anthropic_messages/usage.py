"""Usage objects of the Messages API -> Usage.

Source: anthropic 2.11.0 (types/usage.py, types/message_delta_usage.py), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.types.completion import Usage


def merged_usage(before: Mapping[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The usage of a stream's end over that of its beginning: values replace, missing and null keys keep what was.

    >>> merged_usage({"input_tokens": 9, "output_tokens": 1}, {"input_tokens": None, "output_tokens": 5})
    {'input_tokens': 9, 'output_tokens': 5}
    """
    return {**before, **{key: value for key, value in after.items() if value is not None}}


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """The wire's input_tokens leaves cache reads and writes out; here they are part of it.

    Entries of `iterations` (compaction, advisor, fallback models) are not added: they are billed apart, and stay in raw.

    >>> read_usage({"input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 3}).input_tokens
    25
    """
    fresh = tokens(raw.get("input_tokens"))
    read = tokens(raw.get("cache_read_input_tokens"))
    written = tokens(raw.get("cache_creation_input_tokens"))
    if written is None:
        written = _sum(_object(raw, "cache_creation"))
    made = tokens(raw.get("output_tokens"))
    thought = tokens(_object(raw, "output_tokens_details").get("thinking_tokens"))
    if thought is not None and made is not None:
        thought = min(thought, made)
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=made,
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=thought,
        raw=dict(raw),
    )


def tokens(value: object) -> int | None:
    """A count as the wire says it; None for anything that is no count."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 else None


def _sum(counts: dict[str, Any]) -> int | None:
    known = [count for count in map(tokens, counts.values()) if count is not None]
    return sum(known) if known else None


def _object(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}
