"""Budgets: where a client's spending is stored, in this process or (`budgets_sqlite`) in a file that processes share."""

import logging
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec
from msgspec.structs import force_setattr

from llm_pure.pricing import ledger as pure
from llm_pure.pricing.ledger import Call, Ledger
from llm_pure.transports.sockets import reset_after_fork
from llm_pure.types.errors import LLMError
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from concurrent.futures import Future

A = TypeVar("A")
OnAlert: TypeAlias = Callable[[Ledger], object]
OnError: TypeAlias = Callable[[LLMError], object]

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
    """What a client may spend. Raises ValueError for an amount or a threshold that is no finite number of at least 0."""

    max_usd: Decimal | None = None
    """None is no limit."""

    alert_threshold: float = 0.8
    """Share of max_usd."""
    on_alert: OnAlert | None = None
    """Called once spending passes the threshold. A store in a file calls it in a thread of its own."""
    on_error: OnError | None = None
    """Called once a store in a file cannot write costs; they are kept in memory, and written when the file is usable."""

    def __post_init__(self) -> None:
        """Convert numbers and texts to Decimal, and check both."""
        if self.max_usd is not None:
            force_setattr(self, "max_usd", to_amount(self.max_usd, "max_usd"))
        to_amount(self.alert_threshold, "alert_threshold")


def to_amount(value: object, name: str) -> Decimal:
    """Return a number, or a text with one, as Decimal. Raises ValueError unless it is finite and at least 0.

    >>> to_amount("5.00", "budget")
    Decimal('5.00')
    """
    try:
        amount = Decimal(str(value)) if not isinstance(value, bool) else None
    except ArithmeticError:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise ValueError(f"{name} must be a number of at least 0, not {str(value)[:80]!r}")
    return amount


def notify(callback: Callable[[A], object] | None, value: A) -> None:
    """Call a user's function. Its exception is logged: the response that led to the call is not lost for it."""
    if callback is None:
        return
    try:
        callback(value)
    except Exception:
        logging.getLogger("llm_pure").exception("a function of the budget raised an exception")


class InMemoryBudget:
    """The store of one process."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._ledger = Ledger(max_usd=self._budget.max_usd)
        self._numbers = count(1)
        self._deferred: list[Callable[[], Call]] = []
        self._lock = Lock()
        reset_after_fork(self)

    def reset_after_fork(self) -> None:
        """In a forked process, what it spends from now on counts against a copy of the budget of its own.

        Reservations belong to calls of the parent.
        """
        self._lock = Lock()
        self._ledger = msgspec.structs.replace(self._ledger, reserved={})

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
        if pure.crossed_threshold(before, after, self._budget.alert_threshold):
            notify(self._budget.on_alert, after)

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


@runtime_checkable
class BackgroundStore(BudgetStore, Protocol):
    """A store that works in a thread of its own, so that calls in an event loop can wait without blocking it."""

    def start_reserve(self, usd: Decimal, timeout_s: float) -> "Future[LLMResult[str]]":
        """`reserve` for a call that ends within `timeout_s`, which fails after that time. A cancelled future reserves nothing."""
        ...

    def start_settle(self, name: str, call: Call) -> "Future[None]":
        """`settle`, which never fails; the future is done after the first attempt."""
        ...

    def start_release(self, name: str) -> "Future[None]":
        """`release`."""
        ...

    def flushed(self) -> "Future[None]":
        """Return a future that is done when all that was started before has been attempted."""
        ...


class PerCallLimit:
    """Another store, with a limit for each single call. Its `max_usd` is that limit. Raises ValueError like Budget."""

    def __init__(self, store: BudgetStore, max_usd: Decimal) -> None:
        self.max_usd: Decimal | None = to_amount(max_usd, "max_usd")
        self._store = store
        self.settle = store.settle
        self.release = store.release
        self.ledger = store.ledger
        if isinstance(store, BackgroundStore):
            self.start_settle = store.start_settle
            self.start_release = store.start_release
            self.flushed = store.flushed
            self.start_reserve = partial(self._start_reserve, store)

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount; return the reservation's name. Fails with BudgetExceeded."""
        refused = pure.budget_error(self.max_usd, Decimal(0), Decimal(0), usd)
        return self._store.reserve(usd) if refused is None else Failure(refused)

    def _start_reserve(
        self, store: BackgroundStore, usd: Decimal, timeout_s: float
    ) -> "Future[LLMResult[str]]":
        refused = pure.budget_error(self.max_usd, Decimal(0), Decimal(0), usd)
        if refused is None:
            return store.start_reserve(usd, timeout_s)
        from concurrent import futures  # imported late: start-up

        future: Future[LLMResult[str]] = futures.Future()
        future.set_result(Failure(refused))
        return future
