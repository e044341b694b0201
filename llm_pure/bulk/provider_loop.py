"""The loop of the provider driver: the commands of all jobs in the order of their times, one request after the other.

The events and commands of a job meet the rows, the log and the budget here.
"""

import heapq
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from llm_pure.bulk.batch_events import (
    OVER,
    Cancel,
    CancelRequested,
    Command,
    Create,
    Created,
    Event,
    Failed,
    Fetch,
    JobRecord,
    JobState,
    Listed,
    ListJobs,
    Log,
    Operation,
    Poll,
    Polled,
    Replan,
    Started,
    Stop,
    Upload,
    Uploaded,
)
from llm_pure.bulk.batch_exchange import Exchange
from llm_pure.bulk.batch_job import step
from llm_pure.bulk.batch_page import PageReading
from llm_pure.bulk.batch_pricing import BatchPrices
from llm_pure.bulk.batch_rows import BatchRows, Chunk, RowError
from llm_pure.bulk.entries import Job, Sent, Stopped
from llm_pure.bulk.error_limit import ErrorCount, parse_error_limit
from llm_pure.bulk.log_files import LogWriter, first_error
from llm_pure.bulk.loop_options import BREAKER_KINDS, FATAL_KINDS
from llm_pure.bulk.progress import Progress, run_counts
from llm_pure.bulk.provider_jobs import job_key, job_states
from llm_pure.bulk.provider_options import ProviderOptions, ProviderSummary
from llm_pure.bulk.row_ends import RowEnds, text_of_time
from llm_pure.bulk.run_directory import Run
from llm_pure.client.budgets import to_amount
from llm_pure.core.batch_api import BatchResult, JobPage
from llm_pure.types.errors import (
    BudgetExceeded,
    InvalidConfiguration,
    LLMError,
    RateLimited,
    UnsupportedFeature,
)
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult

FULL_QUEUE_S = 600.0
"""Wait before rows are sent again for which the service's queue was too full."""

A = TypeVar("A")


