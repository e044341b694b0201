"""Budgets of the gateway's keys: a budget store for each key over one ledger, in this process or shared by workers.

    budgets = open_key_budgets("gateway.db", total=Account(name="", max_usd=Decimal(100), period="1d")).unwrap()
    billing = Billing(budgets.store_for(key, on_call=calls.append), prices, unknown_prices=key.allow_unknown_prices)

A call reserves the most that it can cost in the key's account and in the gateway's own, in one step, before it is sent. What it
really cost is settled afterwards, for cancelled calls too. A ledger in a file or in PostgreSQL keeps the sums of the period
over restarts.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, Union

from llm_pure.client.budgets import Budget, BudgetStore, notify
from llm_pure.gateway.client_keys import ClientKey
from llm_pure.pricing.accounts import (
    Account,
    AccountSpending,
    account_error,
    current,
    least_limit,
)
from llm_pure.pricing.ledger import ZERO, Call, Ledger, Totals, crossed_threshold
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.client.budgets_sqlite import StoredBudget

OnCall: TypeAlias = Callable[[Call], object]
_CLOSE_S = 5.0
"""How long the end of a gateway waits for a ledger that does not answer."""

POSTGRES_SCHEMES = ("postgresql://", "postgres://")


class InMemoryAccounts:
    """The accounts of one process; a restart forgets them. Thread-safe. clock: the time in UTC."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._spending: dict[str, AccountSpending] = {}
        self._reserved: dict[str, Decimal] = {}
        """Account -> sum of its reservations."""
        self._holds: dict[str, tuple[Decimal, Sequence[Account]]] = {}
        self._names = count(1)
        self._lock = Lock()

    def reserve(self, usd: Decimal, accounts: Sequence[Account]) -> LLMResult[str]:
        """Reserve an amount in every account; return the reservation's name. Fails with BudgetExceeded."""
        with self._lock:
            for account in accounts:
                reserved = self._reserved.get(account.name, ZERO)
                error = account_error(account, self._current(account), reserved, usd)
                if error is not None:
                    return Failure(error)
            name = str(next(self._names))
            self._holds[name] = (usd, accounts)
            for account in accounts:
                self._reserved[account.name] = self._reserved.get(account.name, ZERO) + usd
            return Success(name)

    def settle(self, name: str, call: Call, accounts: Sequence[Account]) -> None:
        """Replace a reservation by the real cost of the call."""
        with self._lock:
            self._release(name)
            if call.cost is None:
                return
            for account in accounts:
                before = self._current(account)
                self._spending[account.name] = AccountSpending(
                    period_start_s=before.period_start_s,
                    spent_usd=before.spent_usd + call.cost.total_usd,
                )

    def release(self, name: str) -> None:
        """Remove a reservation without a cost."""
        with self._lock:
            self._release(name)

    def account_spending(self, account: Account) -> AccountSpending:
        """Return what an account has spent in its current period."""
        with self._lock:
            return self._current(account)

    def _release(self, name: str) -> None:
        usd, accounts = self._holds.pop(name, (ZERO, ()))
        for account in accounts:
            self._reserved[account.name] -= usd

    def _current(self, account: Account) -> AccountSpending:
        stored = self._spending.get(account.name, AccountSpending())
        spending = current(account, stored, self._clock())
        if spending is not stored:
            self._spending[account.name] = spending
        return spending


class _KeyBudget:
    """A budget store for the calls of one key. on_call: called with each settled call."""

    def __init__(
        self,
        ledger: InMemoryAccounts,
        accounts: Sequence[Account],
        max_usd: Decimal | None,
        budget: Budget | None,
        on_call: OnCall | None,
    ) -> None:
        self.max_usd = max_usd
        self._budget = budget
        self._ledger = ledger
        self._accounts = accounts
        self._on_call = on_call

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount; return the reservation's name. Fails with BudgetExceeded."""
        return self._ledger.reserve(usd, self._accounts)

    def settle(self, name: str, call: Call) -> None:
        """Replace a reservation by the real cost of the call."""
        if self._accounts:
            before = self._ledger.account_spending(self._accounts[0])
            self._ledger.settle(name, call, self._accounts)
            self._warn(self._accounts[0], before)
        notify(self._on_call, call)

    def _warn(self, account: Account, before: AccountSpending) -> None:
        """Call `on_alert` once the account of all calls, which is the first, has passed the threshold."""
        if self._budget is None or account.name:
            return
        after = self._ledger.account_spending(account)
        first, last = [
            Ledger(max_usd=account.max_usd, totals=Totals(cost_usd=spending.spent_usd))
            for spending in (before, after)
        ]
        if crossed_threshold(first, last, self._budget.alert_threshold):
            notify(self._budget.on_alert, last)

    def release(self, name: str) -> None:
        """Remove a reservation without a cost."""
        self._ledger.release(name)

    def ledger(self) -> Ledger:
        """Return the budget; the calls of a process without a ledger are in its metrics only."""
        return Ledger(max_usd=self.max_usd)


