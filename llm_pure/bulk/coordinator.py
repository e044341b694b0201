"""The coordinator of a run on many machines: hands out shards, budget and rates, and takes them back from workers that are silent.

Its state is rebuilt from the logs: it may be killed at any time and started again. It then hands out nothing until all workers
have reported what they hold, or have been silent for too long.
"""

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from time import monotonic

import msgspec

from llm_pure.bulk import leases as pure
from llm_pure.bulk.lease_stores import exchanged
from llm_pure.bulk.leases import Grant, Want, WorkerLease, open_leases
from llm_pure.bulk.log_files import FOLDER, fold_logs, log_cost_usd, log_paths
from llm_pure.bulk.opening import open_run
from llm_pure.bulk.planning import SHARD_ROWS, Shard
from llm_pure.bulk.row_states import OPEN, RowStates
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.shards import parse_log, shard_logs
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.types.rejection import ok

SILENT_S = 30.0
"""A worker that has not reported for so long has lost its shards."""

UNHELD_S = 5.0
"""A shard that its worker does not report after so long has not arrived there."""

RECOVERY_WAIT_S = 0.2
NO_SHARD_WAIT_S = 0.5


class CoordinatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a coordinator needs to begin, and to begin again."""

    directory: str
    start: int
    """Number of this part of the run: of its logs' names."""
    workers: int
    limit_usd: Decimal | None = None
    limit: RateLimit = RateLimit()
    retry_passing: bool = True
    shard_rows: int = SHARD_ROWS
    silent_s: float = SILENT_S


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A shard to send, or what to do without one."""

    shard: Shard | None = None
    over: bool = False
    """All rows have ended."""
    wait_s: float = 0.0
    """Ask again after so long."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says each second."""

    worker: str
    process: int
    holding: tuple[int, ...] = ()
    """Numbers of its shards."""


