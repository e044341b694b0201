"""States of a run's rows, folded from the lines of its logs: one byte and one position a row. Pure.

A million rows are ten megabytes. Which lines count depends on their order in the logs, never on a clock.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from llm_pure.bulk.entries import EntryHead
from llm_pure.framing.json_codec import DECODE_ERRORS

OPEN, ANSWERED, FINAL, PASSING = 0, 1, 2, 3
"""State of a row: not ended; answered; final error; an error that may pass. From 4 on: the same errors, by kind."""

NO_LINE = 2**64 - 1

_MAX_KINDS = 250
"""A state is one byte. There are some twenty kinds of errors; only a damaged log has more."""
_OTHER = "other"
_MAX_COST = 10**12


_DIGEST_BYTES = 16


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All of RowStates but the two arrays, which follow it."""

    run: str
    files: tuple[tuple[str, int], ...]
    rows: int
    byteorder: str
    kinds: tuple[tuple[int, str], ...]
    costs: dict[str, int]
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    unpriced: int
    foreign: int
    stopped: EntryHead | None


class RowStates:
    """What the lines so far say of each row. `add` is called with every line, in the order of the logs."""

    def __init__(
        self,
        rows: int,
        row_of: Callable[[str, int], Sequence[int]],
        are_at: Callable[[list[str], list[int]], bool] = lambda _ids, _hints: False,
    ) -> None:
        """row_of: (id, hint) -> the rows with this id, which are several if equal rows are sent once.

        are_at: (ids, hints) -> true if `row_of` of each returns its hint and nothing else, for many lines at once.
        """
        self._row_of = row_of
        self._are_at = are_at
        self._rows = rows
        self.reset()

    def reset(self) -> None:
        """Forget all lines."""
        rows = self._rows
        self.states = bytearray(rows)
        """State of each row, as an index into `kinds`."""
        self.lines = array("Q", [NO_LINE]) * rows
        """Where the line of each row is: number of its file << 40 | offset."""
        self.kinds: list[tuple[int, str]] = [(OPEN, ""), (ANSWERED, "")]
        """(state, kind of error) by number."""
        self._costs: Counter[str] = Counter()
        self.input_tokens = 0
        self.output_tokens = 0
        self.cached_input_tokens = 0
        self.unpriced = 0
        """Answers without a known price."""
        self.stopped: EntryHead | None = None
        """The last `stop` line, unless rows have ended after it."""
        self.foreign = 0
        """Lines of rows that the run no longer has."""
        self._numbers = {kind: number for number, kind in enumerate(self.kinds)}

    def add(self, head: EntryHead, line: int) -> None:
        """Fold one line. line: its position."""
        match head.kind:
            case "done" | "gave_up":
                self.add_end(head, line, self._row_of(head.id, head.row))
            case "retry":
                self._reopen(frozenset(head.errors))
            case "stop":
                self.stopped = head
            case _:
                pass

    def add_all(self, heads: Sequence[EntryHead | None], starts: Sequence[int], base: int) -> None:
        """Fold lines as `add` does one after the other; answers that follow each other together. Their positions: base + start."""
        others = [
            number
            for number, head in enumerate(heads)
            if head is None or head.error_kind or head.kind != "done"
        ]
        if all(_is_error(heads[number]) for number in others):
            # an answer counts before any error, so the order of the two is of no importance
            self._add_answers(_without(heads, others), _without(starts, others), base)
            for number in others:
                self.add(heads[number], base + starts[number])  # type: ignore[arg-type]
            return
        begin = 0
        for number in (*others, len(heads)):
            self._add_answers(heads[begin:number], starts[begin:number], base)  # type: ignore[arg-type]
            if number < len(heads) and (head := heads[number]) is not None:
                self.add(head, base + starts[number])
            begin = number + 1

    def _add_answers(self, heads: Sequence[EntryHead], starts: Sequence[int], base: int) -> None:
        if not heads:
            return
        rows = [head.row for head in heads]
        if not self._are_at([head.id for head in heads], rows):
            for head, start in zip(heads, starts, strict=True):
                self.add_end(head, base + start, self._row_of(head.id, head.row))
            return
        self.stopped = None
        self._add_costs(heads)
        usages = [head.usage for head in heads if head.usage is not None]
        self.input_tokens += sum(filter(None, [usage.input_tokens for usage in usages]))
        self.output_tokens += sum(filter(None, [usage.output_tokens for usage in usages]))
        self.cached_input_tokens += sum(
            filter(None, [usage.cached_input_tokens for usage in usages])
        )
        states, lines = self.states, self.lines
        for row, start in zip(rows, starts, strict=True):
            states[row] = 1
            lines[row] = base + start

    def _add_costs(self, heads: Sequence[EntryHead]) -> None:
        costs = [head.cost_usd for head in heads]
        if None in costs:
            self.unpriced += sum(
                [head.cost_usd is None and head.usage is not None for head in heads]
            )
        known = len(self._costs)
        self._costs.update([cost for cost in costs if cost is not None])
        for cost in list(self._costs)[known:]:
            if not is_amount(cost):
                del self._costs[cost]

    def add_end(self, head: EntryHead, line: int, rows: Sequence[int]) -> None:
        """Fold the end of these rows, which share an id."""
        self.stopped = None
        cost, usage, error = head.cost_usd, head.usage, head.error_kind
        if cost is not None:
            self._add_cost(cost)
        if usage is not None:
            self.input_tokens += usage.input_tokens or 0
            self.output_tokens += usage.output_tokens or 0
            self.cached_input_tokens += usage.cached_input_tokens or 0
            self.unpriced += cost is None
        if not rows:
            self.foreign += 1
        for row in rows:
            if not error:
                self.states[row] = 1
                self.lines[row] = line
            elif self.states[row] != 1:  # an answer counts before any error
                state = FINAL if head.kind == "done" else PASSING
                self.states[row] = self.number((state, error))
                self.lines[row] = line

    def _add_cost(self, cost: str) -> None:
        if cost in self._costs or is_amount(cost):
            self._costs[cost] += 1

    @property
    def cost_usd(self) -> Decimal:
        """Of all lines: what was paid twice counts twice."""
        costs = [Decimal(cost) * count for cost, count in self._costs.items()]
        return sum(costs, Decimal(0))

    def number(self, kind: tuple[int, str]) -> int:
        """Return the number of a (state, kind of error)."""
        number = self._numbers.get(kind)
        if number is None and len(self.kinds) > _MAX_KINDS and kind[1] != _OTHER:
            return self.number((kind[0], _OTHER))
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

    def snapshot(self, run: str, files: Sequence[tuple[str, int]]) -> bytes:
        """Return everything as bytes, for `restore`. run: a name of the plan. files: the logs, and how far they were read."""
        head = _Snapshot(
            run=run,
            files=tuple(files),
            rows=len(self.states),
            byteorder=sys.byteorder,
            kinds=tuple(self.kinds),
            costs=dict(self._costs),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_input_tokens=self.cached_input_tokens,
            unpriced=self.unpriced,
            foreign=self.foreign,
            stopped=self.stopped,
        )
        encoded = msgspec.json.encode(head, order="deterministic")
        data = b"".join(
            [len(encoded).to_bytes(8, "big"), encoded, self.states, self.lines.tobytes()]
        )
        return blake2b(data, digest_size=_DIGEST_BYTES).digest() + data

    def restore(self, data: bytes, run: str) -> tuple[tuple[str, int], ...]:
        """Take over a snapshot of the same plan; return the logs and how far they were read. Other bytes change nothing: ()."""
        digest, content = data[:_DIGEST_BYTES], memoryview(data)[_DIGEST_BYTES:]
        if blake2b(content, digest_size=_DIGEST_BYTES).digest() != digest:
            return ()
        start = 8 + int.from_bytes(content[:8], "big")
        try:
            head = msgspec.json.decode(content[8:start], type=_Snapshot)
        except DECODE_ERRORS:
            return ()
        rows = len(self.states)
        if (head.run, head.rows, head.byteorder) != (run, rows, sys.byteorder):
            return ()
        if len(content) != start + rows * (1 + self.lines.itemsize):
            return ()
        self.states = bytearray(content[start : start + rows])
        self.lines = array("Q", bytes(content[start + rows :]))
        self.kinds = list(head.kinds)
        self._numbers = {kind: number for number, kind in enumerate(self.kinds)}
        self._costs = Counter(head.costs)
        self.input_tokens, self.output_tokens = head.input_tokens, head.output_tokens
        self.cached_input_tokens, self.unpriced = head.cached_input_tokens, head.unpriced
        self.foreign, self.stopped = head.foreign, head.stopped
        return head.files


def _is_error(head: EntryHead | None) -> bool:
    return head is not None and head.kind in ("done", "gave_up") and bool(head.error_kind)


def _without(items: Sequence[Any], numbers: Sequence[int]) -> list[Any]:
    """The items but those with these numbers, which are in order."""
    begins = [-1, *numbers]
    return [
        item
        for begin, end in zip(begins, (*numbers, len(items)), strict=True)
        for item in items[begin + 1 : end]
    ]


def is_amount(text: str) -> bool:
    """Whether the text is US dollars that can be added up; a damaged log may have anything there."""
    try:
        amount = Decimal(text)
    except ArithmeticError:
        return False
    return amount.is_finite() and -_MAX_COST < amount < _MAX_COST
