"""What the commands of `llm-pure batch` print of a run."""

from shlex import quote

from llm_pure.bulk.progress import format_counts, format_duration
from llm_pure.bulk.provider_batches import ProviderSummary, living_jobs
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.run_status import RunStatus
from llm_pure.bulk.run_summary import RunSummary
from llm_pure.cli.batch_provider import job_line
from llm_pure.cli.output import out
from llm_pure.types.request import ChatRequest


def unsent_columns(planned: Run) -> list[str]:
    """Notes on columns of the first row that look as if they were sent: fields of an OpenAI body, {names} in the system prompt."""
    columns = planned.row(0).columns if len(planned) else {}
    planned.close()
    notes = []
    fields = sorted(columns.keys() & set(ChatRequest.__struct_fields__) - {"messages", "model"})
    if planned.spec.prompt is None and "messages" in columns and fields:
        names = ", ".join(fields)
        notes.append(
            f"columns that are not sent: {names}; lines of OpenAI's batches send them in their body"
        )
    system = planned.spec.system or ""
    return notes + [
        f"{{{name}}} of the system prompt is sent as it is: only --prompt has columns"
        for name in columns
        if f"{{{name}}}" in system
    ]


def summary_line(summary: RunSummary) -> str:
    """How a part of a run ended, in one line."""
    how = "stopped" if summary.reason in ("error", "max_errors") else summary.reason  # why follows
    return f"{how}: {format_counts(summary.counts)}, in {format_duration(summary.took_s)}"


def hints(opened: Run, summary: RunSummary) -> list[str]:
    """The commands that go on with a run."""
    counts = summary.counts
    directory = quote(str(opened.directory))
    lines = []
    if summary.reason == "disk":
        lines.append(f"free some space, then: llm-pure batch resume {directory}")
    elif counts.failed and summary.reason in ("breaker", "max_errors"):
        kinds = ",".join(sorted([kind for kind, count in counts.errors.items() if count]))
        lines.append(f"go on with: llm-pure batch retry {directory} --errors {kinds}")
        if summary.reason == "max_errors" and counts.open:
            lines.append(f"or, as it is: llm-pure batch resume {directory} --max-errors 100%")
        if isinstance(summary, ProviderSummary) and living_jobs(opened):
            lines.append(f"stop the jobs under way: llm-pure batch cancel {directory}")
    elif counts.open or counts.passing:
        more = " --max-cost USD" if summary.reason == "budget" else ""
        if summary.reason == "finished" and isinstance(summary, ProviderSummary):
            more = " --finish live"
        lines.append(f"go on with: llm-pure batch resume {directory}{more}")
    return lines


def print_status(state: RunStatus) -> None:
    """Print the state of a run."""
    out(f"{state.directory}: {state.state}{f' ({state.message})' if state.message else ''}")
    out(f"  model: {state.api_type}:{state.model}")
    out(f"  input: {state.input}")
    out(f"  {format_counts(state.counts)}")
    out(f"  tokens: {state.counts.input_tokens:,} in, {state.counts.output_tokens:,} out")
    for job in state.jobs:
        out(f"  job {job.job_id or job.key}: {job_line(job)}")
