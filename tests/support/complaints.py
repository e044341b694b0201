"""Texts of exceptions that other packages raise, taken at run time.

Such a text differs between versions and interpreters. A test that compares a whole message puts it together from our own
words and from this.
"""

from collections.abc import Callable


def complaint(run: Callable[[], object]) -> str:
    """Return the text of the exception that `run` raises; its type's name where the text is empty."""
    try:
        run()
    except Exception as fault:  # noqa: BLE001 - any exception is the one that is asked for
        return str(fault)[:300] or type(fault).__name__
    raise AssertionError("nothing was raised")