class Coordinator:
    """The state of a run's shards and leases. Messages may come in any order, twice, or from workers long dead."""

    def __init__(self, options: CoordinatorOptions, clock: Callable[[], float] = monotonic) -> None:
        """Raises Rejected if the run cannot be opened, OSError if it cannot be read."""
        self._options, self._clock = options, clock
        self._began_s = clock()
        run: Run = ok(open_run(options.directory))
        self._directory = run.directory
        self._prefix = f"{run.directory.resolve()}/"
        paths = log_paths(run.directory)
        own = set(shard_logs(run.directory, options.start))
        self._recovering = bool(own)
        before = run.states([path for path in paths if path not in own])
        now = RowStates(len(run), run.index.rows_of, run.index.are_at)
        fold_logs(now, sorted(own))
        self._open = bytearray(
            now.states[row] == OPEN
            and before.is_open(row, passing=options.retry_passing)
            and not run.is_copy(row)
            for row in range(len(run))
        )
        self._pending = dict.fromkeys(self._numbers())
        """Shards to hand out, in order."""
        self._owners: dict[int, str] = {}
        self._assigned_s: dict[int, float] = {}
        self._heard_s: dict[str, float] = {}
        self._processes: dict[str, int] = {}
        self._buried: set[str] = set()
        rates = options.limit
        self._leases = open_leases(
            options.limit_usd,
            requests_per_minute=rates.requests_per_minute,
            tokens_per_minute=rates.tokens_per_minute,
            spent_usd=before.cost_usd,
            now_s=self._began_s,
        )
        spent = {f"{self._prefix}{path.name}": log_cost_usd(path) for path in sorted(own)}
        leases = {
            name: WorkerLease(granted_usd=usd, spent_usd=usd, until_s=self._began_s)
            for name, usd in spent.items()
        }
        self._leases = msgspec.structs.replace(self._leases, workers=leases)

    def _numbers(self) -> Iterator[int]:
        size = self._options.shard_rows
        for start in range(0, len(self._open), size):
            if any(self._open[start : start + size]):
                yield start // size

    # Shards

    def take(self, worker: str) -> Assignment:
        """Return the next shard for a worker."""
        if worker in self._buried:
            return Assignment(over=True)
        self._hear(worker)
        if not self._is_ready():
            return Assignment(wait_s=RECOVERY_WAIT_S)
        number = next(iter(self._pending), None)
        if number is None:
            return Assignment(over=not self._owners, wait_s=NO_SHARD_WAIT_S)
        del self._pending[number]
        self._owners[number] = worker
        self._assigned_s[number] = self._clock()
        return Assignment(shard=self._shard(number))

    def _shard(self, number: int) -> Shard:
        start = number * self._options.shard_rows
        stop = min(start + self._options.shard_rows, len(self._open))
        rows = tuple([row for row in range(start, stop) if self._open[row]])
        return Shard(number=number, start=start, stop=stop, rows=rows)

    def finish(self, worker: str, number: int, left: int) -> None:
        """Record the end of a worker's attempt at a shard. left: rows without an end; the shard is then handed out again."""
        self._hear(worker)
        if self._owners.get(number, worker) != worker:
            return
        self._owners.pop(number, None)
        self._pending.pop(number, None)
        if left:
            self._pending[number] = None

    def report(self, report: Report) -> tuple[int, ...]:
        """Renew a worker's hold on its shards; return those that it has lost to others, whose sending it must stop."""
        worker = report.worker
        if worker in self._buried:
            return report.holding
        self._hear(worker)
        self._processes[worker] = report.process
        for number in report.holding:
            if number not in self._owners:  # after a restart of the coordinator, or a silence
                self._owners[number] = worker
                self._pending.pop(number, None)
        old_s = self._clock() - UNHELD_S
        for number, owner in list(self._owners.items()):
            is_old = self._assigned_s.get(number, 0.0) < old_s
            if owner == worker and number not in report.holding and is_old:  # its answer was lost
                del self._owners[number]
                self._pending[number] = None
        return tuple([number for number in report.holding if self._owners[number] != worker])

    def silent(self) -> tuple[str, ...]:
        """Return the workers that have been silent for too long; their shards are handed out again."""
        late_s = self._clock() - self._options.silent_s
        late = [name for name, heard_s in self._heard_s.items() if heard_s < late_s]
        for worker in late:
            self._free(worker)
        return tuple(late)

    def bury(self, worker: str) -> None:
        """End a worker that is known to be dead: its shards go to others, and its leases end with what its logs say."""
        self._buried.add(worker)
        numbers = self._free(worker)
        self._heard_s.pop(worker, None)
        self._processes.pop(worker, None)
        for name in list(self._leases.workers):
            log = parse_log(name.removeprefix(self._prefix))
            if log is not None and log[0] in numbers:
                path = Path(self._directory, FOLDER, name.removeprefix(self._prefix))
                self._leases = pure.release(self._leases, name, log_cost_usd(path))

    def processes(self) -> dict[str, int]:
        """Return the workers that report, and "coordinator", with the numbers of their processes."""
        return {**self._processes, "coordinator": os.getpid()}

    def _free(self, worker: str) -> list[int]:
        numbers = [number for number, owner in self._owners.items() if owner == worker]
        for number in numbers:
            del self._owners[number]
            self._pending[number] = None
        return numbers

    def _hear(self, worker: str) -> None:
        if worker not in self._buried:
            self._heard_s[worker] = self._clock()

    def _is_ready(self) -> bool:
        if self._recovering:
            is_known = len(self._processes) >= self._options.workers
            is_late = self._clock() - self._began_s > self._options.silent_s
            self._recovering = not (is_known or is_late)
        self.silent()
        return not self._recovering

    # Budget and rates

    def exchange(
        self,
        lease: str,
        granted_usd: Decimal,
        want: Want,
        spent_usd: Decimal,
        tokens: float,
        pause_s: float,
    ) -> Grant | None:
        """Report spending under a lease, renew it, and grant what is left of the wish; None while the coordinator recovers.

        granted_usd: what the holder has been granted in all, which counts: a grant may be lost on its way.
        """
        if not self._is_ready() and want != Want():
            return None
        before = self._leases.workers.get(lease, WorkerLease())
        known = msgspec.structs.replace(
            before, granted_usd=max(granted_usd, before.spent_usd, spent_usd)
        )
        workers = {**self._leases.workers, lease: known}
        self._leases = msgspec.structs.replace(self._leases, workers=workers)
        self._leases, grant = exchanged(
            self._leases, lease, want, spent_usd, tokens, pause_s, self._clock()
        )
        return grant

    def release(self, lease: str, spent_usd: Decimal) -> None:
        """End a lease whose holder has no call in flight."""
        self._leases = pure.release(self._leases, lease, spent_usd)

    def spent_usd(self) -> Decimal:
        """Return what was reported as spent, in all parts of the run."""
        return self._leases.total_spent_usd
