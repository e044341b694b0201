"""A stream decoder, fed to its end."""

from collections.abc import Iterable

from llm_pure import LLMError, StreamEvent
from llm_pure.provider import StreamDecoder
from llm_pure.result import Failure


def feed_all(
    decoder: StreamDecoder, pieces: Iterable[bytes]
) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    """Every event up to the end or the first Failure, and that Failure's error."""
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