class _StoredKeyBudget:
    """The same over a ledger that is stored. Calls in an event loop wait for it in the background."""

    def __init__(
        self,
        ledger: "StoredBudget",
        accounts: Sequence[Account],
        max_usd: Decimal | None,
        on_call: OnCall | None,
    ) -> None:
        self.max_usd = max_usd
        self._ledger = ledger
        self._accounts = accounts
        self._on_call = on_call
        self.release = ledger.release
        self.ledger = ledger.ledger
        self.start_release = ledger.start_release
        self.flushed = ledger.flushed

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount; return the reservation's name. Fails with BudgetExceeded."""
        return self._ledger.reserve(usd, accounts=self._accounts)

    def settle(self, name: str, call: Call) -> None:
        """Replace a reservation by the real cost of the call."""
        self.start_settle(name, call).result()

    def start_reserve(self, usd: Decimal, timeout_s: float) -> "Future[LLMResult[str]]":
        """`reserve`, in the background."""
        return self._ledger.start_reserve(usd, timeout_s, self._accounts)

    def start_settle(self, name: str, call: Call) -> "Future[None]":
        """`settle`, in the background."""
        notify(self._on_call, call)
        return self._ledger.start_settle(name, call, self._accounts)


class KeyBudgets:
    """The budgets of a gateway: one ledger, an account for each key with a budget, and one for all calls."""

    def __init__(
        self,
        ledger: Union[InMemoryAccounts, "StoredBudget"],
        total: Account | None = None,
        *,
        ledger_name: str = "",
        budget: Budget | None = None,
    ) -> None:
        """budget: whose `on_alert` is called when the calls of the total pass its threshold."""
        self.ledger_name = ledger_name
        self._ledger = ledger
        self._total = total
        self._budget = budget

    def with_total(self, total: Account | None, budget: Budget | None = None) -> "KeyBudgets":
        """Return these budgets with another total. What was spent counts for it."""
        return KeyBudgets(self._ledger, total, ledger_name=self.ledger_name, budget=budget)

    def accounts_of(self, key: ClientKey) -> tuple[Account, ...]:
        """Return the accounts that pay for a key's calls."""
        accounts = [] if self._total is None else [self._total]
        if key.max_budget is not None:
            name, period = f"key:{key.name}", key.budget_duration
            accounts.append(Account(name=name, max_usd=key.max_budget, period=period))
        return tuple(accounts)

    def store_for(self, key: ClientKey, on_call: OnCall | None = None) -> BudgetStore:
        """Return a budget store for calls of this key, for `Billing` or `LLM(budget=...)`.

        on_call: called with every settled call: its usage and cost, for logs and metrics.
        """
        return self.stores_for(key)(on_call)

    def stores_for(self, key: ClientKey) -> Callable[[OnCall | None], BudgetStore]:
        """Return a function that makes the budget stores of a key. Cheap, for a store of each call."""
        accounts = self.accounts_of(key)
        limit = least_limit(accounts)
        if isinstance(self._ledger, InMemoryAccounts):
            return partial(_KeyBudget, self._ledger, accounts, limit, self._budget)
        limits = [usd for usd in (self._ledger.max_usd, limit) if usd is not None]
        return partial(_StoredKeyBudget, self._ledger, accounts, min(limits, default=None))

    def spending(self, keys: Sequence[ClientKey]) -> Mapping[str, AccountSpending]:
        """Return what each account of these keys has spent in its current period. Waits for the ledger."""
        accounts = {account.name: account for key in keys for account in self.accounts_of(key)}
        return {name: self._ledger.account_spending(account) for name, account in accounts.items()}

    def close(self) -> None:
        """Write what is not written yet; the ledger closes its connection when it is idle."""
        if not isinstance(self._ledger, InMemoryAccounts):
            with suppress(
                TimeoutError
            ):  # the end of the process tries once more, and logs what is lost
                self._ledger.flushed().result(_CLOSE_S)


def open_key_budgets(
    ledger: str | os.PathLike[str] = "",
    *,
    total: Account | None = None,
    budget: Budget | None = None,
) -> LLMResult[KeyBudgets]:
    """Open the ledger: a file, `postgresql://...` for several machines, or "" for this process only.

    total: the account of all calls. budget: whose `on_alert` warns about the total. Fails with InvalidConfiguration.
    """
    name = os.fspath(ledger)
    if not name:
        return Success(KeyBudgets(InMemoryAccounts(), total, budget=budget))
    stored: LLMResult[StoredBudget]
    if name.startswith(POSTGRES_SCHEMES):
        from llm_pure.client.budgets_postgres import open_postgres_ledger  # imported late: extra

        stored = open_postgres_ledger(name)
    else:
        from llm_pure.client.budgets_sqlite import open_ledger  # imported late: start-up

        stored = open_ledger(name)
    return stored.map(lambda opened: KeyBudgets(opened, total, ledger_name=name, budget=budget))
