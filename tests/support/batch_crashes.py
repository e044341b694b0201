"""`python -m tests.support.batch_crashes 100`: provider batches that crash after every HTTP exchange, for each shape and seed.

For each seed a run goes to its end against the fake service, crashing once after its first exchange, then another run after
its second, and so on; then one that crashes at several places. After each: every id in exactly one state, no job created
twice, no answer missing that the service gave, every answer that of its row.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from llm_pure import LLMConfig
from llm_pure.adapters import registry as default_registry
from llm_pure.bulk import Run, open_run
from llm_pure.bulk.batch_events import OVER
from llm_pure.bulk.entries import Done, Sent
from llm_pure.bulk.provider_batches import ProviderSummary, job_states, run_provider
from llm_pure.core.batch_api import BatchApi
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.transports.base import StreamingResponse, Timeouts
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import LLMResult, Success
from tests.support.batches import SHAPES, FakeBatches
from tests.support.batches.jobs import FINAL, NOT_RUN

API_TYPES = {
    "files": ("openai", "/v1"),
    "together": ("together", "/v1"),
    "anthropic": ("anthropic", ""),
    "gemini": ("gemini", ""),
    "mistral": ("mistral", "/v1"),
    "openrouter": ("openrouter", "/v1"),
    "xai": ("xai", "/v1"),
    "bedrock": ("bedrock", ""),
    "bedrock_invoke": ("bedrock_invoke", ""),
    "vertex": ("vertex", ""),
    "vertex_claude": ("vertex_anthropic", ""),
    "fireworks": ("fireworks", "/inference/v1"),
}
"""Shape -> a provider with it, and the path of its base URL."""
MODEL = "some-model"
MODELS = {"bedrock_invoke": "anthropic.claude-haiku-4-5", "vertex_claude": "claude-haiku-4-5"}
"""Models of services that must know what they are."""
ROWS = 7
JOB_ROWS = 4
PIECE = 50


class CrashError(BaseException):
    """The process is gone: no code of ours sees this as an error."""


class FakeBody:
    """The body of a response, in pieces."""

    def __init__(self, response: HttpResponse, *, crashes: bool) -> None:
        self.head = response.head
        self._body = response.body
        self._crashes = crashes

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        body = self._body
        for start in range(0, len(body), PIECE):
            if self._crashes and start >= len(body) // 2:
                raise CrashError
            yield Success(body[start : start + PIECE])
        if self._crashes:
            raise CrashError


class FakeTransport:
    """A transport to a fake service in this process, which ends the process after some exchanges."""

    needs_credentials = True

    def __init__(self, fake: FakeBatches, crashes: frozenset[int] = frozenset()) -> None:
        self.fake = fake
        self.crashes = crashes
        self.exchanges = 0

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Answer; the service has done its part before a crash."""
        response = self.fake.handle(request)
        self.exchanges += 1
        if self.exchanges in self.crashes:
            raise CrashError
        return Success(response)

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """Answer in pieces of 50 bytes; a crash comes in the middle of the body."""
        response = self.fake.handle(request)
        self.exchanges += 1
        yield Success(FakeBody(response, crashes=self.exchanges in self.crashes))


class Broken(AssertionError):
    """A law that did not hold."""


def small_jobs(name: str, *, inline: bool) -> Registry:
    """The providers, of which this one takes jobs of a few rows, and uploads the lines of every job unless `inline` is set."""
    provider = default_registry.get(name).unwrap()

    def make_batch(provider: Provider) -> BatchApi:
        assert base is not None
        api: BatchApi = base(provider)
        inline_bytes = api.limits.inline_bytes if inline else None
        return replace(api, limits=replace(api.limits, min_requests=1, inline_bytes=inline_bytes))

    base = provider.make_batch
    return default_registry.with_provider(name, replace(provider, make_batch=make_batch))


def storage_fields(shape: str, url: str) -> dict[str, Any]:
    """What the configuration of a service with a bucket or an account has besides."""
    match shape.partition("_")[0]:
        case "bedrock":
            return {
                "access_key": "AKIAIOSFODNN7EXAMPLE",
                "secret_key": "k-secret-0123456789",
                "region_name": "us-east-1",
                "batch_uri": "s3://bucket/runs",
                "batch_role": "arn:aws:iam::123456789012:role/batches",
                "storage_endpoint": f"{url}/s3",
            }
        case "vertex":
            return {
                "project": "project-1",
                "location": "us-central1",
                "batch_uri": "gs://bucket/runs",
                "storage_endpoint": f"{url}/gcs",
            }
        case "fireworks":
            return {"account_id": "account-1"}
    return {}


def plan_run(directory: Path, shape: str, rows: int = ROWS, *, inline: bool = True) -> Run:
    """A run of these rows at a provider with this shape. inline: small jobs are sent without a file where that can be."""
    name, path = API_TYPES[shape]
    config = LLMConfig(
        api_type=name,
        model=MODELS.get(shape, MODEL),
        api_key="k-0123456789",
        base_url=f"https://fake.test{path}",
        **storage_fields(shape, "https://fake.test"),
    )
    prompts = [{"prompt": f"row {number}"} for number in range(rows)]
    registry = small_jobs(name, inline=inline)
    return open_run(directory, prompts, config=config, registry=registry).unwrap()


