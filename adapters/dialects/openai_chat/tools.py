"""Tools and the choice among them -> `tools`, `tool_choice`, `parallel_tool_calls`."""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import (
    changed,
    dropped,
    dropped_tool_mark,
    renamed,
)
from llm_pure.adapters.dialects.common.message_encoder import mark_fields
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice
from llm_pure.core.service import Service
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import AllowedTools, NamedToolChoice, NativeTool, Tool

JsonObject = dict[str, Any]


def encode_tools(
    service: Service[Quirks],
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    reasoning: bool,
) -> JsonObject:
    """The fields about tools. The quirks are those for the model. `reasoning`: the model reasons in this call."""
    name, quirks = service.name, service.quirks
    if not resolved.tools:
        if resolved.tool_choice is not None:
            adaptations += dropped_tool_choice(resolved)
        return {}
    if "tools" in quirks.unsupported:
        adaptations.append(dropped("tools", quirks.unsupported["tools"]))
        return {}
    tools = _tools(service, resolved, adaptations)
    if not tools:
        adaptations += dropped_tool_choice(resolved)
        return {}
    if quirks.max_tools is not None and len(tools) > quirks.max_tools:
        message = f"{name} takes at most {quirks.max_tools} tools, not {len(tools)}"
        raise Rejected(InvalidRequest(message=message, param="tools", provider=name))
    if resolved.tool_choice == "none" and "none" not in quirks.tool_choice_values:
        reason = f"{name} has no tool_choice none; the tools are not sent"
        adaptations.append(changed("tool_choice", reason, "none"))
        return {}
    fields: JsonObject = {"tools": tools, **quirks.tools_extra_fields}
    fields |= _tool_choice(service, resolved, adaptations, reasoning=reasoning)
    parallel = resolved.parallel_tool_calls
    if parallel is not None:
        unsupported = quirks.unsupported.get("parallel_tool_calls")
        if unsupported is None:
            fields[quirks.renames.get("parallel_tool_calls", "parallel_tool_calls")] = parallel
        else:
            adaptations.append(dropped("parallel_tool_calls", unsupported, parallel))
    return fields


def _tools(
    service: Service[Quirks], resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> list[JsonObject]:
    name = service.name
    not_strict = _why_not_strict(service, resolved)
    encoded: list[JsonObject] = []
    for index, tool in enumerate(resolved.tools):
        if isinstance(tool, NativeTool):
            if tool.provider == name:
                encoded.append(tool.json)
            else:
                reason = f"it is a native tool of {tool.provider}"
                adaptations.append(dropped(f"tools/{index}", reason))
            continue
        encoded.append({"type": "function", "function": _function(tool, not not_strict)})
        if tool.cache is not None:
            marks = service.quirks.turns.cache_marks
            if marks is not None and marks.tools:
                encoded[-1] |= mark_fields(tool.cache)
            else:
                adaptations.append(dropped_tool_mark(index, name))
        if tool.strict and not_strict:
            adaptations.append(dropped(f"tools/{index}/strict", not_strict, True))
    return encoded


def _why_not_strict(service: Service[Quirks], resolved: ResolvedRequest) -> str:
    """The reason why no tool has the field `strict`, "" if they have it."""
    if not service.quirks.tool_strict:
        return f"it is not known that {service.name} supports strict tools"
    if service.quirks.mixed_strict:
        return ""
    are_strict = {bool(tool.strict) for tool in resolved.tools if isinstance(tool, Tool)}
    return f"at {service.name} all tools are strict, or none" if len(are_strict) > 1 else ""


def _function(tool: Tool, tool_strict: bool) -> JsonObject:
    function: JsonObject = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    if tool.strict is not None and tool_strict:
        function["strict"] = tool.strict
    return function


def _tool_choice(
    service: Service[Quirks],
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    reasoning: bool,
) -> JsonObject:
    """`tool_choice`, under the provider's own name. An unsupported choice is not sent: the model decides."""
    choice, values = resolved.tool_choice, service.quirks.tool_choice_values
    if choice is None or isinstance(choice, AllowedTools):  # request.py encodes allowed tools
        return {}
    kind = "named" if isinstance(choice, NamedToolChoice) else choice
    shown = choice.name if isinstance(choice, NamedToolChoice) else choice
    forced = kind in ("named", "required")
    if forced and reasoning and not service.quirks.forced_tool_with_reasoning:
        reason = f"{resolved.model} does not support a forced tool call while it reasons"
        adaptations.append(dropped("tool_choice", reason, shown))
        return {}
    value = values.get(kind)
    if value is None:
        if forced:  # auto is the default
            supported = " or ".join(values) or "no tool_choice"
            reason = f"{service.name} supports {supported}"
            adaptations.append(dropped("tool_choice", reason, shown))
        return {}
    if isinstance(choice, NamedToolChoice):
        return {"tool_choice": {"type": "function", "function": {"name": choice.name}}}
    if value != kind:
        reason = f"{service.name} calls it {value}"
        adaptations.append(renamed("tool_choice", reason, kind, value))
    return {"tool_choice": value}
