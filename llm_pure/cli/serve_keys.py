"""`llm-pure serve key NAME` and `llm-pure serve env CLIENT`: keys of the gateway's clients, and how clients are pointed at it."""

import secrets
from argparse import Namespace

import msgspec

from llm_pure.cli.exit_codes import OK, USAGE, CommandFailed
from llm_pure.cli.gateway_configuration import load_files
from llm_pure.cli.output import out, print_note
from llm_pure.gateway.client_keys import KEY_BYTES, create_key, key_hash
from llm_pure.gateway.client_settings import (
    CLIENTS,
    KEY_ENV,
    NO_KEY,
    GatewayAddress,
    shell_lines,
)


def key(options: Namespace) -> int:
    """Make a key: print it once, and the line for the configuration file."""
    name: str = options.name
    if not name or not name.isprintable() or len(name) > 100:
        raise CommandFailed("a key's name is a printable text of at most 100 characters", USAGE)
    new = create_key(secrets.token_bytes(KEY_BYTES)).reveal()
    print_note(f"The key of {name!r}, which is shown this once:")
    out(new)
    print_note("The line for the configuration file, which has its hash only:")
    quoted = msgspec.json.encode(name).decode()
    out(f'serve: {{keys: {{{quoted}: {{sha256: "{key_hash(new)}"}}}}}}')
    return OK


def env(options: Namespace) -> int:
    """Print the settings that point a client at the gateway, for a shell or for the client's configuration file."""
    configuration = load_files(options)
    serve = configuration.serve
    has_keys = bool(serve.keys)
    url: str = options.url or f"http://{_reachable(serve.host)}:{options.port or serve.port}"
    model: str = options.model or ""
    if model and configuration.find(model) is None and model not in serve.aliases:
        names = ", ".join(configuration.names()) or "none"
        raise CommandFailed(f"there is no model {model!r}; configured are {names}", USAGE)
    gateway = GatewayAddress(url=url.rstrip("/"), key=NO_KEY, model=model)
    settings = CLIENTS[options.client](gateway)
    lines = shell_lines(settings, key=f"${KEY_ENV}" if has_keys else "")
    if has_keys:
        print_note(f"{KEY_ENV} is the key that `llm-pure serve key NAME` has printed.")
    if settings.block:
        print_note("\n".join([*lines, f"In {settings.file}:"]))
        out(settings.block)
    else:
        out("\n".join(lines))
    return OK


def _reachable(host: str) -> str:
    """The address that clients on this machine use."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
