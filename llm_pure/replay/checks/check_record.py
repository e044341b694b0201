"""The record of `cassette check` for one interaction: `CheckRecord`, and how it is filled from parsed values. Pure."""

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
"""Exit code if a response could not be parsed: EX_DATAERR of sysexits.h."""

NO_INPUT = 66
"""Exit code if a path could not be read: EX_NOINPUT."""

Outcome: TypeAlias = Literal["completion", "error", "embedding", "count", "other", "skipped"]


class CheckedCall(msgspec.Struct, frozen=True):
    """A tool call."""

    name: str
    arguments: Any
    """Decoded JSON, or the text if it is not JSON."""


class CheckedUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts; null if the provider did not report one."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class CheckedError(msgspec.Struct, frozen=True):
    """The error in a response, or the reason why it could not be parsed."""

    kind: str
    message: str


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one interaction. Its fields are the keys of a line of `--json`."""

    file: str = ""
    """The path below the folder that was checked."""
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
    """Why the interaction was skipped."""


def record_json(record: CheckRecord) -> bytes:
    """Return a record as a line of JSON, without the line end."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return json.dumps(msgspec.to_builtins(record)).encode()


def exit_code(records: Iterable[CheckRecord]) -> int:
    """Return 0 if everything was parsed, 65 if a response could not be, 66 if a path could not be read."""
    return max(map(exit_code_of, records), default=0)


def exit_code_of(record: CheckRecord) -> int:
    """Return the exit code of one record. A provider's error response that was parsed is a success."""
    match record.error:
        case CheckedError(kind="protocol" | "stream_interrupted"):
            return UNREADABLE
        case CheckedError(kind="configuration"):
            return NO_INPUT
        case _:
            return 0


def failed(record: CheckRecord, error: LLMError) -> CheckRecord:
    """Fill a record with an error and its partial completion."""
    if error.partial is not None:
        record = completed(record, error.partial)
    message = error.message
    if isinstance(error, ProtocolError) and error.where:
        message = f"{error.where}: {message}"
    return msgspec.structs.replace(
        record, outcome="error", error=CheckedError(error.kind, redact(message))
    )


def completed(record: CheckRecord, completion: Completion) -> CheckRecord:
    """Fill a record with a completion."""
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
        usage=_usage(completion.usage),
    )


def embedded(record: CheckRecord, embeddings: Embeddings) -> CheckRecord:
    """Fill a record with the usage of embeddings."""
    return msgspec.structs.replace(record, outcome="embedding", usage=_usage(embeddings.usage))


def counted(record: CheckRecord, count: TokenCount) -> CheckRecord:
    """Fill a record with a token count."""
    usage = CheckedUsage(input_tokens=count.input_tokens)
    return msgspec.structs.replace(record, outcome="count", usage=usage)


def _arguments(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return text


def _usage(usage: Usage) -> CheckedUsage:
    return CheckedUsage(**{name: getattr(usage, name) for name in CheckedUsage.__struct_fields__})
