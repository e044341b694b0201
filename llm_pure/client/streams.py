"""A streamed response for the caller: an iterable of events that ends in the complete value or the error."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Generic, Self, TypeAlias, TypeVar

from llm_pure.client.call import CallContext, CallSpec, Open, Send, Step, call_steps
from llm_pure.client.stream_reader import ResponseReader
from llm_pure.client.transport_manager import TransportCache
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.types.completion import Completion
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import StreamEvent, TextDelta
from llm_pure.types.operations import Speech
from llm_pure.types.result import Failure, LLMResult

E = TypeVar("E")
A = TypeVar("A")


class _StreamState(Generic[E, A]):
    """What both kinds of stream have: the steps of the call, the response that is read, and the outcome."""

    def __init__(
        self,
        spec: CallSpec[A],
        context: CallContext,
        timeout_s: float | None = None,
        *,
        buffered: bool = False,
    ) -> None:
        """buffered: deliver no events, only the result; the call may then be retried up to its end."""
        self.on_finish: Callable[[LLMResult[A]], object] | None = None
        """Called once, with `result()`, when the stream is closed."""
        self._transports = context.transports
        self._buffered = buffered
        self._steps = call_steps(spec, context, timeout_s)
        self._reader: ResponseReader[E, A] | None = None
        self._outcome: LLMResult[A] | None = None
        if isinstance(context.targets, Failure):
            self._outcome = context.targets

    def result(self) -> LLMResult[A]:
        """Return the complete value or the error; before the end of the stream StreamInterrupted with the partial value."""
        if self._outcome is not None:
            return self._outcome
        partial = None if self._reader is None else self._reader.partial()
        return Failure(
            StreamInterrupted(
                message="the stream was not read to its end", partial=partial, retryable=False
            )
        )

    def _next_step(self, outcome: object) -> Step | None:
        """Resume the call with the outcome of a step. Return the next step, or None at the end, with the result set."""
        try:
            return self._steps.send(outcome)
        except StopIteration as done:
            self._outcome = done.value or self.result()  # None after `close`
            return None

    def _read(self, reader: ResponseReader[E, A], chunk: LLMResult[bytes] | None) -> bool:
        """Read a chunk of a new response. Return true if there is more to read before it is delivered."""
        reader.read(chunk)
        if self._buffered:
            reader.events.clear()
        return reader.outcome is None and (self._buffered or not reader.has_content)

    def _is_left(self, reader: ResponseReader[E, A]) -> bool:
        """Whether the response is left: it failed before its content, or the stream was closed by another task or thread."""
        failed = isinstance(reader.outcome, Failure)
        closed = self._outcome is not None
        return closed or (failed and (self._buffered or not reader.has_content))

    def _finish(self) -> None:
        """End the call, also one that is not read to its end, and report the result."""
        self._steps.close()
        self._outcome = self.result()
        on_finish, self.on_finish = self.on_finish, None
        if on_finish is not None:
            on_finish(self.result())


class Stream(_StreamState[E, A]):
    """Events as they come, sync. Nothing is sent before the first event is requested.

    A `with` block closes the connection however the block is left.
    """

    _chunks: Iterator[LLMResult[bytes]] = iter(())

    _stack: ExitStack | None = None
    """The connection, while it is open."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> E:
        while self._outcome is None:
            reader = self._reader
            if reader is None:
                if self._stack is not None:  # interrupted while it opened, by Ctrl-C
                    break
                self._open()
            elif reader.events:
                return reader.events.popleft()
            elif reader.outcome is None:
                reader.read(next(self._chunks, None))
            else:
                self._end()
        self.close()
        raise StopIteration

    def texts(self: "Stream[StreamEvent, A]") -> Iterator[str]:
        """The pieces of the answer's text as they come, of the first alternative if there are several.

        They end where the stream ends or fails: `result()` says which.
        """
        for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    def close(self) -> None:
        """Close the connection. `result()` still has what was received."""
        try:
            if self._stack is not None:
                self._stack.close()
        finally:
            self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open(self) -> None:
        """Perform steps until a response has content or the call has ended."""
        self._stack = stack = ExitStack()
        transports = stack.enter_context(self._transports.acquire())
        step = self._next_step(None)
        while step is not None:
            if isinstance(step, Open):
                step = None if self._connect(stack, transports, step) else self._next_step(False)
            else:
                assert not isinstance(step, Send)
                step = self._next_step(step.wait())

    def _end(self) -> None:
        """Perform the steps after the response: its cost is written."""
        step = self._next_step(True)
        while step is not None:
            assert not isinstance(step, Send | Open)
            step = self._next_step(step.wait())

    def _connect(self, stack: ExitStack, transports: TransportCache[Transport], step: Open) -> bool:
        """Read a response up to its first content. Return false if it failed before."""
        with ExitStack() as attempt:
            reader = step.reader
            transport = transports.get(step.target.settings, step.request.url)
            if isinstance(transport, Failure):
                reader.outcome = transport
                return False
            opened = transport.unwrap().stream(step.request, step.timeouts)
            response = attempt.enter_context(opened)
            if not reader.start(response):
                return False
            chunks = iter(response.unwrap())
            while self._read(reader, next(chunks, None)):
                pass
            if self._is_left(reader):
                return False
            self._chunks, self._reader = chunks, reader
            stack.push(attempt.pop_all())
            return True


