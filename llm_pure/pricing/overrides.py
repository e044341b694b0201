"""Parse the user's prices (decoded YAML or JSON) into overrides of the table.

prices:
  my-model: {input: 1.5, output: 6, cached_input: 0.15}         # USD per million tokens
  "openai:gpt-4o*": {input: {base: 2, tiers: {200000: 4}}, output: 8}
  "ollama:*": {input: 0, output: 0}                             # free must be stated
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from llm_pure.pricing.table import Override, PriceTable, Rate, Rates, Tiered
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

_UNIT_NAMES: Mapping[str, str] = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
}


class _InvalidPrice(Exception):  # internal: `with_overrides` converts it
    pass


def with_overrides(table: PriceTable, value: object) -> LLMResult[PriceTable]:
    """Return the table with the user's prices, which take precedence over it; later ones over earlier ones.

    value: {model: {unit: USD}}, with the short unit names of this file or the table's. Fails with InvalidConfiguration.
    """
    try:
        overrides = tuple(
            [_override(table, name, rates) for name, rates in _mapping(value, "prices")]
        )
    except _InvalidPrice as error:
        return Failure(InvalidConfiguration(message=str(error), field="prices"))
    return Success(msgspec.structs.replace(table, overrides=(*overrides, *table.overrides)))


def _override(table: PriceTable, name: str, prices: object) -> Override:
    rates: Rates = {}
    for unit, value in _mapping(prices, name):
        rate_name = _UNIT_NAMES.get(unit, unit)
        if rate_name not in table.units:
            raise _InvalidPrice(
                f"{name}: {unit!r} is not a unit; known are {', '.join(_UNIT_NAMES)}"
            )
        rates[rate_name] = _rate(value, f"{name}.{unit}")
    if not rates:
        raise _InvalidPrice(f"{name}: no price")
    return Override(name, rates)


def _rate(value: object, location: str) -> Rate:
    if not isinstance(value, Mapping):
        return _usd(value, location)
    tiers = _mapping(value.get("tiers", {}), f"{location}.tiers")
    try:
        steps = sorted([(int(start), _usd(usd, location)) for start, usd in tiers])
    except ValueError:
        raise _InvalidPrice(f"{location}: tiers start at a number of tokens") from None
    return Tiered(_usd(value.get("base"), location), tuple(steps))


def _usd(value: object, location: str) -> Decimal:
    """Convert by the number's text, so that 0.1 is exact."""
    try:
        usd = Decimal(str(value))
    except InvalidOperation:
        usd = Decimal("NaN")
    if isinstance(value, bool) or not usd.is_finite() or usd < 0:
        raise _InvalidPrice(f"{location}: {value!r} is not a price in USD")
    return usd


def _mapping(value: object, location: str) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping):
        raise _InvalidPrice(f"{location}: expected a mapping, got {type(value).__name__}")
    return [(str(key), value) for key, value in value.items()]
