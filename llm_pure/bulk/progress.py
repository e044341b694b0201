"""Counts of a run, and its progress as one line. Pure."""

from decimal import Decimal

import msgspec

from llm_pure.bulk.row_states import ANSWERED, FINAL, PASSING, RowStates


class RunCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows are where, and what they cost."""

    rows: int
    answered: int = 0
    failed: int = 0
    """Final errors."""
    passing: int = 0
    """Errors that may pass: `resume` tries these rows again."""
    errors: dict[str, int] = {}
    """Rows by kind of error, final or not."""
    cost_usd: Decimal = Decimal(0)
    """Of all calls, also of those that were paid twice."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    unpriced: int = 0
    """Answers without a known price."""

    @property
    def ended(self) -> int:
        """Rows with an answer or an error."""
        return self.answered + self.failed + self.passing

    @property
    def open(self) -> int:
        """Rows without."""
        return self.rows - self.ended


def run_counts(states: RowStates) -> RunCounts:
    """Return the counts of a run by its states."""
    counts = states.counts()
    errors: dict[str, int] = {}
    for (_, kind), count in counts.items():
        if kind:
            errors[kind] = errors.get(kind, 0) + count
    return RunCounts(
        rows=len(states.states),
        answered=counts.get((ANSWERED, ""), 0),
        failed=sum(count for (state, _), count in counts.items() if state == FINAL),
        passing=sum(count for (state, _), count in counts.items() if state == PASSING),
        errors=errors,
        cost_usd=states.cost_usd,
        input_tokens=states.input_tokens,
        output_tokens=states.output_tokens,
        cached_input_tokens=states.cached_input_tokens,
        unpriced=states.unpriced,
    )


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A run at a moment."""

    counts: RunCounts
    in_flight: int = 0
    rate: float = 0.0
    """Rows per second since the last report."""
    left_usd: Decimal | None = None
    took_s: float = 0.0

    @property
    def eta_s(self) -> float | None:
        """Seconds until the end at this rate; None without one."""
        return self.counts.open / self.rate if self.rate > 0 else None


def format_progress(progress: Progress) -> str:
    """Return one line: rows, rate, in flight, errors, spent, left, ETA.

    >>> format_progress(Progress(counts=RunCounts(rows=200, answered=50), in_flight=8, rate=10.0))
    '50/200 rows (25.0 %), 10.0/s, 8 in flight, 0.0000 USD, ETA 0:15'
    """
    counts = progress.counts
    share = 100 * counts.ended / counts.rows if counts.rows else 100.0
    parts = [f"{counts.ended:,}/{counts.rows:,} rows ({share:.1f} %)"]
    if progress.rate or progress.in_flight:
        parts += [f"{progress.rate:,.1f}/s", f"{progress.in_flight} in flight"]
    failed = counts.failed + counts.passing
    parts += [count_errors(failed)] if failed else []
    parts.append(f"{counts.cost_usd:.4f} USD")
    if progress.left_usd is not None:
        parts.append(f"{max(Decimal(0), progress.left_usd):.4f} USD left")
    if progress.eta_s is not None and counts.open:
        parts.append(f"ETA {format_duration(progress.eta_s)}")
    return ", ".join(parts)


def format_counts(counts: RunCounts) -> str:
    """Return how many rows have which end, and what they cost."""
    errors = ", ".join(
        [f"{kind} {count:,}" for kind, count in sorted(counts.errors.items()) if count]
    )
    failed = counts.failed + counts.passing
    parts = [f"{counts.answered:,} of {counts.rows:,} rows answered"]
    parts += [f"{count_errors(failed)} ({errors})"] if failed else []
    parts += [f"{counts.open:,} open"] if counts.open else []
    cost = f"{counts.cost_usd:.6f}".rstrip("0").rstrip(".")
    unpriced = f" and {counts.unpriced:,} answers without a price" if counts.unpriced else ""
    return ", ".join([*parts, f"{cost} USD{unpriced}"])


def count_errors(count: int) -> str:
    """Return "1 error", "1,000 errors"."""
    return f"{count:,} error{'' if count == 1 else 's'}"


def format_duration(seconds: float) -> str:
    """Return hours, minutes and seconds.

    >>> [format_duration(seconds) for seconds in (5, 65, 3665)]
    ['0:05', '1:05', '1:01:05']
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
