"""SQL of the budget file: reservations with leases, settled calls, totals. Used from one thread, over one kept connection.

Money is stored as whole pico-dollars, rounded up, so that SQLite can add it. Every reservation is one transaction that
takes the write lock before it reads, so two processes never reserve the same dollar.

A method raises `LedgerUnavailable` whatever is wrong with the file; the next one opens it anew.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast
from uuid import uuid4

import msgspec

from llm_pure.pricing import ledger as pure
from llm_pure.pricing.ledger import ZERO, Call, Cost
from llm_pure.types.completion import Usage
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

MAX_PICO = 2**63 - 1
"""SQLite's largest integer: 9.2 million dollars. Larger amounts and sums are stored as this one."""

_PICO = Decimal(10) ** 12
_WAIT_S = 0.05
"""How long SQLite waits for a lock of another process before the next attempt."""
_SCHEMA = """
create table if not exists budget (id integer primary key check (id = 1), max_pico integer, spent_pico integer not null);
insert or ignore into budget values (1, null, 0);
create table if not exists holds (
    name text primary key, pico integer not null, until_s real not null, process integer,
    boot text not null default '', until_monotonic_s real not null default 0
);
create table if not exists calls (id integer primary key, at_s real, call blob not null);
"""
_ADDED_COLUMNS = {
    "boot": "alter table holds add column boot text not null default ''",
    "until_monotonic_s": "alter table holds add column until_monotonic_s real not null default 0",
}
_LEASED = """
(boot = :boot and boot != '' and until_monotonic_s > :monotonic_s)
or ((boot != :boot or boot = '') and until_s > :wall_s)
"""
"""Holds that have not expired. The clock of the machine's boot decides, which nobody sets; the wall clock only for holds
of another machine or an earlier boot."""


class LedgerUnavailable(Exception):
    """The file cannot be used: locked, full, removed, damaged, read-only."""

    def __init__(self, path: Path, reason: str, *, locked: bool = False) -> None:
        super().__init__(f"the ledger {path} cannot be used: {reason}")
        self.locked = locked
        """True if another process holds the lock, so that it may work later."""


class Spending(msgspec.Struct, frozen=True):
    """What settling a call changed, in pico-dollars."""

    before: int
    after: int
    max: int | None


class StoredLedger(msgspec.Struct, frozen=True):
    """Everything in the file. Unreadable calls are left out and counted."""

    max_usd: Decimal | None
    reserved: dict[str, Decimal]
    calls: tuple[Call, ...]
    unreadable: int = 0


