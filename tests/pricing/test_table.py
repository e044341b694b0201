"""The price table: models found by name, prices by date, time of day and circumstance; the user's own before them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from llm_pure.pricing.lookup import find_override, find_prices, rates_at, vendor_for
from llm_pure.pricing.overrides import with_overrides
from llm_pure.pricing.table import (
    AllOf,
    AnyOf,
    Contains,
    EndsWith,
    Equals,
    Match,
    Matches,
    ModelPrices,
    Prices,
    PriceTable,
    PriceVendor,
    StartsWith,
    Tiered,
    Unit,
    VendorService,
    matches,
    read_table,
    table_json,
)
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Success

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rates(usd: str) -> dict[str, Decimal | Tiered]:
    return {"input_mtok": Decimal(usd)}


LADDER = ModelPrices(
    id="ladder",
    match=StartsWith("Ladder"),
    prices=(
        Prices(rates=rates("1")),
        Prices(rates=rates("2"), since=date(2026, 11, 1)),
        Prices(rates=rates("3"), between=(time(22), time(2))),
    ),
    variants=(
        Prices(rates=rates("0.5"), when={"processing": "batch"}),
        Prices(rates={"output_mtok": Decimal(9)}, when={"processing": "batch"}),
        Prices(rates=rates("7"), when={"service_tier": "fast"}, since=date(2027, 1, 1)),
    ),
    window=1000,
)
DATED = ModelPrices(
    id="dated", match=Equals("dated-2026-01-02"), prices=(Prices(rates=rates("4")),)
)
TABLE = PriceTable(
    source="a test",
    as_of=date(2026, 11, 20),
    units={
        "input_mtok": Unit(counts="input_tokens", per=1_000_000, kind={"direction": "input"}),
        "output_mtok": Unit(counts="output_tokens", per=1_000_000, kind={"direction": "output"}),
        "cache_read_mtok": Unit(
            counts="cache_read_tokens", per=1_000_000, kind={"direction": "input", "type": "read"}
        ),
    },
    vendors={
        "maker": PriceVendor(id="maker", url=r"https://api\.maker\.test", models=(LADDER, DATED)),
        "reseller": PriceVendor(
            id="reseller", url=r"https://.*\.resold\.test", models=(), resold=("maker",)
        ),
    },
    services={"maker": VendorService("maker"), "cloud": VendorService("reseller")},
)


@pytest.mark.parametrize(
    ("match", "name", "is_meant"),
    [
        (StartsWith("GPT"), "gpt-4o", True),
        (EndsWith("4o"), "gpt-4o", True),
        (Contains("t-4"), "gpt-4o", True),
        (Equals("gpt-4"), "gpt-4o", False),
        (Matches(r"^gpt-\d"), "gpt-4o", True),
        (AnyOf((Equals("x"), Contains("4"))), "gpt-4o", True),
        (AllOf((Equals("x"), Contains("4"))), "gpt-4o", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, tuple(Match.__args__)) else None,
)
def test_names_are_matched_by_clauses(match: Match, name: str, is_meant: bool) -> None:
    assert matches(match, name) is is_meant


@pytest.mark.parametrize(
    ("api_type", "model", "base_url", "found"),
    [
        ("maker", "ladder-2", None, ("maker", "ladder", True)),
        ("maker", "LADDER", None, ("maker", "ladder", True)),
        ("cloud", "ladder-2", None, ("maker", "ladder", False)),
        ("open_llm", "ladder-2", "https://api.maker.test/v1", ("maker", "ladder", True)),
        ("maker", "ladder-2", "https://a.resold.test", ("maker", "ladder", False)),
        ("maker", "ladder-2", "https://proxy.test", ("maker", "ladder", True)),
        ("maker", "dated-20260102", None, ("maker", "dated", True)),
        ("maker", "dated-20261402", None, None),
        ("maker", "snake", None, None),
        ("open_llm", "ladder-2", None, None),
    ],
)
def test_a_model_is_found_at_who_sells_it(
    api_type: str, model: str, base_url: str | None, found: tuple[str, str, bool] | None
) -> None:
    got = find_prices(TABLE, api_type, model, base_url)
    assert (got and (got.vendor, got.prices.id, got.is_own)) == found


def test_nobody_sells_what_runs_at_home() -> None:
    assert vendor_for(TABLE, "ollama") is None


@pytest.mark.parametrize(
    ("now", "usd"),
    [
        (datetime(2026, 10, 31, 12, tzinfo=UTC), "1"),
        (datetime(2026, 11, 1, 3, tzinfo=UTC), "2"),
        (datetime(2026, 11, 1, 22, tzinfo=UTC), "3"),
        (datetime(2026, 11, 2, 1, 59, tzinfo=UTC), "3"),
        (datetime(2026, 11, 2, 2, tzinfo=UTC), "2"),
    ],
    ids=str,
)
def test_the_last_price_that_holds_counts(now: datetime, usd: str) -> None:
    found = find_prices(TABLE, "maker", "ladder")
    assert found is not None
    assert rates_at(found, now, {}) == rates(usd)


def test_variants_replace_single_rates_for_the_sellers_own_models_only() -> None:
    own, resold = find_prices(TABLE, "maker", "ladder"), find_prices(TABLE, "cloud", "ladder")
    assert own is not None
    assert resold is not None
    batch = {"processing": "batch"}
    assert rates_at(own, NOON, batch) == {**rates("0.5"), "output_mtok": Decimal(9)}
    assert rates_at(own, NOON, {"service_tier": "fast"}) == rates("2")
    assert rates_at(resold, NOON, batch) == rates("2")


def test_a_table_is_the_same_after_json() -> None:
    data = table_json(TABLE)
    assert table_json(read_table(data).unwrap()) == data


@pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b'{"source":1}'])
def test_what_is_no_table_is_an_error_value(data: bytes) -> None:
    error = read_table(data).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "prices"


def test_the_users_prices_come_first_by_name_star_or_provider() -> None:
    table = with_overrides(
        TABLE,
        {
            "mine": {"input": 0.1, "cached_input": "0.01"},
            "local:*": {"input": 0, "output": 0},
            "maker:lad*": {"input": {"base": 1, "tiers": {200: 2, 100: 1.5}}},
        },
    ).unwrap()
    found = [
        find_override(table, api_type, model)
        for api_type, model in (
            ("maker", "mine"),
            ("local", "any"),
            ("maker", "ladder"),
            ("cloud", "ladder"),
            ("maker", "mine-2"),
        )
    ]
    assert [one and one.rates for one in found] == [
        {"input_mtok": Decimal("0.1"), "cache_read_mtok": Decimal("0.01")},
        {"input_mtok": Decimal(0), "output_mtok": Decimal(0)},
        {"input_mtok": Tiered(Decimal(1), ((100, Decimal("1.5")), (200, Decimal(2))))},
        None,
        None,
    ]


def test_prices_given_last_come_first() -> None:
    once = with_overrides(TABLE, {"a": {"input": 1}}).unwrap()
    twice = with_overrides(once, {"a": {"input": 2}}).unwrap()
    got = find_override(twice, "maker", "a")
    assert got is not None
    assert got.rates == rates("2")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "prices: expected a mapping, got list"),
        ({"a": 1}, "a: expected a mapping, got int"),
        ({"a": {}}, "a: no price"),
        ({"a": {"imput": 1}}, "a: 'imput' is not a unit"),
        ({"a": {"input": "dear"}}, "a.input: 'dear' is not a price in USD"),
        ({"a": {"input": -1}}, "a.input: -1 is not a price in USD"),
        ({"a": {"input": "NaN"}}, "a.input: 'NaN' is not a price in USD"),
        ({"a": {"input": True}}, "a.input: True is not a price in USD"),
        ({"a": {"input": {"tiers": {}}}}, "a.input: None is not a price in USD"),
        ({"a": {"input": {"base": 1, "tiers": {"x": 1}}}}, "tiers start at a number of tokens"),
    ],
)
def test_prices_that_cannot_be_read_are_an_error_value(given: object, told: str) -> None:
    error = with_overrides(TABLE, given).failure()
    assert isinstance(error, InvalidConfiguration)
    assert told in error.message


def test_an_empty_override_changes_nothing() -> None:
    assert isinstance(with_overrides(TABLE, {}), Success)
