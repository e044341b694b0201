"""(table, who sells, model) -> the model's prices; and (prices, time, circumstances) -> the rates that hold."""

import re
from collections.abc import Iterable, Mapping
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
    """A model's prices. own: the seller's own entry, and not one of a seller whose models it resells."""

    seller: str
    prices: ModelPrices
    own: bool = True


def vendor_for(table: PriceTable, api_type: str, base_url: str | None = None) -> PriceVendor | None:
    """Whose prices count: by the URL that is asked, else by the api_type; None when nobody's are known."""
    if base_url:
        for seller in table.sellers.values():
            if re.match(seller.url, base_url):
                return seller
    return table.sellers.get(table.services.get(api_type, VendorService()).seller or "")


@lru_cache(maxsize=4096)
def find_prices(
    table: PriceTable, api_type: str, model: str, base_url: str | None = None
) -> PriceMatch | None:
    """The entry of a model in the table, None when it has none. Overrides of the user are not looked at."""
    seller = vendor_for(table, api_type, base_url)
    if seller is None:
        return None
    name = model.lower()
    found = _find(table, seller, name)
    if found is None:
        dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", name)
        found = None if dashed == name else _find(table, seller, dashed)
    return found


def _find(table: PriceTable, seller: PriceVendor, name: str) -> PriceMatch | None:
    for one in (seller, *[table.sellers[other] for other in seller.others]):
        for model in one.models:
            if matches(model.match, name):
                return PriceMatch(seller=one.id, prices=model, own=one is seller)
    return None


@lru_cache(maxsize=4096)
def find_override(table: PriceTable, api_type: str, model: str) -> Override | None:
    """The user's own price of a model: the first that fits."""
    for override in table.overrides:
        for name in (model, f"{api_type}:{model}"):
            stem = override.name.removesuffix("*")
            if override.name == name or (stem != override.name and name.startswith(stem)):
                return override
    return None


def rates_at(found: PriceMatch, now: datetime, price_conditions: Mapping[str, str]) -> Rates:
    """The rates that hold at a moment. circumstances: such as {"processing": "batch"} or {"service_tier": "flex"}."""
    standard = _standard(found.prices.prices, now)
    if not price_conditions or not found.own or not found.prices.variants:
        return standard
    special: Rates = {}
    for variant in found.prices.variants:
        if is_active(variant, now) and all(
            price_conditions.get(key) == value for key, value in variant.when.items()
        ):
            special = {**variant.rates, **special}
    return {**standard, **special}


def _standard(prices: tuple[Prices, ...], now: datetime) -> Rates:
    moment = now.astimezone(UTC)
    for one in reversed(prices):
        if is_active(one, moment):
            return one.rates
    return prices[0].rates


def context_window(table: PriceTable, api_type: str, models: Iterable[str]) -> int | None:
    """How many input tokens the first known of these models takes, as the table says."""
    for model in models:
        found = find_prices(table, api_type, model)
        if found is not None and found.prices.window is not None:
            return found.prices.window
    return None
