"""One budget for many processes: an SQLite file (WAL) with reservations that expire.

Money is stored as whole pico-dollars, rounded up, so that SQLite can add it. Every reservation is one transaction that
takes the write lock before it reads, so two processes never reserve the same dollar.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from uuid import uuid4

import msgspec

from llm_pure.client.budgets import Budget
from llm_pure.pricing import ledger as pure
from llm_pure.pricing.ledger import ZERO, Call, Cost, Ledger, Totals, merge
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

RESERVATION_TTL_S = 900.0
"""A reservation that is not settled expires after this time: longer than any call, retries included."""

_PICO = Decimal(10) ** 12
_BUSY_S = 60.0
_SCHEMA = """
create table if not exists budget (id integer primary key check (id = 1), max_pico integer, spent_pico integer not null);
insert or ignore into budget values (1, null, 0);
create table if not exists holds (name text primary key, pico integer not null, until_s real not null, process integer);
create table if not exists calls (id integer primary key, at_s real, call blob not null);
"""


class SqliteBudget:
    """A budget store in a file; use `open_ledger`. Each step opens a connection, so threads and forks are safe."""

    def __init__(
        self, path: Path, budget: Budget, lease_s: float, clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._budget = budget
        self._lease_s = lease_s
        self._clock = clock

    @property
    def max_usd(self) -> Decimal | None:
        """The budget when the file was opened; None is no limit."""
        return self._budget.max_usd

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve an amount until it expires; return the reservation's name. Fails with BudgetExceeded."""
        now_s, name = self._clock(), uuid4().hex
        with self._writing() as db:
            db.execute("delete from holds where until_s <= ?", (now_s,))
            max_pico, spent = db.execute("select max_pico, spent_pico from budget").fetchone()
            reserved = db.execute("select coalesce(sum(pico), 0) from holds").fetchone()[0]
            max_usd = None if max_pico is None else _usd(max_pico)
            refused = pure.budget_error(max_usd, _usd(spent), _usd(reserved), _usd(_pico(usd)))
            if refused is not None:
                return Failure(refused)
            row = (name, _pico(usd), now_s + self._lease_s, os.getpid())
            db.execute("insert into holds values (?, ?, ?, ?)", row)
        return Success(name)

    def settle(self, name: str, call: Call) -> None:
        """Replace a reservation, even an expired one, by the real cost of the call; call on_alert as the budget says."""
        at_s = call.at.timestamp() if call.at else self._clock()
        usd = call.cost.total_usd if call.cost else ZERO
        with self._writing() as db:
            db.execute("delete from holds where name = ?", (name,))
            before = db.execute("select spent_pico from budget").fetchone()[0]
            db.execute("update budget set spent_pico = spent_pico + ?", (_pico(usd),))
            max_pico = db.execute("select max_pico from budget").fetchone()[0]
            data = msgspec.msgpack.encode(call)
            db.execute("insert into calls (at_s, call) values (?, ?)", (at_s, data))
        on_alert = self._budget.on_alert
        if on_alert is None or max_pico is None:
            return
        threshold = max_pico * Decimal(str(self._budget.alert_threshold))
        if before < threshold <= before + _pico(usd):
            on_alert(self.ledger())

    def release(self, name: str) -> None:
        """Remove a reservation without a cost."""
        with self._writing() as db:
            db.execute("delete from holds where name = ?", (name,))

    def ledger(self) -> Ledger:
        """Return what is spent and reserved now. Reads every call."""
        with self._reading() as db:
            max_pico = db.execute("select max_pico from budget").fetchone()[0]
            rows = db.execute("select name, pico from holds where until_s > ?", (self._clock(),))
            reserved = {name: _usd(pico) for name, pico in rows}
        totals = Totals()
        by_model: dict[str, Totals] = {}
        unpriced: list[Call] = []
        for call in self.calls():
            totals = merge(totals, call)
            by_model[call.name] = merge(by_model.get(call.name, Totals()), call)
            if call.cost is None:
                unpriced.append(call)
        return Ledger(
            max_usd=None if max_pico is None else _usd(max_pico),
            totals=totals,
            by_model=by_model,
            reserved=reserved,
            unpriced=tuple(unpriced),
        )

    def calls(self) -> list[Call]:
        """Return all calls in the order of their settlement."""
        with self._reading() as db:
            rows = db.execute("select at_s, call from calls order by id").fetchall()
        return [_call(at_s, data) for at_s, data in rows]

    def price_unpriced(self, price: Callable[[Call], LLMResult[Cost]]) -> int:
        """Price the calls that had no price; return how many were priced."""
        count = 0
        with self._writing() as db:
            rows = db.execute("select id, at_s, call from calls").fetchall()
            for number, at_s, data in rows:
                call = _call(at_s, data)
                cost = price(call).value_or(None) if call.cost is None else None
                if cost is None:
                    continue
                data = msgspec.msgpack.encode(msgspec.structs.replace(call, cost=cost))
                db.execute("update calls set call = ? where id = ?", (data, number))
                db.execute(
                    "update budget set spent_pico = spent_pico + ?", (_pico(cost.total_usd),)
                )
                count += 1
        return count

    def _set_budget(self) -> None:
        with self._reading() as db:
            db.execute("pragma journal_mode = wal")
            db.executescript(_SCHEMA)
        if self._budget.max_usd is not None:
            with self._writing() as db:
                db.execute("update budget set max_pico = ?", (_pico(self._budget.max_usd),))
            return
        with self._reading() as db:
            max_pico = db.execute("select max_pico from budget").fetchone()[0]
        if max_pico is not None:
            self._budget = msgspec.structs.replace(self._budget, max_usd=_usd(max_pico))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        try:
            db.execute("pragma synchronous = normal")
            yield db
        finally:
            db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. An exception, or a killed process, rolls it back."""
        with self._reading() as db:
            db.execute("begin immediate")
            yield db
            db.execute("commit")


def open_ledger(
    path: str | os.PathLike[str],
    budget: Budget | None = None,
    *,
    lease_s: float = RESERVATION_TTL_S,
    clock: Callable[[], float] = time.time,
) -> LLMResult[SqliteBudget]:
    """Open the budget store in this file, or create it. A max_usd in `budget` replaces the file's.

    lease_s: time until the reservation of a killed process expires. Fails with InvalidConfiguration.
    """
    store = SqliteBudget(Path(path), budget or Budget(), lease_s, clock)
    try:
        store._set_budget()
    except (sqlite3.Error, ValueError) as error:  # ValueError: a NUL in the path
        return Failure(
            InvalidConfiguration(message=f"cannot open the ledger {path}: {error}", field="budget")
        )
    return Success(store)


def _call(at_s: float | None, data: bytes) -> Call:
    call = msgspec.msgpack.decode(data, type=Call)
    if call.at is None and at_s is not None:
        return msgspec.structs.replace(call, at=datetime.fromtimestamp(at_s, UTC))
    return call


def _pico(usd: Decimal) -> int:
    return int((usd * _PICO).to_integral_value(ROUND_CEILING))


def _usd(pico: int) -> Decimal:
    return Decimal(pico) / _PICO
