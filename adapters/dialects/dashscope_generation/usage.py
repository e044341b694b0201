"""DashScope's usage -> Usage: input_tokens and output_tokens, with details beside them.

Source: dashscope 2.0.2, utils/message_utils.py (with several choices each frame counts the output of one), and
the wire notes of this project; read 2026-11-20.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_common import usage as openai_usage
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any], output_tokens: int | None) -> Usage:
    """The usage of a frame. `output_tokens`: the sum of several choices; None for one choice."""
    usage = openai_usage.read_usage(raw)
    return usage if output_tokens is None else replace(usage, output_tokens=output_tokens)
