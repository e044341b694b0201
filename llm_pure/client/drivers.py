"""Run the steps of a call, or any generator of steps: with sync I/O, and with async I/O on asyncio or trio."""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar, cast

from llm_pure.client.call import Open, Send, Step
from llm_pure.client.transport_manager import TransportCache
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")
B = TypeVar("B")
S = TypeVar("S")

_SENDING = (Send, Open)


def drive(steps: Generator[S, Any, A], perform: Callable[[S], object]) -> A:
    """Run a generator of steps, each performed by `perform`; return what the generator returns.

    The generator is closed if a step raises.
    """
    outcome: object = None
    try:
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                return cast("A", done.value)
            outcome = perform(step)
    finally:
        steps.close()


async def adrive(steps: Generator[S, Any, A], perform: Callable[[S], Awaitable[object]]) -> A:
    """`drive`, async."""
    outcome: object = None
    try:
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                return cast("A", done.value)
            outcome = await perform(step)
    finally:
        steps.close()


def perform(transports: TransportCache[Transport], step: Step) -> object:
    """Perform one step of a unary call with sync I/O. `streams` performs the steps of a stream."""
    if not isinstance(step, _SENDING):
        return step.wait()
    transport = transports.get(step.target.settings, step.request.url)
    if type(transport) is Failure:
        return transport
    return transport.unwrap().send(step.request, step.timeouts)


async def aperform(transports: TransportCache[AsyncTransport], step: Step) -> object:
    """`perform`, async."""
    if not isinstance(step, _SENDING):
        return await step.async_wait()
    transport = transports.get(step.target.settings, step.request.url)
    if type(transport) is Failure:
        return transport
    return await transport.unwrap().asend(step.request, step.timeouts)


async def abind(result: LLMResult[A], call: Callable[[A], Awaitable[LLMResult[B]]]) -> LLMResult[B]:
    """`result.bind(call)` for an async function."""
    if isinstance(result, Failure):
        return result
    return await call(result.unwrap())
