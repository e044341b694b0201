"""What a call costs: parts out of wholes, tiers, fees, what the provider reports; and what has no price is never 0."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Completion, Usage
from llm_pure.pricing.costs import PricingContext, cost_of, price_usage, reported_usd
from llm_pure.pricing.ledger import Cost
from llm_pure.pricing.overrides import with_overrides
from llm_pure.pricing.table import (
    Equals,
    ModelPrices,
    Prices,
    PriceStep,
    PriceTable,
    PriceVendor,
    Rates,
    Tiered,
    Unit,
    UsageDetail,
    VendorService,
)
from llm_pure.types.errors import UnknownPrice
from llm_pure.types.result import Success
from tests.support.json_values import json_values

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
M = 1_000_000


def d(text: str) -> Decimal:
    return Decimal(text)


def model(name: str, rates: Rates, **more: Any) -> ModelPrices:
    return ModelPrices(id=name, match=Equals(name), prices=(Prices(rates=rates),), **more)


PLAIN: Rates = {"input_mtok": d("2"), "output_mtok": d("8"), "cache_read_mtok": d("0.5")}
TABLE = PriceTable(
    source="a test",
    as_of=date(2026, 11, 20),
    units={
        "input_mtok": Unit(counts="input_tokens", per=M, kind={"direction": "input"}),
        "output_mtok": Unit(counts="output_tokens", per=M, kind={"direction": "output"}),
        "cache_read_mtok": Unit(
            counts="cache_read_tokens", per=M, kind={"direction": "input", "type": "read"}
        ),
        "input_audio_mtok": Unit(
            counts="input_audio_tokens", per=M, kind={"direction": "input", "of": "audio"}
        ),
        "cache_audio_mtok": Unit(
            counts="cache_audio_tokens",
            per=M,
            kind={"direction": "input", "of": "audio", "type": "read"},
        ),
        "searches": Unit(counts="searches", per=1000, kind={"tool": "search"}),
        "requests": Unit(counts="requests", per=1000, kind={"family": "requests"}),
    },
    vendors={
        "maker": PriceVendor(
            id="maker",
            url="https://maker.test",
            models=(
                model(
                    "plain",
                    PLAIN,
                    variants=(
                        Prices(rates={"input_mtok": d("1")}, when={"processing": "batch"}),
                        Prices(rates={"input_mtok": d("4")}, when={"service_tier": "fast"}),
                    ),
                ),
                model("long", {"input_mtok": Tiered(d("1"), ((100, d("2")), (200, d("3"))))}),
                model(
                    "audio",
                    {
                        "input_mtok": d("1"),
                        "cache_read_mtok": d("0.1"),
                        "input_audio_mtok": d("10"),
                        "cache_audio_mtok": d("5"),
                    },
                ),
                model("fees", {"input_mtok": d("0"), "searches": d("10"), "requests": d("5")}),
                model("no rates", {}),
            ),
        )
    },
    services={"maker": VendorService("maker"), "broker": VendorService("maker", ("cost",))},
    details=(
        UsageDetail("input_audio_tokens", ("details", PriceStep("of", "AUDIO"), "count")),
        UsageDetail("cache_audio_tokens", ("cached_audio",)),
        UsageDetail("searches", ("tools", "searches")),
        UsageDetail("searches", ("more_searches",)),
    ),
)
BUYER = PricingContext(api_type="maker")


def priced(name: str, usage: Usage, **price_conditions: str) -> Cost:
    return price_usage(TABLE, BUYER, (name,), usage, NOON, price_conditions).unwrap()


def test_cached_input_is_taken_out_of_the_input() -> None:
    assert priced("plain", Usage(1000, 100, cached_input_tokens=400)) == Cost(
        total_usd=d("0.0012") + d("0.0002") + d("0.0008"),
        input_usd=d("0.0014"),
        output_usd=d("0.0008"),
        source="table",
        price="maker:plain",
    )


@pytest.mark.parametrize(("tokens", "rate"), [(100, "1"), (101, "2"), (200, "2"), (201, "3")])
def test_a_tier_prices_the_whole_input(tokens: int, rate: str) -> None:
    assert priced("long", Usage(tokens, 5)).total_usd == tokens * d(rate) / M


def test_audio_and_cached_audio_are_parts_of_parts() -> None:
    raw = {"details": [{"of": "TEXT"}, {"of": "AUDIO", "count": 300}], "cached_audio": 100}
    usage = Usage(1000, 0, cached_input_tokens=150, raw=raw)
    # 100 cached audio, 200 other audio, 50 other cached, 650 plain
    assert priced("audio", usage).total_usd == (100 * 5 + 200 * 10 + 50 * d("0.1") + 650) / M


def test_fees_are_neither_input_nor_output_and_several_places_add_up() -> None:
    usage = Usage(10, 0, raw={"tools": {"searches": 2}, "more_searches": 1})
    assert priced("fees", usage) == Cost(
        total_usd=3 * d("0.01") + d("0.005"), source="table", price="maker:fees"
    )


def entry(kind: str, name: str | None, sent: int, received: int, **more: int) -> dict[str, Any]:
    counts = {"input_tokens": sent, "output_tokens": received, **more}
    return {"type": kind, **counts, **({} if name is None else {"model": name})}


@pytest.mark.parametrize(
    ("iterations", "usd"),
    [
        ([entry("message", None, 10, 5), entry("compaction", None, 99, 9)], "60"),  # in the totals
        ([entry("message", None, 10, 5), entry("advisor_message", "long", 100, 3)], "160"),
        ([entry("advisor_message", "plain", 1, 2, cache_read_input_tokens=4)], "80"),
        ([entry("message", "long", 100, 3), entry("fallback_message", "plain", 10, 5)], "160"),
        ([entry("message", "long", 100, 0), entry("fallback_message", "plain", 10, 5)], "60"),
        ([entry("message", "plain", 10, 5), entry("message", "plain", 1, 1)], "60"),
        ([None, "x", {"type": "advisor_message"}, {"type": "advisor_message", "model": "long", "input_tokens": "9"}], "60"),
        ("x", "60"),
    ],
)  # fmt: skip
def test_other_models_of_a_call_have_their_own_prices(iterations: Any, usd: str) -> None:
    usage = Usage(10, 5, raw={"iterations": iterations})
    assert priced("plain", usage).total_usd == d(usd) / M


def test_another_model_without_a_price_is_an_error_and_the_plan_is_not_its_own() -> None:
    usage = Usage(10, 5, raw={"iterations": [entry("advisor_message", "mystery", 1, 1)]})
    plan = msgspec.structs.replace(BUYER, plan="plain")
    for buyer in (BUYER, plan):
        error = price_usage(TABLE, buyer, ("plain",), usage, NOON).failure()
        assert isinstance(error, UnknownPrice)
        assert error.model == "mystery"


def test_what_is_billed_counts_where_it_is_told_apart_from_what_was_used() -> None:
    raw = {"billed": {"in": 30, "out": 10}, "tokens": 1}
    table = msgspec.structs.replace(
        TABLE,
        billed=(
            UsageDetail("input_tokens", ("billed", "in")),
            UsageDetail("output_tokens", ("billed", "out")),
        ),
    )
    usage = Usage(1000, 100, cached_input_tokens=400, raw=raw)
    got = price_usage(table, BUYER, ("plain",), usage, NOON).unwrap()
    assert got.total_usd == (30 * d("2") + 10 * d("8")) / M


def test_a_batch_and_a_tier_have_their_own_rates() -> None:
    usage = Usage(M, 0)
    fast = Completion(model="plain", usage=usage, extra={"service_tier": "fast"})
    costs = [
        cost_of(TABLE, BUYER, Completion(model="plain", usage=usage), NOON, batch=True),
        cost_of(TABLE, BUYER, fast, NOON),
        cost_of(TABLE, BUYER, Completion(model="plain", usage=usage), NOON),
    ]
    assert [one.unwrap().total_usd for one in costs] == [d("1"), d("4"), d("2")]


def test_what_the_provider_reports_is_taken_first() -> None:
    usage = Usage(M, 0, raw={"cost": 0.00123})
    got = cost_of(
        TABLE, PricingContext(api_type="broker"), Completion(model="plain", usage=usage), NOON
    )
    assert got == Success(Cost(total_usd=d("0.00123"), source="reported", price="broker"))
    assert (
        cost_of(TABLE, BUYER, Completion(model="plain", usage=usage), NOON).unwrap().source
        == "table"
    )


@pytest.mark.parametrize("told", [None, "1", True, -1, {"total": 1}])
def test_only_a_number_is_a_reported_cost(told: object) -> None:
    assert reported_usd(TABLE, "broker", Usage(raw={"cost": told})) is None


def test_the_plan_goes_before_the_models_name_and_the_users_price_before_the_table() -> None:
    table = with_overrides(TABLE, {"mine": {"input": 5}}).unwrap()
    usage = Usage(M, 0)
    plan = PricingContext(api_type="maker", plan="long")
    assert price_usage(table, plan, ("plain",), usage, NOON).unwrap().price == "maker:long"
    assert price_usage(table, BUYER, ("plain", "mine"), usage, NOON).unwrap() == Cost(
        total_usd=d("5"), input_usd=d("5"), source="user", price="user:mine"
    )


def test_the_name_that_was_asked_for_stands_in_for_an_answers_unknown_one() -> None:
    answer = Completion(model="plain-0613-preview", usage=Usage(M, 0))
    assert cost_of(TABLE, BUYER, answer, NOON, model="plain").unwrap().total_usd == d("2")


def test_a_count_of_our_own_makes_an_estimated_cost() -> None:
    assert priced("plain", Usage(10, 10, estimated=True)).estimated


@pytest.mark.parametrize(
    ("name", "usage", "told"),
    [
        ("nobody", Usage(10, 10), "no price is known for 'nobody'"),
        ("", Usage(10, 10), "no price is known for ''"),
        ("no rates", Usage(10, 10), "the entry maker:no rates has no rates"),
        ("plain", Usage(None, 10), "the input tokens are not known"),
        ("plain", Usage(10, None), "the output tokens are not known"),
        ("plain", Usage(), "the input tokens are not known"),
    ],
)
def test_what_cannot_be_priced_is_an_error_and_never_zero(
    name: str, usage: Usage, told: str
) -> None:
    error = price_usage(TABLE, BUYER, (name,), usage, NOON).failure()
    assert isinstance(error, UnknownPrice)
    assert error.message == told


def test_a_price_of_zero_that_was_said_is_a_price() -> None:
    table = with_overrides(TABLE, {"maker:*": {"input": 0, "output": 0}}).unwrap()
    assert price_usage(table, BUYER, ("home",), Usage(), NOON).unwrap().total_usd == 0


COUNTS = st.integers(0, 10**9)


@given(COUNTS, COUNTS, COUNTS, st.integers(0, 10**6))
def test_more_tokens_never_cost_less(whole: int, cached: int, out: int, more: int) -> None:
    """Counts that contradict each other, such as more cached than there were, are priced too."""
    less = priced("plain", Usage(whole, out, cached_input_tokens=cached)).total_usd
    assert less >= 0
    assert priced("plain", Usage(whole, out + more, cached_input_tokens=cached)).total_usd >= less
    assert priced("plain", Usage(whole + more, out, cached_input_tokens=cached)).total_usd >= less


json = json_values(max_leaves=10, nan=True)


@given(
    st.dictionaries(st.sampled_from(["details", "cached_audio", "tools", "more_searches"]), json)
)
def test_no_usage_object_is_too_odd_to_be_priced(raw: dict[str, Any]) -> None:
    assert priced("fees", Usage(1, 1, raw=raw)).total_usd >= 0
