"""The command `llm-pure`. Answers go to standard output, everything else to standard error; errors are exit codes."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import NoReturn

from llm_pure import __version__
from llm_pure.cli.arguments import add_model
from llm_pure.cli.cost_parser import add_cost_commands, usd
from llm_pure.cli.exit_codes import BROKEN_PIPE, CANNOT_WRITE, INTERRUPTED, TABLE, USAGE
from llm_pure.cli.media_parser import add_media
from llm_pure.cli.output import print_note
from llm_pure.cli.replay_parser import add_cassette_commands, add_replay_commands

Command = Callable[[Namespace], int]


class _Parser(ArgumentParser):
    """Wrong usage ends with 64, as sysexits.h has it, and not with argparse's 2."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    with _closed_streams_open():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    top = parser()
    options, rest = top.parse_known_args(arguments)
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(options, "file", "") is None:
        options.file = rest.pop()  # argparse takes no optional word after an option
    if rest:
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    command: Command = import_module(f"llm_pure.cli.{options.module}").run
    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read us has had enough, as in `llm-pure ask ... | head -1`
        _write_nowhere()
        return BROKEN_PIPE
    except OSError as fault:  # a full disk, as in `llm-pure ask ... > file`
        _write_nowhere()
        print_note(f"what was to be written could not be: {fault.strerror or type(fault).__name__}")
        return CANNOT_WRITE
    except KeyboardInterrupt:
        return INTERRUPTED


@contextmanager
def _closed_streams_open() -> Iterator[None]:
    """`llm-pure ... <&- >&-`: Python has None in place of a stream that was closed before it began; here it is empty."""
    with ExitStack() as stack:
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            if getattr(sys, name) is None:
                setattr(sys, name, stack.enter_context(open(os.devnull, mode, encoding="utf-8")))
                stack.callback(setattr, sys, name, None)
        yield


