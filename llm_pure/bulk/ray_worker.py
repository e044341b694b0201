"""A Ray actor that sends shards, and its end of the conversation with the coordinator. `ray` is loaded in the actor's process."""

import asyncio
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from time import monotonic, sleep
from typing import Any

import msgspec

from llm_pure.bulk.coordinator import Assignment, Report
from llm_pure.bulk.leases import LEASE_S, Grant, Want
from llm_pure.bulk.opening import open_run
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.run_summary import Stopper
from llm_pure.bulk.shards import ShardEnd, ShardOptions, ShardTask, asend_shard
from llm_pure.bulk.worker_lock import WorkerLock
from llm_pure.pricing.ledger import ZERO
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok

SHARDS_AT_A_TIME = 2
"""Shards that a worker sends at a time: while the last rows of one end, the other keeps the connections busy."""

REPORT_S = 1.0
RETRY_S = 0.2
"""After so long a message to a coordinator that has died is sent again."""


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs. It goes over the network, and has no key."""

    name: str
    directory: str
    start: int
    silent_s: float
    shards: ShardOptions
    """`concurrency` is the worker's, over all its shards."""


class WorkerEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker has ended: the reason of its last shard, and "silent" if the coordinator could not be reached."""

    reason: str = "finished"
    end: ShardEnd | None = None
    """The shard that was stopped."""
    sends: int = 0


class CoordinatorSilent(Exception):
    """The coordinator has not answered for so long that it counts this worker as dead."""


class CoordinatorMessages:
    """Messages to the coordinator, from any thread. A coordinator that has died is waited for, until it would call this worker silent."""

    def __init__(self, coordinator: Any, silent_s: float) -> None:
        self._coordinator = coordinator
        self._silent_s = 0.8 * silent_s
        self._ray: Any = import_module("ray")
        self._heard_s = monotonic()

    def send(self, name: str, *arguments: Any) -> Any:
        """Return the answer to a message. Raises CoordinatorSilent."""
        errors = self._ray.exceptions
        while True:
            left_s = self._heard_s + self._silent_s - monotonic()
            if left_s <= 0:
                raise CoordinatorSilent
            try:
                answer = self._ray.get(
                    getattr(self._coordinator, name).remote(*arguments), timeout=left_s
                )
            except (errors.RayActorError, errors.GetTimeoutError):
                sleep(RETRY_S)
                continue
            self._heard_s = monotonic()
            return answer


class CoordinatorLeases:
    """The leases of one shard's loop, at the coordinator. A heartbeat does not wait for its answer; a wish for more does."""

    shared = True

    def __init__(self, messages: CoordinatorMessages, limit_usd: Decimal | None) -> None:
        self._messages, self._limit_usd = messages, limit_usd
        self._pool = ThreadPoolExecutor(1)
        self._granted_usd = ZERO
        self._grant, self._grant_s = Grant(valid_s=LEASE_S), monotonic()
        self._heartbeat: Future[Grant] | None = None
        self._tokens, self._pause_s = 0.0, 0.0

    def limit_usd(self) -> Decimal | None:
        """Return the budget; None is no limit."""
        return self._limit_usd

    def exchange(
        self,
        worker: str,
        want: Want,
        spent_usd: Decimal,
        *,
        tokens: float = 0.0,
        pause_s: float = 0.0,
    ) -> Grant:
        """Report what was spent, and grant what is left of the wish. Without a wish: what the last answer says now."""
        self._tokens += tokens
        self._pause_s = max(self._pause_s, pause_s)
        if want == Want() and self._heartbeat is not None and not self._heartbeat.done():
            return self._now()
        tokens, self._tokens = self._tokens, 0.0
        pause_s, self._pause_s = self._pause_s, 0.0
        sent = self._pool.submit(self._exchange, worker, want, spent_usd, tokens, pause_s)
        if want == Want():
            self._heartbeat = sent
            return self._now()
        return sent.result()

    def _exchange(
        self, worker: str, want: Want, spent_usd: Decimal, tokens: float, pause_s: float
    ) -> Grant:
        while True:
            try:
                grant: Grant | None = self._messages.send(
                    "exchange", worker, self._granted_usd, want, spent_usd, tokens, pause_s
                )
            except CoordinatorSilent:  # nothing without a lease; the worker ends
                return Grant(valid_s=0.0, wait_s=1.0)
            if grant is not None:
                break
            sleep(RETRY_S)
        self._granted_usd += grant.usd
        self._grant, self._grant_s = grant, monotonic()
        return grant

    def _now(self) -> Grant:
        """The last answer, without what it granted."""
        passed_s = monotonic() - self._grant_s
        return Grant(
            valid_s=max(0.0, self._grant.valid_s - passed_s),
            pause_s=max(0.0, self._grant.pause_s - passed_s),
        )

    def release(self, worker: str, spent_usd: Decimal) -> None:
        """End the lease."""
        self._pool.shutdown()
        with suppress(CoordinatorSilent):
            self._messages.send("release", worker, spent_usd)

    def workers(self) -> tuple[str, ...]:
        """Return no other workers: the coordinator ends their leases."""
        return ()


