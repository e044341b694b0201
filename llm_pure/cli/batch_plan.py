"""`llm-pure batch plan`: tokens and costs of a run before anything is sent, from all rows or from a sample of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from llm_pure.bulk.planning import SHARD_ROWS
from llm_pure.bulk.run_directory import Run
from llm_pure.cli.output import out
from llm_pure.client.billing import load_price_table
from llm_pure.client.costs import CostEstimate, estimate_cost
from llm_pure.pricing.costs import BATCH, PricingContext, price_usage
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import Failure

SAMPLE_ROWS = 2000
"""More rows than that are estimated from so many, evenly spread."""


MAX_ERRORS = 5


class RunEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a run will send, about."""

    rows: int
    unreadable: int
    """Rows that will be errors without being sent."""
    errors: tuple[str, ...] = ()
    """Their first different errors, each with its first row."""
    shards: int
    """Of a thousand rows."""
    sampled_rows: int
    """Rows whose tokens were counted."""
    input_tokens: int | None = None
    max_output_tokens: int | None = None
    input_usd: Decimal | None = None
    max_usd: Decimal | None = None
    """With the longest answers."""
    batch_max_usd: Decimal | None = None
    """As a provider's batch; None without a price for it."""
    price: str = ""
    message: str = ""
    """Why there are no costs."""


@returns_failure
def estimate_run(run: Run, config: LLMConfig, prices: Mapping[str, Any] | None) -> RunEstimate:
    """Estimate the tokens and costs of a run's rows."""
    rows = len(run)
    step = max(1, -(-rows // SAMPLE_ROWS))
    estimates: list[CostEstimate] = []
    errors: dict[str, list[int]] = {}
    message = ""
    sampled = 0
    for number in range(0, rows, step):
        row = run.row(number)
        if row.request is None:
            if row.error is not None:
                text = row.error.message.removeprefix(f"row {number + 1}: ")
                errors.setdefault(text, []).append(number)
            continue
        estimate = estimate_cost(row.request, config, prices=prices)
        if isinstance(estimate, Failure):
            message = estimate.failure().message
            break
        estimates.append(estimate.unwrap())
        sampled += 1
    base = RunEstimate(
        rows=rows,
        unreadable=run.spec.input.unreadable,
        errors=tuple(
            [
                f"row {numbers[0] + 1}{' and others' if len(numbers) > 1 else ''}: {text}"
                for text, numbers in list(errors.items())[:MAX_ERRORS]
            ]
        ),
        shards=-(-rows // SHARD_ROWS),
        sampled_rows=sampled,
        message=message,
    )
    if not estimates or message:
        return base
    scale = Decimal(rows - run.spec.input.unreadable) / sampled
    input_tokens = int(sum(estimate.input_tokens for estimate in estimates) * scale)
    output_tokens = int(sum(estimate.max_output_tokens for estimate in estimates) * scale)
    table = ok(load_price_table(prices))
    context = PricingContext(
        api_type=config.api_type, base_url=config.base_url, plan=config.pricing_plan
    )
    now = datetime.now(UTC)
    per_row = Usage(input_tokens // max(1, rows), output_tokens // max(1, rows))
    batch = price_usage(table, context, (run.spec.model,), per_row, now, BATCH).value_or(None)
    live = price_usage(table, context, (run.spec.model,), per_row, now).value_or(None)
    max_usd = sum((estimate.max_total_usd for estimate in estimates), Decimal(0)) * scale
    batch_usd = None
    if (
        batch is not None
        and live is not None
        and live.total_usd
        and batch.total_usd < live.total_usd
    ):
        batch_usd = max_usd * batch.total_usd / live.total_usd
    return msgspec.structs.replace(
        base,
        input_tokens=input_tokens,
        max_output_tokens=output_tokens,
        input_usd=_rounded(sum((estimate.input_usd for estimate in estimates), Decimal(0)) * scale),
        max_usd=_rounded(max_usd),
        batch_max_usd=None if batch_usd is None else _rounded(batch_usd),
        price=estimates[0].price,
    )


def print_estimate(estimate: RunEstimate) -> None:
    """Print an estimate for people."""
    unreadable = f", {estimate.unreadable:,} of them cannot be read" if estimate.unreadable else ""
    out(f"rows: {estimate.rows:,}{unreadable}")
    for error in estimate.errors:
        out(f"  {error}")
    out(f"shards: {estimate.shards:,}")
    if estimate.input_tokens is None:
        why = ", as no row can be sent" if estimate.unreadable else ""
        out(f"costs: unknown; {estimate.message}" if estimate.message else f"costs: none{why}")
        return
    of = (
        f" (by {estimate.sampled_rows:,} rows)"
        if estimate.sampled_rows < estimate.rows - estimate.unreadable
        else ""
    )
    out(f"tokens: {estimate.input_tokens:,} in, at most {estimate.max_output_tokens:,} out{of}")
    out(
        f"cost: {estimate.input_usd} USD for the input, at most {estimate.max_usd} USD ({estimate.price})"
    )
    if estimate.batch_max_usd is not None:
        out(f"as a provider's batch: at most {estimate.batch_max_usd} USD")


def _rounded(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.0001")) if usd >= Decimal("0.01") else +usd.normalize()
