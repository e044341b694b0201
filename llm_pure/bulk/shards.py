"""One shard of a run, sent by any engine: a task that can be pickled, and the function that sends it.

    for task in shard_tasks(run): engine.submit(send_shard, task)

A task has numbers and names, no rows and no key: whoever runs it reads the rows from the run's directory and resolves the
model in its own configuration and environment. Each attempt at a shard has a log of its own, `shard-000012-001-0003.jsonl`
(shard, attempt, start), and reads those of the attempts before it first: a task that an engine runs again sends what is missing.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from time import monotonic

import msgspec

from llm_pure.bulk.lease_stores import LeaseStore, leases_of
from llm_pure.bulk.leases import Grant, Want
from llm_pure.bulk.local_driver import CONCURRENCY, default_transport
from llm_pure.bulk.local_loop import LocalLoop
from llm_pure.bulk.log_files import FOLDER, fold_logs, next_start
from llm_pure.bulk.loop_options import LoopOptions
from llm_pure.bulk.opening import open_run
from llm_pure.bulk.planning import SHARD_ROWS, Shard
from llm_pure.bulk.row_states import RowStates
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.run_summary import Stopper
from llm_pure.bulk.worker_lock import WorkerLock
from llm_pure.client.billing import PricesInput
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, ok

_NAME = re.compile(r"shard-(?P<number>\d+)-(?P<attempt>\d+)-(?P<start>\d+)\.jsonl")


class ShardOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of every shard are sent."""

    concurrency: int = CONCURRENCY
    limit: RateLimit = RateLimit()
    """Of all shards together if they share leases, else of each."""
    leases: str | None = None
    """A file by which the shards of one machine share budget and limit."""
    transport: str | None = None
    timeout_s: float | None = None
    retry: RetryPolicy | None = None
    prices: PricesInput | None = None


class ShardTask(msgspec.Struct, frozen=True, kw_only=True):
    """A shard to send."""

    directory: str
    shard: Shard
    start: int
    """Number of the part of the run that the shard belongs to."""
    options: ShardOptions = ShardOptions()


class ShardEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt at a shard has ended."""

    number: int
    left: int
    """Rows without an end; 0 if all have one."""
    reason: str = "finished"
    """As in RunSummary."""
    error: LLMError | None = None
    message: str = ""
    sends: int = 0
    """Requests that were sent."""
    took_s: float = 0.0


def shard_tasks(
    run: Run,
    options: ShardOptions | None = None,
    *,
    retry_passing: bool = True,
    shard_rows: int = SHARD_ROWS,
) -> Iterator[ShardTask]:
    """Yield a task for each shard that has rows to send. Whoever sends them holds `run.lock()` until all have ended."""
    start, directory = next_start(run.directory), str(run.directory.absolute())
    for shard in run.shards(passing=retry_passing, shard_rows=shard_rows):
        yield ShardTask(
            directory=directory, shard=shard, start=start, options=options or ShardOptions()
        )


def send_shard(task: ShardTask) -> ShardEnd:
    """Send the rows of a shard; return once all have ended or it was stopped. Raises nothing: rows' errors are in the log."""
    return asyncio.run(asend_shard(task))


async def asend_shard(
    task: ShardTask,
    *,
    run: Run | None = None,
    store: LeaseStore | None = None,
    stopper: Stopper | None = None,
) -> ShardEnd:
    """`send_shard` in an event loop that is there. run: the opened one. store: of leases that workers share."""
    began_s, number = monotonic(), task.shard.number
    try:
        run = ok(open_run(task.directory)) if run is None else run
        states, attempts = _states(run, task)
        rows = tuple([row for row in task.shard.rows if states.is_open(row, passing=False)])
        if not rows:
            return ShardEnd(number=number, left=0)
        options = task.options
        shared = (
            leases_of(options.leases, None, options.limit) if store is None else nullcontext(store)
        )
        with WorkerLock(run.directory), shared as leases:
            loop = LocalLoop(
                run,
                ok(run.config()),
                states,
                _OwnLease(leases),
                stopper or Stopper(),
                _loop_options(task, rows, attempts),
            )
            summary = await loop.run()
    except Rejected as rejected:
        return _failed(task, rejected.error, began_s)
    except OSError as error:
        message = f"the run {task.directory} cannot be used: {error.strerror or error}"
        return _failed(task, InvalidConfiguration(message=message, field="directory"), began_s)
    return ShardEnd(
        number=number,
        left=sum(states.is_open(row, passing=False) for row in rows),
        reason=summary.reason,
        error=summary.error,
        message=summary.message,
        sends=summary.sends,
        took_s=monotonic() - began_s,
    )


def _failed(task: ShardTask, error: LLMError, began_s: float) -> ShardEnd:
    return ShardEnd(
        number=task.shard.number,
        left=len(task.shard.rows),
        reason="error",
        error=error,
        message=error.message,
        took_s=monotonic() - began_s,
    )


def _states(run: Run, task: ShardTask) -> tuple[RowStates, int]:
    """(what earlier attempts at the shard have, their number)"""
    paths = shard_logs(run.directory, task.start, task.shard.number)
    states = RowStates(len(run), run.index.rows_of, run.index.are_at)
    fold_logs(states, paths)
    return states, len(paths)


def shard_logs(directory: Path, start: int, number: int | None = None) -> list[Path]:
    """Return the logs of a start's shards, or of one shard, in the order of the attempts."""
    pattern = f"shard-*-{start:04}.jsonl" if number is None else f"shard-{number:06}-*.jsonl"
    paths = sorted((directory / FOLDER).glob(pattern))
    return [path for path in paths if (name := parse_log(path.name)) and name[1] == start]


def parse_log(name: str) -> tuple[int, int] | None:
    """Return (number of the shard, start) of a log's name; None for logs of others."""
    match = _NAME.fullmatch(name)
    return None if match is None else (int(match["number"]), int(match["start"]))


def _loop_options(task: ShardTask, rows: tuple[int, ...], attempts: int) -> LoopOptions:
    options = task.options
    return LoopOptions(
        concurrency=max(1, options.concurrency),
        limit=options.limit,
        transport=options.transport or default_transport(),
        timeout_s=options.timeout_s,
        retry=options.retry,
        prices=options.prices,
        retry_passing=False,  # this part's: those of earlier parts are planned, and not in these states
        rows=rows,
        worker=f"shard-{task.shard.number:06}-{attempts + 1:03}",
        start=task.start,
    )


class _OwnLease:
    """A store seen by a shard's loop: the leases of other shards are not its to end, since their workers may live."""

    def __init__(self, store: LeaseStore) -> None:
        self._store = store
        self.shared = store.shared

    def limit_usd(self) -> Decimal | None:
        return self._store.limit_usd()

    def exchange(
        self,
        worker: str,
        want: Want,
        spent_usd: Decimal,
        *,
        tokens: float = 0.0,
        pause_s: float = 0.0,
    ) -> Grant:
        return self._store.exchange(worker, want, spent_usd, tokens=tokens, pause_s=pause_s)

    def release(self, worker: str, spent_usd: Decimal) -> None:
        self._store.release(worker, spent_usd)

    def workers(self) -> tuple[str, ...]:
        return ()
