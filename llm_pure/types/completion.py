"""What a model answered: `Completion`, and what it used: `Usage`."""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.messages import Message, ToolCall

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "unknown"
]

JsonObject: TypeAlias = dict[str, Any]
"""Provider data that is handed on unread."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens that one call used. What the provider did not say is None, never 0.

    input_tokens: all input, cached and cache-written tokens included. output_tokens: all output, reasoning included.
    cached_input_tokens, cache_write_tokens, reasoning_tokens: parts of the two above.
    estimated: counted here, because the provider did not report. raw: the provider's own usage object.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    raw: JsonObject | None = None

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; None when either is unknown."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of several answers to the same request (`n` above 1)."""

    message: Message
    finish_reason: FinishReason = "unknown"
    raw_finish_reason: str | None = None
    extra: JsonObject = {}


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer.

    message: the first answer's parts, in order. alternatives: the further ones, when several were asked for.
    raw_finish_reason: the provider's own word. extra: what it said beyond these fields (citations, logprobs,
    service tier, request id ...), as decoded JSON under the provider's own names.
    """

    id: str = ""
    model: str = ""
    provider: str = ""
    message: Message = Message("assistant")
    finish_reason: FinishReason = "unknown"
    raw_finish_reason: str | None = None
    usage: Usage = Usage()
    alternatives: tuple[Choice, ...] = ()
    extra: JsonObject = {}

    @property
    def text(self) -> str:
        """The answer's words."""
        return self.message.text

    @property
    def reasoning(self) -> str:
        """What the model thought, as far as it was shown."""
        return self.message.reasoning

    @property
    def refusal(self) -> str:
        """The words with which the model declined; "" when it did not."""
        return self.message.refusal

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model asks for, in order."""
        return self.message.tool_calls
