"""Tools, the choice among them, and the answer's format.

Source: anthropic 2.11.0 (types/tool_param.py, tool_choice_param.py, output_config_param.py), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.framing.json_codec import json_text
from llm_pure.schema.fit import SchemaProfiles
from llm_pure.schema.profiles import ANTHROPIC_NATIVE
from llm_pure.types.request import (
    JsonFormat,
    JsonSchema,
    NamedToolChoice,
    NativeTool,
    SchemaFormat,
    Tool,
)


def wire_tools(
    name: str, quirks: Quirks, rule: ModelProfile, call: ResolvedRequest
) -> tuple[list[dict[str, Any]], tuple[Adaptation, ...]]:
    """Tools as {name, description?, input_schema, strict?}; the provider's own ones as they are."""
    wire: list[dict[str, Any]] = []
    told: list[Adaptation] = []
    for place, tool in enumerate(call.tools):
        field = f"tools/{place}"
        if isinstance(tool, NativeTool):
            if quirks.knows(tool.provider, name):
                wire.append(tool.json)
            else:
                reason = f"it is a tool of {tool.provider}'s own"
                told.append(Adaptation(field=field, action="dropped", reason=reason))
            continue
        wire.append(_tool(tool, strict=bool(rule.traits.get("schema"))))
        if tool.strict and not rule.traits.get("schema"):
            reason = f"{call.model} has no strict tools"
            told.append(Adaptation(field=f"{field}/strict", action="dropped", reason=reason))
    return wire, tuple(told)


def _tool(tool: Tool, *, strict: bool) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    wire["input_schema"] = {"type": "object", **tool.parameters}
    if tool.strict and strict:
        wire["strict"] = True
    return wire


def wire_tool_choice(
    rule: ModelProfile, call: ResolvedRequest, *, thinks_by_budget: bool
) -> tuple[dict[str, Any] | None, tuple[Adaptation, ...]]:
    """`tool_choice`, None when nothing is to be said. A forced choice gives way where the model refuses it."""
    wire: dict[str, Any] | None = None
    told: tuple[Adaptation, ...] = ()
    match call.tool_choice:
        case NamedToolChoice(name=wanted):
            wire = {"type": "tool", "name": wanted}
        case "required":
            wire = {"type": "any"}
        case "auto" | "none":
            wire = {"type": call.tool_choice}
        case _:
            pass
    if wire is not None and wire["type"] in ("any", "tool"):
        why = None
        if rule.traits.get("forced_tools") is False:
            why = f"{call.model} cannot be made to call a tool"
        elif thinks_by_budget:
            why = "no model can be made to call a tool while it thinks with a budget"
        if why is not None:
            told = (
                Adaptation(
                    field="tool_choice",
                    action="changed",
                    reason=why,
                    before=wire.get("name", "required"),
                    after="auto",
                ),
            )
            wire = {"type": "auto"}
    if call.parallel_tool_calls is False and (wire is None or wire["type"] != "none"):
        wire = {**(wire or {"type": "auto"}), "disable_parallel_tool_use": True}
    return wire, told


def schema_rules(rule: ModelProfile) -> SchemaProfiles:
    """What schemas must look like for a model that takes them natively; elsewhere they are told in words."""
    return _NATIVE if rule.traits.get("schema") else SchemaProfiles()


_NATIVE = SchemaProfiles(strict_tools=ANTHROPIC_NATIVE, answers=ANTHROPIC_NATIVE)


def wire_format(
    rule: ModelProfile, call: ResolvedRequest, schema_error: str = ""
) -> tuple[dict[str, Any] | None, str | None, tuple[Adaptation, ...]]:
    """(`output_config.format`, an instruction for `system`, what was changed); of the first two one at most.

    A schema goes natively where the model takes it, unless it cannot be written so (`schema_error`, the reason). Elsewhere, and
    for "some JSON", the model is told so in words: the answer stays text, as users of a response format expect, and a
    forced tool would make it a tool call.
    """
    wanted = call.response_format
    if wanted is None:
        return None, None, ()
    if isinstance(wanted, SchemaFormat) and rule.traits.get("schema") and not schema_error:
        return {"type": "json_schema", "schema": _described(wanted)}, None, ()
    words = "Answer with one JSON value and nothing else: no words around it, no code fence."
    if isinstance(wanted, JsonFormat):
        reason = "the API only has formats with a schema; the model is told to answer with JSON"
    else:
        lack = schema_error or f"{call.model} has no schema format"
        reason = f"{lack}; the model is told to follow the schema"
        words += f" It must be valid under this JSON Schema:\n{json_text(_described(wanted))}"
    told = Adaptation(field="response_format", action="changed", reason=reason)
    return None, words, (told,)


def _described(wanted: SchemaFormat) -> JsonSchema:
    if wanted.description is None or "description" in wanted.schema:
        return wanted.schema
    return {**wanted.schema, "description": wanted.description}
