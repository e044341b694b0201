"""Work for the thread of a ledger: in order, and again later while another process holds the lock."""

from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from time import monotonic
from typing import Any, TypeVar

import msgspec

from llm_pure.client.ledger_storage import LedgerUnavailable

A = TypeVar("A")

ATTEMPT_S = 0.05
"""How long one piece of work waits for another process; other work then has its turn."""


class Job(msgspec.Struct, frozen=True, order=True):
    """Work for the thread; the lowest comes first. What waits for another process comes after everything else."""

    priority: int
    number: int
    work: Callable[[], Any]
    future: "Future[Any]"


_numbers = count()


def job(work: Callable[[], A], future: "Future[A]") -> Job:
    """Return new work, which comes after all work before it."""
    return Job(0, next(_numbers), work, future)


class Again(Exception):
    """The file is locked: the work is to be tried again."""


def patiently(attempt: Callable[[float], A], ends_s: float) -> A:
    """Attempt work with the file for a short time. Raises Again if another process holds the lock before `ends_s`."""
    try:
        return attempt(ATTEMPT_S)
    except LedgerUnavailable as error:
        if error.locked and monotonic() < ends_s:
            raise Again from None
        raise


def run(work: Callable[[], A], future: "Future[A]") -> bool:
    """Return false if the work is to be tried again."""
    if not (future.running() or future.set_running_or_notify_cancel()):
        return True
    try:
        future.set_result(work())
    except Again:
        return False
    except BaseException as error:  # noqa: BLE001 - the caller that waits raises it
        future.set_exception(error)
    return True
