"""One HTTP request of a client, from its head to its answer.

    head rules -> route -> key -> body -> model -> the provider's call -> response, or a stream of pieces

Every refusal is an error in the client's own dialect. Nothing is sent to a provider before the body is complete.
One file: the steps of a request in their order.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from llm_pure.adapters.dialects.common.received import credentials
from llm_pure.client.call import CallContext, CallSpec, adrive, aperform, call_steps
from llm_pure.client.streams import AsyncStream
from llm_pure.core.server import ReceivedRequest, ServerDialect
from llm_pure.gateway.access import Access, Caller
from llm_pure.gateway.admission import HeadRules, refuse_head
from llm_pure.gateway.answers import begin_stream, rate_limits, send_response
from llm_pure.gateway.call_record import Observer
from llm_pure.gateway.models import ServedModel, ServedModels
from llm_pure.gateway.pass_through import Piece, RawBody, read_raw
from llm_pure.gateway.public_errors import public_error
from llm_pure.gateway.request_body import ClientGone, Receive, Send, read_body
from llm_pure.gateway.routes import Route, find_route, guess_dialect
from llm_pure.gateway.trace import Trace
from llm_pure.gateway.upstream import ChatExchange
from llm_pure.gateway.watch import Watch, WatchTimes
from llm_pure.server import server_dialects
from llm_pure.settings.serve_section import ServeSettings
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, NotFound, Overloaded, ServerError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult
_log = logging.getLogger("llm_pure.gateway")


class Service(NamedTuple):
    """What a gateway serves with: replaced as one value when the configuration is loaded again."""

    settings: ServeSettings
    models: ServedModels
    access: Access
    rules: HeadRules
    times: WatchTimes
    observers: tuple[Observer, ...] = ()
    metrics: Callable[[], bytes] | None = None
    """The text at /metrics."""
    offline: bool = False
    """Answers come from recordings: their errors are for the client's eyes."""


