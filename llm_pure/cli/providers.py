"""`llm-pure providers`: list every api_type with its dialect, base URL, key variables and capabilities."""

from argparse import Namespace
from collections.abc import Iterable

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.exit_codes import OK
from llm_pure.cli.output import out, out_json, print_error
from llm_pure.core.capabilities import CAPABILITIES, Capability, capabilities
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.types.result import Failure

PAGE = """\
# Providers

`llm-pure providers --markdown` writes this page; a test compares both.

## What each supports

✓ means that the library builds the request and parses the response, and that a response and an error are recorded in
`cassettes/`; a single model may support less.
"""

KEYS = """
## Keys and addresses

The client and the command read the key variable, unless the configuration has a key.
"""

BATCHES = """\

## What batches need

| api_type | settings | |
| --- | --- | --- |
| `bedrock`<br>`bedrock_invoke` | `batch_uri: s3://bucket/folder`<br>`batch_role: arn:aws:iam::123456789012:role/batches` | AWS credentials: S3 takes no API key of Bedrock. A job has at least 100 requests with most models. `bedrock` takes no tools in batches, `bedrock_invoke` does |
| `fireworks` | `account_id`, or `FIREWORKS_ACCOUNT_ID` | jobs cannot be cancelled |
| `vertex`<br>`vertex_anthropic` | `batch_uri: gs://bucket/folder`, `project`, `location` | an OAuth token: Cloud Storage takes no API key. `batch clean` leaves the results in the bucket |

Files are written into the folder of `batch_uri`; `storage_endpoint` names another address of the object store than the cloud's own.

No batches, of what was found until 2026-11-30:

| api_type | why |
| --- | --- |
| `ark` | its jobs take and write files of TOS, whose lines and names no source states. Its other way works: single calls at the batch price, with `base_url: https://ark.cn-beijing.volces.com/api/v3/batch`, an endpoint for batches as the model, and a `timeout` of hours |
| `cohere` | the lines of its datasets, its limits and its price are in no source |
| `cerebras` | a private preview, which its package 1.91 does not have |
| `spark` | one page of its documentation, without a price, a window or an example of a result |
| the others | no batch service was found |
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One api_type. The field names are the keys of --json."""

    api_type: str
    dialect: str
    base_url: str
    api_key_env: tuple[str, ...]
    """Variables in the order in which they are read."""
    supports: tuple[Capability, ...]
    source: str


def run(options: Namespace) -> int:
    """Print a list, a page, or JSON lines. A provider that cannot be loaded is reported and left out."""
    code, loaded = OK, []
    for name in registry.names():
        provider = registry.get(name)
        if isinstance(provider, Failure):
            code = print_error(provider.failure())
        else:
            loaded.append(_row(name, provider.unwrap()))
    if options.json:
        for row in loaded:
            out_json(row)
    else:
        out(page(loaded) if options.markdown else "\n".join(listing(loaded)))
    return code


def rows(registry: Registry) -> list[Row]:
    """Return a row for every name in the registry."""
    return [_row(name, registry.get(name).unwrap()) for name in registry.names()]


def _row(name: str, provider: Provider) -> Row:
    supported = capabilities(provider)
    return Row(
        api_type=name,
        dialect=provider.dialect,
        base_url=provider.base_url,
        api_key_env=provider.api_key_env,
        supports=tuple([name for name in CAPABILITIES if name in supported]),
        source=provider.source,
    )


def listing(rows: Iterable[Row]) -> list[str]:
    """Return three lines per provider: dialect and key, base URL, capabilities."""
    lines: list[str] = []
    for row in rows:
        key = " or ".join(row.api_key_env) or "no key"
        lines.append(f"{row.api_type:20} {row.dialect:20} {key}")
        lines.append(f"{'':20} {row.base_url or 'base URL of your own server'}")
        lines.append(f"{'':20} {', '.join(row.supports)}")
    return lines


def page(rows: Iterable[Row]) -> str:
    """Return docs/reference/providers.md, without the line break at its end."""
    support = [
        _cells(["api_type", *CAPABILITIES]),
        _cells(["---", *[":-:"] * len(CAPABILITIES)]),
    ]
    addresses = [_cells(["api_type", "dialect", "base URL", "key variable"]), _cells(["---"] * 4)]
    for row in rows:
        marks = ["✓" if capability in row.supports else "" for capability in CAPABILITIES]
        support.append(_cells([f"`{row.api_type}`", *marks]))
        keys = "<br>".join([f"`{key}`" for key in row.api_key_env])
        base_url = row.base_url or "your own"
        addresses.append(_cells([f"`{row.api_type}`", row.dialect, base_url, keys]))
    return "\n".join([PAGE, *support, KEYS, *addresses, BATCHES.rstrip("\n")])


def _cells(texts: Iterable[str]) -> str:
    return "|" + "".join([f" {text} |" if text else " |" for text in texts])
