"""Tools and the choice among them -> Converse's toolConfig.

Source: botocore 1.44.5 (ToolConfiguration); that a history with calls needs toolConfig: the service's own message "The
toolConfig field must be defined when using toolUse and toolResult content blocks"; the choice of none and of one call
at a time: pydantic-ai-slim 2.68.0 models/bedrock.py; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.tools import encode_tool_choice
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice
from llm_pure.schema.fit import SchemaProfiles
from llm_pure.schema.profiles import ANTHROPIC_NATIVE
from llm_pure.types.request import Tool


def schema_rules(rule: ModelProfile) -> SchemaProfiles:
    """What schemas must look like for a model that takes them natively; elsewhere they are told in words."""
    tools = rule.traits.get("tool_schemas")
    if rule.traits.get("schema", True) is False:
        return SchemaProfiles(tools=tools)
    return SchemaProfiles(tools=tools, strict_tools=ANTHROPIC_NATIVE, answers=ANTHROPIC_NATIVE)


class ToolFields(msgspec.Struct, frozen=True, kw_only=True):
    """config: toolConfig, empty when there is none. more: additionalModelRequestFields."""

    config: dict[str, Any] = {}
    more: dict[str, Any] = {}
    adaptations: tuple[Adaptation, ...] = ()


def tool_fields(
    name: str,
    rule: ModelProfile,
    call: ResolvedRequest,
    called: tuple[dict[str, Any], ...],
    *,
    by_budget: bool = False,
) -> ToolFields:
    """called: the tools that the history calls; the service wants them declared where the request offers none.

    by_budget: Claude thinks with a budget, and cannot be made to call a tool then.
    """
    offered, told = _offered(name, rule, call)
    if not offered:
        told += dropped_tool_choice(call)
    if not offered and not called:
        return ToolFields(adaptations=told)
    if call.tool_choice == "none" and not called and "choice_at" not in rule.traits:
        reason = "Converse has no choice of none; the tools are left out"
        return ToolFields(adaptations=(*told, _told("tool_choice", "changed", reason)))
    if not offered or call.tool_choice == "none":
        return _without_calls(rule, call, offered or list(called), told)
    config: dict[str, Any] = {"tools": offered}
    changed: list[Adaptation] = []
    choice = encode_tool_choice(rule, call, changed, thinks_by_budget=by_budget)
    told += tuple(changed)
    if choice is not None and "disable_parallel_tool_use" in choice:
        if "choice_at" in rule.traits:
            return ToolFields(
                config=config, more={rule.traits["choice_at"]: choice}, adaptations=told
            )
        told += (_told("parallel_tool_calls", "dropped", "Converse has no field for it"),)
    if choice is not None and call.tool_choice is not None:
        kind = choice["type"]
        config["toolChoice"] = {kind: {"name": choice["name"]} if kind == "tool" else {}}
    return ToolFields(config=config, adaptations=told)


def _offered(
    name: str, rule: ModelProfile, call: ResolvedRequest
) -> tuple[list[dict[str, Any]], tuple[Adaptation, ...]]:
    wire: list[dict[str, Any]] = []
    told: tuple[Adaptation, ...] = ()
    for place, tool in enumerate(call.tools):
        if isinstance(tool, Tool):
            strict = tool.strict and rule.traits.get("schema", True)
            wire.append({"toolSpec": _specification(tool, strict=bool(strict))})
            if tool.strict and not strict:
                reason = f"{call.model} has no strict tools"
                told += (_told(f"tools/{place}/strict", "dropped", reason),)
        elif tool.provider == name:
            wire.append(tool.json)
        else:
            reason = f"it is a tool of {tool.provider}'s own"
            told += (_told(f"tools/{place}", "dropped", reason),)
    return wire, told


def _specification(tool: Tool, *, strict: bool) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description:  # an empty one is refused
        wire["description"] = tool.description
    wire["inputSchema"] = {"json": tool.parameters}
    if strict:
        wire["strict"] = True
    return wire


def _without_calls(
    rule: ModelProfile,
    call: ResolvedRequest,
    tools: list[dict[str, Any]],
    told: tuple[Adaptation, ...],
) -> ToolFields:
    """No more calls are wanted, and toolConfig must be there, as the history calls tools: Converse has no "none"."""
    if "choice_at" in rule.traits:
        more = {rule.traits["choice_at"]: {"type": "none"}}
        return ToolFields(config={"tools": tools}, more=more, adaptations=told)
    field = "tool_choice" if call.tool_choice == "none" else "tools"
    reason = "the service wants the tools that the history calls, so the model may call them again"
    return ToolFields(config={"tools": tools}, adaptations=(*told, _told(field, "changed", reason)))


def _told(field: str, action: Any, reason: str) -> Adaptation:
    return Adaptation(field=field, action=action, reason=reason)
