"""Locate the JSON values of a body: path -> span of the text, in documents and in the events of streams.

Never raises: text that is not JSON yields the spans that its quotes and brackets suggest. Texts are bytes of any kind, one
character for each byte (latin-1). Pure.
"""

import re
import struct
from collections.abc import Iterator
from zlib import crc32

import msgspec


class JsonSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One string, number, bool or null, and where its text is."""

    path: tuple[str, ...]
    """The keys and indexes that lead to it."""
    begin: int
    end: int
    """The span of its text; of a string without the quotes."""
    is_text: bool
    event: int | None = None
    """The index of the stream event that holds it; None in a single document."""

    def __str__(self) -> str:
        pointer = "".join([f"/{escape_step(step)}" for step in self.path])
        return pointer if self.event is None else f"event {self.event} {pointer}"


def iter_json_spans(text: str) -> Iterator[JsonSpan]:
    """Yield every value of a body, in order."""
    for event, begin, end in iter_documents(text):
        yield from document_spans(text, begin, end, event)


def iter_documents(text: str) -> Iterator[tuple[int | None, int, int]]:
    """Yield the JSON documents in a body: index of the event or None, begin, end.

    A body is one document, a document on each line, messages of AWS's event stream, or server-sent events.
    """
    if text.lstrip(_BLANK)[:1] in ("{", "["):
        lines = list(_LINE.finditer(text))
        if (
            len(lines) > 1
            and all(line[0].lstrip()[:1] == "{" for line in lines)
            and lines[0][0].rstrip()[-1:] == "}"
        ):
            yield from ((number, line.start(), line.end()) for number, line in enumerate(lines))
        else:
            yield None, 0, len(text)
        return
    spans = [(begin, end) for _, begin, end, _ in event_frames(text.encode("latin-1"))]
    spans = spans or [line.span(1) for line in _DATA.finditer(text)]
    yield from ((number, begin, end) for number, (begin, end) in enumerate(spans))


_BLANK = " \t\r\n\xef\xbb\xbf"  # some services send blank lines before a response
_LINE = re.compile(r"(?<![^\r\n])[^\S\r\n]*+\S[^\r\n]*+")
_DATA = re.compile(r"(?m)^data: ?([\[{\"][^\r\n]*)")


def event_frames(body: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the messages of AWS's event stream: begin, begin and end of the payload, end.

    Only the checksum of the lengths is checked, unlike in framing.aws_eventstream: the checksum of a message is wrong
    while its payload is being redacted.
    """
    begin = 0
    while begin + 16 <= len(body):
        total, heads, check = struct.unpack_from(">III", body, begin)
        valid = crc32(body[begin : begin + 8]) == check and total >= heads + 16
        if not valid or begin + total > len(body):
            return
        yield begin, begin + 12 + heads, begin + total - 4, begin + total
        begin += total


def with_valid_checksums(body: bytes) -> bytes:
    """Recompute the checksums of messages of AWS's event stream after their payloads were changed."""
    result = bytearray(body)
    for begin, _, end, _ in event_frames(body):
        result[end : end + 4] = struct.pack(">I", crc32(result[begin:end]))
    return bytes(result)


PATH_LIMIT = 128
"""Maximum steps of a path; of a longer one the steps in the middle are left out."""

_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|[{}\[\],]|[^\s{}\[\]:,"]+', re.DOTALL)


def document_spans(text: str, begin: int, end: int, event: int | None = None) -> Iterator[JsonSpan]:
    """Yield the values of the JSON document at a span of a text."""
    # A dict's step is its latest key, None before the first one; a list's step is its latest index.
    steps: list[str | int | None] = []
    expects_key = False
    for token in _TOKEN.finditer(text, begin, end):
        match token[0][0]:
            case "{":
                steps.append(None)
                expects_key = True
            case "[":
                steps.append(0)
                expects_key = False
            case "}" | "]":
                if steps:
                    steps.pop()
                expects_key = False
            case ",":
                if steps and isinstance(steps[-1], int):
                    steps[-1] += 1
                expects_key = bool(steps) and not isinstance(steps[-1], int)
            case '"' if expects_key:
                steps[-1] = token[1]
                expects_key = False
            case first:
                is_text = first == '"'
                near = (
                    steps
                    if len(steps) <= PATH_LIMIT
                    else steps[: PATH_LIMIT // 2] + steps[-PATH_LIMIT // 2 :]
                )
                yield JsonSpan(
                    path=tuple([str(step) for step in near if step is not None]),
                    begin=token.start(1) if is_text else token.start(),
                    end=token.end(1) if is_text else token.end(),
                    is_text=is_text,
                    event=event,
                )


def path_fits(path: tuple[str, ...], pattern: str) -> bool:
    """Return whether a path matches a pattern or is below it. `*` in the pattern matches any step.

    >>> path_fits(("messages", "1", "content"), "/messages/*")
    True
    """
    steps = path_steps(pattern)
    return len(path) >= len(steps) and all(
        expected in ("*", step) for expected, step in zip(steps, path, strict=False)
    )


def path_steps(pattern: str) -> list[str]:
    """Split a JSON pointer into its steps."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pattern.strip("/").split("/")]


def escape_step(step: str) -> str:
    """Return a key as a step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")