def _write_nowhere() -> None:
    """What Python has still to write of standard output is let go, without a word at the program's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> ArgumentParser:
    """Every command and its options."""
    top = _Parser(
        prog="llm-pure",
        description="h11 for language models: ask, look at what would be sent, read what was recorded.",
        epilog=TABLE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"llm-pure {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _ask(commands.add_parser("ask", help="ask a model one question"))
    _build(commands.add_parser("build", help="print a request without sending it"))
    _parse(commands.add_parser("parse", help="read a saved answer"))
    _providers(commands.add_parser("providers", help="who can be asked, and for what"))
    demo = commands.add_parser("demo", help="the whole chain on a shipped cassette, offline")
    demo.set_defaults(module="demo")
    _config(commands.add_parser("config", help="what a configuration file says"))
    doctor = commands.add_parser("doctor", help="what would be used for each model, and why")
    doctor.set_defaults(module="doctor")
    _policy(commands.add_parser("policy", help="try a retry policy"))
    _cassette(commands.add_parser("cassette", help="read recorded traffic"))
    _stream(commands.add_parser("stream", help="try the laws of streams on recorded ones"))
    add_replay_commands(commands)
    add_cost_commands(commands)
    _repair(commands.add_parser("repair", help="make JSON of tool arguments that are almost JSON"))
    add_media(commands)
    return top


def _repair(repair: ArgumentParser) -> None:
    repair.description = (
        "Read tool arguments as a model wrote them; print the object that was meant, and on standard error what was changed. "
        "Exit 65 when it cannot be told without guessing."
    )
    repair.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")
    repair.add_argument(
        "--code", action="store_true", help="they are the code tool's: language and code"
    )
    repair.add_argument(
        "--json", action="store_true", help="print outcome, value and edits as JSON"
    )
    repair.set_defaults(module="repair")


def _stream(stream: ArgumentParser) -> None:
    actions = stream.add_subparsers(title="commands", metavar="COMMAND", required=True)
    fuzz = actions.add_parser(
        "fuzz", help="split, cut and damage every recorded stream",
        description="Any split of a stream must give the same events, any cut must be a failure and no short success, "
        "and no damage may raise. Exit 1 when one does not hold; a minimal cassette that shows it is written.",
    )  # fmt: skip
    fuzz.add_argument("paths", nargs="+", metavar="PATH", help="cassettes, or folders of them")
    fuzz.add_argument(
        "--every-byte", action="store_true", help="split at and cut before every byte"
    )
    fuzz.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is by chance")
    fuzz.add_argument(
        "--rounds", type=int, default=20, metavar="N", help="random splits, cuts and damages"
    )
    fuzz.add_argument(
        "--out", default=".", metavar="FOLDER", help="for cassettes that show a fault"
    )
    fuzz.set_defaults(module="stream")


def _ask(ask: ArgumentParser) -> None:
    ask.description = "Ask a model one question. Standard input, when something is piped in, is joined to the text."
    ask.epilog = (
        "Models come from the configuration files that `llm-pure doctor` tells of. What they leave open comes from the "
        "provider's variables, such as OPENAI_API_KEY; OPENAI_BASE_URL moves it elsewhere. "
        "Without a key the shipped recordings answer, when they hold the question."
    )
    _question(ask)
    ask.add_argument(
        "-i", "--image", action="append", default=[], metavar="FILE", help="a picture to look at, or its URL; repeatable"
    )  # fmt: skip
    ask.add_argument("--json", action="store_true", help="print the whole Completion as JSON")
    ask.add_argument(
        "--no-stream", dest="stream", action="store_false", help="wait for the whole answer"
    )
    ask.add_argument(
        "--max-cost", type=usd, metavar="USD", help="send nothing that may cost more than this"
    )
    ask.set_defaults(module="ask")


def _question(command: ArgumentParser) -> None:
    command.add_argument("text", nargs="*", metavar="TEXT", help="the question")
    add_model(command)
    command.add_argument("-s", "--system", metavar="SYSTEM", help="instructions above the question")


def _build(build: ArgumentParser) -> None:
    build.description = (
        "Print the exact request as JSON, or as a curl command, without sending it and with no secret in it. "
        "What could not be sent as it was asked goes to standard error. "
        "`llm-pure build --curl -m X hello | sh | llm-pure parse X` is a client whose transport is curl."
    )
    _question(build)
    build.add_argument("--stream", action="store_true", help="ask for a stream")
    build.add_argument(
        "--curl", action="store_true", help="as a command, with $VARIABLE in the key's place"
    )
    build.add_argument(
        "--include", action="store_true",
        help="with --curl: the answer's status and headers come with it, and `parse` reads them",
    )  # fmt: skip
    build.set_defaults(module="build")


def _parse(parse: ArgumentParser) -> None:
    parse.description = (
        "Turn a saved body, or standard input, into the Completion as JSON. A head as `curl --include` prints it may "
        "stand above the body."
    )
    parse.add_argument("provider", metavar="PROVIDER", help="whose answer it is; :MODEL may follow")
    parse.add_argument("file", nargs="?", metavar="FILE", help="default: standard input")
    parse.add_argument("--stream", action="store_true", help="the body is a stream")
    parse.add_argument("--status", type=int, metavar="N", help="its HTTP status; default: 200")
    parse.set_defaults(module="parse")


def _providers(providers: ArgumentParser) -> None:
    providers.description = (
        "Every api_type with its dialect, its key variable, its base URL and what it can do."
    )
    form = providers.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="the page docs/providers.md")
    form.add_argument("--json", action="store_true", help="one JSON line for each")
    providers.set_defaults(module="providers")


def _cassette(cassette: ArgumentParser) -> None:
    actions = cassette.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = actions.add_parser(
        "check", help="parse every recorded interaction and report",
        description="Read any folder of VCR cassettes, parse each interaction, report. Exit 0 when all parsed, else 65.",
    )  # fmt: skip
    check.add_argument("paths", nargs="+", metavar="PATH", help="cassettes, or folders of them")
    check.add_argument("--json", action="store_true", help="one JSON line for each interaction")
    check.set_defaults(module="cassette")
    add_cassette_commands(actions)


def _config(config: ArgumentParser) -> None:
    actions = config.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = actions.add_parser(
        "check", help="read it, and say what each model would use",
        description="Read a configuration file, or all that are found, and build and sign a request for each model "
        "without sending it. Exit 0 when every model can be used, else 78.",
    )  # fmt: skip
    check.add_argument(
        "file", nargs="?", metavar="FILE", help="default: the user's and the project's"
    )
    check.set_defaults(module="config")


def _policy(policy: ArgumentParser) -> None:
    actions = policy.add_subparsers(title="commands", metavar="COMMAND", required=True)
    simulate = actions.add_parser(
        "simulate", help="against an outage, on a virtual clock",
        description="Success rate, sends and waits of many calls under a retry policy while things go wrong. "
        "The same seed prints the same bytes.",
    )  # fmt: skip
    simulate.add_argument(
        "policy", metavar="POLICY.yaml", help="fields of RetryPolicy, and `limit`"
    )
    simulate.add_argument("outage", metavar="OUTAGE.jsonl", help="one Outage a line")
    simulate.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of all that is by chance"
    )
    simulate.add_argument("--calls", type=int, default=1000, metavar="N", help="default: 1000")
    simulate.add_argument(
        "--every",
        type=float,
        default=0.1,
        metavar="SECONDS",
        help="between two calls; default: 0.1",
    )
    simulate.add_argument(
        "--takes", type=float, default=1.0, metavar="SECONDS", help="a good answer; default: 1"
    )
    simulate.add_argument("--json", action="store_true", help="the same as one JSON document")
    simulate.set_defaults(module="policy")


__all__ = ["main", "parser"]
