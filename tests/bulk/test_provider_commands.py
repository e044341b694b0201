"""`llm-pure batch` with a provider's batch service on loopback: run, status, resume, cancel, clean, and their exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_pure.cli.main import main
from tests.support.batches import FakeBatches, serve_batches
from tests.support.batches.jobs import FakeJob, FakeRow

KEY = "sk-canary-4815162342"


class Service(FakeBatches):
    """Jobs end after some polls; single calls are answered too."""

    def __init__(self) -> None:
        super().__init__("files")
        self.polls = 0
        self.missing: set[str] = set()
        self.refused = False

    def add_job(self, prefix: str, rows: list[FakeRow], **fields: object) -> FakeJob:
        job = super().add_job(prefix, rows, **fields)
        job.polls = self.polls
        job.outcomes = ["missing" if row.prompt in self.missing else "ok" for row in rows]
        if self.refused:
            job.outcomes = ["refused"] * len(rows)
        return job


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with serve_batches(Service()) as fake:
        assert isinstance(fake, Service)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{fake.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("LLM_PURE_MODEL", "openai:gpt-4o-mini")
        monkeypatch.chdir(tmp_path)
        rows = [json.dumps({"prompt": f"row {number}"}) for number in range(4)]
        Path("in.jsonl").write_text("\n".join(rows), "utf-8")
        yield fake


def batch(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["batch", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


RUN = ("run", "in.jsonl", "-o", "run", "--provider-batch")


def test_run_waits_and_writes_the_results(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = batch(capsys, *RUN)
    assert (code, "finished: 4 of 4 rows answered" in err) == (0, True)
    texts = [json.loads(line)["llm_text"] for line in Path("run/out.jsonl").read_text().splitlines()]  # fmt: skip
    assert texts == [f"answer to row {number}" for number in range(4)]
    files = [path for path in Path("run").rglob("*") if path.is_file()]
    assert KEY.encode() not in b"".join([path.read_bytes() for path in files])


def test_status_and_resume_of_jobs_under_way(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.polls = 2
    code, _, err = batch(capsys, *RUN, "--no-wait", "--job-rows", "3")
    assert (code, "waiting: 0 of 4 rows answered" in err) == (0, True)
    code, out, _ = batch(capsys, "status", "run")
    assert (code, out.count(": running"), "run: waiting" in out) == (0, 2, True)
    code, out, _ = batch(capsys, "status", "run", "--json")
    status = json.loads(out)
    assert (status["state"], len(status["jobs"]), status["open"]) == ("waiting", 2, 4)
    assert batch(capsys, "resume", "run", "--no-wait")[0] == 0
    code, _, err = batch(capsys, "resume", "run", "--no-wait")
    assert (code, "finished: 4 of 4 rows answered" in err) == (0, True)
    assert len(service.jobs) == 2


def test_cancel_keeps_what_was_done_and_resume_goes_on_with_jobs(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.polls = 3
    batch(capsys, *RUN, "--no-wait")
    code, _, err = batch(capsys, "cancel", "run")
    assert (code, "1 jobs are being cancelled" in err) == (0, True)
    service.jobs[0].polls = 0
    service.polls = 0
    code, _, err = batch(capsys, "resume", "run")  # fetches what the job has done
    assert (code, "0 of 4 rows answered" in err) == (3, True)
    code, _, err = batch(capsys, "resume", "run")
    assert (code, "4 of 4 rows answered" in err) == (0, True)
    assert [len(job.rows) for job in service.jobs] == [4, 4]


def test_clean_deletes_files_once_the_results_are_here(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    batch(capsys, *RUN)
    assert len(service.files) == 2
    code, _, err = batch(capsys, "clean", "run")
    assert (code, "1 of 1 jobs" in err, service.files) == (0, True, {})


def test_a_first_job_of_errors_alone_makes_no_more_jobs_and_says_how_to_go_on(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in.jsonl").write_text("".join([json.dumps({"prompt": f"row {n}"}) + "\n" for n in range(130)]))  # fmt: skip
    service.refused, service.polls = True, 0
    code, _, err = batch(capsys, *RUN, "--job-rows", "110")
    assert (code, len(service.jobs)) == (65, 2)
    assert "100 of 100 rows sent ended in errors (invalid_request 100)" in err
    assert "or, as it is: llm-pure batch resume run --max-errors 100%" in err
    assert "stop the jobs under way: llm-pure batch cancel run" in err
    code, _, err = batch(capsys, "resume", "run", "--max-errors", "100%")
    assert (code, "130 errors (invalid_request 130)" in err) == (3, True)
    assert len(service.jobs) == 2


def test_rows_that_jobs_leave_are_an_exit_code_of_their_own(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_pure.bulk.batch_job.RETRY_S", 0.01)  # results are read again
    service.missing = {"row 2"}
    code, _, err = batch(capsys, *RUN)
    assert (code, "3 of 4 rows answered, 1 open" in err) == (3, True)
    assert [len(job.rows) for job in service.jobs] == [4, 1]


def test_a_budget_that_does_not_reach_sends_nothing(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = batch(capsys, *RUN, "--max-tokens", "1000", "--max-cost", "0.0001")
    assert code == 4
    assert "can cost" in err
    assert service.requests == []


def test_a_provider_without_batches_is_named(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = batch(capsys, *RUN, "-m", "ollama:llama3")
    assert code != 0
    assert "ollama has no batch service" in err


def test_finish_live_sends_the_rest_by_single_calls(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_pure.bulk.batch_job.RETRY_S", 0.01)  # results are read again
    service.missing = {"row 2"}
    code, _, _ = batch(capsys, *RUN, "--finish", "live", "--transport", "httpx")
    assert code == 0
    assert [request.url.rpartition("/")[2] for request in service.requests if "chat" in request.url] == ["completions"]  # fmt: skip
