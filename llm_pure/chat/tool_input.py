"""Parse the tools of a request: Tool and NativeTool values, functions, classes, bound tools, and mappings.

Mappings may be in OpenAI's formats (chat completions with "function", or flat as in Responses), Anthropic's ("input_schema")
or MCP's ("inputSchema"). An invalid value is an InvalidRequest with its path, such as `tools/1/function/name`; so is an
unknown key, which would be lost, and a tool that a provider runs itself: that is a NativeTool, since its mapping does not say
whose it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.chat.part_input import CACHE_KEYS, fields_of, invalid
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import NativeTool, Tool
from llm_pure.types.result import is_series, type_name

_SCHEMA_KEYS = ("parameters", "input_schema", "inputSchema")
_KEYS = ("name", "description", "strict", *_SCHEMA_KEYS)
_IGNORED_KEYS = (
    "type",
    "title",
    "annotations",
    "outputSchema",
    "output_schema",
    "_meta",
    "icons",
    "execution",
)
"""`type`, and what MCP says of a tool that is not for the model."""


def read_tools(tools: object, *, first_index: int = 0) -> tuple[Tool | NativeTool, ...]:
    """Return the tools, in order. Raises Rejected with InvalidRequest. first_index: of the first tool, in paths.

    >>> read_tools([{"name": "f", "input_schema": {"type": "object"}}])[0].name
    'f'
    """
    if not is_series(tools):
        invalid("tools", f"tools must be a list, not {type_name(tools)}")
    return tuple([_tool(tool, f"tools/{index}") for index, tool in enumerate(tools, first_index)])


def _tool(tool: Any, path: str) -> Tool | NativeTool:
    if isinstance(tool, Tool):
        return _checked(tool, path)
    if isinstance(tool, NativeTool):
        if not isinstance(tool.json, dict):
            invalid(f"{path}/json", f"a native tool is an object, not {type_name(tool.json)}")
        return tool
    bound = getattr(tool, "tool", None)  # output.tools.BoundTool, which is in a layer above
    if isinstance(bound, Tool):
        return _checked(bound, path)
    if isinstance(tool, Mapping):
        return _from_mapping(tool, path)
    if not callable(tool):
        invalid(path, f"a tool is a Tool, a function, a class or a mapping, not {type_name(tool)}")
    from llm_pure.chat.function_tools import class_tool, function_tool  # imported late: start-up

    try:
        if isinstance(tool, type):
            return class_tool(tool, None, None, None)
        return function_tool(tool, None, None, None)[0]
    except Rejected as rejected:
        inner = rejected.error.param if isinstance(rejected.error, InvalidRequest) else None
        invalid(f"{path}/{inner}" if inner else path, rejected.error.message)


def _checked(tool: Tool, path: str) -> Tool:
    """The tool, if its fields have their types."""
    if not isinstance(tool.name, str):
        invalid(f"{path}/name", f"a name is a string, not {type_name(tool.name)}")
    if tool.description is not None and not isinstance(tool.description, str):
        message = f"a description is a string, not {type_name(tool.description)}"
        invalid(f"{path}/description", message)
    if tool.strict is not None and not isinstance(tool.strict, bool):
        invalid(f"{path}/strict", f"strict is true or false, not {type_name(tool.strict)}")
    if not isinstance(tool.parameters, dict):
        if not isinstance(tool.parameters, Mapping):
            message = f"parameters are a JSON Schema, not {type_name(tool.parameters)}"
            invalid(f"{path}/parameters", message)
        return msgspec.structs.replace(tool, parameters=dict(tool.parameters))
    return tool


def _from_mapping(value: Mapping[str, Any], path: str) -> Tool:
    kind = value.get("type", "function")
    if kind not in ("function", "custom", None) or (kind == "custom" and "custom" in value):
        message = f"type {kind!r} is a tool of a provider; write it as NativeTool(provider, json)"
        invalid(f"{path}/type", message)
    cache = fields_of(value, path).cache_mark()
    if "function" in value:
        extra = [key for key in value if key not in ("type", "function", *CACHE_KEYS)]
        if extra:
            invalid(
                f"{path}/{extra[0]}", "unknown key of a tool; known: type, function, cache_control"
            )
        path, value = f"{path}/function", value["function"]
        if not isinstance(value, Mapping):
            invalid(path, f"a function is an object, not {type_name(value)}")
    for key, item in value.items():
        if key not in (*_KEYS, *_IGNORED_KEYS, *CACHE_KEYS) and item is not None:
            invalid(f"{path}/{key}", f"unknown key of a tool; known: {', '.join(_KEYS)}")
    schemas = [key for key in _SCHEMA_KEYS if value.get(key) is not None]
    if len(schemas) > 1:
        invalid(f"{path}/{schemas[1]}", f"a tool has one schema, and {schemas[0]} is there")
    if "name" not in value:
        invalid(f"{path}/name", "a tool needs a name")
    fields = {key: value[key] for key in ("name", "description", "strict") if key in value}
    if schemas:
        fields["parameters"] = value[schemas[0]]
        if not isinstance(fields["parameters"], Mapping):
            message = f"a schema is an object, not {type_name(fields['parameters'])}"
            invalid(f"{path}/{schemas[0]}", message)
    return _checked(Tool(**fields, cache=cache), path)
