"""Many messages: one after another in a growing conversation, or in parallel."""

from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextvars import copy_context
from typing import TypeAlias, TypeVar

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.client.arguments import check_arguments
from llm_pure.types.completion import Completion
from llm_pure.types.messages import Message, system
from llm_pure.types.request import MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

OnResult: TypeAlias = Callable[[int, LLMResult[A]], object]
"""Called with each Result as it comes in, and the index of its message."""


class ConversationState(msgspec.Struct, frozen=True):
    """Messages and completions so far."""

    messages: tuple[Message, ...] = ()
    """All turns, to be sent before the next message."""

    completions: tuple[Completion, ...] = ()

    @property
    def text(self) -> str:
        """The text of all completions, joined by newlines."""
        return "\n".join(self.texts)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each completion."""
        return tuple([completion.text for completion in self.completions])

    def next_request(self, message: MessagesInput) -> "LLMResult[ConversationState]":
        """Append a message. Fails with InvalidRequest if its form is unknown."""
        return parse_messages(message).map(
            lambda turns: ConversationState((*self.messages, *turns), self.completions)
        )

    def add_response(self, completion: Completion) -> "ConversationState":
        """Append a completion, with its reasoning and signatures, which are sent back with the next message."""
        return ConversationState(
            (*self.messages, completion.message), (*self.completions, completion)
        )


ConversationSteps: TypeAlias = Generator[
    tuple[Message, ...], LLMResult[Completion], LLMResult[ConversationState]
]
"""Yields the messages of each request and receives its Result; `drive` and `adrive` run it."""


def conversation_steps(
    messages: Sequence[MessagesInput],
    system_msgs: str | Sequence[str],
    on_result: OnResult[Completion] | None,
) -> ConversationSteps:
    """Send each message with the conversation before it. The first error ends the conversation."""
    invalid = check_arguments(messages=messages, system_msgs=system_msgs or (), on_result=on_result)
    if invalid is not None:
        return invalid
    texts = (system_msgs,) if isinstance(system_msgs, str) else system_msgs or ()
    state = ConversationState(tuple([system(text) for text in texts]))
    for index, message in enumerate(messages):
        request = state.next_request(message)
        if isinstance(request, Failure):
            return request
        result = yield request.unwrap().messages
        if on_result is not None:
            on_result(index, result)
        if isinstance(result, Failure):
            return result
        state = request.unwrap().add_response(result.unwrap())
    return Success(state)


def run_parallel(
    calls: Sequence[Callable[[], A]],
    max_concurrency: int,
    on_result: Callable[[int, A], object] | None,
) -> tuple[A, ...]:
    """Run the calls in threads, at most `max_concurrency` at once; return their values in the order of the calls.

    on_result is called in the caller's thread. An exception starts no further call.
    """
    from concurrent.futures import ThreadPoolExecutor, as_completed  # imported late: start-up

    results: dict[int, A] = {}
    pool = ThreadPoolExecutor(max(1, min(max_concurrency, len(calls))), "llm_pure")
    try:
        indexes = {pool.submit(copy_context().run, call): index for index, call in enumerate(calls)}
        for done in as_completed(indexes):
            index = indexes[done]
            results[index] = done.result()
            if on_result is not None:
                on_result(index, results[index])
    finally:
        pool.shutdown(wait=len(results) == len(calls), cancel_futures=True)
    return tuple([results[index] for index in range(len(calls))])


async def arun_parallel(
    calls: Sequence[Callable[[], Awaitable[A]]],
    max_concurrency: int,
    on_result: Callable[[int, A], object] | None,
) -> tuple[A, ...]:
    """`run_parallel`, async, with tasks in place of threads. A cancellation reaches every call."""
    import anyio  # imported late: start-up

    results: dict[int, A] = {}

    async def work(pending: Iterator[tuple[int, Callable[[], Awaitable[A]]]]) -> None:
        for index, call in pending:
            results[index] = await call()
            if on_result is not None:
                on_result(index, results[index])

    pending = iter(enumerate(calls))
    async with anyio.create_task_group() as workers:
        for _ in range(max(1, min(max_concurrency, len(calls)))):
            workers.start_soon(work, pending)
    return tuple([results[index] for index in range(len(calls))])
