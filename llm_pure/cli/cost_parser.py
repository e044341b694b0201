"""The options of `llm-pure tokens` and `llm-pure cost`."""

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from llm_pure.cli.arguments import add_config, add_model


def add_cost_commands(commands: Any) -> None:
    """To the commands of the parser."""
    _tokens(commands.add_parser("tokens", help="count the tokens of files, offline"))
    cost = commands.add_parser("cost", help="what calls cost, before and after")
    actions = cost.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _report(actions.add_parser("report", help="what was spent, by model and day"))
    _estimate(actions.add_parser("estimate", help="what a prompt will cost"))
    _race(actions.add_parser("race", help="processes against one budget, offline"))


def usd(text: str) -> Decimal:
    """An amount of money on the command line."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise ValueError(text)
    return amount


def _tokens(tokens: ArgumentParser) -> None:
    tokens.description = (
        "Count tokens of text, as a model sees it. Without FILE: of standard input."
    )
    tokens.add_argument(
        "files", nargs="*", metavar="FILE", help="text in UTF-8; - is standard input"
    )
    tokens.add_argument(
        "-m",
        "--model",
        default="gpt-4o",
        metavar="MODEL",
        help="default: gpt-4o; PROVIDER:MODEL and names of the configuration files too",
    )
    add_config(tokens)
    tokens.add_argument("--json", action="store_true", help="one JSON line for each file")
    tokens.set_defaults(module="tokens")


def _report(report: ArgumentParser) -> None:
    report.description = (
        "Read a ledger (SQLite; see `ask` with $LLM_PURE_LEDGER, and LLM(budget=...)): calls, tokens, cost, cost per call and "
        "tokens a second, by model and by day. Calls that had no price are priced with today's table for the report only."
    )
    report.add_argument("ledger", nargs="?", metavar="LEDGER", help="default: $LLM_PURE_LEDGER")
    form = report.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON line for each row")
    form.add_argument("--csv", action="store_true", help="comma-separated values")
    report.set_defaults(module="cost_report")


def _estimate(estimate: ArgumentParser) -> None:
    estimate.description = "What a prompt will cost at most: its input, and the longest answer."
    estimate.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")
    add_model(estimate)
    estimate.add_argument(
        "--max-tokens", type=int, default=4096, metavar="N", help="of the answer; default: 4096"
    )
    estimate.add_argument("--json", action="store_true", help="one JSON line")
    estimate.set_defaults(module="cost")


def _race(race: ArgumentParser) -> None:
    race.description = (
        "Let processes call a scripted model against one SQLite ledger, kill one of them in mid-call, and check that the limit "
        "held, that every call was admitted or refused, and that nothing stays held. Exit 1 when one of these is not so."
    )
    race.add_argument("--limit", type=usd, default=Decimal("1.00"), metavar="USD")
    race.add_argument("--workers", type=int, default=8, metavar="N")
    race.add_argument("--calls", type=int, default=400, metavar="N", help="all workers together")
    race.add_argument("--lease", type=float, default=2.0, metavar="S", help="of the killed process")
    race.add_argument("--json", action="store_true", help="one JSON line")
    race.set_defaults(module="cost_race")
