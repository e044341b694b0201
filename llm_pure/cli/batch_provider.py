"""The provider's side of `llm-pure batch`: runs by the provider's batch service, `cancel` and `clean` of its jobs."""

from argparse import Namespace
from datetime import UTC, datetime
from functools import partial
from shlex import quote

from llm_pure.bulk.batch_events import OVER, JobRecord
from llm_pure.bulk.progress import Progress, format_progress
from llm_pure.bulk.provider_batches import (
    ProviderSummary,
    cancel,
    clean,
    job_records,
    living_jobs,
    run_provider,
)
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.stop_signals import stop_signals
from llm_pure.cli.exit_codes import USAGE, CommandFailed, exit_code
from llm_pure.cli.model_selection import SelectedModel
from llm_pure.cli.output import print_note

LINE_S = 10.0


def goes_by_batches(run: Run, options: Namespace) -> bool:
    """True if the rows go to the provider's batch service: it was requested, or the run has jobs there.

    A run that began with jobs goes on with jobs, at their price, unless `--finish live` is set and none is under way.
    """
    if options.provider_batch or living_jobs(run):
        return True
    return bool(options.finish != "live" and job_records(run))


def refuse_unused(options: Namespace) -> None:
    """Raise CommandFailed for options that single calls from here would ignore."""
    if options.job_rows is not None or not options.wait:
        name = "--no-wait" if options.job_rows is None else "--job-rows"
        raise CommandFailed(f"{name} is for provider batches: add --provider-batch", USAGE)
    if options.ray is None and (options.workers or options.num_cpus):
        raise CommandFailed("--workers and --num-cpus are for Ray: add --ray", USAGE)


def send_by_batches(run: Run, selected: SelectedModel, options: Namespace) -> ProviderSummary:
    """Send the open rows in jobs, or look after those that are under way. Ctrl-C ends this part; the jobs go on."""
    settings = selected.settings
    signals: list[None] = []
    with stop_signals(partial(signals.append, None)):
        return run_provider(
            run,
            wait=options.wait,
            plan=options.provider_batch or options.finish != "live",
            budget=settings.cost_control.max_budget if options.max_cost is None else options.max_cost,
            max_errors=options.max_errors,
            max_requests=options.job_rows,
            transport=options.transport or "httpx",
            prices=settings.prices or None,
            on_progress=_Lines(),
            stopping=lambda: bool(signals),
        )  # fmt: skip


def finishes_live(summary: ProviderSummary, options: Namespace) -> bool:
    """True if what the jobs have left is to be sent by single calls now."""
    left = bool(summary.left or summary.counts.passing)
    return bool(options.finish == "live" and summary.reason == "finished" and left)


def cancel_jobs(run: Run) -> str:
    """Cancel the jobs under way; return a line for people. Raises CommandFailed."""
    count = len(living_jobs(run))
    summary = _checked(cancel(run, wait=False))
    left = [record for record in summary.jobs if record.phase not in OVER]
    if not left:
        return f"{run.directory}: {count} jobs were under way, and none is now"
    return f"{run.directory}: {len(left)} jobs are being cancelled; fetch what they have done: llm-pure batch resume {quote(str(run.directory))}"


def clean_jobs(run: Run) -> str:
    """Delete what the provider keeps of jobs that are over; return a line for people. Raises CommandFailed."""
    summary = _checked(clean(run))
    deleted = sum(record.deleted for record in summary.jobs)
    return f"{run.directory}: the files of {deleted} of {len(summary.jobs)} jobs are deleted"


def _checked(summary: ProviderSummary) -> ProviderSummary:
    if summary.error is not None:
        raise CommandFailed(summary.error, exit_code(summary.error))
    return summary


def job_line(record: JobRecord) -> str:
    """The state of a job for people.

    >>> job_line(JobRecord(key="k", phase="running", job_state="running"))
    'running'
    """
    counts = record.counts
    parts: list[str] = [record.phase]
    if record.phase == "running" and record.job_state not in ("running", "unknown"):
        parts = [f"running ({record.job_state})"]
    done = (counts.succeeded or 0) + (counts.failed or 0)
    if counts.total and done and record.phase == "running":
        parts.append(f"{done:,} of {counts.total:,} requests")
    parts += [record.reason] if record.reason else []
    parts += ["adopted by time and size"] if not record.verified else []
    parts += ["deleted at the provider"] if record.deleted else []
    return ", ".join(parts)


class _Lines:
    """Prints a line of progress now and then."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print the line if the last one is some time ago."""
        now_s = datetime.now(UTC).timestamp()
        if now_s >= self._next_s:
            self._next_s = now_s + LINE_S
            print_note(format_progress(progress))
