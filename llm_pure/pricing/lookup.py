"""Look up prices: (table, vendor, model) -> prices of the model; (prices, time, conditions) -> active rates."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from llm_pure.pricing.table import (
    ModelPrices,
    Override,
    Prices,
    PriceTable,
    PriceVendor,
    Rates,
    VendorService,
    is_active,
    matches,
)

_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class PriceMatch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Prices of a model."""

    vendor: str
    prices: ModelPrices
    is_own: bool = True
    """False if the entry is of another vendor, whose models are resold."""


def vendor_for(table: PriceTable, api_type: str, base_url: str | None = None) -> PriceVendor | None:
    """The vendor whose prices apply, by base URL, else by api_type; None if unknown."""
    if base_url:
        for vendor in table.vendors.values():
            if re.match(vendor.url, base_url):
                return vendor
    return table.vendors.get(table.services.get(api_type, VendorService()).vendor or "")


@lru_cache(maxsize=4096)
def find_prices(
    table: PriceTable, api_type: str, model: str, base_url: str | None = None
) -> PriceMatch | None:
    """The table's entry for a model, or None. Ignores overrides of the user."""
    vendor = vendor_for(table, api_type, base_url)
    if vendor is None:
        return None
    name = model.lower()
    match = _find(table, vendor, name)
    if match is None:
        dashed_name = _COMPACT_DATE.sub(r"-\1-\2-\3", name)
        match = None if dashed_name == name else _find(table, vendor, dashed_name)
    return match


def _find(table: PriceTable, vendor: PriceVendor, name: str) -> PriceMatch | None:
    for candidate in (vendor, *[table.vendors[vendor_id] for vendor_id in vendor.resold]):
        for model in candidate.models:
            if matches(model.match, name):
                return PriceMatch(vendor=candidate.id, prices=model, is_own=candidate is vendor)
    return None


@lru_cache(maxsize=4096)
def find_override(table: PriceTable, api_type: str, model: str) -> Override | None:
    """The first override of the user that matches a model."""
    for override in table.overrides:
        for name in (model, f"{api_type}:{model}"):
            stem = override.name.removesuffix("*")
            if override.name == name or (stem != override.name and name.startswith(stem)):
                return override
    return None


def rates_at(match: PriceMatch, now: datetime, price_conditions: Mapping[str, str]) -> Rates:
    """Rates active at a time. price_conditions: such as {"processing": "batch"} or {"service_tier": "flex"}."""
    standard = _standard(match.prices.prices, now)
    if not price_conditions or not match.is_own or not match.prices.variants:
        return standard
    variant_rates: Rates = {}
    for variant in match.prices.variants:
        if is_active(variant, now) and all(
            price_conditions.get(key) == value for key, value in variant.when.items()
        ):
            variant_rates = {**variant.rates, **variant_rates}
    return {**standard, **variant_rates}


def _standard(prices: tuple[Prices, ...], now: datetime) -> Rates:
    moment = now.astimezone(UTC)
    for candidate in reversed(prices):
        if is_active(candidate, moment):
            return candidate.rates
    return prices[0].rates
