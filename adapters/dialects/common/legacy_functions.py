"""Tools in the form of most APIs: {"type": "function", "function": {name, description?, parameters, strict?}}."""

from collections.abc import Sequence
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import dropped, dropped_tool_mark
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.request import NativeTool, Tool

WireTools = tuple[list[dict[str, Any]], tuple[Adaptation, ...]]


def function_of(tool: Tool, *, schema_key: str = "parameters") -> dict[str, Any]:
    """{name, description?, parameters}."""
    encoded: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        encoded["description"] = tool.description
    encoded[schema_key] = tool.parameters
    return encoded


def wire_tools(
    name: str, tools: Sequence[Tool | NativeTool], *, strict: str | None = None
) -> WireTools:
    """Return the encoded tools and the adaptations. `strict`: why the field `strict` is not supported; None sends it."""
    encoded: list[dict[str, Any]] = []
    adaptations: list[Adaptation] = []
    for index, tool in enumerate(tools):
        if isinstance(tool, NativeTool):
            if tool.provider == name:
                encoded.append(tool.json)
            else:
                reason = f"it is a tool of {tool.provider}'s own"
                adaptations.append(dropped(f"tools/{index}", reason))
            continue
        function = function_of(tool)
        if tool.strict is not None and strict is None:
            function["strict"] = tool.strict
        elif tool.strict:
            adaptations.append(dropped(f"tools/{index}/strict", str(strict), True))
        if tool.cache is not None:
            adaptations.append(dropped_tool_mark(index, name))
        encoded.append({"type": "function", "function": function})
    return encoded, tuple(adaptations)
