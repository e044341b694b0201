"""DashScope's usage -> Usage: input_tokens and output_tokens, with details beside them.

Source: dashscope 2.0.2, utils/message_utils.py (with several answers each frame counts the output of one), and
the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_common import usage as openai_usage
from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any], spent: Mapping[int, int] | None = None) -> Usage:
    """spent: output tokens by answer, where there are several; their sum is what the call put out."""
    usage = openai_usage.read_usage(raw)
    if spent is None or len(spent) < 2:
        return usage
    return msgspec.structs.replace(usage, output_tokens=sum(spent.values()))


def made_by(raw: dict[str, Any]) -> int:
    """Output tokens that one frame counts."""
    return openai_usage.tokens(raw.get("output_tokens")) or 0
