"""Tools and the tool choice -> Converse's toolConfig.

Source: botocore 1.44.5 (ToolConfiguration); that a history with calls needs toolConfig: the service's own message "The
toolConfig field must be defined when using toolUse and toolResult content blocks"; the choice of none and of one call
at a time: pydantic-ai-slim 2.68.0 models/bedrock.py; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.tools import encode_tool_choice
from llm_pure.adapters.dialects.bedrock_converse.turns import cache_point, turn_rules
from llm_pure.adapters.dialects.common.adaptations import changed, dropped, dropped_tool_mark
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.resolved_request import ResolvedRequest, dropped_tool_choice
from llm_pure.core.service import AnyService
from llm_pure.schema.profiles import ANTHROPIC_NATIVE, CONVERSE, SchemaProfiles
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import Tool


def schema_profiles(profile: ModelProfile) -> SchemaProfiles:
    """The schema profiles of a model; for models without native schemas the schema goes into an instruction as it is."""
    tools = profile.traits.get("tool_schemas", CONVERSE)
    if profile.traits.get("schema", True) is False:
        return SchemaProfiles(tools=tools)
    return SchemaProfiles(tools=tools, strict_tools=ANTHROPIC_NATIVE, responses=ANTHROPIC_NATIVE)


class ToolFields(msgspec.Struct, frozen=True):
    """The tools of a request as they are sent."""

    config: dict[str, Any] = {}
    """`toolConfig`."""
    vendor_fields: dict[str, Any] = {}
    """Fields for `additionalModelRequestFields`."""


def encode_tools(
    service: AnyService,
    profile: ModelProfile,
    resolved: ResolvedRequest,
    called: Mapping[str, dict[str, Any]],
    adaptations: list[Adaptation],
    *,
    refuses_forced_calls: bool = False,
) -> ToolFields:
    """`called`: tools that the history calls, by name; the service requires them where the request offers no tools.

    `refuses_forced_calls`: Claude thinks, and cannot be forced to call a tool.
    """
    if resolved.tools and profile.traits.get("tools", True) is False:
        adaptations.append(dropped("tools", f"{resolved.model} calls no tools"))
        resolved = msgspec.structs.replace(resolved, tools=(), tool_choice=None)
    if (
        (resolved.tools or called)
        and resolved.stream
        and profile.traits.get("stream_tools", True) is False
    ):
        message = f"{resolved.model} calls no tools in streams; set stream=False"
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature="stream"))
    offered = _offered(service, profile, resolved, adaptations)
    tool_choice_key = profile.traits.get("tool_choice_key")
    if not offered:
        adaptations += dropped_tool_choice(resolved)
        if not called:
            return ToolFields()
    if resolved.tool_choice == "none" and not called and tool_choice_key is None:
        reason = "Converse has no choice of none; the tools are left out"
        adaptations.append(changed("tool_choice", reason))
        return ToolFields()
    config: dict[str, Any] = {"tools": offered or list(called.values())}
    if not offered or resolved.tool_choice == "none":
        # no calls are requested, but the history calls tools, and Converse has no choice of none
        if tool_choice_key is not None:
            return ToolFields(config, {tool_choice_key: {"type": "none"}})
        field = "tool_choice" if resolved.tool_choice == "none" else "tools"
        reason = "the service requires the tools that the history calls, so the model may call them again"
        adaptations.append(changed(field, reason))
        return ToolFields(config)
    choice = encode_tool_choice(
        profile, resolved, adaptations, refuses_forced_calls=refuses_forced_calls
    )
    if choice is not None and "disable_parallel_tool_use" in choice:
        if tool_choice_key is not None:
            return ToolFields(config, {tool_choice_key: choice})
        adaptations.append(dropped("parallel_tool_calls", "Converse has no field for it"))
    if choice is not None and resolved.tool_choice is not None:
        kind = choice["type"]
        config["toolChoice"] = {kind: {"name": choice["name"]} if kind == "tool" else {}}
    return ToolFields(config)


def _offered(
    service: AnyService,
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
) -> list[dict[str, Any]]:
    encoded: list[dict[str, Any]] = []
    for index, tool in enumerate(resolved.tools):
        path = f"tools/{index}"
        if isinstance(tool, Tool):
            strict = bool(tool.strict and profile.traits.get("schema", True))
            encoded.append({"toolSpec": _specification(tool, strict=strict)})
            if tool.cache is not None:
                marks = turn_rules(profile).cache_marks
                if marks is not None and marks.tools:
                    encoded.append(cache_point(tool.cache))
                else:
                    adaptations.append(dropped_tool_mark(index, resolved.model))
            if tool.strict and not strict:
                adaptations.append(
                    dropped(f"{path}/strict", f"{resolved.model} has no strict tools")
                )
        elif tool.provider == service.name:
            encoded.append(tool.json)
        else:
            adaptations.append(dropped(path, f"it is a native tool of {tool.provider}"))
    return encoded


def _specification(tool: Tool, *, strict: bool) -> dict[str, Any]:
    encoded: dict[str, Any] = {"name": tool.name}
    if tool.description:  # an empty one is rejected
        encoded["description"] = tool.description
    encoded["inputSchema"] = {"json": tool.parameters}
    if strict:
        encoded["strict"] = True
    return encoded