class LedgerFile:
    """The file. clock: replaces both clocks, in tests."""

    def __init__(self, path: Path, lease_s: float, clock: Callable[[], float] | None) -> None:
        self.path = path
        self._lease_s = lease_s
        self._clock = clock
        self._wall = clock or time.time
        self._monotonic = clock or time.monotonic
        self._in_use = Lock()
        """Held while SQLite works."""
        self._db: sqlite3.Connection | None = None
        self._main: tuple[int, int] | None = None
        self._log: tuple[int, int] | None = None
        """The files that the connection has open; the log of the last writes comes with the first."""

    def reopened(self) -> "LedgerFile":
        """Return the same file without this one's connection."""
        return LedgerFile(self.path, self._lease_s, self._clock)

    def create(self, max_usd: Decimal | None, busy_s: float) -> Decimal | None:
        """Create the file and its tables where they are missing; set the budget, or return the one that it has."""
        with self._in_use, self._faults():
            db = sqlite3.connect(self.path, timeout=busy_s, isolation_level=None)
            try:
                db.execute("pragma journal_mode = wal")
                db.executescript(_SCHEMA)
                present = {row[1] for row in db.execute("pragma table_info(holds)")}
                for column, statement in _ADDED_COLUMNS.items():
                    if column not in present:
                        with suppress(sqlite3.OperationalError):  # another process was faster
                            db.execute(statement)
                if max_usd is not None:
                    db.execute("update budget set max_pico = ?", (to_pico(max_usd),))
                max_pico, _ = _budget(db)
            finally:
                db.close()
        return None if max_pico is None else to_usd(max_pico)

    def reserve(self, usd: Decimal, busy_s: float) -> LLMResult[str]:
        """Reserve an amount until its lease expires; return the reservation's name."""
        name, pico = uuid4().hex, to_pico(usd)

        def work(db: sqlite3.Connection) -> LLMResult[str]:
            now = self._now()
            db.execute(f"delete from holds where not ({_LEASED})", now)
            max_pico, spent = _budget(db)
            reserved = sum([_integer(row[0]) for row in db.execute("select pico from holds")])
            max_usd = None if max_pico is None else to_usd(max_pico)
            error = pure.budget_error(max_usd, to_usd(spent), to_usd(reserved), to_usd(pico))
            if error is not None:
                return Failure(error)
            columns = "name, pico, until_s, process, boot, until_monotonic_s"
            until_s = self._wall() + self._lease_s
            until_monotonic_s = self._monotonic() + self._lease_s
            row = (name, pico, until_s, os.getpid(), _boot_id(), until_monotonic_s)
            db.execute(f"insert into holds ({columns}) values (?, ?, ?, ?, ?, ?)", row)
            return Success(name)

        return self._write(work, busy_s)

    def settle(self, name: str, call: Call, busy_s: float) -> Spending:
        """Replace a reservation, even an expired one, by the real cost of the call."""
        at_s = call.at.timestamp() if call.at else time.time()
        pico = to_pico(call.cost.total_usd if call.cost else ZERO)
        data = _encode(call)

        def work(db: sqlite3.Connection) -> Spending:
            db.execute("delete from holds where name = ?", (name,))
            max_pico, before = _budget(db)
            after = min(before + pico, MAX_PICO)
            db.execute("update budget set spent_pico = ?", (after,))
            db.execute("insert into calls (at_s, call) values (?, ?)", (at_s, data))
            return Spending(before, after, max_pico)

        return self._write(work, busy_s)

    def release(self, name: str, busy_s: float) -> None:
        """Remove a reservation without a cost."""
        self._write(lambda db: db.execute("delete from holds where name = ?", (name,)), busy_s)

    def read(self, busy_s: float) -> StoredLedger:
        """Read everything."""

        def work(db: sqlite3.Connection) -> tuple[int | None, dict[str, Decimal], list[Any]]:
            max_pico, _ = _budget(db)
            holds = db.execute(f"select name, pico from holds where {_LEASED}", self._now())
            reserved = {str(name): to_usd(_integer(pico)) for name, pico in holds}
            rows = db.execute("select at_s, call from calls order by id").fetchall()
            return max_pico, reserved, rows

        max_pico, reserved, rows = self._attempt(work, busy_s)
        calls = [decode_call(at_s, data) for at_s, data in rows]
        readable = tuple([call for call in calls if call is not None])
        return StoredLedger(
            None if max_pico is None else to_usd(max_pico),
            reserved,
            readable,
            len(calls) - len(readable),
        )

    def price_unpriced(self, price: Callable[[Call], LLMResult[Cost]], busy_s: float) -> int:
        """Price the calls that had no price; return how many were priced."""

        def work(db: sqlite3.Connection) -> int:
            count = 0
            rows = db.execute("select id, at_s, call from calls").fetchall()
            for number, at_s, data in rows:
                call = decode_call(at_s, data)
                if call is None or call.cost is not None:
                    continue
                cost = price(call).value_or(None)
                if cost is None:
                    continue
                priced = _encode(msgspec.structs.replace(call, cost=cost))
                db.execute("update calls set call = ? where id = ?", (priced, number))
                spent = min(_budget(db)[1] + to_pico(cost.total_usd), MAX_PICO)
                db.execute("update budget set spent_pico = ?", (spent,))
                count += 1
            return count

        return self._write(work, busy_s)

    def close(self) -> None:
        """Close the connection; the next method opens another."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

    def _now(self) -> dict[str, float | str]:
        return {"boot": _boot_id(), "monotonic_s": self._monotonic(), "wall_s": self._wall()}

    def _write(self, work: Callable[[sqlite3.Connection], A], busy_s: float) -> A:
        """Run one transaction. An exception, or a killed process, rolls it back."""

        def transaction(db: sqlite3.Connection) -> A:
            db.execute("begin immediate")
            try:
                result = work(db)
                db.execute("commit")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("rollback")
                raise
            return result

        return self._attempt(transaction, busy_s)

    def _attempt(self, work: Callable[[sqlite3.Connection], A], busy_s: float) -> A:
        """Run `work` again until no other process holds the lock, at most for `busy_s`.

        SQLite itself waits for short times only, so that this process can fork in between.
        """
        ends_s = time.monotonic() + busy_s
        while True:
            left_s = ends_s - time.monotonic()
            try:
                with self._in_use, self._faults():
                    db = self._opened()
                    wait_ms = int(max(0.001, min(left_s, _WAIT_S)) * 1000)
                    db.execute(f"pragma busy_timeout = {wait_ms}")
                    return work(db)
            except LedgerUnavailable as error:
                if not error.locked or left_s <= _WAIT_S:
                    raise
            time.sleep(_WAIT_S / 4)

    def before_fork(self) -> None:
        """Close the connection, when it is idle: SQLite cannot be used in a forked process that inherited one."""
        self._in_use.acquire()
        self.close()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._in_use.release()

    def _opened(self) -> sqlite3.Connection:
        """Return the connection to the files that are there now: SQLite would go on writing into removed ones."""
        main, log = _identity(self.path), _identity(Path(f"{self.path}-wal"))
        if main is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if self._db is None or main != self._main or (self._log is not None and log != self._log):
            self.close()
            location = f"{self.path.absolute().as_uri()}?mode=rw"  # never create an empty one
            self._db = sqlite3.connect(
                location, uri=True, isolation_level=None, check_same_thread=False
            )
            self._db.execute("pragma synchronous = normal")
        self._main, self._log = main, log
        return self._db

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # SQLITE_BUSY and SQLITE_LOCKED, with what SQLite adds in the higher bits
            locked = getattr(error, "sqlite_errorcode", 0) & 0xFF in (5, 6)
            if not locked:
                self.close()
            raise LedgerUnavailable(self.path, str(error), locked=locked) from None
        except (OSError, ValueError, TypeError, ArithmeticError) as error:
            self.close()
            reason = (
                os.strerror(error.errno)
                if isinstance(error, OSError) and error.errno
                else str(error)
            )
            raise LedgerUnavailable(self.path, reason) from None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@cache
def _boot_id() -> str:
    """Return what identifies this boot of the machine, "" where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _budget(db: sqlite3.Connection) -> tuple[int | None, int]:
    """Return the budget and what is spent."""
    row = db.execute("select max_pico, spent_pico from budget").fetchone()
    if row is None:
        raise sqlite3.DatabaseError("its table `budget` is empty")
    return None if row[0] is None else _integer(row[0]), _integer(row[1])


