"""What a worker of pytest-xdist reports of a test: everything but what passed around its call."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.quiet_worker import QuietWorker


def reported(*outcomes: tuple[str, str]) -> list[tuple[str, str]]:
    """The reports, (when, outcome), that reach the controller of a test with these."""
    reports = [
        pytest.TestReport(
            nodeid="a", location=("a", 1, "a"), keywords={}, outcome=cast(Any, outcome), longrepr=None, when=cast(Any, when)
        )
        for when, outcome in outcomes
    ]  # fmt: skip
    sent: list[tuple[str, str]] = []
    ended: list[str] = []
    runner = SimpleNamespace(runtestprotocol=lambda item, nextitem, log: reports)
    plugins = SimpleNamespace(get_plugin=lambda name: runner)
    hooks = SimpleNamespace(
        pytest_runtest_logreport=lambda report: sent.append((report.when, report.outcome)),
        pytest_runtest_logfinish=lambda nodeid, location: ended.append(nodeid),
    )
    worker = QuietWorker(cast(Any, SimpleNamespace(pluginmanager=plugins)))
    item: Any = SimpleNamespace(ihook=hooks, nodeid="a", location=("a", 1, "a"))
    assert worker.pytest_runtest_protocol(item, None)
    assert ended == ["a"]
    return sent


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], [("call", "passed")]),
        ([("setup", "passed"), ("call", "failed"), ("teardown", "passed")], [("call", "failed")]),
        ([("setup", "failed"), ("teardown", "passed")], [("setup", "failed")]),
        ([("setup", "skipped"), ("teardown", "passed")], [("setup", "skipped")]),
        (
            [("setup", "passed"), ("call", "passed"), ("teardown", "failed")],
            [("call", "passed"), ("teardown", "failed")],
        ),
    ],
)
def test_only_what_passed_around_the_call_is_not_reported(
    outcomes: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    assert reported(*outcomes) == expected
