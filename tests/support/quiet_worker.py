"""A plugin for workers of pytest-xdist that sends one message about a test that passes, not five."""

from typing import Any

import pytest


class QuietWorker:
    """Runs a test as pytest does, and reports its call, and of setup and teardown what did not pass.

    Messages of the start, of setup and of teardown cost worker and controller more than most of the tests.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._runner: Any = config.pluginmanager.get_plugin("runner")

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        report: pytest.TestReport
        for report in self._runner.runtestprotocol(item, nextitem=nextitem, log=False):
            if report.when == "call" or not report.passed:
                item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
