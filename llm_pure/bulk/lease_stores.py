"""Where leases are: in this process, or in an SQLite file that the processes of one machine share.

A worker sends one message for many calls, so the store is no bottleneck. Never put the file on a network drive.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Protocol, TypeVar

import msgspec

from llm_pure.bulk import leases as pure
from llm_pure.bulk.leases import Grant, Leases, Want, open_leases
from llm_pure.client.write_ahead_log import use_write_ahead_log
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

A = TypeVar("A")

WAIT_S = 10.0
"""How long a message waits for the file's lock."""


class LeaseStore(Protocol):
    """Leases of all workers. Thread-safe."""

    shared: bool
    """Other processes use it too, so pauses come and go without this one."""

    def limit_usd(self) -> Decimal | None:
        """Return the budget; None is no limit."""
        ...

    def exchange(
        self,
        worker: str,
        want: Want,
        spent_usd: Decimal,
        *,
        tokens: float = 0.0,
        pause_s: float = 0.0,
    ) -> Grant:
        """Report what the worker has spent in all, renew its lease, and grant what is left of its wish.

        tokens: used beyond the estimates. pause_s: stop all workers for so long.
        """
        ...

    def release(self, worker: str, spent_usd: Decimal) -> None:
        """End a worker that has no call in flight."""
        ...

    def workers(self) -> tuple[str, ...]:
        """Return the names of the workers that have not ended."""
        ...


def exchanged(
    leases: Leases,
    worker: str,
    want: Want,
    spent_usd: Decimal,
    tokens: float,
    pause_s: float,
    now_s: float,
) -> tuple[Leases, Grant]:
    leases = pure.settle(pure.expire(leases, now_s), worker, spent_usd, now_s)
    leases = pure.charge_tokens(leases, tokens)
    if pause_s > 0:
        leases = pure.pause(leases, pause_s, now_s)
    return pure.grant(leases, worker, want, now_s)


class InMemoryLeases:
    """Leases of one process."""

    shared = False

    def __init__(
        self,
        limit_usd: Decimal | None = None,
        limit: RateLimit | None = None,
        *,
        spent_usd: Decimal = Decimal(0),
    ) -> None:
        """spent_usd: before this run."""
        rates = limit or RateLimit()
        self._leases = open_leases(
            limit_usd,
            requests_per_minute=rates.requests_per_minute,
            tokens_per_minute=rates.tokens_per_minute,
            spent_usd=spent_usd,
            now_s=monotonic(),
        )
        self._lock = Lock()

    def limit_usd(self) -> Decimal | None:
        """Return the budget; None is no limit."""
        return self._leases.limit_usd

    def exchange(
        self,
        worker: str,
        want: Want,
        spent_usd: Decimal,
        *,
        tokens: float = 0.0,
        pause_s: float = 0.0,
    ) -> Grant:
        """Report spending, renew the lease, and grant what is left of the wish."""
        with self._lock:
            self._leases, granted = exchanged(
                self._leases, worker, want, spent_usd, tokens, pause_s, monotonic()
            )
            return granted

    def release(self, worker: str, spent_usd: Decimal) -> None:
        """End a worker that has no call in flight."""
        with self._lock:
            self._leases = pure.release(self._leases, worker, spent_usd)

    def workers(self) -> tuple[str, ...]:
        """Return the names of the workers that have not ended."""
        return tuple(self._leases.workers)


class _Stored(msgspec.Struct, frozen=True):
    boot: str
    leases: Leases


