"""The answer to a chat request: buffered, or a stream of pieces that goes out as it comes in."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from llm_pure.client.call import CallContext, CallSpec
from llm_pure.client.streams import AsyncStream
from llm_pure.core.server import ReceivedRequest
from llm_pure.gateway.answers import begin_stream, rate_limits, send_response
from llm_pure.gateway.pass_through import passed_headers, read_raw
from llm_pure.gateway.pieces import Piece
from llm_pure.gateway.public_errors import public_error
from llm_pure.gateway.request_body import ClientGone
from llm_pure.gateway.upstream import ChatExchange, with_identity
from llm_pure.gateway.watch import Watch
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.rejection import ok
from llm_pure.types.result import Failure, LLMResult, Success, error_of

if TYPE_CHECKING:
    from llm_pure.gateway.handler import RequestHandler

_ID_PREFIXES = {
    "openai_chat": "chatcmpl-",
    "openai_responses": "resp_",
    "anthropic_messages": "msg_",
    "gemini_content": "",
    "ollama_native": "",
}
"""Dialect -> how the ids of its answers begin."""


async def answer_chat(
    handler: "RequestHandler", body: bytes, request: Callable[[], HttpRequest]
) -> None:
    """Answer a chat request with this body; `request` is all of it. Raises Rejected for a request that is refused, and ClientGone."""
    trace = handler.trace
    exchange = _read_chat(handler, body, request)
    served = handler.select(exchange.blank.model)
    context = handler.context(served)
    if not exchange.passes_at(served.target):
        received = ok(exchange.parse())
        if received.dialect == "ollama_native" and not received.messages:
            await _answer_load(handler, received)
            return
    trace.stream = exchange.blank.stream
    spec = exchange.call(stream=trace.stream)
    if trace.stream:
        await _stream(handler, exchange, spec, context)
    else:
        await _buffered(handler, exchange, spec, context)


async def _answer_load(handler: "RequestHandler", received: ReceivedRequest) -> None:
    """Answer a request without messages, by which Ollama's clients load a model: other providers have nothing to load."""
    loaded = Completion(model=received.model, raw_finish_reason="load")
    response = handler.dialect.build_response(loaded, received)
    handler.trace.status = response.status
    await send_response(handler.send, response, handler.trace.request_id, handler.extra_headers())


def _read_chat(
    handler: "RequestHandler", data: bytes, request: Callable[[], HttpRequest]
) -> ChatExchange:
    """Read what selects the model; the rest is parsed only if it has to be. Raises Rejected."""
    settings, trace, name = handler.service.settings, handler.trace, handler.dialect.name
    body = read_raw(data)
    response_id = _ID_PREFIXES[name] + trace.request_id.removeprefix("req_")
    created_s = int(trace.time.timestamp())
    received: ReceivedRequest | None = None
    if body is not None and (model := body.model) and name != "gemini_content":
        blank = ReceivedRequest(
            dialect=name,
            model=model,
            stream=body.flag("stream", default=name == "ollama_native"),
            framing="ndjson" if name == "ollama_native" else "sse",
            response_id=response_id,
            created_s=created_s,
        )
    else:
        received = ok(handler.dialect.parse_request(request()))
        blank = ReceivedRequest(
            dialect=name,
            model=received.model,
            stream=received.stream,
            framing=received.framing,
            usage_in_stream=received.usage_in_stream,
            response_id=response_id,
            created_s=created_s,
        )
        received = with_identity(received, blank)
    exchange = ChatExchange(
        handler.dialect,
        request,
        body,
        blank,
        handler.service.models.templates,
        passed_headers=passed_headers(name, handler.scope["headers"]),
        strict=settings.strict,
        show_reasoning=settings.thinking == "show",
    )
    if received is not None:
        exchange.parsed = Success(received)
    return exchange


async def _buffered(
    handler: "RequestHandler",
    exchange: ChatExchange,
    spec: CallSpec[Completion],
    context: CallContext,
) -> None:
    try:
        result = await handler.perform(spec, context)
    finally:
        _note(handler, exchange)
    if type(result) is Failure:
        response = _failed(handler, exchange, result.failure())
    else:
        response = exchange.build_response(result.unwrap())
        _note_usage(handler, result.unwrap())
        handler.trace.status = response.status
    extra = (*rate_limits(exchange.head), *handler.extra_headers())
    await send_response(handler.send, response, handler.trace.request_id, extra)


