"""`embed` and `aembed` of the client: any number of texts, in as many calls as the service's limits want."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

from llm_pure.client.batch import arun_parallel, run_parallel
from llm_pure.client.jobs import EmbedInput, Job, embed_job, embed_request
from llm_pure.client.targets import Lane
from llm_pure.core.embed_batching import join_embeddings, limit_for, split_request, strictest_limit
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")

OnProgress: TypeAlias = Callable[[int, int], object]
"""Told how many texts are embedded, and of how many, after each call."""


class Runs(Protocol):
    """What these methods need of a client."""

    _lanes: LLMResult[tuple[Lane, ...]]

    def _run(self, job: Job[A], timeout_s: float | None) -> LLMResult[A]: ...

    async def _arun(self, job: Job[A], timeout_s: float | None) -> LLMResult[A]: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *fault: object) -> None: ...

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *fault: object) -> None: ...


class EmbedCalls:
    """`embed`, with its twin."""

    def embed(
        self: Runs,
        request: EmbedInput,
        *,
        max_concurrency: int = 5,
        on_progress: OnProgress | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Embeddings]:
        """A vector for each text, in order, with the usage of all; UnsupportedFeature where the provider has none.

        More texts than the service takes at once are sent in several calls, at most max_concurrency of them at a time. The
        first call that fails is the Failure, and no further one begins. timeout_s: for each call.
        """
        whole = Batches(embed_request(request), self._lanes, on_progress)
        if len(whole.requests) == 1:
            return whole.end([self._run(embed_job(whole.requests[0]), timeout_s)])
        calls = [
            partial(whole.unless_failed, partial(self._run, embed_job(one), timeout_s))
            for one in whole.requests
        ]
        with self:
            return whole.end(run_parallel(calls, max_concurrency, whole.note))

    async def aembed(
        self: Runs,
        request: EmbedInput,
        *,
        max_concurrency: int = 5,
        on_progress: OnProgress | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Embeddings]:
        """`embed`, async."""
        whole = Batches(embed_request(request), self._lanes, on_progress)
        if len(whole.requests) == 1:
            return whole.end([await self._arun(embed_job(whole.requests[0]), timeout_s)])
        calls = [
            partial(whole.aunless_failed, partial(self._arun, embed_job(one), timeout_s))
            for one in whole.requests
        ]
        async with self:
            return whole.end(await arun_parallel(calls, max_concurrency, whole.note))


Got: TypeAlias = LLMResult[Embeddings] | None
"""What a call gave; None where another had failed before it began."""


class Batches:
    """One request in as many parts as its services want, while they are embedded."""

    def __init__(
        self,
        request: EmbedRequest,
        lanes: LLMResult[tuple[Lane, ...]],
        on_progress: OnProgress | None,
    ) -> None:
        self.requests = _parts(request, lanes)
        self._on_progress = on_progress
        self._done = 0
        self._failed = False

    def unless_failed(self, call: Callable[[], LLMResult[Embeddings]]) -> Got:
        """The call, unless one has failed."""
        return None if self._failed else self._seen(call())

    async def aunless_failed(self, call: Callable[[], Awaitable[LLMResult[Embeddings]]]) -> Got:
        """The same for an async one."""
        return None if self._failed else self._seen(await call())

    def _seen(self, got: LLMResult[Embeddings]) -> LLMResult[Embeddings]:
        self._failed = self._failed or isinstance(got, Failure)
        return got

    def note(self, number: int, got: Got) -> None:
        """A call is over."""
        if got is None or isinstance(got, Failure):
            return
        self._done += len(self.requests[number].texts)
        if self._on_progress is not None:
            self._on_progress(self._done, sum([len(one.texts) for one in self.requests]))

    def end(self, results: Sequence[Got]) -> LLMResult[Embeddings]:
        """All of them in one, or the first that failed."""
        if len(results) == 1:
            self.note(0, results[0])
        for got in results:
            if isinstance(got, Failure):
                return got
        return join_embeddings(self.requests, [got.unwrap() for got in results if got is not None])


def _parts(request: EmbedRequest, lanes: LLMResult[tuple[Lane, ...]]) -> tuple[EmbedRequest, ...]:
    """Parts that every configuration takes, also those that stand in for the first."""
    if isinstance(lanes, Failure):
        return (request,)  # the call tells why
    limits = [
        limit_for(lane.provider.embed_limits, request.model or lane.config.model or "")
        for lane in lanes.unwrap()
    ]
    return split_request(request, strictest_limit(limits))
