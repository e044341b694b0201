"""One budget for many machines: the ledger's tables in PostgreSQL. Needs the extra `postgres`.

    budget = open_postgres_ledger("postgresql://user:password@host/database").unwrap()

A transaction that changes the ledger first takes one lock of the database, so that two machines never reserve the same dollar;
leases count on the database's clock. Everything else is as with a file: one kept connection in one thread, costs that cannot
be written stay in memory and are written later.

A connection may break at any moment, and a server may stop to answer. A broken connection is replaced once; a silent one is
closed after a time; a cost whose commit was not confirmed is written again, and counts once, since its row has its name.
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from llm_pure.client import ledger_tables as tables
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_sqlite import StoredBudget
from llm_pure.client.ledger_storage import LEASE_S, LedgerStorage, LedgerUnavailable
from llm_pure.client.ledger_tables import Database, Moment, Spending, to_pico, to_usd
from llm_pure.pricing.accounts import Account
from llm_pure.pricing.ledger import Call
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

CONNECT_S = 10
"""How long a connection may take; libpq counts full seconds."""

_ANSWER_S = 10.0
"""How long a transaction may take beyond its wait for the lock; then the server counts as gone."""

_CHECK_S = 0.5
"""How often that is looked at."""

_LOCK = 0x6C6C6D70757265
"""The advisory lock of every ledger in a database; the number is "llmpure"."""

_LOCK_ERRORS = frozenset({"55P03", "40001", "40P01", "57014"})
"""lock_not_available, serialization_failure, deadlock_detected, query_canceled: the same may work later."""

_STATEMENTS = """
create table if not exists budget (
    id integer primary key check (id = 1), max_pico bigint, spent_pico bigint not null);
insert into budget values (1, null, 0) on conflict do nothing;
create table if not exists holds (
    name text primary key, pico bigint not null, until_s double precision not null, process integer,
    boot text not null default '', until_monotonic_s double precision not null default 0);
create table if not exists calls (
    id bigserial primary key, at_s double precision, call bytea not null, settlement text);
create table if not exists accounts (
    name text primary key, period_start_s double precision not null, spent_pico bigint not null);
