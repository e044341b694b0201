"""The status of a run, under way, ended or killed: read from its files, without a lock, a key or the input."""

import msgspec

from llm_pure.bulk.batch_events import OVER, JobRecord
from llm_pure.bulk.log_files import log_paths
from llm_pure.bulk.progress import RunCounts, run_counts
from llm_pure.bulk.provider_jobs import job_records
from llm_pure.bulk.run_directory import Run


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    directory: str
    state: str
    """"planned", "running", "finished", "stopped" (in order: budget, Ctrl-C, errors), "killed" or
    "waiting": jobs are at the provider, and no process looks after them."""
    reason: str = ""
    """Why it stopped, as in RunSummary."""
    message: str = ""
    api_type: str
    model: str
    input: str
    counts: RunCounts
    open: int
    """Rows without an answer or an error."""
    created: str = ""
    jobs: tuple[JobRecord, ...] = ()
    """Jobs at the provider's batch service."""


def run_status(run: Run) -> RunStatus:
    """Return the status as the logs have it now."""
    is_running = run.is_running()  # before the logs are read: it may end meanwhile
    paths = log_paths(run.directory)
    states = run.states(paths)
    counts = run_counts(states)
    stopped = states.stopped
    jobs = job_records(run)
    if is_running:
        state = "running"
    elif any(job.phase not in OVER for job in jobs):
        state = "waiting"
    elif not counts.open and not counts.passing:
        state = "finished"
    elif not paths:
        state = "planned"
    else:
        state = "stopped" if stopped is not None else "killed"
    return RunStatus(
        directory=str(run.directory),
        state=state,
        reason="" if stopped is None else stopped.reason,
        message="" if stopped is None else stopped.message,
        api_type=run.spec.api_type,
        model=run.spec.model,
        input=run.spec.input.path,
        counts=counts,
        open=counts.open,
        created=run.spec.created,
        jobs=jobs,
    )
