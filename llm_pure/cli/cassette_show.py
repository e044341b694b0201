"""`llm-pure cassette show`: recorded traffic as people read it."""

import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from llm_pure.cli.exit_codes import DATA, NO_INPUT, OK
from llm_pure.cli.output import ink, out, print_error
from llm_pure.cli.paths import all_there
from llm_pure.client.plugins import load_registry
from llm_pure.client.price_data import load_prices
from llm_pure.pricing.costs import PricingContext, cost_of
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.cassette_files import find_cassettes, load_cassette
from llm_pure.replay.checks.show import show_lines
from llm_pure.types.completion import Completion
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """Each interaction; 65 when a file cannot be read."""
    if not all_there(options.paths):
        return NO_INPUT
    code = OK
    for path in options.paths:
        for file in find_cassettes(Path(path)):
            loaded = load_cassette(file)
            if isinstance(loaded, Failure):
                print_error(loaded.failure())
                code = DATA
            else:
                show(loaded.unwrap(), index=options.index, whole=options.whole)
    return code


def show(cassette: Cassette, *, index: int | None = None, whole: bool = False) -> None:
    """The picture of its interactions, or of one of them."""
    colour = ink(sys.stdout)
    registry = load_registry()
    price = prices()
    for number, interaction in enumerate(cassette.interactions):
        if index is None or number == index:
            out(colour.bold(f"{cassette.name}: interactions[{number}]"))
            for line in show_lines(interaction, registry, full=whole, price=price):
                out(line if line.startswith(" ") else colour.blue(line))
            out("")


def prices() -> Callable[[Completion], str]:
    """What an answer costs today by the shipped prices, in words."""
    table = load_prices()
    now = datetime.now(UTC)

    def price(completion: Completion) -> str:
        if isinstance(table, Failure):
            return ""
        cost = cost_of(
            table.unwrap(), PricingContext(api_type=completion.provider), completion, now
        )
        if isinstance(cost, Failure):
            return "not known"
        told = cost.unwrap()
        return f"${told.total_usd:f} by the price of {told.price}"

    return price
