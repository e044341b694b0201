"""Check three properties of a stream decoder on one recorded response.

split: chunk boundaries do not change the events. cut: a truncated body is never a shorter success. total: no bytes raise an
exception. Pure. `llm-pure stream fuzz` checks cassettes with it, and the tests of this project theirs.
"""

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Literal, TypeAlias, TypeVar

import msgspec

from llm_pure.core.provider import Provider, StreamDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure

A = TypeVar("A")

Property: TypeAlias = Literal["split", "cut", "total"]

StreamOutcome: TypeAlias = tuple[tuple[StreamEvent, ...], LLMError | None]
"""All events of a stream, and the error that it ended with; None after a complete stream."""

PropertyFails: TypeAlias = Callable[[bytes], bool]
"""Returns whether a property fails for a body."""


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """A property that does not hold."""

    property: Property
    at: str
    """How the body was split, cut or corrupted."""
    expected: str
    actual: str
    body: bytes
    """Bytes that show the failure."""


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """The checks of one body: how many were run, and their failures."""

    splits: int = 0
    cuts: int = 0
    damages: int = 0
    divergences: tuple[Divergence, ...] = ()


def read_pieces(decoder: StreamDecoder, pieces: Iterable[bytes]) -> StreamOutcome:
    """Feed a decoder until the end of the body or the first failure."""
    events: list[StreamEvent] = []
    for piece in pieces:
        result = decoder.feed(piece)
        if isinstance(result, Failure):
            return tuple(events), result.failure()
        events += result.unwrap()
    result = decoder.close()
    if isinstance(result, Failure):
        return tuple(events), result.failure()
    return (*events, *result.unwrap()), None


def check_properties(
    provider: Provider,
    head: ResponseHead,
    body: bytes,
    *,
    seed: int = 0,
    rounds: int = 20,
    corruptions: int | None = None,
    every_byte: bool = False,
) -> StreamReport:
    """Check a body with `rounds` random splits, cuts and corrupted copies each, the same for the same seed.

    corruptions: the number of corrupted copies, if it is another. every_byte: also check single-byte chunks, and cut before
    every byte.
    """
    random = Random(seed)
    check = _Check(provider, head)
    splits = [_random_split(body, random) for _ in range(rounds)]
    if every_byte:
        splits.append([body[index : index + 1] for index in range(len(body))])
    expected = read_pieces(provider.open_stream(head), [body])
    divergences = [bug for pieces in splits for bug in check.split(body, expected, pieces)]
    cuts = (
        range(len(body))
        if every_byte
        else sorted(random.sample(range(len(body)), min(rounds, len(body))))
    )
    if expected[1] is None:
        completion = _completion(provider, head, body)
        divergences += [bug for end in cuts for bug in check.cut(body[:end], completion)]
    damages = rounds if corruptions is None else corruptions
    for _ in range(damages):
        divergences += check.total(corrupt(body, random))
    return StreamReport(
        splits=len(splits),
        cuts=len(cuts) if expected[1] is None else 0,
        damages=damages,
        divergences=tuple(divergences),
    )


def corrupt(body: bytes, random: Random) -> bytes:
    """Replace, drop, double or move a few bytes of a body."""
    data = bytearray(body)
    for _ in range(random.randint(1, 4)):
        if not data:
            break
        begin, length = random.randrange(len(data)), random.randint(1, 12)
        match random.randrange(4):
            case 0:
                data[begin] = random.randrange(256)
            case 1:
                del data[begin : begin + length]
            case 2:
                data[begin:begin] = data[begin : begin + length]
            case _:
                piece = data[begin : begin + length]
                del data[begin : begin + length]
                target = random.randint(0, len(data))
                data[target:target] = piece
    return bytes(data)


