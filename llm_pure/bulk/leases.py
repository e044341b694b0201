"""Leases: workers share a budget and a rate by amounts that they are granted in advance. Pure: times are arguments.

    grant(leases, worker, want, now_s)  -> (Leases, Grant)       settle(leases, worker, spent_usd, now_s) -> Leases
    release(leases, worker, spent_usd)  -> Leases                 expire(leases, now_s)                    -> Leases

At all times, whatever the order of messages and deaths, what was granted and spent together is at most the limit. What a
worker spent is sent as its total, so a message that arrives twice or late changes nothing. An expired lease counts as
spent until its worker, or whoever read the worker's log, reports what it really spent: calls may have been in flight.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from llm_pure.pricing.ledger import ZERO

LEASE_S = 30.0
"""Seconds that a lease is valid without a message of its worker."""

MAX_SHARE = Decimal("0.05")
"""Part of what is left that one grant has at most, so that the end of a budget is not stranded with few workers."""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A rate as a token bucket. It holds the amount of one second at most, and refills so that no minute exceeds the limit."""

    per_minute: float
    level: float
    at_s: float

    @property
    def capacity(self) -> float:
        """The amount of one second, at least 1."""
        return max(1.0, self.per_minute / 60)

    @property
    def rate(self) -> float:
        """Refill per second: a full bucket and a minute's refill are together the limit."""
        return max(self.per_minute - self.capacity, self.per_minute / 2) / 60


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker would like: about what it used in the last second."""

    usd: Decimal = ZERO
    min_usd: Decimal = ZERO
    """Less than this is of no use: the most that the next call can cost."""
    requests: int = 0
    tokens: float = 0.0


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker may use from now on, beside what it holds. Durations, never times of day: clocks differ."""

    usd: Decimal = ZERO
    requests: int = 0
    tokens: float = 0.0
    valid_s: float = LEASE_S
    pause_s: float = 0.0
    """Nothing may be sent for so long: a provider wants a pause."""
    wait_s: float = 0.0
    """Ask for requests or tokens again after so long."""


