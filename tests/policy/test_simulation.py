"""A retry policy on a virtual clock."""

import random

import pytest

from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.policy.simulation import ERRORS, Load, Outage, Outcome, simulate


def test_without_an_outage_every_call_is_one_send() -> None:
    done = simulate(RetryPolicy(), [], Load(calls=2, takes_s=2), lambda: 0.0)
    expected = Outcome(error=None, sends=1, waited_s=0, took_s=2)
    assert done.outcomes == (expected, expected)


def test_a_call_waits_as_the_policy_says() -> None:
    outage = Outage(error="rate_limited", until_s=1, takes_s=0.5, retry_after_s=3)
    done = simulate(RetryPolicy(), [outage], Load(calls=1, takes_s=1), lambda: 0.0)
    assert done.outcomes == (Outcome(error=None, sends=2, waited_s=3, took_s=4.5),)


def test_a_fallback_answers_while_the_first_one_is_down() -> None:
    outage = Outage(error="quota", configuration=0, takes_s=0.5)
    done = simulate(RetryPolicy(target_count=2), [outage], Load(calls=1), lambda: 0.0)
    assert done.outcomes == (Outcome(error=None, sends=2, waited_s=0, took_s=1.5),)


def test_the_default_policy_answers_99_of_100_calls_where_half_of_the_requests_fail() -> None:
    outages = [Outage(error="server_error", share=0.5)]
    done = simulate(RetryPolicy(), outages, Load(calls=20_000), random.Random(5).random).summary()
    assert 1.95 < done["sends_per_call"] < 2.02
    assert 0.99 < done["success_rate"] < 0.995
    assert done["waited_s"]["max"] < 32


@pytest.mark.parametrize(("chance", "waited_s"), [(0.0, 15.75), (0.999999, 31.5)])
def test_the_default_policy_gives_up_a_service_that_is_down_within_half_a_minute(
    chance: float, waited_s: float
) -> None:
    down = [Outage(error="connection", takes_s=0)]
    [outcome] = simulate(RetryPolicy(), down, Load(calls=1), lambda: chance).outcomes
    assert (outcome.error, outcome.sends) == ("connection", 7)
    assert outcome.took_s == outcome.waited_s == pytest.approx(waited_s, abs=0.001)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_outage_without_end_ends_in_its_error(kind: str) -> None:
    done = simulate(NO_RETRY, [Outage(error=kind)], Load(calls=1), lambda: 0.0)
    assert [(one.error, one.sends) for one in done.outcomes] == [(kind, 1)]


def test_the_clients_limit_spreads_the_calls() -> None:
    limit = RateLimit(requests_per_minute=2)
    done = simulate(RetryPolicy(), [], Load(calls=3, every_s=0), lambda: 0.0, limit)
    assert [one.waited_s for one in done.outcomes] == [0, 0, 60]


def test_the_same_seed_gives_the_same_simulation() -> None:
    outages = [Outage(error="server_error", share=0.5), Outage(error="connection", share=0.3)]
    first, second, other = (
        simulate(RetryPolicy(), outages, Load(calls=200), random.Random(seed).random)
        for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_a_summary_tells_rates_and_times() -> None:
    outage = Outage(error="server_error", until_s=0.05)
    done = simulate(NO_RETRY, [outage], Load(calls=4), lambda: 0.0)
    assert done.summary() == {
        "calls": 4,
        "succeeded": 3,
        "success_rate": 0.75,
        "errors": {"server_error": 1},
        "sends": 4,
        "sends_per_call": 1.0,
        "waited_s": {"mean": 0.0, "p50": 0.0, "p95": 0.0, "max": 0.0},
        "took_s": {"mean": 0.775, "p50": 1.0, "p95": 1.0, "max": 1.0},
    }
