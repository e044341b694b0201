"""Split a large embedding request by the service's limits, and join the results in the order of the texts."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from llm_pure.types.completion import Usage
from llm_pure.types.errors import ProtocolError
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.result import Failure, LLMResult, Success

NO_LIMIT = EmbedLimit()


def limit_for(limits: Sequence[EmbedLimit], model: str) -> EmbedLimit:
    """Return the first limit whose prefix matches; a path or region in the name ("models/", "us.") is ignored.

    >>> limit_for((EmbedLimit(max_texts=96, prefix="cohere."), EmbedLimit(max_texts=1)), "us.cohere.embed-v4:0").max_texts
    96
    """
    name = model.rsplit("/", 1)[-1]
    for limit in limits:
        if name.startswith(limit.prefix) or f".{limit.prefix}" in name:
            return limit
    return NO_LIMIT


def strictest_limit(limits: Iterable[EmbedLimit]) -> EmbedLimit:
    """Return the limit that satisfies all of these."""
    known = list(limits)

    def minimum(values: list[int | None]) -> int | None:
        return min([value for value in values if value is not None], default=None)

    return EmbedLimit(
        max_texts=minimum([limit.max_texts for limit in known]),
        max_tokens=minimum([limit.max_tokens for limit in known]),
    )


def split_request(request: EmbedRequest, limit: EmbedLimit) -> tuple[EmbedRequest, ...]:
    """Split the request by the limit. The size in bytes is the upper bound of tokens, as each token is at least a byte.

    A text over the limit is sent alone, since only the service knows its tokens. A request that fits is not changed.
    """
    groups = list(_groups(request.texts, limit))
    if len(groups) < 2:
        return (request,)
    return tuple([msgspec.structs.replace(request, input=group) for group in groups])


def _groups(texts: tuple[str, ...], limit: EmbedLimit) -> Iterator[tuple[str, ...]]:
    group: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode("utf-8", "replace"))
        is_full = limit.max_texts is not None and len(group) >= max(1, limit.max_texts)
        is_long = limit.max_tokens is not None and size + length > limit.max_tokens
        if group and (is_full or is_long):
            yield tuple(group)
            group, size = [], 0
        group.append(text)
        size += length
    if group:
        yield tuple(group)


def join_embeddings(
    requests: Sequence[EmbedRequest], results: Sequence[Embeddings]
) -> LLMResult[Embeddings]:
    """Join the results of these requests: vectors in order, usage summed, the `extra` of each in a list.

    Fails with ProtocolError if a result does not have one vector per text, or if the vectors are not comparable because
    they come from different models (after a failover) or have different lengths.
    """
    for request, result in zip(requests, results, strict=True):
        if len(result.vectors) != len(request.texts):
            message = (
                f"{len(request.texts)} texts were sent, {len(result.vectors)} vectors received"
            )
            return _mismatch(message, result.provider)
    first = results[0]
    if len(results) == 1:
        return Success(first)
    vectors = tuple([vector for result in results for vector in result.vectors])
    models = sorted({f"{result.provider}:{result.model}" for result in results})
    lengths = sorted({len(vector) for vector in vectors})
    if len(models) > 1 or len(lengths) > 1:
        values = ", ".join(models if len(models) > 1 else [str(length) for length in lengths])
        what = "models" if len(models) > 1 else "lengths"
        return _mismatch(f"the vectors are not comparable: {what} {values}", first.provider)
    extras = [result.extra for result in results]
    return Success(
        Embeddings(
            vectors=vectors,
            model=first.model,
            provider=first.provider,
            usage=sum_usage([result.usage for result in results]),
            extra={"batches": extras} if any(extras) else {},
        )
    )


def _mismatch(message: str, provider: str) -> LLMResult[Embeddings]:
    return Failure(ProtocolError(message=message, provider=provider, where="vectors"))


_COUNTS = (
    "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip


def sum_usage(usages: Sequence[Usage]) -> Usage:
    """Sum the usages. A count that one of them lacks is None. `raw` is {"batches": [each provider's own]}."""
    raws = [usage.raw for usage in usages]
    return Usage(
        **{name: _sum([getattr(usage, name) for usage in usages]) for name in _COUNTS},
        estimated=any(usage.estimated for usage in usages),
        raw={"batches": raws} if any(raws) else None,
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
