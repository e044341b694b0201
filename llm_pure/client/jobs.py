"""What a call does, as two pure functions: a request for a lane, and what its answer says."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

import msgspec

from llm_pure.client.billing import Charge
from llm_pure.client.targets import Lane
from llm_pure.core.provider import Built, Operation
from llm_pure.types.completion import Completion
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest, TokenCount
from llm_pure.types.request import ChatRequest, MessagesInput, SchemaFormat
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")
Q = TypeVar("Q")

ChatInput: TypeAlias = ChatRequest | MessagesInput
EmbedInput: TypeAlias = EmbedRequest | str | Sequence[str]


class Job(msgspec.Struct, Generic[A], frozen=True):
    """One kind of call. build: no key in it yet. parse: an answer of any status.

    charge: what is asked, where the provider takes money for it.
    """

    build: Callable[[Lane], LLMResult[Built]]
    parse: Callable[[Lane, HttpResponse], LLMResult[A]]
    charge: Charge | None = None


def chat_request(given: ChatInput, *, stream: bool | None = None) -> ChatRequest:
    """The request, or one that holds these messages. stream: in place of what it says itself."""
    request = given if isinstance(given, ChatRequest) else ChatRequest(messages=given)
    return request if stream is None else msgspec.structs.replace(request, stream=stream)


def chat_job(request: ChatRequest) -> Job[Completion]:
    """A question to a model, by way of a tool where its format says so."""
    formed = request.response_format
    typed = isinstance(formed, SchemaFormat) and formed.fallback_to_tool
    build = _build_typed if typed else _build_chat
    return Job(
        build=lambda lane: build(lane, request),
        parse=lambda lane, response: lane.provider.parse_chat(response),
        charge=request,
    )


def _build_chat(lane: Lane, request: ChatRequest) -> LLMResult[Built]:
    return lane.provider.build_chat(lane.config, request)


def _build_typed(lane: Lane, request: ChatRequest) -> LLMResult[Built]:
    from llm_pure.output.structured import (
        build_structured,  # loaded by the first call that needs it
    )

    return build_structured(lane.provider, lane.config, request)


def embed_request(given: EmbedInput) -> EmbedRequest:
    """Texts as a request."""
    if isinstance(given, EmbedRequest):
        return given
    return EmbedRequest(input=given if isinstance(given, str) else tuple(given))


def embed_job(request: EmbedRequest) -> Job[Embeddings]:
    """Texts to vectors; UnsupportedFeature where the provider has no embeddings."""
    job = _operation_job("embeddings", lambda lane: lane.provider.embed, request)
    return msgspec.structs.replace(job, charge=request)


def count_job(given: ChatInput) -> Job[TokenCount]:
    """A request's tokens as the provider counts them; UnsupportedFeature where it does not."""
    request = chat_request(given, stream=False)
    return _operation_job("a token count", lambda lane: lane.provider.count_tokens, request)


def _operation_job(
    what: str, choose: Callable[[Lane], Operation[Q, A] | None], request: Q
) -> Job[A]:
    def lacking(lane: Lane) -> Failure[UnsupportedFeature]:
        name = lane.provider.name
        return Failure(
            UnsupportedFeature(message=f"{name} has no {what}", provider=name, feature=what)
        )

    def build(lane: Lane) -> LLMResult[Built]:
        operation = choose(lane)
        return lacking(lane) if operation is None else operation.build(lane.config, request)

    def parse(lane: Lane, response: HttpResponse) -> LLMResult[A]:
        operation = choose(lane)
        return lacking(lane) if operation is None else operation.parse(response)

    return Job(build, parse)
