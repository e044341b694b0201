"""One page of a job's results while it arrives: which rows it has ended. Pure, but for the callables that are passed in."""

from collections.abc import Callable

from llm_pure.bulk.batch_events import JobState, ResultsRead
from llm_pure.bulk.batch_exchange import PageEnd
from llm_pure.core.batch_api import BatchResult


class PageReading:
    """Takes results one by one, writes those of our rows, and keeps their places in the job and nothing else."""

    def __init__(
        self,
        state: JobState,
        number: Callable[[str, int], int | None],
        write: Callable[[int, BatchResult], bool],
    ) -> None:
        """number: (id, hint) -> the row. write: writes a row's end; true if the row has a final one now."""
        self._state = state
        self._places = {name: place for place, name in enumerate(state.ids)}
        self._number = number
        self._write = write
        self._seen: set[int] = set()
        self._ended: set[int] = set()
        self._foreign = ""

    def take(self, result: BatchResult) -> None:
        """Write the result if it is of one of our rows."""
        place = self._places.get(result.custom_id)
        if place is None:
            self._foreign = self._foreign or result.custom_id
            return
        self._seen.add(place)
        if result.response is None:
            return
        row = self._number(result.custom_id, self._state.rows[place])
        if row is not None and self._write(row, result):
            self._ended.add(place)

    def event(self, page: str, end: PageEnd, at_s: float) -> ResultsRead:
        """The event of the page's end. Of ids that are not ours, the first stands for all."""
        ids = self._state.ids
        seen = frozenset([ids[place] for place in self._seen])
        return ResultsRead(
            page=page,
            ids=frozenset([ids[place] for place in self._ended]),
            seen=seen | {self._foreign} if self._foreign else seen,
            at_s=at_s,
            next_page=end.next_page,
            error=end.error,
        )
