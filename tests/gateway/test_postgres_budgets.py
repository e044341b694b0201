"""Budgets in PostgreSQL, against a real server: what holds for a file holds here; machines share, a restart loses nothing."""

import builtins
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from time import monotonic, sleep
from typing import Any

import pytest

from llm_pure.client import budgets_postgres, budgets_sqlite
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_postgres import PostgresBudget, PostgresLedger, open_postgres_ledger
from llm_pure.gateway.client_keys import ClientKey
from llm_pure.gateway.key_budgets import KeyBudgets, open_key_budgets
from llm_pure.pricing.ledger import Cost
from llm_pure.types.errors import BudgetExceeded, InvalidConfiguration
from llm_pure.types.result import Failure, Success
from tests.gateway import test_key_budgets as key_budgets
from tests.gateway.test_key_budgets import LAPTOP, TOTAL, Clock, call, reserve, spent
from tests.support.postgres import MISSING, PostgresServer, postgres_binaries, postgres_server

BINARIES = postgres_binaries()
pytestmark = pytest.mark.skipif(BINARIES is None, reason=MISSING)


@pytest.fixture(scope="module")
def running() -> Iterator[PostgresServer]:
    assert BINARIES is not None
    with postgres_server(BINARIES) as server:
        yield server


@pytest.fixture
def server(running: PostgresServer) -> PostgresServer:
    running.clear()
    return running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(server: PostgresServer, clock: Clock) -> KeyBudgets:
    return KeyBudgets(opened(server, lease_s=9e9, clock=clock.seconds), TOTAL)


def opened(server: PostgresServer, budget: Budget | None = None, **more: Any) -> PostgresBudget:
    return open_postgres_ledger(server.url, budget, **more).unwrap()


test_a_call_reserves_in_the_key_and_in_the_total = (
    key_budgets.test_a_call_reserves_in_the_key_and_in_the_total
)
test_a_new_period_starts_at_zero = (
    key_budgets.test_a_new_period_starts_at_zero_and_an_old_clock_renews_nothing
)
test_a_clock_that_was_wrong_once = (
    key_budgets.test_a_clock_that_was_wrong_once_does_not_end_the_renewals
)
test_a_key_without_budget_pays_from_the_total = (
    key_budgets.test_a_key_without_budget_pays_from_the_total_and_reports_its_calls
)


def test_the_ledger_is_the_same_as_in_a_file(server: PostgresServer) -> None:
    store = opened(server, Budget(max_usd=Decimal(1)))
    name = store.reserve(Decimal("0.6")).unwrap()
    assert isinstance(store.reserve(Decimal("0.41")).failure(), BudgetExceeded)
    assert store.ledger().reserved == {name: Decimal("0.6")}
    store.settle(name, call("0.123456789012"))
    store.settle(store.reserve(Decimal(0)).unwrap(), call(None))
    other = opened(server)  # another machine
    ledger = other.ledger()
    assert (other.max_usd, ledger.max_usd, dict(ledger.reserved)) == (Decimal(1), Decimal(1), {})
    assert (ledger.totals.calls, ledger.totals.unpriced_calls) == (2, 1)
    assert ledger.totals.cost_usd == Decimal("0.123456789012")
    assert [row.cost is None for row in other.calls()] == [False, True]
    assert other.price_unpriced(lambda row: Success(Cost(total_usd=Decimal("0.5")))) == 1
    assert store.ledger().totals.cost_usd == Decimal("0.623456789012")


def test_machines_never_reserve_the_same_dollar(server: PostgresServer) -> None:
    machines = [open_key_budgets(server.url, total=TOTAL).unwrap() for _ in range(4)]

    def work(machine: KeyBudgets) -> int:
        store = machine.store_for(LAPTOP)
        sent = 0
        for _ in range(15):
            name = reserve(store, "0.1")
            if name != "refused":
                store.settle(name, call("0.1"))
                sent += 1
        return sent

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, machines)) == 10
    expected = {"": Decimal(1), "key:laptop": Decimal(1)}
    assert [spent(machine, LAPTOP) for machine in machines] == [expected] * 4


def test_the_reservation_of_a_killed_machine_expires(server: PostgresServer, clock: Clock) -> None:
    killed = opened(server, Budget(max_usd=Decimal(1)), lease_s=900, clock=clock.seconds)
    killed.reserve(Decimal("0.8")).unwrap()
    other = opened(server, lease_s=900, clock=clock.seconds)
    assert isinstance(other.reserve(Decimal("0.8")), Failure)
    clock.at = clock.at.replace(minute=16)
    assert isinstance(other.reserve(Decimal("0.8")), Success)


