"""The local driver: an event loop that sends the open rows of a run, at most `concurrency` at a time.

    for each open row:  permit -> read the row -> LLM.acompletion -> one line in the log -> the next row

Memory depends on the concurrency, never on the number of rows. A killed process has lost what was in flight.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from llm_pure.bulk.allowance import Allowance, CallRecord, current_record
from llm_pure.bulk.entries import Done, GaveUp, Stopped, is_final
from llm_pure.bulk.lease_stores import InMemoryLeases, LeaseStore, open_shared_leases
from llm_pure.bulk.log_files import LogFull, LogWriter, log_paths, scan_heads
from llm_pure.bulk.paced_transport import STOPPING, PacedTransport
from llm_pure.bulk.progress import Progress, RunCounts, run_counts
from llm_pure.bulk.row_states import ANSWERED, FINAL, PASSING, RowStates
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.typed_values import typed_value
from llm_pure.client.billing import PricesInput
from llm_pure.client.budgets import to_amount
from llm_pure.client.llm import LLM
from llm_pure.client.targets import load_targets, target_secrets
from llm_pure.client.transport_manager import AnyTransport, TransportManager
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import NOT_RUNNING, RetryPolicy
from llm_pure.transports.base import TransportSettings
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult, Success

CONCURRENCY = 256

BREAKER_KINDS = frozenset({"authentication", "not_found", "permission", "quota"})
"""Errors of the account or the model, which every row would end in."""

BREAKER_ERRORS = 5
"""So many of them without an answer between stop the run."""

FATAL_KINDS = frozenset({"configuration", "price_unknown"})
"""Errors that stop the run at once: nothing was sent."""

HEARTBEAT_S = 1.0


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How a part of a run has ended."""

    reason: str
    """"finished", "budget", "interrupted", "breaker", "disk" or "error"."""
    counts: RunCounts
    """Of the run as it is now, with all its parts."""
    error: LLMError | None = None
    """Why, for "breaker", "budget" and "error"."""
    message: str = ""
    """The same for people."""
    sends: int = 0
    """Requests that this part has sent."""
    took_s: float = 0.0


class Stopper:
    """How a run is ended from outside: once, no new sends; twice, now. Thread-safe once the run is under way."""

    def __init__(self) -> None:
        self.requests = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notify: Callable[[], None] | None = None

    def stop(self) -> None:
        """Request the end, once more the end now."""
        self.requests += 1
        if self._loop is not None and self._notify is not None:
            self._loop.call_soon_threadsafe(self._notify)

    def attach(self, loop: asyncio.AbstractEventLoop, notify: Callable[[], None]) -> None:
        """Connect the run that is to be ended."""
        self._loop, self._notify = loop, notify


def run_local(run: Run, *, stopper: Stopper | None = None, **options: Any) -> RunSummary:
    """`arun_local` in an event loop of its own. In the main thread, Ctrl-C and SIGTERM end it: once, no new sends."""
    stopper = stopper or Stopper()

    async def main() -> RunSummary:
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError):  # Windows
                    loop.add_signal_handler(number, stopper.stop)
        return await arun_local(run, stopper=stopper, **options)

    return asyncio.run(main())


