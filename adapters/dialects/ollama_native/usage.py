"""The counts of the last line -> Usage. They are fields of the line itself; there is no usage object."""

from typing import Any

from llm_pure.adapters.dialects.common.token_counts import token_count
from llm_pure.types.completion import Usage


def read_usage(
    prompt_eval_count: Any, eval_count: Any, prompt_eval_cached_count: Any = None
) -> Usage | None:
    """The Usage; None without any count. Thinking is part of the output, and not counted apart.

    Servers since September 2026 count what they read from the cache, as a part of prompt_eval_count (ollama/ollama#17943, by
    stdapi-ai/stdapi.ai#252; read 2026-11-30).
    """
    counts = {
        "prompt_eval_count": prompt_eval_count,
        "eval_count": eval_count,
        "prompt_eval_cached_count": prompt_eval_cached_count,
    }
    raw = {name: value for name, value in counts.items() if value is not None}
    if not raw:
        return None
    sent, cached = token_count(prompt_eval_count), token_count(prompt_eval_cached_count)
    if cached is not None and sent is not None:
        cached = min(cached, sent)
    return Usage(sent, token_count(eval_count), cached, raw=raw)
