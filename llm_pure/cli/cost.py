"""`llm-pure cost estimate`, the maximum cost of a prompt, and `cost report`, the calls of a ledger by model and day."""

import csv
import io
import os
import shutil
from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import TypeAlias

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, OK, USAGE, CommandFailed, value_or_exit
from llm_pure.cli.files import expand_paths, read_text, require_files
from llm_pure.cli.model_selection import LEDGER_ENV, select_model
from llm_pure.cli.output import out, out_json, print_failure, print_note
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.costs import CostEstimate, estimate_cost
from llm_pure.client.price_data import load_prices
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.pricing.ledger import ZERO, Call, Totals, merge
from llm_pure.pricing.overrides import with_overrides
from llm_pure.pricing.table import PriceTable
from llm_pure.types.errors import UnknownPrice
from llm_pure.types.messages import user
from llm_pure.types.result import Failure

_BAR_WIDTH = 24

Row: TypeAlias = dict[str, str | int | float | None]


def estimate(options: Namespace) -> int:
    """Print the cost of input, longest output and both in USD, of each file and of all; 66 if a file does not exist."""
    selected = value_or_exit(select_model(options))
    config = selected.config
    overridden = load_prices().bind(lambda known: with_overrides(known, selected.settings.prices))
    prices = value_or_exit(overridden, CONFIGURATION)
    named = options.model or config.model
    code, estimates = OK, []
    paths = expand_paths(options.files) if options.files else ["-"]
    for path in paths:
        try:
            text = read_text(path)
        except CommandFailed as failed:
            code = print_failure(failed)
            continue
        result = estimate_cost((user(text),), config, max_tokens=options.max_tokens, prices=prices)
        if isinstance(result, Failure) and isinstance(result.failure(), UnknownPrice):
            raise CommandFailed(result.failure(), CONFIGURATION)
        cost = value_or_exit(result)
        estimates.append(cost)
        if options.json:
            row = _estimate_fields(named, cost)
            out_json(row if len(paths) == 1 else {"file": path, **row})
        elif len(paths) > 1:
            out(f"{cost.input_tokens:>9} tokens  {cost.max_total_usd:f} USD at most  {path}")
    if estimates and not options.json:
        tokens = sum([cost.input_tokens for cost in estimates])
        output_tokens = sum([cost.max_output_tokens for cost in estimates])
        input_usd, output_usd, total_usd = (
            sum([getattr(cost, name) for cost in estimates], ZERO)
            for name in ("input_usd", "max_output_usd", "max_total_usd")
        )
        first = estimates[0]
        out(f"input   {tokens:>9} tokens ({first.method})  {input_usd:f} USD")
        out(f"output  {output_tokens:>9} tokens at most  {output_usd:f} USD")
        out(f"total   {total_usd:f} USD at most, by the price of {first.price} in {first.prices}")
    return code


def _estimate_fields(model: str, cost: CostEstimate) -> dict[str, object]:
    """Return the fields of --json."""
    return {
        "model": model,
        "input_tokens": cost.input_tokens,
        "method": cost.method,
        "max_output_tokens": cost.max_output_tokens,
        "input_usd": str(cost.input_usd),
        "most_output_usd": str(cost.max_output_usd),
        "most_total_usd": str(cost.max_total_usd),
        "price": cost.price,
        "prices": cost.prices,
    }


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
        for line in _table(rows, shutil.get_terminal_size().columns):
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


_COLUMNS = ("", "calls", "no price", "input", "cached", "output", "USD", "USD/call", "tokens/s")
_OPTIONAL = ("no price", "tokens/s", "cached", "USD/call")
"""Columns to leave out of a table that is too wide, the first one first; --json and --csv have all."""

_MIN_NAME_WIDTH = 16
_MIN_BAR_WIDTH = 4


def _table(rows: Sequence[Row], width: int) -> list[str]:
    """Format rows as aligned columns that fit the width, with a blank line between models, days and total.

    A bar shows a row's share where there is room. Long names are shortened in their middle; columns of _OPTIONAL give way,
    and "no price" if it is empty.
    """
    cells = [_cells(row) for row in rows]
    columns = [name for name in _COLUMNS if name != "no price" or any(row[name] for row in cells)]
    for name in _OPTIONAL:
        if _width(cells, columns, _MIN_NAME_WIDTH) <= width:
            break
        columns = [column for column in columns if column != name]
    name_width = width - _width(cells, columns, 0)
    for cell in cells:
        cell[""] = _shortened(cell[""], max(name_width, _MIN_NAME_WIDTH))
    bar_width = min(_BAR_WIDTH, width - _width(cells, columns) - 2)
    total_usd = Decimal(str(rows[-1]["cost_usd"]))
    lines = [_line({column: column for column in columns}, cells, columns)]
    for number, (row, cell) in enumerate(zip(rows, cells, strict=True)):
        if number and row["by"] != rows[number - 1]["by"]:
            lines.append("")
        bar = ""
        if total_usd and row["by"] != "total" and bar_width >= _MIN_BAR_WIDTH:
            bar = "█" * round(bar_width * Decimal(str(row["cost_usd"])) / total_usd)
        lines.append(f"{_line(cell, cells, columns)}  {bar}".rstrip())
    return lines


def _line(row: Mapping[str, str], cells: Sequence[Mapping[str, str]], columns: list[str]) -> str:
    widths = {column: _column_width(cells, column) for column in columns}
    texts = [row[column].rjust(widths[column]) for column in columns[1:]]
    return "  ".join([row[""].ljust(widths[""]), *texts]).rstrip()


def _column_width(cells: Sequence[Mapping[str, str]], column: str) -> int:
    return max(len(column), *[len(row[column]) for row in cells])


def _width(
    cells: Sequence[Mapping[str, str]], columns: list[str], name_width: int | None = None
) -> int:
    """Return the width of the table. name_width: at most, of the first column."""
    widths = [_column_width(cells, column) for column in columns]
    if name_width is not None:
        widths[0] = min(widths[0], name_width)
    return sum(widths) + 2 * (len(columns) - 1)


def _shortened(name: str, width: int) -> str:
    if len(name) <= width:
        return name
    head = (width - 1) // 2
    return f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"


def _cells(row: Row) -> dict[str, str]:
    per_call = row["cost_per_call_usd"]
    texts = (
        str(row["name"] or "total"),
        str(row["calls"]),
        str(row["unpriced_calls"] or ""),
        str(row["input_tokens"]),
        str(row["cached_input_tokens"]),
        str(row["output_tokens"]),
        f"{Decimal(str(row['cost_usd'])):.4f}",
        "" if per_call is None else f"{Decimal(str(per_call)):.6f}",
        str(row["tokens_per_s"] or ""),
    )
    return dict(zip(_COLUMNS, texts, strict=True))
