"""Tools from functions, classes (Struct, dataclass, TypedDict, pydantic model) and JSON Schemas.

`bind_tool` returns the Tool for a request and a parser for the arguments that the model writes.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

import msgspec

from llm_pure.chat.function_tools import class_tool, function_tool, type_schema
from llm_pure.chat.parameter_types import decode_model, first_error
from llm_pure.chat.tool_input import read_tools
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    decode_any,
    fault_path,
    json_object,
    json_text,
)
from llm_pure.schema.optional_nulls import drop_optional_nulls
from llm_pure.schema.translate import validate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, LLMError
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import JsonSchema, NativeTool, Tool, ToolInput
from llm_pure.types.result import Failure, LLMResult, Success, is_series

ToolSource: TypeAlias = Callable[..., Any] | type[Any] | Mapping[str, Any] | Tool

ARGUMENTS_ERROR = "the arguments cannot be read: "
"""Start of every message about arguments; `output.structured` removes it."""


_TOOL_KEYS = frozenset({"function", "parameters", "input_schema", "inputSchema"})
"""Keys of a tool in OpenAI's, Anthropic's or MCP's format, which a JSON Schema of arguments does not have."""


class BoundTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool with a parser for its arguments."""

    tool: Tool
    parse_arguments: Callable[[str], LLMResult[Any]]
    """JSON text -> an instance of the class, or a dict of arguments. InvalidRequest has the path, such as `weather/city`."""
    call: Callable[..., Any] | None = None
    """The function to call with the arguments by name; None for a tool that is run elsewhere."""


@returns_failure
def bind_tool(
    source: ToolSource,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    call: Callable[..., Any] | None = None,
) -> BoundTool:
    """Make a tool of a function (by its signature and docstring), a class, a JSON Schema, a Tool, or one as OpenAI or MCP write it.

    call: the function that runs a Tool or a schema, with the arguments by name. Fails with InvalidRequest when a parameter has no JSON Schema, or a schema contains itself.

    >>> def weather(city: str, days: int = 1) -> str:
    ...     "Weather to come."
    ...     return f"sun in {city} for {days} days"
    >>> bind_tool(weather).unwrap().tool.parameters["required"]
    ['city']
    """
    if isinstance(source, Tool):
        return _bind_schema(source, call)
    if isinstance(source, Mapping) and not _TOOL_KEYS.isdisjoint(source):
        read = read_tools((source,))[0]
        assert isinstance(read, Tool)  # a mapping of a native tool is rejected
        fields = {"name": name, "description": description, "strict": strict}
        changed = {key: value for key, value in fields.items() if value is not None}
        return _bind_schema(msgspec.structs.replace(read, **changed), call)
    if isinstance(source, Mapping):
        tool = Tool(
            name=name or str(source.get("title") or "tool"),
            description=description or source.get("description"),
            parameters=dict(source),
            strict=strict,
        )
        return _bind_schema(tool, call)
    if not isinstance(source, type):
        return _bind_function(source, name, description, strict)
    tool = class_tool(source, name, description, strict)
    ok(validate_schema(tool.parameters))
    return BoundTool(tool=tool, parse_arguments=arguments_parser(source, tool.name))


@returns_failure
def bind_tools(tools: Iterable[ToolInput]) -> tuple[BoundTool | NativeTool, ...]:
    """Bind each tool, in whatever form a request takes it. Fails with InvalidRequest, with a path such as `tools/1`."""
    if not is_series(tools):
        read_tools(tools)  # raises
    return tuple([_bind_input(tool, index) for index, tool in enumerate(tools)])


def _bind_input(tool: Any, index: int) -> BoundTool | NativeTool:
    if isinstance(tool, BoundTool):
        return tool
    if not callable(tool):
        tool = read_tools((tool,), first_index=index)[0]
        if isinstance(tool, NativeTool):
            return tool
    return ok(bind_tool(tool).alt(partial(_at_index, index)))


def _at_index(index: int, error: LLMError) -> LLMError:
    if not isinstance(error, InvalidRequest):
        return error
    path = "/".join(filter(None, [f"tools/{index}", error.param]))
    return msgspec.structs.replace(error, param=path)


@returns_failure
def schema_of(kind: Any) -> JsonSchema:
    """Return the JSON Schema of a type, its definition at the root and not behind a `$ref`."""
    return ok(validate_schema(type_schema(kind)))


def arguments_parser(kind: Any, name: str) -> Callable[[str], LLMResult[Any]]:
    """Return a parser: JSON text -> an instance of the type. InvalidRequest has the path below `name`."""
    return partial(_parse_as, kind, name)


def _parse_as(kind: Any, name: str, text: str) -> LLMResult[Any]:
    validate = getattr(kind, "model_validate_json", None)
    try:
        if callable(validate):
            return Success(validate(text))
        return Success(msgspec.json.decode(text, type=kind, dec_hook=decode_model))
    except (*DECODE_ERRORS, ValueError) as error:  # pydantic's error is a ValueError
        return Failure(_arguments_error(name, *_path_and_text(error, kind, text)))


def partial_arguments(text: str) -> LLMResult[Any]:
    """Parse arguments that are still incomplete, even within a string. Needs the extra `jiter`.

    Fails with InvalidConfiguration if jiter is not installed, with InvalidRequest if the text does not begin as JSON.
    """
    try:
        jiter = import_module("jiter")
    except ImportError:
        message = "parsing incomplete arguments needs jiter: pip install 'llm-pure[jiter]'"
        return Failure(InvalidConfiguration(message=message, field="jiter"))
    try:
        return Success(jiter.from_json(text.encode(), partial_mode="trailing-strings"))
    except (ValueError, RecursionError) as error:
        return Failure(InvalidRequest(message=f"not JSON: {error}", param="arguments"))


def arguments_message(error: LLMError) -> str:
    """Return the message about wrong arguments, with their path."""
    path = error.param if isinstance(error, InvalidRequest) else None
    return f"{error.message} (at {path})" if path else error.message


def _bind_schema(tool: Tool, call: Callable[..., Any] | None) -> BoundTool:
    ok(validate_schema(tool.parameters))
    return BoundTool(tool=tool, parse_arguments=partial(_parse_by_schema, tool), call=call)


@returns_failure
def _parse_by_schema(tool: Tool, text: str) -> Any:
    decoded = decode_any(text.encode("utf-8", "replace"), provider="")
    value = ok(decoded.alt(lambda error: _arguments_error(tool.name, "", error.message)))
    errors = validation_errors(tool.parameters, value)
    if errors:
        value = drop_optional_nulls(tool.parameters, value)
    for path, message in errors and validation_errors(tool.parameters, value):
        raise Rejected(_arguments_error(tool.name, path, message))
    return value


def _bind_function(
    function: Callable[..., Any], name: str | None, description: str | None, strict: bool | None
) -> BoundTool:
    tool, kind = function_tool(function, name, description, strict)
    ok(validate_schema(tool.parameters))
    return BoundTool(
        tool=tool, parse_arguments=partial(_parse_parameters, tool, kind), call=function
    )


def _parse_parameters(tool: Tool, kind: type[msgspec.Struct], text: str) -> LLMResult[Any]:
    """Parse the arguments of a function. Nulls of optional parameters are left out if nothing else is wrong."""
    result = _parse_as(kind, tool.name, text)
    value = json_object(text) if isinstance(result, Failure) else None
    if value is not None:
        without_nulls = drop_optional_nulls(tool.parameters, value)
        if without_nulls != value:
            result = result.lash(lambda _: _parse_as(kind, tool.name, json_text(without_nulls)))
    return result.map(_fields)


def _fields(value: msgspec.Struct) -> dict[str, Any]:
    """The fields of a Struct, not converted."""
    return {key: getattr(value, key) for key in value.__struct_fields__}


def _path_and_text(error: Exception, kind: Any, text: str) -> tuple[str, str]:
    """Return (path, text of the exception) for an exception of msgspec or pydantic."""
    path, message = first_error(error)
    try:
        value = msgspec.json.decode(text)
    except (*DECODE_ERRORS, ValueError):
        return path, message
    return path or "/".join(fault_path(kind, value, decode_model)), message


def _arguments_error(name: str, path: str, message: str) -> InvalidRequest:
    param = "/".join(filter(None, [name, path]))
    return InvalidRequest(message=f"{ARGUMENTS_ERROR}{message}", param=param)
