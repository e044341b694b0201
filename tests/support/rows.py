"""Many rows in one test: for checks that take less than the test around them, which every worker collects."""

from collections.abc import Callable, Iterable
from typing import TypeVar

A = TypeVar("A")


def check_each(check: Callable[[A], object], rows: Iterable[A]) -> None:
    """Call `check` with each row; fail with all rows that fail, and if there are none.

    >>> check_each(int, ["1", "2"])
    >>> check_each(int, ["1", "x"])
    Traceback (most recent call last):
    AssertionError: 'x': ValueError: invalid literal for int() with base 10: 'x'
    """
    failed, count = [], 0
    for row in rows:
        count += 1
        try:
            check(row)
        except Exception as error:  # noqa: BLE001  of any kind, and the next row is checked too
            failed.append(f"{row!r:.300}: {type(error).__name__}: {error}")
    if failed or not count:
        raise AssertionError("\n\n".join(failed) or "no rows")
