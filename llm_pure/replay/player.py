"""Gives recorded answers as a transport does: whole or in pieces, sync or async, with the waits that were asked for."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Lock

import anyio
from anyio.lowlevel import checkpoint

from llm_pure.replay.cassette import Interaction
from llm_pure.replay.faults import (
    DEFAULT_PLAYBACK,
    PlaybackOptions,
    Step,
    answer_of,
    head_wait,
    steps,
    whole,
)
from llm_pure.transports.base import AsyncStreamingResponse, StreamingResponse, Timeouts
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success


class Player:
    """For any number of threads and tasks. It knows nothing of which recording answers which request."""

    def __init__(self, playing: PlaybackOptions = DEFAULT_PLAYBACK) -> None:
        self._playing = playing
        self._first = iter(playing.fault.first)
        self._lock = Lock()

    def instead(self) -> HttpResponse | None:
        """The answer that is to go wrong before any recording is given; None once those are used up."""
        with self._lock:
            first = next(self._first, None)
        return None if first is None else answer_of(first)

    def send(self, interaction: Interaction, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer."""
        wait_s, got = whole(interaction, self._playing, timeouts)
        if wait_s:
            time.sleep(wait_s)
        return got

    async def asend(self, interaction: Interaction, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The same, async."""
        wait_s, got = whole(interaction, self._playing, timeouts)
        await _pause(wait_s)
        return got

    @contextmanager
    def stream(
        self, interaction: Interaction, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The answer in pieces."""
        wait_s, late = head_wait(self._playing, timeouts)
        if wait_s:
            time.sleep(wait_s)
        if late is not None:
            yield Failure(late)
        else:
            body = steps(interaction, self._playing, timeouts)
            yield Success(_Answer(interaction.response.head, body))

    @asynccontextmanager
    async def astream(
        self, interaction: Interaction, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The same, async: other tasks have their turn before each piece."""
        wait_s, late = head_wait(self._playing, timeouts)
        await _pause(wait_s)
        if late is not None:
            yield Failure(late)
        else:
            body = steps(interaction, self._playing, timeouts)
            yield Success(_AsyncAnswer(interaction.response.head, body))


async def _pause(wait_s: float) -> None:
    if wait_s:
        await anyio.sleep(wait_s)
    else:
        await checkpoint()


class _Answer:
    """An open answer, sync."""

    def __init__(self, head: ResponseHead, body: Iterator[Step]) -> None:
        self._head = head
        self._body = body

    @property
    def head(self) -> ResponseHead:
        return self._head

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for wait_s, piece in self._body:
            if wait_s:
                time.sleep(wait_s)
            yield piece


class _AsyncAnswer:
    """An open answer, async."""

    def __init__(self, head: ResponseHead, body: Iterator[Step]) -> None:
        self._head = head
        self._body = body

    @property
    def head(self) -> ResponseHead:
        return self._head

    def __aiter__(self) -> "_AsyncAnswer":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        for wait_s, piece in self._body:
            await _pause(wait_s)
            return piece
        raise StopAsyncIteration
