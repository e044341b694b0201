"""Runs against a service on loopback: every row ends once, whatever it is and whatever happens."""

import asyncio
import errno
import json
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig, answering, user
from llm_pure.adapters import registry
from llm_pure.bulk import Run, RunSummary, Shard, arun_local, open_run, run_local
from llm_pure.bulk.lease_stores import InMemoryLeases
from llm_pure.bulk.local_driver import possible_concurrency
from llm_pure.bulk.local_loop import LocalLoop
from llm_pure.bulk.log_files import LogFull, LogWriter, log_paths
from llm_pure.bulk.loop_options import LoopOptions
from llm_pure.bulk.output_files import write_lines
from llm_pure.bulk.progress import Progress
from llm_pure.bulk.run_lock import RunLock, lock_run
from llm_pure.bulk.run_status import run_status
from llm_pure.bulk.run_summary import Stopper
from llm_pure.bulk.stop_signals import NUMBERS
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.transports.base import Timeouts
from llm_pure.types.errors import AuthenticationFailed
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import LLMResult
from tests.support.bulk_service import BulkService, answer_to, bulk_service

KEY = "sk-canary-4815162342"
COST = Decimal("0.000045")
"""Of one call of gpt-4o-mini with the service's usage."""

QUICK = RetryPolicy(max_attempts=2, initial_backoff_s=0.001)


@pytest.fixture
def service() -> Iterator[BulkService]:
    service = BulkService()
    with bulk_service(service) as url:
        service.url = url
        yield service


def config_of(service: BulkService, **fields: Any) -> LLMConfig:
    values: dict[str, Any] = {"model": "gpt-4o-mini", "max_token": 100, "base_url": service.url}
    return LLMConfig(api_type="openai", api_key=KEY, **{**values, **fields})


def prompts(count: int) -> list[str]:
    return [f"Is {number} prime?" for number in range(count)]


def opened(tmp_path: Path, service: BulkService, rows: Any, **options: Any) -> Run:
    config = options.pop("config", None) or config_of(service)
    return open_run(tmp_path / "run", rows, config=config, **options).unwrap()


def sent(run: Run, **options: Any) -> RunSummary:
    return run_local(run, **{"retry": NO_RETRY, "concurrency": 16, **options})


def texts(run: Run) -> list[str]:
    return [
        result.result.map(lambda completion: completion.text).value_or("")
        for result in run.results()
    ]


def kinds(run: Run) -> list[str]:
    return [
        result.result.failure().kind if result.completion is None else ""
        for result in run.results()
    ]


def test_every_row_is_answered_once_and_in_order(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, prompts(200))
    summary = sent(run)
    assert (summary.reason, summary.sends, summary.counts.answered) == ("finished", 200, 200)
    assert texts(run) == [answer_to(prompt) for prompt in prompts(200)]
    assert set(service.prompts.values()) == {1}
    assert service.most_in_flight <= 16
    assert summary.counts.cost_usd == 200 * COST
    assert len({result.id for result in run.results()}) == 200
    assert sent(run).sends == 0


def test_bad_rows_end_in_one_error_of_their_kind_and_the_others_are_answered(
    tmp_path: Path, service: BulkService
) -> None:
    lines = [
        *[json.dumps({"prompt": prompt}).encode() for prompt in prompts(5)],
        b'{"prompt": "a [400]"}',
        b'{"prompt": "a [500 html]"}',
        b'{"prompt": "a [hang]"}',
        b'{"prompt": "a [reset]"}',
        b'{"prompt": "a [garbage]"}',
        json.dumps({"prompt": f"[413] {'x' * 5_000_000}"}).encode(),
        b'{"prompt": "\\ud800"}',
        b'{"prompt": ""}',
        b"",
        b"{",
        b'{"custom_id": "twice", "prompt": "first"}',
        b'{"custom_id": "twice", "prompt": "second"}',
    ]
    source = tmp_path / "rows.jsonl"
    source.write_bytes(b"\n".join(lines) + b"\n\n\n")
    run = opened(tmp_path, service, source)
    summary = sent(run, retry=QUICK, timeout_s=2.5)
    assert summary.reason == "finished"
    invalid = "invalid_request"
    assert kinds(run) == [
        *[""] * 5, invalid, "server_error", "timeout", "connection", "protocol", invalid,
        invalid, invalid, invalid, invalid, "", invalid,
    ]  # fmt: skip
    assert summary.counts.answered == 6
    assert service.largest > 5_000_000
    passing = [result.row.index for result in run.results() if result.passing]
    assert passing == [6, 7, 8]
    messages = [
        result.result.failure().message for result in run.results() if result.completion is None
    ]
    assert "row 14: the line is empty" in messages
    assert "row 17: custom_id 'twice' is an earlier row's" in messages
    again = sent(run, timeout_s=0.5)
    assert (again.sends, again.counts.passing) == (3, 3)


