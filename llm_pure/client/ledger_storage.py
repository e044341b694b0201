"""The interface between a budget store and the place where its ledger is stored."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from llm_pure.client.ledger_tables import Spending, StoredLedger
from llm_pure.pricing.accounts import Account, AccountSpending
from llm_pure.pricing.ledger import Call, Cost
from llm_pure.types.result import LLMResult


class LedgerUnavailable(Exception):
    """The ledger cannot be used: locked, full, removed, damaged, read-only, not connected."""

    def __init__(self, path: Path | str, reason: str, *, locked: bool = False) -> None:
        super().__init__(f"the ledger {path} cannot be used: {reason}")
        self.locked = locked
        """True if another process holds the lock, so that it may work later."""


class LedgerStorage(Protocol):
    """Where a ledger is stored: `LedgerFile`, or a database. Used from one thread; methods raise LedgerUnavailable."""

    @property
    def path(self) -> Path | str:
        """Its name, for messages."""
        ...

    def reserve(
        self, usd: Decimal, busy_s: float, accounts: Sequence[Account] = ()
    ) -> LLMResult[str]:
        """Reserve an amount in the budget and in every account, for the time of a lease."""
        ...

    def settle(
        self, name: str, call: Call, busy_s: float, accounts: Sequence[Account] = ()
    ) -> Spending:
        """Replace a reservation by the real cost of the call, in every account too."""
        ...

    def release(self, name: str, busy_s: float) -> None:
        """Remove a reservation without a cost."""
        ...

    def read(self, busy_s: float) -> StoredLedger:
        """Read everything."""
        ...

    def account_spending(self, account: Account, busy_s: float) -> AccountSpending:
        """Return what an account has spent in its current period."""
        ...

    def price_unpriced(self, price: Callable[[Call], LLMResult[Cost]], busy_s: float) -> int:
        """Price the calls that had no price."""
        ...

    def close(self) -> None:
        """Close the connection; the next method opens another."""
        ...

    def reopened(self) -> "LedgerStorage":
        """Return the same storage with a connection of its own."""
        ...

    def before_fork(self) -> None:
        """Close the connection when it is idle, and keep others from opening one."""
        ...

    def after_fork(self) -> None:
        """Go on in the parent."""
        ...
