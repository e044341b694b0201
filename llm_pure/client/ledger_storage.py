"""Between a budget store and the place where its ledger is stored: the transactions of `ledger_tables`, wherever they run."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from llm_pure.client import ledger_tables as tables
from llm_pure.client.ledger_tables import Database, Moment, Spending, StoredLedger
from llm_pure.pricing.accounts import Account, AccountSpending
from llm_pure.pricing.ledger import Call, Cost
from llm_pure.types.result import LLMResult

A = TypeVar("A")


LEASE_S = 900.0
"""A reservation that is neither settled nor renewed expires after this time."""
AFTER_S = 60.0
"""How long after its call a reservation is kept, for the cost to be written."""


class LedgerUnavailable(Exception):
    """The ledger cannot be used: locked, full, removed, damaged, read-only, not connected."""

    def __init__(self, path: Path | str, reason: str, *, locked: bool = False) -> None:
        super().__init__(f"the ledger {path} cannot be used: {reason}")
        self.locked = locked
        """True if another process holds the lock, so that it may work later."""


class LedgerStorage(ABC):
    """Where a ledger is stored: `LedgerFile`, or a database. Used from one thread; methods raise LedgerUnavailable.

    A subclass runs transactions; what they do is the same everywhere.
    """

    path: Path | str
    """Its name, for messages."""

    lease_s: float
    """After this time a reservation ends by itself."""

    @abstractmethod
    def _read(self, work: Callable[[Database], A], busy_s: float) -> A:
        """Run one transaction that changes nothing."""

    @abstractmethod
    def _write(self, work: Callable[[Database], A], busy_s: float) -> A:
        """Run one transaction, alone among all processes. An exception rolls it back."""

    @abstractmethod
    def _moment(self, db: Database) -> Moment:
        """The time by which leases count."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; the next method opens another."""

    @abstractmethod
    def reopened(self) -> "LedgerStorage":
        """Return the same storage with a connection of its own."""

    @abstractmethod
    def before_fork(self) -> None:
        """Close the connection when it is idle, and keep others from opening one."""

    @abstractmethod
    def after_fork(self) -> None:
        """Go on in the parent."""

    def reserve(
        self, usd: Decimal, busy_s: float, accounts: Sequence[Account] = ()
    ) -> LLMResult[str]:
        """Reserve an amount in the budget and in every account until its lease expires; return the reservation's name."""

        def work(db: Database) -> LLMResult[str]:
            return tables.reserve(
                db,
                self._moment(db),
                usd,
                lease_s=self.lease_s,
                process=os.getpid(),
                accounts=accounts,
            )

        return self._write(work, busy_s)

    def renew(self, names: Sequence[str], busy_s: float) -> None:
        """Let the leases of these reservations begin anew."""
        self._write(lambda db: tables.renew(db, self._moment(db), names, self.lease_s), busy_s)

    def settle(
        self, name: str, call: Call, busy_s: float, accounts: Sequence[Account] = ()
    ) -> Spending:
        """Replace a reservation, even an expired one, by the real cost of the call, in every account too."""
        return self._write(
            lambda db: tables.settle(db, self._moment(db), name, call, accounts), busy_s
        )

    def release(self, name: str, busy_s: float) -> None:
        """Remove a reservation without a cost."""
        self._write(lambda db: tables.release(db, name), busy_s)

    def read(self, busy_s: float) -> StoredLedger:
        """Read everything."""
        rows = self._read(lambda db: tables.read(db, self._moment(db)), busy_s)
        return tables.stored_ledger(*rows)

    def account_spending(self, account: Account, busy_s: float) -> AccountSpending:
        """Return what an account has spent in its current period."""
        return self._read(lambda db: tables.account_spending(db, self._moment(db), account), busy_s)

    def price_unpriced(self, price: Callable[[Call], LLMResult[Cost]], busy_s: float) -> int:
        """Price the calls that had no price; return how many were priced."""
        return self._write(lambda db: tables.price_unpriced(db, price), busy_s)
