"""Many questions: one after another in a growing conversation, or side by side."""

from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar, cast

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.client.jobs import ChatInput
from llm_pure.types.completion import Completion
from llm_pure.types.messages import Message, system
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

OnResult: TypeAlias = Callable[[int, LLMResult[A]], object]
"""Told of each answer as it comes in: which question it belongs to, from 0, and the Result."""


class Conversation(msgspec.Struct, frozen=True):
    """Questions and answers so far. messages: all turns, ready to be sent again with another one after them."""

    messages: tuple[Message, ...] = ()
    answers: tuple[Completion, ...] = ()

    @property
    def text(self) -> str:
        """The words of all answers, one below the other."""
        return "\n".join(self.texts)

    @property
    def texts(self) -> tuple[str, ...]:
        """The words of each answer."""
        return tuple([answer.text for answer in self.answers])

    def asks(self, message: MessagesInput) -> "LLMResult[Conversation]":
        """With this question at its end; InvalidRequest when it is no message."""
        return parse_messages(message).map(
            lambda turns: Conversation((*self.messages, *turns), self.answers)
        )

    def answered(self, completion: Completion) -> "Conversation":
        """With this answer at its end, whole: reasoning and its signature go back with the next question."""
        return Conversation((*self.messages, completion.message), (*self.answers, completion))


Talk: TypeAlias = Generator[tuple[Message, ...], LLMResult[Completion], LLMResult[Conversation]]
"""A conversation that is going on: it yields what to send, and wants the answer."""


def converse(
    messages: Sequence[MessagesInput],
    system_msgs: str | Sequence[str],
    on_result: OnResult[Completion] | None,
) -> Talk:
    """Each message is asked with all that was said before it; the first error ends it."""
    texts = (system_msgs,) if isinstance(system_msgs, str) else system_msgs
    talk = Conversation(tuple([system(text) for text in texts]))
    for number, message in enumerate(messages):
        asked = talk.asks(message)
        if isinstance(asked, Failure):
            return asked
        talk = asked.unwrap()
        got = yield talk.messages
        if on_result is not None:
            on_result(number, got)
        if isinstance(got, Failure):
            return got
        talk = talk.answered(got.unwrap())
    return Success(talk)


def run_conversation(
    talk: Talk, ask: Callable[[tuple[Message, ...]], LLMResult[Completion]]
) -> LLMResult[Conversation]:
    """The whole conversation, each answer given by `ask`."""
    try:
        turns = next(talk)
        while True:
            turns = talk.send(ask(turns))
    except StopIteration as end:
        return cast("LLMResult[Conversation]", end.value)


async def arun_conversation(
    talk: Talk, ask: Callable[[tuple[Message, ...]], Awaitable[LLMResult[Completion]]]
) -> LLMResult[Conversation]:
    """`run_conversation`, async."""
    try:
        turns = next(talk)
        while True:
            turns = talk.send(await ask(turns))
    except StopIteration as end:
        return cast("LLMResult[Conversation]", end.value)


def run_parallel(
    calls: Sequence[Callable[[], A]],
    max_concurrency: int,
    on_result: Callable[[int, A], object] | None,
) -> tuple[A, ...]:
    """What each call returns, in the order of the calls; at most so many run at once, each in a thread.

    on_result is called in the caller's thread. Leaving by an exception starts no further call.
    """
    from concurrent.futures import (
        ThreadPoolExecutor,
        as_completed,
    )  # a first call has no need of it

    results: dict[int, A] = {}
    pool = ThreadPoolExecutor(max(1, min(max_concurrency, len(calls))), "llm_pure")
    try:
        numbers = {
            pool.submit(copy_context().run, call): number for number, call in enumerate(calls)
        }
        for done in as_completed(numbers):
            number = numbers[done]
            results[number] = done.result()
            if on_result is not None:
                on_result(number, results[number])
    finally:
        pool.shutdown(wait=len(results) == len(calls), cancel_futures=True)
    return tuple([results[number] for number in range(len(calls))])