class Worker:
    """The actor. It has no coroutine, which would make Ray run its methods in an event loop of Ray's."""

    def __init__(self, coordinator: Any, options: WorkerOptions, limit_usd: Decimal | None) -> None:
        self._sender = ShardSender(
            CoordinatorMessages(coordinator, options.silent_s), options, limit_usd
        )

    def run(self) -> WorkerEnd:
        """Send shards; return once nothing is left to send, and every client is closed."""
        return self._sender.run()

    def stop(self) -> None:
        """Send nothing new from now on; once more: end now. Called in another thread."""
        self._sender.stop()


class ShardSender:
    """Takes shards from a coordinator and sends them until all have ended."""

    def __init__(
        self, messages: CoordinatorMessages, options: WorkerOptions, limit_usd: Decimal | None
    ) -> None:
        self._messages, self._options, self._limit_usd = messages, options, limit_usd
        self._stoppers: dict[int, Stopper] = {}
        self._stops = 0
        self._ended = threading.Event()
        self._sends = 0
        self._end: ShardEnd | None = None
        self._lost = False

    def run(self) -> WorkerEnd:
        """Send shards until all rows of the run have ended, or this worker is stopped."""
        reports = threading.Thread(target=self._report, name="llm-pure reports", daemon=True)
        reports.start()
        try:
            asyncio.run(self._send())
        finally:
            self._ended.set()
            reports.join()
        reason = "finished" if self._end is None else self._end.reason
        return WorkerEnd(
            reason="silent" if self._lost else reason, end=self._end, sends=self._sends
        )

    def stop(self) -> None:
        """Send nothing new from now on; once more: end now."""
        self._stops += 1
        for stopper in list(self._stoppers.values()):
            stopper.stop()

    async def _send(self) -> None:
        options = self._options
        try:
            run = ok(open_run(options.directory))
            ok(run.config())
            with WorkerLock(run.directory):
                await asyncio.gather(*[self._send_shards(run) for _ in range(SHARDS_AT_A_TIME)])
        except Rejected as rejected:
            self._end = ShardEnd(
                number=-1, left=0, reason="error", error=rejected.error,
                message=rejected.error.message,
            )  # fmt: skip
        except OSError as failed:
            error = InvalidConfiguration(
                message=f"the run {options.directory} cannot be used here: {failed.strerror or failed}",
                field="directory",
            )
            self._end = ShardEnd(
                number=-1, left=0, reason="error", error=error, message=error.message
            )

    async def _send_shards(self, run: Run) -> None:
        options = self._options
        shards = msgspec.structs.replace(
            options.shards, concurrency=max(1, options.shards.concurrency // SHARDS_AT_A_TIME)
        )
        try:
            while not self._stops and self._end is None:
                assignment: Assignment = await asyncio.to_thread(
                    self._messages.send, "take", options.name
                )
                shard = assignment.shard
                if assignment.over:
                    return
                if shard is None:
                    await asyncio.sleep(assignment.wait_s)
                    continue
                stopper = self._stoppers[shard.number] = Stopper()
                for _ in range(self._stops):
                    stopper.stop()
                end = await asend_shard(
                    ShardTask(
                        directory=options.directory,
                        shard=shard,
                        start=options.start,
                        options=shards,
                    ),
                    run=run,
                    store=CoordinatorLeases(self._messages, self._limit_usd),
                    stopper=stopper,
                )
                self._sends += end.sends
                if end.left and end.reason != "interrupted":
                    self._end = end
                del self._stoppers[shard.number]
                await asyncio.to_thread(
                    self._messages.send, "finish", options.name, shard.number, end.left
                )
        except CoordinatorSilent:
            self._lose()

    def _report(self) -> None:
        while not self._ended.wait(REPORT_S):
            holding = tuple(self._stoppers)
            report = Report(worker=self._options.name, process=os.getpid(), holding=holding)
            try:
                lost = self._messages.send("report", report)
            except CoordinatorSilent:
                self._lose()
                return
            for number in lost:
                self._stop_now(number)

    def _lose(self) -> None:
        self._lost = True
        self._stops += 2
        for number in list(self._stoppers):
            self._stop_now(number)

    def _stop_now(self, number: int) -> None:
        stopper = self._stoppers.get(number)
        for _ in range(0 if stopper is None else 2):
            assert stopper is not None
            stopper.stop()
