"""`llm-pure cost estimate`: what a prompt will cost, before it is sent."""

from argparse import Namespace
from datetime import UTC, datetime

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, NO_INPUT, OK, exit_code
from llm_pure.cli.model_selection import choose
from llm_pure.cli.output import out, print_error
from llm_pure.cli.tokens import read_text
from llm_pure.client.price_data import load_prices
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.pricing.overrides import with_overrides
from llm_pure.tokens import count_messages
from llm_pure.types.completion import Usage
from llm_pure.types.messages import user
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """Input, output and total in USD; 78 when there is no price."""
    chosen = choose(options)
    if isinstance(chosen, Failure):
        print_error(chosen.failure())
        return exit_code(chosen.failure())
    config = chosen.unwrap().config
    text = read_text(options.file or "-")
    if text is None:
        return NO_INPUT
    counter = load_token_counter(config.model, config.pricing_plan)
    table = load_prices().bind(lambda known: with_overrides(known, chosen.unwrap().setup.prices))
    for loaded in (counter, table):
        if isinstance(loaded, Failure):
            print_error(loaded.failure())
            return CONFIGURATION
    count = count_messages(counter.unwrap(), (user(text),))
    buyer = PricingContext(
        api_type=chosen.unwrap().provider.name, base_url=config.base_url, plan=config.pricing_plan
    )
    usage = Usage(count.tokens, options.max_tokens)
    priced = price_usage(table.unwrap(), buyer, (config.model,), usage, datetime.now(UTC))
    if isinstance(priced, Failure):
        print_error(priced.failure())
        return exit_code(priced.failure())
    cost = priced.unwrap()
    row = {
        "model": options.model or config.model,
        "input_tokens": count.tokens,
        "method": count.method,
        "max_output_tokens": options.max_tokens,
        "input_usd": str(cost.input_usd),
        "most_output_usd": str(cost.output_usd),
        "most_total_usd": str(cost.total_usd),
        "price": cost.price,
        "prices": f"{table.unwrap().source}, {table.unwrap().as_of}",
    }
    if options.json:
        out(msgspec.json.encode(row).decode())
        return OK
    out(f"input   {count.tokens:>9} tokens ({count.method})  {cost.input_usd:f} USD")
    out(f"output  {options.max_tokens:>9} tokens at most  {cost.output_usd:f} USD")
    out(f"total   {cost.total_usd:f} USD at most, as {row['price']} in {row['prices']}")
    return OK
