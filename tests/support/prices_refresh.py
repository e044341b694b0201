"""genai-prices (MIT) -> llm_pure/data/prices.json.xz: `make prices-refresh`. Takes what is installed; no network.

Prices, tiers, dates, windows and the names of models are taken over; comments, links and descriptions are left out. Which
of our api_types buys from which seller is said here.
"""

import lzma
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genai_prices import types as gp
from genai_prices.data import providers
from genai_prices.data_units import unit_data

from llm_pure.pricing import table as ours

FILE = Path(__file__).parents[2] / "llm_pure" / "data" / "prices.json.xz"

SELLERS = {
    "openai": "openai openai_responses",
    "anthropic": "anthropic claude",
    "google": "gemini vertex vertex_anthropic",
    "azure": "azure azure_responses",
    "aws": "bedrock bedrock_invoke",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "cohere": "cohere",
    "groq": "groq",
    "cerebras": "cerebras",
    "fireworks": "fireworks",
    "together": "together",
    "perplexity": "perplexity",
    "x-ai": "xai",
    "moonshotai": "moonshot",
    "zhipuai": "zhipuai",
    "zai": "zai",
    "meta": "llama_api",
}
"""genai-prices' provider -> our api_types. Those that are not here have a price by their base URL only, or by the user's."""

REPORTS_COST = {"openrouter": "open_router openrouter openrouter_reasoning"}
"""The same, of services whose usage object says `cost`, in USD (openrouter.ai, "Usage Accounting"; read 2026-11-20)."""

COUNTED_ALREADY = {
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_reasoning_tokens",
}
"""What our Usage says itself."""


BILLED = (
    ours.UsageDetail("input_tokens", ("billed_units", "input_tokens")),
    ours.UsageDetail("output_tokens", ("billed_units", "output_tokens")),
)
"""Cohere tells used and billed tokens apart (docs.cohere.com, "Chat API v2"; genai-prices' extractor `default`)."""


def match_of(logic: Any) -> ours.Match:
    match logic:
        case gp.ClauseStartsWith():
            return ours.StartsWith(logic.starts_with)
        case gp.ClauseEndsWith():
            return ours.EndsWith(logic.ends_with)
        case gp.ClauseContains():
            return ours.Contains(logic.contains)
        case gp.ClauseEquals():
            return ours.Equals(logic.equals)
        case gp.ClauseRegex():
            return ours.Matches(logic.regex)
        case gp.ClauseOr():
            return ours.AnyOf(tuple(map(match_of, logic.or_)))
        case gp.ClauseAnd():
            return ours.AllOf(tuple(map(match_of, logic.and_)))
        case _:
            raise SystemExit(f"a clause that is not known: {logic!r}")


def rates_of(price: gp.ModelPrice) -> ours.Rates:
    rates: ours.Rates = {}
    for name, value in vars(price).items():
        if isinstance(value, gp.TieredPrices):
            tiers = tuple((tier.start, tier.price) for tier in value.tiers)
            rates[name] = ours.Tiered(value.base, tiers)
        elif value is not None:
            rates[name] = value
    return rates


def prices_of(price: gp.ModelPrice, constraint: Any, when: dict[str, str]) -> ours.Prices:
    since: date | None = None
    between: tuple[time, time] | None = None
    match constraint:
        case None:
            pass
        case gp.StartDateConstraint():
            since = constraint.start_date
        case gp.TimeOfDateConstraint():
            between = (plain(constraint.start_time), plain(constraint.end_time))
        case _:
            raise SystemExit(f"a constraint that is not known: {constraint!r}")
    return ours.Prices(rates=rates_of(price), since=since, between=between, when=when)


def plain(moment: time) -> time:
    if moment.utcoffset():
        raise SystemExit(f"a time of day that is not in UTC: {moment!r}")
    return moment.replace(tzinfo=None)


def model_of(model: gp.ModelInfo) -> ours.ModelPrices:
    listed = model.prices if isinstance(model.prices, list) else [model.prices]
    return ours.ModelPrices(
        id=model.id,
        match=match_of(model.match),
        prices=tuple(
            prices_of(one.prices, one.constraint, {})
            if isinstance(one, gp.ConditionalPrice)
            else prices_of(one, None, {})
            for one in listed
        ),
        variants=tuple(
            prices_of(one.prices, one.constraint, one.when) for one in model.price_variants or ()
        ),
        window=model.context_window,
    )


def details() -> tuple[ours.UsageDetail, ...]:
    found: dict[ours.UsageDetail, None] = {}
    for provider in providers:
        for extractor in provider.extractors or ():
            if extractor.root in ("usage", "usageMetadata"):
                for mapping in extractor.mappings:
                    if mapping.dest not in COUNTED_ALREADY:
                        found[ours.UsageDetail(mapping.dest, path_of(mapping.path))] = None
    return tuple(found)


def path_of(path: Any) -> tuple[str | ours.PriceStep, ...]:
    steps: list[str | ours.PriceStep] = []
    for step in [path] if isinstance(path, str) else path:
        if isinstance(step, str):
            steps.append(step)
        elif isinstance(step.match, gp.ClauseEquals):
            steps.append(ours.PriceStep(step.field, step.match.equals))
        else:
            raise SystemExit(f"a step that is not known: {step!r}")
    return tuple(steps)


def services() -> dict[str, ours.VendorService]:
    sold = {
        name: ours.VendorService(seller)
        for seller, names in SELLERS.items()
        for name in names.split()
    }
    told = {
        name: ours.VendorService(seller, ("cost",))
        for seller, names in REPORTS_COST.items()
        for name in names.split()
    }
    return {**sold, **told}


def main() -> None:
    """Write the snapshot; a new date only where something else is new too."""
    table = ours.PriceTable(
        source=f"genai-prices {version('genai-prices')}",
        as_of=datetime.now(UTC).date(),
        units={
            unit["price_key"]: ours.Unit(counts=counts, per=unit["per"], kind=unit["dimensions"])
            for counts, unit in unit_data.items()
        },
        vendors={
            one.id: ours.PriceVendor(
                id=one.id,
                url=one.api_pattern,
                models=tuple(map(model_of, one.models)),
                resold=tuple(one.fallback_model_providers or ()),
            )
            for one in providers
        },
        services=services(),
        details=details(),
        billed=BILLED,
    )
    data = ours.table_json(table)
    FILE.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    models = sum(len(seller.models) for seller in table.vendors.values())
    print(f"{table.source}: {models} models, {len(data)} bytes, {FILE.stat().st_size} packed")


if __name__ == "__main__":
    main()
