"""The provider driver: the open rows of a run as jobs at the provider's batch service, at its lower price.

    open rows -> lines -> jobs;   each job: log, upload, log, create, log, poll, fetch -> one line in the log for each row

Every decision is `batch_job.step`'s. A killed process has lost nothing: the next one goes on from the log, and looks for a
job that may have been created before it creates another.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from llm_pure.bulk.batch_exchange import Exchange
from llm_pure.bulk.progress import run_counts
from llm_pure.bulk.provider_jobs import WORKER, job_records, job_states, living_jobs
from llm_pure.bulk.provider_loop import ProviderLoop
from llm_pure.bulk.provider_options import ProviderOptions, ProviderSummary
from llm_pure.bulk.run_directory import Run
from llm_pure.client.targets import load_targets, target_secrets
from llm_pure.client.transport_manager import TransportManager
from llm_pure.transports.base import TransportSettings
from llm_pure.types.errors import (
    InvalidConfiguration,
    LLMError,
    UnsupportedFeature,
)
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Success

_RESULT_BYTES = 2 * 1024 * 1024 * 1024
"""Maximum bytes of a page of results."""

__all__ = [
    "ProviderOptions",
    "ProviderSummary",
    "cancel",
    "clean",
    "job_records",
    "job_states",
    "living_jobs",
    "run_provider",
]


def run_provider(
    run: Run, *, wait: bool = True, plan: bool = True, cancel: bool = False, **options: Any
) -> ProviderSummary:
    """Send the open rows in jobs, and fetch the results of all jobs; return when every job is over, or the run was stopped.

    wait: false returns once the jobs are created, or were looked at once. plan: false makes no new jobs. cancel: cancel the
    jobs under way first; what they have done is fetched. Further options are those of `ProviderOptions`. No error is
    raised: a row's is in its line, and the run's in the summary.
    """
    return _session(run, options, lambda driver: driver.drive(wait=wait, plan=plan, cancel=cancel))


def cancel(run: Run, **options: Any) -> ProviderSummary:
    """Cancel the jobs under way, and fetch what they have done. Options as of `run_provider`."""
    return run_provider(run, cancel=True, plan=False, **options)


def clean(run: Run, **options: Any) -> ProviderSummary:
    """Delete what the service keeps of jobs that are over: their results are on disk. Options as of `run_provider`."""
    return _session(run, options, lambda driver: driver.clean())


def _session(
    run: Run, options: dict[str, Any], work: "Callable[[ProviderLoop], None]"
) -> ProviderSummary:
    """Open what a part of the run needs, work, and sum up."""
    chosen = ProviderOptions(**options)
    began_s = chosen.clock()
    error: LLMError
    try:
        config = ok(run.config())
        ok(run.check_input())
        settings = chosen.settings or TransportSettings(body_limit=_RESULT_BYTES)
        (target,) = ok(load_targets((config,), run.registry, settings))
        api = target.provider.batch
        if api is None:
            message = f"{target.provider.name} has no batch service that this library knows"
            raise Rejected(UnsupportedFeature(message=message, feature="batch"))
        manager = TransportManager(chosen.transport, Success((target,)))
        with ok(run.lock()), manager.acquire() as cache:
            exchange = Exchange(target, api, cache, chosen.clock, chosen.sleep)
            secrets = sorted(target_secrets(target))
            log = ok(run.open_log(WORKER, secrets=secrets, calls=64))
            try:
                driver = ProviderLoop(run, exchange, log, chosen)
                work(driver)
                return driver.summary(chosen.clock() - began_s)
            finally:
                with suppress(OSError):
                    log.close()
                run.close()
    except Rejected as rejected:
        error = rejected.error
    except ValueError as invalid:
        error = InvalidConfiguration(message=str(invalid), field="budget")
    except OSError as failed:  # of the log
        message = f"the log cannot be written: {failed.strerror or failed}"
        error = InvalidConfiguration(message=message, field="directory")
    is_disk = isinstance(error, InvalidConfiguration) and error.field == "directory"
    return ProviderSummary(
        reason="disk" if is_disk else "error",
        counts=run_counts(run.states()),
        error=error,
        message=error.message,
        jobs=job_records(run),
        took_s=chosen.clock() - began_s,
    )
