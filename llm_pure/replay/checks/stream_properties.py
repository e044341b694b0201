"""The laws of a stream, held against one recorded answer: split anywhere it says the same, cut anywhere it is no short
success, and no bytes at all make its decoder raise.

Pure. `llm-pure stream fuzz` runs this over cassettes, and this project's own tests over theirs.
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

Told: TypeAlias = tuple[tuple[StreamEvent, ...], LLMError | None]
"""Every event, and the error that the stream ended with; None after a good end."""

PropertyFails: TypeAlias = Callable[[bytes], bool]
"""Does a body show the fault?"""


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """A law that does not hold. at: how the body was split, cut or damaged. body: bytes that show it."""

    law: Property
    at: str
    expected: str
    got: str
    body: bytes


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was tried on one body, and what was found."""

    splits: int = 0
    cuts: int = 0
    damages: int = 0
    divergences: tuple[Divergence, ...] = ()


def read_pieces(decoder: StreamDecoder, pieces: Iterable[bytes]) -> Told:
    """The decoder fed to the end of its body, or to its first failure."""
    events: list[StreamEvent] = []
    for piece in pieces:
        got = decoder.feed(piece)
        if isinstance(got, Failure):
            return tuple(events), got.failure()
        events += got.unwrap()
    got = decoder.close()
    if isinstance(got, Failure):
        return tuple(events), got.failure()
    return (*events, *got.unwrap()), None


def check_properties(
    provider: Provider,
    head: ResponseHead,
    body: bytes,
    *,
    seed: int = 0,
    rounds: int = 20,
    every_byte: bool = False,
) -> StreamReport:
    """Splits, cuts and damaged copies of one body; `rounds` of each by chance, the same for the same seed.

    every_byte: the split at every byte, and a cut before every byte, as well.
    """
    chance = Random(seed)
    divergences: list[Divergence] = []
    splits = [_random_split(body, chance) for _ in range(rounds)]
    if every_byte:
        splits.append([body[place : place + 1] for place in range(len(body))])
    whole = read_pieces(provider.open_stream(head), [body])
    for pieces in splits:
        divergences += _split_law(provider, head, body, whole, pieces)
    cuts = (
        range(len(body))
        if every_byte
        else sorted(chance.sample(range(len(body)), min(rounds, len(body))))
    )
    if whole[1] is None:
        answer = _answer(provider, head, body)
        for cut in cuts:
            divergences += _cut_law(provider, head, answer, body[:cut])
    for _ in range(rounds):
        divergences += _total_law(provider, head, corrupt(body, chance))
    return StreamReport(
        splits=len(splits),
        cuts=len(cuts) if whole[1] is None else 0,
        damages=rounds,
        divergences=tuple(divergences),
    )


def corrupt(body: bytes, chance: Random) -> bytes:
    """The body with a few bytes replaced, dropped, doubled or moved."""
    data = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        if not data:
            break
        place, length = chance.randrange(len(data)), chance.randint(1, 12)
        match chance.randrange(4):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = data[place : place + length]
            case _:
                piece = data[place : place + length]
                del data[place : place + length]
                target = chance.randint(0, len(data))
                data[target:target] = piece
    return bytes(data)


def shrink(body: bytes, breaks: PropertyFails) -> bytes:
    """A short body that still shows the fault: pieces are left out, halves first, while `breaks` says it is there."""
    parts = body.split(b"\n\n") if b"\n\n" in body else body.split(b"\n")
    joint = b"\n\n" if b"\n\n" in body else b"\n"
    size = max(len(parts) // 2, 1)
    while size >= 1:
        place = 0
        while place < len(parts):
            shorter = [*parts[:place], *parts[place + size :]]
            if breaks(joint.join(shorter)):
                parts = shorter
            else:
                place += size
        size //= 2
    return joint.join(parts)


def _random_split(body: bytes, chance: Random) -> list[bytes]:
    """Some pieces small, some large."""
    pieces: list[bytes] = []
    place = 0
    while place < len(body):
        size = chance.choice((1, 2, 3, chance.randint(1, 40), chance.randint(1, 2000)))
        pieces.append(body[place : place + size])
        place += size
    return pieces


def _split_law(
    provider: Provider, head: ResponseHead, body: bytes, whole: Told, pieces: list[bytes]
) -> Iterator[Divergence]:
    split = _caught(lambda: read_pieces(provider.open_stream(head), pieces))
    if isinstance(split, _Raised):
        yield Divergence(law="total", at="split", expected="a Result", got=split.what, body=body)
    elif not _same(whole, split):
        at = f"{len(pieces)} pieces"
        yield Divergence(law="split", at=at, expected=_shown(whole), got=_shown(split), body=body)


def _cut_law(
    provider: Provider, head: ResponseHead, answer: Completion, body: bytes
) -> Iterator[Divergence]:
    decoder = provider.open_stream(head)
    cut = _caught(lambda: read_pieces(decoder, [body]))
    at = f"byte {len(body)}"
    if isinstance(cut, _Raised):
        yield Divergence(law="total", at=at, expected="a Result", got=cut.what, body=body)
        return
    got = decoder.partial()
    if cut[1] is None and _essence(got) != _essence(answer):
        yield Divergence(
            law="cut", at=at, expected="StreamInterrupted", got=f"a short success: {got.text!r}", body=body
        )  # fmt: skip
    elif not answer.text.startswith(got.text):
        yield Divergence(
            law="cut", at=at, expected=f"a prefix of {answer.text!r}", got=repr(got.text), body=body
        )


def _total_law(provider: Provider, head: ResponseHead, body: bytes) -> Iterator[Divergence]:
    streamed = _caught(lambda: read_pieces(provider.open_stream(head), [body]))
    parsed = _caught(lambda: provider.parse_chat(HttpResponse(head.status, head.headers, body)))
    for what, got in (("a damaged stream", streamed), ("a damaged answer", parsed)):
        if isinstance(got, _Raised):
            yield Divergence(law="total", at=what, expected="a Result", got=got.what, body=body)


class _Raised(msgspec.Struct, frozen=True):
    what: str


def _caught(read: Callable[[], A]) -> A | _Raised:
    """What a decoder gives; that it raises is a finding here, and nowhere else in the library."""
    try:
        return read()
    except Exception as fault:  # noqa: BLE001 - any exception at all is what is looked for
        return _Raised(f"{type(fault).__name__}: {fault}")


def _same(one: Told, other: Told) -> bool:
    """The same events, and the same end; how much an error's partial answer holds follows from the events."""
    ends = [error and (error.kind, error.message) for _, error in (one, other)]
    return one[0] == other[0] and (ends[0] == ends[1] or None not in ends)


def _essence(completion: Completion) -> object:
    """What may not be missing from a success. Usage may: where no end marker is promised, it can come after the end."""
    calls = [(call.name, call.arguments) for call in completion.tool_calls]
    return completion.message.text, completion.reasoning, calls, completion.finish_reason


def _answer(provider: Provider, head: ResponseHead, body: bytes) -> Completion:
    decoder = provider.open_stream(head)
    read_pieces(decoder, [body])
    return decoder.partial()


def _shown(told: Told) -> str:
    events, error = told
    return f"{len(events)} events, then {error.kind if error else 'the end'}"