def _integer(value: object) -> int:
    """Return a number of the file, which may have any type in SQLite."""
    if not isinstance(value, int | float):
        raise sqlite3.DatabaseError("it has text in place of an amount")
    return int(value)


def to_pico(usd: Decimal) -> int:
    """Return whole pico-dollars, at least 0 and at most MAX_PICO; an amount that is no number counts as the most."""
    if not usd.is_finite() or usd >= to_usd(MAX_PICO):
        return MAX_PICO
    return max(0, int((usd * _PICO).to_integral_value(ROUND_CEILING)))


def to_usd(pico: int) -> Decimal:
    """Return US dollars."""
    return Decimal(pico) / _PICO


def decode_call(at_s: object, data: object) -> Call | None:
    """Return the call of a row, None if the row is damaged."""
    try:
        call: Call = msgspec.msgpack.decode(cast("bytes", data), type=Call)
        if call.at is None and isinstance(at_s, int | float):
            return msgspec.structs.replace(call, at=datetime.fromtimestamp(at_s, UTC))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None
    return call


def _encode(call: Call) -> bytes:
    """Return the call as bytes. Counts that no 64-bit integer holds are stored as the largest, without the raw usage."""
    try:
        return msgspec.msgpack.encode(call)
    except (OverflowError, ValueError, TypeError, RecursionError):
        bounded: dict[str, Any] = {
            name: max(-MAX_PICO, min(value, MAX_PICO)) if type(value) is int else value
            for name, value in msgspec.structs.asdict(call.usage).items()
        }
        usage = Usage(**{**bounded, "raw": None})
        return msgspec.msgpack.encode(msgspec.structs.replace(call, usage=usage))
