"""Prices of models, as a value that the caller hands over: `llm_pure.effects.price_data.load_prices` reads the shipped one."""

from llm_pure.prices.lookup import (
    Found,
    find_override,
    find_prices,
    rates_at,
    seller_for,
    window_of,
)
from llm_pure.prices.overrides import with_overrides
from llm_pure.prices.table import (
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
    "Found",
    "ModelPrices",
    "PriceTable",
    "Prices",
    "Rate",
    "Rates",
    "Tiered",
    "Unit",
    "find_override",
    "find_prices",
    "rates_at",
    "read_table",
    "seller_for",
    "table_json",
    "window_of",
    "with_overrides",
]
