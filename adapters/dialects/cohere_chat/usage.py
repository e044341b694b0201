"""Cohere's usage -> Usage.

It is told twice: `tokens` is what the model read and wrote, a hidden preamble included; `billed_units` is what is paid
for. Usage counts tokens, since `cached_tokens` belongs to them; what is billed stays in `raw`.
Source: cohere 7.3.1, types/usage.py; the two views compared in the cassettes of pydantic-ai; read 2026-11-20.
"""

from typing import Any

from llm_pure.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """Counts of `tokens`, else of `billed_units`. Cohere does not say what was spent on thinking."""
    told = _object(raw, "tokens") or _object(raw, "billed_units")
    sent = _count(told.get("input_tokens"))
    cached = _count(raw.get("cached_tokens"))
    if cached is not None and sent is not None:
        cached = min(cached, sent)
    return Usage(
        input_tokens=sent,
        output_tokens=_count(told.get("output_tokens")),
        cached_input_tokens=cached,
        raw=raw,
    )


def _object(raw: dict[str, Any], name: str) -> dict[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    """Cohere's schema has floats here."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None
