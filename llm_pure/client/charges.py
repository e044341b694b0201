"""What a call may cost at most, what it has used and what it did cost: prices and tokenizers, loaded when a till needs them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from llm_pure.client.meters import load_meter
from llm_pure.client.price_data import load_prices
from llm_pure.client.targets import Lane
from llm_pure.core.resolved_request import ResolvedRequest, resolve_request
from llm_pure.pricing import PriceTable, with_overrides
from llm_pure.pricing.costs import PricingContext, cost_of, max_cost_usd
from llm_pure.pricing.ledger import Cost
from llm_pure.tokens import (
    TokenCounter,
    count_request,
    count_text,
    estimated_usage,
    max_input_tokens,
    max_output_tokens,
    partial_usage,
    window_for,
)
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import UnknownPrice
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success


def load_table(given: PriceTable | Mapping[str, object] | None) -> LLMResult[PriceTable]:
    """The prices: a table as it is, or the user's own over the shipped ones."""
    if isinstance(given, PriceTable):
        return Success(given)
    return load_prices().bind(lambda table: with_overrides(table, given or {}))


def price(
    table: PriceTable, lane: Lane, asked: str, at: datetime, answer: Completion
) -> LLMResult[Cost]:
    """What an answer did cost. asked: the model's name in the request; at: when it was sent."""
    return cost_of(table, _buyer(lane), answer, at, model=asked)


def most(
    table: PriceTable, lane: Lane, model: str, charge: ChatRequest | EmbedRequest, now: datetime
) -> LLMResult[Decimal]:
    """The most that a call can cost. Fails with UnknownPrice, also where its answer has no known limit."""
    counter = load_meter(model, lane.config.pricing_plan)
    if isinstance(counter, Failure):
        return counter
    one = counter.unwrap()
    if isinstance(charge, EmbedRequest):
        tokens = sum([count_text(one, text).tokens + 8 for text in charge.texts])
        return max_cost_usd(table, _buyer(lane), (model,), tokens, 0, now)
    drafted = resolve_request(lane.config, charge)
    if isinstance(drafted, Failure):
        return drafted
    sent = max_input_tokens(count_request(one, drafted.unwrap()))
    made = _most_output(drafted.unwrap(), lane, model)
    if made is None:
        message = "how long the answer may be is not known: a budget needs max_tokens"
        return Failure(UnknownPrice(message=message, model=model, provider=lane.provider.name))
    return max_cost_usd(table, _buyer(lane), (model,), sent, made, now)


def _most_output(drafted: ResolvedRequest, lane: Lane, model: str) -> int | None:
    asked = max_output_tokens(drafted)
    if asked is not None:
        return asked
    window = window_for(model, lane.config.pricing_plan)
    return None if window is None else window.output


def counted(lane: Lane, model: str, request: ChatRequest, answer: Completion) -> Completion:
    """The answer with its usage counted here, as an estimate; the same where it cannot be counted."""
    drafted, counter = resolve_request(lane.config, request), _counter(lane, model)
    if isinstance(drafted, Failure) or isinstance(counter, Failure):
        return answer
    made: Usage = estimated_usage(counter.unwrap(), drafted.unwrap(), answer)
    return msgspec.structs.replace(answer, usage=made)


def counted_part(
    lane: Lane, model: str, request: ChatRequest, partial: Completion
) -> Completion | None:
    """A part of an answer with the usage that it has cost so far; None where it cannot be counted."""
    drafted, counter = resolve_request(lane.config, request), _counter(lane, model)
    if isinstance(drafted, Failure) or isinstance(counter, Failure):
        return None
    usage = partial_usage(counter.unwrap(), drafted.unwrap(), partial)
    return msgspec.structs.replace(partial, usage=usage)


def _counter(lane: Lane, model: str) -> LLMResult[TokenCounter]:
    return load_meter(model, lane.config.pricing_plan)


def _buyer(lane: Lane) -> PricingContext:
    config = lane.config
    return PricingContext(
        api_type=lane.provider.name, base_url=config.base_url, plan=config.pricing_plan
    )
