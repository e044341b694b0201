"""What a run was planned with: the contents of `run.json`, and what differs between two of them. Pure. No key is in it."""

from typing import Any

import msgspec

from llm_pure.bulk.identity import answer_settings, canonical_json
from llm_pure.bulk.requests import parse_request_fields, request_fields
from llm_pure.bulk.rows import RowForm
from llm_pure.bulk.templates import parse_template
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

FORMAT = 1
"""Of the run directory. A later format is refused, not guessed."""


class InputFile(msgspec.Struct, frozen=True, kw_only=True):
    """The input, and how to see whether it has changed."""

    path: str
    """Of the file as it was named; of standard input and iterators "-"."""
    form: str
    """"jsonl", "csv", "parquet" or "rows" (an iterator); with ".gz" of a compressed file."""
    size: int
    blake2b: str
    """Hash of the bytes, 32 hexadecimal digits."""
    rows: int = 0
    unreadable: int = 0
    """Rows that are errors without being sent."""
    spooled: bool = False
    """The rows were written to `rows.jsonl` of the run, since they cannot be read twice at any place."""
    batch_lines: bool = False
    """The first row is a line of OpenAI's batches, and so are the results by default."""


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that must not change between the parts of a run."""

    format: int = FORMAT
    library: str = ""
    created: str = ""
    input: InputFile
    config: str | None = None
    """The name by which the model was selected; each worker resolves it in its own configuration and environment."""
    config_file: str | None = None
    base_url: str | None = None
    """As it was set beside the name, without credentials."""
    api_type: str
    model: str
    settings: dict[str, Any] = {}
    """Those of the configuration that change the answer."""
    prompt: str | None = None
    system: str | None = None
    request: dict[str, Any] = {}
    """Settings of every request."""
    schema: dict[str, Any] | None = None
    """Of typed answers."""
    dedupe: bool = False
    """Equal rows are sent once, and share the answer."""


_FIELDS = (
    "input", "api_type", "model", "settings", "prompt", "system", "request", "schema", "dedupe",
)  # fmt: skip
"""Fields of RunSpec that decide what is sent, or of which rows."""


def id_prefix(spec: RunSpec) -> bytes:
    """Return what the ids of all rows have in common: provider, model, and the settings that change the answer."""
    return canonical_json(
        {
            "api_type": spec.api_type,
            "model": spec.model,
            "settings": spec.settings,
            "system": spec.system,
            "request": spec.request,
            "schema": spec.schema,
        }
    )


def config_settings(config: LLMConfig) -> dict[str, Any]:
    """Return the settings of a configuration that change the answer, as plain JSON."""
    settings: dict[str, Any] = msgspec.json.decode(canonical_json(answer_settings(config)))
    return settings


def request_settings(request: ChatRequest | None) -> dict[str, Any]:
    """Return the fields of a request besides its messages, as plain JSON. Raises Rejected."""
    if request is None:
        return {}
    return request_fields(msgspec.structs.replace(request, messages=()))


def difference(before: RunSpec, after: RunSpec) -> InvalidConfiguration | None:
    """Return the error that names what has changed since the run was planned; None if nothing has."""
    for name in _FIELDS:
        old, new = getattr(before, name), getattr(after, name)
        if name == "input":
            if (old.size, old.blake2b) == (new.size, new.blake2b):
                continue
            name_of = "of standard input" if new.path == "-" else new.path
            message = f"the input {name_of} has changed since the run was planned: {_input_change(old, new)}"
        elif old == new:
            continue
        else:
            message = f"{name} was {_shown(old)} when the run was planned and is {_shown(new)} now"
        return InvalidConfiguration(
            message=message,
            field=name,
            remedy="start a run in another directory, or accept the change (--accept-changes, accept_changes=True): equal rows keep their answers",
        )
    return None


def _input_change(old: InputFile, new: InputFile) -> str:
    if old.path != new.path:
        before = "standard input" if old.path == "-" else old.path
        return f"it was {before}, with other contents"
    return f"{old.size:,} bytes then, {new.size:,} now" if old.size != new.size else "other bytes"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


@returns_failure
def row_form(spec: RunSpec, dialect: str = "") -> RowForm:
    """Return how the run's lines become requests. Fails with InvalidConfiguration for a prompt that is no template."""
    request = parse_request_fields(spec.request)
    if spec.schema is not None:
        from llm_pure.output.structured import structured_request  # imported late: most have none

        request = ok(structured_request(request, spec.schema))
    return RowForm(
        prompt=None if spec.prompt is None else ok(parse_template(spec.prompt)),
        system=spec.system,
        request=request,
        model=spec.model,
        dialect=dialect,
    )
