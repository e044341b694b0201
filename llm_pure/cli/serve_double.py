"""`llm-pure replay serve --as DIALECT PATH...` and `--rules FILE`: a provider of five dialects by recordings or by rules."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import (
    CANNOT_WRITE,
    CONFIGURATION,
    NO_INPUT,
    USAGE,
    CommandFailed,
    value_or_exit,
)
from llm_pure.cli.files import read_file, require_paths
from llm_pure.cli.output import print_note
from llm_pure.framing.json_codec import any_json
from llm_pure.replay.doubles.provider_double import ProviderDouble
from llm_pure.replay.doubles.recorded import recorded_rule
from llm_pure.replay.doubles.rules import Rule, user_text
from llm_pure.replay.doubles.rules_file import parse_rules
from llm_pure.replay.player import load_cassettes
from llm_pure.server import ReceivedRequest
from llm_pure.transports.base import Transport
from llm_pure.types.http import HttpRequest
from llm_pure.types.redact import redact_url


def serve_double(options: Namespace, serve: Callable[[Transport], int]) -> int:
    """Serve until interrupted. `serve` prints the URL."""
    for name, value in (
        ("--record", options.record),
        ("--upstream", options.upstream),
        ("--first", options.first),
        ("--cut-at", options.cut_at),
        ("--one-byte", options.one_byte),
        ("--ignore", options.ignore),
    ):
        if value:
            raise CommandFailed(f"{name} is for recorded bytes: not with --as or --rules", USAGE)
    double = _by_rules(options) if options.rules is not None else _by_recordings(options)
    if options.received is None:
        return serve(double)
    try:
        with Path(options.received).open("ab", buffering=0) as file:
            double.on_request = lambda request, received: file.write(_line(request, received))
            return serve(double)
    except OSError as error:
        raise CommandFailed(f"{options.received}: {error.strerror}", CANNOT_WRITE) from None


def _by_rules(options: Namespace) -> ProviderDouble:
    if options.paths or options.client_dialect is not None:
        raise CommandFailed("--rules takes no recordings and no --as", USAGE)
    parsed = parse_rules(read_file(options.rules), name=options.rules)
    rules, models = value_or_exit(parsed, CONFIGURATION)
    return ProviderDouble(*rules, models=models)


def _by_recordings(options: Namespace) -> ProviderDouble:
    require_paths(*options.paths)
    cassettes = value_or_exit(load_cassettes(options.paths), NO_INPUT)
    dialects = () if options.client_dialect == "any" else (options.client_dialect,)
    answer, unused = recorded_rule(
        cassettes, dialects=dialects, again=not options.once, speed=options.speed
    )
    if unused:
        print_note(f"{unused} recordings are no chat of an API that is read here, and answer nothing")  # fmt: skip
    return ProviderDouble(Rule(answer, delay_s=options.delay))


def _line(request: HttpRequest, received: ReceivedRequest | None) -> bytes:
    """A request as a line of JSON, without its credentials."""
    line = {"method": request.method, "path": _path(request.url), "body": any_json(request.body)}
    if received is not None:
        line |= {
            "dialect": received.dialect,
            "operation": received.operation,
            "model": received.model,
            "stream": received.stream,
            "prompt": user_text(received.chat),
        }
    return msgspec.json.encode(line) + b"\n"


def _path(url: str) -> str:
    """The path with its query, in which some clients send their key."""
    return "/" + redact_url(url).split("/", 3)[-1]
