"""Requests and answers from one dialect to another: parse on one side, build on the other. Pure.

    client's HttpRequest --translate_request--> HttpRequest of the upstream, and the Exchange
    upstream's HttpResponse --translate_response(exchange)--> HttpResponse for the client
    upstream's stream --open_translation(exchange): feed, close--> bytes for the client

A gateway that chooses the upstream by what the request says parses it itself and goes on with `translate_received`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built, Operation, Provider, StreamDecoder
from llm_pure.core.server import (
    VENDORS,
    OperationResult,
    ReceivedRequest,
    ServerDialect,
    StreamEncoder,
)
from llm_pure.core.tool_names import restore_decoder, restore_result
from llm_pure.server.dialects import server_dialects
from llm_pure.server.outgoing import outgoing_chat, outgoing_embed
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import LLMError, NotFound, ServerError, UnsupportedFeature
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.operations import ListModelsRequest
from llm_pure.types.rejection import ok, reject, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

MapError: TypeAlias = Callable[[LLMError], LLMError]
"""The upstream's error -> the error that the client is sent."""


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """The service that answers."""

    provider: Provider
    config: LLMConfig
    """Its `model` takes the place of the one that the client names, unless it is empty."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """The two sides of a call: a client that speaks a dialect, and the provider that answers it."""

    received: ReceivedRequest
    """The client's request. Its `response_id` and `created_s` may be set by who knows a time."""
    provider: Provider
    tool_names: Mapping[str, str] = {}
    """Name of a tool as the provider was sent it -> the client's name."""

    @property
    def dialect(self) -> ServerDialect:
        """The server side of the client's dialect."""
        return server_dialects[self.received.dialect]


class TranslatedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A client's request in the form of the upstream, without credentials."""

    request: HttpRequest
    exchange: Exchange
    """How the answer to it is translated."""
    adaptations: tuple[Adaptation, ...] = ()
    """What the client's request has no field for here, and what the upstream cannot be sent."""


class TranslatedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in the form of the client."""

    response: HttpResponse
    result: LLMResult[Completion | OperationResult]
    """What the upstream answered, with the client's tool names."""
    adaptations: tuple[Adaptation, ...] = ()
    """What of the answer the client's dialect cannot say."""


@returns_failure
def dialect_named(name: str) -> ServerDialect:
    """The server side of a dialect. Fails with UnsupportedFeature for another name."""
    if name in server_dialects:
        return server_dialects[name]
    message = f"no server side of {name!r}; there is one of {', '.join(server_dialects)}"
    return reject(UnsupportedFeature(message=message, feature=name))


@returns_failure
def upstream_of(dialect: str, **settings: Any) -> Upstream:
    """The vendor's own service of a dialect, or a provider by its name. `settings`: fields of LLMConfig.

    Fails as `registry.get` does for an unknown name.
    """
    provider = ok(registry.get(VENDORS.get(dialect, dialect)))
    return Upstream(provider=provider, config=LLMConfig(api_type=provider.name, **settings))


@returns_failure
def exchange_of(from_dialect: str, to_dialect: str, *, model: str = "") -> Exchange:
    """The two sides of an answer whose request is not known: `from_dialect` is that of the answer, or a provider's name."""
    upstream, dialect = ok(upstream_of(from_dialect)), ok(dialect_named(to_dialect))
    received = ReceivedRequest(dialect=dialect.name, model=model, stream=True)
    return Exchange(received=_answered_by(received, upstream.provider), provider=upstream.provider)


@returns_failure
def translate_request(
    request: HttpRequest, from_dialect: str, upstream: Upstream | str, *, strict: bool = False
) -> TranslatedRequest:
    """A client's request as the upstream takes it. `upstream`: also a dialect, for its vendor's service, or a provider.

    Fails as `parse_request` and `build_chat` do; with `strict` also for an adaptation that loses information.
    """
    received = ok(ok(dialect_named(from_dialect)).parse_request(request))
    chosen = ok(upstream_of(upstream)) if isinstance(upstream, str) else upstream
    return ok(translate_received(received, chosen, strict=strict))


@returns_failure
def translate_received(
    received: ReceivedRequest, upstream: Upstream, *, strict: bool = False
) -> TranslatedRequest:
    """A request that was parsed before as the upstream takes it.

    Fails as `build_chat` does, and with UnsupportedFeature for an operation that the upstream does not have.
    """
    provider, config = upstream.provider, upstream.config
    received = _answered_by(received, provider)
    match received.operation:
        case "chat":
            outgoing = outgoing_chat(received, provider, config)
            built = ok(provider.build_chat(config, outgoing.value, strict=strict))
        case "count_tokens":
            outgoing = outgoing_chat(received, provider, config)
            built = _build(provider, "count_tokens", provider.count_tokens, config, outgoing.value)
        case "embed":
            embed = outgoing_embed(received, config)
            built = _build(provider, "embed", provider.embed, config, embed.value)
            return _translated(received, provider, built, embed.adaptations)
        case "models":
            built = _build(provider, "models", provider.models, config, ListModelsRequest())
            return _translated(received, provider, built, received.adaptations)
        case "health":
            message = "no upstream is needed for a health probe"
            return reject(UnsupportedFeature(message=message, feature="health"))
    if strict:
        reject_losses(outgoing.adaptations)
    return _translated(received, provider, built, outgoing.adaptations)


def _answered_by(received: ReceivedRequest, provider: Provider) -> ReceivedRequest:
    return replace(received, upstream_dialect=provider.dialect, upstream_provider=provider.name)


