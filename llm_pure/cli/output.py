"""What the commands write: answers to standard output, everything else to standard error, in colour where people look."""

import os
import sys
from typing import TextIO

import msgspec

from llm_pure.types.errors import LLMError, describe
from llm_pure.types.redact import redact


class Colors(msgspec.Struct, frozen=True):
    """Colours for one stream, or none."""

    enabled: bool

    def bold(self, text: str) -> str:
        """For headings and names."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """For what is beside the answer."""
        return self._in("2", text)

    def blue(self, text: str) -> str:
        """For keys and kinds."""
        return self._in("36", text)

    def green(self, text: str) -> str:
        """For what went well."""
        return self._in("32", text)

    def red(self, text: str) -> str:
        """For what went wrong."""
        return self._in("31", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and text else text


def ink(stream: TextIO) -> Colors:
    """Colour on a terminal that has some, unless NO_COLOR says not to (no-color.org)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Colors(wanted and stream.isatty())


def out(text: str, *, end: str = "\n") -> None:
    """To standard output, at once: an answer is read while it grows."""
    sys.stdout.write(_writable(text, sys.stdout) + end)
    sys.stdout.flush()


def print_note(text: str, *, end: str = "\n") -> None:
    """To standard error, dimmed."""
    sys.stderr.write(ink(sys.stderr).dim(_writable(text, sys.stderr)) + end)
    sys.stderr.flush()


def print_progress(text: str) -> None:
    """A line on standard error that the next one takes the place of, "" none; nothing at all where nobody looks."""
    stream = sys.stderr
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        stream.write(f"\r\x1b[2K{ink(stream).dim(_writable(text, stream))}")
        stream.flush()


def print_error(error: LLMError) -> None:
    """The error in one line, with nothing secret in it."""
    label = ink(sys.stderr).red("error:")
    sys.stderr.write(f"{label} {_writable(redact(describe(error)), sys.stderr)}\n")


def _writable(text: str, stream: TextIO) -> str:
    """The text without what this stream cannot write: lone surrogates, or letters that its encoding lacks."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding, "replace")
