"""The log of a gateway: one line for each request, as JSON. No body, no key, no query string is in it.

A full disk, or a reader that has gone, never stops an answer: lines that cannot be written are counted and reported later.
"""

import errno
import logging
import os
import sys
from collections.abc import Callable
from threading import Lock

import msgspec

from llm_pure.gateway.call_record import CallRecord, Observer
from llm_pure.types.redact import redact

MAX_NAME = 200
"""Characters of a text that a client chose, such as a model's name."""


class CallLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log; what is empty is left out."""

    time: str
    request_id: str
    key: str = ""
    dialect: str = ""
    operation: str = ""
    model: str = ""
    model_used: str = ""
    provider: str = ""
    stream: bool = False
    status: int = 0
    error: str = ""
    upstream_request_id: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: str | None = None
    ms: float = 0.0
    first_byte_ms: float | None = None
    attempts: int = 0
    adaptations: int = 0


_encoder = msgspec.json.Encoder()


def format_record(record: CallRecord) -> bytes:
    """Return the line of a request, with its line feed."""
    usage = record.usage
    first_s, cost = record.first_byte_s, record.cost_usd
    line = CallLine(
        time=record.time.isoformat(timespec="milliseconds"),
        request_id=record.request_id,
        key=record.key,
        dialect=record.dialect,
        operation=record.operation,
        model=_shortened(record.model),
        model_used=record.model_used,
        provider=record.provider,
        stream=record.stream,
        status=record.status,
        error=record.error,
        upstream_request_id=_shortened(record.upstream_request_id),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost_usd=None if cost is None else f"{cost:f}",
        ms=round(record.duration_s * 1000, 1),
        first_byte_ms=None if first_s is None else round(first_s * 1000, 1),
        attempts=record.attempts,
        adaptations=record.adaptations,
    )
    return _encoder.encode(line) + b"\n"


def _shortened(text: str) -> str:
    """The text without a key that a client has put there, and without lone surrogates, which no JSON has."""
    return redact(text[: 2 * MAX_NAME])[:MAX_NAME].encode("utf-8", "replace").decode()


class CallLog:
    """Writes lines to a file descriptor or file. Its `observe` never raises."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._lost = 0
        self._lock = Lock()

    def observe(self, record: CallRecord) -> None:
        """Write the line of a request."""
        line = format_record(record)
        with self._lock:
            try:
                self._write(line)
            except (OSError, ValueError) as error:
                if not self._lost:
                    _log.warning("the log of the gateway cannot be written: %s", error)
                self._lost += 1
                return
            lost, self._lost = self._lost, 0
        if lost:
            _log.warning("%d lines of the gateway's log were lost", lost)


_log = logging.getLogger("llm_pure.gateway")


def open_call_log(where: str) -> Observer:
    """Return the observer that writes the log: "stderr", a file's path, or "" for nowhere.

    A file is opened for each line: it may be moved away while the gateway runs, and no line is lost in a buffer.
    """
    if not where:
        return lambda record: None
    if where == "stderr":
        return CallLog(_write_stderr).observe
    return CallLog(_LogFile(where).write).observe


def _write_stderr(line: bytes) -> None:
    sys.stderr.write(line.decode())
    sys.stderr.flush()


class _LogFile:
    """A file of lines that only its owner can read: it has the names of keys and models."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._torn = False
        """The last line is incomplete: the disk was full."""

    def write(self, line: bytes) -> None:
        """Append a line. Raises OSError; a pipe that nobody reads is an error, and never waited for."""
        data = b"\n" + line if self._torn else line
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            written = os.write(descriptor, data)
        finally:
            os.close(descriptor)
        if written < len(data):
            self._torn = self._torn or written > 0
            raise OSError(errno.ENOSPC, "no space left for the log")
        self._torn = False
