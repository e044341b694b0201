"""Budget ledger, a value: the maximum cost of a call is reserved before sending, the real cost settled afterwards.

reserve -> Success(ledger with the reservation) | Failure(BudgetExceeded)
settle  -> ledger with the call, without its reservation;  release -> ledger without the reservation
record  -> ledger with calls that had no reservation
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
PRICE_CONDITIONS = ("service_tier", "speed")
"""Keys of `Completion.extra` that prices depend on."""

MAX_UNPRICED = 1000
"""Number of unpriced calls that a ledger keeps; older ones remain in its totals only."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of a call in US dollars."""

    total_usd: Decimal
    """Input, output, and fees such as for searches."""
    input_usd: Decimal = ZERO
    output_usd: Decimal = ZERO
    source: CostSource = "table"
    """Reported by the provider, the user's price, or the table's."""
    price: str = ""
    """The price entry, as "vendor:model"."""
    estimated: bool = False
    """True if the usage was counted locally or the response was cut off."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One finished call."""

    model: str
    provider: str = ""
    usage: Usage = Usage()
    cost: Cost | None = None
    """None if no price is known (yet)."""
    at: datetime | None = None
    """Time of the request."""
    duration_s: float | None = None

    @property
    def name(self) -> str:
        """ "provider:model", as in reports."""
        return f"{self.provider}:{self.model}" if self.provider else self.model


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over calls. Unreported values add nothing; unpriced calls are counted and add no cost."""

    calls: int = 0
    unpriced_calls: int = 0
    estimated_calls: int = 0
    """Calls with an estimated cost or usage."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal = ZERO
    duration_s: float = 0.0
    timed_output_tokens: int = 0
    """Output tokens of the calls with a known duration."""

    @property
    def tokens_per_s(self) -> float | None:
        """Output tokens per second of duration; None if no duration is known."""
        return self.timed_output_tokens / self.duration_s if self.duration_s else None

    @property
    def cost_per_call_usd(self) -> Decimal | None:
        """Mean over the priced calls; None without any."""
        priced = self.calls - self.unpriced_calls
        return self.cost_usd / priced if priced else None


