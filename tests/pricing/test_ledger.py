"""The ledger: what is held and spent, never above the budget; sums by model; prices that come later."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Usage
from llm_pure.pricing.ledger import (
    Call,
    Cost,
    Ledger,
    Totals,
    crossed_threshold,
    price_unpriced,
    record,
    release,
    reserve,
    settle,
)
from llm_pure.types.errors import BudgetExceeded, UnknownPrice
from llm_pure.types.result import Failure, LLMResult, Success

DOLLAR = Ledger(max_usd=Decimal(1))


def call(usd: str | None, model: str = "m", took_s: float | None = None) -> Call:
    cost = None if usd is None else Cost(total_usd=Decimal(usd))
    return Call(
        model=model, provider="p", usage=Usage(10, 5, 4, 1, 2), cost=cost, duration_s=took_s
    )


def test_a_call_is_held_then_settled_at_what_it_cost() -> None:
    held = reserve(DOLLAR, "a", Decimal("0.6")).unwrap()
    assert (held.reserved_usd, held.remaining_usd, held.totals) == (
        Decimal("0.6"),
        Decimal("0.4"),
        Totals(),
    )
    spent = settle(held, "a", call("0.25", took_s=2.0))
    totals = Totals(
        calls=1,
        input_tokens=10,
        output_tokens=5,
        cached_input_tokens=4,
        cache_write_tokens=1,
        reasoning_tokens=2,
        cost_usd=Decimal("0.25"),
        duration_s=2.0,
        timed_output_tokens=5,
    )
    assert spent == Ledger(max_usd=Decimal(1), totals=totals, by_model={"p:m": totals})
    assert (totals.tokens_per_s, totals.cost_per_call_usd) == (2.5, Decimal("0.25"))


def test_what_does_not_fit_is_refused_and_what_is_released_fits_again() -> None:
    held = reserve(DOLLAR, "a", Decimal("0.6")).unwrap()
    refused = reserve(held, "b", Decimal("0.41")).failure()
    assert isinstance(refused, BudgetExceeded)
    assert refused.message == (
        "the call may cost 0.41 USD, and of 1 USD 0 are spent and 0.6 reserved for pending calls"
    )
    assert isinstance(reserve(release(held, "a"), "b", Decimal(1)), Success)
    assert release(held, "nobody") is held


def test_without_a_limit_everything_fits() -> None:
    assert isinstance(reserve(Ledger(), "a", Decimal(10**9)), Success)
    assert Ledger().remaining_usd is None


def test_unpriced_calls_are_counted_and_wait_for_a_price() -> None:
    ledger = record(DOLLAR, (call(None), call(None, "other")))
    assert (ledger.totals.calls, ledger.totals.unpriced_calls) == (2, 2)
    assert (ledger.totals.cost_usd, ledger.totals.cost_per_call_usd) == (Decimal(0), None)

    def price(one: Call) -> LLMResult[Cost]:
        if one.model == "m":
            return Success(Cost(total_usd=Decimal("0.5"), estimated=True))
        return Failure(UnknownPrice(message="no"))

    later = price_unpriced(ledger, price)
    assert (
        later.by_model["p:m"]
        == record(
            Ledger(),
            (
                Call(
                    model="m",
                    provider="p",
                    usage=Usage(10, 5, 4, 1, 2),
                    cost=price(call(None)).unwrap(),
                ),
            ),
        ).by_model["p:m"]
    )
    assert later.unpriced == (call(None, "other"),)
    assert later.remaining_usd == Decimal("0.5")


CALLS = st.builds(call, st.sampled_from([None, "0.1", "2"]), st.sampled_from(["m", "n"]))


@given(st.lists(CALLS, max_size=8), st.lists(CALLS, max_size=8))
def test_calls_recorded_together_count_as_one_by_one(before: list[Call], calls: list[Call]) -> None:
    start = record(DOLLAR, before)
    one_by_one = start
    for one in calls:
        one_by_one = settle(one_by_one, "", one)
    assert record(start, calls) == one_by_one


def test_only_the_last_thousand_unpriced_calls_are_kept() -> None:
    ledger = Ledger()
    for number in range(1010):
        ledger = record(ledger, (call(None, str(number)),))
    assert [len(ledger.unpriced), ledger.unpriced[0].model] == [1000, "10"]
    assert ledger.totals.unpriced_calls == 1010


@pytest.mark.parametrize(
    ("before", "after", "share", "is_crossed"),
    [("0.7", "0.8", 0.8, True), ("0.8", "0.9", 0.8, False), ("0.1", "0.79", 0.8, False)],
)
def test_an_alert_comes_once(before: str, after: str, share: float, is_crossed: bool) -> None:
    first = record(DOLLAR, (call(before),))
    second = record(DOLLAR, (call(after),))
    assert crossed_threshold(first, second, share) is is_crossed
    assert not crossed_threshold(Ledger(), second, share) or second.max_usd


MONEY = st.decimals(0, 2, places=4)


@given(
    st.lists(st.tuples(st.sampled_from(["reserve", "settle", "release"]), MONEY, st.integers(0, 5)))
)
def test_spent_and_held_never_pass_the_budget(
    steps: list[tuple[str, Decimal, int]],
) -> None:
    """As long as no call costs more than was held for it."""
    ledger = DOLLAR
    calls = 0
    for what, usd, number in steps:
        name = str(number)
        if what == "reserve" and name not in ledger.reserved:
            got = reserve(ledger, name, usd)
            ledger = ledger if isinstance(got, Failure) else got.unwrap()
        elif what == "settle" and name in ledger.reserved:
            ledger = settle(ledger, name, call(str(min(usd, ledger.reserved[name]))))
            calls += 1
        elif what == "release":
            ledger = release(ledger, name)
        assert ledger.remaining_usd is not None
        assert ledger.remaining_usd >= 0
        assert ledger.totals.calls == calls
        assert sum(one.cost_usd for one in ledger.by_model.values()) == ledger.totals.cost_usd
