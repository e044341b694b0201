"""Run a gateway in uvicorn (the extra `serve`): in this process, in a thread beside a program, or in several processes.

uvicorn parses with httptools and runs on uvloop where they are installed, else with h11 on asyncio.
"""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_pure.gateway.application import Gateway, GatewaySource, gateway
from llm_pure.gateway.connections import connection_class
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.exceptions import LLMException

if TYPE_CHECKING:
    import uvicorn

KEEP_ALIVE_S = 75
"""Longer than clients keep an idle connection in their pools, so that none is closed while a request is on its way."""
GRACE_S = 30
"""How long streams may go on after the signal to stop."""
CHECK_S = 2.0
"""How often the files are looked at."""
BACKLOG = 2048


def require_uvicorn() -> None:
    """Raise LLMException, which names the extra, if uvicorn is not installed."""
    if find_spec("uvicorn") is None:
        message = 'serving needs the package uvicorn: pip install "llm-pure[serve]"'
        raise LLMException(InvalidConfiguration(message=message, field="serve"))


def server_config(
    application: Any, *, proxies: Sequence[str] = (), parser: str = "", loop: str = ""
) -> "uvicorn.Config":
    """uvicorn's settings. parser: "httptools" or "h11", by default the faster one that is installed."""
    require_uvicorn()
    import uvicorn  # imported late: an extra

    return uvicorn.Config(
        application,
        http=connection_class(parser or ("httptools" if find_spec("httptools") else "h11")),
        loop=loop or ("uvloop" if find_spec("uvloop") else "asyncio"),
        ws="none",  # an upgrade is a plain request, which the application answers with 426
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies) or None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=128 * 1024,
        backlog=BACKLOG,
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.set_inheritable(True)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    application: Gateway, listener: socket.socket, files: Sequence[Path] = (), *, parser: str = ""
) -> None:
    """Serve until a signal to stop. SIGHUP, and a change of these files, load the configuration again."""
    import signal  # imported late: only here
    from contextlib import AsyncExitStack

    server = _server(application, parser)
    loop = asyncio.get_running_loop()
    _tune_collector()
    async with AsyncExitStack() as stack:
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            loop.add_signal_handler(signal.SIGHUP, application.reload)
            stack.callback(loop.remove_signal_handler, signal.SIGHUP)
        if files:
            watching = loop.create_task(_reload_on_change(application, files))
            stack.callback(watching.cancel)
        await server.serve(sockets=[listener])


def _tune_collector() -> None:
    """Collect garbage less often: requests make few cycles, and what is loaded now stays. It took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _server(application: Gateway, parser: str) -> "uvicorn.Server":
    require_uvicorn()
    import uvicorn

    proxies = application.service.settings.trusted_proxies
    return uvicorn.Server(server_config(application, proxies=proxies, parser=parser))


def run_server(
    application: Gateway, listener: socket.socket, files: Sequence[Path] = (), *, parser: str = ""
) -> None:
    """`serve` in an event loop of its own."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner, suppress(asyncio.CancelledError):
        runner.run(serve(application, listener, files, parser=parser))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop  # imported late: an extra

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _reload_on_change(application: Gateway, files: Sequence[Path]) -> None:
    before = _changed_at(files)
    while True:
        await asyncio.sleep(CHECK_S)
        now = _changed_at(files)
        if now != before:
            before = now
            application.reload()


def _changed_at(files: Sequence[Path]) -> list[tuple[int, int] | None]:
    """Time and size of each file."""
    states: list[tuple[int, int] | None] = []
    for file in files:
        try:
            state = file.stat()
        except OSError:
            states.append(None)
        else:
            states.append((state.st_mtime_ns, state.st_size))
    return states


class Running:
    """A gateway that runs in a thread."""

    def __init__(self, application: Gateway, url: str) -> None:
        self.application = application
        self.url = url


@contextmanager
def serve_on_loopback(
    configuration: GatewaySource = None, port: int = 0, *, parser: str = "", **options: Any
) -> Iterator[Running]:
    """Run a gateway on loopback in a thread of this process; `url` is its address. Other options as of `gateway`."""
    application = gateway(configuration, **options)
    server = _server(application, parser)
    listener = bind("127.0.0.1", port)

    def run() -> None:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield Running(application, url_of(listener))
    finally:
        server.should_exit = True
        thread.join(GRACE_S + 5)
        listener.close()
