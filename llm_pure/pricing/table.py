"""The price table, a value: sellers, their models, and what they ask at which time. Money is Decimal, in US dollars.

The table's shape follows genai-prices, out of which `make prices-refresh` makes the snapshot that ships. It is thousands
of values that live as long as the process and hold no cycle: `gc=False` keeps them out of every collection.
"""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeAlias, assert_never

import msgspec

from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success


class StartsWith(msgspec.Struct, frozen=True, array_like=True, tag="starts"):
    """The name begins so."""

    text: str


class EndsWith(msgspec.Struct, frozen=True, array_like=True, tag="ends"):
    """The name ends so."""

    text: str


class Contains(msgspec.Struct, frozen=True, array_like=True, tag="has"):
    """The name has this in it."""

    text: str


class Equals(msgspec.Struct, frozen=True, array_like=True, tag="is"):
    """This is the name."""

    text: str


class Matches(msgspec.Struct, frozen=True, array_like=True, tag="re"):
    """The regular expression is found in the name."""

    text: str


class AnyOf(msgspec.Struct, frozen=True, array_like=True, tag="or", gc=False):
    """One of these fits."""

    clauses: tuple["Match", ...]


class AllOf(msgspec.Struct, frozen=True, array_like=True, tag="and", gc=False):
    """All of these fit."""

    clauses: tuple["Match", ...]


Match: TypeAlias = StartsWith | EndsWith | Contains | Equals | Matches | AnyOf | AllOf


def matches(match: Match, name: str) -> bool:
    """Is this name meant? name: in lower case."""
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
    """A price that depends on the length of the input. tiers: (more input tokens than this, USD for all), ascending."""

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...]


Rate: TypeAlias = Decimal | Tiered
"""USD for `Unit.per` of a unit."""

Rates: TypeAlias = dict[str, Rate]
"""By the name of the unit's price, such as "input_mtok"."""


class Prices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rates, and when they hold: since a day, or between two times of day; all in UTC. Neither: always.

    when: what must be so for them to stand in place of the standard rates, such as {"processing": "batch"}.
    """

    rates: Rates
    since: date | None = None
    between: tuple[time, time] | None = None
    when: dict[str, str] = {}


def is_active(prices: Prices, now: datetime) -> bool:
    """Do these hold at this moment? now: aware."""
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
    """One model of one seller. prices: the last that holds counts, else the first. variants: the first that holds, by unit.

    window: input tokens that it takes, where that is known.
    """

    id: str
    match: Match
    prices: tuple[Prices, ...]
    variants: tuple[Prices, ...] = ()
    window: int | None = None


class PriceVendor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who sells. url: a regular expression for the start of a base URL. others: sellers whose models are sold here too."""

    id: str
    url: str
    models: tuple[ModelPrices, ...]
    others: tuple[str, ...] = ()


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What a rate is for: `per` of the usage `counts`. kind: its dimensions; more of them is a part of fewer."""

    counts: str
    per: int
    kind: dict[str, str]


class PriceStep(msgspec.Struct, frozen=True, array_like=True):
    """Of a list of objects, the first whose `key` is `value`."""

    key: str
    value: str


class UsageDetail(msgspec.Struct, frozen=True, array_like=True):
    """Where a provider's own usage object says more than Usage does, such as audio tokens. Several for one usage add up."""

    counts: str
    path: tuple[str | PriceStep, ...]


class VendorService(msgspec.Struct, frozen=True, omit_defaults=True):
    """An api_type of ours. seller: whose prices count. reported: where its usage object says the cost in USD itself."""

    seller: str | None = None
    reported: tuple[str, ...] = ()


class Override(msgspec.Struct, frozen=True):
    """A price of the user's own. name: a model, "provider:model", or one of these with * at its end."""

    name: str
    rates: Rates


class PriceTable(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All that is known of prices. source, taken: what it was made from, and on which day.

    details: what usage objects say beside Usage. billed: where they say how many tokens are billed, in place of those used.
    """

    source: str
    taken: date
    units: dict[str, Unit]
    sellers: dict[str, PriceVendor]
    services: dict[str, VendorService]
    details: tuple[UsageDetail, ...] = ()
    billed: tuple[UsageDetail, ...] = ()
    overrides: tuple[Override, ...] = ()


_DECODER = msgspec.json.Decoder(PriceTable)


def read_table(data: bytes) -> LLMResult[PriceTable]:
    """A table out of its JSON. Fails with InvalidConfiguration."""
    try:
        return Success(_DECODER.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        return Failure(InvalidConfiguration(message=f"no price table: {fault}", field="prices"))


def table_json(table: PriceTable) -> bytes:
    """The table as JSON, in the same order for the same table."""
    return msgspec.json.encode(table, order="deterministic")
