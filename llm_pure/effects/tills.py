"""Where a client's calls are paid: a hold before anything is sent, the real cost after it. One for each client.

Nothing is held without a budget; every call is counted all the same, so that `get_costs` can tell.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec

from llm_pure.completion import Completion, Usage
from llm_pure.costs import Buyer, cost_of, most_usd, priced_part
from llm_pure.draft import Draft, draft
from llm_pure.effects.accounts import Account, Budget, MemoryAccount
from llm_pure.effects.lanes import Lane
from llm_pure.effects.meters import load_meter
from llm_pure.effects.price_data import load_prices
from llm_pure.errors import PriceUnknown
from llm_pure.ledger import Call
from llm_pure.operations import Embeddings, EmbedRequest
from llm_pure.prices import PriceTable, with_overrides
from llm_pure.request import ChatRequest
from llm_pure.result import Failure, Parsed, Success
from llm_pure.tokens import (
    Meter,
    count_request,
    count_text,
    cut_usage,
    estimated_usage,
    most_input_tokens,
    most_output_tokens,
    window_for,
)

A = TypeVar("A")
Charge: TypeAlias = ChatRequest | EmbedRequest
BudgetInput: TypeAlias = Budget | Account | Decimal | float | str
PricesInput: TypeAlias = PriceTable | Mapping[str, object]


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One call under way. hold: its name in the account, None where nothing is held."""

    lane: Lane
    charge: Charge
    at: datetime
    hold: str | None = None


class Till:
    """budget: an account, a budget, or USD. prices: a table, or the user's own prices over the shipped ones."""

    def __init__(
        self, budget: BudgetInput | None = None, prices: PricesInput | None = None
    ) -> None:
        self.account: Account
        if isinstance(budget, Account):
            self.account = budget
        else:
            self.account = MemoryAccount(_budget(budget))
        self._given = prices
        self._table: Parsed[PriceTable] | None = None

    @property
    def table(self) -> Parsed[PriceTable]:
        """The prices, read when they are first needed."""
        if self._table is None:
            given = self._given
            if isinstance(given, PriceTable):
                self._table = Success(given)
            else:
                self._table = load_prices().bind(lambda table: with_overrides(table, given or {}))
        return self._table

    def open(self, lane: Lane, charge: Charge, now: datetime) -> Parsed[Ticket]:
        """A call is about to be sent. Fails with BudgetExceeded, or PriceUnknown where a budget needs a price."""
        ticket = Ticket(lane=lane, charge=charge, at=now)
        if self.account.max_usd is None:
            return Success(ticket)
        most = self.table.bind(lambda table: _most(table, lane, charge, now))
        held = most.bind(self.account.reserve)
        return held.map(lambda name: msgspec.structs.replace(ticket, hold=name))

    def close(self, ticket: Ticket, got: Parsed[A], took_s: float) -> Parsed[A]:
        """It is over: the same outcome, with usage that the provider did not report counted, where the user wants it."""
        if isinstance(got, Failure):
            self.leave(ticket, got.failure().partial, took_s)
            return got
        answer: Any = got.unwrap()
        if isinstance(answer, Embeddings):
            self._settle(ticket, Completion(model=answer.model, usage=answer.usage), took_s)
            return got
        if isinstance(answer, Completion):
            counted: Any = _counted(ticket, answer)
            self._settle(ticket, counted, took_s)
            return got if counted is answer else Success(counted)
        if ticket.hold is not None:  # a charge for something that tells no usage
            self.account.release(ticket.hold)
        return got

    def leave(self, ticket: Ticket, partial: Completion | None, took_s: float) -> None:
        """It came to nothing, or was cut off: then what was received is charged, as an estimate."""
        if partial is not None and partial.message.parts and isinstance(ticket.charge, ChatRequest):
            drafted = draft(ticket.lane.config, ticket.charge)
            meter = _meter(ticket)
            if not isinstance(drafted, Failure) and not isinstance(meter, Failure):
                usage = cut_usage(meter.unwrap(), drafted.unwrap(), partial)
                cut = msgspec.structs.replace(partial, usage=usage)
                self._settle(ticket, cut, took_s)
                return
        if ticket.hold is not None:
            self.account.release(ticket.hold)

    def _settle(self, ticket: Ticket, answer: Completion, took_s: float) -> None:
        asked = _model(ticket.lane, ticket.charge)
        call = partial(self._call, ticket.lane, asked, ticket.at, priced_part(answer), took_s)
        if ticket.hold is None and isinstance(self.account, MemoryAccount):
            self.account.defer(call)
        else:
            self.account.settle(ticket.hold or "", call())

    def _call(
        self, lane: Lane, asked: str, at: datetime, answer: Completion, took_s: float
    ) -> Call:
        cost = self.table.bind(lambda table: cost_of(table, _buyer(lane), answer, at, model=asked))
        return Call(
            model=answer.model or asked,
            provider=lane.provider.name,
            usage=answer.usage,
            cost=None if isinstance(cost, Failure) else cost.unwrap(),
            at=at,
            took_s=took_s,
        )


def _most(table: PriceTable, lane: Lane, charge: Charge, now: datetime) -> Parsed[Decimal]:
    model = _model(lane, charge)
    meter = load_meter(model, lane.config.pricing_plan)
    if isinstance(meter, Failure):
        return meter
    one = meter.unwrap()
    if isinstance(charge, EmbedRequest):
        tokens = sum([count_text(one, text).tokens + 8 for text in charge.texts])
        return most_usd(table, _buyer(lane), (model,), tokens, 0, now)
    drafted = draft(lane.config, charge)
    if isinstance(drafted, Failure):
        return drafted
    sent = most_input_tokens(count_request(one, drafted.unwrap()))
    made = _most_output(drafted.unwrap(), lane, model)
    if made is None:
        message = "how long the answer may be is not known: a budget needs max_tokens"
        return Failure(PriceUnknown(message=message, model=model, provider=lane.provider.name))
    return most_usd(table, _buyer(lane), (model,), sent, made, now)


def _most_output(drafted: Draft, lane: Lane, model: str) -> int | None:
    asked = most_output_tokens(drafted)
    if asked is not None:
        return asked
    window = window_for(model, lane.config.pricing_plan)
    return None if window is None else window.output


def _counted(ticket: Ticket, answer: Completion) -> Completion:
    usage = answer.usage
    known = usage.input_tokens is not None and usage.output_tokens is not None
    if known or not ticket.lane.config.calc_usage or not isinstance(ticket.charge, ChatRequest):
        return answer
    drafted, meter = draft(ticket.lane.config, ticket.charge), _meter(ticket)
    if isinstance(drafted, Failure) or isinstance(meter, Failure):
        return answer
    made: Usage = estimated_usage(meter.unwrap(), drafted.unwrap(), answer)
    return msgspec.structs.replace(answer, usage=made)


def _meter(ticket: Ticket) -> Parsed[Meter]:
    return load_meter(_model(ticket.lane, ticket.charge), ticket.lane.config.pricing_plan)


def _model(lane: Lane, charge: Charge) -> str:
    return charge.model or lane.config.model


def _buyer(lane: Lane) -> Buyer:
    config = lane.config
    return Buyer(api_type=lane.provider.name, base_url=config.base_url, plan=config.pricing_plan)


def _budget(given: Budget | Decimal | float | str | None) -> Budget:
    if isinstance(given, Budget):
        return given
    return Budget() if given is None else Budget(max_usd=Decimal(str(given)))
