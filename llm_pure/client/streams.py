"""A streamed answer as the caller sees it: an iterable of events that ends in the whole answer or the error."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Generic, Self, TypeVar

import msgspec

from llm_pure.client.call import Course
from llm_pure.client.calls import aagain, again, asleep
from llm_pure.client.jobs import Job
from llm_pure.client.stream_reader import Manner, Reading
from llm_pure.client.transport_manager import LinkKeeper, Links
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.types.completion import Completion
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import StreamEvent
from llm_pure.types.media_operations import Speech
from llm_pure.types.result import Failure, LLMResult, Success

E = TypeVar("E")
A = TypeVar("A")


class Opening(msgspec.Struct, Generic[E, A], frozen=True):
    """What a stream is opened with. held: show no event, only the end; one that broke may then be asked for again."""

    manner: Manner[E, A]
    job: Job[A]
    course: LLMResult[Course]
    keeper: LinkKeeper
    held: bool = False


class _Streaming(Generic[E, A]):
    """What both kinds of stream know: the answer that is read, and how it ended."""

    def __init__(self, opening: Opening[E, A]) -> None:
        self._manner = opening.manner
        self._job = opening.job
        self._keeper = opening.keeper
        self._held = opening.held
        self._reading: Reading[E, A] | None = None
        self._course: Course | None = None
        self._outcome: LLMResult[A] | None = None
        if isinstance(opening.course, Failure):
            self._outcome = opening.course
        else:
            self._course = opening.course.unwrap()

    def result(self) -> LLMResult[A]:
        """How the stream ended: the whole answer or the error; before that StreamInterrupted with the answer so far."""
        if self._outcome is not None:
            return self._outcome
        partial = None if self._reading is None else self._reading.partial()
        return Failure(
            StreamInterrupted(
                message="the stream was not read to its end", partial=partial, retryable=False
            )
        )

    def _waits(self, reading: Reading[E, A]) -> bool:
        """Has the attempt nothing for the caller yet? A held stream shows nothing but its end, so it may try again."""
        return reading.outcome is None and (self._held or not reading.tells)

    def _opened(self, course: Course, reading: Reading[E, A]) -> LLMResult[Reading[E, A]]:
        """The attempt has something for the caller, or else it has failed."""
        if isinstance(reading.outcome, Failure) and (self._held or not reading.tells):
            return course.note(Failure(reading.outcome.failure()))
        if self._held:
            reading.events.clear()
        return Success(reading)

    def _leave(self) -> None:
        """Nothing more will be read."""
        if self._course is not None:
            self._course.leave(None if self._reading is None else self._reading.partial())

    def _end(self, outcome: LLMResult[A]) -> None:
        if self._course is not None and self._reading is not None:
            outcome = self._course.note(outcome, output_delivered=True)
        self._outcome = outcome


class SyncStream(_Streaming[E, A]):
    """Events as they come, sync. Nothing is sent before the first is asked for.

    In a `with` block the connection is closed however the block is left.
    """

    def __init__(self, opening: Opening[E, A]) -> None:
        super().__init__(opening)
        self._stack = ExitStack()
        self._pieces: Iterator[LLMResult[bytes]] = iter(())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> E:
        while self._outcome is None:
            if self._reading is None:
                self._begin()
            elif self._reading.events:
                return self._reading.events.popleft()
            elif self._reading.outcome is not None:
                self._end(self._reading.outcome)
            else:
                self._reading.take(next(self._pieces, None))
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Closes the connection. `result()` still tells how far it came."""
        try:
            self._stack.close()
        finally:
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def _begin(self) -> None:
        course = self._course
        assert course is not None
        links = self._stack.enter_context(self._keeper.borrow())
        attempt = partial(self._attempt, course, links)
        opened = again(course, attempt(), attempt)
        if isinstance(opened, Failure):
            self._outcome = opened
        else:
            self._reading = opened.unwrap()

    def _attempt(self, course: Course, links: Links[Transport]) -> LLMResult[Reading[E, A]]:
        aimed = course.aim(self._job, links)
        if isinstance(aimed, Failure):
            return aimed
        aim = aimed.unwrap()
        if aim.wait_s > 0:
            time.sleep(aim.wait_s)
        with ExitStack() as trial:
            answer = trial.enter_context(aim.transport.stream(aim.request, aim.timeouts))
            if isinstance(answer, Failure):
                return course.note(answer)
            reading = Reading(self._manner, course.lane, answer.unwrap().head)
            pieces = iter(answer.unwrap())
            while self._waits(reading):
                reading.take(next(pieces, None))
            opened = self._opened(course, reading)
            if not isinstance(opened, Failure):
                self._pieces = pieces
                self._stack.push(trial.pop_all())
            return opened


class AwaitedStream(_Streaming[E, A]):
    """The same for `async for`, on asyncio and trio. Left early, it has to be closed: `async with` does it."""

    def __init__(self, opening: Opening[E, A]) -> None:
        super().__init__(opening)
        self._stack = AsyncExitStack()
        self._pieces: AsyncIterator[LLMResult[bytes]] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        while self._outcome is None:
            if self._reading is None or self._pieces is None:
                await self._begin()
            elif self._reading.events:
                return self._reading.events.popleft()
            elif self._reading.outcome is not None:
                self._end(self._reading.outcome)
            else:
                self._reading.take(await anext(self._pieces, None))
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Closes the connection. `result()` still tells how far it came."""
        try:
            await self._stack.aclose()
        finally:
            self._leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.aclose()

    async def _begin(self) -> None:
        course = self._course
        assert course is not None
        links = await self._stack.enter_async_context(self._keeper.aborrow())
        attempt = partial(self._attempt, course, links)
        opened = await aagain(course, await attempt(), attempt)
        if isinstance(opened, Failure):
            self._outcome = opened
        else:
            self._reading = opened.unwrap()

    async def _attempt(
        self, course: Course, links: Links[AsyncTransport]
    ) -> LLMResult[Reading[E, A]]:
        aimed = course.aim(self._job, links)
        if isinstance(aimed, Failure):
            return aimed
        aim = aimed.unwrap()
        if aim.wait_s > 0:
            await asleep(aim.wait_s)
        async with AsyncExitStack() as trial:
            answer = await trial.enter_async_context(
                aim.transport.astream(aim.request, aim.timeouts)
            )
            if isinstance(answer, Failure):
                return course.note(answer)
            reading = Reading(self._manner, course.lane, answer.unwrap().head)
            pieces = aiter(answer.unwrap())
            while self._waits(reading):
                reading.take(await anext(pieces, None))
            opened = self._opened(course, reading)
            if not isinstance(opened, Failure):
                self._pieces = pieces
                self._stack.push_async_exit(trial.pop_all())
            return opened


class Stream(SyncStream[StreamEvent, Completion]):
    """A streamed conversation: its events; `result()` is the Completion."""


class AsyncStream(AwaitedStream[StreamEvent, Completion]):
    """`Stream` for `async for`."""


class SpeechStream(SyncStream[bytes, Speech]):
    """Streamed speech: the sound's bytes as they come; `result()` is all of it.

    An error holds the sound so far: `error.partial.message.parts` is one Audio.
    """


class AsyncSpeechStream(AwaitedStream[bytes, Speech]):
    """`SpeechStream` for `async for`."""
