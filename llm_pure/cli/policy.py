"""`llm-pure policy simulate`: simulate a retry policy during outages, on a virtual clock. Deterministic for a seed."""

import random
from argparse import Namespace
from typing import Any

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, OK, value_or_exit
from llm_pure.cli.files import read_text, require_files
from llm_pure.cli.output import out, out_json
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.policy.simulation import ERRORS, Load, Outage, simulate
from llm_pure.settings.config_parser import decode_section, read_yaml
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

_DECODER = msgspec.json.Decoder(Outage)


def run(options: Namespace) -> int:
    """Print the summary; 66 if a file does not exist, 78 if one is invalid."""
    require_files(options.policy, options.outage)
    rules = read_policy(read_text(options.policy), options.policy)
    outages = read_outages(read_text(options.outage), options.outage)
    policy, limit = value_or_exit(rules, CONFIGURATION)
    load = Load(calls=options.calls, every_s=options.every, takes_s=options.takes)
    random_number = random.Random(options.seed).random
    simulation = simulate(policy, value_or_exit(outages, CONFIGURATION), load, random_number, limit)
    summary = simulation.summary()
    if options.json:
        out_json(summary)
    else:
        out("\n".join(_lines(summary)))
    return OK


@returns_failure
def read_policy(text: str, file: str) -> tuple[RetryPolicy, RateLimit]:
    """Return the fields of RetryPolicy, and those of RateLimit under `limit`."""
    fields = dict(ok(read_yaml(text, file)))
    limit = ok(decode_section(fields.pop("limit", None), RateLimit, "limit", {}))
    return ok(decode_section(fields, RetryPolicy, "policy", {})), limit


@returns_failure
def read_outages(text: str, file: str) -> tuple[Outage, ...]:
    """Return the outages, one per line. Fails with InvalidConfiguration, with the number of the line."""
    return tuple(
        [
            _outage(line, f"{file}, line {number}")
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip()
        ]
    )


def _outage(line: str, location: str) -> Outage:
    try:
        outage = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise _invalid(f"{location}: not an outage in JSON: {error}") from None
    if outage.error not in ERRORS:
        known = ", ".join(sorted(ERRORS))
        raise _invalid(f"{location}: unknown error {outage.error!r}; known are {known}")
    return outage


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


def _invalid(message: str) -> Rejected:
    return Rejected(InvalidConfiguration(message=message, field="outage"))
