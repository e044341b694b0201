"""One budget for many processes: a ledger in an SQLite file (WAL), with holds that expire.

Money is stored as whole pico-dollars, rounded up, so that SQLite can add it. Every reservation is one transaction that takes
the write lock before it reads: two processes never admit the same dollar.
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

LEASE_S = 900.0
"""How long a hold lasts when nobody settles it: longer than any call, its retries included."""

_PICO = Decimal(10) ** 12
_BUSY_S = 60.0
_SCHEMA = """
create table if not exists budget (id integer primary key check (id = 1), max_pico integer, spent_pico integer not null);
insert or ignore into budget values (1, null, 0);
create table if not exists holds (name text primary key, pico integer not null, until_s real not null, process integer);
create table if not exists calls (id integer primary key, at_s real, call blob not null);
"""


class SqliteLedger:
    """An account in a file. `open_ledger` makes one. A connection is opened for each step, so threads and forks are fine."""

    def __init__(
        self, path: Path, budget: Budget, lease_s: float, clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._budget = budget
        self._lease_s = lease_s
        self._clock = clock

    @property
    def max_usd(self) -> Decimal | None:
        """The budget, as it stood when the file was opened; None for no limit."""
        return self._budget.max_usd

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Hold so much until the lease ends; the name of the hold. Fails with BudgetExceeded."""
        now_s, name = self._clock(), uuid4().hex
        with self._writing() as db:
            db.execute("delete from holds where until_s <= ?", (now_s,))
            max_pico, spent = db.execute("select max_pico, spent_pico from budget").fetchone()
            held = db.execute("select coalesce(sum(pico), 0) from holds").fetchone()[0]
            max_usd = None if max_pico is None else _usd(max_pico)
            refused = pure.refusal(max_usd, _usd(spent), _usd(held), _usd(_pico(usd)))
            if refused is not None:
                return Failure(refused)
            hold = (name, _pico(usd), now_s + self._lease_s, os.getpid())
            db.execute("insert into holds values (?, ?, ?, ?)", hold)
        return Success(name)

    def settle(self, name: str, call: Call) -> None:
        """The call is over: its hold goes, and what it did cost counts, also when its lease has ended meanwhile."""
        at_s = call.at.timestamp() if call.at else self._clock()
        usd = call.cost.total_usd if call.cost else ZERO
        with self._writing() as db:
            db.execute("delete from holds where name = ?", (name,))
            before = db.execute("select spent_pico from budget").fetchone()[0]
            db.execute("update budget set spent_pico = spent_pico + ?", (_pico(usd),))
            max_pico = db.execute("select max_pico from budget").fetchone()[0]
            data = msgspec.msgpack.encode(call)
            db.execute("insert into calls (at_s, call) values (?, ?)", (at_s, data))
        tell = self._budget.on_alert
        if tell is None or max_pico is None:
            return
        line = max_pico * Decimal(str(self._budget.alert_share))
        if before < line <= before + _pico(usd):
            tell(self.ledger())

    def release(self, name: str) -> None:
        """The call came to nothing."""
        with self._writing() as db:
            db.execute("delete from holds where name = ?", (name,))

    def ledger(self) -> Ledger:
        """What was spent and is held, as of now; every call is read."""
        with self._reading() as db:
            max_pico = db.execute("select max_pico from budget").fetchone()[0]
            rows = db.execute("select name, pico from holds where until_s > ?", (self._clock(),))
            held = {name: _usd(pico) for name, pico in rows}
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
            reserved=held,
            unpriced=tuple(unpriced),
        )

    def calls(self) -> list[Call]:
        """Every call, in the order in which they were settled."""
        with self._reading() as db:
            rows = db.execute("select at_s, call from calls order by id").fetchall()
        return [_call(at_s, data) for at_s, data in rows]

    def price_unpriced(self, price: Callable[[Call], LLMResult[Cost]]) -> int:
        """Look for the prices that were missing; how many calls got one."""
        done = 0
        with self._writing() as db:
            rows = db.execute("select id, at_s, call from calls").fetchall()
            for number, at_s, data in rows:
                call = _call(at_s, data)
                found = price(call) if call.cost is None else None
                if found is None or isinstance(found, Failure):
                    continue
                priced = msgspec.structs.replace(call, cost=found.unwrap())
                new = (msgspec.msgpack.encode(priced), number)
                db.execute("update calls set call = ? where id = ?", new)
                pico = _pico(found.unwrap().total_usd)
                db.execute("update budget set spent_pico = spent_pico + ?", (pico,))
                done += 1
        return done

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
        """One transaction; an exception, or a killed process, leaves nothing of it."""
        with self._reading() as db:
            db.execute("begin immediate")
            yield db
            db.execute("commit")


def open_ledger(
    path: str | os.PathLike[str],
    budget: Budget | None = None,
    *,
    lease_s: float = LEASE_S,
    clock: Callable[[], float] = time.time,
) -> LLMResult[SqliteLedger]:
    """The ledger in this file, made where there is none. budget: its max_usd, where given, is the file's from now on.

    lease_s: after which the hold of a process that was killed is free again. Fails with InvalidConfiguration.
    """
    made = SqliteLedger(Path(path), budget or Budget(), lease_s, clock)
    try:
        made._set_budget()
    except sqlite3.Error as fault:
        return Failure(InvalidConfiguration(message=f"{path}: {fault}", field="budget"))
    return Success(made)


def _call(at_s: float | None, data: bytes) -> Call:
    call = msgspec.msgpack.decode(data, type=Call)
    if call.at is None and at_s is not None:
        return msgspec.structs.replace(call, at=datetime.fromtimestamp(at_s, UTC))
    return call


def _pico(usd: Decimal) -> int:
    return int((usd * _PICO).to_integral_value(ROUND_CEILING))


def _usd(pico: int) -> Decimal:
    return Decimal(pico) / _PICO