def test_a_restart_of_the_server_loses_no_cost(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(budgets_sqlite, "_SETTLE_S", 0.1)
    store = opened(server, Budget(max_usd=Decimal(1)))
    name = store.reserve(Decimal("0.5")).unwrap()
    server.stop()
    store.settle(name, call("0.25"))
    error = store.reserve(Decimal("0.1")).failure()
    assert (error.kind, "sesame" in str(error)) == ("configuration", False)
    assert "costs of 1 calls are kept in memory" in caplog.text
    assert "sesame" not in caplog.text
    server.start()
    assert store.ledger().totals.cost_usd == Decimal("0.25")
    store.settle(store.reserve(Decimal("0.1")).unwrap(), call("0.1"))
    other, ends_s = opened(server), monotonic() + 10
    while other.ledger().reserved and monotonic() < ends_s:  # it is written with the next attempt
        sleep(0.02)
    assert (other.ledger().reserved, other.ledger().totals.cost_usd) == ({}, Decimal("0.35"))


def of_last_connection(server: PostgresServer, query: str = "pid") -> int:
    """Ask for the connection that a ledger opened last."""
    import psycopg

    with psycopg.connect(server.url, autocommit=True) as connection:
        where = "from pg_stat_activity where application_name = 'llm-pure'"
        statement = f"select {query} {where} order by backend_start desc limit 1"
        rows = connection.execute(statement.encode())
        return int(rows.fetchall()[0][0])


def test_a_connection_that_broke_is_replaced_and_no_call_fails(server: PostgresServer) -> None:
    store = opened(server, Budget(max_usd=Decimal(1)))
    name = store.reserve(Decimal("0.5")).unwrap()
    assert of_last_connection(server, "pg_terminate_backend(pid, 5000)::int") == 1
    assert isinstance(store.reserve(Decimal("0.1")), Success)
    assert of_last_connection(server, "pg_terminate_backend(pid, 5000)::int") == 1
    store.settle(name, call("0.25"))
    assert store.ledger().totals.cost_usd == Decimal("0.25")


def test_a_cost_whose_commit_was_not_confirmed_counts_once(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    store = opened(server, Budget(max_usd=Decimal(1)))
    names = [store.reserve(Decimal("0.1")).unwrap(), ""]
    transaction = PostgresLedger._transaction
    attempts: list[str] = []

    def unconfirmed(self: PostgresLedger, *arguments: Any) -> Any:
        result = transaction(self, *arguments)
        attempts.append("committed")
        if len(attempts) % 2:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return result

    monkeypatch.setattr(PostgresLedger, "_transaction", unconfirmed)
    for name in names:
        store.settle(name, call("0.25"))
    ends_s = monotonic() + 10
    while len(attempts) < 4 and monotonic() < ends_s:
        sleep(0.02)
    monkeypatch.undo()
    ledger = store.ledger()
    assert (ledger.totals.calls, ledger.totals.cost_usd) == (2, Decimal("0.5"))
    assert not ledger.reserved


def test_a_server_that_does_not_answer_is_left(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets_postgres, "_ANSWER_S", 0.1)
    monkeypatch.setattr(budgets_postgres, "_CHECK_S", 0.05)
    store = opened(server, Budget(max_usd=Decimal(1)))
    store.reserve(Decimal("0.5")).unwrap()
    backend = of_last_connection(server)
    os.kill(backend, signal.SIGSTOP)
    try:
        result = store.start_reserve(Decimal("0.1"), 0.1).result(10)
    finally:
        os.kill(backend, signal.SIGCONT)
    # the next connection finds the lock taken by the first, or the server
    assert result.map(lambda name: "reserved").value_or("failed") in ("reserved", "failed")
    assert isinstance(store.reserve(Decimal("0.1")), Success)


def test_a_database_of_an_earlier_version_is_completed(server: PostgresServer) -> None:
    opened(server, Budget(max_usd=Decimal(1)))
    import psycopg

    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("alter table calls drop column settlement")
    store = opened(server)
    store.settle(store.reserve(Decimal("0.5")).unwrap(), call("0.25"))
    assert store.ledger().totals.cost_usd == Decimal("0.25")


def test_keys_share_a_database_with_their_own_accounts(server: PostgresServer) -> None:
    budgets = open_key_budgets(server.url).unwrap()
    other = ClientKey(name="ci", max_budget=Decimal(2))
    reserve(budgets.store_for(LAPTOP), "1")
    assert reserve(budgets.store_for(LAPTOP), "0.1") == "refused"
    assert reserve(budgets.store_for(other), "2") != "refused"


@pytest.mark.parametrize("url", ["postgresql://a:sesame-9@127.0.0.1:1/x", "postgresql://[", "x"])
def test_a_database_that_cannot_be_opened_is_a_configuration_error(url: str) -> None:
    error = open_postgres_ledger(url).failure()
    assert isinstance(error, InvalidConfiguration)
    assert (error.field, "sesame" in error.message) == ("budget", False)


def test_without_psycopg_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "psycopg":
            raise ImportError(name)
        return real_import(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    error = open_postgres_ledger("postgresql://db/x").failure()
    assert isinstance(error, InvalidConfiguration)
    assert "llm-pure[postgres]" in error.message
