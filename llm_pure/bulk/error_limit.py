"""How many rows may end in errors before a run stops. Pure.

The option is `--max-errors`, a number or a percentage, as that of AWS Systems Manager (docs.aws.amazon.com,
StartAutomationExecution, MaxErrors: with 3 the fourth error stops it; read 2026-11-30); a percentage is here of the
rows that have ended, not of all. Without it a run stops if each of its first hundred rows ends in the same kind of
error: the million after them would, and may be paid all the same (typed answers that are cut off or do not match the
schema). Once one row is answered only the option stops a run: an input may be sorted, so that many bad rows follow
each other.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from llm_pure.bulk.entries import EntryHead
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, returns_failure

FIRST_ROWS = 100
"""So many rows have ended before a share of them, or their all being errors, says anything."""

_TEXT = re.compile(r"(\d{1,18})|(\d{1,3}(?:\.\d+)?)%")


class ErrorLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Limit of the errors in one part of a run, of the rows that were sent in it."""

    rows: int | None = None
    """More errors stop the run."""
    share: float | None = None
    """A larger part of the rows that have ended stops the run."""

    def is_exceeded(self, ended: int, errors: Mapping[str, int]) -> bool:
        """True if the run is to stop. ended: rows. errors: those of them that ended in errors, by kind.

        >>> ErrorLimit().is_exceeded(100, {"incomplete": 100}), ErrorLimit().is_exceeded(101, {"incomplete": 100})
        (True, False)
        """
        failed = sum(errors.values())
        if self.rows is not None:
            return failed > self.rows
        if ended < FIRST_ROWS:
            return False
        if self.share is not None:
            return failed > self.share * ended
        return failed == ended and len(errors) == 1


NO_LIMIT = ErrorLimit(share=1.0)


@returns_failure
def parse_error_limit(value: int | str | None) -> ErrorLimit:
    """Return the limit that `--max-errors` sets: "10" rows, "5%" of the rows; None is the default's.

    >>> parse_error_limit("5%").unwrap()
    ErrorLimit(rows=None, share=0.05)
    """
    if value is None:
        return ErrorLimit()
    match = _TEXT.fullmatch(str(value).strip())
    if match is not None and match[1]:
        return ErrorLimit(rows=int(match[1]))
    if match is not None and float(match[2]) <= 100:
        return ErrorLimit(share=float(match[2]) / 100)
    message = f"max_errors must be a number of rows, or a percentage such as 5%, not {value!r}"
    raise Rejected(InvalidConfiguration(message=message, field="max_errors"))


class ErrorCount:
    """The rows of one part of a run that were sent and have ended, counted as they end."""

    def __init__(self, limit: ErrorLimit) -> None:
        self._limit = limit
        self._ended = 0
        self._errors: Counter[str] = Counter()

    def add(self, error_kind: str) -> bool:
        """Count a row; "" is an answer. Return true if the run is to stop."""
        self._ended += 1
        if not error_kind:
            return False
        self._errors[error_kind] += 1
        return self._limit.is_exceeded(self._ended, self._errors)

    def add_heads(self, heads: Sequence[EntryHead | None]) -> bool:
        """Count the rows that these lines of a log end."""
        kinds = [
            head.error_kind
            for head in heads
            if head is not None and head.kind in ("done", "gave_up") and head.attempts
        ]
        return True in [self.add(kind) for kind in kinds]  # all are counted

    @property
    def most_frequent(self) -> str:
        """The kind of error that most rows ended in."""
        return self._errors.most_common(1)[0][0]

    def __str__(self) -> str:
        kinds = ", ".join([f"{kind} {count:,}" for kind, count in self._errors.most_common()])
        return f"{self._errors.total():,} of {self._ended:,} rows sent ended in errors ({kinds})"
