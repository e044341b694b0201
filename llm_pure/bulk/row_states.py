"""States of a run's rows, folded from the lines of its logs: one byte and one position a row. Pure.

A million rows are ten megabytes. Which lines count depends on their order in the logs, never on a clock.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from llm_pure.bulk.entries import EntryHead

OPEN, ANSWERED, FINAL, PASSING = 0, 1, 2, 3
"""State of a row: not ended; answered; final error; an error that may pass. From 4 on: the same errors, by kind."""

NO_LINE = 2**64 - 1


class RowStates:
    """What the lines so far say of each row. `add` is called with every line, in the order of the logs."""

    def __init__(self, rows: int, row_of: Callable[[str, int], Sequence[int]]) -> None:
        """row_of: (id, hint) -> the rows with this id, which are several if equal rows are sent once."""
        self.states = bytearray(rows)
        """State of each row, as an index into `kinds`."""
        self.lines = array("Q", [NO_LINE]) * rows
        """Where the line of each row is: number of its file << 40 | offset."""
        self.kinds: list[tuple[int, str]] = [(OPEN, ""), (ANSWERED, "")]
        """(state, kind of error) by number."""
        self.cost_usd = Decimal(0)
        """Of all lines: what was paid twice counts twice."""
        self.input_tokens = 0
        self.output_tokens = 0
        self.cached_input_tokens = 0
        self.unpriced = 0
        """Answers without a known price."""
        self.stopped: EntryHead | None = None
        """The last `stop` line, unless rows have ended after it."""
        self.foreign = 0
        """Lines of rows that the run no longer has."""
        self._row_of = row_of
        self._numbers = {kind: number for number, kind in enumerate(self.kinds)}

    def add(self, head: EntryHead, line: int) -> None:
        """Fold one line. line: its position."""
        match head.kind:
            case "done" | "gave_up":
                self._add_end(head, line)
            case "retry":
                self._reopen(frozenset(head.errors))
            case "stop":
                self.stopped = head
            case _:
                pass

    def _add_end(self, head: EntryHead, line: int) -> None:
        self.stopped = None
        if head.cost_usd is not None:
            self.cost_usd += Decimal(head.cost_usd)
        if head.completion is not None:
            usage = head.completion.usage
            self.input_tokens += usage.input_tokens or 0
            self.output_tokens += usage.output_tokens or 0
            self.cached_input_tokens += usage.cached_input_tokens or 0
            self.unpriced += head.cost_usd is None
        rows = self._row_of(head.id, head.row)
        if not rows:
            self.foreign += 1
        for row in rows:
            if head.error is None:
                self.states[row] = 1
                self.lines[row] = line
            elif self.states[row] != 1:  # an answer counts before any error
                state = FINAL if head.kind == "done" else PASSING
                self.states[row] = self._number((state, head.error.type))
                self.lines[row] = line

    def _number(self, kind: tuple[int, str]) -> int:
        number = self._numbers.get(kind)
        if number is None:
            number = self._numbers[kind] = len(self.kinds)
            self.kinds.append(kind)
        return number

    def _reopen(self, errors: frozenset[str]) -> None:
        for number, (state, kind) in enumerate(self.kinds):
            if state in (FINAL, PASSING) and (not errors or kind in errors):
                row = self.states.find(number)
                while row >= 0:
                    self.states[row] = 0
                    self.lines[row] = NO_LINE
                    row = self.states.find(number, row + 1)

    def counts(self) -> dict[tuple[int, str], int]:
        """Return the number of rows by (state, kind of error)."""
        return {
            kind: count
            for number, kind in enumerate(self.kinds)
            if (count := self.states.count(number))
        }

    def is_open(self, row: int, *, passing: bool = True) -> bool:
        """True if the row is to be sent. passing: also if it ended in an error that may pass."""
        state = self.kinds[self.states[row]][0]
        return state == OPEN or (passing and state == PASSING)

    def open_rows(self, *, passing: bool = True) -> Iterator[int]:
        """Yield the rows that are to be sent now, in order. Rows that end meanwhile are left out."""
        for row in range(len(self.states)):
            if self.is_open(row, passing=passing):
                yield row
