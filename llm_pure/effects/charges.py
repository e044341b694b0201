"""What a call may cost at most, what it has used and what it did cost: prices and tokenizers, loaded when a till needs them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from llm_pure.completion import Completion, Usage
from llm_pure.costs import Buyer, cost_of, most_usd
from llm_pure.draft import Draft, draft
from llm_pure.effects.lanes import Lane
from llm_pure.effects.meters import load_meter
from llm_pure.effects.price_data import load_prices
from llm_pure.errors import PriceUnknown
from llm_pure.ledger import Cost
from llm_pure.operations import EmbedRequest
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


def load_table(given: PriceTable | Mapping[str, object] | None) -> Parsed[PriceTable]:
    """The prices: a table as it is, or the user's own over the shipped ones."""
    if isinstance(given, PriceTable):
        return Success(given)
    return load_prices().bind(lambda table: with_overrides(table, given or {}))


def price(
    table: PriceTable, lane: Lane, asked: str, at: datetime, answer: Completion
) -> Parsed[Cost]:
    """What an answer did cost. asked: the model's name in the request; at: when it was sent."""
    return cost_of(table, _buyer(lane), answer, at, model=asked)


def most(
    table: PriceTable, lane: Lane, model: str, charge: ChatRequest | EmbedRequest, now: datetime
) -> Parsed[Decimal]:
    """The most that a call can cost. Fails with PriceUnknown, also where its answer has no known limit."""
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


def counted(lane: Lane, model: str, request: ChatRequest, answer: Completion) -> Completion:
    """The answer with its usage counted here, as an estimate; the same where it cannot be counted."""
    drafted, meter = draft(lane.config, request), _meter(lane, model)
    if isinstance(drafted, Failure) or isinstance(meter, Failure):
        return answer
    made: Usage = estimated_usage(meter.unwrap(), drafted.unwrap(), answer)
    return msgspec.structs.replace(answer, usage=made)


def counted_part(
    lane: Lane, model: str, request: ChatRequest, partial: Completion
) -> Completion | None:
    """A part of an answer with the usage that it has cost so far; None where it cannot be counted."""
    drafted, meter = draft(lane.config, request), _meter(lane, model)
    if isinstance(drafted, Failure) or isinstance(meter, Failure):
        return None
    usage = cut_usage(meter.unwrap(), drafted.unwrap(), partial)
    return msgspec.structs.replace(partial, usage=usage)


def _meter(lane: Lane, model: str) -> Parsed[Meter]:
    return load_meter(model, lane.config.pricing_plan)


def _buyer(lane: Lane) -> Buyer:
    config = lane.config
    return Buyer(api_type=lane.provider.name, base_url=config.base_url, plan=config.pricing_plan)
