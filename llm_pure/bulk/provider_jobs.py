"""The jobs of a run at a batch service, folded from the lines of its logs. Takes no lock."""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b

import msgspec

from llm_pure.bulk.batch_events import OVER, JobRecord, JobState
from llm_pure.bulk.entries import Job, Sent, decode_entry
from llm_pure.bulk.log_files import log_paths, scan_lines
from llm_pure.bulk.row_states import ANSWERED, FINAL
from llm_pure.bulk.run_directory import Run
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, returns_failure

WORKER = "provider"
"""Name of the logs that the provider driver writes."""

_STARTS = (b'{"kind":"job"', b'{"kind":"sent"')


def job_key(run: Run, number: int) -> str:
    """Return the name of the run's job of this number, which no other job has: by the run's directory and plan."""
    text = f"{run.directory.resolve()}\n{run.spec.created}\n{run.spec.input.blake2b}"
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"llm-pure-{digest}-{number}"


def job_states(run: Run) -> dict[str, JobState]:
    """Return the jobs of a run by key, in their order."""
    records: dict[str, JobRecord] = {}
    sent: dict[str, Sent] = {}
    for entry in _job_entries(run):
        if isinstance(entry, Sent):
            sent[entry.job] = entry
            records.setdefault(entry.job, JobRecord(key=entry.job))
        elif entry.job in records:
            with suppress(msgspec.ValidationError):
                data = {**entry.data, "key": entry.job, "phase": entry.state}
                records[entry.job] = msgspec.convert(data, JobRecord)
    states = run.states()
    jobs: dict[str, JobState] = {}
    for key, entry in sent.items():
        ended = []
        for name, hint in zip(entry.ids, entry.rows, strict=False):
            rows = run.index.rows_of(name, hint)
            if rows and states.kinds[states.states[rows[0]]][0] in (ANSWERED, FINAL):
                ended.append(name)
        jobs[key] = JobState(
            record=records[key], ids=entry.ids, rows=entry.rows, ended=frozenset(ended)
        )
    return jobs


def _job_entries(run: Run) -> Iterator[Job | Sent]:
    """The lines about jobs; the many others of the same files are not decoded."""
    for path in log_paths(run.directory):
        if not path.name.startswith(f"{WORKER}-"):
            continue
        for _, line in scan_lines(path):
            entry = decode_entry(line) if line.startswith(_STARTS) else None
            if isinstance(entry, Job | Sent):
                yield entry


def job_records(run: Run) -> tuple[JobRecord, ...]:
    """Return the jobs of a run as its logs have them, in their order."""
    records: dict[str, JobRecord] = {}
    for entry in _job_entries(run):
        records.setdefault(entry.job, JobRecord(key=entry.job))
        if isinstance(entry, Job):
            with suppress(msgspec.ValidationError):
                data = {**entry.data, "key": entry.job, "phase": entry.state}
                records[entry.job] = msgspec.convert(data, JobRecord)
    return tuple(records.values())


def living_jobs(run: Run) -> tuple[JobRecord, ...]:
    """Return the jobs that are not over: their rows must not be sent otherwise."""
    return tuple([record for record in job_records(run) if record.phase not in OVER])


@returns_failure
def no_living_jobs(run: Run) -> None:
    """Fails with InvalidConfiguration if jobs of the run are under way: their rows would be paid twice."""
    living = living_jobs(run)
    if living:
        message = f"{len(living)} jobs of {run.directory} are under way at the provider, and their rows would be paid twice"
        remedy = "wait for them or cancel them: llm-pure batch resume, llm-pure batch cancel"
        raise Rejected(InvalidConfiguration(message=message, field="provider_batch", remedy=remedy))
