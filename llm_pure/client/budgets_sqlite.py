"""One budget for many processes: an SQLite file (WAL), or another storage, with reservations that expire.

All work with the file happens in one thread with one kept connection, so no event loop waits for the disk or for a lock.
A cost that cannot be written stays in memory, is logged, and is written later; a call never fails for it.
"""

import atexit
import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from queue import Empty, PriorityQueue
from threading import Lock, Thread, current_thread
from time import monotonic
from typing import TypeAlias, TypeVar
from uuid import uuid4
from weakref import WeakSet

import msgspec

from llm_pure.client.budgets import Budget, notify
from llm_pure.client.ledger_file import LedgerFile
from llm_pure.client.ledger_jobs import ATTEMPT_S, Again, Job, job, patiently, run
from llm_pure.client.ledger_storage import AFTER_S, LEASE_S, LedgerStorage, LedgerUnavailable
from llm_pure.client.ledger_tables import StoredLedger
from llm_pure.pricing import ledger as pure
from llm_pure.pricing.accounts import Account, AccountSpending
from llm_pure.pricing.ledger import Call, Cost, Ledger
from llm_pure.types.errors import InvalidConfiguration, LLMError, TimedOut
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

_BUSY_S = 60.0
"""How long a method waits for another process."""

_SETTLE_S = 1.0
"""How long a cost waits for another process before that is reported, and tried less often."""

_RETRY_S = (0.2, 5.0)
"""First and longest wait before a cost is written again."""

_IDLE_S = 5.0
"""The thread ends, and closes its connection, when it has had nothing to do for so long."""

_EXIT_S = 5.0
"""How long the end of the program waits for costs that are not written yet."""

_log = logging.getLogger("llm_pure")
_stores: "WeakSet[StoredBudget]" = WeakSet()