async def arun_local(
    run: Run,
    *,
    concurrency: int = CONCURRENCY,
    budget: Decimal | float | str | None = None,
    limit: RateLimit | None = None,
    leases: str | Path | None = None,
    transport: AnyTransport | None = None,
    settings: TransportSettings | None = None,
    retry: RetryPolicy | None = None,
    prices: PricesInput | None = None,
    retry_passing: bool = True,
    on_progress: Callable[[Progress], object] | None = None,
    progress_s: float = 10.0,
    stopper: Stopper | None = None,
) -> RunSummary:
    """Send every open row; return once all have ended, or the run was stopped.

    budget: in USD, for the run with its earlier parts. limit: requests and tokens per minute. leases: a file by which several
    runs on this machine share budget and limit. transport: by default aiohttp if it is installed, else httpx. retry_passing:
    also send rows whose errors may pass. on_progress: called every `progress_s` seconds. No error is raised: a row's is in
    its line, and the run's in the summary.
    """
    started_s = monotonic()
    try:
        config = ok(run.config())
        ok(run.check_input())
        limit_usd = None if budget is None else to_amount(budget, "budget")
        with ok(run.lock()):
            states = run.states()
            store: LeaseStore
            if leases is None:
                store = InMemoryLeases(limit_usd, limit, spent_usd=states.cost_usd)
            else:
                store = ok(open_shared_leases(leases, limit_usd, limit))
            driver = _Driver(run, config, states, store, limit or RateLimit(), stopper or Stopper())
            return await driver.drive(
                concurrency=concurrency,
                transport=transport or default_transport(),
                settings=settings,
                retry=retry,
                prices=prices,
                retry_passing=retry_passing,
                on_progress=on_progress,
                progress_s=progress_s,
                started_s=started_s,
            )
    except Rejected as rejected:
        error: LLMError = rejected.error
    except ValueError as invalid:
        error = InvalidConfiguration(message=str(invalid), field="budget")
    is_disk = (
        isinstance(error, InvalidConfiguration) and error.field == "directory" and not error.code
    )
    return RunSummary(
        reason="disk" if is_disk else "error",
        counts=run_counts(run.states()),
        error=error,
        message=error.message,
        took_s=monotonic() - started_s,
    )


def default_transport() -> str:
    """Return "aiohttp", the cheapest with many calls at a time, if it is installed, else "httpx"."""
    return "aiohttp" if find_spec("aiohttp") is not None else "httpx"


