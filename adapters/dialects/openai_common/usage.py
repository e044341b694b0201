"""Usage objects of chat completions and their clones -> Usage.

One vocabulary for all: prompt_tokens or input_tokens, completion_tokens or output_tokens, with details nested or flat.
Sources: OpenAI CompletionUsage; DeepSeek prompt_cache_hit_tokens; Moonshot cached_tokens; Mistral num_cached_tokens;
DashScope cache_creation_input_tokens; Azure Foundry flat reasoning_tokens; read 2026-11-20.
"""

from typing import Any

from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """Output is the larger of what was said and what the total leaves: xAI and Google's clone leave reasoning out.

    More cached than input: xAI counts the cached input apart, so it is added. Parts never exceed their whole:
    OpenRouter rounds reasoning up past it.
    """
    sent = _first(raw, "prompt_tokens", "input_tokens")
    made = _first(raw, "completion_tokens", "output_tokens")
    sent_details = _object(
        raw, "prompt_tokens_details", "input_tokens_details", "prompt_token_details"
    )
    made_details = _object(raw, "completion_tokens_details", "output_tokens_details")
    cached = _either(
        _first(sent_details, "cached_tokens"),
        _first(raw, "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens"),
    )
    written = _either(
        _first(sent_details, "cache_write_tokens", "cache_creation_input_tokens"),
        _first(raw, "cache_creation_input_tokens"),
    )
    reasoned = _either(_first(made_details, "reasoning_tokens"), _first(raw, "reasoning_tokens"))
    apart = cached if cached is not None and sent is not None and cached > sent else 0
    total = _first(raw, "total_tokens")
    if total is not None and sent is not None:
        left = total - sent
        if apart and left > (made or 0) + (reasoned or 0):
            left -= apart  # the total has the cached input in it
        made = max(made or 0, left)
    sent = None if sent is None else sent + apart
    return Usage(
        input_tokens=sent,
        output_tokens=made,
        cached_input_tokens=cached,
        cache_write_tokens=_at_most(written, None if sent is None else sent - (cached or 0)),
        reasoning_tokens=_at_most(reasoned, made),
        raw=raw,
    )


def tokens(value: object) -> int | None:
    """A count as the wire says it; None for anything that is no count."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 else None


def _first(raw: dict[str, Any], *names: str) -> int | None:
    for name in names:
        if name in raw:
            count = tokens(raw[name])
            if count is not None:
                return count
    return None


def _either(one: int | None, other: int | None) -> int | None:
    return other if one is None else one


def _at_most(part: int | None, whole: int | None) -> int | None:
    return part if part is None or whole is None else min(part, whole)


def _object(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = raw.get(name)
        if isinstance(value, dict):
            return value
    return {}
