"""What goes wrong in a replay, and how fast it goes: a resilience test is one argument. Pure.

ReplayTransport(cassette, fault=Fault(first=(429,)))     # then the recorded answer
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
from llm_pure.types.result import Failure, LLMResult, Success

TruncationStyle = Literal["end", "reset"]
"""How a cut looks: the body just ends, or the connection breaks."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong; any of these, or several.

    first: what the first requests get, one each, before any recording is given: a status, or a whole answer. delay_s:
    before each answer. cut_at: every body stops after so many bytes, in the way of cut_as.
    """

    first: tuple[int | HttpResponse, ...] = ()
    delay_s: float = 0.0
    cut_at: int | None = None
    cut_as: TruncationStyle = "end"


NO_FAULT = Fault()

INSTANT = None
"""The speed without any waits."""

AS_RECORDED = 1.0
"""The speed of the recording; 10.0 is ten times faster."""


class PlaybackOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How recordings are given: where pieces end, how fast they come, and what goes wrong."""

    borders: Chunking = as_recorded
    speed: float | None = INSTANT
    fault: Fault = NO_FAULT


DEFAULT_PLAYBACK = PlaybackOptions()

Step: TypeAlias = tuple[float, LLMResult[bytes]]
"""Seconds to wait, and then the next piece of the body, or what broke it off."""


def answer_of(first: int | HttpResponse) -> HttpResponse:
    """What one of `Fault.first` is: for a status, an answer such as any provider's parser reads, to be retried at once."""
    if isinstance(first, HttpResponse):
        return first
    error = {"type": "asked_for", "code": str(first), "message": "this test asked for a fault"}
    headers = (("content-type", "application/json"), ("retry-after", "0"))
    return HttpResponse(first, headers, msgspec.json.encode({"error": error}))


def head_wait(playing: PlaybackOptions, timeouts: Timeouts) -> tuple[float, LLMError | None]:
    """Seconds until the head comes, or until the caller's patience ends, which is the error."""
    return _within(playing.fault.delay_s, playing.fault.delay_s, timeouts)


def steps(interaction: Interaction, playing: PlaybackOptions, timeouts: Timeouts) -> Iterator[Step]:
    """The body in pieces with the waits before them. A wait that the timeouts forbid ends it with TimedOut."""
    fault = playing.fault
    if playing.speed is None or not interaction.delays_ms:
        for piece in split_body(interaction, playing.borders, fault.cut_at):
            yield 0.0, Success(piece)
    else:
        spent_s = fault.delay_s
        for wait_s, piece in _paced(interaction, playing, playing.speed):
            spent_s += wait_s
            allowed_s, late = _within(wait_s, spent_s, timeouts)
            yield allowed_s, Success(piece) if late is None else Failure(late)
            if late is not None:
                return
    if is_cut(interaction, fault) and fault.cut_as == "reset":
        yield 0.0, Failure(reset(fault))


def whole(
    interaction: Interaction, playing: PlaybackOptions, timeouts: Timeouts
) -> tuple[float, LLMResult[HttpResponse]]:
    """Seconds to wait, and then the answer."""
    wait_s, late = head_wait(playing, timeouts)
    if late is not None:
        return wait_s, Failure(late)
    body: list[bytes] = []
    for more_s, piece in steps(interaction, playing, timeouts):
        wait_s += more_s
        if isinstance(piece, Failure):
            return wait_s, Failure(piece.failure())
        body.append(piece.unwrap())
    response = interaction.response
    return wait_s, Success(HttpResponse(response.status, response.headers, b"".join(body)))


def is_cut(interaction: Interaction, fault: Fault) -> bool:
    """Does the fault take something of this body away?"""
    return fault.cut_at is not None and fault.cut_at < len(interaction.response.body)


def reset(fault: Fault) -> ConnectionFailed:
    """The error of a connection that broke."""
    return ConnectionFailed(message=f"the connection broke after {fault.cut_at} bytes of the body")


def _paced(
    interaction: Interaction, playing: PlaybackOptions, speed: float
) -> Iterator[tuple[float, bytes]]:
    """Each piece when its last byte had come in the recording, wherever the pieces end now."""
    arrivals = _arrivals(interaction)
    end, came_s = next(arrivals)
    sent, sent_s = 0, 0.0
    for piece in split_body(interaction, playing.borders, playing.fault.cut_at):
        sent += len(piece)
        while end < sent:
            end, came_s = next(arrivals)
        yield (came_s - sent_s) / speed, piece
        sent_s = came_s


def _arrivals(interaction: Interaction) -> Iterator[tuple[int, float]]:
    """For each recorded piece: where in the body it ended, and seconds since the request."""
    end, came_ms = 0, 0
    for size, delay_ms in zip(interaction.sizes, interaction.delays_ms, strict=True):
        end, came_ms = end + size, came_ms + delay_ms
        yield end, came_ms / 1000


def _within(wait_s: float, spent_s: float, timeouts: Timeouts) -> tuple[float, LLMError | None]:
    if wait_s > timeouts.read_s:
        return timeouts.read_s, TimedOut(message="no byte of the recording in time", phase="read")
    if spent_s > timeouts.total_s:
        left_s = max(0.0, wait_s - (spent_s - timeouts.total_s))
        return left_s, TimedOut(message="the recording took too long", phase="total")
    return wait_s, None
