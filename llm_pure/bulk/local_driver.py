"""Run the open rows of a run in this process: `run_local`, and `arun_local` in an event loop that is there."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

from llm_pure.bulk.error_limit import parse_error_limit
from llm_pure.bulk.lease_stores import leases_of
from llm_pure.bulk.local_loop import LocalLoop
from llm_pure.bulk.loop_options import LoopOptions
from llm_pure.bulk.progress import Progress, run_counts
from llm_pure.bulk.provider_jobs import no_living_jobs
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.run_summary import RunSummary, Stopper
from llm_pure.bulk.stop_signals import stop_signals
from llm_pure.client.billing import PricesInput
from llm_pure.client.budgets import to_amount
from llm_pure.client.transport_manager import AnyTransport
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.transports.base import TransportSettings
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.rejection import Rejected, ok

try:
    import resource
except ImportError:  # pragma: no cover - Windows has no such limit
    resource = None  # type: ignore[assignment]

CONCURRENCY = 256
OTHER_FILES = 32
"""Open files of a process besides its connections: the log, the input, modules that are being loaded."""


def run_local(run: Run, *, stopper: Stopper | None = None, **options: Any) -> RunSummary:
    """`arun_local` in an event loop of its own. In the main thread, Ctrl-C, SIGTERM and a closed terminal end it: once, no new sends."""
    stopper = stopper or Stopper()
    with stop_signals(stopper.stop):
        return asyncio.run(arun_local(run, stopper=stopper, **options))


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
    timeout_s: float | None = None,
    retry_passing: bool = True,
    max_errors: int | str | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    progress_s: float = 10.0,
    stopper: Stopper | None = None,
) -> RunSummary:
    """Send every open row; return once all have ended, or the run was stopped.

    concurrency: calls in flight; the process's limit of open files is raised for them, and may allow fewer. budget: in USD, for
    the run with its earlier parts. limit: requests and tokens per minute. leases: a file by which several runs on this machine
    share budget and limit. transport: by default aiohttp if it is installed, else httpx. timeout_s: for each row.
    retry_passing: also send rows whose errors may pass. max_errors: of the rows that are sent, a number, or a share such as "5%"
    from the hundredth row on ("100%" never stops); None stops if the first hundred all end in one kind of error. on_progress:
    called every `progress_s` seconds. No error is raised: a row's is in its line, and the run's in the summary.
    """
    started_s = monotonic()
    try:
        config = ok(run.config())
        ok(run.check_input())
        limit_usd = None if budget is None else to_amount(budget, "budget")
        with ok(run.lock()):
            ok(no_living_jobs(run))
            states = run.states()
            options = LoopOptions(
                concurrency=possible_concurrency(max(1, concurrency)),
                limit=limit or RateLimit(),
                transport=transport or default_transport(),
                settings=settings,
                retry=retry,
                prices=prices,
                timeout_s=timeout_s,
                retry_passing=retry_passing,
                error_limit=ok(parse_error_limit(max_errors)),
                on_progress=on_progress,
                progress_s=progress_s,
            )
            with leases_of(leases, limit_usd, limit, spent_usd=states.cost_usd) as store:
                loop = LocalLoop(run, config, states, store, stopper or Stopper(), options)
                return await loop.run()
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


def possible_concurrency(concurrency: int) -> int:
    """Return how many of these calls can be in flight: each has a connection, which is an open file.

    The process's limit of open files is raised as far as the system lets it: on macOS it is 256 at first.
    """
    if resource is None:
        return concurrency
    limit, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = concurrency + OTHER_FILES
    if limit == resource.RLIM_INFINITY or limit >= needed:
        return concurrency
    higher = needed if maximum == resource.RLIM_INFINITY else min(needed, maximum)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (higher, maximum))
        limit = higher
    return max(1, limit - OTHER_FILES)


def default_transport() -> str:
    """Return "aiohttp", the cheapest with many calls at a time, if it is installed, else "httpx"."""
    return "aiohttp" if find_spec("aiohttp") is not None else "httpx"
