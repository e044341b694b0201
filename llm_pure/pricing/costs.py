"""What a call costs: usage, prices and the time -> `Cost`, in US dollars as Decimal. What has no price is never 0.

Tiers go by the whole input. A part of a usage that has its own rate (cached input, audio ...) is taken out of the whole that
it is a part of.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from llm_pure.pricing.ledger import CIRCUMSTANCES, ZERO, Cost, CostSource
from llm_pure.pricing.lookup import find_override, find_prices, rates_at
from llm_pure.pricing.table import (
    PriceStep,
    PriceTable,
    Rate,
    Rates,
    Tiered,
    UsageDetail,
    VendorService,
)
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import UnknownPrice
from llm_pure.types.result import Failure, LLMResult, Success

BATCH: Mapping[str, str] = {"processing": "batch"}


class PricingContext(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and where: what decides whose price counts. plan: config.pricing_plan, over the names of models."""

    api_type: str
    base_url: str | None = None
    plan: str | None = None


def cost_of(
    table: PriceTable,
    buyer: PricingContext,
    completion: Completion,
    now: datetime,
    *,
    model: str = "",
    batch: bool = False,
) -> LLMResult[Cost]:
    """What an answer costs: as the provider reported, else as the user's prices or the table have it.

    now: when it was asked, aware. model: the name that was asked for, where the answer's own has no price.
    Fails with UnknownPrice.
    """
    usage = completion.usage
    reported = reported_usd(table, buyer.api_type, usage)
    if reported is not None:
        return Success(Cost(total_usd=reported, source="reported", price=buyer.api_type))
    around = price_conditions(completion)
    if batch:
        around.update(BATCH)
    return price_usage(table, buyer, (completion.model, model), usage, now, around)


def price_usage(
    table: PriceTable,
    buyer: PricingContext,
    models: Sequence[str],
    usage: Usage,
    now: datetime,
    price_conditions: Mapping[str, str] = {},
) -> LLMResult[Cost]:
    """The same by the tables alone. models: names of one model, the best known first. Fails with UnknownPrice."""
    named = [name for name in (buyer.plan, *models) if name]
    for name in named:
        override = find_override(table, buyer.api_type, name)
        if override is not None:
            return _priced(table, override.rates, usage, "user", f"user:{override.name}")
    for name in named:
        found = find_prices(table, buyer.api_type, name, buyer.base_url)
        if found is not None:
            rates = rates_at(found, now, price_conditions)
            return _priced(table, rates, usage, "table", f"{found.seller}:{found.prices.id}")
    model = named[0] if named else ""
    return Failure(_unknown(f"no price is known for {model!r}", model, buyer.api_type))


def reported_usd(table: PriceTable, api_type: str, usage: Usage) -> Decimal | None:
    """What the provider itself says that the call cost; None where it does not say."""
    for key in table.services.get(api_type, VendorService()).reported:
        told = (usage.raw or {}).get(key)
        if isinstance(told, int | float) and not isinstance(told, bool) and told >= 0:
            return Decimal(str(told))
    return None


def price_conditions(completion: Completion) -> dict[str, str]:
    """What the answer says of how it was served, for prices that depend on it."""
    raw, extra = completion.usage.raw or {}, completion.extra
    told = [(key, extra.get(key, raw.get(key))) for key in CIRCUMSTANCES]
    return {key: value for key, value in told if isinstance(value, str)}


def counts_of(table: PriceTable, usage: Usage) -> dict[str, int]:
    """Everything that can have a price, by the names of the table's units; what was not said is left out."""
    counts = {
        "requests": 1,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
    }
    known = {name: count for name, count in counts.items() if count is not None}
    if usage.raw:
        for billed in table.billed:
            told = _at(usage.raw, billed.path)
            if told is not None:
                known.pop("cache_read_tokens", None)  # it is not among what is billed
                known[billed.counts] = told
        heads = _details(table)
        for head in heads.keys() & usage.raw.keys():
            for detail in heads[head]:
                told = _at(usage.raw, detail.path)
                if told is not None:
                    known[detail.counts] = known.get(detail.counts, 0) + told
    return known


@lru_cache(maxsize=64)
def _details(table: PriceTable) -> Mapping[str | PriceStep, tuple[UsageDetail, ...]]:
    """By the first step of their paths."""
    heads = {detail.path[0] for detail in table.details}
    return {head: tuple([one for one in table.details if one.path[0] == head]) for head in heads}


