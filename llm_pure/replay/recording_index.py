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
from llm_pure.signing.stand_in import StandInRequest
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
    nearest_url: str = ""
    differences: tuple[Difference, ...] = ()
    """Differences from `nearest`; () if its requests are equal, but all `recorded` recordings were used."""
    recorded: int = 0
    unconfigured: str = ""
    """Why the request has no URL of its own: an endpoint that is not configured, and not clear from the recordings."""


def _operation(url: str) -> str:
    """Return the last segment of a URL's path."""
    return url.partition("?")[0].rpartition("/")[2]


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

    def match(
        self, request: HttpRequest, how_to_record: str | None = None
    ) -> LLMResult[Interaction]:
        """Return the next recording of a request. Fails with ConnectionFailed, which describes the closest recording.

        how_to_record: see `miss_error`.
        """
        request = self._locate(request)
        requested = canonical(request, self._matching)
        recording = self._find(request, requested)
        if recording is not None:
            return Success(recording)
        miss = self._miss(requested)
        if isinstance(request, StandInRequest) and not request.is_located:
            miss = msgspec.structs.replace(miss, unconfigured=request.error.message)
        with self._lock:
            self._misses.append(miss)
        return Failure(miss_error(miss, self._names, how_to_record))

    def find(self, request: HttpRequest) -> Interaction | None:
        """Return the next recording of a request, None without one; such a request does not count as a miss."""
        request = self._locate(request)
        return self._find(request, canonical(request, self._matching))

    def _locate(self, request: HttpRequest) -> HttpRequest:
        """Return a request without a configured endpoint with the URL of its operation's recordings, if that is only one."""
        if not isinstance(request, StandInRequest) or request.is_located:
            return request
        urls = {
            recorded.request.url
            for recorded in self._interactions
            if _operation(recorded.request.url) == _operation(request.url)
        }
        return msgspec.structs.replace(request, url=urls.pop()) if len(urls) == 1 else request

    def _find(self, request: HttpRequest, requested: CanonicalRequest) -> Interaction | None:
        recording = self._next(requested)
        if recording is None and (credentials := credentials_in(request)):
            # A recorder redacts the credentials of a request wherever they are repeated in it.
            redaction = self._matching.redaction
            secrets = (*redaction.secrets, *sorted(credentials))
            redaction = msgspec.structs.replace(redaction, secrets=secrets)
            matching = msgspec.structs.replace(self._matching, redaction=redaction)
            recording = self._next(canonical(request, matching))
        return recording

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
            return msgspec.structs.replace(
                miss, nearest=nearest, nearest_url=request.url, recorded=len(equal)
            )
        closest = closest_recording(request, self._canonical)
        if closest is None:
            return miss
        index, differences = closest
        return msgspec.structs.replace(
            miss,
            nearest=self._locations[index],
            nearest_url=self._canonical[index].url,
            differences=differences,
        )


def miss_error(
    miss: UnmatchedRequest, names: Sequence[str] = (), how_to_record: str | None = None
) -> LLMError:
    """Return ConnectionFailed with the code "not_recorded", which is never retried.

    names: the cassettes that were searched. how_to_record: the command or the call, by default that of `open_cassette`.
    """
    how_to_record = how_to_record or _how_to_record(miss, names)
    return ConnectionFailed(
        message=f"{describe_miss(miss, names)}. Record it with {how_to_record}",
        code=NOT_RECORDED,
        retryable=False,
    )


def describe_miss(miss: UnmatchedRequest, names: Sequence[str] = ()) -> str:
    """Return the request and the nearest recording. names: the cassettes that were searched."""
    return f"no recording matches {miss.method} {miss.url}: {_reason(miss, names)}"


def _reason(miss: UnmatchedRequest, names: Sequence[str]) -> str:
    if miss.unconfigured:
        return f"{miss.unconfigured}; and the recordings have more than one URL, or none, to take instead"
    if miss.nearest is None:
        searched = ", ".join([name for name in names[:MAX_REPORTED] if name])
        return "there are no recordings" + (f" in {searched}" if searched else "")
    if not miss.differences:
        times = "once" if miss.recorded == 1 else f"{miss.recorded} times"
        return (
            f"it is recorded {times} (last: {miss.nearest}), and all recordings were used; "
            "`again=True` repeats the last one"
        )
    differences = "; ".join(map(str, miss.differences[:MAX_REPORTED]))
    more = len(miss.differences) - MAX_REPORTED
    rest = f"; and {more} more" if more > 0 else ""
    if _differs_by_host(miss):
        rest += " (only the host differs: set `base_url`, or compare without it by MatchRules(origin=False))"
    return f"nearest is {miss.nearest}, where (requested != recorded) {differences}{rest}"


def _differs_by_host(miss: UnmatchedRequest) -> bool:
    if [difference.where for difference in miss.differences] != ["url"]:
        return False
    urls = [url.partition("://")[2].partition("/")[2] for url in (miss.url, miss.nearest_url)]
    return urls[0] == urls[1]


def _how_to_record(miss: UnmatchedRequest, names: Sequence[str]) -> str:
    """Return the call that records a request that was sent through a transport without pytest."""
    named = [name for name in names if name]
    if miss.nearest is not None and miss.nearest.cassette:
        path, mode = miss.nearest.cassette, "new_episodes"
    else:
        path, mode = (named[0] if named else "cassettes/NAME.yaml"), "once"
    if miss.nearest is None and named:
        mode = "new_episodes"
    return f'open_cassette("{path}", mode="{mode}") and override_transport(RecordingOverride(cassette))'
