"""Rate limits of keys over several processes of one machine: the calls of the last minute in a small SQLite file.

The file holds nothing that has to survive: it lies in a temporary folder, and nothing is synchronized to the disk, so that a
transaction takes some ten microseconds. It does what `KeyLimits` does in one process.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic

import msgspec

from llm_pure.client.write_ahead_log import use_write_ahead_log
from llm_pure.gateway.client_keys import ClientKey
from llm_pure.gateway.key_limits import PARALLEL_RETRY_S, UNLIMITED, KeyPermit, limit_error
from llm_pure.policy.rate_limit import WINDOW_S, RateLimit, estimated_tokens
from llm_pure.types.completion import Usage
from llm_pure.types.errors import Overloaded
from llm_pure.types.result import Failure, LLMResult, Success

_BUSY_S = 0.5
_SCHEMA = """
create table if not exists calls (
    id integer primary key, key text not null, at_s real not null, tokens real not null, process integer not null,
    running integer not null
);
create index if not exists calls_of_key on calls (key, at_s);
"""
_log = logging.getLogger("llm_pure.gateway")


class SharedPermit(msgspec.Struct, frozen=True):
    """Permission for one call of a key, with its row."""

    key: ClientKey
    row: int


class SharedKeyLimits:
    """Limits by key in a file. Safe for threads; each process opens the file for itself. clock: the same in all processes."""

    def __init__(self, path: Path, clock: Callable[[], float] = monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None
        self._process = 0

    def acquire(self, key: ClientKey, body: bytes) -> LLMResult[KeyPermit | SharedPermit]:
        """Acquire a permit for a request with this body. Fails with RateLimited, without counting the request.

        Fails with Overloaded if the file cannot be used: a limit that nobody counts is none.
        """
        if key.limit is None and key.max_parallel_requests is None:
            return Success(UNLIMITED)
        with self._lock:
            try:
                db = self._opened()
                db.execute("begin immediate")
                try:
                    return self._admit(db, key, estimated_tokens(body))
                finally:
                    db.execute("commit")
            except sqlite3.Error as error:
                self._close()
                _log.warning("the limits of keys cannot be counted: %s", error)
                message = "the gateway cannot count the requests of this key at the moment"
                return Failure(Overloaded(message=message, retry_after_s=PARALLEL_RETRY_S))

    def release(self, permit: KeyPermit | SharedPermit, usage: Usage | None = None) -> None:
        """End a call. usage: as the provider counted it, which replaces the estimate of its tokens."""
        if not isinstance(permit, SharedPermit):
            return
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0) if usage is not None else 0
        with self._lock:
            try:
                self._opened().execute(
                    "update calls set running = 0, tokens = case when ? > 0 then ? else tokens end where id = ?",
                    (float(tokens), float(tokens), permit.row),  # no integer of SQLite's holds all
                )
            except sqlite3.Error as error:
                self._close()
                _log.warning("the limits of keys cannot be counted: %s", error)

    def close(self) -> None:
        """Close the file; the next method opens it again."""
        with self._lock:
            self._close()

    def in_flight(self, name: str) -> int:
        """Return how many calls of a key are running, in all processes."""
        with self._lock:
            return _running(self._opened(), name)

    def _admit(
        self, db: sqlite3.Connection, key: ClientKey, tokens: float
    ) -> LLMResult[KeyPermit | SharedPermit]:
        now_s = self._clock()
        db.execute(
            "delete from calls where key = ? and running = 0 and at_s <= ?",
            (key.name, now_s - WINDOW_S),
        )
        most = key.max_parallel_requests
        if most is not None and _running(db, key.name) >= most:
            _end_calls_of_dead_processes(db, key.name)
            if _running(db, key.name) >= most:
                return Failure(limit_error(key, PARALLEL_RETRY_S, "requests at once"))
        if key.limit is not None:
            query = "select at_s, tokens from calls where key = ? and at_s > ? order by at_s"
            entries = db.execute(query, (key.name, now_s - WINDOW_S)).fetchall()
            wait_s = window_wait_s(entries, now_s, key.limit, tokens)
            if wait_s > 0:
                return Failure(limit_error(key, wait_s, "requests or tokens in a minute"))
        row = db.execute(
            "insert into calls (key, at_s, tokens, process, running) values (?, ?, ?, ?, 1)",
            (key.name, now_s, tokens, os.getpid()),
        ).lastrowid
        return Success(SharedPermit(key, row or 0))

    def _close(self) -> None:
        db, self._db = self._db, None
        if db is not None and self._process == os.getpid():
            with suppress(sqlite3.Error):
                db.close()

    def _opened(self) -> sqlite3.Connection:
        """Return this process's connection: SQLite cannot use one that was inherited by a fork."""
        if self._db is None or self._process != os.getpid():
            self._db = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._process = os.getpid()
            use_write_ahead_log(self._db, _BUSY_S)
            self._db.execute("pragma synchronous = off")
            self._db.executescript(_SCHEMA)
        return self._db


def window_wait_s(
    entries: Sequence[tuple[float, float]], now_s: float, limit: RateLimit, tokens: float
) -> float:
    """Return the seconds until a request of this size may be sent, 0 for now. A request above the limit is sent alone.

    entries: (time, tokens) of the requests of the last minute, the oldest first.

    >>> window_wait_s([(10.0, 5.0), (30.0, 5.0)], 40.0, RateLimit(requests_per_minute=2), 1.0)
    30.0
    """
    most, allowed = limit.requests_per_minute, limit.tokens_per_minute
    total, wait_s = sum([entry[1] for entry in entries]), 0.0
    for index, (at_s, counted) in enumerate(entries):
        is_many = most is not None and len(entries) - index + 1 > max(1, most)
        is_much = allowed is not None and total + tokens > allowed
        if not (is_many or is_much):
            break
        wait_s, total = at_s + WINDOW_S - now_s, total - counted
    return wait_s


def _running(db: sqlite3.Connection, name: str) -> int:
    query = "select count(*) from calls where key = ? and running = 1"
    count: int = db.execute(query, (name,)).fetchone()[0]
    return count


def _end_calls_of_dead_processes(db: sqlite3.Connection, name: str) -> None:
    """A process that was killed has ended none of its calls."""
    query = "select distinct process from calls where key = ? and running = 1"
    for (process,) in db.execute(query, (name,)).fetchall():
        if not _is_alive(process):
            db.execute("update calls set running = 0 where process = ?", (process,))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True
