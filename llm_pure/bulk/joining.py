"""Join: rows and what the log has of them -> results in input order, streaming. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from llm_pure.bulk.entries import Done, GaveUp
from llm_pure.bulk.rows import Row
from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.result import Failure, LLMResult, Success

Ended: TypeAlias = Done | GaveUp


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """A row that has ended, and how."""

    row: Row
    id: str
    result: LLMResult[Completion]
    value: Any = None
    """The typed answer, of a run with a schema."""
    cost_usd: Decimal | None = None
    attempts: int = 1
    took_s: float = 0.0
    at: str = ""
    passing: bool = False
    """The error may pass: `resume` tries the row again."""
    completion: Completion | None = None
    """The answer, also one that does not match the schema."""


def join(
    rows: Iterable[tuple[bytes, Row]],
    entries: Mapping[bytes, Ended] | Callable[[bytes], Ended | None],
) -> Iterator[RowResult]:
    """Yield the result of each row that has ended, in the order of the rows.

    rows: (id, row). entries: the ends by id, or a function that looks them up: then nothing but one row is in memory.
    """
    look_up = entries if callable(entries) else entries.get
    for item, row in rows:
        entry = look_up(item)
        if entry is not None:
            yield row_result(row, entry)


def row_result(row: Row, entry: Ended) -> RowResult:
    """Return the result of a row by its end in the log."""
    result: LLMResult[Completion]
    if entry.error is not None:
        result = Failure(entry.error)
    elif entry.completion is not None:
        result = Success(entry.completion)
    else:
        result = Failure(InvalidRequest(message="the log's line has neither answer nor error"))
    return RowResult(
        row=row,
        id=entry.id,
        result=result,
        cost_usd=entry.cost_usd,
        attempts=entry.attempts,
        took_s=entry.took_s,
        at=entry.at,
        passing=isinstance(entry, GaveUp),
        completion=entry.completion,
    )


def better(first: Ended | None, second: Ended) -> Ended:
    """Return which of two ends of one row counts: an answer before an error, else the later.

    Order of the files decides what is later, never a clock.
    """
    if first is not None and first.error is None and second.error is not None:
        return first
    return second