def _failed(handler: "RequestHandler", exchange: ChatExchange, error: LLMError) -> HttpResponse:
    return handler.error_response(
        error,
        upstream=not isinstance(exchange.parsed, Failure),  # else it is one of the client's body
        repeated=exchange.attempts > 1,
    )


def _note(handler: "RequestHandler", exchange: ChatExchange) -> None:
    trace, target = handler.trace, exchange.target
    trace.attempts, trace.passed = exchange.attempts, exchange.passed
    trace.adaptations = len(exchange.adaptations)
    if target is not None:
        trace.provider = target.provider.name


def _note_usage(handler: "RequestHandler", completion: Completion) -> None:
    trace = handler.trace
    if trace.usage is None:
        trace.usage = completion.usage
    request_id = completion.extra.get("request_id")
    if isinstance(request_id, str):
        trace.upstream_request_id = request_id


async def _stream(
    handler: "RequestHandler",
    exchange: ChatExchange,
    spec: CallSpec[Completion],
    context: CallContext,
) -> None:
    """Send the pieces of a stream as they come, several at once if they have come together."""
    trace, send = handler.trace, handler.send
    begun = False

    async def begin() -> None:
        nonlocal begun
        if not begun:
            begun = True
            trace.status = 200
            kind = handler.dialect.stream_type(exchange.answered())
            extra = (*rate_limits(exchange.head), *handler.extra_headers())
            await begin_stream(send, kind, trace.request_id, extra)

    async def keep_alive() -> None:
        await begin()
        data = exchange.keep_alive()
        if data:
            await send({"type": "http.response.body", "body": data, "more_body": True})

    watch = Watch(handler.receive, handler.service.times, lambda: exchange.last_byte_s, keep_alive)
    result: LLMResult[Completion]
    async with AsyncStream[Piece, Completion](spec, context) as stream:
        try:
            while batch := await stream.read_batch():
                watch.has_bytes = True
                if watch.pinging is not None:
                    await watch.sent()
                if trace.first_byte_s is None:  # a keep-alive may have begun the answer
                    trace.first_byte_s = monotonic() - trace.started_s
                    await begin()
                data = batch[0].data if len(batch) == 1 else b"".join([p.data for p in batch])
                watch.sending_since_s = monotonic()
                await send({"type": "http.response.body", "body": data, "more_body": True})
                watch.sending_since_s, watch.last_sent_s = None, monotonic()
            await watch.sent()
            result = stream.result()
        except asyncio.CancelledError:
            if not watch.caused():
                raise
            interrupted = error_of(stream.result())
            if watch.gone:
                raise ClientGone from None
            assert watch.expired is not None
            received = None if interrupted is None else interrupted.partial
            result = Failure(msgspec.structs.replace(watch.expired, partial=received))
        finally:
            watch.stop()
            _note(handler, exchange)
    await _end_stream(handler, exchange, result, begun=begun)


async def _end_stream(
    handler: "RequestHandler", exchange: ChatExchange, result: LLMResult[Completion], *, begun: bool
) -> None:
    send, trace = handler.send, handler.trace
    if type(result) is Failure:
        error = result.failure()
        response = _failed(handler, exchange, error)
        if not begun:
            extra = (*rate_limits(exchange.head), *handler.extra_headers())
            await send_response(send, response, trace.request_id, extra)
            return
        trace.status = 200
        if not handler.service.offline:
            error = public_error(error, trace.request_id, repeated=True)
        result = Failure(msgspec.structs.replace(error, partial=result.failure().partial))
    else:
        _note_usage(handler, result.unwrap())
        if not begun:
            kind = handler.dialect.stream_type(exchange.answered())
            trace.status = 200
            await begin_stream(send, kind, trace.request_id, handler.extra_headers())
    async with asyncio.timeout(handler.service.times.silence_s):  # a client that does not read
        await send({"type": "http.response.body", "body": exchange.end(result)})
