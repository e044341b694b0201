"""Mutants of recorded responses, made with knowledge of their structure: frames, JSON paths, JSON values. Pure.

A body is cut into frames; the JSON in a frame is changed at any of its paths, frames are dropped, repeated and mixed with
those of other bodies, and bytes are cut. The same Random gives the same mutant.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from llm_pure.framing.aws_eventstream import EventStreamDecoder, encode_message
from llm_pure.types.http import HttpResponse

_MARK = "@@mutant@@"

_RAW_VALUES: tuple[str, ...] = (
    "null", "true", "false", "0", "-1", "1", "-0", "3.5", "1e3", "1000000000000000000", "9223372036854775808", "-9e18",
    "1e308", "1e999", "NaN", "0.1e-400", "123456789012345678901234567890", '""', '"x"', '" "', '"0"', '"-1"', '"null"',
    '"\\ud83d"', '"\\ude00\\ud83d"', '"\\u0000"', '"\\u2028"', '"\\uffff"', '"</think>"', '"<think>"', '"```"', '"data: [DONE]"',
    '"{\\"a\\": "', '"[{}]"', "[]", "{}", "[null]", "[[]]", "[{}]", '{"a":1}', '{"":""}', '{"type":"text"}', '{"text":1}',
    '["a"]', '[0,"a",null,{}]', '{"a":{"a":{"a":null}}}', '{"a":1,"a":2}',
)  # fmt: skip
"""JSON texts of other types and odd values, put in the place of any value."""


_TYPES = (
    "text", "thinking", "redacted_thinking", "refusal", "image", "image_url", "input_audio", "document", "tool_use", "tool_result",
    "tool_call", "tool-call", "function", "function_call", "reasoning", "output_text", "message", "reference", "citation",
    "error", "custom", "web_search_call", "toString", "",
)  # fmt: skip
_KEYS = (
    "text", "thinking", "refusal", "function", "custom", "id", "call_id", "name", "arguments", "input", "content", "signature", "index",
    "message", "delta", "code", "data", "image_url", "summary", "parts", "functionCall", "toolUse", "reasoningContent", "tool_calls", "role",
)  # fmt: skip


def _raw_value(random: Random) -> str:
    """Return an odd JSON value, or an object like a part of a message with missing and odd fields, alone or in a list."""
    if random.random() < 0.6:
        return random.choice(_RAW_VALUES)
    fields = [f'"type":"{random.choice(_TYPES)}"'] if random.random() < 0.9 else []
    fields += [
        f'"{random.choice(_KEYS)}":{random.choice(_RAW_VALUES)}'
        for _ in range(random.choice((0, 0, 1, 1, 2)))
    ]
    part = "{" + ",".join(fields) + "}"
    return random.choice((part, f"[{part}]", f"[{part}]", f"[{part},{part}]", f'["a",{part}]'))


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One changed response."""

    response: HttpResponse
    pieces: tuple[int, ...]
    """Where to split the body for the second reading, ascending."""


