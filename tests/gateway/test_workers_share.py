"""Limits and metrics that several processes of one gateway share."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Usage
from llm_pure.gateway import workers
from llm_pure.gateway.client_keys import ClientKey, key_hash
from llm_pure.gateway.key_limits import UNLIMITED, KeyLimits
from llm_pure.gateway.metrics import Metrics
from llm_pure.gateway.shared_limits import SharedKeyLimits, window_wait_s
from llm_pure.gateway.shared_metrics import SharedMetrics
from llm_pure.policy.rate_limit import RateLimit, SlidingWindow
from llm_pure.replay.doubles import answering
from llm_pure.replay.server import serve
from tests.gateway.test_observers import FAILED, RECORD, REFUSED

KEY = ClientKey(name="ci", requests_per_minute=10, max_parallel_requests=50)


@contextmanager
def opened(path: Path, clock: Callable[[], float], count: int) -> Iterator[list[SharedKeyLimits]]:
    """Openings of the file, as several processes have them."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(SharedKeyLimits(path, clock))) for _ in range(count)]


def test_processes_count_requests_together(tmp_path: Path) -> None:
    now = [100.0]
    with opened(tmp_path / "limits", lambda: now[0], 2) as (one, two):
        for limits in (one, two) * 5:
            permit = limits.acquire(KEY, b"").unwrap()
            limits.release(permit)
        errors = [limits.acquire(KEY, b"").failure() for limits in (one, two)]
        assert [(error.kind, error.status) for error in errors] == [("rate_limited", 429)] * 2
        assert errors[0].message.endswith("try again in 60s.")
        now[0] += 60
        assert two.acquire(KEY, b"").unwrap().key == KEY
        assert one.acquire(ClientKey(name="free"), b"").unwrap() is UNLIMITED


def test_processes_count_calls_in_flight_and_tokens_together(tmp_path: Path) -> None:
    with opened(tmp_path / "limits", lambda: 0.0, 2) as (one, two):
        key = ClientKey(name="a", max_parallel_requests=2, tokens_per_minute=100)
        first = one.acquire(key, b"x" * 200).unwrap()
        assert two.acquire(key, b"x" * 240).failure().kind == "rate_limited"
        one.release(first, Usage(5, 5))
        second = two.acquire(key, b"x" * 240).unwrap()
        third = one.acquire(key, b"x" * 80).unwrap()
        assert one.in_flight("a") == two.in_flight("a") == 2
        assert "at once" in two.acquire(key, b"").failure().message
        for permit in (second, third):
            two.release(permit)
        assert one.in_flight("a") == 0


DYING = """
import os, sys
from pathlib import Path
from llm_pure.gateway.client_keys import ClientKey, key_hash
from llm_pure.gateway.shared_limits import SharedKeyLimits
SharedKeyLimits(Path(sys.argv[1])).acquire(ClientKey(name="a", max_parallel_requests=1), b"").unwrap()
os._exit(0)
"""


def test_calls_of_a_killed_process_end_with_it(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", DYING, str(path)]
    subprocess.run(command, env=environment, check=True, timeout=60)
    with closing(SharedKeyLimits(path)) as limits:
        assert limits.in_flight("a") == 1
        key = ClientKey(name="a", max_parallel_requests=1)
        assert limits.acquire(key, b"").unwrap().key.name == "a"


def test_file_that_cannot_be_used_refuses_limited_keys_only(tmp_path: Path) -> None:
    limits = SharedKeyLimits(tmp_path / "no folder" / "limits")
    assert limits.acquire(KEY, b"").failure().kind == "overloaded"
    assert limits.acquire(ClientKey(name="free"), b"").unwrap() is UNLIMITED


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(0, 100)), max_size=30),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, 150]),
)
def test_shared_window_waits_as_long_as_that_of_one_process(
    requests: list[tuple[float, int]], most: int | None, allowed: int | None
) -> None:
    limit = RateLimit(requests_per_minute=most, tokens_per_minute=allowed)
    window, entries, now_s = SlidingWindow(limit), list[tuple[float, float]](), 0.0
    for seconds, tokens in requests:
        now_s += seconds
        recent = [entry for entry in entries if entry[0] > now_s - 60]
        wait_s = window_wait_s(recent, now_s, limit, tokens)
        assert wait_s == pytest.approx(window.wait_s(now_s, tokens), abs=1e-6)
        if wait_s <= 0:
            window.enter(now_s, tokens)
            entries.append((now_s, tokens))


