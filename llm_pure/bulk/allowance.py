"""What one worker may spend and send now: its leases, renewed in time. Holds no more than a second's use."""

import asyncio
from collections import deque
from contextvars import ContextVar
from decimal import Decimal
from pathlib import Path
from time import monotonic

from llm_pure.bulk.lease_stores import LeaseStore
from llm_pure.bulk.leases import Want
from llm_pure.bulk.log_files import log_cost_usd, log_paths
from llm_pure.pricing.ledger import ZERO, Call, Ledger, Totals
from llm_pure.types.errors import BudgetExceeded
from llm_pure.types.result import Failure, LLMResult, Success

CALLS_A_LEASE = 100
"""Money is leased for about so many calls at once."""


class CallRecord:
    """What happened to one row's call, filled in by transport and budget."""

    __slots__ = ("attempts", "cost_usd", "sending", "tokens")

    def __init__(self) -> None:
        self.reset(0.0)

    def reset(self, tokens: float) -> None:
        """Begin the next call. tokens: its estimate, which was acquired."""
        self.attempts = 0
        self.cost_usd: Decimal | None = None
        self.sending = False
        self.tokens = tokens


current_record: ContextVar[CallRecord] = ContextVar("llm_pure_bulk_record")
"""The record of the call that this task makes."""


class Allowance:
    """The money, requests and tokens that this worker has leased. A BudgetStore of the client."""

    def __init__(self, store: LeaseStore, worker: str) -> None:
        self._store = store
        self._worker = worker
        self._limit_usd = store.limit_usd()
        self._free_usd = ZERO
        self.spent_usd = ZERO
        self._reserved: dict[str, Decimal] = {}
        self._number = 0
        self._requests = 0
        self._tokens = 0.0
        self._excess_tokens = 0.0
        self._valid_until_s = 0.0
        self.pause_until_s = 0.0
        """By the store: another worker has to wait."""
        self._calls = 0
        self._recent: deque[float] = deque(maxlen=CALLS_A_LEASE)
        self._lock = asyncio.Lock()

    # The client's budget

    @property
    def max_usd(self) -> Decimal | None:
        """The budget; None is no limit."""
        return self._limit_usd

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Reserve the most that a call can cost, from the lease, which is renewed if need be. Fails with BudgetExceeded."""
        if self._free_usd < usd or monotonic() > self._valid_until_s:
            self._renew(usd)
        if usd and self._free_usd < usd:
            message = f"the call may cost {usd:f} USD, which the budget of {self._limit_usd:f} USD does not leave"
            return Failure(BudgetExceeded(message=message))
        self._number += 1
        name = str(self._number)
        self._free_usd -= usd
        self._reserved[name] = usd
        return Success(name)

    def settle(self, name: str, call: Call) -> None:
        """Replace a reservation by the real cost of the call."""
        record = current_record.get(None)
        cost = call.cost.total_usd if call.cost is not None else None
        if record is not None and cost is not None:
            record.cost_usd = cost if record.cost_usd is None else record.cost_usd + cost
        self.spent_usd += cost or ZERO
        self._free_usd += self._reserved.pop(name, ZERO) - (cost or ZERO)
        self._calls += 1
        if record is not None:
            used = (call.usage.input_tokens or 0) + (call.usage.output_tokens or 0)
            self._excess_tokens += used - record.tokens if used else 0.0

    def release(self, name: str) -> None:
        """Remove a reservation without a cost."""
        self._free_usd += self._reserved.pop(name, ZERO)

    def ledger(self) -> Ledger:
        """Return what this worker has spent and reserved."""
        return Ledger(
            max_usd=self._limit_usd,
            totals=Totals(calls=self._calls, cost_usd=self.spent_usd),
            reserved=dict(self._reserved),
        )

    # Rates

    async def acquire(self, tokens: float, limits: tuple[bool, bool]) -> None:
        """Wait until a request of so many tokens may be sent. limits: whether requests and tokens are limited."""
        if not any(limits):
            return
        async with self._lock:  # first come, first served
            while (limits[0] and self._requests < 1) or (limits[1] and self._tokens < tokens):
                want = Want(
                    requests=max(1, len(self._recent) // 4) if limits[0] else 0,
                    tokens=tokens - self._tokens if limits[1] else 0.0,
                )
                wait_s = self._exchange(want)
                if wait_s > 0:
                    await asyncio.sleep(min(wait_s, 5.0))
            self._requests -= 1
            self._tokens -= tokens
            self._recent.append(monotonic())

    def heartbeat(self, pause_s: float = 0.0) -> None:
        """Report spending, renew the lease, and learn of pauses. pause_s: stop all workers for so long."""
        self._exchange(Want(), pause_s)

    def _renew(self, usd: Decimal) -> None:
        self._exchange(Want(usd=usd * CALLS_A_LEASE, min_usd=max(ZERO, usd - self._free_usd)))

    def _exchange(self, want: Want, pause_s: float = 0.0) -> float:
        excess, self._excess_tokens = self._excess_tokens, 0.0
        granted = self._store.exchange(
            self._worker, want, self.spent_usd, tokens=excess, pause_s=pause_s
        )
        now_s = monotonic()
        self._free_usd += granted.usd
        self._requests += granted.requests
        self._tokens += granted.tokens
        self._valid_until_s = now_s + granted.valid_s
        self.pause_until_s = now_s + granted.pause_s if granted.pause_s else 0.0
        return granted.wait_s

    def close(self) -> None:
        """End the lease: no call is in flight."""
        self._store.release(self._worker, self.spent_usd)


def open_allowance(store: LeaseStore, directory: Path, log: Path) -> Allowance:
    """Return the allowance of a log's worker. In a shared store, the leases of the run's dead workers end first.

    What a dead worker has spent is the sum of its log. The caller has the run's lock.
    """
    prefix = f"{directory.resolve()}/"
    if store.shared:
        names = {name.removeprefix(prefix) for name in store.workers() if name.startswith(prefix)}
        for path in log_paths(directory):
            if path.name in names:
                store.release(f"{prefix}{path.name}", log_cost_usd(path))
    return Allowance(store, f"{prefix}{log.name}")
