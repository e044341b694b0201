"""What was spent and what is held: a `Ledger`, a value. A call is reserved at its most, then settled at what it did cost.

reserve -> Success(ledger that holds it) | Failure(BudgetExceeded), before anything is sent
settle  -> ledger with the call in it, and its hold gone;   release -> ledger without the hold;   record -> ledger with calls that had none
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from llm_pure.types.completion import Usage
from llm_pure.types.errors import BudgetExceeded
from llm_pure.types.result import Failure, LLMResult, Success

CostSource: TypeAlias = Literal["reported", "user", "table"]

ZERO = Decimal(0)
CIRCUMSTANCES = ("service_tier", "speed")
"""What of an answer's `extra` changes its price."""

MOST_UNPRICED = 1000
"""How many calls without a price a ledger keeps for later; older ones stay in its counts only."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars. input_usd, output_usd: parts of total_usd; the rest is fees, such as for searches.

    source: the provider said it, the user's own price, or the table's. price: whose entry it was, as "seller:model".
    estimated: the usage was counted here, or the answer was cut off.
    """

    total_usd: Decimal
    input_usd: Decimal = ZERO
    output_usd: Decimal = ZERO
    source: CostSource = "table"
    price: str = ""
    estimated: bool = False


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call that is over. cost: None when it has no price (yet). at: when it was asked. took_s: until its end."""

    model: str
    provider: str = ""
    usage: Usage = Usage()
    cost: Cost | None = None
    at: datetime | None = None
    duration_s: float | None = None

    @property
    def name(self) -> str:
        """Provider and model, as reports show them."""
        return f"{self.provider}:{self.model}" if self.provider else self.model


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over calls. What a provider did not report adds nothing; unpriced calls are counted and add no cost.

    estimated_calls: priced or counted here. took_s, timed_output_tokens: of the calls whose time is known.
    """

    calls: int = 0
    unpriced_calls: int = 0
    estimated_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal = ZERO
    duration_s: float = 0.0
    timed_output_tokens: int = 0

    @property
    def tokens_per_s(self) -> float | None:
        """Output tokens in a second of waiting; None when no time is known."""
        return self.timed_output_tokens / self.duration_s if self.duration_s else None

    @property
    def cost_per_call_usd(self) -> Decimal | None:
        """Over the calls that have a price; None when there is none."""
        priced = self.calls - self.unpriced_calls
        return self.cost_usd / priced if priced else None


_NONE = Totals()


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """max_usd: the budget, None for no limit. by_model: totals by "provider:model". held: reservations by name.

    unpriced: calls that wait for a price, the last thousand of them.
    """

    max_usd: Decimal | None = None
    totals: Totals = Totals()
    by_model: Mapping[str, Totals] = {}
    reserved: Mapping[str, Decimal] = {}
    unpriced: tuple[Call, ...] = ()

    @property
    def reserved_usd(self) -> Decimal:
        """All reservations together."""
        return sum(self.reserved.values(), ZERO)

    @property
    def remaining_usd(self) -> Decimal | None:
        """What may still be reserved; None without a limit, and below 0 when calls cost more than was held for them."""
        return (
            None
            if self.max_usd is None
            else self.max_usd - self.totals.cost_usd - self.reserved_usd
        )


def reserve(ledger: Ledger, name: str, usd: Decimal) -> LLMResult[Ledger]:
    """Hold so much for a call under a name of its own. Fails with BudgetExceeded when it does not fit."""
    refused = refusal(ledger.max_usd, ledger.totals.cost_usd, ledger.reserved_usd, usd)
    if refused is not None:
        return Failure(refused)
    return Success(msgspec.structs.replace(ledger, reserved={**ledger.reserved, name: usd}))


def settle(ledger: Ledger, name: str, call: Call) -> Ledger:
    """The call is over: its hold goes, and what it did cost counts."""
    return record(release(ledger, name), (call,))


def release(ledger: Ledger, name: str) -> Ledger:
    """The call came to nothing. A name that holds nothing changes nothing."""
    if name not in ledger.reserved:
        return ledger
    kept = {key: usd for key, usd in ledger.reserved.items() if key != name}
    return msgspec.structs.replace(ledger, reserved=kept)


