"""`llm-pure run -- PROGRAM`: run a program with a gateway of its own, which ends with the program."""

import os
import secrets
import signal
import subprocess
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from llm_pure.cli.exit_codes import CONFIGURATION, NO_INPUT, NO_PERMISSION, USAGE, CommandFailed
from llm_pure.cli.gateway_configuration import load_gateway_configuration, with_only_key
from llm_pure.gateway.client_keys import KEY_BYTES, create_key, key_hash
from llm_pure.gateway.client_settings import ClientSettings, GatewayAddress, settings_of_program
from llm_pure.types.exceptions import LLMException


def run(options: Namespace) -> int:
    """Start the gateway, run the program, return its exit code: 128 plus the signal if a signal ended it."""
    command: Sequence[str] = options.program
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        raise CommandFailed("there is no program to run: llm-pure run -- PROGRAM", USAGE)
    key = create_key(secrets.token_bytes(KEY_BYTES)).reveal()
    configuration = load_gateway_configuration(options)
    configuration = with_only_key(configuration, "run", {"sha256": key_hash(key)})
    from llm_pure.gateway.call_log import open_call_log  # imported late: start-up
    from llm_pure.gateway.serving import serve_on_loopback

    log = configuration.serve.log
    # the terminal is the program's
    observers = [] if log == "stderr" else [open_call_log(log)]
    with ExitStack() as stack:
        try:
            running = stack.enter_context(serve_on_loopback(configuration, observers=observers))
        except LLMException as error:
            raise CommandFailed(error.error, CONFIGURATION) from None
        gateway = GatewayAddress(url=running.url, key=key, model=options.model or "")
        settings = settings_of_program(Path(command[0]).stem, gateway)
        arguments = [command[0], *settings.arguments, *command[1:]]
        return _run(arguments, _environment(os.environ, settings))


def _environment(environ: Mapping[str, str], settings: ClientSettings) -> dict[str, str]:
    """The environment of the program: this one's, without what would send it elsewhere."""
    kept = {name: value for name, value in environ.items() if name not in settings.unset}
    return {**kept, **settings.variables}


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    try:
        process = subprocess.Popen(arguments, env=environment)
    except FileNotFoundError:
        raise CommandFailed(f"there is no program {arguments[0]!r}", NO_INPUT) from None
    except OSError as error:
        message = f"cannot run {arguments[0]!r}: {error.strerror}"
        raise CommandFailed(message, NO_PERMISSION) from None
    with _signals_go_to(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_go_to(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """The terminal sends its signals to the program too, which decides what they mean; others are passed on."""

    def pass_on(number: int, frame: object) -> None:
        if process.poll() is None:
            process.send_signal(number)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
