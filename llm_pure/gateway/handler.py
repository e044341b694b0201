"""One HTTP request of a client, from its head to its answer.

    head rules -> route -> key -> body -> model -> the provider's call -> response, or a stream of pieces

Every refusal is an error in the client's own dialect. Nothing is sent to a provider before the body is complete.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from llm_pure.client.call import CallContext, CallSpec, call_steps
from llm_pure.client.drivers import adrive, aperform
from llm_pure.core.client_headers import credentials
from llm_pure.core.server import ReceivedRequest, ServerDialect
from llm_pure.core.server_paths import NO_OPERATION
from llm_pure.gateway.access import Access, Caller
from llm_pure.gateway.admission import HeadRules, refuse_head
from llm_pure.gateway.answers import send_response
from llm_pure.gateway.call_record import Observer
from llm_pure.gateway.chat_answers import answer_chat
from llm_pure.gateway.later import Later
from llm_pure.gateway.models import ServedModel, ServedModels
from llm_pure.gateway.public_errors import public_error
from llm_pure.gateway.request_body import ClientGone, Receive, Send, read_body
from llm_pure.gateway.routes import Route, find_route
from llm_pure.gateway.trace import Trace
from llm_pure.gateway.watch import Watch, WatchTimes
from llm_pure.server import server_dialects
from llm_pure.server.client_dialect import client_dialect
from llm_pure.settings.serve_section import ServeSettings
from llm_pure.types.errors import LLMError, NotFound, Overloaded, PermissionDenied, ServerError
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
    later: Later
    observers: tuple[Observer, ...] = ()
    metrics: Callable[[], bytes] | None = None
    """The text at /metrics."""
    offline: bool = False
    """Answers come from recordings: their errors are for the client's eyes."""


class RequestHandler:
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
            self._dialect = server_dialects[
                client_dialect(_http_request(self.scope, b"")) or "openai_chat"
            ]
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
            # begun: the server breaks the connection off, so that it looks like no success
            if trace.status:
                raise
            await self._refuse(ServerError(message="the gateway failed", retryable=False))
        finally:
            if trace.operation not in ("health", "root"):
                self.service.later.add(partial(trace.report, self.service.observers))

    # Refusals

    def _blank(self) -> ReceivedRequest:
        trace = self.trace
        return ReceivedRequest(
            dialect=self.dialect.name,
            model=trace.model,
            response_id="",
            created_s=int(trace.time.timestamp()),
        )

    def error_response(
        self, error: LLMError, *, upstream: bool, repeated: bool = False
    ) -> HttpResponse:
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
        method, headers = scope["method"], scope["headers"]
        path = _own_path(scope)
        route = find_route(method, path)
        if route is None:
            message = f"there is no operation at {method} {path[:200]}"
            if method != "POST" and find_route("POST", path) is not None:
                message += "; there is one for POST"
            raise Rejected(NotFound(message=message, status=404, code=NO_OPERATION))
        if route.dialect:
            self._dialect = server_dialects[route.dialect]
        trace.dialect, trace.operation = self.dialect.name, route.operation
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
        request = partial(_http_request, scope, body)
        permit = ok(caller.acquire(body))
        try:
            if route.operation == "chat":
                await answer_chat(self, body, request)
            elif route.operation == "models":
                await self._answer_models(request())
            else:
                await self._answer_operation(request())
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
        if self.caller is None or not self.caller.reads_metrics:
            raise Rejected(
                PermissionDenied(message="this key may not read the metrics", status=403)
            )
        if self.service.metrics is None:
            raise Rejected(NotFound(message="there are no metrics here", status=404))
        kind = "text/plain; version=0.0.4; charset=utf-8"
        self.service.later.flush()
        response = HttpResponse(200, (("content-type", kind),), self.service.metrics())
        self.trace.status = 200
        await send_response(self.send, response, self.trace.request_id)

    async def _answer_models(self, request: HttpRequest) -> None:
        from llm_pure.gateway.operations import model_page  # imported late: start-up

        received = ok(self.dialect.parse_request(request))
        self.trace.model = received.model
        assert self.caller is not None
        page = ok(model_page(self.service.models, self.caller, received.model))
        response = self.dialect.build_result(page, self._identified(received))
        self.trace.status = response.status
        await send_response(self.send, response, self.trace.request_id)

    def _identified(self, received: ReceivedRequest) -> ReceivedRequest:
        return msgspec.structs.replace(received, created_s=int(self.trace.time.timestamp()))

    def select(self, requested: str) -> ServedModel:
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
        settings, later = self.service.settings, self.service.later
        # a header with the cost goes out before the answer
        billing = self.caller.billing(self.trace.settle, None if settings.headers else later.add)
        return msgspec.structs.replace(served.context, billing=billing)

    async def _answer_operation(self, request: HttpRequest) -> None:
        from llm_pure.gateway.operations import answer_operation  # imported late: start-up

        received = self._identified(ok(self.dialect.parse_request(request)))
        served = self.select(received.model)
        await answer_operation(self, received, served)

    async def perform(self, spec: CallSpec[Any], context: CallContext) -> LLMResult[Any]:
        """Perform a unary call; the client's leaving cancels it. Raises ClientGone."""
        started_s = monotonic()
        watch = Watch(self.receive, self.service.times, lambda: started_s, None)
        try:
            transports = context.transports.shared_async()
            if transports is not None:
                return await adrive(call_steps(spec, context), partial(aperform, transports))
            async with context.transports.aacquire() as opened:
                return await adrive(call_steps(spec, context), partial(aperform, opened))
        except asyncio.CancelledError:
            if not watch.caused():
                raise
            if watch.gone:
                raise ClientGone from None
            assert watch.expired is not None
            return Failure(watch.expired)
        finally:
            watch.stop()

    def extra_headers(self) -> Headers:
        """Headers of the gateway's own, if they are wanted."""
        if not self.service.settings.headers:
            return ()
        trace = self.trace
        cost = () if trace.cost_usd is None else (("x-llm-pure-cost", f"{trace.cost_usd:f}"),)
        model = ("x-llm-pure-model", trace.model_used)
        return (model, *cost, ("x-llm-pure-adaptations", str(trace.adaptations)))


_CLOSING = frozenset({400, 413, 414, 415, 431})
"""Statuses after which the rest of a request may stand unread in the connection."""


def _own_path(scope: Mapping[str, Any]) -> str:
    """The path below the place where the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


_OF_THE_BODY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers of the body as it came; it is decoded."""


def _http_request(scope: Mapping[str, Any], body: bytes) -> HttpRequest:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else scope["path"]
    query = scope["query_string"]
    url = f"{path}?{query.decode('latin-1')}" if query else path
    headers = tuple(
        [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _OF_THE_BODY
        ]
    )
    return HttpRequest(scope["method"], url, headers, body)
