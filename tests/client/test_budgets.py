"""Accounts: the same behaviour in memory and in an SQLite file; threads and processes share one budget."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from llm_pure import Usage
from llm_pure.client import budgets_sqlite
from llm_pure.client.budgets import Budget, BudgetStore, InMemoryBudget
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.pricing.ledger import Call, Cost, Ledger
from llm_pure.types.errors import BudgetExceeded, InvalidConfiguration
from llm_pure.types.result import Failure, Success

ROOT = Path(__file__).parents[2]
DOLLAR = Budget(max_usd=Decimal(1))
MakeAccount = Callable[[Budget], BudgetStore]


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeAccount:
    if request.param == "memory":
        return InMemoryBudget
    return lambda budget: open_ledger(tmp_path / "ledger.db", budget).unwrap()


def call(usd: str | None) -> Call:
    cost = None if usd is None else Cost(total_usd=Decimal(usd))
    return Call(model="m", usage=Usage(10, 5, raw={"prompt_tokens": 10}), cost=cost, duration_s=1.5)


def test_hold_settle_release(make: MakeAccount) -> None:
    account = make(DOLLAR)
    first = account.reserve(Decimal("0.6")).unwrap()
    assert isinstance(account.reserve(Decimal("0.41")).failure(), BudgetExceeded)
    second = account.reserve(Decimal("0.4")).unwrap()
    assert account.ledger().reserved_usd == 1
    account.settle(first, call("0.123456789012"))
    account.release(second)
    account.settle(account.reserve(Decimal(0)).unwrap(), call(None))
    ledger = account.ledger()
    assert account.max_usd == ledger.max_usd == 1
    assert (ledger.reserved, ledger.totals.cost_usd) == ({}, Decimal("0.123456789012"))
    assert (ledger.totals.calls, ledger.totals.unpriced_calls, len(ledger.unpriced)) == (2, 1, 1)
    assert list(ledger.by_model) == ["m"]


def test_the_alert_comes_once_with_the_ledger(make: MakeAccount) -> None:
    told: list[Ledger] = []
    account = make(Budget(max_usd=Decimal(1), alert_threshold=0.5, on_alert=told.append))
    for usd in ("0.4", "0.2", "0.3"):
        account.settle(account.reserve(Decimal("0.4")).unwrap() if usd != "0.3" else "", call(usd))
    assert [ledger.totals.cost_usd for ledger in told] == [Decimal("0.6")]


def late(made: list[int], number: int) -> Call:
    """A call that says when it is priced."""
    made.append(number)
    return call("0.1")


def test_deferred_calls_count_once_whoever_looks() -> None:
    made: list[int] = []
    account = InMemoryBudget(DOLLAR)
    for number in range(9):
        account.defer(partial(late, made, number))
    assert made == []
    assert isinstance(account.reserve(Decimal("0.2")).failure(), BudgetExceeded)
    assert account.ledger().totals.cost_usd == Decimal("0.9")
    account.defer(partial(late, made, 9))
    account.settle("", call("0.1"))
    assert account.ledger().totals.calls == 11
    assert made == [*range(10)]


def test_deferred_calls_do_not_pile_up() -> None:
    account = InMemoryBudget()
    made: list[int] = []
    for number in range(1000):
        account.defer(partial(late, made, number))
    assert len(made) > 900
    assert account.ledger().totals.calls == len(made) == 1000


def test_threads_never_hold_more_than_there_is(make: MakeAccount) -> None:
    account = make(DOLLAR)
    got: list[Any] = []

    def work() -> None:
        for _ in range(10):
            got.append(account.reserve(Decimal("0.03")))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in got if isinstance(one, Success)]) == 33
    assert account.ledger().reserved_usd == Decimal("0.99")


def test_a_hold_expires_and_its_money_is_free_again(tmp_path: Path) -> None:
    now = [1000.0]
    account = open_ledger(tmp_path / "ledger.db", DOLLAR, lease_s=60, clock=lambda: now[0]).unwrap()
    late = account.reserve(Decimal(1)).unwrap()
    now[0] += 59
    assert isinstance(account.reserve(Decimal("0.1")), Failure)
    now[0] += 1
    assert account.ledger().reserved == {}
    assert isinstance(account.reserve(Decimal("0.1")), Success)
    account.settle(late, call("0.2"))
    assert account.ledger().totals.cost_usd == Decimal("0.2"), "a late call is paid all the same"


@pytest.mark.parametrize("ends", ["settled", "released", "never"])
def test_the_hold_of_a_long_call_is_renewed(
    ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the gateway a call may take an hour: its money would be promised to others after 15 minutes."""
    now = [1000.0]
    monkeypatch.setattr(budgets_sqlite, "monotonic", lambda: now[0])
    ledger = open_ledger(tmp_path / "ledger.db", DOLLAR, clock=lambda: now[0]).unwrap()
    name = ledger.start_reserve(Decimal(1), 3600).result().unwrap()

    def wait(seconds: int) -> None:
        for _ in range(seconds // 100):
            now[0] += 100
            ledger.flushed().result()

    wait(3600)
    assert isinstance(ledger.reserve(Decimal("0.1")), Failure)
    if ends == "settled":
        ledger.settle(name, call("0.2"))
    elif ends == "released":
        ledger.release(name)
    else:
        wait(1000)
    assert isinstance(ledger.reserve(Decimal("0.1")), Success)
    assert ledger.ledger().totals.calls == (ends == "settled")


KILLED = """
import sys, time
from decimal import Decimal
from llm_pure.client.budgets_sqlite import open_ledger
account = open_ledger(sys.argv[1], lease_s=1.0).unwrap()
account.reserve(Decimal("0.5")).unwrap()
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_what_a_killed_process_held_is_free_after_its_lease(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    account = open_ledger(path, DOLLAR).unwrap()
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert account.ledger().reserved_usd == Decimal("0.5")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert account.ledger().reserved_usd == Decimal("0.5"), "its lease goes on"
    threading.Event().wait(1.1)
    assert account.ledger().reserved == {}


def test_a_file_is_opened_again_with_its_budget_and_its_calls(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    first = open_ledger(path, DOLLAR).unwrap()
    first.settle("", call("0.4"))
    again = open_ledger(path).unwrap()
    assert again.max_usd == 1
    assert [one.cost for one in again.calls()] == [Cost(total_usd=Decimal("0.4"))]
    assert again.calls()[0].usage == Usage(10, 5, raw={"prompt_tokens": 10})
    assert again.calls()[0].at is not None
    assert open_ledger(path, Budget(max_usd=Decimal(2))).unwrap().ledger().remaining_usd == Decimal(
        "1.6"
    )


def test_unpriced_calls_of_a_file_can_be_priced_later(tmp_path: Path) -> None:
    account = open_ledger(tmp_path / "ledger.db", DOLLAR).unwrap()
    account.settle("", call(None))
    account.settle("", call("0.1"))
    assert account.price_unpriced(lambda _: Success(Cost(total_usd=Decimal("0.2")))) == 1
    assert account.ledger().totals.cost_usd == Decimal("0.3")
    assert account.ledger().remaining_usd == Decimal("0.7")
    assert account.price_unpriced(lambda _: Success(Cost(total_usd=Decimal("0.2")))) == 0


def test_a_file_that_is_no_ledger_is_an_error_value(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, and no database at all; " * 50)
    for wrong in (path, tmp_path / "no such folder" / "ledger.db"):
        assert isinstance(open_ledger(wrong, DOLLAR).failure(), InvalidConfiguration)
