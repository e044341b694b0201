"""Tools from functions and classes (Struct, dataclass, TypedDict, pydantic model): the name, the description and the schema.

`output.tools` adds the parser of the arguments, and `tool_input` reads the tools of a request.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any, get_type_hints

import msgspec

from llm_pure.chat.parameter_types import is_field, json_schema, readable_type
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
    """Return the tool of a function, by its signature and docstring, and a Struct of its parameters. Raises Rejected.

    What `functools.partial` sets by name is no parameter of the tool. The Struct accepts no other arguments.
    """
    source = _definition(function)
    tool_name = str(name or getattr(source, "__name__", None) or type(source).__name__)
    kind = _arguments_type(function, tool_name)
    parameters = type_schema(kind)
    parameters.pop("title", None)
    del parameters["additionalProperties"]
    for key, text in _parameter_descriptions(_docstring(source)).items():
        if key in parameters.get("properties", {}):
            parameters["properties"][key].setdefault("description", text)
    tool = Tool(
        name=tool_name,
        description=description or _summary(_docstring(source)) or None,
        parameters=parameters,
        strict=strict,
    )
    return tool, kind


def class_tool(
    kind: type[Any], name: str | None, description: str | None, strict: bool | None
) -> Tool:
    """Return the tool whose arguments are the fields of a class. Raises Rejected."""
    parameters = type_schema(kind)
    text = description or parameters.get("description") or _class_summary(kind)
    return Tool(
        name=name or kind.__name__, description=text or None, parameters=parameters, strict=strict
    )


def type_schema(kind: Any) -> JsonSchema:
    """Return the JSON Schema of a type, its definition at the root and not behind a `$ref`. Raises Rejected."""
    schema_of_model: Any = getattr(kind, "model_json_schema", None)
    try:
        schema: JsonSchema = (
            dict(schema_of_model()) if schema_of_model is not None else json_schema(kind)
        )
    except SCHEMA_ERRORS as error:
        name = getattr(kind, "__name__", None) or safe_repr(kind)
        message = f"{name} has no JSON Schema: {error}"
        raise Rejected(InvalidRequest(message=message, param=name)) from None
    return _inline_root(schema)


def _definition(function: Any) -> Any:
    """What was defined with `def` or `class`: the function of a partial, else the callable itself."""
    while isinstance(function, partial):
        function = function.func
    return function


def _docstring(source: Any) -> str:
    """The docstring of a function; of an object with `__call__`, that of the method or else of its class."""
    if isinstance(source, type) or inspect.isroutine(source):
        return inspect.getdoc(source) or ""
    return (
        inspect.cleandoc(type(source).__call__.__doc__ or "") or inspect.getdoc(type(source)) or ""
    )


def _hints(source: Any) -> dict[str, Any]:
    """The annotations of the parameters. That of the result is not looked at: its names may be there for a checker only."""
    function = inspect.unwrap(source if inspect.isroutine(source) else source.__call__)
    annotations = getattr(function, "__annotations__", {})
    without_result = SimpleNamespace(
        __annotations__={key: value for key, value in annotations.items() if key != "return"}
    )
    return get_type_hints(
        without_result, globalns=getattr(function, "__globals__", {}), include_extras=True
    )


def _arguments_type(function: Callable[..., Any], tool_name: str) -> type[msgspec.Struct]:
    """A Struct of the function's parameters. Raises Rejected."""
    key = ""
    fields: list[Any] = []
    fixed = function.keywords if isinstance(function, partial) else {}
    try:
        hints = _hints(_definition(function))
        for key, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or key in fixed:
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY:
                message = f"{tool_name} takes {key} by position only, and tools call by name"
                raise Rejected(InvalidRequest(message=message, param=f"{tool_name}/{key}"))
            kind, default = hints.get(key, Any), parameter.default
            if is_field(default):
                kind = Annotated[kind, default]
                default = parameter.empty if default.is_required() else default.get_default()
            kind = readable_type(kind)
            field = msgspec.field(default_factory=partial(_identity, default))
            is_required = default is parameter.empty
            fields.append((key, kind) if is_required else (key, kind, field))
            json_schema(kind)
        return msgspec.defstruct(tool_name, fields, kw_only=True, forbid_unknown_fields=True)
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


_SECTION = re.compile(r"(?m)^(?:Args|Arguments|Parameters):?[ \t]*\n(?P<rule>-+[ \t]*\n)?")
_GOOGLE = re.compile(r"(?m)^([ \t]+)(\w+)(?: *\([^)\n]*\))?: *(.+(?:\n\1[ \t]+\S.*)*)$")
_NUMPY = re.compile(r"(?m)^(\w+)(?: *:.*)?\n((?:[ \t]+\S.*(?:\n|$))+)")
_REST = re.compile(r"(?m)^:param (?:[^:\n]*\s)?(\w+): *(.+(?:\n[ \t]+\S.*)*)$")
_ENDS = re.compile(
    r"(?mi)^(?:args|arguments|parameters|returns|raises|yields|examples?):?\s*$|^:\w+|^>>> "
)


def _class_summary(kind: type[Any]) -> str:
    """The docstring of a class up to its first section; "" for a generated one."""
    text = inspect.cleandoc(kind.__doc__) if isinstance(kind.__doc__, str) else ""
    return "" if text.startswith(f"{kind.__name__}(") else _summary(text)


def _summary(docstring: str) -> str:
    """The docstring up to its first section."""
    end = _ENDS.search(docstring)
    return docstring[: end.start() if end else None].strip()


def _parameter_descriptions(docstring: str) -> dict[str, str]:
    """Descriptions of parameters: Google's `Args:` section, NumPy's `Parameters` section, or reST's `:param name:`."""
    descriptions = dict(_REST.findall(docstring))
    section = _SECTION.search(docstring)
    if section and section["rule"]:
        body = re.split(r"\n\n(?=\S[^\n]*\n-+)", docstring[section.end() :])[0]
        descriptions |= dict(_NUMPY.findall(body))
    elif section:
        body = re.split(r"\n(?=\S)|\n\n", docstring[section.end() :].lstrip("\n"))[0]
        descriptions |= {name: text for _, name, text in _GOOGLE.findall(body)}
    return {name: " ".join(text.split()) for name, text in descriptions.items()}
