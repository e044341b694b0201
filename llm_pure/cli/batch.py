"""`llm-pure batch`: bulk runs. A run is a folder; every command but `plan` and `run` takes it."""

import os
import signal
import sys
import time
from argparse import Namespace
from codecs import BOM_UTF8
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from llm_pure.bulk.entries import Retried
from llm_pure.bulk.input_files import GZIP
from llm_pure.bulk.local_driver import possible_concurrency, run_local
from llm_pure.bulk.log_files import log_paths
from llm_pure.bulk.opening import discard_plan, open_run
from llm_pure.bulk.output_files import ERRORS, RESULTS, write_lines, write_outputs
from llm_pure.bulk.parquet_output import write_parquet
from llm_pure.bulk.progress import (
    Progress,
    format_progress,
)
from llm_pure.bulk.provider_jobs import job_records
from llm_pure.bulk.rows import UNREADABLE
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.run_lock import read_owner
from llm_pure.bulk.run_status import run_status
from llm_pure.bulk.run_summary import RunSummary
from llm_pure.cli.batch_plan import estimate_run, print_estimate
from llm_pure.cli.batch_provider import (
    cancel_jobs,
    clean_jobs,
    finishes_live,
    goes_by_batches,
    refuse_unused,
    send_by_batches,
)
from llm_pure.cli.batch_report import hints, print_status, summary_line, unsent_columns
from llm_pure.cli.exit_codes import (
    BUDGET,
    CANNOT_WRITE,
    DATA,
    INTERRUPTED,
    OK,
    ROW_ERRORS,
    TRY_AGAIN,
    USAGE,
    CommandFailed,
    exit_code,
    value_or_exit,
)
from llm_pure.cli.files import read_file
from llm_pure.cli.model_selection import SelectedModel, select_model
from llm_pure.cli.output import out_json, print_error, print_note, print_progress
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

TERMINAL_S = 0.5
LINE_S = 10.0


def plan(options: Namespace) -> int:
    """Print rows, tokens and costs of an input."""
    with TemporaryDirectory(prefix="llm-pure-plan-") as folder:
        run, selected = _opened(options, Path(folder) / "run")
        estimate = value_or_exit(
            estimate_run(run, selected.config, selected.settings.prices or None)
        )
    if options.json:
        out_json(estimate, indent=1)
    else:
        print_estimate(estimate)
    return OK


def run(options: Namespace) -> int:
    """Answer every row of a file."""
    source = Path("stdin" if options.input == "-" else options.input)
    source = source.with_suffix("") if source.suffix.lower() == GZIP else source
    directory = Path(options.output or Path("runs") / source.stem)
    opened, selected = _opened(options, directory, accept_changes=options.accept_changes)
    _require_sendable(opened, options)
    return _send(opened, selected, options)


def _require_sendable(opened: Run, options: Namespace) -> None:
    """A new run of which no row can be sent is a mistake in the command or a file of another kind: nothing of it is kept.

    So is a JSON array, of which a line may be a row by chance.
    """
    rows = len(opened)
    if not rows:
        print_note(f"{opened.spec.input.path} has no rows")
    if not rows or log_paths(opened.directory):
        return
    row = opened.row(0)
    opened.close()
    if opened.spec.input.unreadable < rows and not row.key.startswith(UNREADABLE + b"["):
        return
    discard_plan(opened)
    reason = "" if row.error is None else f": {row.error.message}"
    raise CommandFailed(f"no row of {options.input} can be sent{reason}", DATA)


def resume(options: Namespace) -> int:
    """Go on with a run."""
    opened, selected = _reopened(options)
    return _send(opened, selected, options)


def retry(options: Namespace) -> int:
    """Open the rows with some errors again, and go on."""
    opened, selected = _reopened(options)
    kinds = tuple([kind.strip() for kind in options.errors.split(",") if kind.strip()])
    known = opened.states().counts()
    unknown = [kind for kind in kinds if kind != "all" and kind not in {name for _, name in known}]
    if not kinds or unknown:
        errors = ", ".join(sorted({name for _, name in known if name})) or "none"
        raise CommandFailed(
            f"no row has the error {', '.join(unknown) or '?'}; the run's errors are: {errors}",
            USAGE,
        )
    with _value(opened.lock()):
        log = _value(opened.open_log("retry"))
        log.write(Retried(errors=() if "all" in kinds else kinds))
        log.close()
    return _send(opened, selected, options)


