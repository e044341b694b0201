"""The provider driver: prices, budgets, waiting, cancelling, cleaning, rounds, secrets, and crashes in small."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from llm_pure import ChatRequest, LLMConfig, Tool, answering
from llm_pure.adapters import registry as default_registry
from llm_pure.bulk import Run, open_run, run_local
from llm_pure.bulk.entries import Done, Job, Sent
from llm_pure.bulk.provider_batches import (
    ProviderSummary,
    cancel,
    clean,
    job_records,
    job_states,
    living_jobs,
    run_provider,
)
from llm_pure.core.registry import Registry
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure
from tests.support.batch_crashes import FakeTransport, all_crashes, drive, memory_folder, plan_run
from tests.support.batches import SHAPES, FakeBatches

KEY = "k-0123456789-canary"
PROMPTS = [{"prompt": f"row {number}"} for number in range(5)]


def opened(directory: Path, rows: Any = PROMPTS, **settings: Any) -> Run:
    """A run at OpenAI, with the fake in its place."""
    config = LLMConfig(
        api_type="openai", model="gpt-5-mini", api_key=KEY, base_url="https://fake.test/v1"
    )
    return open_run(directory, rows, config=config, **settings).unwrap()


def texts(run: Run) -> list[str]:
    """The text of each row, or the kind of its error."""
    return [
        result.result.failure().kind
        if isinstance(result.result, Failure)
        else result.result.unwrap().text
        for result in run.results()
    ]


def send(run: Run, fake: FakeBatches, **options: Any) -> ProviderSummary:
    return drive(run, FakeTransport(fake), **options)


def test_every_row_is_answered_at_the_batch_price(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    summary = send(run, FakeBatches("files"))
    assert (summary.reason, summary.left, summary.counts.answered) == ("finished", 0, 5)
    assert texts(run) == [f"answer to row {number}" for number in range(5)]
    per_row = Decimal(
        "0.000007625"
    )  # 5 tokens in at 0.125, 7 out at 1 USD a million: half of the live prices
    assert summary.counts.cost_usd == 5 * per_row
    assert [record.phase for record in job_records(run)] == ["collected", "collected"]


def test_a_second_part_of_a_finished_run_sends_nothing(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), FakeBatches("files")
    send(run, fake)
    before = len(fake.requests)
    assert send(run, fake).reason == "finished"
    assert len(fake.requests) == before


def test_what_a_job_can_cost_is_on_disk_before_its_upload(tmp_path: Path) -> None:
    run = opened(tmp_path / "run", request=ChatRequest(messages=(), max_tokens=100))

    class Watching(FakeBatches):
        def handle(self, request: Any) -> HttpResponse:
            if not self.requests:
                first = next(entry for entry in run.entries() if isinstance(entry, Job))
                assert first.state == "planned"
                assert Decimal(first.data["reserved_usd"]) > Decimal(5 * 100) / 1_000_000
            return super().handle(request)

    summary = send(run, Watching("files"), budget="1", max_requests=10)
    assert (summary.reason, summary.error) == ("finished", None)


def test_a_budget_that_does_not_reach_sends_nothing(tmp_path: Path) -> None:
    run = opened(tmp_path / "run", request=ChatRequest(messages=(), max_tokens=100))
    fake = FakeBatches("files")
    summary = send(run, fake, budget="0.0001")
    assert summary.reason == "budget"
    assert summary.error is not None
    assert summary.error.kind == "budget_exceeded"
    assert (fake.requests, summary.left) == ([], 5)
    assert send(run, fake, budget="1").reason == "finished"


def test_a_budget_for_one_job_at_a_time_answers_all(tmp_path: Path) -> None:
    run = opened(tmp_path / "run", request=ChatRequest(messages=(), max_tokens=100))
    fake = SlowFake(2)
    summary = send(run, fake, budget="0.0003", max_requests=2)
    assert (summary.reason, summary.counts.answered) == ("finished", 5)
    assert len(fake.jobs) == 3
    assert summary.counts.cost_usd < Decimal("0.0003")


def test_a_budget_needs_a_price_and_no_row_is_spoiled(tmp_path: Path) -> None:
    config = LLMConfig(api_type="openai", model="unheard-of", api_key=KEY, base_url="https://fake.test/v1")  # fmt: skip
    run = open_run(tmp_path / "run", PROMPTS, config=config).unwrap()
    fake = FakeBatches("files")
    summary = send(run, fake, budget="1")
    assert summary.error is not None
    assert (summary.reason, summary.error.kind) == ("error", "price_unknown")
    assert (fake.requests, summary.counts.open) == ([], 5)
    assert send(run, fake).counts.answered == 5


def test_without_waiting_the_jobs_are_left_to_a_later_part(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), SlowFake(3)
    summary = send(run, fake, wait=False)
    assert (summary.reason, summary.counts.answered) == ("waiting", 0)
    assert len(living_jobs(run)) == 2
    assert send(run, fake, wait=False).reason == "waiting"
    assert send(run, fake).reason == "finished"
    assert len(fake.jobs) == 2


def test_rows_of_jobs_under_way_are_not_sent_by_single_calls(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), SlowFake(3)
    send(run, fake, wait=False)
    summary = run_local(run, transport=answering("paid twice"))
    assert isinstance(summary.error, InvalidConfiguration)
    assert (summary.error.field, summary.sends, summary.counts.open) == ("provider_batch", 0, 5)
    send(run, fake)
    assert run_local(run, transport=answering("paid twice")).reason == "finished"


class SlowFake(FakeBatches):
    """Jobs end after some polls, with these rows not answered."""

    def __init__(self, polls: int, missing: tuple[str, ...] = ()) -> None:
        super().__init__("files")
        self._polls, self._missing = polls, missing

    def add_job(self, prefix: str, rows: Any, **fields: Any) -> Any:
        job = super().add_job(prefix, rows, **fields)
        job.polls = self._polls
        job.outcomes = ["missing" if row.prompt in self._missing else "ok" for row in job.rows]
        return job


def test_a_cancelled_job_keeps_what_it_has_done(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), SlowFake(3)
    send(run, fake, wait=False, max_requests=10)
    (job,) = fake.jobs
    job.outcomes = ["ok", "ok", "missing", "missing", "missing"]
    summary = cancel(run, **_options(fake))
    assert [request.url[-7:] for request in fake.requests if "cancel" in request.url] == ["/cancel"]
    assert (summary.reason, summary.jobs[0].phase) == ("finished", "cancelled")
    assert len(fake.jobs) == 1
    assert summary.counts.answered + summary.left == 5


def _options(fake: FakeBatches) -> dict[str, Any]:
    def sleep(seconds: float) -> None:
        fake.clock_s += max(1, round(seconds))

    return {
        "transport": FakeTransport(fake),
        "clock": lambda: float(fake.clock_s),
        "sleep": sleep,
    }


def test_clean_deletes_files_of_jobs_that_are_over_only(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), SlowFake(3)
    send(run, fake, wait=False)
    clean(run, **_options(fake))
    assert len(fake.files) == 2
    send(run, fake)
    assert len(fake.files) == 4
    summary = clean(run, **_options(fake))
    assert (fake.files, [record.deleted for record in summary.jobs]) == ({}, [True, True])
    before = len(fake.requests)
    clean(run, **_options(fake))
    assert len(fake.requests) == before
    assert texts(run) == [f"answer to row {number}" for number in range(5)]


def test_a_row_without_a_result_goes_into_a_bounded_number_of_jobs(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), SlowFake(0, missing=("row 3",))
    summary = send(run, fake, max_rounds=2, max_requests=10)
    assert (summary.reason, summary.left, summary.counts.answered) == ("finished", 1, 4)
    assert [len(job.rows) for job in fake.jobs] == [5, 1]


def test_a_full_queue_makes_smaller_jobs(tmp_path: Path) -> None:
    class Full(FakeBatches):
        def add_job(self, prefix: str, rows: Any, **fields: Any) -> Any:
            job = super().add_job(prefix, rows, **fields)
            if len(rows) > 2:
                job.ending, job.error_code = "failed", "token_limit_exceeded"
                job.outcomes = ["missing"] * len(rows)
            return job

    run, fake = opened(tmp_path / "run"), Full("files")
    summary = send(run, fake, max_requests=10, max_rounds=1)
    assert (summary.reason, summary.counts.answered) == ("finished", 5)
    assert [len(job.rows) for job in fake.jobs] == [5, 3, 2, 2, 1]


def test_a_row_that_cannot_be_sent_is_an_error_and_the_others_are_answered(tmp_path: Path) -> None:
    rows = [{"prompt": "row 0"}, {"messages": []}, {"prompt": "row 2"}]
    run = opened(tmp_path / "run", rows)
    summary = send(run, FakeBatches("files"))
    assert (summary.counts.answered, summary.counts.failed) == (2, 1)
    ((entry),) = [entry for entry in run.entries() if isinstance(entry, Done) and entry.error]
    assert isinstance(entry.error, InvalidRequest)


def test_a_job_holds_at_most_so_many_rows(tmp_path: Path) -> None:
    fake = FakeBatches("files")
    send(opened(tmp_path / "run"), fake, max_requests=2)
    assert [len(job.rows) for job in fake.jobs] == [2, 2, 1]


def at_least(count: int) -> Registry:
    """The providers, of which OpenAI takes jobs of so many requests at least."""
    provider = default_registry.get("openai").unwrap()
    api = provider.batch
    assert api is not None
    api = replace(api, limits=replace(api.limits, min_requests=count))
    return default_registry.with_provider("openai", replace(provider, make_batch=lambda _: api))


@pytest.mark.parametrize(
    ("rows", "least", "most", "sizes", "left"),
    [
        (7, 100, None, [], 7),
        (7, 3, 5, [4, 3], 0),
        (5, 3, 4, [4], 1),  # too few for two
        (9, 3, 4, [4, 4], 1),
        (6, 3, 3, [3, 3], 0),
    ],
)
def test_no_job_is_smaller_than_the_service_takes(
    rows: int, least: int, most: int | None, sizes: list[int], left: int, tmp_path: Path
) -> None:
    prompts = [{"prompt": f"row {number}"} for number in range(rows)]
    run, fake = opened(tmp_path / "run", prompts, registry=at_least(least)), FakeBatches("files")
    summary = send(run, fake, max_requests=most)
    assert [len(job.rows) for job in fake.jobs] == sizes
    message = f"a batch of openai has at least {least} rows, and {left} are left: send them by single calls, with --finish live"
    assert (summary.reason, summary.left, summary.message) == ("finished", left, message if left else "")  # fmt: skip
    assert sizes or not fake.requests


def test_jobs_below_the_services_minimum_are_refused(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run", registry=at_least(3)), FakeBatches("files")
    summary = send(run, fake, max_requests=2)
    message = "a batch of openai has at least 3 rows, and 2 are to be the most"
    assert (summary.reason, summary.message, fake.requests) == ("error", message, [])


def test_a_provider_without_batches_is_refused(tmp_path: Path) -> None:
    config = LLMConfig(api_type="ollama", model="m", base_url="https://fake.test")
    run = open_run(tmp_path / "run", PROMPTS, config=config).unwrap()
    summary = send(run, FakeBatches("files"))
    assert summary.reason == "error"
    assert isinstance(summary.error, UnsupportedFeature)


def test_a_run_has_one_driver(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    with run.lock().unwrap():
        summary = send(run, FakeBatches("files"))
    assert isinstance(summary.error, InvalidConfiguration)


@pytest.mark.parametrize("shape", ["files", "together", "gemini"])
def test_no_key_and_no_signed_url_is_in_the_run(tmp_path: Path, shape: str) -> None:
    run = plan_run(tmp_path / "run", shape, inline=False)
    assert drive(run, FakeTransport(FakeBatches(shape))).reason == "finished"
    data = b"".join([path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()])
    assert b"k-0123456789" not in data
    assert b"signature=" not in data
    assert b"upload_id" not in data


def test_the_callers_names_of_tools_come_back(tmp_path: Path) -> None:
    class Calling(FakeBatches):
        def handle(self, request: Any) -> HttpResponse:
            response = super().handle(request)
            if not request.url.endswith("/content"):
                return response
            (job,) = self.jobs
            name = job.rows[0].body["tools"][0]["function"]["name"]
            assert name != "look up"
            line = msgspec.json.decode(response.body)
            line["response"]["body"]["choices"][0]["message"] = {
                "role": "assistant", "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": name, "arguments": "{}"}}],
            }  # fmt: skip
            return HttpResponse(200, (), msgspec.json.encode(line) + b"\n")

    tool = Tool(name="look up", parameters={"type": "object", "properties": {}})
    run = opened(tmp_path / "run", [ChatRequest(messages="row 0", tools=(tool,))])
    send(run, Calling("files"))
    (result,) = run.results()
    assert [call.name for call in result.result.unwrap().tool_calls] == ["look up"]


def test_typed_answers_are_checked(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    run = opened(tmp_path / "run", schema=schema)
    summary = send(run, FakeBatches("files"))
    assert (summary.counts.answered, summary.counts.failed) == (0, 5)
    assert set(summary.counts.errors) == {"protocol"}
    assert summary.counts.cost_usd > 0


def test_an_interrupted_part_leaves_its_jobs(tmp_path: Path) -> None:
    run, fake = opened(tmp_path / "run"), SlowFake(3)
    summary = send(run, fake, stopping=lambda: len(fake.requests) >= 4)
    assert summary.reason == "interrupted"
    assert len(living_jobs(run)) == 2
    assert send(run, fake).reason == "finished"
    assert len(fake.jobs) == 2


def test_a_wrong_key_stops_the_run_and_its_rows_stay_open(tmp_path: Path) -> None:
    class Refusing(FakeBatches):
        def handle(self, request: Any) -> HttpResponse:
            self.requests.append(request)
            body = (
                b'{"error":{"message":"Incorrect API key provided: %s","code":"invalid_api_key"}}'
            )
            return HttpResponse(401, (), body % KEY.encode())

    run = opened(tmp_path / "run")
    summary = send(run, Refusing("files"))
    assert summary.reason == "breaker"
    assert summary.error is not None
    assert KEY not in summary.error.message
    assert summary.counts.open == 5
    fake = FakeBatches("files")
    assert send(run, fake).counts.answered == 5


def test_a_job_is_planned_in_the_log_before_anything_is_sent(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    send(run, FakeBatches("files"), max_requests=10)
    kinds = [entry.state if isinstance(entry, Job) else type(entry).__name__ for entry in run.entries()]  # fmt: skip
    assert kinds == [
        "Sent", "planned", "uploading", "uploaded", "creating", "running", "collecting", *["Done"] * 5, "collected", "Stopped",
    ]  # fmt: skip
    (state,) = job_states(run).values()
    assert len(state.ended) == 5
    (sent,) = [entry for entry in run.entries() if isinstance(entry, Sent)]
    assert sent.rows == (0, 1, 2, 3, 4)


def test_unknown_options_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        run_provider(opened(tmp_path / "run"), budgets=1)
    summary = send(opened(tmp_path / "run"), FakeBatches("files"), budget="much")
    assert isinstance(summary.error, InvalidConfiguration)
    assert summary.error.field == "budget"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_crash_after_every_exchange_loses_nothing(shape: str, seed: int) -> None:
    """`python -m tests.support.batch_crashes 100` does it for a hundred seeds."""
    with memory_folder() as folder:
        assert all_crashes(shape, seed, folder) > 2