async def arun_parallel(
    calls: Sequence[Callable[[], Awaitable[A]]],
    max_concurrency: int,
    on_result: Callable[[int, A], object] | None,
) -> tuple[A, ...]:
    """`run_parallel`, async: tasks in place of threads. A cancellation reaches every call."""
    import anyio

    results: dict[int, A] = {}

    async def work(waiting: Iterator[tuple[int, Callable[[], Awaitable[A]]]]) -> None:
        for number, call in waiting:
            results[number] = await call()
            if on_result is not None:
                on_result(number, results[number])

    waiting = iter(enumerate(calls))
    async with anyio.create_task_group() as workers:
        for _ in range(max(1, min(max_concurrency, len(calls)))):
            workers.start_soon(work, waiting)
    return tuple([results[number] for number in range(len(calls))])


class Asks(Protocol):
    """What these methods need of a client."""

    def shortened(self, request: ChatInput) -> LLMResult[ChatRequest]: ...

    def completion(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> LLMResult[Completion]: ...

    async def acompletion(
        self, request: ChatInput, *, timeout_s: float | None = None
    ) -> LLMResult[Completion]: ...

    def ask(
        self,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[str]: ...

    async def aask(
        self,
        message: MessagesInput,
        *,
        system_msgs: str | Sequence[str] | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[str]: ...

    def _request(self, given: ChatInput, stream: bool | None = None) -> ChatRequest: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *fault: object) -> None: ...

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *fault: object) -> None: ...


class BatchAsks:
    """`ask_batch` and `ask_batch_parallel`, each with its twin."""

    def ask_batch(
        self: Asks,
        messages: Sequence[MessagesInput],
        *,
        system_msgs: str | Sequence[str] = (),
        on_result: OnResult[Completion] | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Conversation]:
        """One conversation: each message is asked with all that was said before it; `.text` joins the answers.

        The first error ends it; on_result has seen the answers before. timeout_s: for each.
        """
        talk = converse(messages, system_msgs, on_result)
        with self:
            return run_conversation(talk, lambda turns: _turn(self, turns, timeout_s))

    async def aask_batch(
        self: Asks,
        messages: Sequence[MessagesInput],
        *,
        system_msgs: str | Sequence[str] = (),
        on_result: OnResult[Completion] | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Conversation]:
        """`ask_batch`, async."""
        talk = converse(messages, system_msgs, on_result)
        async with self:
            return await arun_conversation(talk, lambda turns: _aturn(self, turns, timeout_s))

    def ask_batch_parallel(
        self: Asks,
        messages: Sequence[MessagesInput],
        *,
        max_concurrency: int = 5,
        system_msgs: str | Sequence[str] | None = None,
        on_result: OnResult[str] | None = None,
        timeout_s: float | None = None,
    ) -> tuple[LLMResult[str], ...]:
        """`ask` for each message, in the order of the messages; one failure harms no other."""
        ask = partial(self.ask, system_msgs=system_msgs, timeout_s=timeout_s)
        with self:
            return run_parallel([partial(ask, one) for one in messages], max_concurrency, on_result)

    async def aask_batch_parallel(
        self: Asks,
        messages: Sequence[MessagesInput],
        *,
        max_concurrency: int = 5,
        system_msgs: str | Sequence[str] | None = None,
        on_result: OnResult[str] | None = None,
        timeout_s: float | None = None,
    ) -> tuple[LLMResult[str], ...]:
        """`ask_batch_parallel`, async."""
        ask = partial(self.aask, system_msgs=system_msgs, timeout_s=timeout_s)
        async with self:
            return await arun_parallel(
                [partial(ask, one) for one in messages], max_concurrency, on_result
            )


def _turn(llm: Asks, turns: tuple[Message, ...], timeout_s: float | None) -> LLMResult[Completion]:
    cut = llm.shortened(llm._request(turns))
    return cut.bind(lambda asked: llm.completion(asked, timeout_s=timeout_s))


async def _aturn(
    llm: Asks, turns: tuple[Message, ...], timeout_s: float | None
) -> LLMResult[Completion]:
    cut = llm.shortened(llm._request(turns))
    if isinstance(cut, Failure):
        return cut
    return await llm.acompletion(cut.unwrap(), timeout_s=timeout_s)
