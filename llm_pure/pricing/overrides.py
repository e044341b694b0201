"""Prices of the user's own, as YAML or JSON have them -> overrides that come before the table.

prices:
  my-model: {input: 1.5, output: 6, cached_input: 0.15}         # USD per million tokens
  "openai:gpt-4o*": {input: {base: 2, tiers: {200000: 4}}, output: 8}
  "ollama:*": {input: 0, output: 0}                             # free is said, never guessed
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from llm_pure.pricing.table import Override, PriceTable, Rate, Rates, Tiered
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

_NAMES: Mapping[str, str] = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
}


class _Unreadable(Exception):  # never leaves this file: `with_overrides` turns it into a value
    pass


def with_overrides(table: PriceTable, given: object) -> LLMResult[PriceTable]:
    """The table with the user's prices before its own; those given last come first.

    given: {model: {unit: USD}}. Units are the short names of this file or the table's own. Fails with InvalidConfiguration.
    """
    try:
        added = tuple([_override(table, name, rates) for name, rates in _mapping(given, "prices")])
    except _Unreadable as fault:
        return Failure(InvalidConfiguration(message=str(fault), field="prices"))
    return Success(msgspec.structs.replace(table, overrides=(*added, *table.overrides)))


def _override(table: PriceTable, name: str, given: object) -> Override:
    rates: Rates = {}
    for unit, value in _mapping(given, name):
        known = _NAMES.get(unit, unit)
        if known not in table.units:
            raise _Unreadable(f"{name}: {unit!r} is no unit; known are {', '.join(_NAMES)}")
        rates[known] = _rate(value, f"{name}.{unit}")
    if not rates:
        raise _Unreadable(f"{name}: no price is given")
    return Override(name, rates)


def _rate(value: object, where: str) -> Rate:
    if not isinstance(value, Mapping):
        return _usd(value, where)
    tiers = _mapping(value.get("tiers", {}), f"{where}.tiers")
    try:
        steps = sorted([(int(start), _usd(usd, where)) for start, usd in tiers])
    except ValueError:
        raise _Unreadable(f"{where}: tiers begin at a number of tokens") from None
    return Tiered(_usd(value.get("base"), where), tuple(steps))


def _usd(value: object, where: str) -> Decimal:
    """Through the number's text, so that 0.1 is 0.1."""
    try:
        usd = Decimal(str(value))
    except InvalidOperation:
        usd = Decimal("NaN")
    if isinstance(value, bool) or not usd.is_finite() or usd < 0:
        raise _Unreadable(f"{where}: {value!r} is no price in USD")
    return usd


def _mapping(given: object, where: str) -> list[tuple[str, object]]:
    if not isinstance(given, Mapping):
        raise _Unreadable(f"{where}: a mapping is wanted, not {type(given).__name__}")
    return [(str(key), value) for key, value in given.items()]