create table if not exists account_holds (account text not null, hold text not null, primary key (account, hold));
"""


_HAS_SETTLEMENTS = """
select 1 from information_schema.columns where table_schema = current_schema() and table_name = 'calls' and column_name = 'settlement'
"""
"""False in a database of an earlier version."""

_ADD_SETTLEMENTS = "alter table calls add column settlement text"
_INDEX_SETTLEMENTS = "create unique index if not exists calls_of_settlements on calls (settlement)"


class PostgresLedger(LedgerStorage):
    """The storage of a ledger in a database. psycopg: the module. clock: replaces the database's clock, in tests."""

    def __init__(
        self, url: str, lease_s: float, psycopg: Any, clock: Callable[[], float] | None = None
    ) -> None:
        self.path = _shown(url)
        self._url = url
        self.lease_s = lease_s
        self._psycopg = psycopg
        self._clock = clock
        self._in_use = Lock()
        self._connection: Any = None
        self._watchdog = _Watchdog()

    def reopened(self) -> "PostgresLedger":
        """Return the same ledger with a connection of its own."""
        return PostgresLedger(self._url, self.lease_s, self._psycopg, self._clock)

    def create(self, max_usd: Decimal | None, busy_s: float) -> Decimal | None:
        """Create the tables where they are missing; set the budget, or return the one that it has."""

        def work(db: Database) -> int | None:
            for statement in _STATEMENTS.split(";"):
                if statement.strip():
                    db.execute(statement)
            if db.execute(_HAS_SETTLEMENTS).fetchone() is None:
                db.execute(_ADD_SETTLEMENTS)
            db.execute(_INDEX_SETTLEMENTS)
            if max_usd is not None:
                db.execute("update budget set max_pico = ?", (to_pico(max_usd),))
            return tables.read_budget(db)[0]

        max_pico = self._write(work, busy_s)
        return None if max_pico is None else to_usd(max_pico)

    def settle(
        self, name: str, call: Call, busy_s: float, accounts: Sequence[Account] = ()
    ) -> Spending:
        """Replace a reservation by the real cost of the call, once: the commit of an earlier attempt may have come through."""

        def work(db: Database) -> Spending:
            query = "select 1 from calls where settlement = ?"
            if db.execute(query, (name,)).fetchone() is not None:
                max_pico, spent = tables.read_budget(db)
                return Spending(spent, spent, max_pico)
            spending = tables.settle(db, self._moment(db), name, call, accounts)
            db.execute("update calls set settlement = ? where id = lastval()", (name,))
            return spending

        return self._write(work, busy_s)

    def close(self) -> None:
        """Close the connection; the next method opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._psycopg.Error, OSError):
                connection.close()

    def before_fork(self) -> None:
        """Close the connection when it is idle: two processes cannot share one."""
        self._in_use.acquire()
        self.close()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._in_use.release()

    def _moment(self, db: Database) -> Moment:
        if self._clock is not None:
            return Moment(wall_s=self._clock())
        return Moment(
            wall_s=float(db.execute("select extract(epoch from clock_timestamp())").fetchone()[0])
        )

    def _write(self, work: Callable[[Database], A], busy_s: float) -> A:
        """Run one transaction that changes the ledger, alone among all machines."""

        def locked(db: Database) -> A:
            db.execute("select pg_advisory_xact_lock(?)", (_LOCK,))
            return work(db)

        return self._read(locked, busy_s)

    def _read(self, work: Callable[[Database], A], busy_s: float) -> A:
        """Run one transaction. Raises LedgerUnavailable; an exception rolls it back."""
        with self._in_use:
            try:
                try:
                    return self._transaction(work, busy_s)
                except _Broken:
                    return self._transaction(work, busy_s)
            except self._psycopg.Error as error:
                locked = getattr(error, "sqlstate", None) in _LOCK_ERRORS
                if not locked:
                    self.close()
                reason = redact(" ".join(str(error).split()), [self._password()])
                raise LedgerUnavailable(self.path, reason, locked=locked) from None
            except (OSError, ValueError, TypeError, ArithmeticError) as error:
                self.close()
                raise LedgerUnavailable(self.path, str(error)) from None

    def _transaction(self, work: Callable[[Database], A], busy_s: float) -> A:
        """Run one transaction. Raises _Broken if a connection of before broke, and nothing was committed."""
        kept = self._connection
        connection = self._opened()
        done = False
        try:
            with self._watchdog.limit(busy_s + _ANSWER_S, connection), connection.transaction():
                wait_ms = max(1, int(busy_s * 1000))
                connection.execute(f"set local lock_timeout = {wait_ms}")
                result = work(_Database(connection))
                done = True
        except self._psycopg.OperationalError:
            if connection is kept and connection.closed and not done:
                raise _Broken from None
            raise
        return result

    def _opened(self) -> Any:
        """Return the connection, a new one if the server has closed the last."""
        if self._connection is None or self._connection.closed:
            self._connection = self._psycopg.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_S, application_name="llm-pure"
            )
        return self._connection

    def _password(self) -> str:
        try:
            return urlsplit(self._url).password or ""
        except ValueError:
            return ""


class _Broken(Exception):
    """The server has closed the connection since it was last used."""


class _Watchdog:
    """Closes a connection whose server does not answer: psycopg would wait for ever. Its thread ends when it is idle."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: Thread | None = None
        self._connection: Any = None
        """The one that is in use."""
        self._ends_s = 0.0

    @contextmanager
    def limit(self, seconds: float, connection: Any) -> Iterator[None]:
        """Close the connection if the block takes longer."""
        with self._lock:
            self._connection, self._ends_s = connection, monotonic() + seconds
            if self._thread is None:
                self._thread = Thread(target=self._watch, name="llm_pure watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def _watch(self) -> None:
        was_idle = False
        while True:
            sleep(_CHECK_S)
            with self._lock:
                is_idle = self._connection is None
                if is_idle and was_idle:
                    self._thread = None
                    return
                if not is_idle and monotonic() > self._ends_s:
                    _shut_down(self._connection)
                was_idle = is_idle


def _shut_down(connection: Any) -> None:
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as sock:
        sock.shutdown(socket.SHUT_RDWR)


class _Database:
    """A connection for `ledger_tables`, whose parameters are `?`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any:
        """Run a statement."""
        return self._connection.execute(sql.replace("?", "%s"), parameters or None)


class PostgresBudget(StoredBudget):
    """A budget store in PostgreSQL; use `open_postgres_ledger`."""


def open_postgres_ledger(
    url: str,
    budget: Budget | None = None,
    *,
    lease_s: float = LEASE_S,
    clock: Callable[[], float] | None = None,
) -> LLMResult[PostgresBudget]:
    """Open the budget store in this database, or create its tables. A max_usd in `budget` replaces the database's.

    lease_s: time until the reservation of a killed process expires.
    Fails with InvalidConfiguration, also without psycopg.
    """
    budget = budget or Budget()
    try:
        import psycopg  # imported late: extra
    except ImportError:
        message = "a budget in PostgreSQL needs psycopg: pip install 'llm-pure[postgres]'"
        return Failure(InvalidConfiguration(message=message, field="budget"))
    try:
        storage = PostgresLedger(url, lease_s, psycopg, clock)
        max_usd = storage.create(budget.max_usd, CONNECT_S)
        storage.close()  # a store that is never used leaves no connection open
    except (LedgerUnavailable, ValueError) as error:
        message = f"cannot open the ledger {_shown(url)}: {error}"
        return Failure(InvalidConfiguration(message=message, field="budget"))
    return Success(PostgresBudget(storage, msgspec.structs.replace(budget, max_usd=max_usd)))


def _shown(url: str) -> str:
    """The URL without user, password and parameters."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
    except ValueError:
        return "postgresql://"
