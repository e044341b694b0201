"""Budgets of keys: the same in memory and in a file; periods, reservations in several accounts, restarts, concurrency."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_pure import LLM, ChatRequest, LLMConfig, Usage
from llm_pure.client.billing import Billing, load_price_table
from llm_pure.client.budgets import BackgroundStore, Budget, BudgetStore
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.targets import load_targets
from llm_pure.gateway.client_keys import ClientKey
from llm_pure.gateway.key_budgets import InMemoryAccounts, KeyBudgets, open_key_budgets
from llm_pure.policy.retry import NO_RETRY
from llm_pure.pricing.accounts import Account, period_start
from llm_pure.pricing.ledger import Call, Cost
from llm_pure.replay.doubles import Double, answering
from llm_pure.types.errors import BudgetExceeded
from llm_pure.types.rejection import Rejected

TOTAL = Account(name="", max_usd=Decimal(3), period="1mo")
LAPTOP = ClientKey(name="laptop", max_budget=Decimal(1), budget_duration="1d")
CI = ClientKey(name="ci", max_budget=Decimal(10))
GUEST = ClientKey(name="guest")
CONFIG = LLMConfig(api_key="k", model="m", max_token=100)
PRICES = {"m": {"input": 0, "output": 1000}}
"""A token of output costs 0.001 USD: a call of 100 tokens 0.1."""


class Clock:
    """A wall clock that stands still."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)

    def seconds(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def budgets(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> KeyBudgets:
    if request.param == "memory":
        return KeyBudgets(InMemoryAccounts(lambda: clock.at), TOTAL)
    ledger = open_ledger(tmp_path / "ledger.db", lease_s=9e9, clock=clock.seconds).unwrap()
    return KeyBudgets(ledger, TOTAL)


def call(usd: str | None) -> Call:
    return Call(model="m", cost=None if usd is None else Cost(total_usd=Decimal(usd)))


def reserve(store: BudgetStore, usd: str) -> str:
    return store.reserve(Decimal(usd)).value_or("refused")


def spent(budgets: KeyBudgets, *keys: ClientKey) -> dict[str, Decimal]:
    return {name: row.spent_usd for name, row in budgets.spending(keys).items()}


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("", "1970-01-01T00:00:00"),
        ("30s", "2026-11-30T13:14:00"),
        ("5m", "2026-11-30T13:10:00"),
        ("1h", "2026-11-30T13:00:00"),
        ("1d", "2026-11-30T00:00:00"),
        ("7d", "2026-11-30T00:00:00"),  # a Monday
        ("2w", "2026-11-23T00:00:00"),
        ("30d", "2026-11-07T00:00:00"),
        ("1mo", "2026-11-01T00:00:00"),
        ("3mo", "2026-10-01T00:00:00"),
        ("12mo", "2026-01-01T00:00:00"),
        ("999999999mo", "0001-01-01T00:00:00"),
    ],
)
def test_periods_begin_at_fixed_points_in_utc(period: str, start: str) -> None:
    at = datetime(2026, 11, 30, 14, 14, 29, tzinfo=UTC).astimezone()
    moment = at - timedelta(hours=1)
    assert period_start(period, moment) == datetime.fromisoformat(start).replace(tzinfo=UTC)


def test_a_call_reserves_in_the_key_and_in_the_total(budgets: KeyBudgets) -> None:
    laptop, ci = budgets.store_for(LAPTOP), budgets.store_for(CI)
    assert (laptop.max_usd, ci.max_usd) == (Decimal(1), Decimal(3))
    first = reserve(laptop, "0.6")
    error = laptop.reserve(Decimal("0.5")).failure()
    assert error == BudgetExceeded(
        message="the budget of key:laptop per 1d is used up: "
        "the call may cost 0.5 USD, and of 1 USD 0 are spent and 0.6 reserved for pending calls"
    )
    second = reserve(ci, "2.4")
    assert reserve(ci, "0.1") == "refused"  # the total
    laptop.settle(first, call("0.25"))
    ci.release(second)
    ci.settle(reserve(ci, "2.75"), call("2.5"))
    assert reserve(ci, "0.5") == "refused"
    assert spent(budgets, LAPTOP, CI) == {
        "": Decimal("2.75"),
        "key:laptop": Decimal("0.25"),
        "key:ci": Decimal("2.5"),
    }


def test_a_new_period_starts_at_zero_and_an_old_clock_renews_nothing(
    budgets: KeyBudgets, clock: Clock
) -> None:
    store = budgets.store_for(LAPTOP)
    pending = reserve(store, "0.4")
    store.settle(reserve(store, "0.6"), call("0.6"))
    assert reserve(store, "0.1") == "refused"
    clock.at += timedelta(hours=2)
    assert spent(budgets, LAPTOP)["key:laptop"] == 0
    assert reserve(store, "0.7") == "refused"  # the reservation of yesterday is still pending
    store.settle(pending, call("0.4"))
    assert spent(budgets, LAPTOP)["key:laptop"] == Decimal("0.4")
    clock.at -= timedelta(hours=3)
    assert spent(budgets, LAPTOP)["key:laptop"] == Decimal("0.4")
    assert reserve(store, "0.7") == "refused"


