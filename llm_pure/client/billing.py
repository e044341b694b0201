"""Where a client's calls are paid: a hold before anything is sent, the real cost after it. One for each client.

Nothing is held without a budget; every call is counted all the same, so that `get_costs` can tell.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union

import msgspec

from llm_pure.client.budgets import Account, Budget, MemoryAccount
from llm_pure.client.targets import Lane
from llm_pure.pricing.ledger import Call, pricing_inputs
from llm_pure.types.completion import Completion
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.pricing import PriceTable

A = TypeVar("A")
Charge: TypeAlias = ChatRequest | EmbedRequest
BudgetInput: TypeAlias = Budget | Account | Decimal | float | str
PricesInput: TypeAlias = Union["PriceTable", Mapping[str, object]]


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
        self._table: LLMResult[PriceTable] | None = None

    @property
    def table(self) -> "LLMResult[PriceTable]":
        """The prices, read when they are first needed."""
        if self._table is None:
            from llm_pure.client.charges import load_table

            self._table = load_table(self._given)
        return self._table

    def open(self, lane: Lane, charge: Charge, now: datetime) -> LLMResult[Ticket]:
        """A call is about to be sent. Fails with BudgetExceeded, or UnknownPrice where a budget needs a price."""
        ticket = Ticket(lane=lane, charge=charge, at=now)
        if self.account.max_usd is None:
            return Success(ticket)
        from llm_pure.client.charges import most

        model = _model(lane, charge)
        usd = self.table.bind(lambda table: most(table, lane, model, charge, now))
        held = usd.bind(self.account.reserve)
        return held.map(lambda name: msgspec.structs.replace(ticket, hold=name))

    def close(self, ticket: Ticket, got: LLMResult[A], took_s: float) -> LLMResult[A]:
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
        charge = ticket.charge
        if partial is not None and partial.message.parts and isinstance(charge, ChatRequest):
            from llm_pure.client.charges import counted_part

            cut = counted_part(ticket.lane, _model(ticket.lane, charge), charge, partial)
            if cut is not None:
                self._settle(ticket, cut, took_s)
                return
        if ticket.hold is not None:
            self.account.release(ticket.hold)

    def _settle(self, ticket: Ticket, answer: Completion, took_s: float) -> None:
        asked = _model(ticket.lane, ticket.charge)
        call = partial(self._call, ticket.lane, asked, ticket.at, pricing_inputs(answer), took_s)
        if ticket.hold is None and isinstance(self.account, MemoryAccount):
            self.account.defer(call)
        else:
            self.account.settle(ticket.hold or "", call())

    def _call(
        self, lane: Lane, asked: str, at: datetime, answer: Completion, took_s: float
    ) -> Call:
        from llm_pure.client.charges import price

        cost = self.table.bind(lambda table: price(table, lane, asked, at, answer))
        return Call(
            model=answer.model or asked,
            provider=lane.provider.name,
            usage=answer.usage,
            cost=None if isinstance(cost, Failure) else cost.unwrap(),
            at=at,
            duration_s=took_s,
        )


def _counted(ticket: Ticket, answer: Completion) -> Completion:
    """The answer with its usage, counted here where the provider did not report it and the user wants it."""
    usage, charge = answer.usage, ticket.charge
    known = usage.input_tokens is not None and usage.output_tokens is not None
    if known or not ticket.lane.config.calc_usage or not isinstance(charge, ChatRequest):
        return answer
    from llm_pure.client.charges import counted

    return counted(ticket.lane, _model(ticket.lane, charge), charge, answer)


def _model(lane: Lane, charge: Charge) -> str:
    return charge.model or lane.config.model


def _budget(given: Budget | Decimal | float | str | None) -> Budget:
    if isinstance(given, Budget):
        return given
    return Budget() if given is None else Budget(max_usd=Decimal(str(given)))
