"""The shipped price table and the user's own prices, read from files. Nothing is fetched."""

import lzma
import os
from functools import cache
from pathlib import Path
from pkgutil import get_data

from llm_pure.pricing import PriceTable, read_table, with_overrides
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult

PRICES_VARIABLE = "LLM_PURE_PRICES"
"""A YAML file with prices of the user's own, for the command line and for `load_prices()`."""


@cache
def shipped_prices() -> PriceTable:
    """The snapshot in this package; `.source` and `.taken` tell what it is. Read once in a process."""
    data = get_data("llm_pure", "data/prices.json.xz") or b""
    return read_table(lzma.decompress(data)).unwrap()


def load_prices(overrides: str | os.PathLike[str] | None = None) -> LLMResult[PriceTable]:
    """The snapshot, and before it the prices of a YAML file: its section `prices:`, else the whole of it.

    overrides: None takes the file that $LLM_PURE_PRICES names, where it is set. Fails with InvalidConfiguration.
    """
    table = shipped_prices()
    path = overrides or os.environ.get(PRICES_VARIABLE)
    if not path:
        return with_overrides(table, {})
    import yaml

    try:
        given = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        return Failure(InvalidConfiguration(message=f"{path}: {fault}", field="prices"))
    if isinstance(given, dict) and "prices" in given:
        given = given["prices"]
    return with_overrides(table, given or {})