def shrink(body: bytes, property_fails: PropertyFails) -> bytes:
    """Return a short body that still fails: parts are left out, halves first, while `property_fails` is true."""
    separator = b"\n\n" if b"\n\n" in body else b"\n"
    parts = body.split(separator)
    size = max(len(parts) // 2, 1)
    while size >= 1:
        begin = 0
        while begin < len(parts):
            shorter = [*parts[:begin], *parts[begin + size :]]
            if property_fails(separator.join(shorter)):
                parts = shorter
            else:
                begin += size
        size //= 2
    return separator.join(parts)


def _random_split(body: bytes, random: Random) -> list[bytes]:
    """Split a body into small and large pieces."""
    pieces: list[bytes] = []
    begin = 0
    while begin < len(body):
        size = random.choice((1, 2, 3, random.randint(1, 40), random.randint(1, 2000)))
        pieces.append(body[begin : begin + size])
        begin += size
    return pieces


class _Check:
    """The properties, for the streams of one provider. Each method yields the failures for one body."""

    def __init__(self, provider: Provider, head: ResponseHead) -> None:
        self._provider = provider
        self._head = head

    def split(
        self, body: bytes, expected: StreamOutcome, pieces: list[bytes]
    ) -> Iterator[Divergence]:
        outcome = _catch(lambda: read_pieces(self._provider.open_stream(self._head), pieces))
        if isinstance(outcome, _Raised):
            yield _raised("split", outcome, body)
        elif not _same(expected, outcome):
            yield Divergence(
                property="split",
                at=f"{len(pieces)} pieces",
                expected=_describe(expected),
                actual=_describe(outcome),
                body=body,
            )

    def cut(self, body: bytes, completion: Completion) -> Iterator[Divergence]:
        decoder = self._provider.open_stream(self._head)
        outcome = _catch(lambda: read_pieces(decoder, [body]))
        at = f"byte {len(body)}"
        if isinstance(outcome, _Raised):
            yield _raised(at, outcome, body)
            return
        partial = decoder.partial()
        if outcome[1] is None and _content(partial) != _content(completion):
            expected, actual = "StreamInterrupted", f"a short success: {partial.text!r}"
        elif not completion.text.startswith(partial.text):
            expected, actual = f"a prefix of {completion.text!r}", repr(partial.text)
        else:
            return
        yield Divergence(property="cut", at=at, expected=expected, actual=actual, body=body)

    def total(self, body: bytes) -> Iterator[Divergence]:
        provider, head = self._provider, self._head
        response = HttpResponse(head.status, head.headers, body)
        streamed = _catch(lambda: read_pieces(provider.open_stream(head), [body]))
        parsed = _catch(lambda: provider.parse_chat(response))
        for at, outcome in (("a damaged stream", streamed), ("a damaged body", parsed)):
            if isinstance(outcome, _Raised):
                yield _raised(at, outcome, body)


class _Raised(msgspec.Struct, frozen=True):
    description: str


def _raised(at: str, outcome: _Raised, body: bytes) -> Divergence:
    return Divergence(
        property="total", at=at, expected="a Result", actual=outcome.description, body=body
    )


def _catch(read: Callable[[], A]) -> A | _Raised:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - the property is that no exception at all is raised
        return _Raised(f"{type(error).__name__}: {error}")


def _same(expected: StreamOutcome, outcome: StreamOutcome) -> bool:
    """Compare events and errors; the partial completion of an error follows from the events."""
    errors = [error and (error.kind, error.message) for _, error in (expected, outcome)]
    return expected[0] == outcome[0] and (errors[0] == errors[1] or None not in errors)


def _content(completion: Completion) -> object:
    """Return what a success must contain. Usage may be missing: without an end marker it can come after the end."""
    calls = [(call.name, call.arguments) for call in completion.tool_calls]
    return completion.message.text, completion.reasoning, calls, completion.finish_reason


def _completion(provider: Provider, head: ResponseHead, body: bytes) -> Completion:
    decoder = provider.open_stream(head)
    read_pieces(decoder, [body])
    return decoder.partial()


def _describe(outcome: StreamOutcome) -> str:
    events, error = outcome
    return f"{len(events)} events, then {error.kind if error else 'the end'}"