def _boot() -> str:
    """The machine's boot: the monotonic clock counts from it, for all processes alike."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class SqliteLeases:
    """Leases in a file, over one connection that is kept open: each message is one transaction."""

    shared = True

    def __init__(self, path: str | Path) -> None:
        """Raises sqlite3.Error."""
        self._connection = sqlite3.connect(
            path, timeout=WAIT_S, isolation_level=None, check_same_thread=False
        )
        self._boot = _boot()
        self._lock = Lock()
        try:
            use_write_ahead_log(self._connection, WAIT_S)
            self._connection.execute("pragma synchronous=normal")
            self._connection.execute(
                "create table if not exists leases (id integer primary key check (id = 1), value blob not null)"
            )
        except sqlite3.Error:
            self.close()
            raise

    def configure(self, limit_usd: Decimal | None, limit: RateLimit | None) -> None:
        """Set budget and rates, which all processes follow from now on; None leaves what is there."""

        def change(leases: Leases, now_s: float) -> tuple[Leases, None]:
            rates = limit or RateLimit()
            fresh = open_leases(
                limit_usd,
                requests_per_minute=rates.requests_per_minute,
                tokens_per_minute=rates.tokens_per_minute,
                now_s=now_s,
            )
            return msgspec.structs.replace(
                leases,
                limit_usd=leases.limit_usd if limit_usd is None else limit_usd,
                requests=_bucket(leases.requests, fresh.requests),
                tokens=_bucket(leases.tokens, fresh.tokens),
            ), None

        self._change(change)

    def limit_usd(self) -> Decimal | None:
        """Return the budget; None is no limit."""
        return self._change(lambda leases, _: (leases, leases.limit_usd))

    def value(self) -> Leases:
        """Return the leases as they are now."""
        return self._change(lambda leases, _: (leases, leases))

    def exchange(
        self,
        worker: str,
        want: Want,
        spent_usd: Decimal,
        *,
        tokens: float = 0.0,
        pause_s: float = 0.0,
    ) -> Grant:
        """Report spending, renew the lease, and grant what is left of the wish."""
        return self._change(
            lambda leases, now_s: exchanged(leases, worker, want, spent_usd, tokens, pause_s, now_s)
        )

    def release(self, worker: str, spent_usd: Decimal) -> None:
        """End a worker that has no call in flight."""
        self._change(lambda leases, _: (pure.release(leases, worker, spent_usd), None))

    def workers(self) -> tuple[str, ...]:
        """Return the names of the workers that have not ended."""
        return self._change(lambda leases, _: (leases, tuple(leases.workers)))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _change(self, change: Callable[[Leases, float], tuple[Leases, A]]) -> A:
        with self._lock, closing(self._connection.cursor()) as cursor:
            cursor.execute("begin immediate")
            try:
                row = cursor.execute("select value from leases where id = 1").fetchone()
                now_s = monotonic()
                before = self._decode(row, now_s)
                after, result = change(before, now_s)
                if after is not before or row is None:
                    value = msgspec.json.encode(_Stored(self._boot, after))
                    cursor.execute("insert or replace into leases values (1, ?)", (value,))
                cursor.execute("commit")
                return result
            except BaseException:
                cursor.execute("rollback")
                raise

    def _decode(self, row: tuple[bytes] | None, now_s: float) -> Leases:
        if row is None:
            return Leases()
        stored = msgspec.json.decode(row[0], type=_Stored)
        if stored.boot == self._boot:
            return stored.leases
        leases = stored.leases  # times of an earlier boot mean nothing; what was granted counts on
        return msgspec.structs.replace(
            leases,
            workers={
                name: msgspec.structs.replace(lease, until_s=now_s, expired=True)
                for name, lease in leases.workers.items()
            },
            requests=_restarted(leases.requests, now_s),
            tokens=_restarted(leases.tokens, now_s),
            pause_until_s=now_s,
        )


def _restarted(bucket: pure.Bucket | None, now_s: float) -> pure.Bucket | None:
    return None if bucket is None else msgspec.structs.replace(bucket, at_s=now_s)


def _bucket(old: pure.Bucket | None, new: pure.Bucket | None) -> pure.Bucket | None:
    """The new rate with the old level, if it is the same rate."""
    if new is None or (old is not None and old.per_minute == new.per_minute):
        return old
    return new


@returns_failure
def open_shared_leases(
    path: str | Path, limit_usd: Decimal | None, limit: RateLimit | None
) -> SqliteLeases:
    """Open or create a file of leases. Fails with InvalidConfiguration if it cannot be used."""
    try:
        store = SqliteLeases(path)
        try:
            store.configure(limit_usd, limit)
        except BaseException:
            store.close()
            raise
    except (sqlite3.Error, ValueError, *DECODE_ERRORS) as error:
        message = f"the file of leases {path} cannot be used: {error}"
        raise Rejected(InvalidConfiguration(message=message, field="leases")) from None
    return store


@contextmanager
def leases_of(
    path: str | Path | None,
    limit_usd: Decimal | None,
    limit: RateLimit | None,
    *,
    spent_usd: Decimal = Decimal(0),
) -> Iterator[LeaseStore]:
    """Yield the leases in the file, which is closed afterwards; without a path those of this process alone.

    spent_usd: before this run, for those of this process; the file has its own. Raises Rejected if the file cannot be used.
    """
    if path is None:
        yield InMemoryLeases(limit_usd, limit, spent_usd=spent_usd)
        return
    with closing(ok(open_shared_leases(path, limit_usd, limit))) as store:
        yield store