def status(options: Namespace) -> int:
    """Show how far a run is."""
    while True:
        state = run_status(_value(open_run(options.directory)))
        if options.json:
            out_json(state, indent=None if options.watch else 1)
        else:
            print_status(state)
        if not options.watch or state.state != "running":
            return OK
        time.sleep(1)


def results(options: Namespace) -> int:
    """Write the results of a run."""
    if options.parquet and options.parquet == options.jsonl:
        raise CommandFailed("--parquet and --jsonl name one file", USAGE)
    opened = _value(open_run(options.directory))
    if options.parquet:
        rows = _value(write_parquet(opened, options.parquet, raw=options.raw))
        print_note(f"{options.parquet}: {rows:,} rows")
    if options.jsonl or not options.parquet:
        path = options.jsonl or "-"
        count = _value(
            write_lines(
                opened, path, form=options.format, raw=options.raw, only_errors=options.errors
            )
        )
        if path != "-":
            print_note(f"{path}: {count:,} rows")
    return OK


def cancel(options: Namespace) -> int:
    """Stop a run that is under way, and cancel its provider's batches."""
    opened = _value(open_run(options.directory))
    if job_records(opened):
        print_note(cancel_jobs(opened))
        return OK
    owner = read_owner(opened.directory)
    if owner is None or not opened.is_running():
        print_note(f"{opened.directory}: the run is not under way")
        return OK
    if owner.host != gethostname():  # the number is another process's here
        message = (
            f"process {owner.process} of {owner.host} works on {opened.directory}: cancel it there"
        )
        raise CommandFailed(message, CANNOT_WRITE)
    try:
        os.kill(owner.process, signal.SIGTERM)
    except OSError as error:
        message = f"process {owner.process} of {owner.host} cannot be stopped: {error.strerror}"
        raise CommandFailed(message, CANNOT_WRITE) from None
    print_note(
        f"{opened.directory}: process {owner.process} stops once what is in flight has ended"
    )
    return OK


def clean(options: Namespace) -> int:
    """Delete the files of a run's provider batches."""
    opened = _value(open_run(options.directory))
    if job_records(opened):
        print_note(clean_jobs(opened))
        return OK
    print_note(f"{opened.directory}: no provider batch, so nothing to delete")
    return OK


# Opening and sending


def _opened(
    options: Namespace, directory: Path, *, accept_changes: bool = False
) -> tuple[Run, SelectedModel]:
    selected = value_or_exit(select_model(options))
    request = ChatRequest(
        messages=(), max_tokens=options.max_tokens, temperature=options.temperature
    )
    opened = open_run(
        directory,
        options.input,
        config=selected.config,
        prompt=options.prompt,
        system=options.system,
        schema=_schema(options.schema),
        request=request,
        dedupe=options.dedupe,
        accept_changes=accept_changes,
        config_name=options.model or selected.settings.name,
        config_file=None if options.config is None else str(Path(options.config).absolute()),
        base_url=options.base_url,
    )
    planned = _value(opened)
    for note in unsent_columns(planned):
        print_note(note)
    return planned, selected


def _reopened(options: Namespace) -> tuple[Run, SelectedModel]:
    """The run with the model of its name, which this environment may know by another address or key."""
    spec = _value(open_run(options.directory)).spec
    options.model = options.model or spec.config or f"{spec.api_type}:{spec.model}"
    options.config = options.config or spec.config_file
    options.base_url = options.base_url or spec.base_url
    selected = value_or_exit(select_model(options))
    config = selected.config
    if spec.config is None:  # planned in Python with a configuration that has no name
        config = msgspec.structs.replace(config, **spec.settings)
    return _value(open_run(options.directory, config=config)), selected