class ProviderLoop:
    """One part of a run at a batch service, from its lock to its last line."""

    def __init__(
        self, run: Run, exchange: Exchange, log: LogWriter, options: ProviderOptions
    ) -> None:
        """Raises ValueError for a budget that is no amount, and Rejected for jobs of fewer rows than the service takes."""
        budget = options.budget
        self._limit_usd = None if budget is None else to_amount(budget, "budget")
        prices = BatchPrices(exchange.target, options.prices, exchange.api.limits.discount)
        self._rows = BatchRows(run, exchange.target, exchange.api, prices)
        limits = [count for count in (options.max_requests, self._rows.max_requests) if count]
        self._rows.max_requests = min(limits, default=None)
        self._min_requests = exchange.api.limits.min_requests
        self._options = options
        self._clock = options.clock
        self._run = run
        self._exchange = exchange
        if options.max_requests is not None and options.max_requests < self._min_requests:
            message = f"{self._least()}, and {options.max_requests} are to be the most"
            remedy = "raise it (--job-rows), or leave it out"
            raise Rejected(
                InvalidConfiguration(message=message, field="max_requests", remedy=remedy)
            )
        self._log = log
        errors = ErrorCount(ok(parse_error_limit(options.max_errors)))
        self._ends = RowEnds(run, exchange.target, self._rows, prices, log, errors, options.clock)
        self._states = self._ends.states
        self._jobs = {
            key: msgspec.structs.replace(state, keeps_key=exchange.api.keeps_key)
            for key, state in job_states(run).items()
        }
        self._rounds: dict[str, int] = {}
        """How often a row went into a job in this part."""
        self._due: list[tuple[float, int, str, Command]] = []
        self._latest: dict[str, int] = {}
        """The last command of each job: it has one at a time."""
        self._count = 0
        self._postponed: list[tuple[tuple[str, ...], int]] = []
        """Rows for which the queue was too full, and the size of their jobs: sent when no other job is there."""
        self._missing: list[int] = []
        """Rows that go into new jobs next."""
        self._too_few: list[int] = []
        """Rows that are fewer than a job has at least: they wait for what other jobs leave."""
        self._unfunded: list[int] = []
        """Rows that the budget may have room for when other jobs have cost less than was reserved."""
        self._plans = True
        self._reason = ""
        self._error: LLMError | None = None
        self._note = ""
        """Why the run ends, if the message of the error is not all."""

    # The loop

    def drive(self, *, wait: bool, plan: bool, cancel: bool) -> None:
        """Do everything that can be done now. Raises Rejected and OSError if the run cannot go on."""
        self._plans = plan
        for key in [state.record.key for state in self._living()]:
            if cancel:
                self._feed(key, CancelRequested(self._clock()), go=False)
            if self._jobs[key].phase not in OVER:
                self._feed(key, Started(self._clock()))
        if plan:
            living = {name for state in self._living() for name in state.ids}
            self._plan(self._rows.open_rows(self._states, living))
        while not self._reason:
            if self._unfunded and not self._living():
                self._missing, self._unfunded = self._missing + self._unfunded, []
            if self._missing:
                rows, self._missing, self._too_few = [*self._missing, *self._too_few], [], []
                self._plan(rows)
                continue
            if not self._due:
                if not (self._postponed and wait and self._pause(FULL_QUEUE_S)):
                    break
                self._send_postponed()
                continue
            due_s, number, key, command = heapq.heappop(self._due)
            if self._latest.get(key) != number:
                continue
            wait_s = due_s - self._clock()
            if wait_s > 0 and not wait and isinstance(command, Poll):
                continue
            if self._pause(wait_s):
                self._request(key, command)
                if self._options.on_progress is not None:
                    self._options.on_progress(self._progress())
        self._reason = self._reason or ("waiting" if self._living() else "finished")
        if self._too_few and self._reason == "finished":
            message = f"{self._least()}, and {len(self._too_few):,} are left: send them by single calls, with --finish live"
            self._error = UnsupportedFeature(
                message=message, provider=self._exchange.api.provider, feature="min_requests"
            )
        now = text_of_time(self._clock())
        self._log.write(Stopped(reason=self._reason, message=self._message, at=now))

    def clean(self) -> None:
        """Delete what the service keeps of jobs that are over. A job that is not surely ours is left."""
        for key, state in self._jobs.items():
            record = state.record
            own = record.verified and not record.deleted and bool(record.job_id or record.file_id)
            if record.phase not in OVER or not own:
                continue
            deleted = self._exchange.delete(state)
            if isinstance(deleted, Failure):
                self._error = self._error or deleted.failure()
                continue
            record = msgspec.structs.replace(record, deleted=True)
            self._jobs[key] = msgspec.structs.replace(state, record=record)
            self._write_record(record)
        self._reason = "finished" if self._error is None else "error"

    def summary(self, took_s: float) -> ProviderSummary:
        """How this part has ended."""
        living = {name for state in self._living() for name in state.ids}
        return ProviderSummary(
            reason=self._reason,
            counts=run_counts(self._run.states()),
            error=self._error,
            message=self._message,
            sends=self._exchange.sends,
            took_s=took_s,
            jobs=tuple([state.record for state in self._jobs.values()]),
            left=sum(1 for _ in self._rows.open_rows(self._run.states(), living)),
        )

    @property
    def _message(self) -> str:
        return self._note or ("" if self._error is None else self._error.message)

    def _pause(self, wait_s: float) -> bool:
        """Wait in parts, so that a stop is seen; false if the run is to stop."""
        while not self._options.stopping():
            if wait_s <= 0:
                return True
            part_s = min(wait_s, 1.0)
            self._options.sleep(part_s)
            wait_s -= part_s
        self._reason = "interrupted"
        return False

    def _living(self) -> list[JobState]:
        return [state for state in self._jobs.values() if state.phase not in OVER]

    def _feed(self, key: str, event: Event, *, go: bool = True) -> None:
        """Step a job, write what is to be written, and note its request. go: false leaves the request out."""
        state, commands = step(self._jobs[key], event)
        self._jobs[key] = state
        for command in commands:
            match command:
                case Log(record=record):
                    self._write_record(record)
                case Replan(ids=ids, halve=halve):
                    self._replan(state, ids, halve)
                case Stop(error=error):
                    self._stop(error)
                case _ if go:
                    self._count += 1
                    self._latest[key] = self._count
                    due_s = self._clock() + getattr(command, "after_s", 0.0)
                    heapq.heappush(self._due, (due_s, self._count, key, command))
                case _:
                    pass

    def _stop(self, error: LLMError) -> None:
        self._error = self._error or error
        self._reason = self._reason or ("breaker" if error.kind in BREAKER_KINDS else "error")

    # Requests

    def _request(self, key: str, command: Command) -> None:
        """Send the request of a command, and feed what became of it."""
        state, exchange = self._jobs[key], self._exchange
        job_id = state.record.job_id
        match command:
            case Upload():
                uploaded = exchange.upload(self._rows.job_input(state))
                self._end(key, "upload", uploaded, lambda file: Uploaded(file, self._clock()))
            case Create():
                created = exchange.create(self._rows.job_input(state))
                self._end(key, "create", created, lambda job: Created(job, self._clock()))
            case ListJobs(page=page):
                self._end(
                    key, "list", exchange.list_jobs(page), lambda jobs: self._listed(key, jobs)
                )
            case Poll():
                self._end(
                    key, "poll", exchange.poll(job_id), lambda job: Polled(job, self._clock())
                )
            case Cancel():
                self._end(
                    key, "cancel", exchange.cancel(job_id), lambda job: Polled(job, self._clock())
                )
            case Fetch(page=page):
                reading = PageReading(state, self._rows.number, self._write_result)
                ended = exchange.results(state, page, reading.take)
                self._end(
                    key, "results", ended, lambda end: reading.event(page, end, self._clock())
                )
            case Log() | Replan() | Stop():
                pass

    def _end(
        self, key: str, operation: Operation, result: LLMResult[A], event: Callable[[A], Event]
    ) -> None:
        if isinstance(result, Failure):
            failed = Failed(operation=operation, error=result.failure(), at_s=self._clock())
            self._feed(key, failed)
        else:
            self._feed(key, event(result.unwrap()))

    def _listed(self, key: str, page: JobPage) -> Listed:
        others = [state.record for name, state in self._jobs.items() if name != key]
        living = [record for record in others if record.phase not in OVER]
        return Listed(
            jobs=page.jobs,
            next_page=page.next_page,
            at_s=self._clock(),
            known=frozenset([record.job_id for record in others]),
            doubtful=frozenset([record.job_id for record in living if not record.verified]),
        )

    # Results

    def _write_result(self, row: int, result: BatchResult) -> bool:
        """Write the end of a row; true if it has a final one now. Too many errors end this part."""
        final = self._ends.write_result(row, result)
        errors = self._ends.errors
        if self._ends.too_many_errors and self._plans and not self._reason:
            self._reason, self._note = "max_errors", str(errors)
            self._error = first_error([self._log.path], errors.most_frequent)
        return final

    # New jobs

    def _replan(self, state: JobState, ids: tuple[str, ...], halve: bool) -> None:
        """Note rows for new jobs: the next ones, or smaller ones when no other job is at the service."""
        if not self._plans:
            return
        if halve:
            if len(state.ids) < max(2, self._min_requests + 1):
                message = f"the service's queue is too full for {len(state.ids)} requests: {state.record.reason}"
                self._stop(RateLimited(message=message, provider=self._exchange.api.provider))
                return
            self._postponed.append((ids, (len(state.ids) + 1) // 2))
            return
        hints = dict(zip(state.ids, state.rows, strict=True))
        rounds = self._options.max_rounds
        rows = [
            self._rows.number(name, hints[name])
            for name in ids
            if self._rounds.get(name, 0) < rounds
        ]
        self._missing += [row for row in rows if row is not None]

    def _send_postponed(self) -> None:
        """Plan the rows for which the queue was too full."""
        postponed, self._postponed = self._postponed, []
        for ids, size in postponed:
            rows = [self._rows.number(name, -1) for name in ids]
            size = max(size, self._min_requests)
            self._plan([row for row in rows if row is not None], size)

    def _plan(self, rows: Iterable[int], size: int | None = None) -> None:
        """Make jobs of these rows and start them. A budget that does not reach for the next one ends the run."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        priced = self._limit_usd is not None
        for chunk in self._rows.chunks(rows, size=size, now=now, price=priced):
            if self._reason:
                return
            if isinstance(chunk, RowError):
                if chunk.error.kind in FATAL_KINDS:
                    self._stop(chunk.error)
                else:
                    self._ends.write(chunk.row, chunk.custom_id, None, chunk.error)
            elif len(chunk.ids) < self._min_requests:
                self._too_few += chunk.rows
            elif self._has_budget(chunk):
                self._start(chunk)

    def _least(self) -> str:
        return f"a batch of {self._exchange.api.provider} has at least {self._min_requests:,} rows"

    def _has_budget(self, chunk: Chunk) -> bool:
        reserved = [Decimal(state.record.reserved_usd) for state in self._living()]
        used = self._states.cost_usd + sum(reserved, Decimal(0))
        if self._limit_usd is None or used + chunk.max_usd <= self._limit_usd:
            return True
        if self._living():
            self._unfunded += chunk.rows
            return False
        left = self._limit_usd - used
        message = f"a job of {len(chunk.ids)} rows can cost {chunk.max_usd:.4f} USD, and {left:.4f} USD are left"
        self._error = BudgetExceeded(message=message)
        self._reason = "budget"
        return False

    def _start(self, chunk: Chunk) -> None:
        """Log a new job with its rows, and start it."""
        key = job_key(self._run, len(self._jobs) + 1)
        record = JobRecord(
            key=key,
            model=chunk.model,
            uploads=self._rows.uploads(chunk),
            reserved_usd=str(chunk.max_usd),
        )
        self._jobs[key] = JobState(
            record=record,
            ids=chunk.ids,
            rows=chunk.rows,
            keeps_key=self._exchange.api.keeps_key,
        )
        for name in chunk.ids:
            self._rounds[name] = self._rounds.get(name, 0) + 1
        self._log.write(Sent(job=key, ids=chunk.ids, rows=chunk.rows))
        self._write_record(record)
        self._feed(key, Started(self._clock()))

    def _write_record(self, record: JobRecord) -> None:
        data = msgspec.to_builtins(record)
        now = text_of_time(self._clock())
        self._log.write(Job(job=record.key, state=record.phase, at=now, data=data))
        self._log.sync()

    def _progress(self) -> Progress:
        counts = run_counts(self._states)
        limit = self._limit_usd
        left = None if limit is None else limit - counts.cost_usd
        in_flight = sum(len(state.missing) for state in self._living())
        return Progress(counts=counts, in_flight=in_flight, left_usd=left)
