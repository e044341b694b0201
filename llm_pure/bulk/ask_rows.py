"""`AskRows`: a callable on columns, for engines that map functions over batches of a table, with a run's log for its memory.

    dataset.map_batches(AskRows, fn_constructor_args=["runs/reviews"], fn_constructor_kwargs={...})        # Ray Data
    frames.mapInPandas(...), Dask's map_partitions: docs/how-to/many-prompts-on-clusters.md

An engine that loses a worker runs the batch again from its beginning; what the log has is then not sent. Equal rows share one answer: an engine
may send any batch twice, so nothing says whether a row that comes again is another one.
"""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec

from llm_pure.bulk.columns import input_name, llm_columns
from llm_pure.bulk.entries import Done, EntryHead, decode_entry, decode_head
from llm_pure.bulk.identity import item_id
from llm_pure.bulk.input_files import row_line
from llm_pure.bulk.joining import Ended, row_result
from llm_pure.bulk.lease_stores import InMemoryLeases
from llm_pure.bulk.local_driver import default_transport
from llm_pure.bulk.local_loop import LocalLoop
from llm_pure.bulk.log_files import log_paths, next_start, scan_lines
from llm_pure.bulk.loop_options import LoopOptions
from llm_pure.bulk.opening import open_run
from llm_pure.bulk.row_states import RowStates
from llm_pure.bulk.rows import Row, read_row
from llm_pure.bulk.run_directory import Run, Schema
from llm_pure.bulk.run_spec import id_prefix
from llm_pure.bulk.run_summary import Stopper
from llm_pure.bulk.typed_values import typed_value
from llm_pure.client.billing import PricesInput
from llm_pure.client.transport_manager import AnyTransport
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import RetryPolicy
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.exceptions import LLMException
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure

CREATION_S = 10.0
"""How long to wait for another process that creates the run at the same time."""

_numbers = count(1)


_NO_ROW = Row(index=0, custom_id="", key=b"")


class AskRows:
    """Columns -> the same columns with the `llm_*` columns of the answers, row by row. Can be pickled: it opens itself where it is.

    Columns that begin with `llm_` have `input_` before their names. Raises LLMException for what would end every row (a wrong
    key, a changed prompt), so that the job stops; a row's own error is in its columns.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        config: str | None = None,
        prompt: str | None = None,
        system: str | None = None,
        schema: Schema | None = None,
        request: ChatRequest | None = None,
        concurrency: int = 64,
        limit: RateLimit | None = None,
        transport: AnyTransport | None = None,
        retry: RetryPolicy | None = None,
        prices: PricesInput | None = None,
        timeout_s: float | None = None,
        raw: bool = False,
    ) -> None:
        """directory: of the run, made if it is not there. config: a name that each process resolves in its own configuration;
        None opens the run that is there. prompt, system, schema, request: as of `open_run`. concurrency, limit: of each process.
        """
        self._directory = Path(directory)
        self._plan: dict[str, Any] = {
            "config": config, "prompt": prompt, "system": system, "schema": schema, "request": request,
        }  # fmt: skip
        self._loop: dict[str, Any] = {
            "concurrency": concurrency,
            "limit": limit or RateLimit(),
            "transport": transport or default_transport(),
            "retry": retry,
            "prices": prices,
            "timeout_s": timeout_s,
        }
        self._raw = raw
        self._run: Run | None = None
        self._memory = LogMemory(self._directory)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None, "_memory": LogMemory(self._directory)}

    def __call__(self, columns: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Answer the rows of these columns: lists, or arrays with `tolist`."""
        run = self._opened()
        table = {str(name): _plain(values) for name, values in columns.items()}
        rows = _rows(table, run)
        prefix = id_prefix(run.spec)
        ids = [item_id(prefix, row.key) for row in rows]
        self._memory.read()
        first = {item: number for number, item in reversed(list(enumerate(ids)))}
        unsent = tuple(
            sorted([number for item, number in first.items() if not self._memory.is_done(item)])
        )
        if unsent:
            self._send(run, rows, ids, unsent)
            self._memory.read()
        answers = [
            self._columns(run, row, self._memory.entry(item))
            for row, item in zip(rows, ids, strict=True)
        ]
        names = answers[0] if answers else self._columns(run, _NO_ROW, None)  # of an empty batch
        own = {input_name(name): values for name, values in table.items()}
        return own | {name: [answer[name] for answer in answers] for name in names}

    def _opened(self) -> Run:
        if self._run is None:
            until_s = monotonic() + CREATION_S
            while True:
                opened = (
                    open_run(self._directory)
                    if self._plan["config"] is None
                    else open_run(self._directory, [], **self._plan)
                )
                if not isinstance(opened, Failure):
                    self._run = opened.unwrap()
                    break
                error = opened.failure()
                if getattr(error, "code", None) != "locked" or monotonic() > until_s:
                    raise LLMException(error)
                sleep(0.1)
        return self._run

    def _send(
        self, run: Run, rows: Sequence[Row], ids: Sequence[bytes], unsent: tuple[int, ...]
    ) -> None:
        batch = _Batch(run, rows, ids)
        config = run.config()
        if isinstance(config, Failure):
            raise LLMException(config.failure())
        worker = f"rows-{socket.gethostname()}-{os.getpid()}-{next(_numbers)}"
        options = LoopOptions(
            **self._loop, rows=unsent, worker=worker, start=next_start(run.directory)
        )
        states = RowStates(len(rows), lambda _, row: (row,))
        store = InMemoryLeases(None, options.limit)
        loop = LocalLoop(batch, config.unwrap(), states, store, Stopper(), options)
        summary = asyncio.run(loop.run())
        if summary.reason == "finished":
            return
        message = summary.message or f"the run {run.directory} stopped: {summary.reason}"
        raise LLMException(
            summary.error or InvalidConfiguration(message=message, field="directory")
        )

    def _columns(self, run: Run, row: Row, entry: Ended | None) -> dict[str, Any]:
        result = row_result(row, entry or Done(id=""))
        schema = run.spec.schema
        if schema is not None and result.completion is not None:
            value = typed_value(schema, schema, result.completion).value_or(None)
            result = msgspec.structs.replace(result, value=value)
        return llm_columns(result, typed=schema is not None, raw=self._raw)


