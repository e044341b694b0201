"""Reference pages from signatures, docstrings and the strings under fields, read by griffe without importing the code."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import griffe
import msgspec

Item: TypeAlias = Any
"""griffe.Object or griffe.Alias. Its kind decides which attributes it has; the types of griffe do not say that."""


class ReferencePage(msgspec.Struct, frozen=True):
    """One page: the members of modules, or single objects, in this order."""

    name: str
    title: str
    intro: str
    objects: tuple[str, ...]
    """Dotted paths. `module.*` are the public classes and functions that a module defines, `module:all` those of `__all__`."""
    inherited: bool = True
    """Show the fields and methods of base classes in every class."""


REFERENCE = (
    ReferencePage(
        "api-client",
        "`LLM`: methods of the client",
        "`from llm_pure import LLM`. [The client](client.md) describes its behaviour.",
        ("llm_pure.client.llm.LLM", "llm_pure.client.streams.*", "llm_pure.client.media.*"),
    ),
    ReferencePage(
        "api-values",
        "Values: messages, requests, responses",
        "`from llm_pure import ...`. [Messages](messages.md) describes their use.",
        (
            "llm_pure.types.request.*",
            "llm_pure.types.messages.*",
            "llm_pure.types.completion.*",
            "llm_pure.types.http.*",
            "llm_pure.types.operations.*",
        ),
    ),
    ReferencePage(
        "api-events",
        "Events of a stream",
        "`from llm_pure.types.events import ...`. [Streaming](streaming.md) describes their order.",
        ("llm_pure.types.events.*", "llm_pure.core.collect.collect"),
    ),
    ReferencePage(
        "api-errors",
        "Errors",
        "`from llm_pure.types.errors import ...`. [Errors](errors.md) says what to do with each.",
        ("llm_pure.types.errors._Common", "llm_pure.types.errors.*", "llm_pure.types.result.*"),
        inherited=False,
    ),
    ReferencePage(
        "api-configuration",
        "Configuration",
        "[Configuration](configuration.md) describes files, order and environment variables.",
        (
            "llm_pure.types.config.*",
            "llm_pure.settings.config_file.*",
            "llm_pure.settings.loading.*",
            "llm_pure.transports.base.TransportSettings",
            "llm_pure.policy.retry.*",
            "llm_pure.policy.rate_limit.*",
            "llm_pure.client.budgets.Budget",
        ),
    ),
    ReferencePage(
        "api-providers",
        "Providers, build and parse",
        "[Build and parse](../how-to/build-and-parse.md) shows these functions in use.",
        (
            "llm_pure.core.provider.*",
            "llm_pure.core.registry.*",
            "llm_pure.core.adaptations.*",
            "llm_pure.core.dialect.*",
            "llm_pure.transports.base.*",
        ),
    ),
    ReferencePage(
        "api-output",
        "Structured output, tools, code and tokens",
        "[Structured answers](../how-to/structured-answers.md) and [tools](../how-to/tools-and-agents.md) show them in use.",
        (
            "llm_pure.output.structured.*",
            "llm_pure.output.tools.*",
            "llm_pure.output.code.*",
            "llm_pure.output.json_repair.*",
            "llm_pure.tokens.count.*",
            "llm_pure.client.tokenizers.*",
            "llm_pure.pricing.costs.*",
        ),
    ),
    ReferencePage(
        "api-replay",
        "Record and replay",
        "`from llm_pure.replay import ...`. [Cassettes](cassettes.md) describes modes, matching and redaction.",
        ("llm_pure.replay:all",),
    ),
)


INTERNAL = {"SafeRepr", "safe_repr", "shorten", "redact_error"}
"""Names of modules shown by `.*` that users do not need."""


def reference_page(page: ReferencePage, root: Path) -> str:
    """The Markdown of a page. Fails with KeyError if an object does not exist."""
    package = _package(root)
    sections = [f"# {page.title}\n\n{page.intro}\n"]
    written: set[str] = set()
    for path in page.objects:
        for item in _items(package, path.removeprefix("llm_pure.")):
            if item.path not in written:
                written.add(item.path)
                sections.append(_section(item, page.inherited))
    return "\n".join(sections)


@lru_cache(maxsize=1)
def _package(root: Path) -> griffe.Module:
    loader = griffe.GriffeLoader(search_paths=[root])
    package = loader.load("llm_pure")
    loader.resolve_aliases()
    assert isinstance(package, griffe.Module)
    return package


def _items(package: griffe.Module, path: str) -> Iterator[Item]:
    if path.endswith(".*"):
        return _members(package[path[:-2]])
    if path.endswith(":all"):
        module = package[path[:-4]]
        exported = [module[name] for name in sorted(module.exports or (), key=str.lower)]
        targets = [item.final_target if item.is_alias else item for item in exported]
        return iter([item for item in targets if item.is_class or item.is_function])
    return iter([package[path]])


def _members(module: Item) -> Iterator[Item]:
    """Public classes and functions with a docstring that the module defines, in the order of the file."""
    defined = [
        item
        for item in module.members.values()
        if not item.is_alias
        and not item.name.startswith("_")
        and item.name not in INTERNAL
        and (item.is_class or item.is_function)
    ]
    yield from sorted(defined, key=lambda item: item.lineno or 0)


def _section(item: Item, inherited: bool) -> str:
    if item.name.startswith("_"):
        lines = ["## Common fields", ""]
    else:
        lines = [f"## {item.name}", "", f"`{item.path}`", ""]
    bases = _bases(item) if inherited else []
    if item.is_function:
        lines += _function(item)
    else:
        lines += [
            _markdown(item, _constructor(item)),
            "",
            *_fields(item, bases),
            *_methods(item, bases),
        ]
    return "\n".join(lines) + "\n"


def _function(item: Item) -> list[str]:
    return ["```python", _signature(item), "```", "", _markdown(item, _parameters(item)), ""]


def _constructor(item: Item) -> list[str]:
    return _parameters(item.members["__init__"]) if "__init__" in item.members else []


def _parameters(item: Item) -> list[str]:
    return [parameter.name for parameter in getattr(item, "parameters", ())]


def _fields(item: Item, bases: Sequence[griffe.Class]) -> list[str]:
    """A table of the public fields, those of base classes of this package first."""
    rows: list[str] = []
    for owner in [*reversed(bases), item]:
        for field in owner.members.values():
            if (
                field.is_attribute
                and "property" not in field.labels
                and not field.name.startswith("_")
                and field.annotation is not None
            ):
                default = "" if field.value is None else f"`{_default(str(field.value))}`"
                text = _inline(field.docstring.value) if field.docstring else ""
                rows.append(
                    f"| `{field.name}` | `{_cell(field.annotation)}` | {default} | {text} |"
                )
    if not rows:
        return []
    return ["| field | type | default | |", "| --- | --- | --- | --- |", *rows, ""]


def _default(value: str) -> str:
    """A default as the user sees it: what a factory makes, in place of the factory."""
    factory = re.fullmatch(r"(?:msgspec\.)?field\(default_factory=(?:lambda: )?(.*)\)", value)
    return {"dict": "{}", "list": "[]"}.get(factory[1], factory[1]) if factory else value


def _bases(item: Item) -> list[griffe.Class]:
    return (
        [base for base in item.mro() if base.path.startswith("llm_pure")] if item.is_class else []
    )


def _methods(item: Item, bases: Sequence[griffe.Class]) -> list[str]:
    lines: list[str] = []
    for owner in [*reversed(bases), item]:
        for method in owner.members.values():
            if method.name.startswith("_") or (
                not method.is_function and "property" not in method.labels
            ):
                continue
            if method.docstring is None and not getattr(method, "overloads", None):
                continue
            owner_name = "" if item.name.startswith("_") else f"{item.name}."
            lines += [f"### {owner_name}{method.name}", ""]
            lines += _function(method) if method.is_function else [_markdown(method, []), ""]
    return lines


def _signature(item: Item) -> str:
    """`def name(...) -> ...`, one line if it fits, else one parameter per line."""
    prefix = "async def" if "async" in item.labels else "def"
    parameters = _parameter_texts(item)
    returns = f" -> {item.returns}".replace('"', "") if item.returns is not None else ""
    line = f"{prefix} {item.name}({', '.join(parameters)}){returns}"
    if len(line) <= 92:
        return line
    inner = "".join(f"    {parameter},\n" for parameter in parameters)
    return f"{prefix} {item.name}(\n{inner}){returns}"


def _parameter_texts(item: Item) -> list[str]:
    texts: list[str] = []
    keyword_only = False
    for parameter in item.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = parameter.kind
        if kind is griffe.ParameterKind.keyword_only and not keyword_only:
            texts.append("*")
        keyword_only = kind in (
            griffe.ParameterKind.keyword_only,
            griffe.ParameterKind.var_positional,
        )
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
        text = stars.get(kind, "") + parameter.name if kind is not None else parameter.name
        if parameter.annotation is not None:
            text += f": {parameter.annotation}".replace('"', "")
        if parameter.default is not None and kind not in stars:
            text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
        texts.append(text)
    return texts


def _markdown(item: Item, parameters: Sequence[str]) -> str:
    """A docstring as Markdown: `name: text` lines of parameters as a list, doctests as code."""
    if item.docstring is None:
        return ""
    lines: list[str] = []
    code = listed = False
    for line in item.docstring.value.splitlines():
        if line.startswith(">>>") and not code:
            lines += ["", "```pycon"]
            code = True
        elif code and not line.strip():
            lines.append("```")
            code = False
        name, colon, _ = line.partition(": ")
        if not code and colon and name in parameters:
            lines += [] if listed else [""]
            lines.append(f"- `{name}`: {_escape(line[len(name) + 2 :])}")
            listed = True
        else:
            listed = listed and bool(line.strip())
            lines.append(
                line
                if code or line.startswith("    ")
                else ("  " if listed else "") + _escape(line)
            )
    return "\n".join([*lines, "```"] if code else lines)


def _escape(text: str) -> str:
    """`<` outside of backticks, which Markdown would read as a tag."""
    return "`".join(
        part if index % 2 else part.replace("<", "&lt;").replace("*", "\\*")
        for index, part in enumerate(text.split("`"))
    )


def _inline(text: str) -> str:
    return re.sub(r"\s+", " ", _escape(text)).replace("|", "\\|")


def _cell(value: object) -> str:
    return str(value).replace('"', "")
