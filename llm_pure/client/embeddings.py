"""Embed any number of texts, split into calls by the provider's limits."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Any, TypeAlias

from llm_pure.client.arguments import as_texts, check_arguments, check_request
from llm_pure.client.batch import arun_parallel, run_parallel
from llm_pure.client.operations import OperationCall, embed_call
from llm_pure.client.targets import Target
from llm_pure.core.embed_batching import join_embeddings, limit_for, split_request, strictest_limit
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.result import Failure, LLMResult

EmbedInput: TypeAlias = EmbedRequest | str | Sequence[str]

OnProgress: TypeAlias = Callable[[int, int], object]
"""Called after each call with the number of embedded texts and the number of all texts."""

BatchResult: TypeAlias = LLMResult[Embeddings] | None
"""Result of one call; None if another call had failed before it began."""

Call: TypeAlias = Callable[[OperationCall[Embeddings]], LLMResult[Embeddings]]
AsyncCall: TypeAlias = Callable[[OperationCall[Embeddings]], Awaitable[LLMResult[Embeddings]]]


def embed_request(value: EmbedInput) -> EmbedRequest:
    """Return the texts as an EmbedRequest."""
    if isinstance(value, EmbedRequest):
        return value
    return EmbedRequest(input=as_texts(value))


def check_embed(request: EmbedRequest, **arguments: Any) -> Failure[InvalidRequest] | None:
    """Return the failure of a request or an argument of a wrong type."""
    return check_arguments(**arguments) or check_request(request, EmbedRequest)


class EmbeddingBatches:
    """One request, split to the limits of all targets, and its progress."""

    def __init__(
        self,
        request: EmbedRequest,
        targets: LLMResult[tuple[Target, ...]],
        on_progress: OnProgress | None,
    ) -> None:
        self.requests = targets.map(partial(_split, request)).value_or((request,))
        self._on_progress = on_progress
        self._done = 0
        self._failed = False

    def run(
        self, call: Call, max_concurrency: int, session: AbstractContextManager[Any]
    ) -> LLMResult[Embeddings]:
        """Make all calls, several of them inside `session`; no call begins after one has failed."""
        if len(self.requests) == 1:
            result = call(embed_call(self.requests[0]))
            self.add(0, result)
            return self.finish([result])
        calls = [partial(self.call_unless_failed, call, request) for request in self.requests]
        with session:
            return self.finish(run_parallel(calls, max_concurrency, self.add))

    async def arun(
        self, call: AsyncCall, max_concurrency: int, session: AbstractAsyncContextManager[Any]
    ) -> LLMResult[Embeddings]:
        """Async `run`."""
        if len(self.requests) == 1:
            result = await call(embed_call(self.requests[0]))
            self.add(0, result)
            return self.finish([result])
        calls = [partial(self.acall_unless_failed, call, request) for request in self.requests]
        async with session:
            return self.finish(await arun_parallel(calls, max_concurrency, self.add))

    def call_unless_failed(self, call: Call, request: EmbedRequest) -> BatchResult:
        """Make one call, unless another has failed."""
        return None if self._failed else self._check(call(embed_call(request)))

    async def acall_unless_failed(self, call: AsyncCall, request: EmbedRequest) -> BatchResult:
        """Async `call_unless_failed`."""
        return None if self._failed else self._check(await call(embed_call(request)))

    def _check(self, result: LLMResult[Embeddings]) -> LLMResult[Embeddings]:
        self._failed = self._failed or isinstance(result, Failure)
        return result

    def add(self, index: int, result: BatchResult) -> None:
        """Count the texts of a finished call and report the progress."""
        if result is None or isinstance(result, Failure):
            return
        self._done += len(self.requests[index].texts)
        if self._on_progress is not None:
            self._on_progress(self._done, sum([len(part.texts) for part in self.requests]))

    @returns_failure
    def finish(self, results: Sequence[BatchResult]) -> Embeddings:
        """Join the results, or fail with the first error."""
        embeddings = [ok(result) for result in results if result is not None]
        return ok(join_embeddings(self.requests, embeddings))


def _split(request: EmbedRequest, targets: tuple[Target, ...]) -> tuple[EmbedRequest, ...]:
    """Split the request so that every target accepts each part."""
    limits = [
        limit_for(target.provider.embed_limits, request.model or target.config.model or "")
        for target in targets
    ]
    return split_request(request, strictest_limit(limits))
