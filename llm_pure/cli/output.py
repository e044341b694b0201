"""Output of the commands: results to standard output, all else to standard error; colors on terminals only."""

import os
import sys
from shutil import get_terminal_size
from typing import Any, TextIO

import msgspec

from llm_pure.cli.exit_codes import CommandFailed, exit_code
from llm_pure.types.errors import LLMError, describe
from llm_pure.types.redact import redact


class Colors(msgspec.Struct, frozen=True):
    """ANSI colors for one stream; plain text if not enabled."""

    enabled: bool

    def bold(self, text: str) -> str:
        """For headings and names."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """For details and notes."""
        return self._in("2", text)

    def blue(self, text: str) -> str:
        """For keys and kinds."""
        return self._in("36", text)

    def green(self, text: str) -> str:
        """For success."""
        return self._in("32", text)

    def red(self, text: str) -> str:
        """For failure."""
        return self._in("31", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and text else text


def colors(stream: TextIO) -> Colors:
    """Return the colors for a stream: enabled on terminals, unless NO_COLOR is set (no-color.org)."""
    return Colors(not os.environ.get("NO_COLOR") and _is_terminal(stream))


def out(text: str, *, end: str = "\n") -> None:
    """Write to standard output and flush, so that streamed text appears at once."""
    sys.stdout.write(_encodable(text, sys.stdout) + end)
    sys.stdout.flush()


def out_json(value: Any, *, indent: int | None = None) -> None:
    """Write a value as JSON: on one line, or indented."""
    encoded = msgspec.json.encode(value)
    out((encoded if indent is None else msgspec.json.format(encoded, indent=indent)).decode())


def print_note(text: str, *, end: str = "\n") -> None:
    """Write to standard error, dimmed."""
    sys.stderr.write(colors(sys.stderr).dim(_encodable(text, sys.stderr)) + end)
    sys.stderr.flush()


def print_progress(text: str) -> None:
    """Show a status line on stderr, replacing the previous one; "" clears it. No output if stderr is not a terminal."""
    stream = sys.stderr
    if _is_terminal(stream):
        text = text[: max(1, get_terminal_size().columns - 1)]  # a second line would stay
        stream.write(f"\r\x1b[2K{colors(stream).dim(_encodable(text, stream))}")
        stream.flush()


def print_error(error: LLMError) -> int:
    """Write an error to standard error, in one line without secrets; return its exit code."""
    label = colors(sys.stderr).red("error:")
    sys.stderr.write(f"{label} {_encodable(redact(describe(error)), sys.stderr)}\n")
    return exit_code(error)


def print_failure(failed: CommandFailed) -> int:
    """Write why a command failed to standard error; return its exit code."""
    if isinstance(failed.reason, str):
        print_note(failed.reason)
    else:
        print_error(failed.reason)
    return failed.code


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: TextIO) -> str:
    """Replace what the stream's encoding lacks, and lone surrogates."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding, "replace")
