"""How the services that speak chat completions differ, as data."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from llm_pure.adapt import ModelRule
from llm_pure.classify import ErrorType

ReasoningStyle: TypeAlias = Literal["none", "effort"]
"""How reasoning is asked for: not at all, or by `reasoning_effort`."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one service does in its own way.

    max_tokens_key: the name of the output limit. include_usage: a stream reports usage only when asked to.
    done_required: its streams always end with [DONE], so one without it was cut. reasoning_style: how reasoning is asked
    for. reasoning_replay: the key under which an assistant turn's reasoning goes back, None when it does not.
    empty_content: what stands in `content` of a turn that only calls tools. refuses: settings that it does not take,
    with the reason. rules: what its models do not take. error_words: its own error codes.
    """

    max_tokens_key: str = "max_tokens"
    include_usage: bool = True
    done_required: bool = False
    reasoning_style: ReasoningStyle = "none"
    reasoning_replay: Literal["reasoning_content", "reasoning"] | None = None
    empty_content: Literal[""] | None = None
    refuses: Mapping[str, str] = {}
    rules: tuple[ModelRule, ...] = ()
    error_words: Mapping[str, ErrorType] = {}