def mutate(seed: HttpResponse, others: Sequence[HttpResponse], random: Random) -> Mutant:
    """Return one mutant of a response; frames of the others may be mixed in."""
    frames = frames_of(seed.body)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        frames = random.choice(_FRAME_CHANGES)(frames, others, random)
    body = b"".join(frames)
    if random.random() < 0.15:
        body = _cut(body, random)
    status, headers = seed.status, seed.headers
    if random.random() < 0.1:
        status = random.choice((200, 200, 204, 301, 400, 401, 404, 413, 429, 500, 503, 529))
    if random.random() < 0.05:
        kinds = ("text/event-stream", "application/json", "text/html", "application/x-ndjson", "")
        headers = (
            *[pair for pair in headers if pair[0] != "content-type"],
            ("content-type", random.choice(kinds)),
        )
    cuts = sorted(
        random.sample(range(1, max(2, len(body))), min(len(body) // 2, random.choice((1, 3, 20))))
    )
    return Mutant(response=HttpResponse(status, headers, body), pieces=tuple(cuts))


def frames_of(body: bytes) -> list[bytes]:
    """Cut a body into messages of AWS's event stream, events, lines, or leave it as one piece."""
    if body[:1] == b"\x00":
        pieces = _messages(body)
        if pieces:
            return pieces
    for end in (b"\r\n\r\n", b"\n\n", b"\n"):
        if body.count(end) > 1:
            pieces = body.split(end)
            return [piece + end for piece in pieces[:-1]] + [pieces[-1]]
    return [body]


def _messages(body: bytes) -> list[bytes]:
    decoder = EventStreamDecoder()
    return [encode_message(message.headers, message.payload) for message in decoder.feed(body)]


def _change_json(
    frames: list[bytes], others: Sequence[HttpResponse], random: Random
) -> list[bytes]:
    at = random.randrange(len(frames))
    return [*frames[:at], _changed(frames[at], random), *frames[at + 1 :]]


def _drop(frames: list[bytes], others: Sequence[HttpResponse], random: Random) -> list[bytes]:
    at = random.randrange(len(frames))
    return [*frames[:at], *frames[at + 1 :]] or [b""]


def _repeat(frames: list[bytes], others: Sequence[HttpResponse], random: Random) -> list[bytes]:
    at = random.randrange(len(frames))
    times = random.choice((1, 2, 30)) if len(frames[at]) < 2_000 else 1
    return [*frames[:at], *[frames[at]] * (times + 1), *frames[at + 1 :]]


def _swap(frames: list[bytes], others: Sequence[HttpResponse], random: Random) -> list[bytes]:
    a, b = random.randrange(len(frames)), random.randrange(len(frames))
    swapped = list(frames)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    return swapped


def _mix(frames: list[bytes], others: Sequence[HttpResponse], random: Random) -> list[bytes]:
    foreign = frames_of(random.choice(others).body)
    at = random.randrange(len(frames) + 1)
    return [*frames[:at], random.choice(foreign), *frames[at:]]


def _damage(frames: list[bytes], others: Sequence[HttpResponse], random: Random) -> list[bytes]:
    at = random.randrange(len(frames))
    frame = bytearray(frames[at])
    for _ in range(random.choice((1, 1, 5))):
        if frame:
            frame[random.randrange(len(frame))] = random.choice(b'\x00\xff{}[]",:\\ \n\rd0-e')
    return [*frames[:at], bytes(frame), *frames[at + 1 :]]


_FRAME_CHANGES: tuple[Callable[[list[bytes], Sequence[HttpResponse], Random], list[bytes]], ...] = (
    *[_change_json] * 14,
    _drop,
    _repeat,
    _swap,
    _mix,
    _damage,
)


def _changed(frame: bytes, random: Random) -> bytes:
    """Change the JSON of one frame: after `data:`, in an AWS message (with its base64 inside), or alone."""
    if frame[:1] == b"\x00":
        message = next(iter(EventStreamDecoder().feed(frame)), None)
        if message is None:
            return frame
        payload = message.payload
        outer = _decoded(payload)
        if isinstance(outer, dict) and isinstance(outer.get("bytes"), str):
            try:
                inner = base64.b64decode(outer["bytes"])
            except ValueError:
                return frame
            changed = base64.b64encode(_changed(inner, random)).decode()
            return encode_message(message.headers, msgspec.json.encode({**outer, "bytes": changed}))
        return encode_message(message.headers, _changed(payload, random))
    begin = frame.find(b"{")
    bracket = frame.find(b"[")
    begin = bracket if begin < 0 or 0 <= bracket < begin else begin
    end = max(frame.rfind(b"}"), frame.rfind(b"]")) + 1
    value = _decoded(frame[begin:end]) if 0 <= begin < end else None
    if value is None:
        return frame
    value, raw = _changed_value(value, random)
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=random.random() < 0.5)
    except RecursionError:  # the seed is a mutant that nests deeply
        return frame
    data = text.replace(f'"{_MARK}"', raw).encode("utf-8", "surrogatepass")
    return frame[:begin] + data + frame[end:]


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _changed_value(root: Any, random: Random) -> tuple[Any, str]:
    """Return the value with a change at one path, and the raw JSON to put in the place of the mark."""
    holders = list(_holders(root))
    if not holders:
        return _MARK, _raw_value(random)
    telling = [place for place in holders if place[1] in _KEYS]
    holder, key = random.choice(telling if telling and random.random() < 0.4 else holders)
    old = holder[key]
    match random.randrange(10):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder[key:key] = [old] * random.choice((1, 2, 40))
        case 1:
            holder[random.choice(("", "type", "index", "id", "x" * 300, "$ref"))] = old
        case 2:
            other, place = random.choice(holders)
            copy = _decoded(msgspec.json.encode(old)) if _depth_is_small(old) else None
            if place in other if isinstance(other, dict) else place < len(other):
                other[place] = copy
        case 3:
            holder[key] = (
                [old] if random.random() < 0.5 else {random.choice(("a", "type", "text")): old}
            )
        case 4:
            depth = random.choice((3, 30, 120, 127, 140, 500, 960, 5_000))
            begin, end = random.choice((("[", "]"), ('{"a":', "}"), ('[{"detail":', "}]")))
            holder[key] = _MARK
            return root, begin * depth + "1" + end * depth
        case 5 if isinstance(old, str):
            holder[key] = random.choice(
                (old * 2, old * 50, old[: len(old) // 2], old + "\ud83d", "\x00" + old, old.upper())
            )
        case 5 if isinstance(old, int | float) and not isinstance(old, bool):
            holder[key] = random.choice((-old, old + 1, old * 1_000_003, str(old), old + 0.5))
        case _:
            holder[key] = _MARK
    return root, _raw_value(random)


def _depth_is_small(value: Any) -> bool:
    level = [value]
    for _ in range(50):
        level = [
            inner
            for item in level
            for inner in (
                item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            )
        ]
        if not level:
            return True
    return False


def _holders(root: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a value: the object or list, and the key or index."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from ((value, key) for key in list(value))
            waiting += value.values()
        elif isinstance(value, list):
            yield from ((value, index) for index in range(min(len(value), 50)))
            waiting += value[:50]


def _cut(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body) + 1)
    return body[:at] if random.random() < 0.7 else body[at:]
