"""How the rows of a run are sent, and which errors end it."""

from collections.abc import Callable

import msgspec

from llm_pure.bulk.error_limit import NO_LIMIT, ErrorLimit
from llm_pure.bulk.progress import Progress
from llm_pure.client.billing import PricesInput
from llm_pure.client.transport_manager import AnyTransport
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.transports.base import TransportSettings

BREAKER_KINDS = frozenset({"authentication", "not_found", "permission", "quota"})
"""Errors of the account or the model, which every row would end in."""

BREAKER_ERRORS = 5
"""So many of them without an answer between stop the run."""

FATAL_KINDS = frozenset({"configuration", "price_unknown"})
"""Errors that stop the run at once: nothing was sent."""


class LoopOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows are sent."""

    concurrency: int
    limit: RateLimit
    transport: AnyTransport
    settings: TransportSettings | None = None
    retry: RetryPolicy | None = None
    prices: PricesInput | None = None
    timeout_s: float | None = None
    """For each row; None is the configuration's."""
    retry_passing: bool = True
    """Also rows whose errors may pass."""
    error_limit: ErrorLimit = NO_LIMIT
    on_progress: Callable[[Progress], object] | None = None
    progress_s: float = 10.0
    rows: tuple[int, ...] | None = None
    """Only these rows: a shard, of a worker among others. None is every row of the run."""
    worker: str = "local"
    """Of the log's name."""
    start: int | None = None
    """Number of the start that the workers share; None counts up."""
