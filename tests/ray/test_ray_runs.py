"""Runs on Ray: workers, coordinator and driver are killed; no row is missing, none twice, and the service counts the sends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_pure import ChatRequest
from llm_pure.bulk import Run, open_run
from llm_pure.bulk.coordinator import CoordinatorOptions
from llm_pure.bulk.log_files import log_paths
from llm_pure.bulk.ray_driver import NAMESPACE, coordinator_name, run_ray
from llm_pure.bulk.ray_worker import WorkerOptions
from llm_pure.bulk.run_status import run_status
from llm_pure.bulk.run_summary import Stopper
from llm_pure.bulk.shards import ShardOptions
from tests.ray.conftest import KEY, Cluster
from tests.support.bulk_kills import counts_of

ROWS = 1000
PER_WORKER = 16
COST = Decimal("0.000045")
"""Of one call of gpt-4o-mini with the service's usage."""


def opened(tmp_path: Path, rows: int, word: str) -> Run:
    """A run of prompts that no other test has."""
    prompts = [f"Is {number} {word}?" for number in range(rows)]
    request = ChatRequest(messages=(), max_tokens=100)
    return open_run(
        tmp_path / "run", prompts, config="openai:gpt-4o-mini", request=request
    ).unwrap()


def lines(directory: Path) -> int:
    return sum(path.read_bytes().count(b'{"kind":"done"') for path in log_paths(directory))


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    until_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_worker_coordinator_and_driver_are_killed_and_no_row_is_missing_or_twice(
    tmp_path: Path, cluster: Cluster
) -> None:
    source, run = tmp_path / "rows.jsonl", tmp_path / "run"
    source.write_text(
        "".join([json.dumps({"prompt": f"Is {row} prime?"}) + "\n" for row in range(ROWS)])
    )
    common = ["--ray", cluster.address, "--concurrency", str(PER_WORKER), "--no-output"]
    batch = [sys.executable, "-m", "llm_pure", "batch"]
    start = [*batch, "run", str(source), "-m", "openai:gpt-4o-mini", "-o", str(run), *common]
    before = counts_of(cluster.service)
    driver = subprocess.Popen(start, env=cluster.environment, cwd=tmp_path)
    wait_until(lambda: lines(run) > 60)
    coordinator = cluster.ray.get_actor(coordinator_name(str(run), 1), namespace=NAMESPACE)
    processes: dict[str, int] = {}

    def both_report() -> bool:
        processes.update(cluster.ray.get(coordinator.processes.remote()))
        return len(processes) == 3

    wait_until(both_report)
    os.kill(processes["ray-1"], signal.SIGKILL)  # in the middle of its shards
    at_kill = lines(run)
    wait_until(lambda: lines(run) > at_kill + 60)
    os.kill(processes["coordinator"], signal.SIGKILL)
    at_kill = lines(run)
    wait_until(lambda: lines(run) > at_kill + 60)
    assert driver.poll() is None
    driver.kill()
    driver.wait(30)
    assert lines(run) < ROWS
    resumed = subprocess.run(
        [*batch, "resume", str(run), *common], env=cluster.environment, cwd=tmp_path, check=False
    )
    assert resumed.returncode == 0
    opened_run = open_run(run).unwrap()
    results = list(opened_run.results())
    assert [result.row.index for result in results] == list(range(ROWS))
    assert [result.result.unwrap().text for result in results] == [
        f"yes: Is {row} prime?" for row in range(ROWS)
    ]
    after = counts_of(cluster.service)
    sends = after["sends"] - before["sends"]
    assert after["prompts"] - before["prompts"] == ROWS
    assert ROWS <= sends <= ROWS + 3 * PER_WORKER  # one worker, and both of the driver
    counts = run_status(opened_run).counts
    assert lines(run) * COST == counts.cost_usd <= sends * COST


def test_a_budget_holds_for_all_workers_together_and_more_money_goes_on(
    tmp_path: Path, cluster: Cluster
) -> None:
    run = opened(tmp_path, 120, "even")
    before = counts_of(cluster.service)["sends"]
    common: dict[str, Any] = {"per_worker": 8, "shard_rows": 20, "silent_s": 5}
    summary = run_ray(run, budget=40 * COST, **common)
    assert (summary.reason, summary.error and summary.error.kind) == ("budget", "budget_exceeded")
    assert 0 < summary.counts.answered < 120
    assert summary.counts.cost_usd == summary.counts.answered * COST <= 40 * COST
    summary = run_ray(run, budget=1, **common)
    assert (summary.reason, summary.counts.answered) == ("finished", 120)
    assert counts_of(cluster.service)["sends"] - before == 120


def test_a_stopped_run_waits_for_what_is_in_flight(tmp_path: Path, cluster: Cluster) -> None:
    run = opened(tmp_path, 400, "odd")
    before = counts_of(cluster.service)["sends"]
    stopper = Stopper()
    summary = run_ray(
        run, per_worker=8, shard_rows=50, stopper=stopper, progress_s=0.2,
        on_progress=lambda progress: stopper.stop() if progress.counts.ended and not stopper.requests else None,
    )  # fmt: skip
    assert summary.reason == "interrupted"
    assert 0 < summary.counts.answered < 400
    assert summary.counts.answered == counts_of(cluster.service)["sends"] - before == summary.sends


def test_an_error_of_the_account_stops_all_workers(tmp_path: Path, cluster: Cluster) -> None:
    run = opened(tmp_path, 100, "[401]")
    summary = run_ray(run, per_worker=4, shard_rows=10)
    assert (summary.reason, summary.error and summary.error.kind) == ("breaker", "authentication")
    assert summary.counts.failed < 100


def test_a_run_whose_rows_all_end_alike_stops_all_workers(tmp_path: Path, cluster: Cluster) -> None:
    run = opened(tmp_path, 1000, "[400]")
    summary = run_ray(run, per_worker=4, shard_rows=50, progress_s=0.1)
    assert (summary.reason, summary.error and summary.error.kind) == ("max_errors", "invalid_request")  # fmt: skip
    assert 100 <= summary.counts.failed < 1000


def test_no_key_is_in_what_ray_sends_and_in_the_run(tmp_path: Path, cluster: Cluster) -> None:
    run = opened(tmp_path, 10, "square")
    directory = str(run.directory)
    shards = ShardOptions(transport="aiohttp")
    worker = WorkerOptions(name="a", directory=directory, start=1, silent_s=5, shards=shards)
    coordinator = CoordinatorOptions(directory=directory, start=1, workers=2)
    assert KEY.encode() not in cluster.ray.cloudpickle.dumps((worker, coordinator))
    assert run_ray(run, per_worker=4).reason == "finished"
    files = [path for path in run.directory.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_without_a_cluster_the_run_ends_in_an_error_value(tmp_path: Path, cluster: Cluster) -> None:
    run = opened(tmp_path, 10, "cubic")
    program = (
        "import sys; from llm_pure.bulk import open_run; from llm_pure.bulk.ray_driver import run_ray;"
        "summary = run_ray(open_run(sys.argv[1]).unwrap(), address='127.0.0.1:1');"
        "print(summary.reason, summary.error.kind, summary.error.code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(run.directory)],
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "error connection ray\n", pytest.fail(ran.stderr[-2000:])