class WorkerLease(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker was granted in all, and what it has spent of that."""

    granted_usd: Decimal = ZERO
    spent_usd: Decimal = ZERO
    until_s: float = 0.0
    expired: bool = False


class Leases(msgspec.Struct, frozen=True, kw_only=True):
    """A budget, a rate, and the leases of all workers."""

    limit_usd: Decimal | None = None
    """None is no limit."""
    spent_usd: Decimal = ZERO
    """By workers that have ended, and before this run."""
    workers: Mapping[str, WorkerLease] = {}
    requests: Bucket | None = None
    tokens: Bucket | None = None
    pause_until_s: float = 0.0

    @property
    def granted_usd(self) -> Decimal:
        """All that is spent or may be spent by living and dead workers."""
        return sum((lease.granted_usd for lease in self.workers.values()), self.spent_usd)

    @property
    def total_spent_usd(self) -> Decimal:
        """All that was reported as spent."""
        return sum((lease.spent_usd for lease in self.workers.values()), self.spent_usd)

    @property
    def left_usd(self) -> Decimal | None:
        """What can still be granted; None without a limit."""
        return None if self.limit_usd is None else max(ZERO, self.limit_usd - self.granted_usd)


def open_leases(
    limit_usd: Decimal | None = None,
    *,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    spent_usd: Decimal = ZERO,
    now_s: float = 0.0,
) -> Leases:
    """Return the leases of a run that begins: full buckets, no workers."""
    return Leases(
        limit_usd=limit_usd,
        spent_usd=spent_usd,
        requests=_bucket(requests_per_minute, now_s),
        tokens=_bucket(tokens_per_minute, now_s),
    )


def _bucket(per_minute: float | None, now_s: float) -> Bucket | None:
    if per_minute is None:
        return None
    bucket = Bucket(per_minute=per_minute, level=0.0, at_s=now_s)
    return msgspec.structs.replace(bucket, level=bucket.capacity)


def grant(leases: Leases, worker: str, want: Want, now_s: float) -> tuple[Leases, Grant]:
    """Grant a worker what is left of its wish. An amount of 0 is a refusal; every message renews the lease."""
    lease = leases.workers.get(worker, WorkerLease())
    usd = _grant_usd(leases, want)
    requests, request_bucket, request_wait_s = _take(
        leases.requests, float(want.requests), now_s, unit=1.0
    )
    tokens, token_bucket, token_wait_s = _take(leases.tokens, want.tokens, now_s)
    changed = msgspec.structs.replace(
        lease, granted_usd=lease.granted_usd + usd, until_s=now_s + LEASE_S, expired=False
    )
    granted = Grant(
        usd=usd,
        requests=int(requests),
        tokens=tokens,
        pause_s=max(0.0, leases.pause_until_s - now_s),
        wait_s=max(request_wait_s, token_wait_s),
    )
    return (
        msgspec.structs.replace(
            leases,
            workers={**leases.workers, worker: changed},
            requests=request_bucket,
            tokens=token_bucket,
        ),
        granted,
    )


def _grant_usd(leases: Leases, want: Want) -> Decimal:
    left = leases.left_usd
    if left is None:
        return max(want.usd, want.min_usd)
    usd = max(min(want.usd, left * MAX_SHARE), want.min_usd)
    return usd if usd <= left else ZERO


def _take(
    bucket: Bucket | None, requested: float, now_s: float, *, unit: float = 0.0
) -> tuple[float, Bucket | None, float]:
    """(amount taken, bucket after it, seconds until there is more to take). unit: only multiples of it, if it is not 0."""
    if bucket is None or requested <= 0:
        return requested, bucket, 0.0
    passed_s = max(0.0, now_s - bucket.at_s)  # a clock that goes back refills nothing
    level = min(bucket.capacity, bucket.level + passed_s * bucket.rate)
    amount = max(0.0, min(requested, level))
    if unit:
        amount = amount // unit * unit
    after = msgspec.structs.replace(bucket, level=level - amount, at_s=now_s)
    is_enough = amount >= (unit or requested)
    missing = min(bucket.capacity, unit or requested) - after.level
    return amount, after, 0.0 if is_enough else max(missing / bucket.rate, 0.001)


def charge_tokens(leases: Leases, tokens: float) -> Leases:
    """Correct the token bucket by what calls used beyond their estimates; the debt delays later grants."""
    bucket = leases.tokens
    if bucket is None or not tokens:
        return leases
    level = min(bucket.capacity, bucket.level - tokens)
    return msgspec.structs.replace(leases, tokens=msgspec.structs.replace(bucket, level=level))


def pause(leases: Leases, seconds: float, now_s: float) -> Leases:
    """Stop all workers for so long. A shorter pause than the present one changes nothing."""
    until_s = max(leases.pause_until_s, now_s + seconds)
    return msgspec.structs.replace(leases, pause_until_s=until_s)


def settle(leases: Leases, worker: str, spent_usd: Decimal, now_s: float) -> Leases:
    """Record what a worker has spent in all, and renew its lease. An older, lower total changes nothing."""
    lease = leases.workers.get(worker)
    if lease is None:  # its lease was released: what it reports is in `spent_usd` already
        return leases
    spent = max(lease.spent_usd, spent_usd)
    changed = msgspec.structs.replace(
        lease,
        spent_usd=spent,
        granted_usd=max(lease.granted_usd, spent),  # more than was granted is spent all the same
        until_s=now_s + LEASE_S,
        expired=False,
    )
    return msgspec.structs.replace(leases, workers={**leases.workers, worker: changed})


def release(leases: Leases, worker: str, spent_usd: Decimal | None = None) -> Leases:
    """End a worker: what it was granted and did not spend is free again.

    spent_usd: its total by its log, if the worker is dead; by default what it reported last. Whoever calls this knows that
    no call of the worker is in flight.
    """
    lease = leases.workers.get(worker)
    if lease is None:
        return leases
    spent = max(lease.spent_usd, spent_usd or ZERO)
    others = {name: other for name, other in leases.workers.items() if name != worker}
    return msgspec.structs.replace(leases, workers=others, spent_usd=leases.spent_usd + spent)


def expire(leases: Leases, now_s: float) -> Leases:
    """Mark the leases whose workers were silent for too long. Their amounts count as spent until they are settled."""
    late = {
        name: msgspec.structs.replace(lease, expired=True)
        for name, lease in leases.workers.items()
        if lease.until_s < now_s and not lease.expired
    }
    if not late:
        return leases
    return msgspec.structs.replace(leases, workers={**leases.workers, **late})
