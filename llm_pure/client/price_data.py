"""Load the bundled price table and the user's own prices from files. Uses no network."""

import lzma
import os
from functools import cache
from pathlib import Path
from pkgutil import get_data

from llm_pure.pricing.overrides import with_overrides
from llm_pure.pricing.table import PriceTable, read_table
from llm_pure.settings.yaml_values import load_plain_tree
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult

PRICES_VARIABLE = "LLM_PURE_PRICES"
"""Path of a YAML file with the user's own prices, for the command line and for `load_prices()`."""


@cache
def shipped_prices() -> PriceTable:
    """Return the price table in this package, read once per process; `.source` and `.as_of` are its origin."""
    data = get_data("llm_pure", "data/prices.json.xz") or b""
    return read_table(lzma.decompress(data)).unwrap()


def load_prices(overrides: str | os.PathLike[str] | None = None) -> LLMResult[PriceTable]:
    """Return the bundled table, overridden by the section `prices:` of a YAML file, or by all of the file.

    overrides: by default the file that $LLM_PURE_PRICES names. Fails with InvalidConfiguration.
    """
    table = shipped_prices()
    path = overrides or os.environ.get(PRICES_VARIABLE)
    if not path:
        return with_overrides(table, {})
    import yaml

    try:
        prices = load_plain_tree(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        return Failure(
            InvalidConfiguration(
                message=f"cannot read the prices in {path}: {error}", field="prices"
            )
        )
    if isinstance(prices, dict) and "prices" in prices:
        prices = prices["prices"]
    return with_overrides(table, prices or {})
