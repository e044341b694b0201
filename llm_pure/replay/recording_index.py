"""Choose the recording for a request: each recording once, equal requests in the order of their recordings."""

from collections.abc import Iterable, Sequence

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
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.errors import ConnectionFailed, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

NOT_RECORDED = "not_recorded"
"""Error code for a request without a matching recording."""

MAX_REPORTED = 5
"""Maximum number of differences or findings in a message; the rest is counted."""


class CassetteLocation(msgspec.Struct, frozen=True):
    """The location of an interaction: the name of a cassette and an index from 0."""

    cassette: str
    index: int

    def __str__(self) -> str:
        return f"{self.cassette}: interactions[{self.index}]"


class UnmatchedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request without a matching recording."""

    method: str
    url: str
    nearest: CassetteLocation | None = None
    """The recording with the fewest differences; None if there are no recordings."""
    differences: tuple[Difference, ...] = ()
    """Differences from `nearest`; () if its requests are equal, but all `recorded` recordings were used."""
    recorded: int = 0


class RecordingIndex:
    """The recordings of cassettes and how many of them were used. Safe for threads and tasks.

    again: after the last of equal recordings repeat it.
    """

    def __init__(
        self, cassettes: Iterable[Cassette], matching: MatchRules = EXACT, *, again: bool = False
    ) -> None:
        self._matching = matching
        self._again = again
        self._lock = ForkSafeLock()
        self._locations: list[CassetteLocation] = []
        self._interactions: list[Interaction] = []
        self._canonical: list[CanonicalRequest] = []
        self._by_key: dict[bytes, list[int]] = {}
        self._used: dict[bytes, int] = {}
        self._misses: list[UnmatchedRequest] = []
        self._names: list[str] = []
        for cassette in cassettes:
            self._names.append(cassette.name)
            for index, interaction in enumerate(cassette.interactions):
                request = canonical(interaction.request, matching)
                self._by_key.setdefault(request.key, []).append(len(self._locations))
                self._locations.append(CassetteLocation(cassette.name, index))
                self._interactions.append(interaction)
                self._canonical.append(request)

    def match(self, request: HttpRequest) -> LLMResult[Interaction]:
        """Return the next recording of a request. Fails with ConnectionFailed, which describes the closest recording."""
        matched = self._find(request)
        if isinstance(matched, Interaction):
            return Success(matched)
        miss = self._miss(matched)
        with self._lock:
            self._misses.append(miss)
        return Failure(miss_error(miss, self._names))

    def find(self, request: HttpRequest) -> Interaction | None:
        """Return the next recording of a request, None without one; such a request does not count as a miss."""
        matched = self._find(request)
        return matched if isinstance(matched, Interaction) else None

    def _find(self, request: HttpRequest) -> Interaction | CanonicalRequest:
        """Return the next recording, or the request without its credentials if there is none."""
        requested = canonical(request, self._matching)
        recording = self._next(requested)
        if recording is None and (credentials := credentials_in(request)):
            # A recorder redacts the credentials of a request wherever they are repeated in it.
            redaction = self._matching.redaction
            secrets = (*redaction.secrets, *sorted(credentials))
            redaction = msgspec.structs.replace(redaction, secrets=secrets)
            matching = msgspec.structs.replace(self._matching, redaction=redaction)
            requested = canonical(request, matching)
            recording = self._next(requested)
        return requested if recording is None else recording

    def _next(self, request: CanonicalRequest) -> Interaction | None:
        equal = self._by_key.get(request.key, [])
        with self._lock:
            used = self._used.get(request.key, 0)
            if used < len(equal) or (equal and self._again):
                self._used[request.key] = used + 1
                return self._interactions[equal[min(used, len(equal) - 1)]]
        return None

    @property
    def misses(self) -> tuple[UnmatchedRequest, ...]:
        """Requests so far without a matching recording."""
        with self._lock:
            return tuple(self._misses)

    @property
    def unused(self) -> tuple[CassetteLocation, ...]:
        """Recordings that no request has used so far."""
        with self._lock:
            unused = [
                index
                for key, equal in self._by_key.items()
                for index in equal[self._used.get(key, 0) :]
            ]
            return tuple([self._locations[index] for index in sorted(unused)])

    def _miss(self, request: CanonicalRequest) -> UnmatchedRequest:
        miss = UnmatchedRequest(method=request.method, url=request.url)
        equal = self._by_key.get(request.key)
        if equal:
            nearest = self._locations[equal[-1]]
            return msgspec.structs.replace(miss, nearest=nearest, recorded=len(equal))
        closest = closest_recording(request, self._canonical)
        if closest is None:
            return miss
        index, differences = closest
        return msgspec.structs.replace(
            miss, nearest=self._locations[index], differences=differences
        )


def miss_error(miss: UnmatchedRequest, names: Sequence[str] = ()) -> LLMError:
    """Return ConnectionFailed with the code "not_recorded", which is never retried. names: the cassettes searched."""
    if miss.nearest is None:
        searched = ", ".join([name for name in names[:MAX_REPORTED] if name])
        reason = "there are no recordings" + (f" in {searched}" if searched else "")
    elif not miss.differences:
        times = "once" if miss.recorded == 1 else f"{miss.recorded} times"
        reason = f"it is recorded {times} (last: {miss.nearest}), and all recordings were used"
    else:
        differences = "; ".join(map(str, miss.differences[:MAX_REPORTED]))
        more = len(miss.differences) - MAX_REPORTED
        rest = f"; and {more} more" if more > 0 else ""
        reason = f"nearest is {miss.nearest}, where (requested != recorded) {differences}{rest}"
    return ConnectionFailed(
        message=f"no recording matches {miss.method} {miss.url}: {reason}",
        code=NOT_RECORDED,
        retryable=False,
    )