_NO_TOTALS = Totals()


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Totals and reservations of a budget."""

    max_usd: Decimal | None = None
    """The budget; None for no limit."""
    totals: Totals = Totals()
    by_model: Mapping[str, Totals] = {}
    """Totals by "provider:model"."""
    reserved: Mapping[str, Decimal] = {}
    """Reservations by name."""
    unpriced: tuple[Call, ...] = ()
    """The last calls without a price, for `price_unpriced`."""

    @property
    def reserved_usd(self) -> Decimal:
        """Sum of the reservations."""
        return sum(self.reserved.values(), ZERO)

    @property
    def remaining_usd(self) -> Decimal | None:
        """What can still be reserved; None without a limit, negative if calls cost more than their reservations."""
        return (
            None
            if self.max_usd is None
            else self.max_usd - self.totals.cost_usd - self.reserved_usd
        )


def reserve(ledger: Ledger, name: str, usd: Decimal) -> LLMResult[Ledger]:
    """Reserve an amount for a call under a unique name. Fails with BudgetExceeded if it exceeds the budget."""
    error = budget_error(ledger.max_usd, ledger.totals.cost_usd, ledger.reserved_usd, usd)
    if error is not None:
        return Failure(error)
    return Success(msgspec.structs.replace(ledger, reserved={**ledger.reserved, name: usd}))


def settle(ledger: Ledger, name: str, call: Call) -> Ledger:
    """Replace the reservation by the finished call and its cost."""
    return record(release(ledger, name), (call,))


def release(ledger: Ledger, name: str) -> Ledger:
    """Remove a reservation; unknown names change nothing."""
    if name not in ledger.reserved:
        return ledger
    remaining = {key: usd for key, usd in ledger.reserved.items() if key != name}
    return msgspec.structs.replace(ledger, reserved=remaining)


def record(
    ledger: Ledger, calls: Sequence[Call], *, max_unpriced: int | None = MAX_UNPRICED
) -> Ledger:
    """Add finished calls without reservations, whatever the budget. Adding many at once is cheaper.

    max_unpriced: how many unpriced calls to keep; None keeps all.
    """
    by_model, totals = dict(ledger.by_model), ledger.totals
    unpriced: list[Call] = []
    for call in calls:
        name = call.name
        by_model[name] = merge(by_model.get(name, _NO_TOTALS), call)
        totals = merge(totals, call)
        if call.cost is None:
            unpriced.append(call)
    return msgspec.structs.replace(
        ledger,
        totals=totals,
        by_model=by_model,
        unpriced=(*ledger.unpriced, *unpriced)[-(max_unpriced or 0) :]
        if unpriced
        else ledger.unpriced,
    )


def price_unpriced(ledger: Ledger, price: Callable[[Call], LLMResult[Cost]]) -> Ledger:
    """Price the unpriced calls again; those that have a price now are counted as if they always had it."""
    still_unpriced: list[Call] = []
    priced: list[Call] = []
    for call in ledger.unpriced:
        result = price(call)
        if isinstance(result, Failure):
            still_unpriced.append(call)
        else:
            priced.append(msgspec.structs.replace(call, cost=result.unwrap()))
    by_model = dict(ledger.by_model)
    totals = ledger.totals
    for call in priced:
        by_model[call.name] = _repriced(by_model[call.name], call)
        totals = _repriced(totals, call)
    return msgspec.structs.replace(
        ledger, totals=totals, by_model=by_model, unpriced=tuple(still_unpriced)
    )


def merge(totals: Totals, call: Call) -> Totals:
    """Add one call to the totals."""
    usage, cost = call.usage, call.cost
    output_tokens = usage.output_tokens or 0
    return Totals(
        calls=totals.calls + 1,
        unpriced_calls=totals.unpriced_calls + (cost is None),
        estimated_calls=totals.estimated_calls + (cost.estimated if cost else usage.estimated),
        input_tokens=totals.input_tokens + (usage.input_tokens or 0),
        output_tokens=totals.output_tokens + output_tokens,
        cached_input_tokens=totals.cached_input_tokens + (usage.cached_input_tokens or 0),
        cache_write_tokens=totals.cache_write_tokens + (usage.cache_write_tokens or 0),
        reasoning_tokens=totals.reasoning_tokens + (usage.reasoning_tokens or 0),
        cost_usd=totals.cost_usd + (cost.total_usd if cost else ZERO),
        duration_s=totals.duration_s + (call.duration_s or 0.0),
        timed_output_tokens=totals.timed_output_tokens + (output_tokens if call.duration_s else 0),
    )


def budget_error(
    max_usd: Decimal | None, spent_usd: Decimal, reserved_usd: Decimal, usd: Decimal
) -> BudgetExceeded | None:
    """BudgetExceeded if an amount exceeds the rest of the budget, else None. Calls that cost nothing never exceed it."""
    if max_usd is None or not usd or spent_usd + reserved_usd + usd <= max_usd:
        return None
    return BudgetExceeded(
        message=f"the call may cost {usd:f} USD, and of {max_usd:f} USD "
        f"{spent_usd:f} are spent and {reserved_usd:f} reserved for pending calls"
    )


def crossed_threshold(before: Ledger, after: Ledger, share: float) -> bool:
    """True if spending passed this share of the budget between the two ledgers."""
    if after.max_usd is None:
        return False
    limit = after.max_usd * Decimal(str(share))
    return before.totals.cost_usd < limit <= after.totals.cost_usd


def _repriced(totals: Totals, call: Call) -> Totals:
    assert call.cost is not None
    return msgspec.structs.replace(
        totals,
        unpriced_calls=totals.unpriced_calls - 1,
        estimated_calls=totals.estimated_calls + (call.cost.estimated and not call.usage.estimated),
        cost_usd=totals.cost_usd + call.cost.total_usd,
    )
