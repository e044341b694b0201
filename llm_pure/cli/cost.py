"""`llm-pure cost estimate`, the maximum cost of a prompt, and `cost report`, the calls of a ledger by model and day."""

import csv
import io
import os
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, OK, USAGE, CommandFailed, value_or_exit
from llm_pure.cli.files import read_text, require_files
from llm_pure.cli.model_selection import LEDGER_ENV, select_model
from llm_pure.cli.output import out, out_json, print_note
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.price_data import load_prices
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.pricing.ledger import Call, Totals, merge
from llm_pure.pricing.overrides import with_overrides
from llm_pure.pricing.table import PriceTable
from llm_pure.tokens import count_messages
from llm_pure.types.completion import Usage
from llm_pure.types.messages import user

_BAR_WIDTH = 24

Row: TypeAlias = dict[str, str | int | float | None]


def estimate(options: Namespace) -> int:
    """Print the cost of input, longest output and both in USD; 78 without a price."""
    selected = value_or_exit(select_model(options))
    config = selected.config
    text = read_text(options.file)
    counter = value_or_exit(load_token_counter(config.model, config.pricing_plan), CONFIGURATION)
    overridden = load_prices().bind(lambda known: with_overrides(known, selected.settings.prices))
    prices = value_or_exit(overridden, CONFIGURATION)
    count = count_messages(counter, (user(text),))
    context = PricingContext(
        api_type=selected.provider.name, base_url=config.base_url, plan=config.pricing_plan
    )
    usage = Usage(count.tokens, options.max_tokens)
    cost = value_or_exit(price_usage(prices, context, (config.model,), usage, datetime.now(UTC)))
    source = f"{prices.source}, {prices.as_of}"
    if options.json:
        out_json({
            "model": options.model or config.model,
            "input_tokens": count.tokens,
            "method": count.method,
            "max_output_tokens": options.max_tokens,
            "input_usd": str(cost.input_usd),
            "most_output_usd": str(cost.output_usd),
            "most_total_usd": str(cost.total_usd),
            "price": cost.price,
            "prices": source,
        })  # fmt: skip
    else:
        out(f"input   {count.tokens:>9} tokens ({count.method})  {cost.input_usd:f} USD")
        out(f"output  {options.max_tokens:>9} tokens at most  {cost.output_usd:f} USD")
        out(f"total   {cost.total_usd:f} USD at most, by the price of {cost.price} in {source}")
    return OK


def report(options: Namespace) -> int:
    """Print the calls of a ledger by model and day; 66 if there is no ledger."""
    path = options.ledger or os.environ.get(LEDGER_ENV)
    if not path:
        raise CommandFailed(f"no ledger: pass a file, or set {LEDGER_ENV}", USAGE)
    require_files(path)
    budget = value_or_exit(open_ledger(path), CONFIGURATION)
    prices = value_or_exit(load_prices(), CONFIGURATION)
    rows = _report_rows([_with_price(call, prices) for call in budget.calls()])
    if options.json:
        for row in rows:
            out_json(row)
    elif options.csv:
        out(_csv(rows), end="")
    else:
        for line in _table(rows):
            out(line)
        ledger = budget.ledger()
        if ledger.max_usd is not None:
            print_note(
                f"budget {ledger.max_usd:f} USD, left {ledger.remaining_usd:f}, "
                f"reserved {ledger.reserved_usd:f}"
            )
    return OK


def _with_price(call: Call, prices: PriceTable) -> Call:
    """Add today's price, if there is one, to a call that has none."""
    if call.cost is not None or call.at is None:
        return call
    context = PricingContext(api_type=call.provider)
    cost = price_usage(prices, context, (call.model,), call.usage, call.at)
    return cost.map(lambda known: msgspec.structs.replace(call, cost=known)).value_or(call)


def _report_rows(calls: Sequence[Call]) -> list[Row]:
    """Return a row per model (highest cost first), a row per day, and the total."""
    models: dict[str, Totals] = {}
    days: dict[str, Totals] = {}
    total = Totals()
    for call in calls:
        day = call.at.astimezone(UTC).date().isoformat() if call.at else "unknown"
        models[call.name] = merge(models.get(call.name, Totals()), call)
        days[day] = merge(days.get(day, Totals()), call)
        total = merge(total, call)
    by_cost = sorted(models.items(), key=lambda item: (-item[1].cost_usd, item[0]))
    return [
        *[_row("model", name, totals) for name, totals in by_cost],
        *[_row("day", name, totals) for name, totals in sorted(days.items())],
        _row("total", "", total),
    ]


def _row(by: str, name: str, totals: Totals) -> Row:
    per_call, tokens_per_s = totals.cost_per_call_usd, totals.tokens_per_s
    return {
        "by": by,
        "name": name,
        "calls": totals.calls,
        "unpriced_calls": totals.unpriced_calls,
        "estimated_calls": totals.estimated_calls,
        "input_tokens": totals.input_tokens,
        "cached_input_tokens": totals.cached_input_tokens,
        "cache_write_tokens": totals.cache_write_tokens,
        "output_tokens": totals.output_tokens,
        "reasoning_tokens": totals.reasoning_tokens,
        "cost_usd": f"{totals.cost_usd:f}",
        "cost_per_call_usd": None if per_call is None else f"{per_call:f}",
        "tokens_per_s": None if tokens_per_s is None else round(tokens_per_s, 1),
    }


def _csv(rows: Sequence[Row]) -> str:
    """Format rows as comma-separated values, with a header."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _table(rows: Sequence[Row]) -> list[str]:
    """Format rows as aligned columns, with a blank line between models, days and total; a bar shows a row's share."""
    total_usd = Decimal(str(rows[-1]["cost_usd"]))
    names = ("calls", "no price", "input", "cached", "output", "USD", "USD/call", "tokens/s")
    header = ("", *names, "")
    lines: list[tuple[str, ...]] = [header]
    section = rows[0]["by"]
    for row in rows:
        if row["by"] != section:
            lines.append(("",) * len(header))
            section = row["by"]
        lines.append(_cells(row, total_usd))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index in (0, len(header) - 1) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _cells(row: Row, total_usd: Decimal) -> tuple[str, ...]:
    cost_usd, per_call = Decimal(str(row["cost_usd"])), row["cost_per_call_usd"]
    bar = round(_BAR_WIDTH * cost_usd / total_usd) if total_usd and row["by"] != "total" else 0
    return (
        str(row["name"] or "total"),
        str(row["calls"]),
        str(row["unpriced_calls"] or ""),
        str(row["input_tokens"]),
        str(row["cached_input_tokens"]),
        str(row["output_tokens"]),
        f"{cost_usd:.4f}",
        "" if per_call is None else f"{Decimal(str(per_call)):.6f}",
        str(row["tokens_per_s"] or ""),
        "█" * bar,
    )
