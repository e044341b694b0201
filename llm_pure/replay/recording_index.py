"""Which recorded answer a request gets: each one once, equal requests in the order in which they were recorded."""

from collections.abc import Iterable, Sequence
from threading import Lock

import msgspec

from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.matching import (
    EXACT,
    CanonicalRequest,
    Difference,
    MatchRules,
    canonical,
    closest_recording,
)
from llm_pure.replay.secrets.redaction import credentials_in
from llm_pure.types.errors import ConnectionFailed, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

NOT_RECORDED = "not_recorded"
"""The `code` of the error for a request that no recording answers."""

TOLD = 5
"""How many differences a message tells; the rest is counted."""


class CassetteLocation(msgspec.Struct, frozen=True):
    """Where an interaction stands: a cassette's name, and which one of it, from 0."""

    cassette: str
    index: int

    def __str__(self) -> str:
        return f"{self.cassette}: interactions[{self.index}]"


class UnmatchedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that no recording answers.

    nearest: the recording that differs least, None when there is none at all. differences: in what; () when it is
    equal, but was given already, `recorded` times.
    """

    method: str
    url: str
    nearest: CassetteLocation | None = None
    differences: tuple[Difference, ...] = ()
    recorded: int = 0


class RecordingIndex:
    """The recordings of some cassettes, and which of them were taken. For any number of threads and tasks.

    again: when all equal recordings were taken, the last of them is given again.
    """

    def __init__(
        self, cassettes: Iterable[Cassette], matching: MatchRules = EXACT, *, again: bool = False
    ) -> None:
        self._matching = matching
        self._again = again
        self._lock = Lock()
        self._places: list[CassetteLocation] = []
        self._interactions: list[Interaction] = []
        self._canonical: list[CanonicalRequest] = []
        self._by_key: dict[bytes, list[int]] = {}
        self._taken: dict[bytes, int] = {}
        self._misses: list[UnmatchedRequest] = []
        self._names: list[str] = []
        for cassette in cassettes:
            self._names.append(cassette.name)
            for index, interaction in enumerate(cassette.interactions):
                self._add(CassetteLocation(cassette.name, index), interaction)

    def _add(self, place: CassetteLocation, interaction: Interaction) -> None:
        told = canonical(interaction.request, self._matching)
        self._by_key.setdefault(told.key, []).append(len(self._places))
        self._places.append(place)
        self._interactions.append(interaction)
        self._canonical.append(told)

    def match(self, request: HttpRequest) -> LLMResult[Interaction]:
        """The next recording of this request, or a ConnectionFailed that says what is near, and how it differs."""
        found = self.find(request)
        if found is not None:
            return Success(found)
        asked = canonical(request, self._matching)
        miss = self._missed(asked, self._by_key.get(asked.key, []))
        with self._lock:
            self._misses.append(miss)
        return Failure(miss_error(miss, self._names))

    def find(self, request: HttpRequest) -> Interaction | None:
        """The next recording of this request; None, and no miss, when there is none."""
        found = self._next(canonical(request, self._matching))
        if found is None and (known := credentials_in(request)):
            # a recorder takes a request's own key out wherever it is said again
            redaction = self._matching.redaction
            more = msgspec.structs.replace(redaction, secrets=(*redaction.secrets, *sorted(known)))
            matching = msgspec.structs.replace(self._matching, redaction=more)
            found = self._next(canonical(request, matching))
        return found

    def _next(self, asked: CanonicalRequest) -> Interaction | None:
        equal = self._by_key.get(asked.key, [])
        with self._lock:
            taken = self._taken.get(asked.key, 0)
            if taken < len(equal) or (equal and self._again):
                self._taken[asked.key] = taken + 1
                return self._interactions[equal[min(taken, len(equal) - 1)]]
        return None

    @property
    def misses(self) -> tuple[UnmatchedRequest, ...]:
        """Every request that was not answered."""
        with self._lock:
            return tuple(self._misses)

    @property
    def unused(self) -> tuple[CassetteLocation, ...]:
        """Every recording that nobody took."""
        with self._lock:
            left = [
                index
                for key, all_ in self._by_key.items()
                for index in all_[self._taken.get(key, 0) :]
            ]
            return tuple([self._places[index] for index in sorted(left)])

    def _missed(self, asked: CanonicalRequest, equal: list[int]) -> UnmatchedRequest:
        if equal:
            place = self._places[equal[-1]]
            return UnmatchedRequest(
                method=asked.method, url=asked.url, nearest=place, recorded=len(equal)
            )
        near = closest_recording(asked, self._canonical)
        if near is None:
            return UnmatchedRequest(method=asked.method, url=asked.url)
        index, found = near
        return UnmatchedRequest(
            method=asked.method, url=asked.url, nearest=self._places[index], differences=found
        )


def miss_error(miss: UnmatchedRequest, names: Sequence[str] = ()) -> LLMError:
    """What the caller gets: ConnectionFailed with the code "not_recorded", which no retry mends.

    names: the cassettes that were looked through.
    """
    if miss.nearest is None:
        told = ", ".join([name for name in names[:TOLD] if name])
        why = "nothing is recorded at all" + (f" in {told}" if told else "")
    elif not miss.differences:
        times = "once" if miss.recorded == 1 else f"{miss.recorded} times"
        why = f"it is recorded {times} (last: {miss.nearest}), and was answered as often"
    else:
        told = "; ".join(map(str, miss.differences[:TOLD]))
        more = len(miss.differences) - TOLD
        rest = f"; and {more} more" if more > 0 else ""
        why = f"nearest is {miss.nearest}, where (asked != recorded) {told}{rest}"
    return ConnectionFailed(
        message=f"no recording answers {miss.method} {miss.url}: {why}",
        code=NOT_RECORDED,
        retryable=False,
    )
