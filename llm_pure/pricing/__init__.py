"""Prices of models, as a value that the caller hands over: `llm_pure.client.price_data.load_prices` reads the shipped one."""

from llm_pure.pricing.lookup import (
    PriceMatch,
    context_window,
    find_override,
    find_prices,
    rates_at,
    vendor_for,
)
from llm_pure.pricing.overrides import with_overrides
from llm_pure.pricing.table import (
    ModelPrices,
    Prices,
    PriceTable,
    Rate,
    Rates,
    Tiered,
    Unit,
    read_table,
    table_json,
)

__all__ = [
    "ModelPrices",
    "PriceMatch",
    "PriceTable",
    "Prices",
    "Rate",
    "Rates",
    "Tiered",
    "Unit",
    "context_window",
    "find_override",
    "find_prices",
    "rates_at",
    "read_table",
    "table_json",
    "vendor_for",
    "with_overrides",
]
