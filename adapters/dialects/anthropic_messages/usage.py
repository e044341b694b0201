"""Usage objects of the Messages API -> Usage.

Source: anthropic 2.11.0 (types/usage.py, types/message_delta_usage.py), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.token_counts import first_object, token_count
from llm_pure.types.completion import Usage


def merged_usage(before: Mapping[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Update the usage of a stream's beginning with the usage of its end. Missing values and null change nothing.

    Neither do zeros, unless the end counts the input anew: gateways send 0 for what they do not count in the end.

    >>> merged_usage({"input_tokens": 9, "output_tokens": 1}, {"input_tokens": None, "output_tokens": 5})
    {'input_tokens': 9, 'output_tokens': 5}
    """
    if None in after.values() or (before and 0 in after.values()):
        counts_input = bool(after.get("input_tokens"))
        after = {
            key: value
            for key, value in after.items()
            if value or (value == 0 and (counts_input or not before.get(key)))
        }
    return {**before, **after} if before else after


def read_usage(raw: dict[str, Any]) -> Usage:
    """The usage with the tokens of its compactions, which the model used too, but which are not part of the API's totals.

    The totals of a gateway may have them already. Entries of other models (an advisor's, an attempt that a fallback replaced)
    have prices of their own: the price table adds them.
    Source: anthropic 2.14.0, types/beta/beta_usage.py; platform.claude.com "Compaction", by pydantic/pydantic-ai#5065; read 2026-11-30.

    >>> entry = {"type": "compaction", "input_tokens": 180, "output_tokens": 3}
    >>> read_usage({"input_tokens": 23, "output_tokens": 1, "iterations": [entry]}).input_tokens
    203
    """
    usage, entries = _read_counts(raw), raw.get("iterations")
    if not isinstance(entries, list):
        return usage
    compacted = _sums(entries, "compaction")
    if compacted is None:
        return usage
    total, own = [getattr(usage, name) or 0 for name in _COUNTS], _sums(entries, "message")
    if own and all(a >= b + c for a, b, c in zip(total, compacted, own, strict=True)):
        return usage
    added = {name: a + b for name, a, b in zip(_COUNTS, total, compacted, strict=True) if b}
    return msgspec.structs.replace(usage, **added)


_COUNTS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens")


def _sums(entries: list[Any], kind: str) -> list[int] | None:
    """The counts of all entries of this kind; None without one."""
    counted = [
        _read_counts(entry)
        for entry in entries
        if isinstance(entry, dict) and entry.get("type") == kind
    ]
    sums = [sum([getattr(each, name) or 0 for each in counted]) for name in _COUNTS]
    return sums if counted else None


def _read_counts(raw: dict[str, Any]) -> Usage:
    """The counts of a usage or of one of its iterations.

    The wire's input_tokens excludes cache reads and writes; Usage.input_tokens includes them.

    >>> _read_counts({"input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 3}).input_tokens
    25
    """
    uncached = token_count(raw.get("input_tokens"))
    output = token_count(raw.get("output_tokens"))
    if uncached is None and output is None:  # gateways of other services
        uncached = token_count(raw.get("prompt_tokens"))
        output = token_count(raw.get("completion_tokens"))
    cache_read = token_count(raw.get("cache_read_input_tokens"))
    cache_write = token_count(raw.get("cache_creation_input_tokens"))
    if cache_write is None and "cache_creation" in raw:
        cache_write = _sum(first_object(raw, "cache_creation"))
    reasoning: int | None = None
    if "output_tokens_details" in raw:
        details = first_object(raw, "output_tokens_details")
        reasoning = token_count(details.get("thinking_tokens"))
        if reasoning is not None and output is not None:
            reasoning = min(reasoning, output)
    total = None if uncached is None else uncached + (cache_read or 0) + (cache_write or 0)
    return Usage(total, output, cache_read, cache_write, reasoning, False, raw)


def _sum(counts: dict[str, Any]) -> int | None:
    known = [count for count in map(token_count, counts.values()) if count is not None]
    return sum(known) if known else None