class StoredBudget:
    """A budget store that works with its storage in one thread. Safe to use from threads, tasks and forked processes."""

    def __init__(self, file: LedgerStorage, budget: Budget) -> None:
        self.max_usd = budget.max_usd
        """The budget when the file was opened; None is no limit."""
        self._budget = budget
        self._seen = StoredLedger(budget.max_usd, {}, ())
        """What was read last, for `ledger` while the file cannot be read."""
        self._start(file)
        _stores.add(self)

    def _start(self, file: LedgerStorage) -> None:
        self._file = file
        self._jobs: PriorityQueue[Job] = PriorityQueue()
        self._unsettled: deque[_Settlement] = deque()
        """Costs that are not in the file yet, the oldest first."""
        self._long: dict[str, float] = {}
        """Reservations whose calls may take longer than a lease -> when these have ended at the latest."""
        self._renew_at_s = 0.0
        self._retry_at_s = 0.0
        self._backoff_s = _RETRY_S[0]
        self._reported = False
        """True once the fault that keeps costs in memory was logged."""
        self._thread: Thread | None = None
        self._lock = Lock()

    def reserve(
        self, usd: Decimal, timeout_s: float = _BUSY_S, accounts: Sequence[Account] = ()
    ) -> LLMResult[str]:
        """Reserve an amount, in these accounts too, until it expires; return the reservation's name.

        Fails with BudgetExceeded, with TimedOut if the file stays locked, with InvalidConfiguration if it cannot be used.
        """
        return self.start_reserve(usd, timeout_s, accounts).result()

    def settle(self, name: str, call: Call, accounts: Sequence[Account] = ()) -> None:
        """Replace a reservation, even an expired one, by the real cost of the call; call on_alert as the budget says.

        Never fails: what cannot be written now is written later.
        """
        self.start_settle(name, call, accounts).result()

    def release(self, name: str) -> None:
        """Remove a reservation without a cost. If that fails, it expires."""
        self.start_release(name).result()

    def ledger(self) -> Ledger:
        """Return what is spent and reserved now, with costs that are not written yet. Reads every call.

        If the file cannot be read, that is what was read last, and a warning is logged.
        """
        stored, unsettled = self._submit(self._read).result()
        recorded = pure.record(
            Ledger(max_usd=stored.max_usd, reserved=stored.reserved),
            [*stored.calls, *[call for _, call, _ in unsettled]],
            max_unpriced=None,
        )
        for name, _, _ in unsettled:
            recorded = pure.release(recorded, name)
        return recorded

    def calls(self) -> list[Call]:
        """Return all calls in the order of their settlement."""
        stored, unsettled = self._submit(self._read).result()
        return [*stored.calls, *[call for _, call, _ in unsettled]]

    def price_unpriced(self, price: Callable[[Call], LLMResult[Cost]]) -> int:
        """Price the calls that had no price; return how many were priced, 0 if the file cannot be used."""
        ends_s = monotonic() + _BUSY_S

        def work() -> int:
            try:
                return patiently(partial(self._file.price_unpriced, price), ends_s)
            except LedgerUnavailable as error:
                _log.warning("%s", error)
                return 0

        return self._submit(work).result()

    def account_spending(self, account: Account) -> AccountSpending:
        """Return what an account has spent in its current period. Raises LedgerUnavailable."""
        return self._submit(lambda: self._file.account_spending(account, _SETTLE_S)).result()

    # The same without waiting, for calls in an event loop

    def start_reserve(
        self, usd: Decimal, timeout_s: float, accounts: Sequence[Account] = ()
    ) -> "Future[LLMResult[str]]":
        """`reserve`, in the background. A reservation that comes after the caller has cancelled the future is released."""
        future: Future[LLMResult[str]] = Future()
        ends_s = monotonic() + timeout_s

        def work() -> LLMResult[str]:
            try:
                reserved = patiently(partial(self._file.reserve, usd, accounts=accounts), ends_s)
            except LedgerUnavailable as error:
                return Failure(_error(self._file.path, error))
            if timeout_s + AFTER_S > self._file.lease_s:
                reserved.map(partial(self._renew_until, ends_s + AFTER_S))
            return reserved

        return self._submit(work, future)

    def start_settle(
        self, name: str, call: Call, accounts: Sequence[Account] = ()
    ) -> "Future[None]":
        """`settle`, in the background. The future is done after the first attempt."""
        # a name of its own, by which a storage knows a cost that was written already
        settlement, ends_s = (name or uuid4().hex, call, accounts), monotonic() + _SETTLE_S
        self._unsettled.append(settlement)
        self._long.pop(name, None)

        def work() -> None:
            # a fault that was reported concerns this one too, which waits with the others
            if settlement in self._unsettled and monotonic() >= self._retry_at_s:
                self._write_unsettled(ends_s)

        return self._submit(work)

    def start_release(self, name: str) -> "Future[None]":
        """`release`, in the background."""
        ends_s = monotonic() + _SETTLE_S
        self._long.pop(name, None)

        def work() -> None:
            try:
                patiently(partial(self._file.release, name), ends_s)
            except LedgerUnavailable as error:
                _log.warning("a reservation stays until it expires: %s", error)

        return self._submit(work)

    def flushed(self) -> "Future[None]":
        """Return a future that is done when everything that was started before has been attempted."""
        return self._submit(lambda: None)

    # In the thread

    def _read(self) -> "tuple[StoredLedger, list[_Settlement]]":
        try:
            self._seen = self._file.read(ATTEMPT_S)
        except LedgerUnavailable as error:
            _log.warning("costs are those that were read last: %s", error)
        else:
            if self._seen.unreadable:
                _log.warning("%s has %d damaged rows", self._file.path, self._seen.unreadable)
        return self._seen, list(self._unsettled)

    def _write_unsettled(self, ends_s: float = 0.0) -> None:
        """Write what is not written yet. After a fault the rest stays for later; raises Again for a lock until `ends_s`."""
        while self._unsettled:
            name, call, accounts = self._unsettled[0]
            try:
                settle = partial(self._file.settle, name, call, accounts=accounts)
                spending = patiently(settle, ends_s)
            except Again:
                raise
            except Exception as error:  # noqa: BLE001 - the thread goes on, whatever a driver raises
                self._retry_at_s = monotonic() + self._backoff_s
                self._backoff_s = min(self._backoff_s * 2, _RETRY_S[1])
                self._report(error)
                return
            self._unsettled.popleft()
            self._backoff_s, self._retry_at_s, self._reported = _RETRY_S[0], 0.0, False
            if self._budget.on_alert is not None and spending.max is not None:
                share = Decimal(str(self._budget.alert_threshold))
                if spending.before < spending.max * share <= spending.after:
                    notify(self._budget.on_alert, self.ledger())

    def _renew_until(self, ends_s: float, name: str) -> None:
        if not self._long:
            self._renew_at_s = monotonic() + self._file.lease_s / 3
        self._long[name] = ends_s

    def _renew(self) -> None:
        """Give new leases to the reservations of long calls, when a third of a lease is over."""
        now_s = monotonic()
        if not self._long or now_s < self._renew_at_s:
            return
        self._renew_at_s = now_s + self._file.lease_s / 3
        for name in [name for name, ends_s in list(self._long.items()) if ends_s < now_s]:
            self._long.pop(name, None)
        try:
            self._file.renew(list(self._long), ATTEMPT_S)
        except Exception as error:  # noqa: BLE001 - the thread goes on, whatever a driver raises
            _log.warning("reservations of long calls are not renewed: %s", error)

    def _report(self, error: Exception) -> None:
        """Log that costs are kept in memory and call `on_error`, once until they are written."""
        if self._reported:
            return
        self._reported = True
        _log.warning("costs of %d calls are kept in memory: %s", len(self._unsettled), error)
        notify(self._budget.on_error, _error(self._file.path, error))

    def _submit(self, work: Callable[[], A], future: "Future[A] | None" = None) -> "Future[A]":
        """Run `work` in the thread, after all work before it."""
        future = future or Future()
        if current_thread() is self._thread:  # `on_alert` looks at the ledger
            while not run(work, future):
                pass
            return future
        with self._lock:
            self._jobs.put(job(work, future))
            if self._thread is None:
                self._thread = Thread(target=self._work, name="llm_pure ledger", daemon=True)
                self._thread.start()
        return future

    def _work(self) -> None:
        while True:
            self._renew()
            wait_s = _IDLE_S
            if self._long:
                wait_s = min(wait_s, max(0.0, self._renew_at_s - monotonic()))
            if self._unsettled:
                wait_s = max(0.0, self._retry_at_s - monotonic())
            try:
                next_job = self._jobs.get(timeout=wait_s)
            except Empty:
                if self._unsettled:
                    self._write_unsettled()
                    continue
                with self._lock:
                    if self._jobs.empty() and not self._long:
                        self._file.close()
                        self._thread = None
                        return
            else:
                if not run(next_job.work, next_job.future):
                    self._jobs.put(msgspec.structs.replace(next_job, priority=1))

    def _flush(self) -> None:
        """Try once more to write what is not written; log what is lost."""
        if self._thread is None:
            return
        ends_s = monotonic() + _EXIT_S
        with suppress(TimeoutError):
            self._submit(lambda: self._write_unsettled(ends_s)).result(_EXIT_S)
            self._submit(self._file.close).result(_EXIT_S)
        for name, call, _ in list(self._unsettled):
            cost = "unpriced" if call.cost is None else f"{call.cost.total_usd:f} USD"
            _log.error(
                "not written to %s: %s, %s, reservation %r", self._file.path, call.name, cost, name
            )


