"""Results of a batch service -> ends of the run's rows, as lines of its log."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from llm_pure.bulk.batch_pricing import BatchPrices
from llm_pure.bulk.batch_rows import BatchRows
from llm_pure.bulk.entries import Done, GaveUp, decode_head, encode_entry, is_final
from llm_pure.bulk.error_limit import ErrorCount
from llm_pure.bulk.log_files import LogWriter
from llm_pure.bulk.row_states import ANSWERED, FINAL
from llm_pure.bulk.run_directory import Run
from llm_pure.bulk.typed_values import typed_error
from llm_pure.client.targets import Target, annotate_error
from llm_pure.core.batch_api import BatchResult
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError
from llm_pure.types.result import Failure


def text_of_time(seconds: float) -> str:
    """Return a time as the lines of a log have it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


class RowEnds:
    """Writes how rows end, counts their errors, and keeps the states of the rows up to date."""

    def __init__(
        self,
        run: Run,
        target: Target,
        rows: BatchRows,
        prices: BatchPrices,
        log: LogWriter,
        errors: ErrorCount,
        clock: Callable[[], float],
    ) -> None:
        self.errors = errors
        self.too_many_errors = False
        self.states = run.states()
        self._run = run
        self._target = target
        self._rows = rows
        self._prices = prices
        self._log = log
        self._clock = clock

    def write_result(self, row: int, result: BatchResult) -> bool:
        """Write the end of a row, unless it has a better one; true if it has a final one now."""
        before = self.states.kinds[self.states.states[row]][0]
        if before == ANSWERED or result.response is None:
            return before == ANSWERED
        parsed = self._target.provider.parse_chat(result.response)
        completion: Completion | None = None
        error: LLMError | None = None
        if isinstance(parsed, Failure):
            error = annotate_error(self._target, parsed.failure())
        else:
            completion = self._rows.restored(row, parsed.unwrap())
            if self._run.spec.schema is not None:
                error = typed_error(self._run.spec.schema, completion)
        if error is not None and before == FINAL:
            return True
        read = self._run.row(row)
        model = "" if read.request is None else read.request.model
        billed = completion or (None if error is None else error.partial)
        now = datetime.fromtimestamp(self._clock(), UTC)
        cost = None if billed is None else self._prices.cost_usd(billed, model, now)
        if self.errors.add("" if error is None else error.kind):
            self.too_many_errors = True
        return self.write(row, read.custom_id, completion, error, cost)

    def write(
        self,
        row: int,
        custom_id: str,
        completion: Completion | None,
        error: LLMError | None,
        cost_usd: Decimal | None = None,
    ) -> bool:
        """Write the end of a row; true if it is final."""
        final = error is None or completion is not None or is_final(error)
        kind = Done if final else GaveUp
        entry = kind(
            id=self._rows.id(row),
            row=row,
            custom_id=custom_id,
            cost_usd=cost_usd,
            at=text_of_time(self._clock()),
            completion=completion,
            error=error,
        )
        self._log.write(entry)
        head = decode_head(encode_entry(entry).rstrip(b"\n"))
        if head is not None:
            self.states.add(head, 0)
        return final
