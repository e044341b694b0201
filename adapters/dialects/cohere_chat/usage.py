"""Cohere's usage -> Usage.

There are two counts: `tokens` is the model's input and output with a hidden preamble, `billed_units` is the paid part.
Usage has the tokens, since `cached_tokens` is a part of them; the billed units stay in `raw`.
Source: cohere 7.3.1, types/usage.py; the two views compared in the cassettes of pydantic-ai; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.token_counts import first_object, token_count
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """Counts of `tokens`, else of `billed_units`. Tokens of thinking are not counted apart."""
    counts = first_object(raw, "tokens") or first_object(raw, "billed_units")
    input_tokens = token_count(counts.get("input_tokens"))
    cached = token_count(raw.get("cached_tokens"))
    if cached is not None and input_tokens is not None:
        cached = min(cached, input_tokens)
    return Usage(
        input_tokens=input_tokens,
        output_tokens=token_count(counts.get("output_tokens")),
        cached_input_tokens=cached,
        raw=raw,
    )
