"""One call that is answered whole: attempts over a transport, as its course says, until one holds."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from llm_pure.client.call import Course
from llm_pure.client.jobs import Job
from llm_pure.client.transport_manager import LinkKeeper, Links
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")


def run(job: Job[A], course: Course, keeper: LinkKeeper) -> LLMResult[A]:
    """What the answer says, or the last attempt's error."""
    try:
        with keeper.borrow() as links:
            first = _attempt(job, course, links)
            return again(course, first, partial(_attempt, job, course, links))
    finally:
        course.leave()


async def arun(job: Job[A], course: Course, keeper: LinkKeeper) -> LLMResult[A]:
    """`run`, async."""
    try:
        async with keeper.aborrow() as links:
            first = await _aattempt(job, course, links)
            return await aagain(course, first, partial(_aattempt, job, course, links))
    finally:
        course.leave()


def _attempt(job: Job[A], course: Course, links: Links[Transport]) -> LLMResult[A]:
    aimed = course.aim(job, links)
    if isinstance(aimed, Failure):
        return aimed
    aim = aimed.unwrap()
    if aim.wait_s > 0:
        time.sleep(aim.wait_s)
    return course.settle(job, aim.transport.send(aim.request, aim.timeouts))


async def _aattempt(job: Job[A], course: Course, links: Links[AsyncTransport]) -> LLMResult[A]:
    aimed = course.aim(job, links)
    if isinstance(aimed, Failure):
        return aimed
    aim = aimed.unwrap()
    if aim.wait_s > 0:
        await asleep(aim.wait_s)
    return course.settle(job, await aim.transport.asend(aim.request, aim.timeouts))


def again(course: Course, first: LLMResult[A], attempt: Callable[[], LLMResult[A]]) -> LLMResult[A]:
    """Further attempts after the first, with the waits between them, until the course is over. tenacity drives them."""
    if course.is_over:
        return first
    from tenacity import Retrying

    made = [first]
    retrying = Retrying(sleep=time.sleep, **course.tenacity_arguments())
    return retrying(lambda: made.pop() if made else attempt())


async def aagain(
    course: Course, first: LLMResult[A], attempt: Callable[[], Awaitable[LLMResult[A]]]
) -> LLMResult[A]:
    """`again`, async."""
    if course.is_over:
        return first
    from tenacity import AsyncRetrying

    made = [first]

    async def once_more() -> LLMResult[A]:
        return made.pop() if made else await attempt()

    return await AsyncRetrying(sleep=asleep, **course.tenacity_arguments())(once_more)


async def asleep(seconds: float) -> None:
    """On asyncio and trio."""
    import anyio

    await anyio.sleep(seconds)
