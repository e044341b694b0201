"""The counts of a last line -> Usage. They stand among the other fields; there is no usage object."""

from typing import Any

from llm_pure.completion import Usage


def read_usage(sent: Any, made: Any) -> Usage | None:
    """prompt_eval_count and eval_count; None when neither was said. Thinking counts as output, and not apart."""
    said = {"prompt_eval_count": sent, "eval_count": made}
    raw = {name: value for name, value in said.items() if value is not None}
    if not raw:
        return None
    return Usage(input_tokens=_count(sent), output_tokens=_count(made), raw=raw)


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None
