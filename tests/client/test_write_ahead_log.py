"""Files that several processes open at the same moment."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from threading import Timer

import pytest

from llm_pure.bulk.lease_stores import SqliteLeases
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.write_ahead_log import use_write_ahead_log
from llm_pure.gateway.client_keys import ClientKey
from llm_pure.gateway.shared_limits import SharedKeyLimits


def open_budget(path: Path) -> object:
    return (
        open_ledger(path, Budget(max_usd=Decimal(1)))
        .map(lambda store: store.max_usd)
        .value_or(None)
    )


def open_leases(path: Path) -> object:
    with closing(SqliteLeases(path)) as leases:
        leases.configure(Decimal(1), None)
        return leases.limit_usd()


def open_limits(path: Path) -> object:
    key = ClientKey(name="a", max_parallel_requests=1)
    with closing(SharedKeyLimits(path)) as limits:
        return Decimal(limits.acquire(key, b"").map(lambda _: 1).value_or(0))


def writing(path: Path) -> sqlite3.Connection:
    """A connection that has just begun to write, as that of a process that creates the tables."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("create table if not exists other (x)")
    db.execute("begin immediate")
    return db


@pytest.mark.parametrize("open_file", [open_budget, open_leases, open_limits])
def test_a_file_opens_while_another_process_writes_its_first_table(
    open_file: Callable[[Path], object], tmp_path: Path
) -> None:
    with closing(writing(tmp_path / "file")) as other:
        end = Timer(0.05, other.execute, ["commit"])
        end.start()
        assert open_file(tmp_path / "file") == Decimal(1)
        end.join()


def test_the_wait_for_another_process_ends(tmp_path: Path) -> None:
    with (
        closing(writing(tmp_path / "file")),
        closing(sqlite3.connect(tmp_path / "file", timeout=0)) as db,
        pytest.raises(sqlite3.OperationalError) as raised,
    ):
        use_write_ahead_log(db, 0.02)
    assert raised.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