def test_rows_of_an_iterator_may_be_prompts_mappings_and_requests(
    tmp_path: Path, service: BulkService
) -> None:
    rows = [
        "one",
        {"prompt": "two", "n": 1},
        ChatRequest(messages=(user("three"),), max_tokens=7),
        {"prompt": "half \ud800"},
        3,
        {"messages": [{"role": "user", "content": "four"}]},
    ]
    run = opened(tmp_path, service, iter(rows))
    assert sent(run).counts.answered == 4
    assert kinds(run) == ["", "", "", "invalid_request", "invalid_request", ""]
    assert texts(run)[:3] == ["yes: one", "yes: two", "yes: three"]
    assert sent(opened(tmp_path, service, iter(rows))).sends == 0


def test_budget_stops_the_run_and_more_money_finishes_it(
    tmp_path: Path, service: BulkService
) -> None:
    run = opened(tmp_path, service, prompts(60))
    limit = 20 * COST
    summary = sent(run, budget=limit)
    assert (summary.reason, summary.counts.failed) == ("budget", 0)
    assert 15 <= summary.counts.answered <= 20
    assert service.answered.total() * COST <= limit
    assert run_status(run).state == "stopped"
    again = sent(run, budget=limit)
    assert again.counts.cost_usd <= limit
    last = sent(run, budget="1")
    assert (last.reason, last.counts.answered) == ("finished", 60)
    assert set(service.prompts.values()) == {1}


def test_budget_without_a_known_price_sends_nothing(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, prompts(3), config=config_of(service, model="nobody-knows"))
    summary = sent(run, budget=5)
    assert (summary.reason, summary.sends) == ("error", 0)
    assert summary.error is not None
    assert summary.error.kind == "price_unknown"


def test_rates_are_leased(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, prompts(40))
    started = time.monotonic()
    assert sent(run, limit=RateLimit(requests_per_minute=1200)).counts.answered == 40
    assert (
        max(sum(start <= at < start + 1 for at in service.times) for start in service.times) <= 42
    )
    assert service.times[-1] - started > 0.8


def test_tokens_per_minute_delay_calls(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, ["x" * 400] * 8)
    sent(run, limit=RateLimit(tokens_per_minute=30_000))
    assert service.times[-1] - service.times[0] > 0.2


def test_one_retry_after_pauses_all_calls(tmp_path: Path) -> None:
    service = BulkService(rpm=20, window_s=0.5, retry_after="1")
    with bulk_service(service) as service.url:
        run = opened(tmp_path, service, prompts(60))
        summary = sent(run, retry=RetryPolicy(initial_backoff_s=0.001), concurrency=8)
    assert (summary.reason, summary.counts.answered) == ("finished", 60)
    gaps = [later - earlier for earlier, later in pairwise(service.times)]
    assert max(gaps) > 0.9
    assert service.statuses[429] <= 8


def test_account_errors_in_a_row_stop_the_run(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, [f"{number} [401]" for number in range(50)])
    summary = sent(run, concurrency=2)
    assert (summary.reason, summary.counts.errors) == ("breaker", {"authentication": summary.sends})
    assert summary.sends <= 6
    assert summary.error is not None
    assert summary.error.kind == "authentication"


class Verdict(msgspec.Struct):
    prime: bool


