"""Playback of a recorded response: its speed, its chunks, and injected faults. Pure.

ReplayTransport(cassette, fault=Fault(first=(429,)))     # first a 429, then the recorded response
ReplayTransport(cassette, fault=Fault(cut_at=300))       # every body ends after 300 bytes
"""

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from llm_pure.replay.cassette import Interaction
from llm_pure.replay.chunking import Chunking, as_recorded, split_body
from llm_pure.transports.base import Timeouts
from llm_pure.types.errors import ConnectionFailed, LLMError, TimedOut
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

TruncationStyle = Literal["end", "reset"]
"""How a truncated body ends: it just stops, or the connection breaks."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Faults to inject during playback."""

    first: tuple[int | HttpResponse, ...] = ()
    """Responses for the first requests, one each, before any recording is used: a status or a complete response."""
    delay_s: float = 0.0
    """Seconds before each response."""
    cut_at: int | None = None
    """Number of bytes after which every body is truncated."""
    cut_as: TruncationStyle = "end"


NO_FAULT = Fault()

INSTANT = None
"""Playback speed without any waits."""

AS_RECORDED = 1.0
"""Playback speed of the recording; 10.0 is ten times faster."""


class PlaybackOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How recordings are played back."""

    borders: Chunking = as_recorded
    """Where chunks of the body end."""
    speed: float | None = INSTANT
    fault: Fault = NO_FAULT


DEFAULT_PLAYBACK = PlaybackOptions()

Step: TypeAlias = tuple[float, LLMResult[bytes]]
"""Seconds to wait, then the next chunk of the body or the error that ends it."""


def injected_response(first: int | HttpResponse) -> HttpResponse:
    """Return the response for an item of `Fault.first`. A status gets an error body that every provider's parser reads."""
    if isinstance(first, HttpResponse):
        return first
    error = {
        "type": "injected_fault",
        "code": str(first),
        "message": "injected by Fault(first=...)",
    }
    headers = (("content-type", "application/json"), ("retry-after", "0"))
    return HttpResponse(first, headers, msgspec.json.encode({"error": error}))


def head_wait(options: PlaybackOptions, timeouts: Timeouts) -> tuple[float, LLMError | None]:
    """Return seconds until the response head, or until the timeout and then its error."""
    return _within(options.fault.delay_s, options.fault.delay_s, timeouts)


def body_steps(
    interaction: Interaction, options: PlaybackOptions, timeouts: Timeouts
) -> Iterator[Step]:
    """Yield the chunks of the body and the waits before them. A wait beyond the timeouts ends it with TimedOut."""
    fault = options.fault
    timed = len(interaction.sizes) == len(interaction.delays_ms) > 0
    if options.speed is None or not options.speed > 0 or not timed:
        for chunk in split_body(interaction, options.borders, fault.cut_at):
            yield 0.0, Success(chunk)
    else:
        elapsed_s = fault.delay_s
        for wait_s, chunk in _timed_chunks(interaction, options, options.speed):
            elapsed_s += wait_s
            allowed_s, timeout = _within(wait_s, elapsed_s, timeouts)
            yield allowed_s, Success(chunk) if timeout is None else Failure(timeout)
            if timeout is not None:
                return
    truncated = fault.cut_at is not None and fault.cut_at < len(interaction.response.body)
    if truncated and fault.cut_as == "reset":
        message = f"the connection broke after {fault.cut_at} bytes of the body"
        yield 0.0, Failure(ConnectionFailed(message=message))


def buffered_response(
    interaction: Interaction, options: PlaybackOptions, timeouts: Timeouts
) -> tuple[float, LLMResult[HttpResponse]]:
    """Return seconds to wait, then the complete response."""
    wait_s, timeout = head_wait(options, timeouts)
    if timeout is not None:
        return wait_s, Failure(timeout)
    steps = list(body_steps(interaction, options, timeouts))
    wait_s += sum([step_s for step_s, _ in steps])
    return wait_s, _joined(interaction.response, [chunk for _, chunk in steps])


@returns_failure
def _joined(response: HttpResponse, chunks: list[LLMResult[bytes]]) -> HttpResponse:
    body = b"".join([ok(chunk) for chunk in chunks])
    return HttpResponse(response.status, response.headers, body)


def _timed_chunks(
    interaction: Interaction, options: PlaybackOptions, speed: float
) -> Iterator[tuple[float, bytes]]:
    """Yield each chunk with the wait until its last byte arrived in the recording, wherever chunks end now."""
    arrivals = _arrivals(interaction)
    end, arrived_s = next(arrivals)
    sent, sent_s = 0, 0.0
    for chunk in split_body(interaction, options.borders, options.fault.cut_at):
        sent += len(chunk)
        while end < sent:
            end, arrived_s = next(arrivals, (sent, arrived_s))
        yield (arrived_s - sent_s) / speed, chunk
        sent_s = arrived_s


def _arrivals(interaction: Interaction) -> Iterator[tuple[int, float]]:
    """Yield for each recorded chunk its end in the body and the seconds since the request."""
    end, arrived_ms = 0, 0
    for size, delay_ms in zip(interaction.sizes, interaction.delays_ms, strict=True):
        end, arrived_ms = end + size, arrived_ms + delay_ms
        yield end, arrived_ms / 1000


def _within(wait_s: float, elapsed_s: float, timeouts: Timeouts) -> tuple[float, LLMError | None]:
    """Return the part of a wait that the timeouts allow, and the error if that is not all of it. What is no time is no wait."""
    wait_s = max(0.0, wait_s)
    if wait_s > timeouts.read_s:
        message = "no byte of the recording within the read timeout"
        return timeouts.read_s, TimedOut(message=message, phase="read")
    if elapsed_s > timeouts.total_s:
        left_s = max(0.0, wait_s - (elapsed_s - timeouts.total_s))
        message = "the recording takes longer than the total timeout"
        return left_s, TimedOut(message=message, phase="total")
    return wait_s, None
