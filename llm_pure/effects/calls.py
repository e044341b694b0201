"""One call that is answered whole: attempts over a transport, as its course says, until one holds."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from llm_pure.effects.course import Course
from llm_pure.effects.jobs import Job
from llm_pure.effects.links import LinkKeeper
from llm_pure.result import Failure, Parsed

A = TypeVar("A")


def run(job: Job[A], course: Course, keeper: LinkKeeper) -> Parsed[A]:
    """What the answer says, or the last attempt's error."""

    def attempt() -> Parsed[A]:
        aimed = course.aim(job, links)
        if isinstance(aimed, Failure):
            return aimed
        aim = aimed.unwrap()
        if aim.wait_s > 0:
            time.sleep(aim.wait_s)
        return course.settle(job, aim.transport.send(aim.request, aim.timeouts))

    try:
        with keeper.borrow() as links:
            return run_attempts(course, attempt)
    finally:
        course.leave()


async def arun(job: Job[A], course: Course, keeper: LinkKeeper) -> Parsed[A]:
    """`run`, async."""

    async def attempt() -> Parsed[A]:
        aimed = course.aim(job, links)
        if isinstance(aimed, Failure):
            return aimed
        aim = aimed.unwrap()
        if aim.wait_s > 0:
            await asleep(aim.wait_s)
        return course.settle(job, await aim.transport.asend(aim.request, aim.timeouts))

    try:
        async with keeper.aborrow() as links:
            return await arun_attempts(course, attempt)
    finally:
        course.leave()


def run_attempts(course: Course, attempt: Callable[[], Parsed[A]]) -> Parsed[A]:
    """One attempt after another, with the waits between them. tenacity comes in once the first one has failed."""
    first = attempt()
    if course.is_over:
        return first
    from tenacity import Retrying

    made = [first]
    retrying = Retrying(sleep=time.sleep, **course.tenacity_arguments())
    return retrying(lambda: made.pop() if made else attempt())


async def arun_attempts(course: Course, attempt: Callable[[], Awaitable[Parsed[A]]]) -> Parsed[A]:
    """`run_attempts`, async."""
    first = await attempt()
    if course.is_over:
        return first
    from tenacity import AsyncRetrying

    made = [first]

    async def again() -> Parsed[A]:
        return made.pop() if made else await attempt()

    return await AsyncRetrying(sleep=asleep, **course.tenacity_arguments())(again)


async def asleep(seconds: float) -> None:
    """On asyncio and trio."""
    import anyio

    await anyio.sleep(seconds)
