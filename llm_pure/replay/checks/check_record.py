"""What `cassette check` says of one recorded interaction: a `CheckRecord`, made of what a parser gave. Pure."""

import json
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.operations import Embeddings, TokenCount
from llm_pure.types.redact import redact

UNREADABLE = 65
"""The exit code when an answer could not be read: EX_DATAERR of sysexits.h."""

NO_INPUT = 66
"""The exit code when a path could not be read: EX_NOINPUT."""

Outcome: TypeAlias = Literal["completion", "error", "embedding", "count", "other", "skipped"]


class CheckedCall(msgspec.Struct, frozen=True):
    """A tool call. arguments: as decoded JSON, else the text that they are."""

    name: str
    arguments: Any


class CheckedUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Usage under its own names; null is what the provider did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class CheckedError(msgspec.Struct, frozen=True):
    """What the answer told, or why it could not be read."""

    kind: str
    message: str


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one interaction; its fields are the keys of a line of `--json`.

    file: below the path that was given. provider: whose parser read it. reason: why it was skipped.
    """

    file: str = ""
    index: int = 0
    provider: str = ""
    operation: str = "other"
    streamed: bool = False
    outcome: Outcome = "skipped"
    text: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[CheckedCall, ...] = ()
    finish_reason: str | None = None
    raw_finish_reason: str | None = None
    usage: CheckedUsage | None = None
    error: CheckedError | None = None
    reason: str | None = None


def record_json(record: CheckRecord) -> bytes:
    """One line of JSON, without its end."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # a file whose name is no UTF-8
        return json.dumps(msgspec.to_builtins(record)).encode()


def exit_code(records: Iterable[CheckRecord]) -> int:
    """0 when everything was read; 65 when an answer could not be, 66 when a path could not."""
    return max(map(exit_code_of, records), default=0)


def exit_code_of(record: CheckRecord) -> int:
    """The same for one record: an error that the provider told was read as well as any other answer."""
    match record.error:
        case CheckedError(kind="protocol" | "stream_interrupted"):
            return UNREADABLE
        case CheckedError(kind="configuration"):
            return NO_INPUT
        case _:
            return 0


def failed(record: CheckRecord, error: LLMError) -> CheckRecord:
    """The record with an error in it, and with what had come before."""
    partial = error.partial
    if partial is not None:
        record = completed(record, partial)
    message = error.message
    if isinstance(error, ProtocolError) and error.where:
        message = f"{error.where}: {message}"
    return msgspec.structs.replace(
        record, outcome="error", error=CheckedError(error.kind, redact(message))
    )


def completed(record: CheckRecord, completion: Completion) -> CheckRecord:
    """The record with an answer in it."""
    return msgspec.structs.replace(
        record,
        outcome="completion",
        text=completion.text,
        reasoning=completion.reasoning,
        tool_calls=tuple(
            [CheckedCall(call.name, _arguments(call.arguments)) for call in completion.tool_calls]
        ),
        finish_reason=completion.finish_reason,
        raw_finish_reason=completion.raw_finish_reason,
        usage=_used(completion.usage),
    )


def embedded(record: CheckRecord, embeddings: Embeddings) -> CheckRecord:
    """The record of vectors: what they cost."""
    return msgspec.structs.replace(record, outcome="embedding", usage=_used(embeddings.usage))


def counted(record: CheckRecord, count: TokenCount) -> CheckRecord:
    """The record of a count of tokens."""
    usage = CheckedUsage(input_tokens=count.input_tokens)
    return msgspec.structs.replace(record, outcome="count", usage=usage)


def _arguments(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return text


def _used(usage: Usage) -> CheckedUsage:
    return CheckedUsage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
    )
