"""Hostile requests to the replay server: the first seconds of `python -m tests.support.server_fuzz`, the same each time."""

import pytest

from llm_pure.replay import server
from tests.support import server_fuzz

SEED = 20261129
CASES = 600
PARTS = 2


@pytest.mark.parametrize("part", range(PARTS))
def test_every_hostile_request_ends_in_complete_responses_or_a_close(part: int) -> None:
    size = CASES // PARTS
    report = server_fuzz.run(SEED, size, first=part * size)
    assert report.problems == {}
    assert report.cases == size
    assert report.answered > size / 2
    assert report.peak_bytes < 30_000_000


def test_a_case_is_the_same_each_time() -> None:
    assert server_fuzz.case(1, 2)[0] == server_fuzz.case(1, 2)[0]
    assert server_fuzz.case(1, 2)[0] != server_fuzz.case(1, 3)[0]


HERE = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhere\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "received",
    [b"x", HERE[:-1], HERE + b"x", HERE.replace(b"4\r", b"5\r"), b"HTTP/1.1 200 OK\r\n\r\n", HERE.replace(b"OK", b"O\nK")],
)  # fmt: skip
def test_a_response_that_is_not_complete_is_found(received: bytes) -> None:
    assert server_fuzz.malformed(received, has_head=False)
    assert not server_fuzz.malformed(HERE + HERE, has_head=False)


def test_an_exception_of_the_server_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(server._Handler, "_check_sender", fail)
    problems = server_fuzz.run(SEED, 30).problems
    assert "raised: ValueError('broken')" in problems.values()