class AsyncStream(_StreamState[E, A]):
    """`Stream` for `async for`, on asyncio and trio. `async with` closes a stream that is left early."""

    _chunks: AsyncIterator[LLMResult[bytes]] | None = None

    _stack: AsyncExitStack | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        if await self._has_events():
            assert self._reader is not None
            return self._reader.events.popleft()
        raise StopAsyncIteration

    async def texts(self: "AsyncStream[StreamEvent, A]") -> AsyncIterator[str]:
        """`Stream.texts` for `async for`."""
        async for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    async def read_batch(self) -> tuple[E, ...]:
        """Return the next events, as many as have come together; () at the end. In place of `async for`."""
        if not await self._has_events():
            return ()
        assert self._reader is not None
        batch = tuple(self._reader.events)
        self._reader.events.clear()
        return batch

    async def _has_events(self) -> bool:
        """Read until there are events. False at the end of the stream, which is closed then."""
        while self._outcome is None:
            reader = self._reader
            if reader is None or self._chunks is None:
                if self._stack is not None:  # cancelled while it opened
                    break
                await self._open()
            elif reader.events:
                return True
            elif reader.outcome is None:
                reader.read(await anext(self._chunks, None))
            else:
                await self._end()
        await self.aclose()
        return False

    async def aclose(self) -> None:
        """Close the connection. `result()` still has what was received."""
        try:
            if self._stack is not None:
                await self._stack.aclose()
        finally:
            self._finish()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def _open(self) -> None:
        self._stack = stack = AsyncExitStack()
        transports = await stack.enter_async_context(self._transports.aacquire())
        step = self._next_step(None)
        while step is not None:
            if isinstance(step, Open):
                step = (
                    None if await self._connect(stack, transports, step) else self._next_step(False)
                )
            else:
                assert not isinstance(step, Send)
                step = self._next_step(await step.async_wait())

    async def _end(self) -> None:
        step = self._next_step(True)
        while step is not None:
            assert not isinstance(step, Send | Open)
            step = self._next_step(await step.async_wait())

    async def _connect(
        self, stack: AsyncExitStack, transports: TransportCache[AsyncTransport], step: Open
    ) -> bool:
        async with AsyncExitStack() as attempt:
            reader = step.reader
            transport = transports.get(step.target.settings, step.request.url)
            if isinstance(transport, Failure):
                reader.outcome = transport
                return False
            opened = transport.unwrap().astream(step.request, step.timeouts)
            response = await attempt.enter_async_context(opened)
            if not reader.start(response):
                return False
            chunks = aiter(response.unwrap())
            while self._read(reader, await anext(chunks, None)):
                pass
            if self._is_left(reader):
                return False
            self._chunks, self._reader = chunks, reader
            stack.push_async_exit(attempt.pop_all())
            return True


ChatStream: TypeAlias = Stream[StreamEvent, Completion]
"""A streamed completion: its events; `result()` is the Completion."""

AsyncChatStream: TypeAlias = AsyncStream[StreamEvent, Completion]

SpeechStream: TypeAlias = Stream[bytes, Speech]
"""Streamed speech: its audio bytes as they come; `result()` is all of the audio.

An error has the audio so far: `error.partial.message.parts` is one Audio.
"""

AsyncSpeechStream: TypeAlias = AsyncStream[bytes, Speech]
