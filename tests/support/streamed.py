"""One streamed answer of a dialect, made up here, as the laws of tests/adapters/dialects/test_stream_laws.py want it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from llm_pure import Completion, HttpResponse, LLMError, ResponseHead, StreamEvent
from llm_pure.core.provider import StreamDecoder
from llm_pure.replay.checks.stream_properties import StreamOutcome, read_pieces
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.pieces import one_byte_at_a_time


class Streamed(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and what it says.

    open_stream, parse_chat: who reads it, as in Provider. events: all that it tells, where they are written down.
    completion: what they collect to, where it is.
    whole: the same answer as the body that comes when no stream is asked for; None where that is not tried.
    whole_from: cut before this byte it is interrupted; from there on only what stands beside the answer is missing.
    None: only white space may be. cut_every: how many bytes lie between the cuts that are tried.
    after: bytes after the end that change nothing. examples: how often Hypothesis tries a law on it.
    """

    open_stream: Callable[[ResponseHead], StreamDecoder]
    parse_chat: Callable[[HttpResponse], LLMResult[Completion]]
    head: ResponseHead
    body: bytes
    events: tuple[StreamEvent, ...] | None = None
    completion: Completion | None = None
    whole: bytes | None = None
    whole_from: int | None = None
    cut_every: int = 1
    after: Mapping[str, bytes] = {}
    examples: int = 100

    @property
    def unstreamed(self) -> HttpResponse:
        """The same answer, come whole, with the headers of the stream but its content type."""
        others = [one for one in self.head.headers if one[0] != "content-type"]
        headers = (("content-type", "application/json"), *others)
        return HttpResponse(200, headers, self.whole or b"")

    @property
    def interrupted_before(self) -> int:
        """A cut before this byte must not pass for an answer."""
        return len(self.body.rstrip()) if self.whole_from is None else self.whole_from

    @property
    def cuts(self) -> Sequence[int]:
        """Places to cut at: every `cut_every` bytes, and each of those where the answer ends."""
        ending = range(max(0, self.interrupted_before - 40), len(self.body))
        return sorted({*range(0, len(self.body), self.cut_every), *ending})


def read(stream: Streamed, *pieces: bytes, head: ResponseHead | None = None) -> StreamOutcome:
    """What a decoder tells of these pieces. Whatever it was, no more bytes and no second end change it."""
    decoder = stream.open_stream(head or stream.head)
    events, error = read_pieces(decoder, pieces)
    again = (decoder.feed(b"more"), decoder.close(), decoder.close())
    assert again == ((Success(()) if error is None else Failure(error)),) * 3
    return events, error


def broken_off(
    stream: Streamed, begun: bytes, then: bytes, head: ResponseHead | None = None
) -> tuple[tuple[StreamEvent, ...], LLMError]:
    """What bytes tell that break off a good beginning, all at once or byte by byte: its events, and after them an error."""
    body = begun + then
    told = read(stream, body, head=head)
    assert read(stream, *one_byte_at_a_time(body), head=head) == told
    events, error = told
    before, _ = read(stream, begun, head=head)
    assert events[: len(before)] == before
    assert error is not None
    return events, error


def said_before(error: LLMError) -> str | None:
    """The text that had come when it went wrong; None where no answer had begun."""
    return None if error.partial is None else error.partial.text
