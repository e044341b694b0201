"""`gateway`: configuration -> ASGI application that answers clients of five dialects with the models of the configuration.

It is mounted in any ASGI server; `llm_pure.gateway.serving` and `llm-pure serve` run it in uvicorn.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

from llm_pure.client.transport_manager import AnyTransport
from llm_pure.core.registry import Registry
from llm_pure.gateway.access import Access
from llm_pure.gateway.admission import UPGRADE, head_rules, is_loopback
from llm_pure.gateway.call_record import Observer
from llm_pure.gateway.handler import RequestHandler, Service
from llm_pure.gateway.key_access import open_key_access
from llm_pure.gateway.later import Later
from llm_pure.gateway.models import load_models
from llm_pure.gateway.passed_billing import PassedBilling
from llm_pure.gateway.request_body import Receive, Send
from llm_pure.gateway.watch import WatchTimes
from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.loading import load_configuration
from llm_pure.transports.override import override_transport
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.exceptions import unwrap
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.gateway.recording import RecordingGateway

GatewaySource: TypeAlias = (
    ConfigFile | str | PathLike[str] | Callable[[], LLMResult[ConfigFile]] | None
)
"""A configuration, the path of a file, None for every file that exists, or a function that loads it, also for `reload`."""

OpenAccessOf: TypeAlias = Callable[[ConfigFile, "Access | None"], LLMResult[Access]]
"""(configuration, the access before) -> the clients, whose budgets go on."""

_log = logging.getLogger("llm_pure.gateway")


class Gateway:
    """The ASGI application. `reload` replaces all that it serves with, or nothing."""

    def __init__(
        self,
        load: Callable[[], LLMResult[ConfigFile]],
        *,
        transport: AnyTransport | None = None,
        registry: Registry | None = None,
        env: Mapping[str, str] | None = None,
        open_access: OpenAccessOf = open_key_access,
        observers: Sequence[Observer] = (),
        metrics: Callable[[], bytes] | None = None,
    ) -> None:
        """Arguments as for `gateway`. Raises LLMException if the configuration is invalid."""
        self._load = load
        self._transport: AnyTransport = transport or default_transport()
        self._registry = registry
        self._env = env
        self._open_access = open_access
        self._observers = tuple(observers)
        self._metrics = metrics
        self._later = Later()
        self.active = 0
        """Requests that are being answered."""
        self._current = unwrap(self._open(None))

    @property
    def service(self) -> Service:
        """What it serves with now."""
        return self._current.service

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await _refuse_websocket(scope, receive, send)

    def reload(self) -> LLMResult[None]:
        """Load the configuration again. Fails, and changes nothing, if it is invalid. Streams go on with what they began with."""
        opened = self._open(self._current)
        if isinstance(opened, Failure):
            _log.error("the configuration stays as it was: %s", opened.failure().message)
            return opened
        before, self._current = self._current, opened.unwrap()
        before.retire()
        _log.info("the configuration is loaded")
        return Success(None)

    @returns_failure
    def _open(self, before: "_Current | None") -> "_Current":
        configuration = ok(self._load())
        settings = configuration.serve
        access = ok(
            self._open_access(configuration, None if before is None else before.service.access)
        )
        if not access.has_keys and not is_loopback(settings.host):
            message = (
                f"serve/host {settings.host} can be reached from other machines: that needs a client key "
                "(`llm-pure serve key NAME`)"
            )
            raise Rejected(InvalidConfiguration(message=message, field="serve/host"))
        billing = PassedBilling()  # each request has that of its key
        served = None if before is None else before.service.models
        models = ok(
            load_models(configuration, billing, self._transport, self._registry, self._env, served)
        )
        service = Service(
            settings=settings,
            models=models,
            access=access,
            rules=head_rules(
                settings.host, settings.hosts, settings.origins, has_keys=access.has_keys
            ),
            times=WatchTimes(settings.keep_alive_s, settings.first_byte_s, settings.silence_s),
            later=self._later,
            observers=self._observers,
            metrics=self._metrics,
            offline=getattr(self._transport, "needs_credentials", True) is False,
        )
        return _Current(service, _open_recording(settings.record, before))

    async def _answer(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        current = self._current
        current.enter()
        self.active += 1
        try:
            handler = RequestHandler(current.service, scope, receive, send)
            full = self.active > current.service.settings.max_requests
            if current.recording is None:
                await handler.run(full=full)
            else:
                with override_transport(current.recording):
                    await handler.run(full=full)
        finally:
            self.active -= 1
            self._later.end_request(self.active)
            if current.leave():
                await current.close_if_unused()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def aclose(self) -> None:
        """Close the connections to the providers and the stores of the budgets."""
        self._later.flush()
        self._current.retire()
        await self._current.close_if_unused()
        if self._current.recording is not None:
            await asyncio.to_thread(self._current.recording.close)
        self._current.service.access.close()


class _Current:
    """A service with its open transports, which are closed when it is replaced and its last request has ended."""

    def __init__(self, service: Service, recording: "RecordingGateway | None" = None) -> None:
        self.service = service
        self.recording = recording
        self._users = 0
        self._open = False
        self._retired = False
        self._closing: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """Begin a request."""
        self._users += 1
        if not self._open:
            self._open = True
            self.service.models.transports.aenter()

    def leave(self) -> bool:
        """End a request. Return whether the transports may have to be closed."""
        self._users -= 1
        return self._retired

    def retire(self) -> None:
        """It is replaced."""
        self._retired = True
        if self._users == 0 and self._open:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return
            self._closing = loop.create_task(self.close_if_unused())

    async def close_if_unused(self) -> None:
        """Close the transports if no request needs them."""
        if self._users == 0 and self._open:
            self._open = False
            await self.service.models.transports.aexit()


def _open_recording(folder: str, before: _Current | None) -> "RecordingGateway | None":
    """The recorder of a folder, kept open when the configuration is loaded again."""
    if not folder:
        return None
    from llm_pure.gateway.recording import RecordingGateway  # imported late: start-up

    if (
        before is not None
        and before.recording is not None
        and before.service.settings.record == folder
    ):
        return before.recording
    return RecordingGateway(folder)


def gateway(
    configuration: GatewaySource = None,
    *,
    transport: AnyTransport | None = None,
    registry: Registry | None = None,
    env: Mapping[str, str] | None = None,
    open_access: OpenAccessOf = open_key_access,
    observers: Sequence[Observer] = (),
    metrics: Callable[[], bytes] | None = None,
) -> Gateway:
    """Return the ASGI application that serves the models of a configuration. Raises LLMException if it is invalid.

    transport: to the providers, "aiohttp" if it is installed. registry, env: as of `LLM`.
    open_access: keys, budgets and limits. observers: called with a CallRecord after each request.
    metrics: the text at /metrics.
    """
    return Gateway(
        _loader(configuration),
        transport=transport,
        registry=registry,
        env=env,
        open_access=open_access,
        observers=observers,
        metrics=metrics,
    )


def _loader(source: GatewaySource) -> Callable[[], LLMResult[ConfigFile]]:
    if isinstance(source, ConfigFile):
        return lambda: Success(source)
    if callable(source):
        return source
    return lambda: load_configuration(source)


def default_transport() -> str:
    """aiohttp, which takes a tenth of httpx's time, if it is installed."""
    return "httpx" if find_spec("aiohttp") is None else "aiohttp"


async def _refuse_websocket(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer 426 where the server can, else close."""
    await receive()
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    body = UPGRADE.message.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": 426, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