def drive(run: Run, transport: FakeTransport, **options: Any) -> ProviderSummary:
    """One part of the run, on the fake's clock."""
    fake = transport.fake

    def sleep(seconds: float) -> None:
        fake.clock_s += max(1, round(seconds))

    options = {"max_requests": JOB_ROWS, "max_rounds": 4, **options}
    return run_provider(
        run, transport=transport, clock=lambda: float(fake.clock_s), sleep=sleep, **options
    )


def one_run(shape: str, seed: int, crashes: frozenset[int], directory: Path) -> int:
    """Plan, send, crash, go on until the run is over; check the laws. Returns the number of exchanges."""
    fake = FakeBatches(shape, seed)
    run = plan_run(directory, shape, inline=seed % 2 == 0)
    transport = FakeTransport(fake, crashes)
    for _ in range(60 + len(crashes)):  # each part of the run may end in a crash
        try:
            summary = drive(run, transport)
        except CrashError:
            run = open_run(directory, config=run.config().unwrap(), registry=run.registry).unwrap()
            continue
        if summary.reason != "error" and not summary.left and not summary.counts.passing:
            break
        run = open_run(directory, config=run.config().unwrap(), registry=run.registry).unwrap()
    else:
        raise Broken("the run has not ended")
    check(fake, run)
    return transport.exchanges


def check(fake: FakeBatches, run: Run) -> None:
    """Raise Broken unless the laws hold."""
    states = job_states(run)
    if any(state.phase not in OVER for state in states.values()):
        raise Broken("a job is not over")
    keys = [job.key for job in fake.jobs if job.key]
    files = [job.input_file for job in fake.jobs if job.input_file]
    for names in (keys, files):
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise Broken(f"jobs were created twice: {twice}")
    sent = [entry for entry in run.entries() if isinstance(entry, Sent)]
    # without a key a job that ended without any result is not recognized as ours: nothing of it was paid
    done = [job for job in fake.jobs if set(job.outcomes) != {"missing"}]
    if len(done) > len(sent):
        raise Broken(f"{len(done)} jobs were created for {len(sent)} that were planned")
    ids = {run.index.id(row).hex(): row for row in range(len(run))}
    for name, row in ids.items():
        outcomes = [job.outcome_of(name) for job in fake.jobs if name in [one.custom_id for one in job.rows]]  # fmt: skip
        final = [outcome for outcome in outcomes if outcome in FINAL]
        if len(final) != 1 or outcomes[-1] not in FINAL:
            raise Broken(f"row {row} was in jobs with the outcomes {outcomes}")
    answers = Counter(entry.id for entry in run.entries() if isinstance(entry, Done) and entry.completion)  # fmt: skip
    if max(answers.values(), default=1) > 1:
        raise Broken(f"answers were written twice: {answers}")
    results = {result.row.index: result for result in run.results()}
    if sorted(results) != list(range(len(run))):
        raise Broken(f"rows without an end: {set(range(len(run))) - set(results)}")
    for row, result in results.items():
        name = run.index.id(row).hex()
        job = [job for job in fake.jobs if name in [one.custom_id for one in job.rows]][-1]
        good = job.outcome_of(name) == "ok"
        text = result.result.map(lambda completion: completion.text).value_or(None)
        if (text == f"answer to row {row}") != good:
            raise Broken(f"row {row} ended as {job.outcome_of(name)} and is {result.result}")
        assert job.outcome_of(name) not in NOT_RUN


def all_crashes(shape: str, seed: int, folder: Path) -> int:
    """Runs that crash once at each place, and one that crashes at several; return the number of runs."""
    exchanges = one_run(shape, seed, frozenset(), folder / "plain")
    chance = Random(seed)
    places = [frozenset({place}) for place in range(1, exchanges + 1)]
    places.append(frozenset(place for place in range(1, 3 * exchanges) if chance.random() < 0.3))
    for number, crashes in enumerate(places):
        try:
            one_run(shape, seed, crashes, folder / f"run-{number}")
        except Exception as error:
            error.add_note(f"shape {shape}, seed {seed}, crashes {sorted(crashes)}")
            raise
    return len(places) + 1


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: the runs flush their logs to the disk often."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


def main() -> int:
    """0 if all laws held."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    shapes = sys.argv[2:] or list(SHAPES)
    began_s = time.process_time()
    for shape in shapes:
        runs = 0
        for seed in range(seeds):
            with memory_folder() as folder:
                runs += all_crashes(shape, seed, folder)
        took_s = time.process_time() - began_s
        print(f"{shape}: {seeds} seeds, {runs} runs, a crash after every exchange: every id in one state, no job twice ({took_s:.0f} s CPU)")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
