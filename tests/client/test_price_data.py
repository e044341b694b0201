"""The shipped snapshot against genai-prices, from which it was made; and the user's own prices out of a file."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import genai_prices
import msgspec
import pytest
from genai_prices.data import providers

from llm_pure import Usage
from llm_pure.client.price_data import PRICES_VARIABLE, load_prices, shipped_prices
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.pricing.lookup import find_override, find_prices
from llm_pure.pricing.table import VendorService
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure

PRICE_CONDITIONS: list[dict[str, str]] = [
    {},
    {},
    {"processing": "batch"},
    {"service_tier": "flex"},
    {"service_tier": "priority"},
    {"speed": "fast"},
]


def cases(chance: random.Random) -> list[tuple[str, str]]:
    """(seller, model), every seller with some of its models: 600 and more."""
    found: list[tuple[str, str]] = []
    for provider in providers:
        models = [model.id for model in provider.models]
        found += [(provider.id, name) for name in chance.sample(models, min(len(models), 25))]
    return found


def usage(chance: random.Random) -> Usage:
    whole = chance.choice([0, 1, 1000, 99_999, 200_000, 200_001, 272_001, 900_000])
    cached = chance.randint(0, whole)
    written = chance.randint(0, whole - cached)
    out = chance.randint(0, 20_000)
    return Usage(whole, out, cached, written, chance.randint(0, out))


def theirs(seller: str, model: str, used: Usage, now: datetime, around: dict[str, str]) -> Any:
    """Their calculation, None where they have none."""
    counts = genai_prices.Usage(
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cache_read_tokens=used.cached_input_tokens,
        cache_write_tokens=used.cache_write_tokens,
        output_reasoning_tokens=used.reasoning_tokens,
    )
    try:
        return genai_prices.calc_price(
            counts, model, provider_id=seller, genai_request_timestamp=now, price_context=around
        )
    except (LookupError, ValueError):
        return None


def test_the_snapshot_says_what_genai_prices_says() -> None:
    chance = random.Random(20261120)
    sellers = {one.id: VendorService(one.id) for one in providers}
    table = msgspec.structs.replace(shipped_prices(), services=sellers)
    compared = 0
    for seller, model in cases(chance):
        used, around = usage(chance), chance.choice(PRICE_CONDITIONS)
        now = datetime(
            2026, chance.randint(1, 12), chance.randint(1, 28), chance.randint(0, 23), tzinfo=UTC
        )
        said = theirs(seller, model, used, now, around)
        got = price_usage(table, PricingContext(api_type=seller), (model,), used, now, around)
        if said is None or isinstance(got, Failure):
            assert said is None or not said.total_price, (seller, model, got)
            continue
        ours = got.unwrap()
        assert (ours.total_usd, ours.input_usd, ours.output_usd) == (
            said.total_price,
            said.input_price,
            said.output_price,
        ), (seller, model, now, around)
        compared += 1
    assert compared >= 500


def test_the_snapshot_says_where_it_is_from() -> None:
    table = shipped_prices()
    assert table.source.startswith("genai-prices ")
    assert table.as_of.year >= 2026


@pytest.mark.parametrize(
    ("api_type", "model", "usd"),
    [
        ("openai", "gpt-4o", "0.0125"),
        ("anthropic", "claude-opus-4-5", "0.030"),
        ("bedrock", "global.anthropic.claude-opus-4-5-20251101-v1:0", "0.030"),
        ("azure", "gpt-4o", "0.0125"),
        ("gemini", "gemini-2.5-flash", "0.0028"),
    ],
)
def test_our_providers_have_prices(api_type: str, model: str, usd: str) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    got = price_usage(
        shipped_prices(), PricingContext(api_type=api_type), (model,), Usage(1000, 1000), now
    )
    assert got.unwrap().total_usd == Decimal(usd)


@pytest.mark.parametrize("api_type", ["ollama", "open_llm", "spark"])
def test_nobody_guesses_that_a_service_is_free(api_type: str) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    got = price_usage(
        shipped_prices(), PricingContext(api_type=api_type), ("llama3",), Usage(10, 10), now
    )
    assert isinstance(got, Failure)


def test_every_service_of_the_table_has_its_seller() -> None:
    table = shipped_prices()
    assert {one.vendor for one in table.services.values()} <= set(table.vendors)
    assert {other for one in table.vendors.values() for other in one.resold} <= set(table.vendors)


def test_the_table_knows_windows() -> None:
    match = find_prices(shipped_prices(), "openai", "gpt-4o")
    assert match is not None
    assert match.prices.window == 128_000


@pytest.mark.parametrize(
    "text",
    ["prices:\n  mine: {input: 1, output: 2}\n", "mine: {input: 1, output: 2}\n"],
    ids=["a section", "a file of their own"],
)
def test_the_users_prices_come_out_of_yaml(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    monkeypatch.setenv(PRICES_VARIABLE, str(path))
    for table in (load_prices(), load_prices(path)):
        found = find_override(table.unwrap(), "openai", "mine")
        assert found is not None
        assert found.rates == {"input_mtok": Decimal(1), "output_mtok": Decimal(2)}


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "prices: 7\n", "a: {imput: 1}\n"])
def test_a_file_that_cannot_be_read_is_an_error_value(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    for given in (path, tmp_path / "missing.yaml"):
        assert isinstance(load_prices(given).failure(), InvalidConfiguration)


def test_without_a_file_the_snapshot_is_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PRICES_VARIABLE, raising=False)
    assert load_prices().unwrap().overrides == ()


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import llm_pure", ("tiktoken", "llm_pure.pricing", "llm_pure.tokens")),
        ("from llm_pure.client import LLM", ("tiktoken", "regex")),
    ],
)
def test_neither_prices_nor_tokenizers_are_loaded_before_they_are_used(
    code: str, heavy: tuple[str, ...]
) -> None:
    told = f"import sys; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{told}"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
