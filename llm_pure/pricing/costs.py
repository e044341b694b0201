"""Cost of a call: usage, prices and time -> `Cost` in US dollars as Decimal. A call without a known price never costs 0.

Tiers depend on all input tokens. A part of the usage with its own rate (cached input, audio ...) is subtracted from the
tokens it is a part of.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias, TypeGuard

import msgspec

from llm_pure.pricing.ledger import PRICE_CONDITIONS, ZERO, Cost, CostSource
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

COUNT_LIMIT = 2_000_000_000
"""Maximum tokens of one call that are counted into money; a larger count is an error of the service."""

REPORTED_LIMIT_USD = 10_000
"""Maximum cost of one call, as its provider reports it, that is believed; else the price table decides."""

BATCH: Mapping[str, str] = {"processing": "batch"}

_NO_SERVICE = VendorService()


class PricingContext(msgspec.Struct, frozen=True, kw_only=True):
    """The target of a call, as far as it decides which price applies."""

    api_type: str
    base_url: str | None = None
    plan: str | None = None
    """`config.pricing_plan`: takes precedence over the names of models."""


def cost_of(
    table: PriceTable,
    context: PricingContext,
    completion: Completion,
    now: datetime,
    *,
    model: str = "",
    batch: bool = False,
) -> LLMResult[Cost]:
    """Cost of a completion: as the provider reports it, else by the user's prices or the table.

    now: time of the request, aware. model: the requested name, used if the completion's model has no price.
    Fails with UnknownPrice.
    """
    usage = completion.usage
    reported = reported_usd(table, context.api_type, usage)
    if reported is not None:
        return Success(Cost(total_usd=reported, source="reported", price=context.api_type))
    conditions = price_conditions(completion)
    if batch:
        conditions.update(BATCH)
    return price_usage(table, context, (completion.model, model), usage, now, conditions)


def price_usage(
    table: PriceTable,
    context: PricingContext,
    models: Sequence[str],
    usage: Usage,
    now: datetime,
    price_conditions: Mapping[str, str] = {},
) -> LLMResult[Cost]:
    """Cost of a usage by overrides and table. models: names of one model, most specific first. Fails with UnknownPrice.

    Includes what other models used in the same call, at their own prices.
    """
    priced = _price_models(table, context, models, usage, now, price_conditions)
    if not usage.raw or _ITERATIONS not in usage.raw:
        return priced
    no_plan = msgspec.structs.replace(context, plan=None)
    for name, part in other_models(usage):
        other = _price_models(table, no_plan, (name,), part, now, price_conditions)
        priced = _sum(priced, other)
    return priced


def _sum(priced: LLMResult[Cost], other: LLMResult[Cost]) -> LLMResult[Cost]:
    return priced.bind(
        lambda cost: other.map(
            lambda added: msgspec.structs.replace(
                cost,
                total_usd=cost.total_usd + added.total_usd,
                input_usd=cost.input_usd + added.input_usd,
                output_usd=cost.output_usd + added.output_usd,
            )
        )
    )


_ITERATIONS = "iterations"


def other_models(usage: Usage) -> list[tuple[str, Usage]]:
    """The name and the usage of each other model in Claude's `iterations`, whose tokens are not part of the totals.

    These are an advisor, and a model that declined in mid-response before a fallback model answered; one that declined
    before it began is not billed. Sources: anthropic 2.14.0, types/beta/beta_iterations_usage.py; platform.claude.com "Advisor tool"
    and "Refusals and fallback", by vercel/ai convert-anthropic-messages-usage.ts and openclaw/openclaw#99906; read 2026-11-30.
    """
    raw = (usage.raw or {}).get(_ITERATIONS)
    entries = [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
    served = [entry.get("model") for entry in entries if entry.get("type") == "fallback_message"]
    others: list[tuple[str, Usage]] = []
    for entry in entries:
        name, kind = entry.get("model"), entry.get("type")
        declined = kind == "message" and bool(served) and name not in served
        if isinstance(name, str) and (kind == "advisor_message" or declined):
            uncached, read, written, output = [
                count if _is_plausible(count := entry.get(key)) else 0 for key in _COUNTS
            ]
            part = Usage(uncached + read + written, output, read, written, raw=entry)
            others += [(name, part)] if output or kind == "advisor_message" else []
    return others


_COUNTS = (
    "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens",
)  # fmt: skip


def _price_models(
    table: PriceTable,
    context: PricingContext,
    models: Sequence[str],
    usage: Usage,
    now: datetime,
    price_conditions: Mapping[str, str],
) -> LLMResult[Cost]:
    names = [name for name in (context.plan, *models) if name]
    for name in names:
        override = find_override(table, context.api_type, name)
        if override is not None:
            return _price(table, override.rates, usage, "user", f"user:{override.name}")
    for name in names:
        match = find_prices(table, context.api_type, name, context.base_url)
        if match is not None:
            rates = rates_at(match, now, price_conditions)
            return _price(table, rates, usage, "table", f"{match.vendor}:{match.prices.id}")
    model = names[0] if names else ""
    return Failure(_unknown(f"no price is known for {model!r}", model, context.api_type))


def reported_usd(table: PriceTable, api_type: str, usage: Usage) -> Decimal | None:
    """Cost that the provider reports in its usage object; None if it reports none."""
    for key in table.services.get(api_type, _NO_SERVICE).reported:
        value = (usage.raw or {}).get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Decimal(str(value)) if 0 <= value <= REPORTED_LIMIT_USD else None
    return None


def price_conditions(completion: Completion) -> dict[str, str]:
    """Fields of the completion that prices depend on, such as the service tier."""
    raw, extra = completion.usage.raw or {}, completion.extra
    conditions: dict[str, str] = {}
    for key in PRICE_CONDITIONS:
        value = extra[key] if key in extra else raw.get(key)
        if isinstance(value, str):
            conditions[key] = value
    return conditions


def counts_of(table: PriceTable, usage: Usage) -> dict[str, int]:
    """Counts of everything that can have a price, by the names of the table's units.

    Unreported counts are left out, as are those that no call can have: negative ones, and those above COUNT_LIMIT. A part
    counts at most as much as what it is a part of.
    """
    total, cached, written = (
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
    )
    known = {"requests": 1}
    _add_count(known, "input_tokens", total)
    _add_count(known, "output_tokens", usage.output_tokens)
    _add_count(known, "cache_read_tokens", _part(cached, total))
    _add_count(known, "cache_write_tokens", _part(written, total, cached or 0))
    reasoning = _part(usage.reasoning_tokens, usage.output_tokens)
    _add_count(known, "output_reasoning_tokens", reasoning)
    heads = _details(table)
    if usage.raw and not heads.keys().isdisjoint(usage.raw):
        for billed in table.billed:
            value = _lookup(usage.raw, billed.path)
            if value is not None:
                known.pop("cache_read_tokens", None)  # not part of the billed tokens
                known[billed.counts] = value
        for head, details in heads.items():
            for detail in details if head in usage.raw else ():
                value = _lookup(usage.raw, detail.path)
                if value is not None:
                    known[detail.counts] = known.get(detail.counts, 0) + value
    return known


def _add_count(known: dict[str, int], name: str, count: int | None) -> None:
    if count is not None and _is_plausible(count):
        known[name] = count


def _is_plausible(count: object) -> TypeGuard[int]:
    return isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= COUNT_LIMIT


def _part(count: int | None, total: int | None, others: int = 0) -> int | None:
    return count if count is None or total is None else min(count, max(0, total - others))


@lru_cache(maxsize=64)
def _details(table: PriceTable) -> Mapping[str | PriceStep, tuple[UsageDetail, ...]]:
    """Usage details by the first step of their paths; the first steps of billed tokens too, maybe without details."""
    paths = [item.path for item in (*table.billed, *table.details)]
    return {
        head: tuple([item for item in table.details if item.path[0] == head])
        for head in dict.fromkeys([path[0] for path in paths])
    }


def _price(
    table: PriceTable, rates: Rates, usage: Usage, source: CostSource, price: str
) -> LLMResult[Cost]:
    if not rates:
        return Failure(_unknown(f"the entry {price} has no rates", price))
    counts = counts_of(table, usage)
    for unit, field in (("input_mtok", "input_tokens"), ("output_mtok", "output_tokens")):
        if rates.get(unit) and field not in counts:
            return Failure(_unknown(f"the {field.replace('_', ' ')} are not known", price))
    input_tokens = counts.get("input_tokens", 0)
    total = {"input": ZERO, "output": ZERO, "": ZERO}
    remaining: dict[str, int] = {}
    for name, counted, per, direction, parts in _plan(table, tuple(rates)):
        count = counts.get(counted, 0)
        if parts:
            count = max(0, count - sum([remaining[part] for part in parts]))
        remaining[name] = count
        if count:
            total[direction] += _usd(rates[name], input_tokens) * count / per
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
"""(unit, counted usage, per, "input", "output" or "", units that are parts of this one)."""


@lru_cache(maxsize=512)
def _plan(table: PriceTable, names: tuple[str, ...]) -> tuple[_Line, ...]:
    """The units, parts before the units that contain them."""
    dimensions = {name: table.units[name].kind.items() for name in names if name in table.units}
    lines: list[_Line] = []
    for name in sorted(dimensions, key=lambda item: -len(dimensions[item])):
        unit = table.units[name]
        parts = tuple([line[0] for line in lines if dimensions[name] < dimensions[line[0]]])
        lines.append((name, unit.counts, unit.per, unit.kind.get("direction", ""), parts))
    return tuple(lines)


def _usd(rate: Rate, input_tokens: int) -> Decimal:
    if not isinstance(rate, Tiered):
        return rate
    for start, usd in reversed(rate.tiers):
        if input_tokens > start:
            return usd
    return rate.base


def _lookup(value: Any, path: tuple[str | PriceStep, ...]) -> int | None:
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list):
            matching = [
                item
                for item in value
                if isinstance(item, dict) and item.get(step.key) == step.value
            ]
            value = matching[0] if matching else None
        else:
            return None
    return value if _is_plausible(value) else None


@lru_cache(maxsize=256)  # an error checks its texts for keys, which takes more time than a price
def _unknown(message: str, model: str, provider: str = "") -> UnknownPrice:
    return UnknownPrice(message=message, model=model, provider=provider)


def max_cost_usd(
    table: PriceTable,
    context: PricingContext,
    models: Sequence[str],
    input_tokens: int,
    output_tokens: int,
    now: datetime,
) -> LLMResult[Decimal]:
    """Upper bound of the cost of a call in USD.

    The highest input rate (including cache writes) and output rate over standard and variant prices. Excludes search
    fees. Fails with UnknownPrice.
    """
    offers: list[Rates] = []
    for name in [name for name in (context.plan, *models) if name]:
        override = find_override(table, context.api_type, name)
        match = find_prices(table, context.api_type, name, context.base_url)
        if override is not None:
            offers = [override.rates]
            break
        if match is not None and not offers:
            standard = rates_at(match, now, {})
            variants = [
                {**standard, **item.rates} for item in match.prices.variants if match.is_own
            ]
            offers = [standard, *variants]
    if not any(offers):
        model = next(filter(None, (context.plan, *models)), "")
        return Failure(_unknown(f"no price is known for {model!r}", model, context.api_type))
    return Success(max([_max_usd(table, rates, input_tokens, output_tokens) for rates in offers]))


def _max_usd(table: PriceTable, rates: Rates, input_tokens: int, output_tokens: int) -> Decimal:
    total = ZERO
    for direction, tokens in (("input", input_tokens), ("output", output_tokens)):
        rates_usd = [
            _usd(rate, input_tokens) / table.units[name].per
            for name, rate in rates.items()
            if table.units[name].kind.get("direction") == direction
            and table.units[name].kind.get("family", "tokens") == "tokens"
        ]
        total += max(rates_usd, default=ZERO) * tokens
    if "requests_kcount" in rates:
        total += _usd(rates["requests_kcount"], input_tokens) / table.units["requests_kcount"].per
    return total
