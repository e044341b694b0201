"""`llm-pure cost report`: what a ledger says, by model and by day, as a table, JSON lines or CSV."""

import csv
import io
import os
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, NO_INPUT, OK, USAGE
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.price_data import load_prices
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.pricing.ledger import Call, Totals, merge
from llm_pure.pricing.table import PriceTable
from llm_pure.types.result import Failure

LEDGER_VARIABLE = "LLM_PURE_LEDGER"
_BAR = 24

Row: TypeAlias = dict[str, str | int | float | None]


def run(options: Namespace) -> int:
    """The report; 66 when there is no ledger."""
    path = options.ledger or os.environ.get(LEDGER_VARIABLE)
    if not path:
        print_note(f"which ledger? Name a file, or set {LEDGER_VARIABLE}")
        return USAGE
    if not Path(path).is_file():
        print_note(f"no such file: {path}")
        return NO_INPUT
    opened, table = open_ledger(path), load_prices()
    for loaded in (opened, table):
        if isinstance(loaded, Failure):
            print_error(loaded.failure())
            return CONFIGURATION
    calls = [with_price(call, table.unwrap()) for call in opened.unwrap().calls()]
    rows = report_rows(calls)
    if options.json:
        for row in rows:
            out(msgspec.json.encode(row).decode())
    elif options.csv:
        out(as_csv(rows), end="")
    else:
        for line in as_table(rows):
            out(line)
        ledger = opened.unwrap().ledger()
        if ledger.max_usd is not None:
            print_note(
                f"budget {ledger.max_usd:f} USD, left {ledger.remaining_usd:f}, held {ledger.reserved_usd:f}"
            )
    return OK


def with_price(call: Call, table: PriceTable) -> Call:
    """A call that had no price, with today's where there is one."""
    if call.cost is not None or call.at is None:
        return call
    found = price_usage(
        table, PricingContext(api_type=call.provider), (call.model,), call.usage, call.at
    )
    if isinstance(found, Failure):
        return call
    return msgspec.structs.replace(call, cost=found.unwrap())


def report_rows(calls: Sequence[Call]) -> list[Row]:
    """By model (dearest first), by day, and the total."""
    models: dict[str, Totals] = {}
    days: dict[str, Totals] = {}
    total = Totals()
    for call in calls:
        day = call.at.astimezone(UTC).date().isoformat() if call.at else "unknown"
        models[call.name] = merge(models.get(call.name, Totals()), call)
        days[day] = merge(days.get(day, Totals()), call)
        total = merge(total, call)
    dearest = sorted(models.items(), key=lambda item: (-item[1].cost_usd, item[0]))
    return [
        *[_row("model", name, totals) for name, totals in dearest],
        *[_row("day", name, totals) for name, totals in sorted(days.items())],
        _row("total", "", total),
    ]


def _row(by: str, name: str, totals: Totals) -> Row:
    each = totals.cost_per_call_usd
    pace = totals.tokens_per_s
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
        "cost_per_call_usd": None if each is None else f"{each:f}",
        "tokens_per_s": None if pace is None else round(pace, 1),
    }


def as_csv(rows: Sequence[Row]) -> str:
    """Comma-separated values with a head line."""
    written = io.StringIO()
    writer = csv.DictWriter(written, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def as_table(rows: Sequence[Row]) -> list[str]:
    """For people: a bar shows each row's part of the whole cost."""
    whole = Decimal(str(rows[-1]["cost_usd"]))
    head = ("", "calls", "no price", "input", "cached", "output", "USD", "USD/call", "tokens/s", "")
    lines: list[tuple[str, ...]] = [head]
    before = rows[0]["by"]
    for row in rows:
        if row["by"] != before:
            lines.append(("",) * len(head))
            before = row["by"]
        usd = Decimal(str(row["cost_usd"]))
        each = row["cost_per_call_usd"]
        part = round(_BAR * usd / whole) if whole else 0
        lines.append(
            (
                str(row["name"] or "total"),
                str(row["calls"]),
                str(row["unpriced_calls"] or ""),
                str(row["input_tokens"]),
                str(row["cached_input_tokens"]),
                str(row["output_tokens"]),
                f"{usd:.4f}",
                "" if each is None else f"{Decimal(str(each)):.6f}",
                str(row["tokens_per_s"] or ""),
                "█" * part if row["by"] != "total" else "",
            )
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if place in (0, len(head) - 1) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
