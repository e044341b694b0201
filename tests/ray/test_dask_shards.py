"""The shard function under Dask: the interface has nothing of Ray."""

import os
import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from llm_pure.bulk.shards import ShardOptions, send_shard, shard_tasks
from tests.ray.conftest import Cluster
from tests.ray.test_ray_runs import opened, wait_until
from tests.support.bulk_kills import counts_of


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Any]:
    distributed: Any = import_module("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1",
        ) as local,
        distributed.Client(local) as client,
    ):  # fmt: skip
        yield client


def test_dask_sends_each_row_once_although_a_worker_is_killed(
    tmp_path: Path, cluster: Cluster, client: Any
) -> None:
    run = opened(tmp_path, 200, "round")
    before = counts_of(cluster.service)["sends"]
    with run.lock().unwrap():
        tasks = list(shard_tasks(run, ShardOptions(concurrency=8), shard_rows=50))
        futures = client.map(send_shard, tasks, pure=False, retries=2)
        wait_until(lambda: run.states().counts().get((1, ""), 0) > 20)
        [first, _] = client.run(os.getpid).values()
        os.kill(first, signal.SIGKILL)
        ends = client.gather(futures)
    assert [(end.number, end.left, end.reason) for end in ends] == [
        (number, 0, "finished") for number in range(4)
    ]
    assert [result.row.index for result in run.results()] == list(range(200))
    assert 200 <= counts_of(cluster.service)["sends"] - before <= 200 + 8
