"""Outputs of a run, made from its logs at any time: JSON lines and Parquet, in input order, written as one or not at all."""

import sys
from collections.abc import Iterator
from gzip import GzipFile
from pathlib import Path
from typing import IO

from llm_pure.bulk.columns import OutputForm, output_line
from llm_pure.bulk.input_files import GZIP
from llm_pure.bulk.joining import RowResult
from llm_pure.bulk.run_directory import Run, output_error, require_not_input, write_atomically
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import error_of

RESULTS = "out.jsonl"
ERRORS = "errors.jsonl"


def default_form(run: Run) -> OutputForm:
    """Return OpenAI's lines for an input of such lines, else the input's columns with those of the result."""
    return "openai" if run.spec.input.batch_lines else "rows"


@returns_failure
def write_lines(
    run: Run,
    path: str | Path,
    *,
    form: OutputForm | None = None,
    raw: bool = False,
    only_errors: bool = False,
) -> int:
    """Write a line for each row that has ended; return their number. path: "-" is standard output, one with .gz is compressed.

    Fails with InvalidConfiguration (field "directory") if the file cannot be written, and leaves an older one as it was.
    """
    ok(run.check_input())
    lines = _Lines(run, form or default_form(run), raw=raw, only_errors=only_errors)
    if str(path) == "-":
        lines.write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return lines.count
    require_not_input(run, Path(path))
    write = lines.write_compressed if Path(path).suffix == GZIP else lines.write
    try:
        write_atomically(Path(path), write)
    except OSError as error:
        raise Rejected(output_error(Path(path), error)) from None
    return lines.count


class _Lines:
    def __init__(self, run: Run, form: OutputForm, *, raw: bool, only_errors: bool) -> None:
        self._run, self._raw, self._only_errors = run, raw, only_errors
        self._form: OutputForm = form
        self.count = 0

    def write(self, file: IO[bytes]) -> None:
        typed = self._run.kind is not None
        for result in self._results():
            file.write(output_line(result, self._form, typed=typed, raw=self._raw))
            self.count += 1

    def write_compressed(self, file: IO[bytes]) -> None:
        with GzipFile("", "wb", fileobj=file, mtime=0) as compressed:
            self.write(compressed)  # type: ignore[arg-type]

    def _results(self) -> Iterator[RowResult]:
        for result in self._run.results():
            if not self._only_errors or error_of(result.result) is not None:
                yield result


@returns_failure
def write_outputs(run: Run) -> int:
    """Write `out.jsonl` and `errors.jsonl` of the run; return the number of rows in the first."""
    ok(write_lines(run, run.directory / ERRORS, only_errors=True))
    return ok(write_lines(run, run.directory / RESULTS))
