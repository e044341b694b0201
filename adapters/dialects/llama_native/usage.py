"""Metrics -> Usage. There is no usage object: counts are entries of a list, each with its name.

Source: the wire notes of this project; the names are as generally known, unconfirmed; 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_pure.adapters.dialects.common.token_counts import token_count
from llm_pure.adapters.dialects.llama_native import wire
from llm_pure.types.completion import Usage


def read_usage(metrics: Sequence[wire.Metric], raw: Any) -> Usage:
    """num_prompt_tokens and num_completion_tokens; `raw`: the list as JSON."""
    return _usage({metric.metric: metric.value for metric in metrics}, raw)


def plain_usage(metrics: Sequence[Mapping[str, Any]]) -> Usage | None:
    """The usage of metrics as JSON; None if one has a name that is no text."""
    values = {metric.get("metric"): metric.get("value") for metric in metrics}
    return _usage(values, metrics) if all(type(name) is str for name in values) else None


def _usage(values: Mapping[Any, Any], raw: Any) -> Usage:
    """`values`: metric -> its value."""
    return Usage(
        input_tokens=token_count(values.get("num_prompt_tokens")),
        output_tokens=token_count(values.get("num_completion_tokens")),
        raw={"metrics": raw},
    )
