"""The jobs of a run at a batch service, folded from the lines of its logs. Takes no lock."""

from contextlib import suppress

import msgspec

from llm_pure.bulk.batch_events import OVER, JobRecord, JobState
from llm_pure.bulk.entries import Job, Sent
from llm_pure.bulk.row_states import ANSWERED, FINAL
from llm_pure.bulk.run_directory import Run


def job_states(run: Run) -> dict[str, JobState]:
    """Return the jobs of a run by key, from its logs. Takes no lock."""
    records: dict[str, JobRecord] = {}
    sent: dict[str, Sent] = {}
    for entry in run.entries():
        if isinstance(entry, Sent):
            sent[entry.job] = entry
            records.setdefault(entry.job, JobRecord(key=entry.job))
        elif isinstance(entry, Job) and entry.job in records:
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


def job_records(run: Run) -> tuple[JobRecord, ...]:
    """Return the jobs of a run as its logs have them, in their order. Takes no lock."""
    return tuple([state.record for state in job_states(run).values()])


def living_jobs(run: Run) -> tuple[JobRecord, ...]:
    """Return the jobs that are not over: their rows must not be sent otherwise."""
    return tuple([record for record in job_records(run) if record.phase not in OVER])