def _plain(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _rows(table: Mapping[str, list[Any]], run: Run) -> list[Row]:
    size = max((len(values) for values in table.values()), default=0)
    lines = (
        row_line({name: values[number] for name, values in table.items()}) for number in range(size)
    )
    return [read_row(number, line, run.form) for number, line in enumerate(lines)]


class _Batch(Run):
    """The rows of a batch, as the run that a loop sends."""

    def __init__(self, run: Run, rows: Sequence[Row], ids: Sequence[bytes]) -> None:
        self.__dict__.update(run.__dict__, _input=None, _closing=None)  # it reads no input
        self._rows = rows
        self.index: Any = _Ids(ids)

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, number: int) -> Row:
        return self._rows[number]

    def is_copy(self, number: int) -> bool:
        return False


class _Ids:
    def __init__(self, ids: Sequence[bytes]) -> None:
        self._ids = ids

    def id(self, number: int) -> bytes:
        return self._ids[number]

    def equal_rows(self, number: int) -> tuple[int, ...]:
        return (number,)


class LogMemory:
    """Where the logs have the end of each row, by its id. Other processes' lines are seen too."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ends: dict[bytes, tuple[Path, int, int]] = {}
        """id -> log, offset, and 2 for an answer, 1 for a final error, 0 for one that may pass."""
        self._read: dict[Path, int] = {}

    def read(self) -> None:
        """Read what the logs have beyond what was read."""
        for path in log_paths(self._directory):
            end = self._read.get(path, 0)
            if path.stat().st_size > end:
                for offset, line in scan_lines(path, end):
                    end = offset + len(line) + 1
                    self._add(decode_head(line), path, offset)
                self._read[path] = end

    def _add(self, head: EntryHead | None, path: Path, offset: int) -> None:
        if head is None:
            return
        if head.kind == "retry":
            self._ends = {
                item: end for item, end in self._ends.items() if end[2] == 2
            }  # all errors: their kinds are not kept
        elif head.kind in ("done", "gave_up"):
            item = bytes.fromhex(head.id)
            rank = 2 if not head.error_kind else int(head.kind == "done")
            before = self._ends.get(item)
            if before is None or before[2] < 2 or rank == 2:
                self._ends[item] = (path, offset, rank)

    def is_done(self, item: bytes) -> bool:
        """True if the row has an answer or a final error."""
        end = self._ends.get(item)
        return end is not None and end[2] > 0

    def entry(self, item: bytes) -> Ended | None:
        """Return the end of a row."""
        end = self._ends.get(item)
        if end is None:
            return None
        with end[0].open("rb") as file:
            file.seek(end[1])
            entry = decode_entry(file.readline().rstrip(b"\n"))
        return entry if isinstance(entry, Ended) else None
