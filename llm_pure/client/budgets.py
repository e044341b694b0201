"""Budgets: where a client's spending is stored, in this process or (`budgets_sqlite`) in a file that processes share."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from threading import Lock
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from llm_pure.pricing import ledger as pure
from llm_pure.pricing.ledger import Call, Ledger
from llm_pure.types.result import Failure, LLMResult

OnAlert: TypeAlias = Callable[[Ledger], object]

_MAX_DEFERRED = 64


@runtime_checkable
class BudgetStore(Protocol):
    """Reservations and settled calls. Thread-safe; no method uses the network."""

    @property
    def max_usd(self) -> Decimal | None:
        """The budget; None is no limit, and then nothing is reserved."""
        ...

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount; return the reservation's name. Fails with BudgetExceeded."""
        ...

    def settle(self, name: str, call: Call) -> None:
        """Replace a reservation by the real cost of the call."""
        ...

    def release(self, name: str) -> None:
        """Remove a reservation without a cost."""
        ...

    def ledger(self) -> Ledger:
        """Return what is spent and reserved now."""
        ...


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may spend. on_alert is called once spending passes alert_threshold, a share of max_usd."""

    max_usd: Decimal | None = None
    """None is no limit."""

    alert_threshold: float = 0.8
    on_alert: OnAlert | None = None


class InMemoryBudget:
    """The store of one process."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._ledger = Ledger(max_usd=self._budget.max_usd)
        self._numbers = count(1)
        self._lock = Lock()
        self._deferred: list[Callable[[], Call]] = []

    @property
    def max_usd(self) -> Decimal | None:
        """The budget; None is no limit."""
        return self._budget.max_usd

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount; return the reservation's name. Fails with BudgetExceeded."""
        with self._lock:
            self._record_deferred()
            name = str(next(self._numbers))
            reserved = pure.reserve(self._ledger, name, usd)
            self._ledger = reserved.value_or(self._ledger)
            return reserved.map(lambda _: name)

    def settle(self, name: str, call: Call) -> None:
        """Replace a reservation by the real cost of the call; call on_alert if that passes the threshold."""
        with self._lock:
            self._record_deferred()
            before = self._ledger
            self._ledger = after = pure.settle(before, name, call)
        on_alert = self._budget.on_alert
        if on_alert is not None and pure.crossed_threshold(
            before, after, self._budget.alert_threshold
        ):
            on_alert(after)

    def defer(self, call: Callable[[], Call]) -> None:
        """Record a call without a reservation: it is priced when the ledger is read, or together with 63 others.

        Pricing many calls together takes a fraction of the time.
        """
        with self._lock:
            self._deferred.append(call)
            if len(self._deferred) >= _MAX_DEFERRED:
                self._record_deferred()

    def release(self, name: str) -> None:
        """Remove a reservation without a cost."""
        with self._lock:
            self._ledger = pure.release(self._ledger, name)

    def ledger(self) -> Ledger:
        """Return what is spent and reserved now."""
        with self._lock:
            self._record_deferred()
            return self._ledger

    def _record_deferred(self) -> None:
        deferred, self._deferred = self._deferred, []
        if deferred:
            self._ledger = pure.record(self._ledger, [call() for call in deferred])


class PerCallLimit:
    """Another store, with a limit for each single call. Its `max_usd` is that limit."""

    def __init__(self, store: BudgetStore, max_usd: Decimal) -> None:
        self.max_usd: Decimal | None = max_usd
        self._store = store
        self.settle = store.settle
        self.release = store.release
        self.ledger = store.ledger

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount; return the reservation's name. Fails with BudgetExceeded."""
        refused = pure.budget_error(self.max_usd, Decimal(0), Decimal(0), usd)
        return self._store.reserve(usd) if refused is None else Failure(refused)