def test_metrics_of_all_processes_are_one(tmp_path: Path) -> None:
    alone = Metrics()
    processes = [SharedMetrics(tmp_path) for _ in range(3)]
    for metrics, records in zip(processes, ([RECORD, FAILED], [RECORD, REFUSED], []), strict=True):
        for record in records:
            metrics.observe(record)
            alone.observe(record)
        metrics.flush()
    texts = {metrics.render() for metrics in processes}
    assert texts == {alone.render()}


@pytest.mark.parametrize("data", [b"", b"junk", msgspec.msgpack.encode([[], [["x", [], [], 1]]])])
def test_damaged_metrics_of_another_process_change_nothing(data: bytes, tmp_path: Path) -> None:
    metrics, alone = SharedMetrics(tmp_path), Metrics()
    for each in (metrics, alone):
        each.observe(RECORD)
    (tmp_path / "metrics-1-a").write_bytes(data)
    assert metrics.render() == alone.render()


def test_limits_have_the_interface_of_one_process() -> None:
    def methods(kind: type[Any]) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert methods(KeyLimits) == {"acquire", "release", "in_flight"}
    assert methods(SharedKeyLimits) == methods(KeyLimits) | {"close"}


def served_answers(url: str, key: str, count: int) -> list[int]:
    """The statuses of requests, each over a connection of its own, so that every worker has some."""
    body = json.dumps({"model": "fast", "messages": [{"role": "user", "content": "hi"}]}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    def status(_: int) -> int:
        try:
            with urlopen(Request(f"{url}/v1/chat/completions", body, headers)) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(status, range(count)))


def test_workers_of_the_command_share_budget_limits_and_metrics(tmp_path: Path) -> None:
    config = """
models: {{fast: {{api_type: openai, api_key: k, model: m, max_token: 100, base_url: "{url}/v1"}}}}
prices: {{m: {{input: 0, output: 1000}}}}
serve:
  log: ""
  ledger: ledger.db
  keys:
    budget: {{sha256: {0}, max_budget: 0.5}}
    rate: {{sha256: {1}, requests_per_minute: 6}}
    metrics: {{sha256: {2}, metrics: true}}
"""
    hashes = [key_hash(name) for name in ("budget", "rate", "metrics")]
    with serve(answering("ok", usage=Usage(10, 100))) as upstream:
        (tmp_path / "c.yaml").write_text(config.format(*hashes, url=upstream.url))
        command = [sys.executable, "-m", "llm_pure", "serve", "--config", "c.yaml", "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        with subprocess.Popen(
            [*command, "--workers", "2"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().strip()
                budget = served_answers(url, "budget", 12)
                rate = served_answers(url, "rate", 12)
                request = Request(f"{url}/metrics", headers={"authorization": "Bearer metrics"})
                time.sleep(0.3)  # the figures of another process may be a quarter of a second old
                metrics = urlopen(request).read().decode()
            finally:
                process.terminate()
                process.wait(60)
    assert (budget.count(200), budget.count(429)) == (5, 7)
    assert (rate.count(200), rate.count(429)) == (6, 6)
    chat = 'dialect="openai_chat",operation="chat"'
    for key, status, count in (("budget", 200, 5), ("rate", 200, 6)):
        line = (
            f'llm_pure_requests_total{{key="{key}",model="fast",{chat},status="{status}"}} {count}'
        )
        assert line in metrics


def test_a_count_that_no_database_holds_ends_the_call_all_the_same(tmp_path: Path) -> None:
    key = ClientKey(name="a", max_parallel_requests=1, tokens_per_minute=100)
    with closing(SharedKeyLimits(tmp_path / "limits", lambda: 0.0)) as limits:
        limits.release(limits.acquire(key, b"").unwrap(), Usage(2**63 - 1, 2**63 - 1))
        assert limits.in_flight("a") == 0
        assert limits.acquire(key, b"").failure().kind == "rate_limited"


class _Process:
    """A process that ends when it is told to by a signal."""

    def __init__(self, pid: int) -> None:
        self.pid, self.signals = pid, list[int]()

    def is_alive(self) -> bool:
        return not self.signals

    def join(self, timeout_s: float | None = None) -> None:
        assert self.signals, "it would be waited for"


def test_a_signal_that_comes_while_processes_start_reaches_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = {number: _Process(number) for number in (1, 2)}
    with socket.socket() as listener:
        supervisor = workers.Supervisor(lambda *_: None, Namespace(), listener, 2)
    waiting = iter(processes.values())

    def start() -> _Process:
        supervisor._stop(signal.SIGTERM, None)  # before run() knows of any process
        return next(waiting)

    monkeypatch.setattr(supervisor, "_start", start)
    monkeypatch.setattr("os.kill", lambda pid, number: processes[pid].signals.append(number))
    supervisor.run()
    assert [process.signals for process in processes.values()] == [[signal.SIGTERM]] * 2