GOOD, BAD = '{"prime": true}', "no JSON"


@pytest.mark.parametrize(
    ("max_errors", "answers", "ended"),
    [
        (None, [BAD] * 150, 100),
        (None, [*[BAD] * 99, GOOD, *[BAD] * 50], 150),
        (None, [GOOD, *[BAD] * 149], 150),
        (None, [*[BAD] * 50, AuthenticationFailed(message="no"), *[BAD] * 99], 150),
        (None, [BAD] * 99, 99),
        (0, [GOOD, BAD, GOOD], 2),
        ("3", [BAD, GOOD] * 10, 7),
        ("5%", [*[GOOD] * 120, *[BAD] * 30], 127),
        ("12.5 %", [GOOD], 0),
        ("5%", [BAD] * 150, 100),
        ("100%", [BAD] * 150, 150),
    ],
)
def test_errors_stop_a_run_by_their_number_their_share_or_as_all_are_alike(
    max_errors: int | str | None, answers: list[Any], ended: int, tmp_path: Path
) -> None:
    config = LLMConfig(api_type="openai", model="gpt-4o-mini", api_key="k")
    rows = ["", *prompts(len(answers))]  # one that cannot be sent, and does not count
    run = open_run(tmp_path / "run", rows, config=config, schema=Verdict).unwrap()
    summary = sent(run, transport=answering(*answers), concurrency=1, max_errors=max_errors)
    assert summary.sends == ended
    if ended == len(answers):
        assert (summary.reason, summary.error) == ("finished", None)
    elif ended:
        assert (summary.reason, summary.error and summary.error.kind) == ("max_errors", "protocol")
        assert f" of {ended} rows sent ended in errors (protocol " in summary.message
        rest = sent(run, transport=answering(GOOD), max_errors=max_errors)
        assert (rest.reason, rest.sends) == ("finished", len(answers) - ended)
    else:
        assert (summary.reason, summary.error and summary.error.kind) == ("error", "configuration")


def test_a_service_that_is_down_stops_the_run(tmp_path: Path) -> None:
    config = LLMConfig(api_type="openai", api_key="k", model="m", base_url="http://127.0.0.1:9")
    run = open_run(tmp_path / "run", prompts(50), config=config).unwrap()
    summary = sent(run, concurrency=2)
    assert (summary.reason, summary.counts.failed) == ("breaker", 0)
    assert summary.counts.passing <= 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": "Other: {text}"}, "prompt was 'Is it? {text}' when the run was planned and is 'Other: {text}' now"),
        ({"config": {"model": "gpt-4o"}}, "model was 'gpt-4o-mini' when the run was planned and is 'gpt-4o' now"),
        ({"config": {"temperature": 1.0}}, "settings was"),
        ({"system": "Be brief."}, "system was 'null' when the run was planned and is 'Be brief.' now"),
        ({"rows": [{"text": "other"}]}, "has changed since the run was planned"),
    ],
)  # fmt: skip
def test_a_change_is_refused_by_name_and_nothing_is_sent(
    change: dict[str, Any], message: str, tmp_path: Path, service: BulkService
) -> None:
    rows = [{"text": "a"}, {"text": "b"}]
    plan: dict[str, Any] = {"rows": rows, "prompt": "Is it? {text}", "config": {}}
    changed = {**plan, **change}
    run = open_run(tmp_path / "run", **{**plan, "config": config_of(service)}).unwrap()
    assert sent(run).sends == 2
    arguments = {**changed, "config": config_of(service, **changed["config"])}
    error = open_run(tmp_path / "run", **arguments).failure()
    assert message in error.message
    assert service.prompts.total() == 2
    accepted = open_run(tmp_path / "run", **arguments, accept_changes=True).unwrap()
    assert sent(accepted).counts.answered == len(accepted)


def test_a_changed_file_is_refused_on_resume(tmp_path: Path, service: BulkService) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    run = opened(tmp_path, service, source)
    source.write_text('{"prompt": "a"}\n{"prompt": "c"}\n')
    summary = sent(run)
    assert (summary.reason, summary.sends) == ("error", 0)
    assert "has changed since the run was planned: other bytes" in summary.message
    source.unlink()
    assert "cannot be read" in sent(run).message


