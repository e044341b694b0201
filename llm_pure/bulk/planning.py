"""Shards: ranges of rows with those that are still to be sent. Pure."""

from collections.abc import Container, Iterable, Iterator

import msgspec

SHARD_ROWS = 1000


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """A range of rows: numbers, no data, so that a worker anywhere reads them from the input."""

    number: int
    """From 0; the same range has the same number in every plan of a run."""
    start: int
    stop: int
    """The first row after it."""
    rows: tuple[int, ...]
    """The rows of the range that are to be sent, in order."""


def plan(
    ids: Iterable[bytes], done: Container[bytes], *, shard_rows: int = SHARD_ROWS
) -> Iterator[Shard]:
    """Yield the shards that have rows to send. ids: of all rows, in order. done: the ids that have ended.

    >>> [shard.rows for shard in plan([b"a", b"b", b"c", b"d"], {b"a", b"d"}, shard_rows=2)]
    [(1,), (2,)]
    """
    rows: list[int] = []
    index = -1
    for index, item in enumerate(ids):
        if item not in done:
            rows.append(index)
        if (index + 1) % shard_rows == 0:
            if rows:
                yield _shard(index, rows, shard_rows)
            rows = []
    if rows:
        yield _shard(index, rows, shard_rows)


def _shard(last: int, rows: list[int], shard_rows: int) -> Shard:
    number = last // shard_rows
    return Shard(number=number, start=number * shard_rows, stop=last + 1, rows=tuple(rows))