class SqliteBudget(StoredBudget):
    """A budget store in a file; use `open_ledger`."""


_Settlement: TypeAlias = tuple[str, Call, Sequence[Account]]
"""The reservation's name, the call, and the accounts that pay for it."""


def _error(path: Path | str, error: Exception) -> LLMError:
    if isinstance(error, LedgerUnavailable) and error.locked:
        message = f"the ledger {path} was locked by another process for too long"
        return TimedOut(message=message, phase="budget", retryable=False)
    return InvalidConfiguration(message=str(error), field="budget")


_forking: list[LedgerStorage] = []
"""The files while this process forks."""


def _before_fork() -> None:
    for store in list(_stores):
        _forking.append(store._file)
        store._file.before_fork()


def _after_fork_in_parent() -> None:
    while _forking:
        _forking.pop().after_fork()


def _after_fork_in_child() -> None:
    """Give every store a connection and a thread of its own. Costs in memory belong to the parent."""
    _forking.clear()
    for store in list(_stores):
        store._start(store._file.reopened())


def _flush_all() -> None:
    for store in list(_stores):
        store._flush()


atexit.register(_flush_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )


def open_ledger(
    path: str | os.PathLike[str],
    budget: Budget | None = None,
    *,
    lease_s: float = LEASE_S,
    clock: Callable[[], float] | None = None,
) -> LLMResult[SqliteBudget]:
    """Open the budget store in this file, or create it. A max_usd in `budget` replaces the file's.

    lease_s: time until the reservation of a killed process expires. clock: seconds, in place of the system's clocks.
    Fails with InvalidConfiguration.
    """
    budget = budget or Budget()
    try:
        file = LedgerFile(Path(path), lease_s, clock)
        max_usd = file.create(budget.max_usd, _BUSY_S)
    except (LedgerUnavailable, ValueError) as error:
        message = f"cannot open the ledger {os.fspath(path)!r}: {error}"
        return Failure(InvalidConfiguration(message=message, field="budget"))
    return Success(SqliteBudget(file, msgspec.structs.replace(budget, max_usd=max_usd)))
