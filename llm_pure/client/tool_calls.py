"""Run the tool calls of one turn side by side: in threads, or as tasks on asyncio and trio. Results in the order of the calls."""

from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

import msgspec

from llm_pure.output.tool_results import exception_result, value_result
from llm_pure.output.tool_steps import CallOutcome, ParsedCall, run_call


class CallSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the calls of a turn are run."""

    max_concurrency: int = 5
    timeout_s: float | None = None
    """Time limit of one call."""
    secrets: frozenset[str] = frozenset()
    """Removed from error texts."""


def is_async(function: Callable[..., Any]) -> bool:
    """Return true if a call returns a coroutine: of an async function, a partial of one, or an object with an async `__call__`."""
    if isinstance(function, partial):
        return is_async(function.func)
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004  the method, to look at
    )


def run_calls(calls: Sequence[ParsedCall], settings: CallSettings) -> tuple[CallOutcome, ...]:
    """Run the calls in threads of their own, with the caller's context variables; one at a time in the caller's thread.

    A call that exceeds its time limit gets an error result, and its thread goes on by itself, as no thread can be stopped.
    An exception that is no Exception, such as KeyboardInterrupt, passes through, once the calls under way have ended.
    """
    if settings.max_concurrency == 1 and settings.timeout_s is None:
        return tuple([run_call(call, settings.secrets) for call in calls])
    limit_s = float("inf") if settings.timeout_s is None else settings.timeout_s
    done: SimpleQueue[tuple[int, CallOutcome | BaseException]] = SimpleQueue()
    outcomes: dict[int, CallOutcome] = {}
    waiting = deque(range(len(calls)))
    running: dict[int, tuple[Thread, float]] = {}

    def work(index: int) -> None:
        try:
            done.put((index, run_call(calls[index], settings.secrets)))
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            done.put((index, error))

    try:
        while len(outcomes) < len(calls):
            while waiting and len(running) < settings.max_concurrency:
                index = waiting.popleft()
                thread = Thread(
                    target=copy_context().run,
                    args=(work, index),
                    name=f"llm_pure tool {calls[index].name}",
                    daemon=True,
                )
                running[index] = (thread, monotonic() + limit_s)
                thread.start()
            try:
                index, outcome = done.get(timeout=_wait_s(running))
            except Empty:
                for index in [index for index, (_, end) in running.items() if end <= monotonic()]:
                    del running[index]
                    outcomes[index] = _timed_out(calls[index], settings)
                continue
            if running.pop(index, None) is None:
                continue  # after its time limit
            if isinstance(outcome, BaseException):
                raise outcome
            outcomes[index] = outcome
    finally:
        for thread, end in running.values():
            if thread.ident is not None:
                thread.join(None if end == float("inf") else max(0.0, end - monotonic()))
    return tuple([outcomes[index] for index in range(len(calls))])


def _wait_s(running: dict[int, tuple[Thread, float]]) -> float | None:
    end = min([end for _, end in running.values()])
    return None if end == float("inf") else max(0.0, end - monotonic())


async def arun_calls(
    calls: Sequence[ParsedCall], settings: CallSettings
) -> tuple[CallOutcome, ...]:
    """`run_calls` with a task for each call: async functions in the event loop, others in worker threads.

    A cancellation reaches every task; without `timeout_s` it waits for the functions that run in threads.
    """
    import anyio  # imported late: start-up

    limiter = anyio.CapacityLimiter(settings.max_concurrency)
    threads = anyio.CapacityLimiter(len(calls) or 1)
    outcomes: dict[int, CallOutcome] = {}
    interrupts: list[BaseException] = []

    async def call_function(call: ParsedCall) -> CallOutcome:
        if call.tool is None or call.tool.call is None or call.error is not None:
            return run_call(call)
        function = partial(call.tool.call, **call.arguments)
        try:
            if is_async(function):
                value = await function()
            else:
                boxed = await anyio.to_thread.run_sync(
                    partial(_boxed, function),
                    limiter=threads,
                    abandon_on_cancel=settings.timeout_s is not None,
                )
                value = await boxed[0] if isawaitable(boxed[0]) else boxed[0]
            return CallOutcome(value_result(call.call, value))
        except Exception as error:  # noqa: BLE001  the model reads whatever a tool raises
            return CallOutcome(exception_result(call.call, error, settings.secrets), error)

    async def work(index: int, call: ParsedCall) -> None:
        async with limiter:
            try:
                with anyio.move_on_after(settings.timeout_s):
                    outcomes[index] = await call_function(call)
            except (KeyboardInterrupt, SystemExit) as interrupt:  # not in a group of exceptions
                interrupts.append(interrupt)
                group.cancel_scope.cancel()
                return
            if index not in outcomes:
                outcomes[index] = _timed_out(call, settings)

    async with anyio.create_task_group() as group:
        for index, call in enumerate(calls):
            group.start_soon(work, index, call)
    if interrupts:
        raise interrupts[0]
    return tuple([outcomes[index] for index in range(len(calls))])


def _boxed(function: Callable[[], Any]) -> tuple[Any]:
    """The value in a tuple: trio rejects a coroutine as the value of a thread."""
    return (function(),)


def _timed_out(call: ParsedCall, settings: CallSettings) -> CallOutcome:
    error = TimeoutError(f"{call.name} did not return within {settings.timeout_s:g} s")
    return CallOutcome(exception_result(call.call, error), error)