def charge(ledger: Ledger, call: Call) -> LLMResult[Ledger]:
    """A call that nothing was held for. Fails with BudgetExceeded when it does not fit; one without a price always does."""
    usd = call.cost.total_usd if call.cost else ZERO
    refused = refusal(ledger.max_usd, ledger.totals.cost_usd, ledger.reserved_usd, usd)
    return Success(record(ledger, (call,))) if refused is None else Failure(refused)


def record(ledger: Ledger, calls: Sequence[Call]) -> Ledger:
    """Calls that are over and that nothing was held for count, whatever the budget says. Many at once cost less."""
    by_model, totals = dict(ledger.by_model), ledger.totals
    unpriced: list[Call] = []
    for call in calls:
        name = call.name
        by_model[name] = merge(by_model.get(name, _NONE), call)
        totals = merge(totals, call)
        if call.cost is None:
            unpriced.append(call)
    return msgspec.structs.replace(
        ledger,
        totals=totals,
        by_model=by_model,
        unpriced=(*ledger.unpriced, *unpriced)[-MOST_UNPRICED:] if unpriced else ledger.unpriced,
    )


def price_unpriced(ledger: Ledger, price: Callable[[Call], LLMResult[Cost]]) -> Ledger:
    """Look for the prices that were missing; calls that find one count as if they had always had it."""
    waiting: list[Call] = []
    priced: list[Call] = []
    for call in ledger.unpriced:
        found = price(call)
        if isinstance(found, Failure):
            waiting.append(call)
        else:
            priced.append(msgspec.structs.replace(call, cost=found.unwrap()))
    by_model = dict(ledger.by_model)
    totals = ledger.totals
    for call in priced:
        by_model[call.name] = _repriced(by_model[call.name], call)
        totals = _repriced(totals, call)
    return msgspec.structs.replace(
        ledger, totals=totals, by_model=by_model, unpriced=tuple(waiting)
    )


def merge(totals: Totals, call: Call) -> Totals:
    """The totals with one more call."""
    usage, cost = call.usage, call.cost
    out = usage.output_tokens or 0
    return Totals(
        calls=totals.calls + 1,
        unpriced_calls=totals.unpriced_calls + (cost is None),
        estimated_calls=totals.estimated_calls + (cost.estimated if cost else usage.estimated),
        input_tokens=totals.input_tokens + (usage.input_tokens or 0),
        output_tokens=totals.output_tokens + out,
        cached_input_tokens=totals.cached_input_tokens + (usage.cached_input_tokens or 0),
        cache_write_tokens=totals.cache_write_tokens + (usage.cache_write_tokens or 0),
        reasoning_tokens=totals.reasoning_tokens + (usage.reasoning_tokens or 0),
        cost_usd=totals.cost_usd + (cost.total_usd if cost else ZERO),
        duration_s=totals.duration_s + (call.duration_s or 0.0),
        timed_output_tokens=totals.timed_output_tokens + (out if call.duration_s else 0),
    )


def refusal(
    max_usd: Decimal | None, spent_usd: Decimal, held_usd: Decimal, usd: Decimal
) -> BudgetExceeded | None:
    """Why so much more does not fit; None when it does. What costs nothing always fits."""
    if max_usd is None or not usd or spent_usd + held_usd + usd <= max_usd:
        return None
    return BudgetExceeded(
        message=f"the call may cost {usd:f} USD, and of {max_usd:f} USD "
        f"{spent_usd:f} are spent and {held_usd:f} held for calls under way"
    )


def crossed_threshold(before: Ledger, after: Ledger, share: float) -> bool:
    """Did spending pass this share of the budget just now?"""
    if after.max_usd is None:
        return False
    line = after.max_usd * Decimal(str(share))
    return before.totals.cost_usd < line <= after.totals.cost_usd


def _repriced(totals: Totals, call: Call) -> Totals:
    assert call.cost is not None
    return msgspec.structs.replace(
        totals,
        unpriced_calls=totals.unpriced_calls - 1,
        estimated_calls=totals.estimated_calls + (call.cost.estimated and not call.usage.estimated),
        cost_usd=totals.cost_usd + call.cost.total_usd,
    )
