"""The counts of the last line -> Usage. They are fields of the line itself; there is no usage object."""

from typing import Any

from llm_pure.adapters.dialects.common.token_counts import token_count
from llm_pure.types.completion import Usage


def read_usage(prompt_eval_count: Any, eval_count: Any) -> Usage | None:
    """The Usage; None if both counts are missing. Thinking is part of the output, and not counted apart."""
    counts = {"prompt_eval_count": prompt_eval_count, "eval_count": eval_count}
    raw = {name: value for name, value in counts.items() if value is not None}
    if not raw:
        return None
    return Usage(
        input_tokens=token_count(prompt_eval_count), output_tokens=token_count(eval_count), raw=raw
    )
