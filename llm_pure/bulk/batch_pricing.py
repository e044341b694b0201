"""Prices of provider batches: what a job can cost at most, and what its answers cost. Reads the price table, sends nothing."""

from datetime import datetime
from decimal import Decimal
from functools import partial

from llm_pure.client.billing import PricesInput, load_price_table
from llm_pure.client.targets import Target
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.core.resolved_request import resolve_request
from llm_pure.pricing.costs import BATCH, PricingContext, cost_of, price_usage
from llm_pure.pricing.table import PriceTable
from llm_pure.tokens import count_request, input_limit, output_limit
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import UnknownPrice
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult


class BatchPrices:
    """The batch prices of one target.

    discount: `BatchLimits.discount`, for models of which the table of prices has no batch price.
    """

    def __init__(
        self, target: Target, prices: PricesInput | None = None, discount: float | None = None
    ) -> None:
        self._target = target
        self._paid = 1 - Decimal(str(discount or 0))
        self._context = PricingContext(
            api_type=target.provider.name,
            base_url=target.config.base_url,
            plan=target.config.pricing_plan,
        )
        self._table: LLMResult[PriceTable] = load_price_table(prices)

    def cost_usd(self, completion: Completion, model: str, now: datetime) -> Decimal | None:
        """The cost of an answer, as the service reports it or by its batch price; None if no price is known."""
        try:
            batch, live = (
                self._table.bind(
                    partial(
                        cost_of,
                        context=self._context,
                        completion=completion,
                        now=now,
                        model=model,
                        batch=is_batch,
                    )
                ).value_or(None)
                for is_batch in (True, False)
            )
            if batch is None:
                return None
            has_no_batch_price = batch.source == "table" and batch == live
            return batch.total_usd * (self._paid if has_no_batch_price else 1)
        except ArithmeticError:  # counts that no Decimal can hold
            return None

    @returns_failure
    def max_usd(self, request: ChatRequest, now: datetime) -> Decimal:
        """The most that a request can cost in a batch: all input as the dearest kind, and the longest output.

        Without a batch price in the table it is the price of a single call: not every model may have the discount.
        Fails with UnknownPrice, also if the response has no maximum length.
        """
        config = self._target.config
        resolved = ok(resolve_request(config, request))
        counter = ok(load_token_counter(resolved.model, config.pricing_plan))
        stored = bool(resolved.options.keys() & {"previous_response_id", "cached_content"})
        tokens = input_limit(config, resolved, count_request(counter, resolved), stored=stored)
        if tokens is None:
            message = "the service adds input that cannot be counted: a budget needs context_length"
            raise Rejected(UnknownPrice(message=message, model=resolved.model))
        output = output_limit(config, resolved)
        if output is None:
            message = "the maximum length of the response is unknown: a budget needs max_tokens"
            raise Rejected(UnknownPrice(message=message, model=resolved.model))
        table = ok(self._table)
        usages = [
            Usage(input_tokens=tokens, output_tokens=output),
            Usage(input_tokens=tokens, output_tokens=output, cache_write_tokens=tokens),
        ]
        costs = [
            ok(price_usage(table, self._context, (resolved.model,), usage, now, BATCH))
            for usage in usages
        ]
        return max([cost.total_usd for cost in costs])
