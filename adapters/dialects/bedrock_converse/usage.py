"""Converse's `usage` -> Usage. Its inputTokens leave the cache out; ours count it.

Source: recorded answers, in which totalTokens is the sum of all four counts; read 2026-11-20.
"""

from typing import Any

from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """Counts in tokens. Reasoning is inside outputTokens, and nobody says how much of them it is."""
    uncached = tokens(raw.get("inputTokens"))
    read = _first(raw, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = _first(raw, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    return Usage(
        input_tokens=None if uncached is None else uncached + (read or 0) + (written or 0),
        output_tokens=tokens(raw.get("outputTokens")),
        cached_input_tokens=read if uncached is not None else None,
        cache_write_tokens=written if uncached is not None else None,
        raw=raw,
    )


def tokens(value: object) -> int | None:
    """A count as the wire says it; None for anything that is no count."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < float("inf") else None


def _first(raw: dict[str, Any], *names: str) -> int | None:
    for name in names:
        count = tokens(raw.get(name))
        if count is not None:
            return count
    return None
