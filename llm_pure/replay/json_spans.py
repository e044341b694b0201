"""Where each value of a body stands: JSON paths -> places in the text, in whole documents and in the events of streams.

It does not judge: what is no JSON gives whatever places its quotes and brackets suggest, and nothing is ever raised.
Texts are bytes of any kind, one character for each byte (latin-1). Pure.
"""

import re
import struct
from collections.abc import Iterator
from zlib import crc32

import msgspec


class JsonSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One string, number, bool or null. begin, end: of its text, a string's without the quotes. path: its steps.

    event: which event of a stream, from 0; None in a whole document.
    """

    path: tuple[str, ...]
    begin: int
    end: int
    is_text: bool
    event: int | None = None

    def __str__(self) -> str:
        steps = [step.replace("~", "~0").replace("/", "~1") for step in self.path]
        where = "".join([f"/{step}" for step in steps])
        return where if self.event is None else f"event {self.event} {where}"


def json_places(text: str) -> Iterator[JsonSpan]:
    """Every value of the body, in order."""
    for event, begin, end in documents(text):
        yield from _values(text, begin, end, event)


def documents(text: str) -> Iterator[tuple[int | None, int, int]]:
    """The JSON documents in a body: which event each one is, and its place."""
    if text.lstrip(_BLANK)[:1] in ("{", "["):
        lines = list(_LINE.finditer(text))
        if (
            len(lines) > 1
            and all(line[0].lstrip()[:1] == "{" for line in lines)
            and (lines[0][0].rstrip()[-1:] == "}")
        ):  # one to a line
            for number, line in enumerate(lines):
                yield number, line.start(), line.end()
        else:
            yield None, 0, len(text)
        return
    frames = list(event_frames(text.encode("latin-1")))
    if frames:
        for number, (_, begin, end, _) in enumerate(frames):
            yield number, begin, end
        return
    for number, line in enumerate(_DATA.finditer(text)):
        yield number, line.start(1), line.end(1)


_BLANK = " \t\r\n\xef\xbb\xbf"  # some services send blank lines while a model thinks
_LINE = re.compile(r"[^\r\n]*[^\s][^\r\n]*")
_DATA = re.compile(r"(?m)^data: ?([\[{\"][^\r\n]*)")


def event_frames(body: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Messages of AWS's event stream: their begin, begin and end of the payload, and their end."""
    begin = 0
    while begin + 16 <= len(body):
        total, heads, check = struct.unpack_from(">III", body, begin)
        if crc32(body[begin : begin + 8]) != check or total < heads + 16:
            return
        if begin + total > len(body):
            return
        yield begin, begin + 12 + heads, begin + total - 4, begin + total
        begin += total


def with_valid_checksums(body: bytes) -> bytes:
    """AWS's event stream with the checksums of its messages made anew, after their payloads were changed."""
    mended = bytearray(body)
    for begin, _, end, _ in event_frames(body):
        mended[end : end + 4] = struct.pack(">I", crc32(mended[begin:end]))
    return bytes(mended)


_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|[{}\[\],]|[^\s{}\[\]:,"]+', re.DOTALL)


def _values(text: str, begin: int, end: int, event: int | None) -> Iterator[JsonSpan]:
    # a dict's step is its latest key, None before the first one; a list's is its latest index
    steps: list[str | int | None] = []
    wants_key = False
    for token in _TOKEN.finditer(text, begin, end):
        match token[0][0]:
            case "{":
                steps.append(None)
                wants_key = True
            case "[":
                steps.append(0)
                wants_key = False
            case "}" | "]":
                if steps:
                    steps.pop()
                wants_key = False
            case ",":
                if steps and isinstance(steps[-1], int):
                    steps[-1] += 1
                wants_key = bool(steps) and not isinstance(steps[-1], int)
            case '"' if wants_key:
                steps[-1] = token[1]
                wants_key = False
            case first:
                is_text = first == '"'
                yield JsonSpan(
                    path=tuple([str(step) for step in steps if step is not None]),
                    begin=token.start(1) if is_text else token.start(),
                    end=token.end(1) if is_text else token.end(),
                    is_text=is_text,
                    event=event,
                )


def path_fits(path: tuple[str, ...], pattern: str) -> bool:
    """Is this path the pattern's, or below it? In a pattern `*` is any one step.

    >>> path_fits(("messages", "1", "content"), "/messages/*")
    True
    """
    steps = path_steps(pattern)
    return len(path) >= len(steps) and all(
        step in ("*", mine) for step, mine in zip(steps, path, strict=False)
    )


def path_steps(pattern: str) -> list[str]:
    """A JSON pointer's steps."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pattern.strip("/").split("/")]
