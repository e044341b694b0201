"""Billing of one client: reserve the maximum cost before a request, settle the real cost after the response.

Without a budget nothing is reserved, and calls are recorded for `get_costs` only. Price tables and tokenizers are
loaded when a call first needs them.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, Union, cast

import msgspec

from llm_pure.client.budgets import (
    BackgroundStore,
    Budget,
    BudgetStore,
    InMemoryBudget,
    to_amount,
)
from llm_pure.client.targets import Target
from llm_pure.pricing.ledger import PRICE_CONDITIONS, Call
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import InvalidConfiguration, LLMError, TimedOut
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.core.resolved_request import ResolvedRequest
    from llm_pure.pricing.costs import PricingContext
    from llm_pure.pricing.table import PriceTable
    from llm_pure.tokens import TokenCounter

A = TypeVar("A")
BillableRequest: TypeAlias = ChatRequest | EmbedRequest
BudgetInput: TypeAlias = Budget | BudgetStore | Decimal | float | str
PricesInput: TypeAlias = Union["PriceTable", Mapping[str, object]]

UNBOUNDED = "unbounded"
"""The code of UnknownPrice for a request that has a price, but no limit."""

_log = logging.getLogger("llm_pure")


class PendingCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was sent and has no result yet."""

    target: Target
    request: BillableRequest
    at: datetime
    max_usd: Decimal | None = None
    """What is to be reserved before the call is sent; None if nothing is, or if it is reserved already."""
    reservation: str | None = None
    """Name of the reservation in the budget; None if nothing is reserved."""

    @property
    def model(self) -> str:
        """The requested model."""
        return self.request.model or self.target.config.model


