"""Rows of a run as lines of a batch service: cut into jobs by its limits, and built again when a job is uploaded."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from llm_pure.bulk.batch_events import JobState
from llm_pure.bulk.batch_pricing import BatchPrices
from llm_pure.bulk.row_states import RowStates
from llm_pure.bulk.run_directory import Run
from llm_pure.client.targets import Target, annotate_error
from llm_pure.core.batch_api import BatchApi, BatchInput, BatchLine
from llm_pure.core.tool_names import restore_completion
from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidRequest, LLMError
from llm_pure.types.http import Headers
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

OVERHEAD = 0.95
"""The part of a service's limit of bytes that lines may take; the rest is for what is around them."""


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one job."""

    ids: tuple[str, ...]
    rows: tuple[int, ...]
    model: str
    size: int
    """Bytes of the lines."""
    max_usd: Decimal = Decimal(0)


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """A row that cannot be sent."""

    row: int
    custom_id: str
    error: LLMError


class _Line(msgspec.Struct, frozen=True):
    """A row of a job that is being filled."""

    id: str
    row: int
    size: int
    max_usd: Decimal


class _Open(msgspec.Struct):
    """A job that is being filled, and the full one before it, from which it may need rows."""

    lines: list[_Line] = []
    size: int = 0
    full: list[_Line] = []


class BatchRows:
    """The rows of one run for one target."""

    def __init__(self, run: Run, target: Target, api: BatchApi, prices: BatchPrices) -> None:
        self.max_requests = api.limits.max_requests
        self._run = run
        self._target = target
        self._api = api
        self._prices = prices

    def open_rows(self, states: RowStates, living: Iterable[str]) -> Iterator[int]:
        """Yield the rows to send: without an end, or with an error that may pass, and in no job that is under way."""
        taboo = frozenset(living)
        for row in states.open_rows():
            if not self._run.is_copy(row) and self.id(row) not in taboo:
                yield row

    def id(self, row: int) -> str:
        """The row's id, which is its custom id at the service."""
        return self._run.index.id(row).hex()

    def number(self, name: str, hint: int) -> int | None:
        """The row with this id; None if the run no longer has it."""
        if 0 <= hint < len(self._run) and self.id(hint) == name:
            return hint
        return next(iter(self._run.index.rows_of(name, -1)), None)

    def chunks(
        self, rows: Iterable[int], *, size: int | None, now: datetime, price: bool
    ) -> Iterator[Chunk | RowError]:
        """Cut rows into jobs; rows that cannot be built are errors. size: rows of a job. price: count what they can cost.

        The last job has fewer rows than the service takes if there are too few.
        """
        limits = self._api.limits
        max_rows = min([count for count in (self.max_requests, size) if count], default=None)
        max_bytes = None if limits.max_bytes is None else int(limits.max_bytes * OVERHEAD)
        filling: dict[tuple[str, Headers], _Open] = {}
        for row in rows:
            line = self._line(row)
            if isinstance(line, Failure):
                error = annotate_error(self._target, line.failure())
                yield RowError(row=row, custom_id=self._run.row(row).custom_id, error=error)
                continue
            built, model, request = line.unwrap()
            length = len(built.data) + 1
            over = min([count for count in (limits.max_line_bytes, max_bytes) if count], default=None)  # fmt: skip
            if over is not None and length > over:
                message = f"the request has {length:,} bytes; a batch takes {over:,}"
                yield RowError(row=row, custom_id=self._run.row(row).custom_id, error=InvalidRequest(message=message))  # fmt: skip
                continue
            max_usd = Decimal(0)
            if price:
                priced = self._prices.max_usd(request, now)
                if isinstance(priced, Failure):
                    yield RowError(row=row, custom_id=self._run.row(row).custom_id, error=priced.failure())  # fmt: skip
                    continue
                max_usd = priced.unwrap()
            group = (model if limits.one_model else "", built.headers)
            job = filling.setdefault(group, _Open())
            if job.lines and (
                (max_rows is not None and len(job.lines) >= max_rows)
                or (max_bytes is not None and job.size + length > max_bytes)
            ):
                if job.full:
                    yield _chunk(job.full, group[0])
                job = filling[group] = _Open(full=job.lines)
            job.lines.append(_Line(built.custom_id, row, length, max_usd))
            job.size += length
        for (model, _), job in filling.items():
            for lines in _balanced(job.full, job.lines, limits.min_requests):
                yield _chunk(lines, model)

    def uploads(self, chunk: Chunk) -> bool:
        """True if the lines go to the service as a file before the job is created."""
        inline = self._api.limits.inline_bytes
        return self._api.upload is not None and (inline is None or chunk.size > inline)

    def job_input(self, state: JobState) -> BatchInput:
        """The lines of a job, built again from its rows. Rows that the run no longer has are left out."""
        lines: list[bytes] = []
        headers: Headers = ()
        for name, hint in zip(state.ids, state.rows or (-1,) * len(state.ids), strict=True):
            row = self.number(name, hint)
            if row is None:
                continue
            line = self._line(row)
            if not isinstance(line, Failure):
                built = line.unwrap()[0]
                lines.append(built.data)
                headers = built.headers
        record = state.record
        model = record.model or self._target.config.model
        return BatchInput(
            key=record.key,
            model=model,
            lines=tuple(lines),
            headers=headers,
            file_id=record.file_id,
        )

    def restored(self, row: int, completion: Completion) -> Completion:
        """The completion with the caller's names of tools, for the names that the service does not accept."""
        if not completion.tool_calls:
            return completion
        line = self._line(row)
        if isinstance(line, Failure) or not line.unwrap()[0].adaptations:
            return completion
        return restore_completion(completion, line.unwrap()[0].tool_names)

    def _line(self, row: int) -> LLMResult[tuple[BatchLine, str, ChatRequest]]:
        read = self._run.row(row)
        if read.error is not None or read.request is None:
            return Failure(read.error or InvalidRequest(message=f"row {row + 1} is empty"))
        request = read.request
        config = self._target.config
        model = request.model or config.model
        line = self._api.build_line(config, self.id(row), request)
        return line.map(lambda built: (built, model, request))


def _balanced(full: list[_Line], last: list[_Line], least: int) -> list[list[_Line]]:
    """The last two jobs, of which the last one has at least so many rows if there are enough for two."""
    if not full:
        return [last]
    missing = max(0, least - len(last))
    if len(full) - missing < least:
        return [full, last]
    cut = len(full) - missing
    return [full[:cut], [*full[cut:], *last]]


def _chunk(lines: list[_Line], model: str) -> Chunk:
    return Chunk(
        ids=tuple([line.id for line in lines]),
        rows=tuple([line.row for line in lines]),
        model=model,
        size=sum([line.size for line in lines]),
        max_usd=sum([line.max_usd for line in lines], Decimal(0)),
    )
