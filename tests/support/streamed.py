"""A made-up stream of a dialect, for the laws of tests/adapters/dialects/test_stream_laws.py."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from llm_pure import Completion, HttpResponse, LLMError, ResponseHead, StreamEvent
from llm_pure.core.provider import StreamDecoder
from llm_pure.core.stream import S, Step, take_step
from llm_pure.replay.checks.stream_properties import StreamOutcome, read_pieces
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.pieces import one_byte_at_a_time


class Streamed(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and its meaning."""

    open_stream: Callable[[ResponseHead], StreamDecoder]
    parse_chat: Callable[[HttpResponse], LLMResult[Completion]]
    head: ResponseHead
    body: bytes
    events: tuple[StreamEvent, ...] | None = None
    """All events, where they are tested."""
    completion: Completion | None = None
    """The collected completion, where it is tested."""
    whole: bytes | None = None
    """The same response as a buffered body, where it is tested."""
    whole_from: int | None = None
    """A stream cut before this byte is interrupted; later bytes hold nothing of the message. None: only white space."""
    cut_every: int = 1
    """Bytes between the cuts."""
    after: Mapping[str, bytes] = {}
    """Bytes after the end that change nothing."""
    examples: int = 100
    """Number of Hypothesis examples for each law."""

    @property
    def unstreamed(self) -> HttpResponse:
        """The same response as a buffered body, with the headers of the stream except its content type."""
        others = [pair for pair in self.head.headers if pair[0] != "content-type"]
        headers = (("content-type", "application/json"), *others)
        return HttpResponse(200, headers, self.whole or b"")

    @property
    def interrupted_before(self) -> int:
        """A stream cut before this byte must not end in a completion."""
        return len(self.body.rstrip()) if self.whole_from is None else self.whole_from

    @property
    def cuts(self) -> Sequence[int]:
        """Positions of cuts: every `cut_every` bytes, and every byte around the end of the message."""
        ending = range(max(0, self.interrupted_before - 40), len(self.body))
        return sorted({*range(0, len(self.body), self.cut_every), *ending})


def read(stream: Streamed, *pieces: bytes, head: ResponseHead | None = None) -> StreamOutcome:
    """The events and the error of these pieces. Checks that bytes and `close` after the end change nothing."""
    decoder = stream.open_stream(head or stream.head)
    events, error = read_pieces(decoder, pieces)
    again = (decoder.feed(b"more"), decoder.close(), decoder.close())
    assert again == ((Success(()) if error is None else Failure(error)),) * 3
    return events, error


def broken_off(
    stream: Streamed, begun: bytes, then: bytes, head: ResponseHead | None = None
) -> tuple[tuple[StreamEvent, ...], LLMError]:
    """The events and the error of a good beginning followed by bad bytes; the same at once and byte by byte."""
    body = begun + then
    events, error = read(stream, body, head=head)
    assert read(stream, *one_byte_at_a_time(body), head=head) == (events, error)
    before, _ = read(stream, begun, head=head)
    assert events[: len(before)] == before
    assert error is not None
    return events, error


def step_once(
    step: Step[S, bytes],
    state: S,
    frame: bytes,
    faulty: bool,
    last: bool,
    ignored_after_end: bool = True,
) -> tuple[S, list[StreamEvent]]:
    """The state and the events after one frame. Checks that a faulty frame, and no other, leaves a fault, that the last
    frame ends the stream, and that nothing changes after the end where the dialect ignores what comes then."""
    after, events = take_step(step, state, frame)
    if state.ended and ignored_after_end:
        assert (after, list(events)) == (state, [])
    else:
        assert (after.fault is not None) == faulty
        over = state.complete or state.ended
        assert (after.complete or after.ended) == (last or over)
    return after, list(events)


def said_before(error: LLMError) -> str | None:
    """The text received before the error; None if no message had begun."""
    return None if error.partial is None else error.partial.text
