"""Any value of a recorded answer may be another: whatever stands in its place, nothing raises and the rest is JSON.

Damaged bytes (test_laws.py) are seldom JSON any more, and end at the first decoder; these get past it.
"""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from llm_pure import Completion, HttpResponse, describe
from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.replay.disorders.answer import (
    RecordedAnswer,
    decode_frames,
    recorded_answer,
    with_frames,
)
from llm_pure.types.result import Failure
from tests.support.cassettes import chat_providers, recorded
from tests.support.laws import same_examples

ODD: tuple[Any, ...] = (
    None, True, "\ud83d", 0, -1, 10**30, 10**400, 1.5, "", "x", "null", "5", "true", "9" * 5000, "data:,", [], [None], [[]], [{}], {}, {"x": 1}, {"x": []},
)  # fmt: skip
Path = tuple[str | int, ...]


def paths(value: Any, before: Path = ()) -> list[Path]:
    """The way to every value, the whole one's first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    return [before, *[path for key, one in inner for path in paths(one, (*before, key))]]


def with_value(value: Any, path: Path, odd: Any) -> Any:
    """A copy that has `odd` at the end of the way."""
    if not path:
        return odd
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_value(value[path[0]], path[1:], odd)
    return copy


def objects(body: bytes) -> list[tuple[int, int, Any]]:
    """Where the JSON objects of a body begin and end, one to a line, and what they say: a whole answer's is the only one."""
    found: list[tuple[int, int, Any]] = []
    start = 0
    for line in body.splitlines(keepends=True):
        first, last = line.find(b"{"), line.rfind(b"}") + 1
        with suppress(ValueError):
            found.append((start + first, start + last, json.loads(line[first:last])))
        start += len(line)
    return found


def answers() -> dict[str, list[tuple[HttpResponse, list[tuple[int, int, Any]]]]]:
    """By provider, the recorded answers that are JSON on lines, whole or streamed."""
    found: dict[str, list[tuple[HttpResponse, list[tuple[int, int, Any]]]]] = {}
    for one in recorded():
        response = one.interaction.response
        inside = objects(response.body)
        if one.operation == "chat" and inside:
            found.setdefault(one.provider.name, []).append((response, inside))
    return found


ANSWERS = answers()


NUMBERS = st.integers(0, 9_999)
"""Choose one of as many as there are, whichever provider they are of."""
CHANGES = st.lists(st.tuples(NUMBERS, st.sampled_from(ODD)), min_size=1, max_size=2)


def odd_answer(name: str, recording: int, line: int, changes: list[tuple[int, Any]]) -> HttpResponse:  # fmt: skip
    response, inside = ANSWERS[name][recording % len(ANSWERS[name])]
    start, end, value = inside[line % len(inside)]
    for place, odd in changes:
        ways = paths(value)
        value = with_value(value, ways[place % len(ways)], odd)
    data = json.dumps(value).encode()
    body = response.body[:start] + data + response.body[end:]
    return HttpResponse(response.status, response.headers, body)


def read(provider: Provider, response: HttpResponse) -> Completion:
    """Both readings of it, and the second one's Completion."""
    whole = provider.parse_chat(response)
    if isinstance(whole, Failure):
        assert describe(whole.failure())
    decoder = provider.open_stream(response.head)
    read_pieces(decoder, [response.body])
    return decoder.partial()


@pytest.mark.parametrize("name", [name for name in chat_providers() if name in ANSWERS])
@same_examples(150, recording=NUMBERS, line=NUMBERS, changes=CHANGES)
def test_an_odd_value_makes_no_parser_raise_and_no_completion_that_is_not_json(
    name: str, recording: int, line: int, changes: list[tuple[int, Any]]
) -> None:
    response = odd_answer(name, recording, line, changes)

    got = read(registry.get(name).unwrap(), response)

    assert msgspec.json.decode(msgspec.json.encode(got), type=Completion) == got


def largest_answers() -> dict[str, RecordedAnswer]:
    """The largest one of each provider's dialect, streamed and not; frames with checksums too."""
    largest: dict[str, tuple[str, RecordedAnswer]] = {}
    for one in recorded():
        response = one.interaction.response
        if one.operation == "chat" and one.is_answer and len(response.body) < 10_000:
            answer = recorded_answer(one.provider.dialect, one.streamed, response)
            key = f"{answer.reader} {answer.dialect} {'streamed' if one.streamed else 'buffered'}"
            if key not in largest or len(largest[key][1].response.body) < len(response.body):
                largest[key] = one.provider.name, answer
    return {f"{name} {key}": answer for key, (name, answer) in largest.items()}


LARGEST = largest_answers()


@pytest.mark.parametrize("key", LARGEST)
def test_text_of_a_value_of_another_type_makes_no_parser_raise(key: str) -> None:
    """Numbers as text are read as numbers by the typed reader only; what reads the same JSON plainly sees the text."""
    answer, provider = LARGEST[key], registry.get(key.split()[0]).unwrap()
    framed = decode_frames(answer)
    assert framed is not None
    kinds: set[tuple[object, ...]] = set()
    for at, frame in enumerate(framed.frames):
        value = frame.json()
        for path in paths(value)[1:]:
            kind = tuple([0 if isinstance(step, int) else step for step in path])
            if (kind, str((value or {}).get("type"))) in kinds:
                continue
            kinds.add((kind, str((value or {}).get("type"))))
            for text in ("null", "5", "true"):
                changed = frame.with_json(with_value(value, path, text))
                frames = [*framed.frames[:at], changed, *framed.frames[at + 1 :]]
                read(provider, with_frames(answer, framed.framing, frames).response)
    assert kinds


@pytest.mark.parametrize("name", [name for name in chat_providers() if name in ANSWERS])
def test_half_of_a_letter_does_not_cost_the_answer(name: str) -> None:
    """Services that cut text by UTF-16 units send "\\ud83d" alone, which is JSON."""
    provider = registry.get(name).unwrap()
    tried = 0
    for one in recorded():
        response = one.interaction.response
        if one.provider.name != name or one.operation != "chat" or not one.is_answer:
            continue
        decoder = provider.open_stream(response.head)
        read_pieces(decoder, [response.body])
        word = decoder.partial().text[:3].encode()
        if "eventstream" in str(response.headers):  # its frames have checksums
            tried += 1
            continue
        if not word.isalpha() or b'"' + word not in response.body:
            continue
        body = response.body.replace(b'"' + word, b'"\\ud83d' + word)
        decoder = provider.open_stream(response.head)
        assert read_pieces(decoder, [body])[1] is None, one.file
        assert decoder.partial().text.startswith("\ufffd"), one.file
        tried += 1
    assert tried
