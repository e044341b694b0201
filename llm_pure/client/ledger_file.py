"""The budget file: one kept SQLite connection, used from one thread, with the transactions of `ledger_tables`.

Every reservation is one transaction that takes the write lock before it reads, so two processes never reserve the same
dollar. A method raises `LedgerUnavailable` whatever is wrong with the file; the next one opens it anew.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

from llm_pure.client import ledger_tables as tables
from llm_pure.client.ledger_storage import LedgerStorage, LedgerUnavailable
from llm_pure.client.ledger_tables import Database, Moment, to_pico, to_usd
from llm_pure.client.write_ahead_log import use_write_ahead_log

A = TypeVar("A")

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
create table if not exists accounts (name text primary key, period_start_s real not null, spent_pico integer not null);
create table if not exists account_holds (
    account text not null, hold text not null, primary key (account, hold)
) without rowid;
"""
_ADDED_COLUMNS = {
    "boot": "alter table holds add column boot text not null default ''",
    "until_monotonic_s": "alter table holds add column until_monotonic_s real not null default 0",
}


class LedgerFile(LedgerStorage):
    """The file. clock: replaces both clocks, in tests."""

    def __init__(self, path: Path, lease_s: float, clock: Callable[[], float] | None) -> None:
        self.path = self._file = path
        self.lease_s = lease_s
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
        return LedgerFile(self._file, self.lease_s, self._clock)

    def create(self, max_usd: Decimal | None, busy_s: float) -> Decimal | None:
        """Create the file and its tables where they are missing; set the budget, or return the one that it has."""
        with self._in_use, self._faults():
            db = sqlite3.connect(self._file, timeout=busy_s, isolation_level=None)
            try:
                use_write_ahead_log(db, busy_s)
                db.executescript(_SCHEMA)
                present = {row[1] for row in db.execute("pragma table_info(holds)")}
                for column, statement in _ADDED_COLUMNS.items():
                    if column not in present:
                        with suppress(sqlite3.OperationalError):  # another process was faster
                            db.execute(statement)
                if max_usd is not None:
                    db.execute("update budget set max_pico = ?", (to_pico(max_usd),))
                max_pico, _ = tables.read_budget(db)
            finally:
                db.close()
        return None if max_pico is None else to_usd(max_pico)

    def close(self) -> None:
        """Close the connection; the next method opens another."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

    def _moment(self, db: Database) -> Moment:
        return Moment(wall_s=self._wall(), boot=_boot_id(), monotonic_s=self._monotonic())

    def _write(self, work: Callable[[Database], A], busy_s: float) -> A:
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

    def _read(self, work: Callable[[Database], A], busy_s: float) -> A:
        return self._attempt(work, busy_s)

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
        main, log = _identity(self._file), _identity(Path(f"{self._file}-wal"))
        if main is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if self._db is None or main != self._main or (self._log is not None and log != self._log):
            self.close()
            location = f"{self._file.absolute().as_uri()}?mode=rw"  # never create an empty one
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
            raise LedgerUnavailable(self._file, str(error), locked=locked) from None
        except (OSError, ValueError, TypeError, ArithmeticError) as error:
            self.close()
            reason = (
                os.strerror(error.errno)
                if isinstance(error, OSError) and error.errno
                else str(error)
            )
            raise LedgerUnavailable(self._file, reason) from None


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
