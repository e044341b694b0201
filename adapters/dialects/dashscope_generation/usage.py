"""DashScope's usage -> Usage: input_tokens and output_tokens, with details beside them.

Source: dashscope 2.0.2, utils/message_utils.py (with several choices each frame counts the output of one), and
the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_common import usage as openai_usage
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any], output_tokens: Mapping[int, int]) -> Usage:
    """The usage of a frame. `output_tokens`: by choice; the output of several choices is their sum."""
    usage = openai_usage.read_usage(raw)
    if len(output_tokens) < 2:
        return usage
    return replace(usage, output_tokens=sum(output_tokens.values()))
