"""The event loop's side of a run: workers that send the open rows, at most `concurrency` at a time.

    for each open row:  permit -> read the row -> LLM.acompletion -> one line in the log -> the next row

Memory depends on the concurrency, never on the number of rows. A killed process has lost what was in flight.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from time import monotonic

from llm_pure.bulk.allowance import CallRecord, current_record, open_allowance
from llm_pure.bulk.entries import Done, EntryHead, GaveUp, Stopped, is_final
from llm_pure.bulk.error_limit import ErrorCount
from llm_pure.bulk.lease_stores import LeaseStore
from llm_pure.bulk.log_files import LogFull, LogWriter, first_error, log_paths, position_of
from llm_pure.bulk.loop_options import BREAKER_ERRORS, BREAKER_KINDS, FATAL_KINDS, LoopOptions
from llm_pure.bulk.paced_transport import STOPPING, PacedTransport
from llm_pure.bulk.progress import Progress, run_counts
from llm_pure.bulk.row_states import RowStates
from llm_pure.bulk.run_directory import SNAPSHOT_LINES, Run
from llm_pure.bulk.run_summary import RunSummary, Stopper
from llm_pure.bulk.typed_values import typed_error
from llm_pure.client.llm import LLM
from llm_pure.client.targets import load_targets, target_secrets
from llm_pure.client.transport_manager import TransportManager
from llm_pure.policy.retry import NOT_RUNNING
from llm_pure.transports.base import TransportSettings
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, LLMError
from llm_pure.types.rejection import ok
from llm_pure.types.result import Failure, LLMResult, Success

HEARTBEAT_S = 1.0
START_INTERVAL_S = 0.004
"""Between the first calls, each of which opens a connection: 256 within a second. Many small servers have a queue of 5 for new
connections; what it has no room for waits for up to a minute (1,000 rows took 4 to 109 s, and 4 to 6 with this interval)."""
SNAPSHOT_S = 30.0
"""Seconds between two snapshots of the states, for `status`."""


class LocalLoop:
    """One part of a run, from its lock to its last line."""

    def __init__(
        self,
        run: Run,
        config: LLMConfig,
        states: RowStates,
        store: LeaseStore,
        stopper: Stopper,
        options: LoopOptions,
    ) -> None:
        """Raises Rejected if the run cannot begin: an unknown provider, an invalid setting, a log that cannot be written."""
        settings = options.settings or TransportSettings(
            max_connections=max(1000, options.concurrency)
        )
        limit = options.limit
        self._run, self._config, self._states, self._options = run, config, states, options
        self._limits = (limit.requests_per_minute is not None, limit.tokens_per_minute is not None)
        self._stopper = stopper
        self._targets = ok(load_targets((config,), run.registry, settings))
        self._log: LogWriter = ok(
            run.open_log(
                options.worker,
                start=options.start,
                secrets=sorted(target_secrets(self._targets[0])),
                calls=options.concurrency,
            )
        )
        self._files = log_paths(run.directory)
        self._file_number = self._files.index(self._log.path)
        self._sizes = [path.stat().st_size for path in self._files]
        self._allowance = open_allowance(store, run.directory, self._log.path)
        self._store = store
        self._rows = self._open_rows()
        self._blocked: list[int] = []
        """Rows that the budget has no room for now."""
        self._free = asyncio.Event()
        self._in_flight = 0
        self._refused_in_turn = 0
        self._error_count = ErrorCount(options.error_limit)
        self._records: dict[asyncio.Task[None], CallRecord] = {}
        self._ended = run_counts(states).ended
        self._time = ("", 0.0)
        self._reason, self._message = "", ""
        self._error: LLMError | None = None

    async def run(self) -> RunSummary:
        """Send the rows until all have ended, or the run is stopped."""
        started_s, options = monotonic(), self._options
        self._stopper.attach(asyncio.get_running_loop(), self._stop_requested)
        if self._stopper.requests:
            self._stop("interrupted")
        manager = TransportManager(options.transport, Success(self._targets))
        async with AsyncExitStack() as stack:
            stack.callback(self._allowance.close)
            cache = await stack.enter_async_context(manager.aacquire())
            paced = PacedTransport(
                cache, self._targets[0].settings, self._allowance, self._limits, self._is_stopping
            )
            llm = LLM(
                self._config,
                transport=paced,
                retry=options.retry,
                registry=self._run.registry,
                budget=self._allowance,
                prices=options.prices,
            )
            self._llm = await stack.enter_async_context(llm)
            background = [
                asyncio.create_task(self._beat()),
                asyncio.create_task(self._show(started_s)),
            ]
            try:
                await self._send_all()
            finally:
                for task in background:
                    task.cancel()
                self._end()
        if options.on_progress is not None:
            options.on_progress(self._progress(started_s, 0.0))
        return RunSummary(
            reason=self._reason or "finished",
            counts=run_counts(self._states),
            error=self._error,
            message=self._message,
            sends=paced.sends,
            took_s=monotonic() - started_s,
        )

    # Workers

    async def _send_all(self) -> None:
        count = min(self._options.concurrency, max(1, len(self._options.rows or self._run)))
        tasks: list[asyncio.Task[None]] = []
        try:
            while len(tasks) < count and not (tasks and tasks[0].done()):  # else no row is left
                tasks.append(asyncio.create_task(self._work()))
                await asyncio.sleep(START_INTERVAL_S)
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, BaseException) and not isinstance(
                    result, asyncio.CancelledError
                ):
                    raise result
        except asyncio.CancelledError:  # of the caller: end now
            self._stop("interrupted")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def _work(self) -> None:
        record = CallRecord()
        current_record.set(record)
        task = asyncio.current_task()
        assert task is not None
        self._records[task] = record
        try:
            while (row := await self._next_row(record)) is not None:
                await self._answer(row, record)
        finally:
            del self._records[task]
            self._free.set()

    async def _next_row(self, record: CallRecord) -> int | None:
        """The next row to send, once its permit is there; None at the end."""
        while not self._reason:
            if not self._blocked:
                row = next(self._rows, None)
                if row is not None:
                    record.reset(0.0)
                    return row
                if not self._in_flight:
                    return None
            elif not self._in_flight:
                return self._blocked.pop()
            self._free.clear()
            await self._free.wait()  # what is in flight may give budget back
        return None

    def _open_rows(self) -> Iterator[int]:
        passing, rows = self._options.retry_passing, self._options.rows
        for row in range(len(self._run)) if rows is None else rows:
            if self._states.is_open(row, passing=passing) and not self._run.is_copy(row):
                yield row

    async def _answer(self, number: int, record: CallRecord) -> None:
        """Send one row and write its end."""
        try:
            row = self._run.row(number)
        except OSError as error:
            message = f"{self._run.input_path}: {error.strerror}"
            self._stop("error", InvalidConfiguration(message=message, field="input"))
            return
        if row.error is not None or row.request is None:
            record.reset(0.0)
            self._write(number, row.custom_id, record, 0.0, None, row.error)
            await asyncio.sleep(0)  # many such rows must not keep others from their turn
            return
        self._in_flight += 1
        try:
            if any(self._limits):
                tokens = len(row.key) / 4
                await self._allowance.acquire(tokens, self._limits)
                if self._reason:
                    return
                record.reset(tokens)
            else:
                record.reset(0.0)
            began_s = monotonic()
            result = await self._llm.acompletion(row.request, timeout_s=self._options.timeout_s)
            took_s = monotonic() - began_s
        finally:
            self._in_flight -= 1
            if not self._in_flight or self._reason:
                self._free.set()
        self._end_row(number, row.custom_id, record, took_s, result)

    def _end_row(
        self,
        number: int,
        custom_id: str,
        record: CallRecord,
        took_s: float,
        result: LLMResult[Completion],
    ) -> None:
        completion: Completion | None = None
        error: LLMError | None = None
        if isinstance(result, Failure):
            error = result.failure()
            if error.kind == "budget_exceeded":
                self._block(number, error)
                return
            if error.kind in FATAL_KINDS and not record.attempts:
                self._stop("error", error)
                return
            if error.code == STOPPING:
                return
        else:
            completion = result.unwrap()
            if self._run.spec.schema is not None:
                error = typed_error(self._run.spec.schema, completion)
        self._write(number, custom_id, record, took_s, completion, error)
        self._break_circuit(error)
        if record.attempts and self._error_count.add("" if error is None else error.kind):
            first = first_error([self._log.path], self._error_count.most_frequent)
            self._stop("max_errors", first, str(self._error_count))

    def _write(
        self,
        number: int,
        custom_id: str,
        record: CallRecord,
        took_s: float,
        completion: Completion | None,
        error: LLMError | None,
    ) -> None:
        kind = Done if error is None or completion is not None or is_final(error) else GaveUp
        entry = kind(
            id=self._run.index.id(number).hex(),
            row=number,
            custom_id=custom_id,
            cost_usd=record.cost_usd,
            attempts=record.attempts,
            took_s=round(took_s, 4),
            at=self._now(),
            completion=completion,
            error=error,
        )
        offset = self._log.size
        try:
            self._log.write(entry)
        except LogFull as full:
            self._stop("disk", message=f"{full.strerror}: {self._log.path.parent}")
        except OSError as failed:
            self._stop("disk", message=f"the log cannot be written: {failed.strerror}")
        if self._log.error is not None:
            self._stop("disk", message=f"the log cannot be written: {self._log.error.strerror}")
        head = EntryHead(
            kind="done" if kind is Done else "gave_up",
            id=entry.id,
            row=number,
            cost_usd=None if entry.cost_usd is None else str(entry.cost_usd),
            usage=entry.usage,
            error_kind=entry.error_kind,
        )
        line = position_of(self._file_number, offset)
        self._states.add_end(head, line, self._run.index.equal_rows(number))
        self._ended += 1

    # Stops

    def _block(self, number: int, error: LLMError) -> None:
        """The budget has no room for the row: wait for what is in flight, which may cost less than was reserved."""
        if self._in_flight:
            self._blocked.append(number)
        else:
            self._stop("budget", error)

    def _break_circuit(self, error: LLMError | None) -> None:
        is_down = isinstance(error, ConnectionFailed) and error.cause in NOT_RUNNING
        if error is None:
            self._refused_in_turn = 0
        elif is_down or error.kind in BREAKER_KINDS:
            self._refused_in_turn += 1
            if self._refused_in_turn >= BREAKER_ERRORS:
                self._stop("breaker", error)

    def _stop(self, reason: str, error: LLMError | None = None, message: str = "") -> None:
        """No new sends from now on; calls that only wait are given up, and their rows stay open."""
        if self._reason:
            return
        self._reason, self._error = reason, error
        self._message = message or ("" if error is None else error.message)
        self._free.set()
        for task, record in list(self._records.items()):
            if not record.sending and task is not asyncio.current_task():
                task.cancel()

    def _stop_requested(self) -> None:
        self._stop("interrupted")
        if self._stopper.requests > 1:
            for task in list(self._records):
                task.cancel()

    def _end(self) -> None:
        if self._ended > SNAPSHOT_LINES:
            self._save_states()
        with suppress(OSError):
            self._log.write(
                Stopped(reason=self._reason or "finished", message=self._message, at=self._now())
            )
        try:
            self._log.close()
        except OSError as failed:
            self._stop("disk", message=f"the log cannot be written: {failed.strerror}")
        self._run.close()

    # Leases, heartbeat, progress

    async def _beat(self) -> None:
        saved_s, saved = monotonic(), self._ended
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if self._store.shared:
                self._allowance.heartbeat()
            if monotonic() - saved_s > SNAPSHOT_S and self._ended - saved > SNAPSHOT_LINES:
                saved_s, saved = monotonic(), self._ended
                self._save_states()

    def _save_states(self) -> None:
        if self._log.unwritten or self._options.rows is not None:
            return  # of other workers' lines these states know nothing
        sizes = [*self._sizes[: self._file_number], self._log.size]
        names = [path.name for path in self._files]
        self._run.save_snapshot(self._states, list(zip(names, sizes, strict=False)))

    async def _show(self, started_s: float) -> None:
        on_progress = self._options.on_progress
        ended, ended_s = self._ended, started_s
        while on_progress is not None:
            await asyncio.sleep(self._options.progress_s)
            now_s = monotonic()
            rate = (self._ended - ended) / (now_s - ended_s)
            ended, ended_s = self._ended, now_s
            on_progress(self._progress(started_s, rate))

    def _progress(self, started_s: float, rate: float) -> Progress:
        counts = run_counts(self._states)
        limit_usd = self._allowance.max_usd
        return Progress(
            counts=counts,
            in_flight=self._in_flight,
            rate=rate,
            left_usd=None if limit_usd is None else limit_usd - counts.cost_usd,
            took_s=monotonic() - started_s,
        )

    def _is_stopping(self) -> bool:
        return bool(self._reason)

    def _now(self) -> str:
        """The time of day, formatted once in a tenth of a second."""
        text, until_s = self._time
        now_s = monotonic()
        if now_s >= until_s:
            text = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._time = (text, now_s + 0.1)
        return text
