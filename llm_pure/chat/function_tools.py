"""Tools from functions and classes (Struct, dataclass, TypedDict, pydantic model): the name, the description and the schema.

`output.tools` adds the parser of the arguments, and `tool_input` reads the tools of a request.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, get_type_hints

import msgspec

from llm_pure.framing.json_codec import json_text
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import safe_repr
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import JsonSchema, Tool

SCHEMA_ERRORS = (TypeError, ValueError, RecursionError, NameError, AttributeError)
"""Exceptions of reading a signature or making a schema from annotations."""


def function_tool(
    function: Callable[..., Any], name: str | None, description: str | None, strict: bool | None
) -> tuple[Tool, type[msgspec.Struct]]:
    """Return the tool of a function, by its signature and docstring, and a Struct of its parameters. Raises Rejected."""
    tool_name = str(name or getattr(function, "__name__", "tool"))
    kind = _arguments_type(function, tool_name)
    parameters = type_schema(kind)
    parameters.pop("title", None)
    for key, text in _parameter_descriptions(inspect.getdoc(function) or "").items():
        if key in parameters.get("properties", {}):
            parameters["properties"][key].setdefault("description", text)
    tool = Tool(
        name=tool_name,
        description=description or _summary(function) or None,
        parameters=parameters,
        strict=strict,
    )
    return tool, kind


def class_tool(
    kind: type[Any], name: str | None, description: str | None, strict: bool | None
) -> Tool:
    """Return the tool whose arguments are the fields of a class. Raises Rejected."""
    parameters = type_schema(kind)
    text = description or parameters.get("description") or _summary(kind)
    return Tool(
        name=name or kind.__name__, description=text or None, parameters=parameters, strict=strict
    )


def type_schema(kind: Any) -> JsonSchema:
    """Return the JSON Schema of a type, its definition at the root and not behind a `$ref`. Raises Rejected."""
    schema_of_model: Any = getattr(kind, "model_json_schema", None)
    try:
        schema: JsonSchema = (
            dict(schema_of_model()) if schema_of_model is not None else msgspec.json.schema(kind)
        )
    except SCHEMA_ERRORS as error:
        name = getattr(kind, "__name__", None) or safe_repr(kind)
        message = f"{name} has no JSON Schema: {error}"
        raise Rejected(InvalidRequest(message=message, param=name)) from None
    return _inline_root(schema)


def _arguments_type(function: Callable[..., Any], tool_name: str) -> type[msgspec.Struct]:
    """A Struct of the function's parameters. Raises Rejected."""
    key = ""
    fields: list[Any] = []
    try:
        hints = get_type_hints(function, include_extras=True)
        for key, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY:
                message = f"{tool_name} takes {key} by position only, and tools call by name"
                raise Rejected(InvalidRequest(message=message, param=f"{tool_name}/{key}"))
            kind = hints.get(key, Any)
            default = parameter.default
            field = msgspec.field(default_factory=partial(_identity, default))
            is_required = default is inspect.Parameter.empty
            fields.append((key, kind) if is_required else (key, kind, field))
            msgspec.json.schema(kind)
        return msgspec.defstruct(tool_name, fields, kw_only=True)
    except SCHEMA_ERRORS as error:
        path = f"{tool_name}/{key}" if key else tool_name
        raise Rejected(InvalidRequest(message=f"no JSON Schema: {error}", param=path)) from None


def _identity(value: Any) -> Any:
    return value


def _inline_root(schema: JsonSchema) -> JsonSchema:
    """{"$ref": "#/$defs/X", "$defs": {...}} -> X, with the definitions it needs."""
    reference = str(schema.get("$ref", ""))
    definitions = dict(schema.get("$defs", {}))
    name = reference.removeprefix("#/$defs/")
    if name not in definitions:
        return schema
    top = dict(definitions[name])
    if f'"{reference}"' not in json_text(definitions):
        del definitions[name]
    return {**top, "$defs": definitions} if definitions else top


_SECTION = re.compile(r"(?m)^(?:Args|Arguments|Parameters):?\s*$")
_GOOGLE = re.compile(r"(?m)^[ \t]+(\w+)(?: *\([^)\n]*\))?: *(.+)$")
_REST = re.compile(r"(?m)^:param (?:[^:\n]*\s)?(\w+): *(.+)$")
_ENDS = re.compile(
    r"(?mi)^(?:args|arguments|parameters|returns|raises|yields|examples?):?\s*$|^:\w+|^>>> "
)


def _summary(source: Any) -> str:
    """The docstring up to its first section; "" for the generated docstring of a class."""
    text = inspect.cleandoc(source.__doc__ or "") if isinstance(source.__doc__, str) else ""
    name = getattr(source, "__name__", "")
    if text.startswith(f"{name}(") and isinstance(source, type):
        return ""
    end = _ENDS.search(text)
    return text[: end.start() if end else None].strip()


def _parameter_descriptions(text: str) -> dict[str, str]:
    """Descriptions of parameters in a docstring: Google's `Args:` section, or reST's `:param name:`."""
    descriptions = dict(_REST.findall(text))
    section = _SECTION.search(text)
    if section:
        body = text[section.end() :].lstrip("\n")
        descriptions |= dict(_GOOGLE.findall(re.split(r"\n(?=\S)|\n\n", body)[0]))
    return {name: description.strip() for name, description in descriptions.items()}
