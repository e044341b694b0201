"""Read the input items of OpenAI's Responses API: mappings with a `type` and no role.

Calls, results, reasoning and messages become parts; all other items are kept as Opaque and sent back unchanged, to the
Responses API only. Source: openai 3.57.0 types/responses/response_input_item_param.py, read 2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.chat.part_input import (
    Fields,
    invalid,
    read_result,
    to_json_text,
)
from llm_pure.framing.json_codec import arguments_text
from llm_pure.types.messages import (
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
)

PROVIDER = "openai_responses"

_OPAQUE: Mapping[str, Role] = {
    **dict.fromkeys(
        (
            "file_search_call", "computer_call", "web_search_call", "tool_search_call", "image_generation_call",
            "code_interpreter_call", "local_shell_call", "shell_call", "apply_patch_call", "mcp_list_tools",
            "mcp_approval_request", "mcp_call", "compaction", "program",
        ),
        "assistant",
    ),
    **dict.fromkeys(
        (
            "computer_call_output", "tool_search_output", "additional_tools", "configuration_update", "local_shell_call_output",
            "shell_call_output", "apply_patch_call_output", "mcp_approval_response", "compaction_trigger", "item_reference",
            "program_output",
        ),
        "user",
    ),
}  # fmt: skip
"""Type of item -> the role of the message that it becomes."""

ITEM_TYPES = (
    "function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output", "reasoning", *_OPAQUE,
)  # fmt: skip
"""The types of items that are no messages."""


def read_item(item: Mapping[str, object], path: str) -> Message:
    """Return the item as a message of one part. Rejects an unknown type."""
    fields = Fields(item, path)
    kind: Any = item.get("type")
    if kind is None and "id" in item:
        kind = "item_reference"
    match kind:
        case "function_call" | "custom_tool_call":
            return Message("assistant", (_call(fields, kind),))
        case "function_call_output" | "custom_tool_call_output":
            metadata = fields.metadata(PROVIDER, "type", "call_id", "output", "name")
            output = Fields({"content": fields.get("output")}, path)
            name = fields.optional_text("name")
            return Message("tool", (read_result(output, fields.text("call_id"), name, metadata),))
        case "reasoning":
            return Message("assistant", (_reasoning(fields),))
        case str() if kind in _OPAQUE:
            return Message(_OPAQUE[kind], (Opaque(PROVIDER, kind, to_json_text(dict(item), path)),))
        case _:
            known = ", ".join(ITEM_TYPES)
            invalid(f"{path}/type", f"unknown type {kind!r} of item, and no role; known: {known}")


def of_item(fields: Fields, parts: list[Part]) -> list[Part]:
    """The parts of an assistant's message, with the id and phase of its item, so that they are sent back."""
    item = {key: fields.get(key) for key in ("id", "status", "phase") if fields.get(key)}
    if not item:
        return parts
    metadata = ProviderMetadata(PROVIDER, to_json_text({"item": item}, fields.path))
    return [
        type(part)(part.text, metadata)
        if isinstance(part, Text | Refusal) and part.provider_metadata is None
        else part
        for part in parts
    ]


def _call(fields: Fields, kind: str) -> ToolCall:
    is_custom = kind == "custom_tool_call"
    key = "input" if is_custom else "arguments"
    metadata = fields.metadata(PROVIDER, *(() if is_custom else ("type",)), "call_id", "name", key)
    text = to_json_text(fields.get(key), f"{fields.path}/{key}", arguments_text)
    return ToolCall(fields.text("call_id"), fields.text("name"), text, metadata)


def _reasoning(fields: Fields) -> Reasoning:
    texts: list[str] = []
    for key in ("content", "summary"):
        listed = fields.get(key) or ()
        if not isinstance(listed, list | tuple):
            invalid(f"{fields.path}/{key}", "reasoning is a list of texts")
        for index, part in enumerate(listed):
            text = part.get("text") if isinstance(part, Mapping) else None
            if not isinstance(text, str):
                invalid(f"{fields.path}/{key}/{index}", "reasoning is a list of texts")
            texts.append(text)
    metadata = fields.metadata(PROVIDER, "type", "encrypted_content")
    signature = fields.optional_text("encrypted_content")
    return Reasoning("\n\n".join(texts), signature, metadata or ProviderMetadata(PROVIDER))
