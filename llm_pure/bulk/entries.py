"""Lines of a run's log, as values. Pure.

A log is append-only JSON lines, each tagged by its `kind`. A last line without newline is the rest of an interrupted
write and no entry; a line of an unknown kind, or that cannot be decoded, is skipped.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError

FINAL_KINDS = frozenset({
    "authentication", "configuration", "content_filtered", "context_length", "incomplete", "invalid_request", "not_found",
    "permission", "price_unknown", "protocol", "unsupported",
})  # fmt: skip
"""Errors that the same request would end in again: `done` lines, which stay until `retry --errors KIND`.

All others may pass (rate limits, overload, server errors, timeouts, broken connections, an empty balance): `gave_up` lines,
which `resume` tries again."""


class UsageHead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The counts of a completion's usage."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None


class _Ended(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The fields of both kinds of end of a row. What counts and states need comes first, the answer last."""

    id: str
    """The row's id, 32 hexadecimal digits."""
    row: int = -1
    """The row's number in the input when the line was written, from 0; -1 if unknown. A hint: the id decides."""
    custom_id: str = ""
    cost_usd: Decimal | None = None
    """None if no price is known or nothing was billed."""
    usage: UsageHead | None = None
    """None without a completion."""
    error_kind: str = ""
    """Of `error`, "" without one."""
    attempts: int = 1
    """Requests that were sent for it."""
    took_s: float = 0.0
    at: str = ""
    """The time of the line, ISO 8601 in UTC. For people: nothing depends on a clock."""
    completion: Completion | None = None
    """Beside an error if the answer came and does not match the schema."""
    error: LLMError | None = None

    def __post_init__(self) -> None:
        if self.error is not None and not self.error_kind:
            msgspec.structs.force_setattr(self, "error_kind", self.error.kind)
        if self.completion is not None and self.usage is None:
            usage = self.completion.usage
            counts = UsageHead(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cached_input_tokens=usage.cached_input_tokens,
            )
            msgspec.structs.force_setattr(self, "usage", counts)


class Done(_Ended, frozen=True, kw_only=True, tag="done"):
    """A row has its answer or a final error."""


class GaveUp(_Ended, frozen=True, kw_only=True, tag="gave_up"):
    """All attempts of a row ended in an error that may pass."""


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="sent"):
    """Rows go out in one provider batch; written before the batch is created."""

    job: str
    """Our key of the batch."""
    ids: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


class Job(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="job"):
    """The state of a provider batch has changed."""

    job: str
    """Our key of the batch, which is also in its metadata at the provider."""
    state: str
    at: str = ""
    data: dict[str, Any] = {}
    """The provider's ids, counts and times, as its driver needs them."""


class Leased(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="lease"):
    """This log's worker may spend up to this amount in all."""

    usd: Decimal
    tokens: float = 0.0
    at: str = ""


class Retried(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="retry"):
    """Earlier errors of these kinds no longer count: their rows are open again. () is every kind."""

    errors: tuple[str, ...] = ()
    at: str = ""


class Stopped(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="stop"):
    """The driver has ended, in order."""

    reason: str
    """As in RunSummary."""
    message: str = ""
    at: str = ""


Entry: TypeAlias = Done | GaveUp | Sent | Job | Leased | Retried | Stopped

_encoder = msgspec.json.Encoder(decimal_format="string")
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError)


def encode_entry(entry: Entry) -> bytes:
    """Return the entry's line, with its newline.

    >>> encode_entry(Retried(errors=("timeout",)))
    b'{"kind":"retry","errors":["timeout"],"at":""}\\n'
    """
    return _encoder.encode(entry) + b"\n"


def decode_entry(line: bytes) -> Entry | None:
    """Return the entry of a line; None for an unknown kind and for what is no entry."""
    try:
        return _decoder.decode(line)
    except _DECODE_ERRORS:
        return None


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the complete lines of a part of a log, and the rest, which the next part continues.

    >>> split_lines(b'one\\ntwo\\nthr')
    ([b'one', b'two'], b'thr')
    """
    *lines, rest = data.split(b"\n")
    return lines, rest


def decode_log(data: bytes) -> Iterator[Entry]:
    """Yield the entries of a log, without its torn last line."""
    for line in split_lines(data)[0]:
        entry = decode_entry(line)
        if entry is not None:
            yield entry


class EntryHead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The fields of any line that counts and states need."""

    kind: str
    id: str = ""
    row: int = -1
    cost_usd: str | None = None
    usage: UsageHead | None = None
    error_kind: str = ""
    attempts: int = 1
    errors: tuple[str, ...] = ()
    reason: str = ""
    message: str = ""


_head_decoder = msgspec.json.Decoder(EntryHead)
_ANSWER = b',"completion":'
_BRACE = ord("}")


def decode_head(line: bytes) -> EntryHead | None:
    """Return the head of a line of any kind; None for what is no entry.

    Only what stands before the answer is decoded: a million lines take a second, and not four.
    """
    try:
        end = line.find(_ANSWER)  # no text in JSON holds these bytes: its quotes have backslashes
        if end < 0 or not line.endswith(b"}"):
            return _head_decoder.decode(line)
        return _head_decoder.decode(line[:end] + b"}")
    except _DECODE_ERRORS:
        return None


def decode_heads(part: bytes) -> tuple[list[EntryHead | None], list[int], int]:
    """Return the heads of the complete lines of a part of a log, where each line begins, and how many bytes they have.

    As `decode_head` of each line, at a third of the time: their heads are decoded together, and nothing else is copied. A
    part with a line that is no entry is decoded line by line.
    """
    heads: list[bytes] = []
    starts: list[int] = []
    start, complete, find = 0, True, part.find
    while (end := find(b"\n", start)) >= 0:
        answer = find(_ANSWER, start, end)
        if part[end - 1] != _BRACE or end == start:
            complete = False
        heads.append(part[start : end - 1 if answer < 0 else answer])
        starts.append(start)
        start = end + 1
    if complete and heads:
        try:
            decoded = _head_decoder.decode_lines(b"}\n".join(heads) + b"}")
        except _DECODE_ERRORS:
            decoded = []
        if len(decoded) == len(heads):
            return decoded, starts, start  # type: ignore[return-value]
    return [decode_head(line) for line in split_lines(part)[0]], starts, start


def is_final(error: LLMError) -> bool:
    """True if the row is done with this error, false if it is tried again by `resume`."""
    return error.kind in FINAL_KINDS and not error.retryable
