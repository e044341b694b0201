"""Tools and the choice among them -> `tools`, `tool_choice`, `parallel_tool_calls`."""

from typing import Any

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice
from llm_pure.types.request import NamedToolChoice, NativeTool, Tool, ToolChoice

Fields = tuple[dict[str, Any], tuple[Adaptation, ...]]


def wire_tools(name: str, quirks: Quirks, call: ResolvedRequest, *, thinks: bool) -> Fields:
    """The fields, and what could not be sent. quirks: as they are for the model. thinks: it reasons in this call."""
    if not call.tools:
        return {}, dropped_tool_choice(call)
    if "tools" in quirks.unsupported:
        return {}, (_dropped("tools", quirks.unsupported["tools"]),)
    tools, told = _tools(name, quirks, call)
    if not tools:
        return {}, (*told, *dropped_tool_choice(call))
    if call.tool_choice == "none" and "none" not in quirks.tool_choice_values:
        reason = f"{name} has no tool_choice none; the tools are left out"
        return {}, (*told, _changed("tool_choice", reason, "none", None))
    fields: dict[str, Any] = {"tools": tools}
    if call.tool_choice is not None:
        choice, more = _choice(name, quirks, call.model, call.tool_choice, thinks=thinks)
        fields |= choice
        told += more
    if call.parallel_tool_calls is not None:
        refused = quirks.unsupported.get("parallel_tool_calls")
        if refused is None:
            key = quirks.renames.get("parallel_tool_calls", "parallel_tool_calls")
            fields[key] = call.parallel_tool_calls
        else:
            told += (_dropped("parallel_tool_calls", refused, call.parallel_tool_calls),)
    return fields, told


def _tools(
    name: str, quirks: Quirks, call: ResolvedRequest
) -> tuple[list[dict[str, Any]], tuple[Adaptation, ...]]:
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        if isinstance(tool, NativeTool):
            if tool.provider == name:
                wire.append(tool.json)
            else:
                told.append(_dropped(f"tools/{place}", f"it is a tool of {tool.provider}'s own"))
            continue
        wire.append({"type": "function", "function": _function(quirks, tool)})
        if tool.strict and not quirks.tool_strict:
            reason = f"it is not known that {name} keeps tools to their schemas"
            told.append(_dropped(f"tools/{place}/strict", reason, True))
    return wire, tuple(told)


def _function(quirks: Quirks, tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    if tool.strict is not None and quirks.tool_strict:
        function["strict"] = tool.strict
    return function


def _choice(name: str, quirks: Quirks, model: str, choice: ToolChoice, *, thinks: bool) -> Fields:
    """`tool_choice`, in the service's own word; a choice that it does not take is left to the model."""
    asked = "named" if isinstance(choice, NamedToolChoice) else choice
    shown = choice.name if isinstance(choice, NamedToolChoice) else choice
    forced = asked in ("named", "required")
    if forced and thinks and not quirks.forced_tool_with_reasoning:
        reason = f"{model} cannot be made to call a tool while it reasons"
        return {}, (_dropped("tool_choice", reason, shown),)
    word = quirks.tool_choice_values.get(asked)
    if word is None:
        if not forced:
            return {}, ()  # auto is what happens anyway
        taken = " or ".join(quirks.tool_choice_values) or "none at all"
        return {}, (_dropped("tool_choice", f"{name} takes {taken} here", shown),)
    if isinstance(choice, NamedToolChoice):
        return {"tool_choice": {"type": "function", "function": {"name": choice.name}}}, ()
    if word == asked:
        return {"tool_choice": word}, ()
    told = Adaptation(
        field="tool_choice",
        action="renamed",
        reason=f"{name} calls it {word}",
        before=asked,
        after=word,
    )
    return {"tool_choice": word}, (told,)


def _dropped(field: str, reason: str, before: Any = None) -> Adaptation:
    return Adaptation(field=field, action="dropped", reason=reason, before=before)


def _changed(field: str, reason: str, before: Any, after: Any) -> Adaptation:
    return Adaptation(field=field, action="changed", reason=reason, before=before, after=after)
