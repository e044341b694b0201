"""Shards for any engine: the picklable task, the coordinator on a clock of its own, and workers that talk to it in this process."""

import json
import pickle
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, LLMException
from llm_pure.bulk import AskRows, Run, open_run
from llm_pure.bulk.columns import COLUMNS
from llm_pure.bulk.coordinator import Coordinator, CoordinatorOptions, Report
from llm_pure.bulk.leases import Want
from llm_pure.bulk.log_files import log_paths
from llm_pure.bulk.ray_worker import ShardSender, WorkerOptions
from llm_pure.bulk.run_status import run_status
from llm_pure.bulk.shards import ShardOptions, send_shard, shard_tasks
from llm_pure.policy.retry import RetryPolicy
from tests.support.bulk_service import BulkService, bulk_service

KEY = "sk-canary-4815162342"
OPTIONS = ShardOptions(concurrency=8, retry=RetryPolicy(max_attempts=1))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[BulkService]:
    service = BulkService()
    with bulk_service(service) as url:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        yield service


def opened(tmp_path: Path, rows: int) -> Run:
    prompts = [f"Is {number} prime?" for number in range(rows)]
    request = ChatRequest(messages=(), max_tokens=100)
    return open_run(
        tmp_path / "run", prompts, config="openai:gpt-4o-mini", request=request
    ).unwrap()


def test_a_shard_is_sent_from_its_pickle_and_once_more_sends_nothing(
    tmp_path: Path, service: BulkService
) -> None:
    run = opened(tmp_path, 25)
    tasks = list(shard_tasks(run, OPTIONS, shard_rows=10))
    pickles = [pickle.dumps(task) for task in tasks]
    assert KEY.encode() not in b"".join(pickles)
    ends = [send_shard(pickle.loads(data)) for data in pickles]
    assert [(end.number, end.left, end.reason, end.sends) for end in ends] == [
        (0, 0, "finished", 10),
        (1, 0, "finished", 10),
        (2, 0, "finished", 5),
    ]
    again = [send_shard(task) for task in tasks]
    assert [(end.left, end.sends) for end in again] == [(0, 0)] * 3
    assert (service.prompts.total(), len(service.prompts)) == (25, 25)
    assert [path.name for path in log_paths(run.directory)] == [
        f"shard-00000{number}-001-0001.jsonl" for number in range(3)
    ]
    assert list(shard_tasks(run)) == []


def test_an_attempt_sends_only_what_earlier_attempts_lack(
    tmp_path: Path, service: BulkService
) -> None:
    run = opened(tmp_path, 10)
    [task] = shard_tasks(run, OPTIONS)
    send_shard(task)
    [log] = log_paths(run.directory)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:6], lines[6][:40]]))  # killed in the seventh line
    end = send_shard(task)
    assert (end.left, end.sends) == (0, 4)
    assert len({result.row.index for result in run.results()}) == 10