def _schema(path: str | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        return msgspec.json.decode(read_file(path).removeprefix(BOM_UTF8), type=dict[str, Any])
    except DECODE_ERRORS as error:
        raise CommandFailed(f"{path} is no JSON Schema: {error}", DATA) from None


def _send(opened: Run, selected: SelectedModel, options: Namespace) -> int:
    """Send the open rows, write the outputs, print the summary; return the exit code."""
    if goes_by_batches(opened, options):
        batches = send_by_batches(opened, selected, options)
        if not finishes_live(batches, options):
            return _finish(opened, batches, options)
        if batches.message:
            print_note(batches.message)
    else:
        refuse_unused(options)
    settings = selected.settings
    limit = settings.limit
    if options.rpm is not None or options.tpm is not None:
        limit = RateLimit(requests_per_minute=options.rpm, tokens_per_minute=options.tpm)
    on_terminal = sys.stderr.isatty()
    common: dict[str, Any] = {
        "budget": settings.cost_control.max_budget
        if options.max_cost is None
        else options.max_cost,
        "limit": limit,
        "transport": options.transport,
        "retry": settings.retry,
        "prices": settings.prices or None,
        "timeout_s": options.timeout,
        "max_errors": options.max_errors,
        "on_progress": _show_on_terminal if on_terminal else _show_line,
        "progress_s": TERMINAL_S if on_terminal else LINE_S,
    }
    if options.ray is not None:
        summary = _send_by_ray(opened, options, common)
    else:
        concurrency = possible_concurrency(options.concurrency)
        if concurrency < options.concurrency:
            print_note(f"{concurrency} calls in flight: the system allows no more open files")
        summary = run_local(opened, concurrency=concurrency, leases=options.leases, **common)
    if on_terminal:
        print_progress("")
    return _finish(opened, summary, options)


def _send_by_ray(opened: Run, options: Namespace, common: dict[str, Any]) -> RunSummary:
    from llm_pure.bulk.ray_driver import (
        NUM_CPUS,
        WORKERS,
        run_ray,
    )  # imported late: a run here needs none

    if options.leases is not None:
        raise CommandFailed(
            "--leases is for runs on one machine; --ray shares limits itself", USAGE
        )
    return run_ray(
        opened,
        workers=options.workers or WORKERS,
        per_worker=options.concurrency,
        num_cpus=NUM_CPUS if options.num_cpus is None else options.num_cpus,
        address=None if options.ray == "local" else options.ray,
        **common,
    )


def _show_on_terminal(progress: Progress) -> None:
    print_progress(format_progress(progress))


def _show_line(progress: Progress) -> None:
    print_note(format_progress(progress))


def _finish(opened: Run, summary: RunSummary, options: Namespace) -> int:
    code = _exit_code(summary)
    # another process has the run: it says the rest
    if code == TRY_AGAIN and summary.error is not None:
        print_error(summary.error)
        return code
    if options.write_output and summary.counts.ended and summary.reason not in ("disk", "error"):
        _value(write_outputs(opened))
        print_note(f"results: {opened.directory / RESULTS}")
        if summary.counts.failed + summary.counts.passing:
            print_note(f"rows with errors: {opened.directory / ERRORS}")
    print_note(summary_line(summary))
    shown = ""
    if summary.error is not None and summary.reason in ("breaker", "error", "max_errors"):
        print_error(summary.error)
        shown = summary.error.message
    if summary.message != shown:
        print_note(summary.message)
    for hint in hints(opened, summary):
        print_note(hint)
    if options.json:
        out_json(run_status(opened), indent=1)
    return code


def _exit_code(summary: RunSummary) -> int:
    counts = summary.counts
    match summary.reason:
        case "finished":
            return ROW_ERRORS if counts.failed + counts.passing + counts.open else OK
        case "max_errors" if summary.error is None or not counts.open:  # the last were in flight
            return ROW_ERRORS
        case "waiting":  # for the provider
            return OK
        case "budget":
            return BUDGET
        case "interrupted":
            return INTERRUPTED
        case "disk":
            return CANNOT_WRITE
        case _:
            return OK if summary.error is None else _error_code(summary.error)


def _error_code(error: LLMError) -> int:
    if isinstance(error, InvalidConfiguration) and error.field == "directory":
        return TRY_AGAIN if error.code == "locked" else CANNOT_WRITE
    return exit_code(error)


def _value(result: LLMResult[Any]) -> Any:
    """The value; a run's own error ends the command with its exit code."""
    if isinstance(result, Failure):
        raise CommandFailed(result.failure(), _error_code(result.failure()))
    return result.unwrap()
