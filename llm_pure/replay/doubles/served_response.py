"""The answer of a rule as the response of a dialect: head, chunks of the body, and the waits between them. Pure."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from msgspec.structs import replace

from llm_pure.core.collect import collect
from llm_pure.replay.doubles.canned import DIMENSIONS, MODEL, vector
from llm_pure.replay.doubles.pieces import estimate
from llm_pure.replay.doubles.rules import (
    Cut,
    KeepAlive,
    Pause,
    Rule,
    ServedAnswer,
    Step,
    UpstreamResponse,
    as_steps,
    ends_normally,
    provider_of,
)
from llm_pure.server import OperationResult, ReceivedRequest, server_dialects
from llm_pure.types.completion import Usage
from llm_pure.types.errors import ConnectionFailed, LLMError
from llm_pure.types.events import Finished, StreamEvent
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.operations import Embeddings, ModelInfo, ModelPage, TokenCount
from llm_pure.types.result import Failure, LLMResult, Success

Item: TypeAlias = float | LLMResult[bytes]
"""Seconds to wait, a chunk of the body, or the error that ends it."""

_BROKEN = ConnectionFailed(message="the double breaks the connection here")


def chat_response(
    rule: Rule, answer: ServedAnswer | None, received: ReceivedRequest, sent_bytes: int
) -> tuple[ResponseHead, Iterator[Item]] | LLMError:
    """The response to a chat request; a ConnectionFailed is no response at all."""
    if answer is None or isinstance(answer, ConnectionFailed):
        return answer or _BROKEN
    if isinstance(answer, UpstreamResponse):
        upstream = provider_of(answer)
        received = replace(
            received, upstream_dialect=upstream.dialect, upstream_provider=upstream.name
        )
    steps = ends_normally(as_steps(answer, sent_bytes))
    if not received.stream:
        return _body(steps, received, rule.delay_s)
    wait_s, first = rule.delay_s, None
    for first in steps:
        if not isinstance(first, Pause):
            break
        wait_s += first.seconds
    if isinstance(first, LLMError):  # before any event: no stream begins
        return buffered(server_dialects[received.dialect].build_error(first, received), wait_s)
    assert first is not None  # an end at least
    content_type = server_dialects[received.dialect].stream_type(received)
    head = ResponseHead(200, (("content-type", content_type), ("cache-control", "no-cache")))
    return head, _stream(chain((first,), steps), received, wait_s, rule.pace_s)


def _stream(
    steps: Iterable[Step], received: ReceivedRequest, wait_s: float, pace_s: float
) -> Iterator[Item]:
    encoder = server_dialects[received.dialect].open_encoder(received)
    yield wait_s
    for step in steps:
        if isinstance(step, Pause):
            yield step.seconds
            continue
        if isinstance(step, Cut):
            if step.style == "reset":
                yield Failure(_BROKEN)
            return
        if isinstance(step, LLMError):
            yield Success(encoder.close(Failure(step)))
            return
        data = encoder.keep_alive() if isinstance(step, KeepAlive) else encoder.encode((step,))
        if data:
            yield pace_s
            yield Success(data)
    yield Success(encoder.close(Success(None)))


def _body(
    steps: Iterable[Step], received: ReceivedRequest, wait_s: float
) -> tuple[ResponseHead, Iterator[Item]]:
    """A buffered response of the events. After a Cut half of the body is sent."""
    server = server_dialects[received.dialect]
    events: list[StreamEvent] = []
    cut: Cut | None = None
    for step in steps:
        if isinstance(step, LLMError):
            return buffered(server.build_error(step, received), wait_s)
        if isinstance(step, Cut):
            cut = step
        elif isinstance(step, Pause):
            wait_s += step.seconds
        elif not isinstance(step, KeepAlive):
            events.append(step)
    if cut is not None:
        events.append(Finished("stop"))
    completed = collect(events)
    if isinstance(completed, Failure):
        return buffered(server.build_error(completed.failure(), received), wait_s)
    response = server.build_response(completed.unwrap(), received)
    if cut is None:
        return buffered(response, wait_s)
    half = Success(response.body[: len(response.body) // 2])
    end: tuple[Item, ...] = (Failure(_BROKEN),) if cut.style == "reset" else ()
    return response.head, iter((wait_s, half, *end))


def buffered(response: HttpResponse, wait_s: float = 0.0) -> tuple[ResponseHead, Iterator[Item]]:
    """A response in one chunk."""
    return response.head, iter((wait_s, Success(response.body)))


def operation_result(
    received: ReceivedRequest, models: tuple[str, ...], sent_bytes: int
) -> OperationResult:
    """The result of an operation besides chat, where no rule is for it: the same in every run."""
    match received.operation:
        case "embed" if received.embed is not None:
            embed = received.embed
            vectors = [tuple(vector(text, embed.dimensions or DIMENSIONS)) for text in embed.texts]
            usage = Usage(estimate(sum(map(len, embed.texts))))
            return Embeddings(vectors=tuple(vectors), model=received.model or MODEL, usage=usage)
        case "count_tokens":
            return TokenCount(input_tokens=estimate(sent_bytes))
        case "models":
            names = models or (received.model or MODEL,)
            rows = [ModelInfo(id=name, created_s=1, owned_by="double") for name in names]
            return ModelPage(models=tuple(rows))
        case _:
            return None
