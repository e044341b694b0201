"""Killed processes: what the service counted, the log and the results agree. `tests.support.bulk_kills` does it twenty times."""

import signal

import pytest

from tests.support.bulk_kills import kill_and_resume
from tests.support.bulk_race import race_for_budget


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_a_killed_run_is_resumed_without_a_row_missing_or_twice(number: signal.Signals) -> None:
    outcome = kill_and_resume(1, rows=120, concurrency=8, delay_s=0.05, seed=7, number=number)
    assert outcome.problems == ()
    assert (outcome.kills, outcome.results, outcome.ordered) == (1, 120, True)
    if number == signal.SIGTERM:
        assert outcome.sends == 120
        assert outcome.ledger_usd == outcome.service_usd


def test_processes_share_a_budget_by_a_file_of_leases() -> None:
    outcome = race_for_budget(2, 60, finish=False)
    assert outcome["problems"] == []
