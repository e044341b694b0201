"""`llm-pure providers`: every api_type, how it is reached, and what it can do."""

from argparse import Namespace
from collections.abc import Iterable

import msgspec

from llm_pure.cli.exit_codes import OK, exit_code
from llm_pure.cli.output import out, print_error
from llm_pure.client.plugins import find_provider, load_registry
from llm_pure.core.capabilities import CAPABILITIES, Capability, capabilities
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.types.result import Failure

PAGE = """\
# Providers

`llm-pure providers --markdown` writes this page, and a test keeps it true. ✓ says that the library builds the request and
reads the answer, and that recordings of an answer and an error are in `cassettes/`; what a model lacks is another matter. The key
variable is read by the client and the command, and what the configuration says itself wins.
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One api_type. api_key_env: in the order in which they are looked at."""

    api_type: str
    dialect: str
    base_url: str
    api_key_env: tuple[str, ...]
    supports: tuple[Capability, ...]
    source: str


def run(options: Namespace) -> int:
    """A table for eyes, a page, or a JSON line for each. A provider that cannot be loaded is said and left out."""
    registry = load_registry()
    code, found = OK, []
    for name in registry.names():
        provider = find_provider(name, registry)
        if isinstance(provider, Failure):
            print_error(provider.failure())
            code = exit_code(provider.failure())
        else:
            found.append(row(name, provider.unwrap()))
    if options.json:
        for one in found:
            out(msgspec.json.encode(one).decode())
    else:
        out(page(found) if options.markdown else "\n".join(listing(found)))
    return code


def rows(registry: Registry) -> list[Row]:
    """A row for every name of this registry."""
    return [row(name, registry.get(name).unwrap()) for name in registry.names()]


def row(name: str, provider: Provider) -> Row:
    """What this name leads to."""
    able = capabilities(provider)
    return Row(
        api_type=name,
        dialect=provider.dialect,
        base_url=provider.base_url,
        api_key_env=provider.api_key_env,
        supports=tuple([one for one in CAPABILITIES if one in able]),
        source=provider.source,
    )


def listing(found: Iterable[Row]) -> list[str]:
    """Aligned columns, and below each provider what it can do."""
    lines: list[str] = []
    for one in found:
        key = " or ".join(one.api_key_env) or "no key"
        lines.append(f"{one.api_type:20} {one.dialect:20} {key}")
        lines.append(f"{'':20} {one.base_url or 'the base URL is yours'}")
        lines.append(f"{'':20} {', '.join(one.supports)}")
    return lines


def page(found: Iterable[Row]) -> str:
    """docs/providers.md, without the line break at its end."""
    heads = ["api_type", "dialect", "base URL", "key variable", *CAPABILITIES]
    lines = [PAGE, _cells(heads), _cells(["---"] * 4 + [":-:"] * len(CAPABILITIES))]
    for one in found:
        named = [f"`{one.api_type}`", one.dialect, one.base_url or "your own"]
        keys = "<br>".join([f"`{key}`" for key in one.api_key_env])
        able = ["✓" if capability in one.supports else "" for capability in CAPABILITIES]
        lines.append(_cells([*named, keys, *able]))
    return "\n".join(lines)


def _cells(texts: Iterable[str]) -> str:
    return "|" + "".join([f" {text} |" if text else " |" for text in texts])