def test_a_file_that_changes_during_the_run_stops_it(tmp_path: Path, service: BulkService) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(f'{{"prompt": "{number}"}}\n' for number in range(10, 60)))
    run = opened(tmp_path, service, source)

    def change(_: Progress) -> None:
        with source.open("r+") as file:
            file.write('{"prompt": "xx"}\n' * 50)

    service.delay_s = 0.05
    summary = sent(run, concurrency=2, on_progress=change, progress_s=0.1)
    assert (summary.reason, summary.message) == (
        "error", f"{source}: the input was changed while it is used",
    )  # fmt: skip
    assert "xx" not in service.prompts
    assert write_lines(run, tmp_path / "out.jsonl").failure().kind == "configuration"


def test_rows_that_are_the_same_keep_their_answers(tmp_path: Path, service: BulkService) -> None:
    assert sent(opened(tmp_path, service, ["a", "b", "b"])).sends == 3
    run = opened(tmp_path, service, ["new", "b", "a", "b", "b"], accept_changes=True)
    assert sent(run).sends == 2
    assert texts(run) == ["yes: new", "yes: b", "yes: a", "yes: b", "yes: b"]


def test_other_bytes_on_the_wire_send_nothing_again(tmp_path: Path, service: BulkService) -> None:
    assert sent(opened(tmp_path, service, prompts(3))).sends == 3
    openai = registry.get("openai").unwrap()

    def build(config: Any, request: Any) -> Any:
        def changed(built: Any) -> Any:
            body = msgspec.json.encode(msgspec.json.decode(built.request.body) | {"user": "x"})
            http = msgspec.structs.replace(built.request, body=body)
            return msgspec.structs.replace(built, request=http)

        return openai.build_chat(config, request).map(changed)

    upgraded = registry.with_provider("openai", msgspec.structs.replace(openai, build_chat=build))
    run = open_run(
        tmp_path / "run", prompts(3), config=config_of(service), registry=upgraded
    ).unwrap()
    assert sent(run).sends == 0
    assert len(list(run.results())) == 3


def test_equal_rows_are_sent_once_with_dedupe(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, ["a", "b", "a", "a"], dedupe=True)
    assert sent(run).sends == 2
    assert texts(run) == ["yes: a", "yes: b", "yes: a", "yes: a"]
    assert run_status(run).state == "finished"
    assert sent(run).sends == 0


def test_the_second_driver_of_a_run_is_refused(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, prompts(2))
    with run.lock().unwrap():
        summary = sent(run)
        assert run_status(run).state == "running"
    assert (summary.reason, summary.sends) == ("error", 0)
    assert summary.message.endswith("a run has one driver at a time")
    assert sent(run).sends == 2