class Exchange:
    """One request: what the steps share."""

    def __init__(self, service: Service, scope: Mapping[str, Any], receive: Receive, send: Send):
        self.service = service
        self.scope = scope
        self.receive = receive
        self.send = send
        self.trace = Trace()
        self._dialect: ServerDialect | None = None
        self.caller: Caller | None = None

    @property
    def dialect(self) -> ServerDialect:
        """The client's dialect; before its path is known, that of the errors."""
        if self._dialect is None:
            self._dialect = server_dialects[guess_dialect(self.scope["path"])]
        return self._dialect

    async def run(self, *, full: bool) -> None:
        """Answer the request. full: there are too many others."""
        trace = self.trace
        try:
            await self._answer(full=full)
        except ClientGone:
            trace.leave()
        except Rejected as rejected:
            await self._refuse(rejected.error)
        except TimeoutError:
            trace.leave()
        except Exception:
            _log.exception("request %s failed", trace.request_id)
            if trace.status:  # begun: the server breaks the connection off, so that it looks like no success
                raise
            await self._refuse(ServerError(message="the gateway failed", retryable=False))
        finally:
            if trace.operation not in ("health", "root"):
                trace.report(self.service.observers)

    # Refusals

    def _blank(self) -> ReceivedRequest:
        trace = self.trace
        return ReceivedRequest(
            dialect=self.dialect.name, model=trace.model, response_id="", created_s=int(trace.time.timestamp())
        )

    def error_response(self, error: LLMError, *, upstream: bool, repeated: bool = False) -> HttpResponse:
        """The answer for an error. upstream: it came from the provider, or from calling it."""
        trace = self.trace
        trace.upstream_request_id = error.request_id or ""
        if upstream and not self.service.offline:
            shown = public_error(error, trace.request_id, repeated=repeated)
        else:
            shown = msgspec.structs.replace(error, request_id=trace.request_id, partial=None)
        response = self.dialect.build_error(shown, self._blank())
        trace.fail(error, response.status)
        return response

    async def _refuse(self, error: LLMError) -> None:
        response = self.error_response(error, upstream=False)
        extra: Headers = (("allow", "GET, HEAD, POST"),) if response.status == 405 else ()
        await send_response(
            self.send, response, self.trace.request_id, extra, close=response.status in _CLOSING
        )

    # Steps

    async def _answer(self, *, full: bool) -> None:
        service, scope, trace = self.service, self.scope, self.trace
        refused = refuse_head(scope, service.rules)
        if refused is not None:
            raise Rejected(refused)
        method, path, headers = scope["method"], scope["path"], scope["headers"]
        route = find_route(method, path, headers, scope["query_string"])
        if route is None:
            message = f"there is no operation at {method} {path[:200]}"
            raise Rejected(NotFound(message=message, status=404))
        trace.dialect, trace.operation = route.dialect, route.operation
        self._dialect = server_dialects[route.dialect]
        if route.operation in ("health", "root"):
            await self._answer_probe(route)
            return
        keys = credentials(_http_request(scope, b"")) if service.access.has_keys else ()
        caller = ok(service.access.authenticate(keys, trace.time))
        self.caller, trace.key = caller, caller.name
        if route.operation == "metrics":
            await self._answer_metrics()
            return
        if full:
            message = "the gateway is serving as many requests as it may"
            raise Rejected(Overloaded(message=message, retry_after_s=1))
        body = await read_body(self.receive, headers, service.settings.max_body)
        request = _http_request(scope, body)
        permit = ok(caller.acquire(body))
        try:
            if route.operation == "chat":
                await self._answer_chat(request)
            elif route.operation == "models":
                await self._answer_models(request)
            else:
                await self._answer_operation(request, route)
        finally:
            caller.release(permit, trace.usage)

    async def _answer_probe(self, route: Route) -> None:
        received = self._blank()
        if route.operation == "root":
            response = HttpResponse(200, (("content-type", "text/plain"),), b"Ollama is running")
        else:
            response = self.dialect.build_result(None, received)
        self.trace.status = response.status
        await send_response(self.send, response, self.trace.request_id)

    async def _answer_metrics(self) -> None:
        if self.service.metrics is None:
            raise Rejected(NotFound(message="there are no metrics here", status=404))
        kind = "text/plain; version=0.0.4; charset=utf-8"
        response = HttpResponse(200, (("content-type", kind),), self.service.metrics())
        self.trace.status = 200
        await send_response(self.send, response, self.trace.request_id)

    async def _answer_models(self, request: HttpRequest) -> None:
        from llm_pure.gateway.operations import model_page  # imported late: start-up

        received = ok(self.dialect.parse_request(request))
        self.trace.model = received.model
        assert self.caller is not None
        page = model_page(self.service.models, self.caller)
        response = self.dialect.build_result(page, self._identified(received))
        self.trace.status = response.status
        await send_response(self.send, response, self.trace.request_id)

    def _identified(self, received: ReceivedRequest) -> ReceivedRequest:
        return msgspec.structs.replace(received, created_s=int(self.trace.time.timestamp()))

    def _select(self, requested: str) -> ServedModel:
        """The configured model that the client means. Raises Rejected."""
        models, trace = self.service.models, self.trace
        trace.model = requested
        name = ok(models.names.resolve(requested))
        assert self.caller is not None
        ok(self.caller.permits(name))
        trace.model_used = name
        served = models.models.get(name)
        if served is None:
            raise Rejected(public_error(models.invalid[name], trace.request_id))
        return served

    def context(self, served: ServedModel) -> CallContext:
        assert self.caller is not None
        billing = self.caller.billing(self.trace.settle)
        return msgspec.structs.replace(served.context, billing=billing)

    async def _answer_operation(self, request: HttpRequest, route: Route) -> None:
        from llm_pure.gateway.operations import answer_operation  # imported late: start-up

        received = self._identified(ok(self.dialect.parse_request(request)))
        served = self._select(received.model)
        await answer_operation(self, received, served)

    # Chat

    async def _answer_chat(self, request: HttpRequest) -> None:
        trace = self.trace
        body = read_raw(request.body)
        chat = self._read_chat(request, body)
        exchange = chat.exchange
        served = self._select(chat.model)
        context = self.context(served)
        if not exchange.passes_at(served.target):
            ok(exchange.parse())
        trace.stream = exchange.blank.stream
        spec = exchange.call(stream=trace.stream)
        if trace.stream:
            await self._stream(exchange, spec, context)
        else:
            await self._buffered(exchange, spec, context)

    def _read_chat(self, request: HttpRequest, body: RawBody | None) -> "_Chat":
        """Read what selects the model; the rest is parsed only if it has to be. Raises Rejected."""
        settings, trace, name = self.service.settings, self.trace, self.dialect.name
        stream = framing = model = None
        if body is not None and name != "gemini_content":
            model = body.model
            stream = body.flag("stream", default=name == "ollama_native")
            framing = "ndjson" if name == "ollama_native" else "sse"
        usage = True
        if body is None or not model:
            received = ok(self.dialect.parse_request(request))
            model, stream, framing = received.model, received.stream, received.framing
            usage = received.usage_in_stream
        blank = ReceivedRequest(
            dialect=name,
            model=model,
            stream=bool(stream),
            framing=framing or "sse",  # type: ignore[arg-type]
            usage_in_stream=usage,
            response_id=_response_id(name, trace.request_id),
            created_s=int(trace.time.timestamp()),
        )
        exchange = ChatExchange(
            self.dialect,
            request,
            body,
            blank,
            self.service.models.templates,
            strict=settings.strict,
            show_reasoning=settings.thinking == "show",
        )
        return _Chat(model, exchange)

    async def perform(
        self,
        spec: CallSpec[Any],
        context: CallContext,
        last_byte_s: Callable[[], float] | None = None,
    ) -> LLMResult[Any]:
        """Perform a unary call; the client's leaving cancels it. Raises ClientGone."""
        started_s = monotonic()
        watch = Watch(self.receive, self.service.times, lambda: started_s, None)
        try:
            async with context.transports.aacquire() as transports:
                return await adrive(call_steps(spec, context), partial(aperform, transports))
        except asyncio.CancelledError:
            if not watch.caused():
                raise
            if watch.gone:
                raise ClientGone from None
            assert watch.expired is not None
            return Failure(watch.expired)
        finally:
            watch.stop()

    async def _buffered(
        self, exchange: ChatExchange, spec: CallSpec[Completion], context: CallContext
    ) -> None:
        try:
            result = await self.perform(spec, context)
        finally:
            self._note(exchange)
        if type(result) is Failure:
            response = self._failed(exchange, result.failure())
        else:
            response = exchange.build_response(result.unwrap())
            self._note_usage(result.unwrap())
            self.trace.status = response.status
        extra = (*rate_limits(exchange.head), *self.extra_headers())
        await send_response(self.send, response, self.trace.request_id, extra)

    def _failed(self, exchange: ChatExchange, error: LLMError) -> HttpResponse:
        return self.error_response(
            error, upstream=self._is_upstream(exchange), repeated=exchange.attempts > 1
        )

    @staticmethod
    def _is_upstream(exchange: ChatExchange) -> bool:
        """Whether an error is that of calling the provider, and not one of the client's body."""
        parsed = exchange.parsed
        return not isinstance(parsed, Failure)

    def _note(self, exchange: ChatExchange) -> None:
        trace, target = self.trace, exchange.target
        trace.attempts, trace.passed = exchange.attempts, exchange.passed
        trace.adaptations = len(exchange.adaptations)
        if target is not None:
            trace.provider = target.provider.name

    def _note_usage(self, completion: Completion) -> None:
        trace = self.trace
        if trace.usage is None:
            trace.usage = completion.usage
        request_id = completion.extra.get("request_id")
        if isinstance(request_id, str):
            trace.upstream_request_id = request_id

    def extra_headers(self) -> Headers:
        """Headers of the gateway's own, if they are wanted."""
        if not self.service.settings.headers:
            return ()
        trace = self.trace
        cost = () if trace.cost_usd is None else (("x-llm-pure-cost", f"{trace.cost_usd:f}"),)
        model = ("x-llm-pure-model", trace.model_used)
        return (model, *cost, ("x-llm-pure-adaptations", str(trace.adaptations)))

    async def _stream(
        self, exchange: ChatExchange, spec: CallSpec[Completion], context: CallContext
    ) -> None:
        """Send the pieces of a stream as they come, several at once if they have come together."""
        trace, send = self.trace, self.send
        begun = False

        async def begin() -> None:
            nonlocal begun
            if not begun:
                begun = True
                trace.status = 200
                kind = self.dialect.stream_type(exchange.answered())
                extra = (*rate_limits(exchange.head), *self.extra_headers())
                await begin_stream(send, kind, trace.request_id, extra)

        async def keep_alive() -> None:
            await begin()
            data = exchange.keep_alive()
            if data:
                await send({"type": "http.response.body", "body": data, "more_body": True})

        watch = Watch(self.receive, self.service.times, lambda: exchange.last_byte_s, keep_alive)
        result: LLMResult[Completion]
        async with AsyncStream[Piece, Completion](spec, context) as stream:
            try:
                while batch := await stream.read_batch():
                    watch.has_bytes = True
                    if watch.pinging is not None:
                        await watch.sent()
                    if not begun:
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
                partial = stream.result()
                if watch.gone:
                    raise ClientGone from None
                assert watch.expired is not None
                received = partial.failure().partial if isinstance(partial, Failure) else None
                result = Failure(msgspec.structs.replace(watch.expired, partial=received))
            finally:
                watch.stop()
                self._note(exchange)
        await self._end_stream(exchange, result, begun=begun)

    async def _end_stream(
        self, exchange: ChatExchange, result: LLMResult[Completion], *, begun: bool
    ) -> None:
        send, trace = self.send, self.trace
        if type(result) is Failure:
            error = result.failure()
            response = self._failed(exchange, error)
            if not begun:
                extra = (*rate_limits(exchange.head), *self.extra_headers())
                await send_response(send, response, trace.request_id, extra)
                return
            trace.status = 200
            if not self.service.offline:
                error = public_error(error, trace.request_id, repeated=True)
            result = Failure(msgspec.structs.replace(error, partial=result.failure().partial))
        else:
            self._note_usage(result.unwrap())
            if not begun:
                kind = self.dialect.stream_type(exchange.answered())
                trace.status = 200
                await begin_stream(send, kind, trace.request_id, self.extra_headers())
        async with asyncio.timeout(self.service.times.silence_s):  # a client that does not read
            await send({"type": "http.response.body", "body": exchange.end(result)})


class _Chat(NamedTuple):
    model: str
    exchange: ChatExchange


_CLOSING = frozenset({400, 408, 413, 414, 415, 431})
"""Statuses after which the rest of a request may stand unread in the connection."""

_ID_PREFIXES = {
    "openai_chat": "chatcmpl-",
    "openai_responses": "resp_",
    "anthropic_messages": "msg_",
    "gemini_content": "",
    "ollama_native": "",
}


def _response_id(dialect: str, request_id: str) -> str:
    return _ID_PREFIXES[dialect] + request_id.removeprefix("req_")


def _http_request(scope: Mapping[str, Any], body: bytes) -> HttpRequest:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else scope["path"]
    query = scope["query_string"]
    url = f"{path}?{query.decode('latin-1')}" if query else path
    headers = tuple([(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]])
    return HttpRequest(scope["method"], url, headers, body)