def _priced(
    table: PriceTable, rates: Rates, usage: Usage, source: CostSource, price: str
) -> LLMResult[Cost]:
    if not rates:
        return Failure(_unknown(f"the entry {price} has no rates", price))
    counts = counts_of(table, usage)
    for unit, field in (("input_mtok", "input_tokens"), ("output_mtok", "output_tokens")):
        if rates.get(unit) and field not in counts:
            return Failure(_unknown(f"the {field.replace('_', ' ')} are not known", price))
    whole = counts.get("input_tokens", 0)
    total = {"input": ZERO, "output": ZERO, "": ZERO}
    left: dict[str, int] = {}
    for name, counted, per, direction, parts in _plan(table, tuple(rates)):
        count = counts.get(counted, 0) - sum([left[part] for part in parts])
        left[name] = count = max(0, count)
        if count:
            total[direction] += _usd(rates[name], whole) * count / per
    return Success(
        Cost(
            total_usd=total["input"] + total["output"] + total[""],
            input_usd=total["input"],
            output_usd=total["output"],
            source=source,
            price=price,
            estimated=usage.estimated,
        )
    )


_Line: TypeAlias = tuple[str, str, int, str, tuple[str, ...]]
"""(unit, the usage that it counts, per, "input", "output" or "", the units that are parts of it)."""


@lru_cache(maxsize=512)
def _plan(table: PriceTable, names: tuple[str, ...]) -> tuple[_Line, ...]:
    """The units in an order in which parts come before what they are parts of."""
    kinds = {name: table.units[name].kind.items() for name in names if name in table.units}
    lines: list[_Line] = []
    for name in sorted(kinds, key=lambda one: -len(kinds[one])):
        unit = table.units[name]
        parts = tuple([line[0] for line in lines if kinds[name] < kinds[line[0]]])
        lines.append((name, unit.counts, unit.per, unit.kind.get("direction", ""), parts))
    return tuple(lines)


def _usd(rate: Rate, input_tokens: int) -> Decimal:
    if not isinstance(rate, Tiered):
        return rate
    for start, usd in reversed(rate.tiers):
        if input_tokens > start:
            return usd
    return rate.base


def _at(value: Any, path: tuple[str | PriceStep, ...]) -> int | None:
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list):
            fit = [
                one for one in value if isinstance(one, dict) and one.get(step.key) == step.value
            ]
            value = fit[0] if fit else None
        else:
            return None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _unknown(message: str, model: str, provider: str = "") -> UnknownPrice:
    return UnknownPrice(message=message, model=model, provider=provider)


def max_cost_usd(
    table: PriceTable,
    buyer: PricingContext,
    models: Sequence[str],
    input_tokens: int,
    output_tokens: int,
    now: datetime,
) -> LLMResult[Decimal]:
    """The most that a call can cost: the dearest rate of input (written into a cache, say) and of output, and the dearer of
    the standard price and its variants. Fees for searches are not foreseen. Fails with UnknownPrice.
    """
    offers: list[Rates] = []
    for name in [name for name in (buyer.plan, *models) if name]:
        override = find_override(table, buyer.api_type, name)
        found = find_prices(table, buyer.api_type, name, buyer.base_url)
        if override is not None:
            offers = [override.rates]
            break
        if found is not None and not offers:
            standard = rates_at(found, now, {})
            variants = [{**standard, **one.rates} for one in found.prices.variants if found.own]
            offers = [standard, *variants]
    if not any(offers):
        model = next(filter(None, (buyer.plan, *models)), "")
        return Failure(_unknown(f"no price is known for {model!r}", model, buyer.api_type))
    return Success(max([_most(table, rates, input_tokens, output_tokens) for rates in offers]))


def _most(table: PriceTable, rates: Rates, input_tokens: int, output_tokens: int) -> Decimal:
    total = ZERO
    for direction, tokens in (("input", input_tokens), ("output", output_tokens)):
        asked = [
            _usd(rate, input_tokens) / table.units[name].per
            for name, rate in rates.items()
            if table.units[name].kind.get("direction") == direction
            and table.units[name].kind.get("family", "tokens") == "tokens"
        ]
        total += max(asked, default=ZERO) * tokens
    if "requests_kcount" in rates:
        total += _usd(rates["requests_kcount"], input_tokens) / table.units["requests_kcount"].per
    return total