def test_a_plan_that_another_process_makes_meanwhile_is_not_overwritten(
    tmp_path: Path, service: BulkService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock_later(directory: Path) -> LLMResult[RunLock]:
        monkeypatch.undo()
        opened(tmp_path, service, ["theirs"])
        return lock_run(directory)

    monkeypatch.setattr("llm_pure.bulk.opening.lock_run", lock_later)
    refused = open_run(tmp_path / "run", ["ours"], config=config_of(service)).failure()
    assert (refused.kind, refused.code) == ("configuration", "locked")
    assert open_run(tmp_path / "run").unwrap().row(0).columns == {"prompt": "theirs"}
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["index.bin", "rows.jsonl", "run.json", "run.lock"]  # fmt: skip


def test_no_key_is_in_the_run(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, ["[echo key]", *prompts(3), f"{KEY} [400]"])
    sent(run)
    files = [
        path
        for path in (tmp_path / "run").rglob("*")
        if path.is_file() and path.name != "rows.jsonl"
    ]
    assert len(files) >= 4
    assert [path.name for path in files if b"canary" in path.read_bytes()] == []
    assert texts(run)[0] == "yes: ***"
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_the_first_calls_begin_one_after_the_other_and_then_all_are_in_flight(
    tmp_path: Path, service: BulkService
) -> None:
    begun: Counter[int] = Counter()

    class Waiting:
        """Answers once every call is in flight; counts the calls that begin in one turn of the event loop."""

        needs_credentials = True
        turn = 0

        async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
            if not begun:
                asyncio.get_running_loop().call_soon(self.count)
            begun[self.turn] += 1
            while begun.total() < 24:
                await asyncio.sleep(0.001)
            return answering("yes").send(request, timeouts)

        def count(self) -> None:
            self.turn += 1
            if begun.total() < 24:
                asyncio.get_running_loop().call_soon(self.count)

        def astream(self, request: HttpRequest, timeouts: Timeouts) -> Any:
            raise NotImplementedError

    run = opened(tmp_path, service, prompts(24))
    assert sent(run, concurrency=24, transport=Waiting()).counts.answered == 24
    assert max(begun.values()) <= 2


def test_no_more_calls_are_begun_than_there_are_rows_left(
    tmp_path: Path, service: BulkService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_pure.bulk.local_loop.START_INTERVAL_S", 0.1)
    run = opened(tmp_path, service, ["a", *[""] * 80])
    began_s = monotonic()
    assert sent(run, concurrency=80).counts.answered == 1
    assert monotonic() - began_s < 80 * 0.1


def test_stopping_waits_for_what_is_in_flight(tmp_path: Path) -> None:
    service = BulkService(0.1)
    with bulk_service(service) as service.url:
        run = opened(tmp_path, service, prompts(40))
        stopper = Stopper()

        async def main() -> RunSummary:
            asyncio.get_running_loop().call_later(0.25, stopper.stop)
            return await arun_local(run, concurrency=8, stopper=stopper)

        summary = asyncio.run(main())
        assert summary.reason == "interrupted"
        assert 8 <= summary.counts.answered == summary.sends < 40
        assert sent(run).counts.answered == 40
    assert set(service.prompts.values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_stop_a_run_and_are_handled_as_before_afterwards(
    number: signal.Signals, tmp_path: Path, service: BulkService
) -> None:
    run, received = opened(tmp_path, service, ["[hang]", "a"]), list[int]()
    before = signal.signal(number, lambda number, _: received.append(number))

    def stop_twice(progress: Progress) -> None:
        if progress.counts.answered == 1:
            os.kill(os.getpid(), number)

    try:
        summary = sent(run, on_progress=stop_twice, progress_s=0.01)
        during = list(received)
        os.kill(os.getpid(), number)
    finally:
        signal.signal(number, before)
    assert (summary.reason, summary.counts.answered, summary.counts.open) == ("interrupted", 1, 1)
    assert (during, received) == ([], [number])


def test_signals_that_are_ignored_stay_so(tmp_path: Path, service: BulkService) -> None:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in NUMBERS}

    def send_all(_: Progress) -> None:
        for number in NUMBERS:
            os.kill(os.getpid(), number)

    try:
        run = opened(tmp_path, service, prompts(8))
        summary = sent(run, on_progress=send_all, progress_s=0.01)
        kept = {signal.getsignal(number) for number in NUMBERS}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (summary.reason, summary.counts.answered, kept) == ("finished", 8, {signal.SIG_IGN})


def test_the_second_stop_ends_at_once(tmp_path: Path, service: BulkService) -> None:
    run = opened(tmp_path, service, ["[hang]", "[hang]", "a"])
    stopper = Stopper()

    async def main() -> RunSummary:
        loop = asyncio.get_running_loop()
        loop.call_later(0.3, stopper.stop)
        loop.call_later(0.4, stopper.stop)
        return await asyncio.wait_for(arun_local(run, stopper=stopper), 5)

    summary = asyncio.run(main())
    assert (summary.reason, summary.counts.answered, summary.counts.open) == ("interrupted", 1, 2)


def test_a_retry_that_waits_is_given_up_when_the_run_stops(
    tmp_path: Path, service: BulkService
) -> None:
    run = opened(tmp_path, service, ["a [500 html]"])
    stopper = Stopper()

    async def main() -> RunSummary:
        asyncio.get_running_loop().call_later(0.3, stopper.stop)
        return await asyncio.wait_for(
            arun_local(run, stopper=stopper, retry=RetryPolicy(initial_backoff_s=30)), 5
        )

    assert asyncio.run(main()).counts.open == 1


def test_workers_with_shards_of_their_own_share_leases_and_answer_every_row_once(
    tmp_path: Path, service: BulkService
) -> None:
    """What an engine of many machines does: one lock, one number of the start, a log for each worker."""
    run = opened(tmp_path, service, prompts(30))
    config = run.config().unwrap()
    store = InMemoryLeases(Decimal(1))

    async def worker(shard: Shard) -> RunSummary:
        options = LoopOptions(
            concurrency=4,
            limit=RateLimit(),
            transport="aiohttp",
            rows=shard.rows,
            worker=f"worker{shard.number}",
            start=7,
        )
        mine = open_run(run.directory).unwrap()
        return await LocalLoop(mine, config, mine.states(), store, Stopper(), options).run()

    async def main() -> list[RunSummary]:
        with run.lock().unwrap():
            return await asyncio.gather(*[worker(shard) for shard in run.shards(shard_rows=10)])

    assert [summary.sends for summary in asyncio.run(main())] == [10, 10, 10]
    names = [path.name for path in log_paths(run.directory)]
    assert names == [f"worker{number}-0007.jsonl" for number in range(3)]
    assert run_status(run).counts.answered == 30
    assert set(service.prompts.values()) == {1}
    assert store.workers() == ()


def test_no_more_calls_are_in_flight_than_files_may_be_open(
    tmp_path: Path, service: BulkService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (40, 64))
    limits: list[Any] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    assert (possible_concurrency(8), limits) == (8, [])
    assert (possible_concurrency(16), limits) == (16, [(48, 64)])
    assert (possible_concurrency(256), limits[-1]) == (32, (64, 64))
    service.delay_s = 0.05
    assert sent(opened(tmp_path, service, prompts(80)), concurrency=256).counts.answered == 80
    assert service.most_in_flight <= 32


def test_progress_is_reported(tmp_path: Path, service: BulkService) -> None:
    seen: list[Progress] = []
    sent(opened(tmp_path, service, prompts(30)), on_progress=seen.append, progress_s=0.01, budget=1)
    assert seen[-1].counts.answered == 30
    assert seen[-1].left_usd == 1 - 30 * COST
    assert any(progress.in_flight for progress in seen)


def test_typed_answers_are_values_and_others_are_errors(tmp_path: Path) -> None:
    config = LLMConfig(api_type="openai", model="gpt-4o-mini", api_key="k")
    run = open_run(tmp_path / "run", prompts(1), config=config, schema=Verdict).unwrap()
    summary = run_local(run, transport=answering('{"prime": true}'))
    assert summary.counts.answered == 1
    assert [result.value for result in run.results()] == [Verdict(prime=True)]
    assert [result.value for result in open_run(tmp_path / "run").unwrap().results()] == [
        {"prime": True}
    ]
    other = open_run(tmp_path / "other", prompts(1), config=config, schema=Verdict).unwrap()
    assert run_local(other, transport=answering("no JSON")).counts.errors == {"protocol": 1}
    (result,) = other.results()
    assert result.completion is not None
    assert result.result.failure().kind == "protocol"


def test_status_of_a_run_that_is_killed_is_read_from_its_log(
    tmp_path: Path, service: BulkService
) -> None:
    run = opened(tmp_path, service, prompts(5))
    assert run_status(run).state == "planned"
    sent(run)
    log = log_paths(tmp_path / "run")[0]
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:3]) + lines[3][:50])  # as kill -9 leaves it
    status = run_status(open_run(tmp_path / "run").unwrap())
    assert (status.state, status.counts.answered, status.open) == ("killed", 3, 2)
    assert sent(run).sends == 2


