"""Converse's `usage` -> Usage. Its inputTokens exclude the cache; Usage.input_tokens includes it.

Source: recorded responses, in which totalTokens is the sum of all four counts; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.token_counts import first_count, token_count
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """Counts in tokens. outputTokens include reasoning; the service does not count it separately."""
    uncached = token_count(raw.get("inputTokens"))
    cache_read = first_count(raw, "cacheReadInputTokens", "cacheReadInputTokenCount")
    cache_write = first_count(raw, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    return Usage(
        input_tokens=None
        if uncached is None
        else uncached + (cache_read or 0) + (cache_write or 0),
        output_tokens=token_count(raw.get("outputTokens")),
        cached_input_tokens=cache_read if uncached is not None else None,
        cache_write_tokens=cache_write if uncached is not None else None,
        raw=raw,
    )
