"""Many texts to embed -> requests that a service takes in one call; and their answers -> one, in the order of the texts."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from llm_pure.types.completion import Usage
from llm_pure.types.errors import ProtocolError
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.result import Failure, LLMResult, Success

NO_LIMIT = EmbedLimit()


def limit_for(limits: Sequence[EmbedLimit], model: str) -> EmbedLimit:
    """The first limit whose prefix fits; a path or a region before the name ("models/", "us.") does not count.

    >>> limit_for((EmbedLimit(max_texts=96, prefix="cohere."), EmbedLimit(max_texts=1)), "us.cohere.embed-v4:0").max_texts
    96
    """
    name = model.rsplit("/", 1)[-1]
    for limit in limits:
        if name.startswith(limit.prefix) or f".{limit.prefix}" in name:
            return limit
    return NO_LIMIT


def strictest_limit(limits: Iterable[EmbedLimit]) -> EmbedLimit:
    """What each of these services takes."""
    known = list(limits)
    return EmbedLimit(
        max_texts=min([one.max_texts for one in known if one.max_texts is not None], default=None),
        max_tokens=min(
            [one.max_tokens for one in known if one.max_tokens is not None], default=None
        ),
    )


def split_request(request: EmbedRequest, limit: EmbedLimit) -> tuple[EmbedRequest, ...]:
    """Requests with at most so many texts, and so few bytes that they cannot have more tokens: none is less than a byte.

    A text that is too long by itself is sent by itself, since only the service can tell. What fits stays as it is.
    """
    groups = list(_groups(request.texts, limit))
    if len(groups) < 2:
        return (request,)
    return tuple([msgspec.structs.replace(request, input=group) for group in groups])


def _groups(texts: tuple[str, ...], limit: EmbedLimit) -> Iterator[tuple[str, ...]]:
    group: list[str] = []
    held = 0
    for text in texts:
        size = len(text.encode("utf-8", "replace"))
        is_full = limit.max_texts is not None and len(group) >= max(1, limit.max_texts)
        is_long = limit.max_tokens is not None and held + size > limit.max_tokens
        if group and (is_full or is_long):
            yield tuple(group)
            group, held = [], 0
        group.append(text)
        held += size
    if group:
        yield tuple(group)


def join_embeddings(
    requests: Sequence[EmbedRequest], answers: Sequence[Embeddings]
) -> LLMResult[Embeddings]:
    """One answer out of the answers to these requests: vectors in order, usage summed; of each its `extra`, in a list.

    Fails with ProtocolError where an answer has not one vector for each text, or where the vectors cannot be compared:
    they are of several models (a fallback answered some) or lengths.
    """
    for request, answer in zip(requests, answers, strict=True):
        if len(answer.vectors) != len(request.texts):
            what = f"{len(request.texts)} texts were sent, and {len(answer.vectors)} vectors came"
            return Failure(ProtocolError(message=what, provider=answer.provider, where="vectors"))
    if len(answers) == 1:
        return Success(answers[0])
    makers = sorted({f"{one.provider}:{one.model}" for one in answers})
    lengths = sorted({len(vector) for one in answers for vector in one.vectors})
    if len(makers) > 1 or len(lengths) > 1:
        told = ", ".join(makers if len(makers) > 1 else [str(length) for length in lengths])
        what = f"these vectors cannot be compared with one another, they are of {told}"
        return Failure(ProtocolError(message=what, provider=answers[0].provider, where="vectors"))
    extras = [one.extra for one in answers]
    return Success(
        Embeddings(
            vectors=tuple([vector for one in answers for vector in one.vectors]),
            model=answers[0].model,
            provider=answers[0].provider,
            usage=sum_usage([one.usage for one in answers]),
            extra={"batches": extras} if any(extras) else {},
        )
    )


def sum_usage(usages: Sequence[Usage]) -> Usage:
    """All of them together. A count that one of them lacks is unknown. raw: {"batches": [each provider's own]}."""
    raws = [one.raw for one in usages]
    return Usage(
        input_tokens=_sum([one.input_tokens for one in usages]),
        output_tokens=_sum([one.output_tokens for one in usages]),
        cached_input_tokens=_sum([one.cached_input_tokens for one in usages]),
        cache_write_tokens=_sum([one.cache_write_tokens for one in usages]),
        reasoning_tokens=_sum([one.reasoning_tokens for one in usages]),
        estimated=any(one.estimated for one in usages),
        raw={"batches": raws} if any(raws) else None,
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
