"""Entry point of the command `llm-pure`: parse the options, run the command's module, return the exit code."""

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module

from llm_pure.cli.arguments import create_parser
from llm_pure.cli.exit_codes import (
    BROKEN_PIPE,
    CANNOT_WRITE,
    INTERRUPTED,
    USAGE,
    CommandFailed,
)
from llm_pure.cli.output import print_failure, print_note


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Fails with SystemExit on wrong usage, and after --help."""
    with _open_standard_streams():
        try:
            try:
                return _run_command(_parse(arguments))
            finally:
                sys.stdout.flush()
        except BrokenPipeError:  # the reader has stopped, as in `llm-pure ask ... | head -1`
            _discard_stdout()
            return BROKEN_PIPE
        except OSError as error:  # a full disk, as in `llm-pure ask ... > file`
            _discard_stdout()
            print_note(f"cannot write output: {error.strerror or type(error).__name__}")
            return CANNOT_WRITE
        except KeyboardInterrupt:
            return INTERRUPTED


def _parse(arguments: Sequence[str] | None) -> Namespace:
    """Parse the options of a command. Raises SystemExit."""
    options, rest = create_parser().parse_known_args(arguments)
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(options, "file", "") is None:
        options.file = rest.pop()  # argparse accepts no optional positional after an option
    elif rest and not any(text.startswith("-") for text in rest) and hasattr(options, "files"):
        options.files = [*options.files, *rest]  # argparse accepts these in one place only
        rest = []
    if rest:
        hint = _similar_options(options.parser, rest)
        options.parser.error(f"unrecognized arguments: {' '.join(rest)}{hint}")
    if not options.run:
        options.parser.print_help()
        options.parser.exit(USAGE)
    return options


def _similar_options(parser: ArgumentParser, words: Sequence[str]) -> str:
    """Return a hint at the options that unknown ones may stand for, "" without one."""
    from difflib import get_close_matches  # imported late: start-up

    known = re.findall(r"--[a-z-]+", parser.format_help())
    near = [
        name for word in words for name in get_close_matches(word.partition("=")[0], known, n=1)
    ]
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _run_command(options: Namespace) -> int:
    """Import the module of the command, which keeps start-up short, and call its function."""
    module, _, function = options.run.partition(".")
    try:
        code: int = getattr(import_module(f"llm_pure.cli.{module}"), function)(options)
        return code
    except CommandFailed as failed:
        return print_failure(failed)


@contextmanager
def _open_standard_streams() -> Iterator[None]:
    """Replace standard streams that are None, as after `llm-pure ... <&- >&-`, by empty ones."""
    with ExitStack() as stack:
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            if getattr(sys, name) is None:
                setattr(sys, name, stack.enter_context(open(os.devnull, mode, encoding="utf-8")))
                stack.callback(setattr, sys, name, None)
        yield


def _discard_stdout() -> None:
    """Redirect standard output to nowhere, so that Python reports no error when it flushes the rest at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
