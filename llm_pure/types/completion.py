"""`Completion`, the model's response, and `Usage`, its token counts."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.messages import Message, SafeRepr, ToolCall

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "unknown"
]

_VENDOR_WORDS: tuple[tuple[FinishReason, str], ...] = (
    ("stop", "stop stopped eos eos_token eos_found end end_turn endoftext finish finished complete completed done normal"),
    ("stop", "stop_sequence stop_token stop_string stop_criteria_met"),
    ("length", "length limit max_tokens max_output_tokens max_length max_new_tokens model_length token_limit error_limit"),
    ("length", "model_context_window_exceeded max_messages"),
    ("tool_calls", "tool_calls tool_call tool_use function_call function_calls"),
    ("content_filter", "content_filter content_filtered sensitive safety recitation blocklist prohibited_content spii"),
    ("content_filter", "image_safety image_prohibited_content image_recitation model_armor escalation pup_limited_disabled"),
    ("content_filter", "guardrail_intervened error_toxic"),
    ("refusal", "refusal"),
    ("pause", "pause pause_turn compaction continuation steered"),
    ("error", "error network_error insufficient_system_resource abort aborted failed cancelled malformed_function_call"),
    ("error", "unexpected_tool_call too_many_tool_calls malformed_response malformed_model_output malformed_tool_use"),
    ("error", "missing_thought_signature language image_other no_image timeout"),
)  # fmt: skip
"""The reasons of all vendors, in lower case: gateways answer in one API with the words of another."""
_FINISH_WORDS: dict[str, FinishReason] = {
    word: reason for reason, words in _VENDOR_WORDS for word in words.split()
}


def finish_reason_of(reason: str | None, words: Mapping[str, FinishReason]) -> FinishReason:
    """Return what a finish reason means by the dialect's own table, else by that of all vendors; "unknown" for no word of either.

    >>> finish_reason_of("MAX_TOKENS", {}), finish_reason_of("eos", {"eos": "length"}), finish_reason_of(None, {})
    ('length', 'length', 'unknown')
    >>> finish_reason_of("content_filter: RECITATION", {})  # Gemini's compatible API: what stopped it, and why
    'content_filter'
    """
    meaning = words.get(reason or "")
    if meaning is not None or not reason:
        return meaning or "unknown"
    word = reason.strip().lower().replace("-", "_").removeprefix("finish_reason_")
    for piece in (word, *word.split(":")):
        known = _FINISH_WORDS.get(piece.strip())
        if known is not None:
            return known
    return "unknown"


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


def later_usage(before: Usage, usage: Usage) -> Usage:
    """Return the usage of a later report, or the one before it if only that counted anything.

    Gateways report zeros or nothing after the counts. What else such a report has is added to `raw`. A count that the later
    report lacks stays as it was: some services count the input at the beginning, the output at the end.
    """
    if (
        usage.input_tokens
        or usage.output_tokens
        or not (before.input_tokens or before.output_tokens)
    ):
        if usage.input_tokens is None or usage.output_tokens is None:
            return _completed(before, usage)
        return usage
    added = {name: value for name, value in (usage.raw or {}).items() if value}
    return msgspec.structs.replace(before, raw={**(before.raw or {}), **added}) if added else before


def _completed(before: Usage, usage: Usage) -> Usage:
    """The later usage with the counts that only the earlier one has."""
    lacking = {
        name: getattr(before, name)
        for name in Usage.__struct_fields__
        if name not in ("raw", "estimated")
        and getattr(usage, name) is None
        and getattr(before, name) is not None
    }
    if not lacking:
        return usage
    raw = {**(before.raw or {}), **(usage.raw or {})}
    return msgspec.structs.replace(usage, **lacking, raw=raw)


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
