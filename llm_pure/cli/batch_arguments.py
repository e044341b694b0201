"""Options of `llm-pure batch`: the part of the command line that `arguments` adds under that name."""

from argparse import ArgumentParser, ArgumentTypeError
from math import isfinite
from typing import Any

from llm_pure.cli.exit_codes import BATCH_TABLE


def _count(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _positive(text: str) -> float:
    """Parse a finite number above 0."""
    number = _number(text)
    if number <= 0:
        raise ArgumentTypeError(f"{text!r} is not above 0")
    return number


def _number(text: str) -> float:
    """Parse a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ArgumentTypeError(f"{text!r} is no number")
    return number


def _error_limit(text: str) -> str:
    """Return the text if it is a limit of errors."""
    from llm_pure.bulk.error_limit import parse_error_limit  # imported late: start-up

    if parse_error_limit(text).value_or(None) is None:
        raise ArgumentTypeError(f"{text!r} is neither a number of rows nor a percentage")
    return text


# fmt: off
# one option per line, as in a table


def add_batch(actions: Any, command: Any, add_model: Any, usd: Any) -> None:
    """Add the commands. command, add_model, usd: of `arguments`, which has the forms of all commands."""
    _add_plan(actions, command, add_model)
    _add_run(actions, command, add_model, usd)
    _add_status(actions, command)
    _add_resume(actions, command, add_model, usd)
    _add_retry(actions, command, add_model, usd)
    _add_results(actions, command)
    _add_cancel(actions, command)


def _add_plan(actions: Any, command: Any, add_model: Any) -> None:
    plan = command(actions, "plan", "batch.plan", "count rows, tokens and costs, and send nothing",
        "Read all rows and print how many there are, which cannot be read, and an estimate of tokens and costs, live and as a "
        "provider's batch. Sends nothing and writes nothing.")
    _add_input(plan, add_model)
    plan.add_argument("--json", action="store_true", help="print one JSON document")


def _add_run(actions: Any, command: Any, add_model: Any, usd: Any) -> None:
    run = command(actions, "run", "batch.run", "answer every row of a file",
        "Send every row to a model and keep each answer in the run's folder as soon as it is there. A run that was stopped "
        "goes on with the same command, or with `resume`. " + BATCH_TABLE)
    _add_input(run, add_model)
    run.add_argument("-o", "--output", metavar="DIR", help="folder of the run; default: runs/ and the name of INPUT")
    run.add_argument("--accept-changes", action="store_true", help="go on although input, prompt or model changed: equal rows keep their answers")
    _add_sending(run, usd)


def _add_input(parser: ArgumentParser, add_model: Any) -> None:
    parser.add_argument("input", metavar="INPUT", help="JSON lines (OpenAI's batch lines, {\"prompt\"} or {\"messages\"}), .csv, .tsv, these also as .gz, .parquet; - is standard input")
    add_model(parser)
    parser.add_argument("--prompt", metavar="TEXT", help="the prompt, with {column} for the row's values")
    parser.add_argument("-s", "--system", metavar="TEXT", help="system prompt of every row")
    parser.add_argument("--schema", metavar="FILE", help="JSON Schema of the answers, which become columns")
    parser.add_argument("--max-tokens", type=_count, metavar="N", help="output limit of each row")
    parser.add_argument("--temperature", type=_number, metavar="X", help="temperature of every row")
    parser.add_argument("--dedupe", action="store_true", help="send equal rows once")


def _add_sending(parser: ArgumentParser, usd: Any) -> None:
    parser.add_argument("--max-cost", type=usd, metavar="USD", help="stop before the run costs more; earlier parts count")
    parser.add_argument("--concurrency", type=_count, default=256, metavar="N", help="calls in flight, with --ray of each worker; default: 256")
    parser.add_argument("--ray", metavar="ADDRESS", help="send from a Ray cluster: auto, ray://HOST:PORT, or local for one on this machine while the run lasts")
    parser.add_argument("--workers", type=_count, metavar="N", help="with --ray: processes that send; default: 2")
    parser.add_argument("--num-cpus", type=_positive, metavar="N", help="with --ray: CPUs that each worker reserves; default: 0.5")
    parser.add_argument("--rpm", type=_positive, metavar="N", help="requests per minute")
    parser.add_argument("--tpm", type=_positive, metavar="N", help="tokens per minute")
    parser.add_argument("--max-errors", type=_error_limit, metavar="N|N%", help="stop when more rows have ended in errors, or more than this share of at least 100 rows; default: when the first 100 rows all end in one kind of error")
    parser.add_argument("--timeout", type=_positive, metavar="SECONDS", help="for each row; default: the model's")
    parser.add_argument("--leases", metavar="FILE", help="file by which runs on this machine share budget and limits")
    parser.add_argument("--transport", metavar="NAME", choices=("aiohttp", "httpx", "httpx2"), help="aiohttp, httpx or httpx2; default: aiohttp if it is installed")
    parser.add_argument("--provider-batch", action="store_true", help="send rows in jobs to the provider's batch service, at its lower price; waits for hours")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="return when the jobs are created, or were looked at once; `resume` goes on")
    parser.add_argument("--job-rows", type=_count, metavar="N", help="rows of one job at most; default: the provider's limit")
    parser.add_argument("--finish", choices=("live",), help="send what the jobs have left by single calls")
    parser.add_argument("--no-output", dest="write_output", action="store_false", help="do not write out.jsonl and errors.jsonl at the end")
    parser.add_argument("--json", action="store_true", help="print the status at the end as JSON")


def _add_status(actions: Any, command: Any) -> None:
    status = command(actions, "status", "batch.status", "show how far a run is",
        "Show rows, errors by kind and costs of a run, under way or not. Takes no lock and needs no key.")
    _add_directory(status)
    status.add_argument("--json", action="store_true", help="print one JSON document")
    status.add_argument("--watch", action="store_true", help="show it again every second until the run ends")


def _add_resume(actions: Any, command: Any, add_model: Any, usd: Any) -> None:
    resume = command(actions, "resume", "batch.resume", "go on with a run",
        "Send the rows that have no answer yet, and those whose errors may pass. " + BATCH_TABLE)
    _add_directory(resume)
    add_model(resume, "the run's")
    _add_sending(resume, usd)


def _add_retry(actions: Any, command: Any, add_model: Any, usd: Any) -> None:
    retry = command(actions, "retry", "batch.retry", "send rows with errors again",
        "Send the rows again that have ended in errors of some kinds, also final ones. " + BATCH_TABLE)
    _add_directory(retry)
    retry.add_argument("--errors", metavar="KINDS", required=True, help="kinds as `status` shows them, with commas; or all")
    add_model(retry, "the run's")
    _add_sending(retry, usd)


def _add_results(actions: Any, command: Any) -> None:
    results = command(actions, "results", "batch.results", "write the results of a run",
        "Write the results so far, in the order of the input, at any time. Without an option, to standard output.")
    _add_directory(results)
    results.add_argument("--jsonl", metavar="FILE", help="JSON lines; - is standard output")
    results.add_argument("--parquet", metavar="FILE", help="all rows with the input's columns and llm_* columns")
    results.add_argument("--format", choices=("openai", "rows"), help="lines of OpenAI's batches, or the input's columns; default: as the input")
    results.add_argument("--errors", action="store_true", help="only rows with errors")
    results.add_argument("--raw", action="store_true", help="also each completion as JSON, as llm_raw")


def _add_cancel(actions: Any, command: Any) -> None:
    cancel = command(actions, "cancel", "batch.cancel", "stop a run that is under way",
        "Stop a run of this machine as Ctrl-C does: nothing new is sent, what is in flight is kept. Cancels a provider's batches.")
    _add_directory(cancel)
    clean = command(actions, "clean", "batch.clean", "delete what a run left at the provider",
        "Delete the files of a run's provider batches whose results are in the run. Without such files nothing is done.")
    _add_directory(clean)


def _add_directory(parser: ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="folder of the run")