def test_a_clock_that_was_wrong_once_does_not_end_the_renewals(
    budgets: KeyBudgets, clock: Clock
) -> None:
    store = budgets.store_for(LAPTOP)
    clock.at += timedelta(days=400)
    store.settle(reserve(store, "1"), call("1"))
    clock.at -= timedelta(days=400)
    assert reserve(store, "0.1") == "refused"  # its money is not given twice
    assert spent(budgets, LAPTOP)["key:laptop"] == 1
    clock.at += timedelta(days=1)
    assert spent(budgets, LAPTOP)["key:laptop"] == 0


def test_a_key_without_budget_pays_from_the_total_and_reports_its_calls(
    budgets: KeyBudgets,
) -> None:
    calls: list[Call] = []
    store = budgets.store_for(GUEST, on_call=calls.append)
    store.settle(reserve(store, "1"), call("0.5"))
    store.settle(reserve(store, "1"), call(None))
    assert calls == [call("0.5"), call(None)]
    assert spent(budgets, GUEST) == {"": Decimal("0.5")}


def test_without_any_budget_nothing_is_reserved() -> None:
    calls: list[Call] = []
    store = open_key_budgets().unwrap().store_for(GUEST, on_call=calls.append)
    assert (store.max_usd, isinstance(store, BackgroundStore)) == (None, False)
    store.settle("", call("5"))
    assert calls == [call("5")]


def test_the_alert_of_the_total_comes_once() -> None:
    alerts: list[Decimal] = []
    budget = Budget(
        alert_threshold=0.5, on_alert=lambda ledger: alerts.append(ledger.totals.cost_usd)
    )
    budgets = open_key_budgets(total=TOTAL, budget=budget).unwrap()
    for usd in ("1.4", "0.2", "0.1"):
        store = budgets.store_for(GUEST)
        store.settle(reserve(store, usd), call(usd))
    assert alerts == [Decimal("1.6")]


def test_a_restart_keeps_the_sum_of_the_period(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    before = open_key_budgets(path, total=TOTAL).unwrap()
    store = before.store_for(LAPTOP)
    store.settle(reserve(store, "0.9"), call("0.9"))
    before.close()
    after = open_key_budgets(path, total=TOTAL).unwrap()
    store = after.store_for(LAPTOP)
    assert isinstance(store, BackgroundStore)
    assert reserve(store, "0.2") == "refused"
    assert store.ledger().totals.cost_usd == Decimal("0.9")
    assert spent(after, LAPTOP) == {"": Decimal("0.9"), "key:laptop": Decimal("0.9")}


def test_accounts_share_a_file_with_ledgers_of_earlier_versions(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    old = open_ledger(path, Budget(max_usd=Decimal(5))).unwrap()
    old.settle(old.reserve(Decimal(1)).unwrap(), call("1"))
    store = open_key_budgets(path).unwrap().store_for(LAPTOP)
    assert store.max_usd == 1
    store.settle(reserve(store, "1"), call("0.5"))
    assert old.ledger().totals.cost_usd == Decimal("1.5")


def llm(budgets: KeyBudgets, key: ClientKey, double: Double, **more: Any) -> LLM:
    prices = more.pop("prices", PRICES)
    return LLM(
        CONFIG, transport=double, budget=budgets.store_for(key), prices=prices, retry=NO_RETRY
    )


@pytest.mark.parametrize("ledger", [None, "ledger.db"])
def test_of_500_calls_at_once_only_those_within_the_budget_are_sent(
    ledger: str | None, tmp_path: Path
) -> None:
    budgets = open_key_budgets(tmp_path / ledger if ledger else "", total=TOTAL).unwrap()
    double = answering("ok", usage=Usage(0, 100))

    async def run() -> list[str]:
        async with llm(budgets, LAPTOP, double) as client:
            results = await asyncio.gather(*[client.acompletion("hi") for _ in range(500)])
        return [result.failure().kind for result in results if result.value_or(None) is None]

    refused = asyncio.run(run())
    assert refused == ["budget_exceeded"] * 490
    assert len(double.requests) == 10
    assert spent(budgets, LAPTOP) == {"": Decimal(1), "key:laptop": Decimal(1)}


def test_model_without_a_price_is_refused_unless_the_key_allows_it(tmp_path: Path) -> None:
    target = load_targets([CONFIG], None).unwrap()[0]
    request = ChatRequest(messages="hi", model="unheard-of")
    store = open_key_budgets().unwrap().store_for(LAPTOP)
    table = load_price_table(PRICES).unwrap()
    with pytest.raises(Rejected) as refused:
        Billing(store, table).start(target, request, datetime.now(UTC))
    assert refused.value.error.kind == "price_unknown"
    free = Billing(store, table, unknown_prices=True)
    pending = free.start(target, request, datetime.now(UTC))
    assert (pending.reservation, pending.max_usd) == (None, None)
    priced = free.start(target, ChatRequest(messages="hi"), datetime.now(UTC))
    assert priced.reservation is not None
