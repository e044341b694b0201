"""How the jobs of a run at a batch service are made and sent, and how a part of such a run ends."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from llm_pure.bulk.batch_events import JobRecord
from llm_pure.bulk.progress import Progress
from llm_pure.bulk.run_summary import RunSummary
from llm_pure.client.transport_manager import AnyTransport
from llm_pure.pricing.table import PriceTable
from llm_pure.transports.base import TransportSettings

MAX_ROUNDS = 2
"""How often a row goes into a job in one part of a run; then it stays open, for `--finish live` or a later `resume`."""


class ProviderSummary(RunSummary, frozen=True, kw_only=True):
    """How a part of a run at a batch service has ended. `reason` may be "waiting": jobs are under way."""

    jobs: tuple[JobRecord, ...] = ()
    """All jobs of the run, as they are now."""
    left: int = 0
    """Rows that are in no job and have no end."""


class ProviderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the jobs of a run are made and sent."""

    budget: Decimal | float | str | None = None
    """In USD, for the run with its earlier parts; what a job can cost at most is reserved before its upload."""
    max_errors: int | str | None = None
    """As of `run_local`: of the results, which are looked at as they arrive. What is at the service goes on there."""
    max_rounds: int = MAX_ROUNDS
    max_requests: int | None = None
    """Rows of one job, below the service's own limit."""
    transport: AnyTransport = "httpx"
    settings: TransportSettings | None = None
    prices: PriceTable | Mapping[str, object] | None = None
    on_progress: Callable[[Progress], object] | None = None
    """Called after each request."""
    stopping: Callable[[], bool] = lambda: False
    """Asked before each request and once a second: true ends this part of the run; its jobs go on."""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