def test_a_shard_of_a_run_that_is_gone_is_an_error_value(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", ["x"], config="openai:gpt-4o-mini").unwrap()
    [task] = shard_tasks(run, OPTIONS)
    lost = msgspec.structs.replace(task, directory=str(tmp_path / "gone"))
    end = send_shard(lost)
    assert (end.left, end.reason, end.error is not None) == (1, "error", True)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def coordinator_of(run: Run, clock: Clock, **fields: Any) -> Coordinator:
    values: dict[str, Any] = {"workers": 2, "shard_rows": 10, "start": 1}
    options = CoordinatorOptions(directory=str(run.directory), **{**values, **fields})
    return Coordinator(options, clock)


def number_of(coordinator: Coordinator, worker: str) -> int | None:
    shard = coordinator.take(worker).shard
    return None if shard is None else shard.number


def test_shards_go_to_one_worker_each_and_back_when_it_is_silent(
    tmp_path: Path, service: BulkService
) -> None:
    clock = Clock()
    coordinator = coordinator_of(opened(tmp_path, 25), clock)
    assert [number_of(coordinator, name) for name in ("a", "b", "a", "b")] == [0, 1, 2, None]
    coordinator.finish("a", 0, 0)
    clock.now_s += 20
    assert coordinator.report(Report(worker="b", process=2, holding=(1,))) == ()
    clock.now_s += 20  # a was silent for 40 s
    assert coordinator.silent() == ("a",)
    assert number_of(coordinator, "b") == 2
    assert coordinator.report(Report(worker="a", process=1, holding=(2,))) == (2,)
    coordinator.finish("b", 2, 3)  # stopped: three rows are left
    assert number_of(coordinator, "b") == 2
    coordinator.finish("b", 1, 0)
    coordinator.finish("b", 2, 0)
    assert coordinator.take("b").over


def test_a_worker_known_to_be_dead_loses_its_shards_at_once(
    tmp_path: Path, service: BulkService
) -> None:
    coordinator = coordinator_of(opened(tmp_path, 10), Clock())
    assert number_of(coordinator, "a") == 0
    coordinator.bury("a")
    assert coordinator.take("a").over
    assert coordinator.report(Report(worker="a", process=1, holding=(0,))) == (0,)
    assert number_of(coordinator, "b") == 0


def test_a_shard_whose_answer_was_lost_is_handed_out_again(
    tmp_path: Path, service: BulkService
) -> None:
    clock = Clock()
    coordinator = coordinator_of(opened(tmp_path, 10), clock)
    assert number_of(coordinator, "a") == 0
    clock.now_s += 10
    coordinator.report(Report(worker="a", process=1))
    assert number_of(coordinator, "b") == 0


def test_a_coordinator_that_begins_again_waits_for_what_the_workers_hold(
    tmp_path: Path, service: BulkService
) -> None:
    run, clock = opened(tmp_path, 30), Clock()
    send_shard(next(iter(shard_tasks(run, OPTIONS, shard_rows=10))))
    coordinator = coordinator_of(run, clock, limit_usd=Decimal(1))
    assert coordinator.take("a").shard is None
    want = Want(usd=Decimal("0.01"))
    assert coordinator.exchange("x", Decimal("0.5"), want, Decimal(0), 0.0, 0.0) is None
    coordinator.report(Report(worker="a", process=1, holding=(1,)))
    assert coordinator.take("b").shard is None
    coordinator.report(Report(worker="b", process=2))
    assert number_of(coordinator, "b") == 2  # 0 has ended by its log, 1 is a's
    assert coordinator.spent_usd() == Decimal("0.000045") * 10
    granted = coordinator.exchange("x", Decimal("0.5"), want, Decimal("0.5"), 0.0, 0.0)
    assert granted is not None
    assert granted.usd == Decimal("0.01")
    assert coordinator.spent_usd() == Decimal("0.000045") * 10 + Decimal("0.5")


def test_a_coordinator_that_begins_again_waits_no_longer_than_for_silence(
    tmp_path: Path, service: BulkService
) -> None:
    run, clock = opened(tmp_path, 20), Clock()
    send_shard(next(iter(shard_tasks(run, OPTIONS, shard_rows=10))))
    coordinator = coordinator_of(run, clock)
    clock.now_s += 31
    assert number_of(coordinator, "a") == 1


class Messages:
    """To a coordinator in this process."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator
        self._lock = threading.Lock()

    def send(self, name: str, *arguments: Any) -> Any:
        with self._lock:
            return getattr(self._coordinator, name)(*arguments)


@pytest.mark.parametrize("limit", [None, "0.001"])
def test_two_workers_send_each_row_once_and_never_more_than_the_budget(
    tmp_path: Path, service: BulkService, limit: str | None
) -> None:
    run = opened(tmp_path, 60)
    limit_usd = None if limit is None else Decimal(limit)
    coordinator = coordinator_of(run, Clock(), limit_usd=limit_usd)
    messages: Any = Messages(coordinator)
    ends = []

    def work(name: str) -> None:
        options = WorkerOptions(
            name=name, directory=str(run.directory), start=1, silent_s=30, shards=OPTIONS
        )
        ends.append(ShardSender(messages, options, limit_usd).run())

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    counts = run_status(run).counts
    assert (service.prompts.total(), len(service.prompts)) == (counts.ended, counts.ended)
    if limit_usd is None:
        assert [end.reason for end in ends] == ["finished", "finished"]
        assert (counts.answered, sum(end.sends for end in ends)) == (60, 60)
    else:
        assert "budget" in {end.reason for end in ends}
        assert 0 < counts.answered < 60
        assert counts.cost_usd == coordinator.spent_usd() <= limit_usd


def test_no_key_is_in_what_goes_to_workers(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, 3)
    [task] = shard_tasks(run, OPTIONS)
    send_shard(task)
    worker = WorkerOptions(
        name="a", directory=str(run.directory), start=1, silent_s=30, shards=OPTIONS
    )
    coordinator = CoordinatorOptions(directory=str(run.directory), start=1, workers=2)
    assert KEY.encode() not in pickle.dumps((task, worker, coordinator))
    files = [path for path in run.directory.rglob("*") if path.is_file()]
    assert json.loads((run.directory / "run.json").read_bytes())["config"] == "openai:gpt-4o-mini"
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_ask_rows_answers_columns_and_a_batch_that_comes_again_sends_what_is_missing(
    tmp_path: Path, service: BulkService
) -> None:
    ask = AskRows(
        tmp_path / "run", config="openai:gpt-4o-mini", prompt="Is {n} prime?", concurrency=4,
        retry=RetryPolicy(max_attempts=1),
    )  # fmt: skip
    columns = {"n": [7, 8, 7, 9], "note": ["a", float("nan"), "c", "[400]"]}
    answered = ask(columns)
    assert answered["n"] == [7, 8, 7, 9]
    assert answered["note"] == columns["note"]
    assert answered["llm_text"] == [f"yes: Is {n} prime?" for n in (7, 8, 7, 9)]
    assert service.prompts.total() == 3  # equal rows share an answer
    other = pickle.loads(pickle.dumps(ask))  # in another process
    assert other({"n": [9, 10], "note": ["x", "y"]})["llm_text"] == [
        "yes: Is 9 prime?",
        "yes: Is 10 prime?",
    ]
    assert ask({"n": [10], "note": [""]})["llm_id"] == other({"n": [10], "note": [""]})["llm_id"]
    assert service.prompts == {f"Is {n} prime?": 1 for n in (7, 8, 9, 10)}
    assert KEY.encode() not in pickle.dumps(ask)
    assert list(ask({"n": [], "llm_text": []})) == ["n", "input_llm_text", *COLUMNS]


def test_errors_of_rows_are_columns_and_those_of_the_account_end_the_job(
    tmp_path: Path, service: BulkService
) -> None:
    ask = AskRows(tmp_path / "run", config="openai:gpt-4o-mini", retry=RetryPolicy(max_attempts=1))
    answered = ask({"prompt": ["fine", "[400]", "", "[500 html]"]})
    assert answered["llm_error_kind"] == [
        None,
        "invalid_request",
        "invalid_request",
        "server_error",
    ]
    assert ask({"prompt": ["[400]", "[500 html]"]})["llm_error_kind"] == [
        "invalid_request",
        "server_error",
    ]
    assert (service.prompts["[400]"], service.prompts["[500 html]"]) == (1, 2)
    with pytest.raises(LLMException) as raised:
        ask({"prompt": [f"[401] {number}" for number in range(100)]})
    assert raised.value.error.kind == "authentication"
    assert service.statuses[401] < 100
    with pytest.raises(LLMException, match="prompt was 'null'"):
        AskRows(tmp_path / "run", config="openai:gpt-4o-mini", prompt="Why {n}?")({"n": [1]})


def test_ask_rows_takes_the_answers_of_a_run_that_is_there(
    tmp_path: Path, service: BulkService
) -> None:
    run = opened(tmp_path, 5)
    [task] = shard_tasks(run, OPTIONS)
    send_shard(task)
    answered = AskRows(run.directory)({"prompt": ["Is 3 prime?", "Is 4 prime?"]})
    assert answered["llm_text"] == ["yes: Is 3 prime?", "yes: Is 4 prime?"]
    assert service.prompts.total() == 5
