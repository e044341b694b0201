"""Tools, the tool choice, and the response format.

Source: anthropic 2.11.0 (types/tool_param.py, tool_choice_param.py, output_config_param.py), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks, understands
from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.message_encoder import mark_fields
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import json_text
from llm_pure.schema.profiles import ANTHROPIC, ANTHROPIC_NATIVE, SchemaProfiles
from llm_pure.types.request import (
    JsonFormat,
    JsonSchema,
    NamedToolChoice,
    NativeTool,
    SchemaFormat,
    Tool,
)


def encode_tools(
    service: Service[Quirks],
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
) -> list[dict[str, Any]]:
    """Tools as {name, description?, input_schema, strict?}; native tools of the provider as they are."""
    encoded: list[dict[str, Any]] = []
    has_strict = bool(profile.traits.get("schema"))
    for index, tool in enumerate(resolved.tools):
        path = f"tools/{index}"
        if not isinstance(tool, NativeTool):
            encoded.append({**_tool(tool, strict=has_strict), **mark_fields(tool.cache)})
            if tool.strict and not has_strict:
                adaptations.append(
                    dropped(f"{path}/strict", f"{resolved.model} has no strict tools")
                )
        elif understands(service, tool.provider):
            encoded.append(tool.json)
        else:
            adaptations.append(dropped(path, f"it is a native tool of {tool.provider}"))
    return encoded


def _tool(tool: Tool, *, strict: bool) -> dict[str, Any]:
    encoded: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        encoded["description"] = tool.description
    encoded["input_schema"] = tool.parameters
    if tool.strict and strict:
        encoded["strict"] = True
    return encoded


def encode_tool_choice(
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    *,
    refuses_forced_calls: bool,
) -> dict[str, Any] | None:
    """`tool_choice`, None if nothing needs to be sent. A forced choice becomes "auto" where the model rejects it."""
    choice: dict[str, Any] | None = None
    match resolved.tool_choice:
        case NamedToolChoice(name=name):
            choice = {"type": "tool", "name": name}
        case "required":
            choice = {"type": "any"}
        case "auto" | "none":
            choice = {"type": resolved.tool_choice}
        case _:
            pass
    if choice is not None and choice["type"] in ("any", "tool"):
        reason = None
        if profile.traits.get("forced_tools") is False:
            reason = f"{resolved.model} cannot be forced to call a tool"
        elif refuses_forced_calls:
            reason = f"{resolved.model} cannot be forced to call a tool while it thinks"
        if reason is not None:
            before = choice.get("name", "required")
            adaptations.append(changed("tool_choice", reason, before, "auto"))
            choice = {"type": "auto"}
    if resolved.parallel_tool_calls is False and (choice is None or choice["type"] != "none"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    return choice


_NATIVE = SchemaProfiles(tools=ANTHROPIC, strict_tools=ANTHROPIC_NATIVE, responses=ANTHROPIC_NATIVE)
_PLAIN = SchemaProfiles(tools=ANTHROPIC)


def schema_profiles(profile: ModelProfile) -> SchemaProfiles:
    """The schema profiles of a model with native schemas; for others the schema goes into an instruction as it is."""
    return _NATIVE if profile.traits.get("schema") else _PLAIN


def encode_format(
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
    schema_error: str = "",
) -> tuple[dict[str, Any] | None, str | None]:
    """(`output_config.format`, an instruction for `system`); at least one of the two is None.

    A schema is sent natively if the model supports that, unless it cannot be translated (`schema_error`, the reason).
    Otherwise, and for JSON without a schema, an instruction asks for it: the response stays text, as users of a response
    format expect; a forced tool would make it a tool call.
    """
    requested = resolved.response_format
    if requested is None:
        return None, None
    if isinstance(requested, SchemaFormat) and profile.traits.get("schema") and not schema_error:
        return {"type": "json_schema", "schema": _described(requested)}, None
    instruction = "Answer with one JSON value and nothing else: no words around it, no code fence."
    if isinstance(requested, JsonFormat):
        reason = "the API only has formats with a schema; an instruction asks for JSON"
    else:
        cause = schema_error or f"{resolved.model} has no schema format"
        reason = f"{cause}; an instruction asks to follow the schema"
        schema = json_text(_described(requested))
        instruction += f" It must be valid under this JSON Schema:\n{schema}"
    adaptations.append(changed("response_format", reason))
    return None, instruction


def _described(requested: SchemaFormat) -> JsonSchema:
    if requested.description is None or "description" in requested.schema:
        return requested.schema
    return {**requested.schema, "description": requested.description}