class _Driver:
    """One part of a run, from its lock to its last line."""

    def __init__(
        self,
        run: Run,
        config: LLMConfig,
        states: RowStates,
        store: LeaseStore,
        limit: RateLimit,
        stopper: Stopper,
    ) -> None:
        self._run = run
        self._config = config
        self._states = states
        self._store = store
        self._limits = (limit.requests_per_minute is not None, limit.tokens_per_minute is not None)
        self._stopper = stopper
        self._reason = ""
        self._error: LLMError | None = None
        self._message = ""
        self._blocked: list[int] = []
        """Rows that the budget has no room for now."""
        self._free = asyncio.Event()
        self._in_flight = 0
        self._refused_in_turn = 0
        self._counts = run_counts(states)
        self._records: dict[asyncio.Task[None], CallRecord] = {}
        self._time = ("", 0.0)

    async def drive(
        self,
        *,
        concurrency: int,
        transport: AnyTransport,
        settings: TransportSettings | None,
        retry: RetryPolicy | None,
        prices: PricesInput | None,
        retry_passing: bool,
        on_progress: Callable[[Progress], object] | None,
        progress_s: float,
        started_s: float,
    ) -> RunSummary:
        """Send the rows. Raises Rejected if it cannot begin."""
        concurrency = max(1, concurrency)
        settings = settings or TransportSettings(max_connections=max(1000, concurrency))
        targets = ok(load_targets((self._config,), self._run.registry, settings))
        secrets = sorted(target_secrets(targets[0]))
        self._log: LogWriter = ok(self._run.open_log("local", secrets=secrets, calls=concurrency))
        worker = f"{self._run.directory.resolve()}/{self._log.path.name}"
        self._recover(worker)
        self._allowance = Allowance(self._store, worker)
        self._rows = self._open_rows(retry_passing)
        self._first_open = self._counts.open + (self._counts.passing if retry_passing else 0)
        self._stopper.attach(asyncio.get_running_loop(), self._stop_requested)
        if self._stopper.requests:
            self._stop("interrupted")
        manager = TransportManager(transport, Success(targets))
        async with AsyncExitStack() as stack:
            stack.callback(self._allowance.close)
            cache = await stack.enter_async_context(manager.aacquire())
            self._paced = PacedTransport(
                cache,
                targets[0].settings,
                self._allowance,
                self._limits,
                lambda: bool(self._reason),
            )
            llm = LLM(
                self._config,
                transport=self._paced,
                retry=retry,
                registry=self._run.registry,
                budget=self._allowance,
                prices=prices,
            )
            self._llm = await stack.enter_async_context(llm)
            beats = asyncio.create_task(self._beat())
            shown = asyncio.create_task(self._show(on_progress, progress_s, started_s))
            try:
                tasks = [
                    asyncio.create_task(self._work())
                    for _ in range(min(concurrency, max(1, self._first_open)))
                ]
                await self._finish(tasks)
            finally:
                for task in (beats, shown):
                    task.cancel()
                self._end()
        if on_progress is not None:
            on_progress(self._progress(started_s, 0.0))
        return RunSummary(
            reason=self._reason or "finished",
            counts=self._counts,
            error=self._error,
            message=self._message,
            sends=self._paced.sends,
            took_s=monotonic() - started_s,
        )

    # Workers

    async def _finish(self, tasks: list["asyncio.Task[None]"]) -> None:
        try:
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

    def _open_rows(self, retry_passing: bool) -> Iterator[int]:
        for row in self._states.open_rows(passing=retry_passing):
            if not self._run.is_copy(row):
                yield row

    async def _answer(self, number: int, record: CallRecord) -> None:
        """Send one row and write its end."""
        row = self._run.row(number)
        if row.error is not None or row.request is None:
            record.reset(0.0)
            self._write(number, row.custom_id, record, 0.0, None, row.error)
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
            result = await self._llm.acompletion(row.request)
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
                typed = typed_value(self._run.spec.schema, self._run.spec.schema, completion)
                error = typed.failure() if isinstance(typed, Failure) else None
                if error is not None:
                    error = msgspec.structs.replace(error, **_without_partial(error))
        self._write(number, custom_id, record, took_s, completion, error)
        self._break_circuit(error)

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
        self._count(number, entry)
        try:
            self._log.write(entry)
        except LogFull as full:
            self._stop("disk", message=f"{full.strerror}: {self._log.path.parent}")
        except OSError as failed:
            self._stop("disk", message=f"the log cannot be written: {failed.strerror}")
        if self._log.error is not None:
            self._stop("disk", message=f"the log cannot be written: {self._log.error.strerror}")

    def _count(self, number: int, entry: Done | GaveUp) -> None:
        before = self._states.kinds[self._states.states[number]]
        if entry.error is None:
            after = (ANSWERED, "")
        else:
            after = (FINAL if isinstance(entry, Done) else PASSING, entry.error.kind)
        self._counts = self._counts.moved(before, after, entry)
        self._states.states[number] = 1 if entry.error is None else self._states._number(after)

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

    def _recover(self, worker: str) -> None:
        """End the leases of this run's dead workers in a shared store, by what their logs say they spent."""
        if not self._store.shared:
            return
        prefix = worker.rpartition("/")[0] + "/"
        names = [
            name.removeprefix(prefix) for name in self._store.workers() if name.startswith(prefix)
        ]
        for path in log_paths(self._run.directory):
            if path.name in names:
                spent = sum(
                    (Decimal(head.cost_usd) for head, _ in scan_heads([path]) if head.cost_usd),
                    Decimal(0),
                )
                self._store.release(prefix + path.name, spent)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if self._store.shared:
                self._allowance.heartbeat()

    async def _show(
        self, on_progress: Callable[[Progress], object] | None, every_s: float, started_s: float
    ) -> None:
        ended, ended_s = self._counts.ended, started_s
        while on_progress is not None:
            await asyncio.sleep(every_s)
            now_s = monotonic()
            rate = (self._counts.ended - ended) / (now_s - ended_s)
            ended, ended_s = self._counts.ended, now_s
            on_progress(self._progress(started_s, rate))

    def _progress(self, started_s: float, rate: float) -> Progress:
        limit_usd = self._allowance.max_usd
        return Progress(
            counts=self._counts,
            in_flight=self._in_flight,
            rate=rate,
            left_usd=None if limit_usd is None else limit_usd - self._counts.cost_usd,
            took_s=monotonic() - started_s,
        )

    def _now(self) -> str:
        """The time of day, formatted once in a tenth of a second."""
        text, until_s = self._time
        now_s = monotonic()
        if now_s >= until_s:
            text = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._time = (text, now_s + 0.1)
        return text


def _without_partial(error: LLMError) -> dict[str, Any]:
    """The completion is in the line itself."""
    return {"partial": Completion()} if error.kind == "incomplete" else {"partial": None}
