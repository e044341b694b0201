"""The counts of a last frame -> Usage.

Source: the wire notes of this project (question_tokens, prompt_tokens, completion_tokens, total_tokens).
"""

from typing import Any

from llm_pure.adapters.dialects.openai_common.usage import read_usage as read_openai_usage
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """prompt_tokens is all input; question_tokens, the last question's share of it, stays in raw."""
    return read_openai_usage(raw)
