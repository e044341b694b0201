"""Usage objects of chat completions and the APIs that follow them -> Usage.

One vocabulary for all: prompt_tokens or input_tokens, completion_tokens or output_tokens, with details nested or flat.
Sources: OpenAI CompletionUsage; DeepSeek prompt_cache_hit_tokens; Moonshot cached_tokens; Mistral num_cached_tokens;
DashScope cache_creation_input_tokens; Azure Foundry flat reasoning_tokens; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.token_counts import first_count, first_object, token_count
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """The token counts of a usage object.

    The output is at least the total without the input: xAI and Google's compatible API leave reasoning out of it. If more
    input is cached than sent, the cached input is added to it: xAI counts it apart. Nested reasoning never exceeds the output
    of a known total: OpenRouter rounds it up. Reasoning that cannot be in the output is added to it.
    """
    input_tokens = first_count(raw, "prompt_tokens", "input_tokens")
    output_tokens = first_count(raw, "completion_tokens", "output_tokens")
    total = first_count(raw, "total_tokens")
    cached = written = reasoning = None
    apart = 0
    if not raw.keys() <= _TOTALS:
        if input_tokens is None and output_tokens is None:
            input_tokens, output_tokens = first_count(raw, *_INPUTS), first_count(raw, *_OUTPUTS)
        cached, written, reasoning = _parts(raw)
        if counts_cache_apart(raw):
            apart = (cached or 0) + (written or 0)
        elif cached is not None and cached > (input_tokens or 0):
            apart = cached
        # Mistral counts audio in the total alone
        if raw.get("prompt_audio_seconds") and total is not None:
            input_tokens = max(input_tokens or 0, total - (output_tokens or 0))
        elif reasoning is not None and _is_reasoning_apart(raw, reasoning, output_tokens, total):
            output_tokens = (output_tokens or 0) + reasoning
    if input_tokens is None and total is not None and total >= (output_tokens or total + 1):
        input_tokens = total - (output_tokens or 0)
    if input_tokens is not None:
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


def read_input_usage(raw: dict[str, Any]) -> Usage:
    """The usage of a call without output: its total is its input, which some services send alone."""
    usage = read_usage(raw)
    total = first_count(raw, "total_tokens")
    if total is None:
        return usage
    return msgspec.structs.replace(
        usage, input_tokens=max(usage.input_tokens or 0, total), output_tokens=0
    )


_INPUTS = ("promptTokens", "inputTokens", "promptTokenCount", "prompt_token_count", "prompt_eval_count", "tokens_prompt")  # fmt: skip
_OUTPUTS = ("completionTokens", "outputTokens", "candidatesTokenCount", "candidates_token_count", "eval_count", "tokens_completion")  # fmt: skip
"""Names of other APIs, in what gateways pass on."""


def counts_cache_apart(raw: dict[str, Any]) -> bool:
    """Return whether this is Anthropic's usage, whose input_tokens excludes the cached ones: gateways pass it on."""
    return (
        "input_tokens" in raw
        and "prompt_tokens" not in raw
        and "total_tokens" not in raw
        and not raw.keys().isdisjoint(("cache_read_input_tokens", "cache_creation_input_tokens"))
    )


def _is_reasoning_apart(
    raw: dict[str, Any], reasoning: int, output_tokens: int | None, total: int | None
) -> bool:
    """Whether the output excludes the reasoning: at Perplexity, which has citation_tokens beside it (docs, 2026-11-20)."""
    if "reasoning_tokens" in raw and "citation_tokens" in raw:
        return True
    return reasoning > (output_tokens or 0) and (total is None or "reasoning_tokens" in raw)


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
        raw,
        "prompt_tokens_details",
        "input_tokens_details",
        "prompt_token_details",
        "input_token_details",
    )
    outputs = first_object(
        raw, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    cached = written = reasoning = None
    if inputs:
        cached = token_count(inputs.get("cached_tokens"))
        written = first_count(
            inputs, "cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens"
        )
    if outputs:
        reasoning = token_count(outputs.get("reasoning_tokens"))
    if not raw.keys() <= _USUAL:
        if not cached:
            flat = first_count(
                raw,
                "prompt_cache_hit_tokens",
                "cached_tokens",
                "num_cached_tokens",
                "cache_read_input_tokens",
            )
            cached = cached if flat is None else flat
        if not written:
            flat = first_count(raw, "cache_creation_input_tokens")
            written = written if flat is None else flat
        if reasoning is None:
            reasoning = first_count(raw, "reasoning_tokens")
    return cached, written, reasoning
