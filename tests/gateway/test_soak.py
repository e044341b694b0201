"""Many requests and open streams leave nothing behind: a small run of `python -m tests.support.gateway_soak`."""

import asyncio

from tests.support.gateway_soak import soak


def test_requests_and_open_streams_leave_nothing_behind() -> None:
    seen = asyncio.run(soak(requests=320, streams=40))
    assert (seen.problems(), seen.requests, seen.streams) == ([], 320, 40)