def _translated(
    received: ReceivedRequest,
    provider: Provider,
    built: Built,
    adaptations: tuple[Adaptation, ...],
) -> TranslatedRequest:
    exchange = Exchange(received=received, provider=provider, tool_names=built.tool_names)
    return TranslatedRequest(
        request=built.request, exchange=exchange, adaptations=(*adaptations, *built.adaptations)
    )


def _build(
    provider: Provider,
    name: str,
    operation: Operation[Any, Any] | None,
    config: LLMConfig,
    value: Any,
) -> Built:
    if operation is None:
        message = f"{provider.name} has no operation {name!r}"
        return reject(UnsupportedFeature(message=message, feature=name, provider=provider.name))
    return ok(operation.build(config, value))


def reject_losses(adaptations: tuple[Adaptation, ...]) -> None:
    """Raise Rejected with UnsupportedFeature for the first adaptation that loses information."""
    lost = next((change for change in adaptations if not change.lossless), None)
    if lost is not None:
        message = f"{lost.field}: {lost.reason}"
        reject(UnsupportedFeature(message=message, feature=lost.field))


def translate_response(
    response: HttpResponse, exchange: Exchange, *, map_error: MapError | None = None
) -> TranslatedResponse:
    """The upstream's answer, of any status and any bytes, as the client reads it. Errors keep their meaning.

    `map_error`: as `upstream_error`, which a gateway needs.
    """
    received, dialect = exchange.received, exchange.dialect
    result = restore_result(_parse(response, exchange), exchange.tool_names)
    if isinstance(result, Failure):
        error = result.failure()
        shown = error if map_error is None else map_error(error)
        return TranslatedResponse(response=dialect.build_error(shown, received), result=result)
    value = result.unwrap()
    if not isinstance(value, Completion):
        return TranslatedResponse(response=dialect.build_result(value, received), result=result)
    return TranslatedResponse(
        response=dialect.build_response(value, received),
        result=result,
        adaptations=dialect.response_adaptations(value, received),
    )


def _parse(response: HttpResponse, exchange: Exchange) -> LLMResult[Any]:
    provider = exchange.provider
    operations: Mapping[str, Operation[Any, Any] | None] = {
        "count_tokens": provider.count_tokens,
        "embed": provider.embed,
        "models": provider.models,
    }
    operation = operations.get(exchange.received.operation)
    return provider.parse_chat(response) if operation is None else operation.parse(response)


def upstream_error(error: LLMError) -> LLMError:
    """The error of an upstream as a gateway's client may see it: the client's own key and model name are fine.

    A refused key, and a model or URL that the upstream does not know, are errors of the gateway's configuration.
    """
    match error.kind:
        case "authentication" | "permission" | "configuration":
            message = "the gateway's credentials for the upstream are refused"
        case "not_found" if isinstance(error, NotFound):
            message = "the upstream does not have the model that the gateway is configured for"
        case _:
            return error
    return ServerError(message=message, retryable=False, request_id=error.request_id)


class StreamTranslation:
    """Translates one streamed answer: the upstream's bytes -> the client's bytes. It never raises.

    Bytes may be split anywhere. An error in the stream ends it with the dialect's error, after all that came before it.
    """

    def __init__(
        self,
        decoder: StreamDecoder,
        encoder: StreamEncoder,
        map_error: MapError | None,
    ) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._map_error = map_error
        self.outcome: LLMResult[Completion] | None = None
        """What the upstream answered; None while it goes on."""

    @property
    def adaptations(self) -> tuple[Adaptation, ...]:
        """What of the answer so far the client's dialect cannot say."""
        return self._encoder.adaptations

    def partial(self) -> Completion:
        """The Completion so far."""
        return self._decoder.partial()

    def feed(self, data: bytes) -> bytes:
        """The client's bytes for these of the upstream; b"" after the end."""
        if self.outcome is not None:
            return b""
        result = self._decoder.feed(data)
        if isinstance(result, Failure):
            return self._fail(result.failure())
        return self._encoder.encode(result.unwrap())

    def close(self) -> bytes:
        """The end of the stream, once. A body that ended early is an error."""
        if self.outcome is not None:
            return b""
        result = self._decoder.close()
        if isinstance(result, Failure):
            return self._fail(result.failure())
        data = self._encoder.encode(result.unwrap())
        self.outcome = Success(self._decoder.partial())
        return data + self._encoder.close(self.outcome)

    def abort(self, error: LLMError) -> bytes:
        """The end of a stream that the server gives up: the connection broke, a limit was reached."""
        return b"" if self.outcome is not None else self._fail(error)

    def keep_alive(self) -> bytes:
        """Bytes that every client of the dialect ignores; b"" after the end."""
        return b"" if self.outcome is not None else self._encoder.keep_alive()

    def _fail(self, error: LLMError) -> bytes:
        self.outcome = Failure(error)
        shown = error if self._map_error is None else self._map_error(error)
        return self._encoder.close(Failure(shown))


def open_translation(
    head: ResponseHead, exchange: Exchange, *, map_error: MapError | None = None
) -> StreamTranslation:
    """Translate a streamed answer, which the client gets with status 200 and the type `exchange.dialect.stream_type`.

    `head`: of the upstream's answer. One of an error status is better buffered and read with `translate_response`.
    """
    decoder = restore_decoder(exchange.provider.open_stream(head), exchange.tool_names)
    encoder = exchange.dialect.open_encoder(exchange.received)
    return StreamTranslation(decoder, encoder, map_error)
