"""Tools as most APIs take them: {"type": "function", "function": {name, description?, parameters, strict?}}."""

from collections.abc import Sequence
from typing import Any

from llm_pure.adapters.dialects.common.turn_order import dropped
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.request import NativeTool, Tool

WireTools = tuple[list[dict[str, Any]], tuple[Adaptation, ...]]


def function_of(tool: Tool) -> dict[str, Any]:
    """{name, description?, parameters}."""
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    wire["parameters"] = tool.parameters
    return wire


def wire_tools(
    name: str, tools: Sequence[Tool | NativeTool], *, strict: str | None = None
) -> WireTools:
    """The tools, and what was left out. strict: why `strict` is not sent; None sends it."""
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(tools):
        if isinstance(tool, NativeTool):
            if tool.provider == name:
                wire.append(tool.json)
            else:
                told.append(dropped(f"tools/{place}", f"it is a tool of {tool.provider}'s own"))
            continue
        function = function_of(tool)
        if tool.strict is not None and strict is None:
            function["strict"] = tool.strict
        elif tool.strict:
            told.append(dropped(f"tools/{place}/strict", str(strict), True))
        wire.append({"type": "function", "function": function})
    return wire, tuple(told)
