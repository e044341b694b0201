"""Transports that replay recordings: no network, nothing patched, sync and async.

`ReplayTransport` responds from cassettes. `Player` plays one recording as a response, at its speed and with its faults;
recorders use it too (recorder.py).
"""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path

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
    body_steps,
    buffered_response,
    head_wait,
    injected_response,
)
from llm_pure.replay.matching import EXACT, MatchRules
from llm_pure.replay.recording_index import CassetteLocation, RecordingIndex, UnmatchedRequest
from llm_pure.transports.base import AsyncStreamingResponse, StreamingResponse, Timeouts
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success, fold


class Player:
    """Play recordings as responses. Safe for threads and tasks. Does not choose the recording.

    The methods take the Result of that choice, so that a Failure becomes the response of the transport.
    """

    def __init__(self, options: PlaybackOptions = DEFAULT_PLAYBACK) -> None:
        self._options = options
        self._injected = iter(options.fault.first)
        self._lock = ForkSafeLock()

    def next_injected(self, request: HttpRequest) -> Interaction | None:
        """Return an interaction with the next response of `Fault.first`; None once all are used."""
        with self._lock:
            first = next(self._injected, None)
        if first is None:
            return None
        return Interaction(request=request, response=injected_response(first))

    def send(
        self, recording: LLMResult[Interaction], timeouts: Timeouts
    ) -> LLMResult[HttpResponse]:
        """Return the complete response."""
        wait_s, response = self._buffered(recording, timeouts)
        if wait_s:
            time.sleep(wait_s)
        return response

    async def asend(
        self, recording: LLMResult[Interaction], timeouts: Timeouts
    ) -> LLMResult[HttpResponse]:
        """Async `send`. Other tasks run before the response."""
        wait_s, response = self._buffered(recording, timeouts)
        await _pause(wait_s)
        return response

    @contextmanager
    def stream(
        self, recording: LLMResult[Interaction], timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """Yield the response in chunks."""
        wait_s, response = self._open(recording, timeouts)
        if wait_s:
            time.sleep(wait_s)
        yield response

    @asynccontextmanager
    async def astream(
        self, recording: LLMResult[Interaction], timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """Async `stream`. Other tasks run before each chunk."""
        wait_s, response = self._open(recording, timeouts)
        await _pause(wait_s)
        yield response

    def _buffered(
        self, recording: LLMResult[Interaction], timeouts: Timeouts
    ) -> tuple[float, LLMResult[HttpResponse]]:
        return fold(
            recording,
            ok=lambda interaction: buffered_response(interaction, self._options, timeouts),
            err=lambda error: (0.0, Failure(error)),
        )

    def _open(
        self, recording: LLMResult[Interaction], timeouts: Timeouts
    ) -> "tuple[float, LLMResult[_ReplayedResponse]]":
        if isinstance(recording, Failure):
            return 0.0, recording
        wait_s, timeout = head_wait(self._options, timeouts)
        if timeout is not None:
            return wait_s, Failure(timeout)
        interaction = recording.unwrap()
        steps = body_steps(interaction, self._options, timeouts)
        return wait_s, Success(_ReplayedResponse(interaction.response.head, steps))


async def _pause(wait_s: float) -> None:
    if wait_s:
        await anyio.sleep(wait_s)
    else:
        await checkpoint()


class _ReplayedResponse:
    """An open response, sync and async."""

    def __init__(self, head: ResponseHead, steps: Iterator[Step]) -> None:
        self.head = head
        self._steps = steps

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for wait_s, chunk in self._steps:
            if wait_s:
                time.sleep(wait_s)
            yield chunk

    def __aiter__(self) -> "_ReplayedResponse":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        for wait_s, chunk in self._steps:
            await _pause(wait_s)
            return chunk
        raise StopAsyncIteration


class ReplayTransport:
    """Respond to each request with its recording; equal requests get theirs in recorded order.

    again: after the last recording of a request repeat it, instead of failing.
    borders: where chunks of a streamed body end. speed: None is instant, 1.0 as recorded, 10.0 ten times faster.
    fault: faults to inject.
    """

    needs_credentials = False
    how_to_record: str | None = None
    """What the error of a miss recommends; by default a call of `open_cassette`."""

    def __init__(
        self,
        *cassettes: Cassette,
        matching: MatchRules = EXACT,
        again: bool = False,
        borders: Chunking = as_recorded,
        speed: float | None = INSTANT,
        fault: Fault = NO_FAULT,
    ) -> None:
        self._index = RecordingIndex(cassettes, matching, again=again)
        self._player = Player(PlaybackOptions(borders=borders, speed=speed, fault=fault))

    @property
    def misses(self) -> tuple[UnmatchedRequest, ...]:
        """Requests so far without a matching recording."""
        return self._index.misses

    @property
    def unused(self) -> tuple[CassetteLocation, ...]:
        """Recordings that no request has used so far."""
        return self._index.unused

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the recorded response. Fails with ConnectionFailed, which describes the closest recording."""
        return self._player.send(self._match(request), timeouts)

    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AbstractContextManager[LLMResult[StreamingResponse]]:
        """Open the recorded response in chunks."""
        return self._player.stream(self._match(request), timeouts)

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Async `send`."""
        return await self._player.asend(self._match(request), timeouts)

    def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AbstractAsyncContextManager[LLMResult[AsyncStreamingResponse]]:
        """Async `stream`."""
        return self._player.astream(self._match(request), timeouts)

    def _match(self, request: HttpRequest) -> LLMResult[Interaction]:
        injected = self._player.next_injected(request)
        return (
            self._index.match(request, self.how_to_record)
            if injected is None
            else Success(injected)
        )


def open_replay(
    *paths: Path | str,
    matching: MatchRules = EXACT,
    again: bool = False,
    borders: Chunking = as_recorded,
    speed: float | None = INSTANT,
    fault: Fault = NO_FAULT,
) -> LLMResult[ReplayTransport]:
    """Return a transport for these cassette files and all cassettes below these folders.

    YAML files below a folder that are not cassettes are skipped. Fails with the first error of a file.
    """
    return load_cassettes(paths).map(
        lambda cassettes: ReplayTransport(
            *cassettes, matching=matching, again=again, borders=borders, speed=speed, fault=fault
        )
    )


@returns_failure
def load_cassettes(paths: Iterable[Path | str]) -> list[Cassette]:
    """Load the cassettes that `open_replay` uses."""
    cassettes: list[Cassette] = []
    for path in map(Path, paths):
        for file in find_cassettes(path):
            try:
                cassettes.append(ok(load_cassette(file)))
            except Rejected as rejected:
                if rejected.error.code != NO_CASSETTE or file == path:
                    raise
    return cassettes
