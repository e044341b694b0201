"""`llm-pure policy simulate`: a retry policy against an outage, on a virtual clock; the same seed, the same bytes."""

import random
from argparse import Namespace
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, NO_INPUT, OK
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.policy.simulation import ERRORS, Load, Outage, simulate
from llm_pure.settings.config_parser import decode_section, read_yaml
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

_DECODER = msgspec.json.Decoder(Outage)


def run(options: Namespace) -> int:
    """Prints the summary. 66: a file is not there; 78: one cannot be read."""
    for name in (options.policy, options.outage):
        if not Path(name).is_file():
            print_note(f"no such file: {name}")
            return NO_INPUT
    rules = read_policy(_text(options.policy), options.policy)
    outages = read_outages(_text(options.outage), options.outage)
    for read in (rules, outages):
        if isinstance(read, Failure):
            print_error(read.failure())
            return CONFIGURATION
    policy, limit = rules.unwrap()
    load = Load(calls=options.calls, every_s=options.every, takes_s=options.takes)
    chance = random.Random(options.seed).random
    summary = simulate(policy, outages.unwrap(), load, chance, limit).summary()
    if options.json:
        out(msgspec.json.encode(summary).decode())
    else:
        out("\n".join(_lines(summary)))
    return OK


def read_policy(text: str, file: str) -> LLMResult[tuple[RetryPolicy, RateLimit]]:
    """The fields of RetryPolicy, and under `limit` those of RateLimit."""
    sections = read_yaml(text, file)
    if isinstance(sections, Failure):
        return sections
    fields = dict(sections.unwrap())
    limit = decode_section(fields.pop("limit", None), RateLimit, "limit", {})
    if isinstance(limit, Failure):
        return limit
    return decode_section(fields, RetryPolicy, "policy", {}).map(
        lambda policy: (policy, limit.unwrap())
    )


def read_outages(text: str, file: str) -> LLMResult[tuple[Outage, ...]]:
    """One Outage a line; InvalidConfiguration names the line."""
    outages: list[Outage] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            outage = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeError) as fault:
            return _wrong(f"{file}, line {number}: {fault}")
        if outage.error not in ERRORS:
            known = ", ".join(sorted(ERRORS))
            return _wrong(f"{file}, line {number}: no error {outage.error!r}; known are {known}")
        outages.append(outage)
    return Success(tuple(outages))


def _lines(summary: dict[str, Any]) -> list[str]:
    errors = ", ".join(f"{count} {kind}" for kind, count in summary["errors"].items()) or "none"
    return [
        f"calls        {summary['calls']}",
        f"succeeded    {summary['succeeded']} ({summary['success_rate']:.2%})",
        f"errors       {errors}",
        f"sends        {summary['sends']} ({summary['sends_per_call']:.3f} a call)",
        f"waited       {_times(summary['waited_s'])}",
        f"took         {_times(summary['took_s'])}",
    ]


def _times(spread: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.3f} s" for name, seconds in spread.items())


def _text(name: str) -> str:
    return Path(name).read_text("utf-8", "replace")


def _wrong(message: str) -> Failure[InvalidConfiguration]:
    return Failure(InvalidConfiguration(message=message, field="outage"))
