"""Usage objects of chat completions and the APIs that follow them -> Usage.

One vocabulary for all: prompt_tokens or input_tokens, completion_tokens or output_tokens, with details nested or flat.
Sources: OpenAI CompletionUsage; DeepSeek prompt_cache_hit_tokens; Moonshot cached_tokens; Mistral num_cached_tokens;
DashScope cache_creation_input_tokens; Azure Foundry flat reasoning_tokens; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.token_counts import first_count, first_object, token_count
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """The token counts of a usage object.

    The output is at least the total without the input: xAI and Google's compatible API leave reasoning out of it. If more
    input is cached than sent, the cached input is added to it: xAI counts it apart. Reasoning never exceeds the output:
    OpenRouter rounds it up.
    """
    input_tokens = first_count(raw, "prompt_tokens", "input_tokens")
    output_tokens = first_count(raw, "completion_tokens", "output_tokens")
    cached = written = reasoning = None
    if not raw.keys() <= _TOTALS:
        cached, written, reasoning = _parts(raw)
    total = first_count(raw, "total_tokens")
    if input_tokens is not None:
        apart = cached if cached is not None and cached > input_tokens else 0
        if total is not None:
            rest = total - input_tokens
            if apart and rest > (output_tokens or 0) + (reasoning or 0):
                rest -= apart  # the total includes the cached input
            output_tokens = max(output_tokens or 0, rest)
        input_tokens += apart
    if written is not None and input_tokens is not None:
        written = min(written, input_tokens - (cached or 0))
    if reasoning is not None and output_tokens is not None:
        reasoning = min(reasoning, output_tokens)
    return Usage(input_tokens, output_tokens, cached, written, reasoning, False, raw)


_TOTALS = frozenset(
    {"prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens"}
)
_USUAL = _TOTALS | {
    "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details",
}  # fmt: skip
"""Fields without which there are no flat parts: few services have others."""


def _parts(raw: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """The tokens that were cached, written to a cache, and of reasoning."""
    inputs = first_object(
        raw, "prompt_tokens_details", "input_tokens_details", "prompt_token_details"
    )
    outputs = first_object(raw, "completion_tokens_details", "output_tokens_details")
    cached = written = reasoning = None
    if inputs:
        cached = token_count(inputs.get("cached_tokens"))
        written = first_count(inputs, "cache_write_tokens", "cache_creation_input_tokens")
    if outputs:
        reasoning = token_count(outputs.get("reasoning_tokens"))
    if not raw.keys() <= _USUAL:
        if cached is None:
            cached = first_count(
                raw, "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens"
            )
        if written is None:
            written = first_count(raw, "cache_creation_input_tokens")
        if reasoning is None:
            reasoning = first_count(raw, "reasoning_tokens")
    return cached, written, reasoning
