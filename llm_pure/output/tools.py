"""Tools from what users have: a function, a class (Struct, dataclass, TypedDict, pydantic model) or a JSON Schema.

`bind_tool` gives the Tool that a request holds, and the reader of the arguments that the model wrote for it.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias, get_type_hints

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS, decode_any, fault_path, json_text
from llm_pure.schema.translate import validate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, LLMError
from llm_pure.types.messages import Message, ToolCall, ToolResult
from llm_pure.types.request import JsonSchema, Tool
from llm_pure.types.result import Failure, LLMResult, Success

ToolSource: TypeAlias = Callable[..., Any] | type[Any] | Mapping[str, Any] | Tool

SCHEMA_ERRORS = (TypeError, ValueError, RecursionError, NameError, AttributeError)
"""What reading a signature or making a schema of annotations raises."""


class BoundTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool, and what turns its arguments into values.

    read: JSON text -> an instance of the class, or a dict of arguments; InvalidRequest names the path, such as
    `weather/city`. run: what to call with these arguments, None where there is nothing to call.
    """

    tool: Tool
    parse_arguments: Callable[[str], LLMResult[Any]]
    call: Callable[..., Any] | None = None


def bind_tool(
    source: ToolSource,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> LLMResult[BoundTool]:
    """The tool of a function (by its signature and docstring), a class, a JSON Schema or a Tool.

    Fails with InvalidRequest when a parameter has no JSON Schema, or a schema holds itself.

    >>> def weather(city: str, days: int = 1) -> str:
    ...     "Weather to come."
    ...     return f"sun in {city} for {days} days"
    >>> bind_tool(weather).unwrap().tool.parameters["required"]
    ['city']
    """
    if isinstance(source, Tool):
        return _of_schema(source)
    if isinstance(source, Mapping):
        tool = Tool(
            name=name or str(source.get("title") or "tool"),
            description=description or source.get("description"),
            parameters=dict(source),
            strict=strict,
        )
        return _of_schema(tool)
    if not isinstance(source, type):
        return _of_function(source, name, description, strict)
    called = name or source.__name__
    schema, read = schema_of(source), arguments_parser(source, called)
    if isinstance(schema, Failure):
        return schema
    parameters = schema.unwrap()
    said = description or parameters.get("description") or _summary(source)
    tool = Tool(name=called, description=said or None, parameters=parameters, strict=strict)
    return Success(BoundTool(tool=tool, parse_arguments=read))


def schema_of(kind: Any) -> LLMResult[JsonSchema]:
    """The JSON Schema of a type; its definition stands at the top, not behind a `$ref`."""
    own: Any = getattr(kind, "model_json_schema", None)
    try:
        schema: JsonSchema = dict(own()) if own is not None else msgspec.json.schema(kind)
    except SCHEMA_ERRORS as fault:
        name = getattr(kind, "__name__", str(kind))
        return Failure(InvalidRequest(message=f"{name} has no JSON Schema: {fault}", param=name))
    return validate_schema(_unreferred(schema))


def arguments_parser(kind: Any, name: str) -> Callable[[str], LLMResult[Any]]:
    """JSON text -> an instance of the type; InvalidRequest names the path below `name`."""

    def read(text: str) -> LLMResult[Any]:
        validate = getattr(kind, "model_validate_json", None)
        try:
            if callable(validate):
                return Success(validate(text))
            return Success(msgspec.json.decode(text, type=kind))
        except (*DECODE_ERRORS, ValueError) as fault:  # pydantic's error is a ValueError
            path, what = _place(fault, kind, text)
            return Failure(_wrong(name, path, what))

    return read


def run_tool_calls(tools: Sequence[BoundTool], calls: Sequence[ToolCall]) -> tuple[Message, ...]:
    """One message for each call, in the order of the calls: what the tool returned, or why it could not.

    An unknown tool, unreadable arguments and what a tool raises become results with `is_error`, for the model to mend.
    """
    known = {bound.tool.name: bound for bound in tools}
    return tuple([Message("tool", (_result(known.get(call.name), call),)) for call in calls])


def partial_arguments(text: str) -> LLMResult[Any]:
    """What arguments say as far as they have come, also in the middle of a string. Needs the extra `jiter`.

    Fails with InvalidConfiguration where jiter is not installed, InvalidRequest where the text is no JSON from the start.
    """
    try:
        jiter = import_module("jiter")
    except ImportError:
        message = "reading arguments while they come needs jiter: pip install 'llm-pure[jiter]'"
        return Failure(InvalidConfiguration(message=message, field="jiter"))
    try:
        return Success(jiter.from_json(text.encode(), partial_mode="trailing-strings"))
    except (ValueError, RecursionError) as fault:
        return Failure(InvalidRequest(message=f"no JSON: {fault}", param="arguments"))


def _result(bound: BoundTool | None, call: ToolCall) -> ToolResult:
    if bound is None or bound.call is None:
        return _told(call, f"there is no tool {call.name!r}", is_error=True)
    read = bound.parse_arguments(call.arguments)
    if isinstance(read, Failure):
        return _told(call, _described(read.failure()), is_error=True)
    try:
        returned = bound.call(**read.unwrap())
        said = returned if isinstance(returned, str) else json_text(returned)
    except Exception as fault:  # noqa: BLE001  whatever a tool raises is for the model to read
        return _told(call, f"{type(fault).__name__}: {fault}", is_error=True)
    return _told(call, said)


def _told(call: ToolCall, said: str, *, is_error: bool = False) -> ToolResult:
    message = {"tool_call_id": call.id, "name": call.name, "is_error": is_error}
    return msgspec.convert({**message, "content": [{"type": "text", "text": said}]}, ToolResult)


def _described(error: LLMError) -> str:
    path = error.param if isinstance(error, InvalidRequest) else None
    return f"{error.message} (at {path})" if path else error.message


def _of_schema(tool: Tool) -> LLMResult[BoundTool]:
    def read(text: str) -> LLMResult[Any]:
        decoded = decode_any(text.encode("utf-8", "replace"), provider="")
        if isinstance(decoded, Failure):
            return Failure(_wrong(tool.name, "", decoded.failure().message))
        value = decoded.unwrap()
        found = validation_errors(tool.parameters, value)
        if not found:
            return Success(value)
        return Failure(_wrong(tool.name, *found[0]))

    return validate_schema(tool.parameters).map(
        lambda _: BoundTool(tool=tool, parse_arguments=read)
    )


def _of_function(
    function: Callable[..., Any], name: str | None, description: str | None, strict: bool | None
) -> LLMResult[BoundTool]:
    called = str(name or getattr(function, "__name__", "tool"))
    key = ""
    told = _parameter_words(inspect.getdoc(function) or "")
    fields: list[Any] = []
    try:
        hints = get_type_hints(function, include_extras=True)
        for key, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY:
                message = f"{called} takes {key} by position only, and tools call by name"
                return Failure(InvalidRequest(message=message, param=f"{called}/{key}"))
            kind = hints.get(key, Any)
            default = parameter.default
            plain = default is inspect.Parameter.empty
            fields.append(
                (key, kind) if plain else (key, kind, msgspec.field(default_factory=partial(_same, default)))
            )  # fmt: skip
            msgspec.json.schema(kind)
        made = msgspec.defstruct(called, fields, kw_only=True)
    except SCHEMA_ERRORS as fault:
        path = f"{called}/{key}" if key else called
        return Failure(InvalidRequest(message=f"no JSON Schema: {fault}", param=path))
    schema = schema_of(made)
    if isinstance(schema, Failure):
        return schema
    parameters = schema.unwrap()
    parameters.pop("title", None)
    for key, words in told.items():
        if key in parameters.get("properties", {}):
            parameters["properties"][key].setdefault("description", words)
    tool = Tool(
        name=called,
        description=description or _summary(function) or None,
        parameters=parameters,
        strict=strict,
    )
    read = arguments_parser(made, called)

    def arguments(text: str) -> LLMResult[Any]:
        return read(text).map(
            lambda one: {key: getattr(one, key) for key in made.__struct_fields__}
        )

    return Success(BoundTool(tool=tool, parse_arguments=arguments, call=function))


def _same(value: Any) -> Any:
    return value


def _unreferred(schema: JsonSchema) -> JsonSchema:
    """{"$ref": "#/$defs/X", "$defs": {...}} -> X itself, with the definitions that it needs."""
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
    """The docstring up to its first section; none of a class that has only a generated one."""
    text = inspect.cleandoc(source.__doc__ or "") if isinstance(source.__doc__, str) else ""
    name = getattr(source, "__name__", "")
    if text.startswith(f"{name}(") and isinstance(source, type):
        return ""
    end = _ENDS.search(text)
    return text[: end.start() if end else None].strip()


def _parameter_words(text: str) -> dict[str, str]:
    """What a docstring says of parameters: Google's `Args:` section, or reST's `:param name:`."""
    told = dict(_REST.findall(text))
    section = _SECTION.search(text)
    if section:
        body = text[section.end() :].lstrip("\n")
        told |= dict(_GOOGLE.findall(re.split(r"\n(?=\S)|\n\n", body)[0]))
    return {name: words.strip() for name, words in told.items()}


def _place(fault: Exception, kind: Any, text: str) -> tuple[str, str]:
    """Return (path, text of the exception) for an exception of msgspec or pydantic."""
    errors: Any = getattr(fault, "errors", None)
    if errors is not None:
        first: Any = next(iter(errors()))
        return "/".join([str(step) for step in first["loc"]]), str(first["msg"])
    told = str(fault) or type(fault).__name__
    try:
        value = msgspec.json.decode(text)
    except (*DECODE_ERRORS, ValueError):
        return "", told
    return "/".join(fault_path(kind, value)), told


def _wrong(name: str, path: str, what: str) -> InvalidRequest:
    where = "/".join(filter(None, [name, path]))
    return InvalidRequest(message=f"the arguments cannot be read: {what}", param=where)


__all__ = [
    "BoundTool",
    "ToolSource",
    "arguments_parser",
    "bind_tool",
    "partial_arguments",
    "run_tool_calls",
    "schema_of",
]
