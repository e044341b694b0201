"""The cost of a completion, and the estimated cost of a request before it is sent. Both by the bundled prices; send nothing.

A client with a budget does both by itself; `LLM.get_costs()` has the costs of its calls.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from llm_pure.client.arguments import invalid_argument
from llm_pure.client.billing import PricesInput, load_price_table
from llm_pure.client.call import ChatInput, chat_request
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.core.resolved_request import resolve_request
from llm_pure.pricing.costs import PricingContext, cost_of, price_usage
from llm_pure.pricing.ledger import Cost
from llm_pure.pricing.table import PriceTable
from llm_pure.tokens import Method, count_request, output_limit
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, UnknownPrice
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a request that is not sent yet: of its input, and of the longest output."""

    input_tokens: int
    method: Method
    """How exact the count is."""
    max_output_tokens: int
    input_usd: Decimal
    max_output_usd: Decimal
    max_total_usd: Decimal
    price: str
    """The price entry, as "vendor:model"."""
    prices: str
    """The source of the prices, and its date."""


@returns_failure
def completion_cost(
    completion: Completion,
    *,
    config: LLMConfig | None = None,
    prices: PricesInput | None = None,
    at: datetime | None = None,
) -> Cost:
    """Return the cost of a completion in USD: as the provider reports it, else by its usage and the price of its model.

    config: of the call, for its base URL, pricing plan and requested model. prices: a table, or prices that override the
    bundled ones. at: time of the call, aware; by default now. Fails with UnknownPrice.
    """
    _check(Completion, completion=completion)
    _check(LLMConfig | None, config=config)
    table, now = _table_and_time(prices, at)
    model = config.model if config is not None else ""
    context = _context(config, completion.provider)
    try:
        return ok(cost_of(table, context, completion, now, model=model))
    except ArithmeticError:  # counts that no Decimal can hold
        raise Rejected(_unknown(completion.model, completion.provider)) from None


def estimate_cost(
    request: ChatInput,
    config: LLMConfig,
    *,
    max_tokens: int | None = None,
    prices: PricesInput | None = None,
    at: datetime | None = None,
) -> LLMResult[CostEstimate]:
    """Return the estimated cost of a request, without cached input and fees.

    max_tokens: of the output; by default the request's or the configuration's, else the model's maximum. prices, at: as of
    `completion_cost`. Fails with UnknownPrice, also if the longest output is unknown.
    """
    return _estimate(chat_request(request), config, max_tokens, prices, at)


@returns_failure
def _estimate(
    request: ChatRequest,
    config: LLMConfig,
    max_tokens: int | None,
    prices: PricesInput | None,
    at: datetime | None,
) -> CostEstimate:
    _check(LLMConfig, config=config)
    _check(int | None, max_tokens=max_tokens)
    table, now = _table_and_time(prices, at)
    resolved = ok(resolve_request(config, request))
    count = count_request(ok(load_token_counter(resolved.model, config.pricing_plan)), resolved)
    output_tokens = output_limit(config, resolved) if max_tokens is None else max_tokens
    if output_tokens is None:
        message = "the maximum length of the response is unknown: pass max_tokens"
        model, provider = resolved.model, config.api_type
        raise Rejected(UnknownPrice(message=message, model=model, provider=provider))
    context = _context(config, config.api_type)
    usage = Usage(count.tokens, output_tokens)
    cost = ok(price_usage(table, context, (resolved.model,), usage, now))
    return CostEstimate(
        input_tokens=count.tokens,
        method=count.method,
        max_output_tokens=output_tokens,
        input_usd=cost.input_usd,
        max_output_usd=cost.output_usd,
        max_total_usd=cost.total_usd,
        price=cost.price,
        prices=f"{table.source}, {table.as_of}",
    )


def _table_and_time(prices: PricesInput | None, at: datetime | None) -> tuple[PriceTable, datetime]:
    _check(PriceTable | Mapping | None, prices=prices)
    _check(datetime | None, at=at)
    if at is not None and at.tzinfo is None:
        raise Rejected(InvalidRequest(message="at must have a time zone", param="at"))
    return ok(load_price_table(prices)), at or datetime.now(UTC)


def _check(kind: Any, **argument: object) -> None:
    """Raise Rejected unless the argument is of this type."""
    ((name, value),) = argument.items()
    if not isinstance(value, kind) or isinstance(value, bool):
        expected = getattr(kind, "__name__", None) or str(kind).replace(
            "datetime.datetime", "datetime"
        )
        raise Rejected(invalid_argument(name, f"a {expected}", value).failure())


def _context(config: LLMConfig | None, provider: str) -> PricingContext:
    if config is None:
        return PricingContext(api_type=provider)
    return PricingContext(
        api_type=config.api_type, base_url=config.base_url, plan=config.pricing_plan
    )


def _unknown(model: str, provider: str) -> UnknownPrice:
    return UnknownPrice(message="the usage cannot be priced", model=model, provider=provider)
