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
    return usage_of({metric.metric: metric.value for metric in metrics}, raw)


def usage_of(values: Mapping[Any, Any], raw: Any) -> Usage:
    """The usage of metrics by name."""
    return Usage(
        input_tokens=token_count(values.get("num_prompt_tokens")),
        output_tokens=token_count(values.get("num_completion_tokens")),
        raw={"metrics": raw},
    )