class Billing:
    """Reservations and costs of one client's calls."""

    def __init__(
        self,
        budget: BudgetInput | None = None,
        prices: PricesInput | None = None,
        *,
        unknown_prices: bool = False,
    ) -> None:
        """budget: a store, a budget, or USD. prices: a table, or prices that override the bundled ones.

        unknown_prices: despite a budget, call models that have no price; those calls reserve and cost nothing.
        With a budget that is no amount, every call fails with InvalidConfiguration.
        """
        self.store: BudgetStore
        self.background: BackgroundStore | None = None
        """The store, if calls wait for it in the background."""
        self._error: LLMError | None = None
        self._unsettled: deque[tuple[str, Call]] = deque()
        """Costs that the store refused by an exception, for its next call."""
        if isinstance(budget, BudgetStore):
            self.store = budget
            self.background = budget if isinstance(budget, BackgroundStore) else None
        else:
            try:
                self.store = InMemoryBudget(_to_budget(budget))
            except ValueError as error:
                self.store = InMemoryBudget()
                self._error = InvalidConfiguration(message=str(error), field="budget")
        self.has_limit = self.store.max_usd is not None
        """Each call's maximum cost has to be known."""
        self._prices = prices
        self._unknown_prices = unknown_prices
        self._table: LLMResult[PriceTable] | None = None

    def with_store(self, store: BudgetStore) -> Self:
        """Return this billing over another store of the same kind, with its prices. Cheap, for a store of each call."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, store=store, _table=self.table, _unsettled=deque())
        other.has_limit = store.max_usd is not None
        if self.background is not None:  # no isinstance: with this protocol it takes 20 us
            other.background = cast(BackgroundStore, store)
        return other

    @property
    def table(self) -> "LLMResult[PriceTable]":
        """The prices, loaded on first use."""
        if self._table is None:
            self._table = load_price_table(self._prices)
        return self._table

    def start(
        self, target: Target, request: BillableRequest, now: datetime, body: bytes = b""
    ) -> PendingCall:
        """Start a call; with a budget, reserve its maximum cost, or leave that to `reserved` for a store in the background.

        body: what is sent, whose limit of the output counts if it is the higher one.

        Raises Rejected: with BudgetExceeded, with UnknownPrice if a budget needs a price that is unknown, and with
        InvalidConfiguration if the budget is no amount or the store fails.
        """
        pending = PendingCall(target=target, request=request, at=now)
        if self._error is not None:
            raise Rejected(self._error)
        if self.store.max_usd is None:
            return pending
        if self._unknown_prices:
            price = self.table.bind(partial(_cost_without_tokens, pending))
            if isinstance(price, Failure):
                return pending
        max_usd = ok(self.table.bind(partial(max_cost, pending, body)))
        if self.background is not None:
            return msgspec.structs.replace(pending, max_usd=max_usd)
        return self.reserved(pending, _guarded(self.store.reserve, max_usd))

    def reserved(self, pending: PendingCall, result: LLMResult[str] | None) -> PendingCall:
        """Return the call with its reservation; None as the result is one that did not come in time. Raises Rejected."""
        if result is None:
            message = "the ledger gave no reservation within the time of the call"
            raise Rejected(TimedOut(message=message, phase="budget", retryable=False))
        return msgspec.structs.replace(pending, max_usd=None, reservation=ok(result))

    def has_to_count(self, pending: PendingCall, result: LLMResult[A]) -> bool:
        """Whether `finish` counts tokens, which the provider has not reported."""
        if type(result) is Failure:
            received = result.failure().partial
            return received is not None and bool(received.message.parts)
        value: Any = result.unwrap()
        return isinstance(value, Completion) and _has_no_usage(pending, value)

    def finish(self, pending: PendingCall, result: LLMResult[A], took_s: float) -> LLMResult[A]:
        """Settle the call. Return the result; if config.calc_usage is set, with usage that the provider did not report."""
        try:
            return self._finish(pending, result, took_s)
        except BaseException:  # Ctrl-C in the midst: the reservation would stay
            store, name = self.store, pending.reservation
            if isinstance(store, InMemoryBudget) and name in store.ledger().reserved:
                self._finish(pending, result, took_s)
            raise

    def _finish(self, pending: PendingCall, result: LLMResult[A], took_s: float) -> LLMResult[A]:
        if type(result) is Failure:
            self.abandon(pending, result.failure().partial, took_s)
            return result
        value: Any = result.unwrap()
        if isinstance(value, Completion):
            completion: Any = _with_usage(pending, value)
            self._settle(pending, completion, took_s)
            return result if completion is value else Success(completion)
        if isinstance(value, Embeddings):
            self._settle(pending, Completion(model=value.model, usage=value.usage), took_s)
        else:
            self._release(pending)
        return result

    def abandon(self, pending: PendingCall, received: Completion | None, took_s: float) -> None:
        """End a failed or cancelled call: charge an estimate of what was received, else release the reservation."""
        if (
            received is not None
            and received.message.parts
            and isinstance(pending.request, ChatRequest)
        ):
            usage = usage_of(pending, received, is_cut=True).value_or(None)
            if usage is not None:
                self._settle(pending, _replace_usage(received, usage), took_s)
                return
        self._release(pending)

    def _release(self, pending: PendingCall) -> None:
        if pending.reservation is None:
            return
        if self.background is not None:
            self.background.start_release(pending.reservation)
            return
        try:
            self.store.release(pending.reservation)
        except Exception:  # noqa: BLE001 - a user's store may raise anything
            _log.exception("the budget store did not release a reservation")

    def _settle(self, pending: PendingCall, completion: Completion, took_s: float) -> None:
        """Record the cost. No fault of the store loses the response: what it does not take is settled with a later call."""
        name = pending.reservation or ""
        if self.background is not None:
            self.background.start_settle(name, self._price(pending, completion, took_s))
        elif pending.reservation is None and isinstance(self.store, InMemoryBudget):
            self.store.defer(partial(self._price, pending, _priced_part(completion), took_s))
        else:
            self._unsettled.append((name, self._price(pending, completion, took_s)))
            self._settle_waiting()

    def _settle_waiting(self) -> None:
        for _ in range(len(self._unsettled)):
            try:
                settlement = self._unsettled.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                self.store.settle(*settlement)
            except Exception:  # noqa: BLE001
                self._unsettled.append(settlement)
                _log.exception(
                    "the budget store did not take a cost, which is settled with the next call"
                )
                return

    def _price(self, pending: PendingCall, completion: Completion, took_s: float) -> Call:
        from llm_pure.pricing.costs import cost_of  # imported late: start-up

        buyer, at, model = _buyer(pending.target), pending.at, pending.model
        table, cost = self.table, None
        if type(table) is not Failure:
            try:
                priced = cost_of(table.unwrap(), buyer, completion, at, model=model)
            except ArithmeticError:  # counts that no Decimal can hold
                pass
            else:
                cost = priced.value_or(None)
        return Call(
            model=completion.model or model,
            provider=pending.target.provider.name,
            usage=completion.usage,
            cost=cost,
            at=at,
            duration_s=took_s,
        )


def load_price_table(prices: PricesInput | None) -> "LLMResult[PriceTable]":
    """Return the table, or the bundled one with the user's own prices over it."""
    from llm_pure.client.price_data import load_prices  # imported late: start-up
    from llm_pure.pricing.overrides import with_overrides
    from llm_pure.pricing.table import PriceTable

    if isinstance(prices, PriceTable):
        return Success(prices)
    return load_prices().bind(lambda table: with_overrides(table, prices or {}))


def _cost_without_tokens(pending: PendingCall, table: "PriceTable") -> LLMResult[Decimal]:
    """Fails with UnknownPrice if the model has no price."""
    from llm_pure.pricing.costs import max_cost_usd  # imported late: start-up

    return max_cost_usd(table, _buyer(pending.target), (pending.model,), 0, 0, pending.at)


