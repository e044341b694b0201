"""Run the open rows of a run on Ray: `run_ray`. Needs the extra `ray`, of which the core is used: actors.

One coordinator has shards, budget and rates; workers send. Each of them, and the driver, may be killed at any time: what ended is in
the run's logs, and Ray holds no answer. The run's directory must be at the same path on all nodes (NFS, a shared volume). Workers
resolve the model by its name in their own configuration and environment: no key is sent.

The coordinator is no detached actor: it would hold nothing that the logs do not have, and outlive a killed driver.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from time import monotonic
from typing import Any

import msgspec

from llm_pure.bulk.coordinator import SILENT_S, Coordinator, CoordinatorOptions
from llm_pure.bulk.error_limit import ErrorCount, ErrorLimit, parse_error_limit
from llm_pure.bulk.log_files import first_error, log_paths, next_start, remove_spares, scan_heads
from llm_pure.bulk.planning import SHARD_ROWS
from llm_pure.bulk.progress import Progress, run_counts
from llm_pure.bulk.ray_worker import SHARDS_AT_A_TIME, Worker, WorkerEnd, WorkerOptions
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.run_summary import RunSummary, Stopper
from llm_pure.bulk.shards import ShardOptions, shard_logs
from llm_pure.bulk.stop_signals import stop_signals
from llm_pure.bulk.worker_lock import await_workers
from llm_pure.client.billing import PricesInput
from llm_pure.client.budgets import to_amount
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, ok

WORKERS = 2
PER_WORKER = 256
NUM_CPUS = 0.5
"""Of each worker. One CPU each may leave none for other actors and tasks of a small cluster, which then wait in silence."""

NAMESPACE = "llm_pure"
CONNECT_S = 10.0
WAIT_S = 0.25
START_S = 60.0
"""A cluster that has started no worker after so long has no room for one."""

SHARDS_IN_TURN = 4

DEATHS = 5
"""So many workers in a row that die before a row has ended stop the run."""


def run_ray(
    run: Run,
    *,
    workers: int = WORKERS,
    per_worker: int = PER_WORKER,
    num_cpus: float = NUM_CPUS,
    address: str | None = "auto",
    budget: Decimal | float | str | None = None,
    limit: RateLimit | None = None,
    transport: str | None = None,
    retry: RetryPolicy | None = None,
    prices: PricesInput | None = None,
    timeout_s: float | None = None,
    retry_passing: bool = True,
    max_errors: int | str | None = None,
    shard_rows: int | None = None,
    silent_s: float = SILENT_S,
    on_progress: Callable[[Progress], object] | None = None,
    progress_s: float = 10.0,
    stopper: Stopper | None = None,
) -> RunSummary:
    """Send every open row by actors on a Ray cluster; return once all have ended, or the run was stopped.

    workers: actors, with per_worker calls in flight each. num_cpus: that Ray reserves for each. address: "auto" is the cluster
    of this machine, "ray://HOST:10001" another, None starts one of this process on loopback; a connection that this process
    has is used as it is. shard_rows: by default 1,000, and fewer if not every worker would have several shards. silent_s: the shards of a worker that is silent for so long go to others. The other arguments are
    those of `run_local`; budget, limit and max_errors hold for all workers together. Ctrl-C and SIGTERM as there. Raises nothing.
    """
    began_s = monotonic()
    try:
        if find_spec("ray") is None:
            raise Rejected(_missing())
        ok(run.config())
        ok(run.check_input())
        limit_usd = None if budget is None else to_amount(budget, "budget")
        with ExitStack() as stack:
            stack.enter_context(ok(run.lock()))
            ok(await_workers(run.directory, silent_s))
            remove_spares(run.directory)
            ray = stack.enter_context(_connection(address, workers, num_cpus))
            stopper = stopper or Stopper()
            # in place of Ray's own handlers
            stack.enter_context(stop_signals(stopper.stop))
            directory, start = str(run.directory.absolute()), next_start(run.directory)
            coordinator = CoordinatorOptions(
                directory=directory, start=start, workers=workers, limit_usd=limit_usd,
                limit=limit or RateLimit(), retry_passing=retry_passing, shard_rows=shard_rows or _shard_rows(run, workers),
                silent_s=silent_s,
            )  # fmt: skip
            worker = WorkerOptions(
                name="", directory=directory, start=start, silent_s=silent_s,
                shards=ShardOptions(
                    concurrency=max(SHARDS_AT_A_TIME, per_worker), limit=limit or RateLimit(),
                    transport=transport, timeout_s=timeout_s, retry=retry, prices=prices,
                ),
            )  # fmt: skip
            error_limit = ok(parse_error_limit(max_errors))
            driver = _Driver(ray, run, coordinator, worker, num_cpus, stopper, error_limit)
            stack.callback(driver.close)
            return driver.run(on_progress, progress_s)
    except Rejected as rejected:
        error: LLMError = rejected.error
    except OSError as failed:
        message = f"the run {run.directory} cannot be written: {failed.strerror or failed}"
        error = InvalidConfiguration(message=message, field="directory")
    except ValueError as invalid:
        error = InvalidConfiguration(message=str(invalid), field="budget")
    return RunSummary(
        reason="error",
        counts=run_counts(run.states()),
        error=error,
        message=error.message,
        took_s=monotonic() - began_s,
    )


def _shard_rows(run: Run, workers: int) -> int:
    """The size of shards by which each worker has several, so that all end at about the same time."""
    return max(1, min(SHARD_ROWS, len(run) // (SHARDS_IN_TURN * SHARDS_AT_A_TIME * workers)))


def _missing() -> InvalidConfiguration:
    return InvalidConfiguration(
        message="runs on Ray need the package ray",
        field="ray",
        remedy='pip install "llm-pure[ray]"',
    )


@contextmanager
def _connection(address: str | None, workers: int, num_cpus: float) -> Iterator[Any]:
    """The package ray, connected. Raises Rejected if there is no cluster at the address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else a warning of 2.60
    ray: Any = import_module("ray")
    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"namespace": NAMESPACE, "log_to_driver": False}
    if address is None:
        options |= {
            "num_cpus": max(2, round(workers * num_cpus + 0.5)),
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
    elif address != "auto":
        _connect(address)
    try:
        ray.init(address=address, **options)
    except (ConnectionError, RuntimeError, ValueError) as failed:
        raise Rejected(_no_cluster(address, failed)) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _connect(address: str) -> None:
    """Raises Rejected if nothing listens there: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except (OSError, ValueError) as failed:
        raise Rejected(_no_cluster(address, failed)) from None


def _no_cluster(address: str | None, failed: Exception) -> ConnectionFailed:
    message = f"no Ray cluster at {address}: {failed}"
    return ConnectionFailed(message=message, code="ray", retryable=False)


class _Driver:
    """Starts the actors, starts those anew that died, and ends them all."""

    def __init__(
        self,
        ray: Any,
        run: Run,
        coordinator: CoordinatorOptions,
        worker: WorkerOptions,
        num_cpus: float,
        stopper: Stopper,
        error_limit: ErrorLimit,
    ) -> None:
        self._ray, self._run, self._options, self._worker = ray, run, coordinator, worker
        self._stopper, self._stops = stopper, 0
        self._actor = ray.remote(Worker).options(
            num_cpus=num_cpus, max_concurrency=2, max_restarts=0
        )
        self._coordinator = (
            ray.remote(Coordinator)
            .options(
                num_cpus=0,
                max_restarts=-1,
                name=coordinator_name(coordinator.directory, coordinator.start),
                namespace=NAMESPACE,
            )
            .remote(coordinator)
        )
        self._number = 0
        self._deaths = 0
        self._actors: dict[str, Any] = {}
        self._names: dict[Any, str] = {}
        """By the pending answer of each worker's `run`."""
        earlier = log_paths(run.directory)
        self._states = run.states(earlier)
        self._read = {path: path.stat().st_size for path in earlier}
        """How far each log is in the states."""
        self._error_count = ErrorCount(error_limit)
        self._reason, self._message, self._sends = "", "", 0
        self._error: LLMError | None = None

    def run(
        self, on_progress: Callable[[Progress], object] | None, progress_s: float
    ) -> RunSummary:
        began_s = shown_s = monotonic()
        shown = run_counts(self._states).ended
        try:  # before the workers, which would wait for it
            self._ray.get(self._coordinator.processes.remote(), timeout=START_S)
        except self._ray.exceptions.RayError as failed:
            why = str(failed).strip().splitlines()[-1:]
            message = f"the coordinator cannot start on the cluster: {''.join(why)}"
            raise Rejected(InvalidConfiguration(message=message, field="ray")) from None
        for _ in range(self._options.workers):
            self._start_worker()
        while self._names:
            done, _ = self._ray.wait(list(self._names), timeout=WAIT_S)
            for answer in done:
                self._end_worker(answer)
            self._forward_stops()
            self._kill_silent()
            now_s = monotonic()
            if now_s - shown_s >= progress_s:
                self._fold()
                ended = run_counts(self._states).ended
                if on_progress is not None:
                    on_progress(self._progress(began_s, (ended - shown) / (now_s - shown_s)))
                shown, shown_s = ended, now_s
            if (
                not self._reason
                and now_s - began_s > START_S
                and not log_count(self._run, self._options.start)
            ):
                self._stop("error", self._no_room())
        self._fold()
        counts = run_counts(self._states)
        if on_progress is not None:
            on_progress(self._progress(began_s, 0.0))
        if not self._reason and self._stopper.requests and counts.open:
            self._reason = "interrupted"
        return RunSummary(
            reason=self._reason or "finished",
            counts=counts,
            error=self._error,
            message=self._message,
            sends=self._sends,
            took_s=monotonic() - began_s,
        )

    def _start_worker(self) -> None:
        self._number += 1
        name = f"ray-{self._number}"
        options = msgspec.structs.replace(self._worker, name=name)
        actor = self._actor.remote(self._coordinator, options, self._options.limit_usd)
        self._actors[name] = actor
        self._names[actor.run.remote()] = name

    def _end_worker(self, answer: Any) -> None:
        name = self._names.pop(answer)
        try:
            end: WorkerEnd | None = self._ray.get(answer)
        except self._ray.exceptions.RayActorError:
            end = None
        self._ray.kill(self._actors.pop(name))
        self._ask_coordinator("bury", name)
        if end is not None:
            self._sends += end.sends
        if end is None or end.reason == "silent":
            self._replace_worker()
        elif end.reason == "budget":
            self._stop("budget", end, others=False)
        elif end.reason not in ("finished", "interrupted"):
            self._stop(end.reason, end)

    def _replace_worker(self) -> None:
        """Start a worker in place of one that died, unless the run is stopping or they all die."""
        ended = run_counts(self._states).ended
        self._fold()
        self._deaths = self._deaths + 1 if run_counts(self._states).ended == ended else 1
        if self._deaths > DEATHS:
            message = f"{self._deaths} workers in a row died before a row had ended; see Ray's logs"
            self._stop("error", InvalidConfiguration(message=message, field="ray"))
        elif not self._reason and not self._stopper.requests:
            self._start_worker()

    def _stop(self, reason: str, cause: WorkerEnd | LLMError, *, others: bool = True) -> None:
        """Note why the run ends. others: stop the other workers too, which send nothing new then."""
        if self._reason:
            return
        self._reason = reason
        if isinstance(cause, WorkerEnd):
            if cause.end is not None:
                self._error, self._message = cause.end.error, cause.end.message
        else:
            self._error, self._message = cause, cause.message
        if others:
            self._stop_workers()
        if not log_count(self._run, self._options.start):
            for actor in self._actors.values():  # not started yet, they would never answer
                self._ray.kill(actor)

    def _forward_stops(self) -> None:
        while self._stops < self._stopper.requests:
            self._stops += 1
            self._stop_workers()

    def _stop_workers(self) -> None:
        for actor in self._actors.values():
            actor.stop.remote()

    def _kill_silent(self) -> None:
        """Kill workers that hang: they would never end, and their shards are others'."""
        for name in self._ask_coordinator("silent") or ():
            if name in self._actors:
                self._ray.kill(self._actors[name])

    def _ask_coordinator(self, name: str, *arguments: Any) -> Any:
        """The coordinator's answer; None if it is being started again."""
        errors = self._ray.exceptions
        with suppress(errors.RayActorError, errors.GetTimeoutError):
            return self._ray.get(getattr(self._coordinator, name).remote(*arguments), timeout=5)
        return None

    def _no_room(self) -> InvalidConfiguration:
        free = self._ray.available_resources().get("CPU", 0)
        return InvalidConfiguration(
            message=f"no worker has sent a row after {START_S:.0f} s: the cluster has {free:g} CPUs free",
            field="ray",
            remedy="fewer workers, a smaller num_cpus, or a larger cluster",
        )

    def _fold(self) -> None:
        """Read what the logs of this start have beyond what was read."""
        for path in log_paths(self._run.directory):
            for heads, starts, offset, end in scan_heads(path, self._read.get(path, 0)):
                self._states.add_all(heads, starts, offset)
                self._read[path] = end
                if self._error_count.add_heads(heads) and not self._reason:
                    self._reason, self._message = "max_errors", str(self._error_count)
                    self._error = first_error(
                        shard_logs(self._run.directory, self._options.start),
                        self._error_count.most_frequent,
                    )
                    self._stop_workers()

    def _progress(self, began_s: float, rate: float) -> Progress:
        counts = run_counts(self._states)
        limit_usd = self._options.limit_usd
        return Progress(
            counts=counts,
            rate=rate,
            left_usd=None if limit_usd is None else limit_usd - counts.cost_usd,
            took_s=monotonic() - began_s,
        )

    def close(self) -> None:
        """End all actors."""
        for actor in (*self._actors.values(), self._coordinator):
            self._ray.kill(actor)


def coordinator_name(directory: str, start: int) -> str:
    """Return the name of a run's coordinator in the namespace `llm_pure`."""
    return f"coordinator {directory} {start}"


def log_count(run: Run, start: int) -> int:
    """Return how many logs a start has."""
    return sum(path.name.endswith(f"-{start:04}.jsonl") for path in log_paths(run.directory))
