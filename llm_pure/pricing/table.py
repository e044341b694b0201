"""Price table, a value: vendors, their models, and rates by time. Amounts are Decimal, in US dollars.

The structure follows genai-prices, from which `make prices-refresh` makes the bundled snapshot. Its thousands of values
live as long as the process and have no cycles: `gc=False` keeps them out of garbage collection.
"""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeAlias, assert_never

import msgspec

from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success


class StartsWith(msgspec.Struct, frozen=True, array_like=True, tag="starts"):
    """The name starts with the text."""

    text: str


class EndsWith(msgspec.Struct, frozen=True, array_like=True, tag="ends"):
    """The name ends with the text."""

    text: str


class Contains(msgspec.Struct, frozen=True, array_like=True, tag="has"):
    """The name contains the text."""

    text: str


class Equals(msgspec.Struct, frozen=True, array_like=True, tag="is"):
    """The name is the text."""

    text: str


class Matches(msgspec.Struct, frozen=True, array_like=True, tag="re"):
    """The regular expression matches in the name."""

    text: str


class AnyOf(msgspec.Struct, frozen=True, array_like=True, tag="or", gc=False):
    """Any clause matches."""

    clauses: tuple["Match", ...]


class AllOf(msgspec.Struct, frozen=True, array_like=True, tag="and", gc=False):
    """All clauses match."""

    clauses: tuple["Match", ...]


Match: TypeAlias = StartsWith | EndsWith | Contains | Equals | Matches | AnyOf | AllOf


def matches(match: Match, name: str) -> bool:
    """True if the name, in lower case, matches."""
    match match:
        case StartsWith(text=text):
            return name.startswith(text.lower())
        case EndsWith(text=text):
            return name.endswith(text.lower())
        case Contains(text=text):
            return text.lower() in name
        case Equals(text=text):
            return name == text.lower()
        case Matches(text=text):
            return re.search(text, name) is not None
        case AnyOf(clauses=clauses):
            return any(matches(clause, name) for clause in clauses)
        case AllOf(clauses=clauses):
            return all(matches(clause, name) for clause in clauses)
        case _:
            assert_never(match)


class Tiered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rate that depends on the number of input tokens."""

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...]
    """(input tokens above which the rate applies to all, USD), ascending."""


Rate: TypeAlias = Decimal | Tiered
"""USD per `Unit.per` of a unit."""

Rates: TypeAlias = dict[str, Rate]
"""Rates by unit, such as "input_mtok"."""


class Prices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rates, and when they are active: since a day, or between two times of day, in UTC; always if neither is set."""

    rates: Rates
    since: date | None = None
    between: tuple[time, time] | None = None
    when: dict[str, str] = {}
    """Conditions for replacing the standard rates, such as {"processing": "batch"}."""


def is_active(prices: Prices, now: datetime) -> bool:
    """True if the prices are active at this time. now: aware."""
    moment = now.astimezone(UTC)
    if prices.since is not None:
        return moment.date() >= prices.since
    if prices.between is None:
        return True
    start, end = prices.between
    clock = moment.time()
    if end < start:
        return clock >= start or clock < end
    return start <= clock < end


class ModelPrices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One model of one vendor."""

    id: str
    match: Match
    prices: tuple[Prices, ...]
    """The last active entry applies, else the first."""
    variants: tuple[Prices, ...] = ()
    """For each unit the first active entry applies."""
    window: int | None = None
    """Maximum number of input tokens, if known."""


class PriceVendor(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"resold": "others"}
):
    """A vendor of models. Field names in JSON are those of the bundled snapshot."""

    id: str
    url: str
    """Regular expression for the start of a base URL."""
    models: tuple[ModelPrices, ...]
    resold: tuple[str, ...] = ()
    """Other vendors whose models this one sells."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """Unit of a rate: `per` of the usage `counts`."""

    counts: str
    per: int
    kind: dict[str, str]
    """Dimensions; a unit with more dimensions is a part of those with fewer."""


class PriceStep(msgspec.Struct, frozen=True, array_like=True):
    """Selects, from a list of objects, the first whose `key` is `value`."""

    key: str
    value: str


class UsageDetail(msgspec.Struct, frozen=True, array_like=True):
    """Path of a count in a provider's usage object that Usage does not have, such as audio tokens. Several add up."""

    counts: str
    path: tuple[str | PriceStep, ...]


class VendorService(msgspec.Struct, frozen=True, omit_defaults=True, rename={"vendor": "seller"}):
    """Prices of an api_type."""

    vendor: str | None = None
    reported: tuple[str, ...] = ()
    """Keys of its usage object that hold the cost in USD."""


class Override(msgspec.Struct, frozen=True):
    """A price of the user."""

    name: str
    """A model, "provider:model", or one of these followed by *."""
    rates: Rates


class PriceTable(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    eq=False,
    rename={"as_of": "taken", "vendors": "sellers"},
):
    """All known prices. Field names in JSON are those of the bundled snapshot."""

    source: str
    as_of: date
    """Date of the source."""
    units: dict[str, Unit]
    vendors: dict[str, PriceVendor]
    services: dict[str, VendorService]
    details: tuple[UsageDetail, ...] = ()
    """Counts in usage objects beside those of Usage."""
    billed: tuple[UsageDetail, ...] = ()
    """Counts of billed tokens, which replace those of used tokens."""
    overrides: tuple[Override, ...] = ()


_DECODER = msgspec.json.Decoder(PriceTable)


def read_table(data: bytes) -> LLMResult[PriceTable]:
    """Decode a table from JSON. Fails with InvalidConfiguration."""
    try:
        return Success(_DECODER.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Failure(InvalidConfiguration(message=f"not a price table: {error}", field="prices"))


def table_json(table: PriceTable) -> bytes:
    """Encode a table as JSON, in a deterministic order."""
    return msgspec.json.encode(table, order="deterministic")