@returns_failure
def max_cost(pending: PendingCall, body: bytes, table: "PriceTable") -> Decimal:
    """Upper bound of the cost of a call in USD. Fails with UnknownPrice, also if the request has no limit."""
    from llm_pure.client.tokenizers import load_token_counter  # imported late: start-up
    from llm_pure.pricing.costs import max_cost_usd
    from llm_pure.tokens import (
        count_request,
        count_text,
        input_limit,
        names_stored_input,
        output_limit,
        sent_output_tokens,
    )

    target, request, model = pending.target, pending.request, pending.model
    buyer, plan = _buyer(target), target.config.pricing_plan
    if isinstance(request, EmbedRequest):
        counter = ok(load_token_counter(model, plan))
        tokens = sum([count_text(counter, text).tokens + 8 for text in request.texts])
        return ok(max_cost_usd(table, buyer, (model,), tokens, 0, pending.at))
    counter, resolved = ok(_resolve(pending))
    count, stored = count_request(counter, resolved), names_stored_input(body)
    input_tokens = input_limit(target.config, resolved, count, stored=stored)
    if input_tokens is None:
        raise Rejected(_unbounded(pending, _UNKNOWN_INPUT))
    limits = (output_limit(target.config, resolved), sent_output_tokens(body))
    output_tokens = max([limit for limit in limits if limit is not None], default=None)
    if output_tokens is None:
        remedy = "set max_tokens (--max-tokens N)"
        raise Rejected(_unbounded(pending, _UNKNOWN_OUTPUT, remedy))
    return ok(max_cost_usd(table, buyer, (model,), input_tokens, output_tokens, pending.at))


_UNKNOWN_OUTPUT = "the maximum length of the response is unknown: a budget needs max_tokens"
_UNKNOWN_INPUT = (
    "the service adds input that cannot be counted here, and the context of the model is unknown: "
    "a budget needs context_length"
)


def _unbounded(pending: PendingCall, message: str, remedy: str = "") -> LLMError:
    """Why the maximum cost is unknown although the model has a price."""
    from llm_pure.types.errors import UnknownPrice

    provider = pending.target.provider.name
    return UnknownPrice(
        message=message, code=UNBOUNDED, model=pending.model, provider=provider, remedy=remedy
    )


@returns_failure
def usage_of(pending: PendingCall, completion: Completion, *, is_cut: bool = False) -> Usage:
    """Estimate the usage of a completion, also of one that was cut off. Fails if its tokens cannot be counted."""
    from llm_pure.tokens import estimated_usage, partial_usage  # imported late: start-up

    counter, resolved = ok(_resolve(pending))
    return (partial_usage if is_cut else estimated_usage)(counter, resolved, completion)


@returns_failure
def _resolve(pending: PendingCall) -> "tuple[TokenCounter, ResolvedRequest]":
    from llm_pure.client.tokenizers import load_token_counter  # imported late: start-up
    from llm_pure.core.resolved_request import resolve_request

    config, request = pending.target.config, pending.request
    assert isinstance(request, ChatRequest)  # texts to embed have neither output nor estimate
    counter = load_token_counter(pending.model, config.pricing_plan)
    return (ok(counter), ok(resolve_request(config, request)))


def _with_usage(pending: PendingCall, completion: Completion) -> Completion:
    """Add estimated usage if the provider reported none and config.calc_usage is set."""
    if not _has_no_usage(pending, completion):
        return completion
    return (
        usage_of(pending, completion).map(partial(_replace_usage, completion)).value_or(completion)
    )


def _has_no_usage(pending: PendingCall, completion: Completion) -> bool:
    usage = completion.usage
    return (
        (usage.input_tokens is None or usage.output_tokens is None)
        and pending.target.config.calc_usage
        and isinstance(pending.request, ChatRequest)
    )


def _replace_usage(completion: Completion, usage: Usage) -> Completion:
    return msgspec.structs.replace(completion, usage=usage)


def _priced_part(completion: Completion) -> Completion:
    """Return what the price depends on, without the text: it is kept until the call is priced."""
    extra = {key: completion.extra[key] for key in PRICE_CONDITIONS if key in completion.extra}
    return Completion(model=completion.model, usage=completion.usage, extra=extra)


def _buyer(target: Target) -> "PricingContext":
    config = target.config
    return _pricing_context(target.provider.name, config.base_url, config.pricing_plan)


@lru_cache(maxsize=256)
def _pricing_context(api_type: str, base_url: str | None, plan: str | None) -> "PricingContext":
    from llm_pure.pricing.costs import PricingContext  # imported late: start-up

    return PricingContext(api_type=api_type, base_url=base_url, plan=plan)


def _to_budget(value: Budget | Decimal | float | str | None) -> Budget:
    """Raises ValueError for an amount that is no number of at least 0."""
    if isinstance(value, Budget):
        return value
    return Budget() if value is None else Budget(max_usd=to_amount(value, "budget"))


def _guarded(reserve: Callable[[Decimal], LLMResult[str]], usd: Decimal) -> LLMResult[str]:
    """Call a user's store. Its exceptions are Failures."""
    try:
        return reserve(usd)
    except Exception as error:  # noqa: BLE001
        message = f"the budget store cannot reserve: {type(error).__name__}: {error}"
        _log.warning("%s", message)
        return Failure(InvalidConfiguration(message=message, field="budget"))
