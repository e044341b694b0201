"""`Completion`, the model's response, and `Usage`, its token counts."""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.messages import Message, SafeRepr, ToolCall

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "unknown"
]

JsonObject: TypeAlias = dict[str, Any]
"""Provider data that is passed on unread."""


class Usage(SafeRepr, msgspec.Struct, frozen=True):
    """Tokens of one call. A count that the provider did not report is None, never 0."""

    input_tokens: int | None = None
    """All input, including cached and cache-written tokens."""
    output_tokens: int | None = None
    """All output, including reasoning."""
    cached_input_tokens: int | None = None
    """Part of input_tokens, as is the next."""
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    """Part of output_tokens."""
    estimated: bool = False
    """Counted locally, because the provider reported nothing."""
    raw: JsonObject | None = None
    """The provider's own usage object."""

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; None when either is unknown."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens


class Choice(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """One of several alternatives for the same request (`n` above 1)."""

    message: Message
    finish_reason: FinishReason = "unknown"
    raw_finish_reason: str | None = None
    extra: JsonObject = {}


class Completion(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The model's complete response."""

    id: str = ""
    model: str = ""
    provider: str = ""
    message: Message = Message("assistant")
    """The first choice's parts, in order."""
    finish_reason: FinishReason = "unknown"
    raw_finish_reason: str | None = None
    """The provider's own value."""
    usage: Usage = Usage()
    alternatives: tuple[Choice, ...] = ()
    """The further choices, when several were requested."""
    extra: JsonObject = {}
    """Fields beyond these (citations, logprobs, service tier, request id ...): decoded JSON under the provider's names."""

    @property
    def text(self) -> str:
        """The text of the message."""
        return self.message.text

    @property
    def reasoning(self) -> str:
        """The reasoning that the provider shows."""
        return self.message.reasoning

    @property
    def refusal(self) -> str:
        """The text of a refusal, "" without one."""
        return self.message.refusal

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The message's tool calls, in order."""
        return self.message.tool_calls
