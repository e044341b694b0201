"""Gives recorded answers as a transport does: whole or in pieces, sync or async, with the waits that were asked for."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Lock

import anyio
from anyio.lowlevel import checkpoint

from llm_pure.replay.cassette import NO_CASSETTE, Cassette, Interaction
from llm_pure.replay.cassette_files import find_cassettes, load_cassette
from llm_pure.replay.chunking import Chunking, as_recorded
from llm_pure.replay.faults import (
    DEFAULT_PLAYBACK,
    INSTANT,
    NO_FAULT,
    Fault,
    PlaybackOptions,
    Step,
    answer_of,
    head_wait,
    steps,
    whole,
)
from llm_pure.replay.matching import EXACT, MatchRules
from llm_pure.replay.recording_index import CassetteLocation, RecordingIndex, UnmatchedRequest
from llm_pure.transports.base import AsyncStreamingResponse, StreamingResponse, Timeouts
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
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


class ReplayTransport:
    """Answers each request with its recording; equal requests in the order in which they were recorded.

    again: when all recordings of a request were given, the last one is given again; else the next one is a miss.
    borders: where the pieces of a streamed body end. speed: None is instant, 1.0 as recorded, 10.0 ten times faster.
    fault: what goes wrong.
    """

    def __init__(
        self,
        *cassettes: Cassette,
        matching: MatchRules = EXACT,
        again: bool = False,
        borders: Chunking = as_recorded,
        speed: float | None = INSTANT,
        fault: Fault = NO_FAULT,
    ) -> None:
        self._shelf = RecordingIndex(cassettes, matching, again=again)
        self._player = Player(PlaybackOptions(borders=borders, speed=speed, fault=fault))

    @property
    def misses(self) -> tuple[UnmatchedRequest, ...]:
        """Every request so far that no recording answered."""
        return self._shelf.misses

    @property
    def unused(self) -> tuple[CassetteLocation, ...]:
        """Every recording that was not asked for so far."""
        return self._shelf.unused

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The recorded answer, or a ConnectionFailed that names the nearest recording and what differs."""
        return self._taken(request).bind(lambda taken: self._player.send(taken, timeouts))

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The same, in pieces."""
        taken = self._taken(request)
        if isinstance(taken, Failure):
            yield taken
            return
        with self._player.stream(taken.unwrap(), timeouts) as opened:
            yield opened

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The same as `send`."""
        taken = self._taken(request)
        if isinstance(taken, Failure):
            await checkpoint()
            return taken
        return await self._player.asend(taken.unwrap(), timeouts)

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The same as `stream`."""
        taken = self._taken(request)
        if isinstance(taken, Failure):
            await checkpoint()
            yield taken
            return
        async with self._player.astream(taken.unwrap(), timeouts) as opened:
            yield opened

    def _taken(self, request: HttpRequest) -> LLMResult[Interaction]:
        wrong = self._player.instead()
        if wrong is not None:
            return Success(Interaction(request=request, response=wrong))
        return self._shelf.match(request)


def open_replay(
    *paths: Path | str,
    matching: MatchRules = EXACT,
    again: bool = False,
    borders: Chunking = as_recorded,
    speed: float | None = INSTANT,
    fault: Fault = NO_FAULT,
) -> LLMResult[ReplayTransport]:
    """A transport over these cassettes, and all those below these folders; the first fault where one cannot be read.

    YAML below a folder that is no cassette at all is passed over.
    """
    cassettes = load_cassettes(paths)
    if isinstance(cassettes, Failure):
        return cassettes
    return Success(
        ReplayTransport(
            *cassettes.unwrap(),
            matching=matching,
            again=again,
            borders=borders,
            speed=speed,
            fault=fault,
        )
    )


def load_cassettes(paths: Iterable[Path | str]) -> LLMResult[list[Cassette]]:
    """Those of `open_replay`."""
    cassettes: list[Cassette] = []
    for path in paths:
        for file in find_cassettes(Path(path)):
            loaded = load_cassette(file)
            if not isinstance(loaded, Failure):
                cassettes.append(loaded.unwrap())
            elif loaded.failure().code != NO_CASSETTE or file == Path(path):
                return loaded
    return Success(cassettes)
