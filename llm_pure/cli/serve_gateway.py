"""`llm-pure serve`: serve the configured models to clients of every dialect, on one port."""

import logging
import signal
import socket
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec

from llm_pure.cli.exit_codes import (
    CONFIGURATION,
    NO_INPUT,
    OK,
    UNAVAILABLE,
    USAGE,
    CommandFailed,
    value_or_exit,
)
from llm_pure.cli.files import require_paths
from llm_pure.cli.gateway_configuration import load_gateway_configuration
from llm_pure.cli.output import out, print_note
from llm_pure.gateway.application import Gateway, OpenAccessOf, gateway
from llm_pure.gateway.call_log import open_call_log
from llm_pure.gateway.call_record import Observer
from llm_pure.gateway.key_access import open_key_access
from llm_pure.gateway.metrics import Metrics
from llm_pure.gateway.serving import bind, require_uvicorn, run_server, url_of
from llm_pure.server import server_dialects
from llm_pure.settings.config_file import ConfigFile, ModelTable
from llm_pure.settings.loading import config_file_paths
from llm_pure.transports.base import AsyncTransport
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.exceptions import LLMException
from llm_pure.types.result import Failure, LLMResult, Success


def run(options: Namespace) -> int:
    """Print the address and what is served, and serve until a signal. Exit 0 after SIGTERM and SIGINT."""
    if options.workers < 1:
        raise CommandFailed("--workers needs a number of at least 1", USAGE)
    _require_server()
    application = _open(options)
    settings = application.service.settings
    if options.workers > 1:
        from llm_pure.gateway.workers import unshared_budget  # imported late: start-up

        unshared = unshared_budget(value_or_exit(load_options(options), CONFIGURATION))
        if unshared is not None:
            raise CommandFailed(unshared, CONFIGURATION)
    listener = _bind(settings.host, settings.port)
    try:
        _print_start(application, listener, options)
        if options.workers > 1:
            from llm_pure.gateway.workers import Supervisor

            picklable = {name: value for name, value in vars(options).items() if name != "parser"}
            with tempfile.TemporaryDirectory(prefix="llm-pure-serve-") as shared:
                picklable["shared"] = shared
                Supervisor(work, Namespace(**picklable), listener, options.workers).run()
        else:
            _serve(application, listener, options)
    finally:
        listener.close()
    return OK


def work(options: Namespace, listener: socket.socket) -> None:
    """Serve in a process of its own."""
    _serve(_open(options), listener, options)


def _require_server() -> None:
    try:
        require_uvicorn()
    except LLMException as missing:
        raise CommandFailed(missing.error, CONFIGURATION) from None


def load_options(options: Namespace) -> LLMResult[ConfigFile]:
    """Load the configuration with the options of the command over it."""
    try:
        configuration = load_gateway_configuration(options)
    except CommandFailed as failed:
        reason = failed.reason
        return Failure(InvalidConfiguration(message=reason) if isinstance(reason, str) else reason)
    if options.replay and not configuration.names():
        configuration = msgspec.structs.replace(
            configuration, models=ModelTable(_recorded(options.replay))
        )
    values = {"host": options.host, "port": options.port, "record": options.record}
    changes = {name: value for name, value in values.items() if value is not None}
    if options.any_model:
        changes["any_model"] = True
    serve = msgspec.structs.replace(configuration.serve, **changes)
    return Success(msgspec.structs.replace(configuration, serve=serve))


def _recorded(paths: Sequence[str]) -> dict[str, LLMConfig]:
    from llm_pure.gateway.recorded_models import recorded_models  # imported late: start-up
    from llm_pure.replay.player import load_cassettes

    return recorded_models(value_or_exit(load_cassettes(paths), NO_INPUT))


def _show_log() -> None:
    """Show on standard error what the gateway logs: reloads, and faults of its own."""
    log = logging.getLogger("llm_pure.gateway")
    log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO)


def _open(options: Namespace) -> Gateway:
    """The application. Raises CommandFailed."""
    _show_log()
    first = value_or_exit(load_options(options), CONFIGURATION)
    metrics, open_access = _shared(getattr(options, "shared", ""))
    observers: list[Observer] = [metrics.observe]
    if first.serve.log:
        observers.append(open_call_log(first.serve.log))
    observers += _spans()
    try:
        return gateway(
            _loader(options),
            transport=_replay(options.replay) if options.replay else None,
            observers=observers,
            metrics=metrics.render,
            open_access=open_access,
        )
    except LLMException as failed:
        raise CommandFailed(failed.error, CONFIGURATION) from None


def _shared(folder: str) -> tuple[Metrics, OpenAccessOf]:
    """The metrics, and what opens the access: those that workers share by a folder, "" for a single process."""
    if not folder:
        return Metrics(), open_key_access
    from llm_pure.gateway.shared_limits import SharedKeyLimits  # imported late: start-up
    from llm_pure.gateway.shared_metrics import SharedMetrics

    limits = SharedKeyLimits(Path(folder, "limits"))
    return SharedMetrics(Path(folder)), partial(open_key_access, limits=limits)


def _loader(options: Namespace) -> Callable[[], LLMResult[ConfigFile]]:
    return lambda: load_options(options)


def _spans() -> list[Observer]:
    """Spans of OpenTelemetry, if the process is instrumented: `opentelemetry-instrument llm-pure serve`."""
    if "opentelemetry.sdk.trace" not in sys.modules:
        return []
    from llm_pure.gateway.spans import SpanObserver  # imported late: an extra

    return [SpanObserver().observe]


def _replay(paths: Sequence[str]) -> AsyncTransport:
    """The transport that answers from these cassettes."""
    from llm_pure.replay.matching import MatchRules  # imported late: start-up
    from llm_pure.replay.player import open_replay

    require_paths(*paths)
    replay = value_or_exit(
        open_replay(*paths, matching=MatchRules(origin=False), again=True), NO_INPUT
    )
    replay.how_to_record = "llm-pure serve --record FOLDER"
    return replay


def _bind(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as error:
        message = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise CommandFailed(message, UNAVAILABLE) from None


def _files(options: Namespace) -> tuple[Path, ...]:
    """The files whose change loads the configuration again."""
    if options.config is not None:
        return (Path(options.config),)
    return config_file_paths()


def _print_start(application: Gateway, listener: socket.socket, options: Namespace) -> None:
    """The address on standard output, and one line about the rest on standard error. No key is in it."""
    service = application.service
    out(url_of(listener))
    keys = ", ".join(service.access.key_names) or "none: this machine only"
    files = [str(path) for path in _files(options) if path.is_file()]
    parts = [
        f"models: {', '.join(service.models.names.listed())}",
        f"keys: {keys}",
        f"dialects: {', '.join(server_dialects)}",
        f"settings: {', '.join(files) or 'environment'}",
    ]
    print_note("; ".join(parts))
    for name, error in service.models.invalid.items():
        print_note(f"{name} cannot be served: {error.message}")
    for path in files:
        if service.access.has_keys and Path(path).stat().st_mode & 0o044:
            print_note(f"{path} can be read by other users of this machine")


def _serve(application: Gateway, listener: socket.socket, options: Namespace) -> None:
    """Serve until a signal, which uvicorn raises again at its end."""

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        run_server(application, listener, _files(options))
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