def test_a_snapshot_of_states_is_used_and_no_longer_than_it_holds(
    tmp_path: Path, service: BulkService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_pure.bulk.run_directory.SNAPSHOT_LINES", 2)
    run = opened(tmp_path, service, ["a", "b", "c [400]"])
    sent(run)
    counts = run.states().counts()
    assert (tmp_path / "run" / "states.bin").exists()
    assert run.states().counts() == counts
    log = log_paths(tmp_path / "run")[0]
    log.write_bytes(log.read_bytes()[:20])  # shorter than the snapshot knew it
    assert run.states().counts() == {(0, ""): 3}


class Disk:
    """A disk that is full after some bytes, but for what the spare file holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, left: int, spare: int) -> None:
        self.left, self.spare = left, spare
        self._write, self._unlink = os.write, Path.unlink
        monkeypatch.setattr("llm_pure.bulk.log_files.os.write", self.write)
        monkeypatch.setattr(Path, "unlink", lambda path, **more: self.unlink(path, **more))

    def write(self, descriptor: int, data: bytes) -> int:
        room = min(len(data), self.left)
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= room
        return self._write(descriptor, data[:room])

    def unlink(self, path: Path, **more: Any) -> None:
        if "spare" in path.name:
            self.left += self.spare
        self._unlink(path, **more)


def test_a_full_disk_stops_the_run_and_loses_nothing(
    tmp_path: Path, service: BulkService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = opened(tmp_path, service, prompts(60))
    with monkeypatch.context() as patch:
        Disk(patch, left=8_000, spare=64_000)
        summary = sent(run)
    assert summary.reason == "disk"
    assert summary.message.startswith("no space left on the disk of the run")
    assert summary.sends < 60
    assert run.states().counts()[1, ""] == service.answered.total()
    assert sent(run).counts.answered == 60
    assert set(service.prompts.values()) == {1}


def test_lines_that_no_spare_space_holds_are_written_once_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_pure.bulk import Done

    log = LogWriter(tmp_path, "local", 1, calls=1)
    with monkeypatch.context() as patch:
        Disk(patch, left=100, spare=0)
        for number in range(2):
            with pytest.raises(LogFull):
                log.write(Done(id=f"{number:032x}"))
    log.close()
    lines = log.path.read_bytes().splitlines()
    assert [json.loads(line)["id"][-1] for line in lines] == ["0", "1"]


def test_a_directory_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, service: BulkService, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    error = open_run(tmp_path / "file" / "run", prompts(1), config=config_of(service)).failure()
    assert "there is a file" in error.message
    run = opened(tmp_path, service, prompts(1))

    def forbidden(*arguments: Any, **more: Any) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", forbidden)  # the folder is another user's
        error = open_run(tmp_path / "run").failure()
        assert error.message == f"the run {tmp_path / 'run'} cannot be read: Permission denied"

    def read_only(*arguments: Any, **more: Any) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("llm_pure.bulk.run_lock.os.open", read_only)
    summary = sent(run)
    assert (summary.reason, summary.sends) == ("disk", 0)
    assert summary.message.endswith("cannot be written: Read-only file system")


@pytest.mark.parametrize("name", ["run.json", "index.bin"])
def test_a_damaged_run_is_a_clear_error(name: str, tmp_path: Path, service: BulkService) -> None:
    opened(tmp_path, service, prompts(1))
    (tmp_path / "run" / name).write_bytes(b"{")
    assert open_run(tmp_path / "run").failure().kind == "configuration"


def test_a_run_that_is_dropped_leaves_no_descriptor_open(tmp_path: Path) -> None:
    def look() -> int:
        run = open_run(tmp_path / "run", ["a", "b"], config=LLMConfig(model="m")).unwrap()
        return len([run.row(number) for number in range(2)])

    folder = Path("/dev/fd")
    look()
    before = len(list(folder.iterdir()))
    assert look() == 2
    assert len(list(folder.iterdir())) == before


def test_a_directory_without_a_run_and_a_missing_input_are_errors(tmp_path: Path) -> None:
    assert "is no run" in open_run(tmp_path).failure().message
    config = LLMConfig(model="m")
    assert (
        "cannot be read"
        in open_run(tmp_path, tmp_path / "none.jsonl", config=config).failure().message
    )
