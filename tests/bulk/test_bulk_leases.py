"""Leases: whatever the order of messages and deaths, what is granted and spent is at most the limit."""

import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llm_pure.bulk.lease_stores import InMemoryLeases, SqliteLeases, open_shared_leases
from llm_pure.bulk.leases import (
    LEASE_S,
    Grant,
    Leases,
    Want,
    charge_tokens,
    expire,
    grant,
    open_leases,
    pause,
    release,
    settle,
)
from llm_pure.policy.rate_limit import RateLimit

WORKERS = st.sampled_from(["a", "b", "c"])
CENTS = st.integers(0, 400).map(lambda cents: Decimal(cents) / 100)
LIMIT = Decimal("5.00")


class LeaseMachine(RuleBasedStateMachine):
    """Workers that spend what they hold, die and are replaced, over messages that are late, repeated and out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.leases = open_leases(LIMIT)
        self.now_s = 0.0
        self.generation = dict.fromkeys("abc", 0)
        self.held: dict[str, Decimal] = {}
        self.spent: dict[str, Decimal] = {}
        self.on_the_way: list[tuple[str, Decimal]] = []

    def name(self, worker: str) -> str:
        return f"{worker}{self.generation[worker]}"

    @rule(worker=WORKERS, usd=CENTS, least=CENTS)
    def ask(self, worker: str, usd: Decimal, least: Decimal) -> None:
        name = self.name(worker)
        self.leases, granted = grant(self.leases, name, Want(usd=usd, min_usd=least), self.now_s)
        assert granted.usd == 0 or granted.usd >= min(least, granted.usd)
        self.held[name] = self.held.get(name, Decimal(0)) + granted.usd

    @rule(worker=WORKERS, share=st.integers(0, 100))
    def spend(self, worker: str, share: int) -> None:
        name = self.name(worker)
        usd = self.held.get(name, Decimal(0)) * share / 100
        self.held[name] = self.held.get(name, Decimal(0)) - usd
        self.spent[name] = self.spent.get(name, Decimal(0)) + usd
        self.on_the_way.append((name, self.spent[name]))

    @rule(index=st.integers(0, 20), keep=st.booleans())
    def deliver(self, index: int, keep: bool) -> None:
        if self.on_the_way:
            message = self.on_the_way[index % len(self.on_the_way)]
            if not keep:
                self.on_the_way.remove(message)
            self.leases = settle(self.leases, *message, self.now_s)

    @rule(worker=WORKERS)
    def die_and_be_recovered(self, worker: str) -> None:
        name = self.name(worker)
        self.leases = release(self.leases, name, self.spent.get(name, Decimal(0)))
        self.held.pop(name, None)
        self.generation[worker] += 1

    @rule(worker=WORKERS)
    def die_unseen(self, worker: str) -> None:
        self.generation[worker] += 1

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.leases = expire(self.leases, self.now_s)

    @invariant()
    def nothing_exceeds_the_limit(self) -> None:
        spent = sum(self.spent.values(), Decimal(0))
        assert spent + sum(self.held.values(), Decimal(0)) <= LIMIT
        assert self.leases.granted_usd <= LIMIT
        assert self.leases.total_spent_usd <= spent


TestLeaseMachine = LeaseMachine.TestCase
TestLeaseMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_grant_is_a_small_part_of_what_is_left_but_enough_for_one_call() -> None:
    leases = open_leases(Decimal(100))
    leases, first = grant(leases, "a", Want(usd=Decimal(50)), 0.0)
    leases, second = grant(leases, "b", Want(usd=Decimal(50), min_usd=Decimal(90)), 0.0)
    leases, third = grant(leases, "b", Want(min_usd=Decimal(10)), 0.0)
    assert (first.usd, second.usd, third.usd) == (Decimal(5), Decimal(90), Decimal(0))
    assert leases.left_usd == Decimal(5)


def test_an_expired_lease_counts_as_spent_until_its_log_says_more() -> None:
    leases, _ = grant(open_leases(Decimal(10)), "a", Want(min_usd=Decimal(8)), 0.0)
    leases = expire(leases, LEASE_S + 1)
    assert leases.workers["a"].expired
    assert leases.left_usd == Decimal(2)
    assert release(leases, "a", Decimal(3)).left_usd == Decimal(7)


def test_no_minute_has_more_requests_than_the_limit() -> None:
    for per_minute in (1, 7, 60, 600, 6000):
        leases = open_leases(requests_per_minute=per_minute)
        sends: list[float] = []
        now_s = 0.0
        while now_s < 180:
            leases, granted = grant(leases, "a", Want(requests=10), now_s)
            sends += [now_s] * granted.requests
            now_s += max(granted.wait_s, 0.001) if not granted.requests else 0.001
        assert len(sends) >= 0.9 * per_minute or per_minute == 1
        for start in sends[:: max(1, len(sends) // 50)]:
            assert sum(start <= at_s < start + 60 for at_s in sends) <= per_minute


def test_four_workers_share_a_rate() -> None:
    leases = open_leases(requests_per_minute=600)
    sends = dict.fromkeys("abcd", 0)
    for tick in range(6000):
        for worker in sends:
            leases, granted = grant(leases, worker, Want(requests=2), tick / 100)
            sends[worker] += granted.requests
    assert 540 <= sum(sends.values()) <= 600


def test_tokens_used_beyond_the_estimate_delay_later_grants() -> None:
    leases = open_leases(tokens_per_minute=6000)
    leases, granted = grant(leases, "a", Want(tokens=50), 0.0)
    leases, after = grant(charge_tokens(leases, 500), "a", Want(tokens=50), 0.0)
    assert (granted.tokens, after.tokens) == (50, 0)
    assert after.wait_s > 4


def test_a_pause_reaches_every_worker() -> None:
    _, granted = grant(pause(open_leases(), 7, 100.0), "b", Want(), 102.0)
    assert granted.pause_s == 5


def test_a_clock_that_goes_back_refills_nothing() -> None:
    leases, _ = grant(
        open_leases(requests_per_minute=60, now_s=1000.0), "a", Want(requests=1), 1000.0
    )
    leases, granted = grant(leases, "a", Want(requests=1), 10.0)
    assert granted.requests == 0
    leases, granted = grant(leases, "a", Want(requests=1), 12.5)
    assert granted.requests == 1


def test_a_file_of_leases_is_shared_and_outlives_its_writers(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    limit = RateLimit(requests_per_minute=60)
    first = open_shared_leases(path, Decimal(10), limit).unwrap()
    granted = first.exchange("a", Want(usd=Decimal(1), min_usd=Decimal(1), requests=1), Decimal(0))
    assert granted == Grant(usd=Decimal(1), requests=1)
    first.exchange("a", Want(), Decimal("0.25"), pause_s=50)
    second = open_shared_leases(path, Decimal(20), None).unwrap()
    assert second.limit_usd() == Decimal(20)
    assert second.workers() == ("a",)
    refused = second.exchange("b", Want(min_usd=Decimal("19.5"), requests=1), Decimal(0))
    assert (refused.usd, refused.requests) == (Decimal(0), 0)
    assert 40 < refused.pause_s <= 50
    second.release("a", Decimal("0.5"))
    assert second.value().total_spent_usd == Decimal("0.5")
    first.close()
    second.close()


def test_times_of_an_earlier_boot_mean_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leases.db"
    monkeypatch.setattr("llm_pure.bulk.lease_stores._boot", lambda: "before")
    store = SqliteLeases(path)
    store.configure(Decimal(10), RateLimit(requests_per_minute=60))
    store.exchange("a", Want(min_usd=Decimal(4)), Decimal(0), pause_s=1e9)
    store.close()
    monkeypatch.setattr("llm_pure.bulk.lease_stores._boot", lambda: "now")
    again = SqliteLeases(path)
    leases = again.value()
    assert leases.workers["a"].expired
    assert leases.left_usd == Decimal(6)
    assert again.exchange("b", Want(), Decimal(0)).pause_s == 0
    again.close()


def test_a_file_that_is_no_database_is_a_configuration_error(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    path.write_bytes(b"no database" * 100)
    assert open_shared_leases(path, None, None).failure().kind == "configuration"
    with pytest.raises(sqlite3.Error):
        SqliteLeases(tmp_path)


def test_one_store_gives_leases_for_at_least_20_000_rows_a_second(tmp_path: Path) -> None:
    """A lease is for a hundred calls: two hundred messages a second of CPU time are enough."""
    store = SqliteLeases(tmp_path / "leases.db")
    store.configure(Decimal(1_000_000), None)
    began_s = time.process_time()
    for message in range(200):
        store.exchange(f"w{message % 8}", Want(usd=Decimal(1)), Decimal(message))
    assert 200 * 100 / (time.process_time() - began_s) >= 20_000
    store.close()


def test_in_memory_leases_begin_with_what_was_spent() -> None:
    store = InMemoryLeases(Decimal(10), spent_usd=Decimal(9))
    assert store.exchange("a", Want(min_usd=Decimal(2)), Decimal(0)).usd == 0
    assert store.exchange("a", Want(min_usd=Decimal(1)), Decimal(0)).usd == 1
    store.release("a", Decimal(0))
    assert store.workers() == ()
    assert Leases().left_usd is None
