"""The command `llm-pure`. Answers go to standard output, everything else to standard error; errors are exit codes."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from llm_pure import __version__
from llm_pure.cli.exits import BROKEN_PIPE, INTERRUPTED, TABLE, USAGE

Command = Callable[[Namespace], int]


class _Parser(ArgumentParser):
    """Wrong usage ends with 64, as sysexits.h has it, and not with argparse's 2."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = parser().parse_args(arguments)
    command: Command = import_module(f"llm_pure.cli.{options.module}").run
    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read us has had enough, as in `llm-pure ask ... | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


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
    demo = commands.add_parser("demo", help="the whole chain on a shipped cassette, offline")
    demo.set_defaults(module="demo")
    _cassette(commands.add_parser("cassette", help="read recorded traffic"))
    _stream(commands.add_parser("stream", help="try the laws of streams on recorded ones"))
    return top


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
        "The key comes from the provider's variable, such as OPENAI_API_KEY; OPENAI_BASE_URL moves it elsewhere. "
        "Without a key the shipped recordings answer, when they hold the question."
    )
    ask.add_argument("text", nargs="*", metavar="TEXT", help="the question")
    ask.add_argument(
        "-m",
        "--model",
        metavar="PROVIDER:MODEL",
        help="default: $LLM_PURE_MODEL, else openai:gpt-5-mini",
    )
    ask.add_argument("-s", "--system", metavar="SYSTEM", help="instructions above the question")
    ask.add_argument("--json", action="store_true", help="print the whole Completion as JSON")
    ask.add_argument(
        "--no-stream", dest="stream", action="store_false", help="wait for the whole answer"
    )
    ask.add_argument("--base-url", metavar="URL", help="ask this server in the provider's place")
    ask.set_defaults(module="ask")


def _cassette(cassette: ArgumentParser) -> None:
    actions = cassette.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = actions.add_parser(
        "check", help="parse every recorded interaction and report",
        description="Read any folder of VCR cassettes, parse each interaction, report. Exit 0 when all parsed, else 65.",
    )  # fmt: skip
    check.add_argument("paths", nargs="+", metavar="PATH", help="cassettes, or folders of them")
    check.add_argument("--json", action="store_true", help="one JSON line for each interaction")
    check.set_defaults(module="cassette")


__all__ = ["main", "parser"]
