"""Tools that the service runs itself: which calls these are, and the events of their code, arguments, commands and outputs.

Such a call is no ToolCall, since the caller has nothing to run: it becomes one Opaque part when its item is complete. Until
then each event is an extra field under its own type, which goes when the part has come.
Source: openai-python 3.57.0 (types/responses), vercel/ai packages/xai/src/responses; read 2026-11-29.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.open_items import Item, PartText, join_lists


class HostedEvent(msgspec.Struct, frozen=True):
    """An event of a call that the service runs."""

    item: str
    """Type of its item."""
    field: str
    """The field with the text, or with the outputs."""
    part: str = "hosted"
    final: bool = False
    """The text is complete."""


HOSTED_EVENTS: Mapping[str, HostedEvent] = {
    "response.code_interpreter_call_code.delta": HostedEvent("code_interpreter_call", "delta"),
    "response.code_interpreter_call_code.done": HostedEvent(
        "code_interpreter_call", "code", final=True
    ),
    "response.mcp_call_arguments.delta": HostedEvent("mcp_call", "delta"),
    "response.mcp_call_arguments.done": HostedEvent("mcp_call", "arguments", final=True),
    "response.shell_call_command.added": HostedEvent("shell_call", "command"),
    "response.shell_call_command.delta": HostedEvent("shell_call", "delta"),
    "response.shell_call_command.done": HostedEvent("shell_call", "command", final=True),
    "response.shell_call_output_content.delta": HostedEvent("shell_call_output", "delta"),
    "response.shell_call_output_content.done": HostedEvent(
        "shell_call_output", "output", "output", final=True
    ),
    "response.apply_patch_call_operation_diff.delta": HostedEvent("apply_patch_call", "delta"),
    "response.apply_patch_call_operation_diff.done": HostedEvent(
        "apply_patch_call", "diff", final=True
    ),
    "response.custom_tool_call_input.delta": HostedEvent("custom_tool_call", "delta"),
    "response.custom_tool_call_input.done": HostedEvent("custom_tool_call", "input", final=True),
}

PARTIAL_IMAGE = "response.image_generation_call.partial_image"
AUDIO_EVENTS: Mapping[str, str] = {
    "response.audio.delta": "data",
    "response.audio.transcript.delta": "transcript",
}
"""Type of an event of the spoken answer -> what it has more of."""

PROGRESS_FIELDS = frozenset(
    {
        "type", "sequence_number", "item_id", "output_index", "summary_index", "obfuscation", "agent", "event_id",
        "response_id", "part", "content_index",
    }
)  # fmt: skip
_PROGRESS = re.compile(
    r"response\.(\w+_(call|list_tools)|compaction)\.(in_progress|searching|interpreting|generating|compacting|completed|failed)"
    r"|response\.reasoning_summary_part\.added|response\.reasoning_part\.(added|done)|response\.audio\.(transcript\.)?done"
)
"""Types of events that report that work goes on, or repeat others. vLLM has `reasoning_part` (vllm#30192, read 2026-11-30)."""


def event_fields(raw: wire.JsonObject) -> wire.JsonObject:
    """The fields of an event that are more than its position in the stream."""
    without = ("type", "sequence_number", "obfuscation")
    return {key: value for key, value in raw.items() if key not in without and value is not None}


def is_progress(kind: str) -> bool:
    """Return whether events of this type have nothing of their own; their further fields are unknown ones."""
    return _PROGRESS.fullmatch(kind) is not None


X_SEARCH_NAMES = frozenset(
    {"x_user_search", "x_keyword_search", "x_semantic_search", "x_thread_fetch"}
)
"""Names under which xAI's x_search calls its own tools, as items of custom tools."""
_XAI_TOOLS = frozenset(
    {"x_search", "code_execution", "view_image", "view_x_video", "collections_search"}
)
"""Types of tools that xAI alone has."""


class DeclaredTools(msgspec.Struct, frozen=True):
    """What the response repeats of the request's tools."""

    custom: frozenset[str] = frozenset()
    """Names of the caller's custom tools."""
    of_xai: bool = False
    """There are tools that xAI runs itself."""


def declared_tools(raw: wire.JsonObject, before: DeclaredTools) -> DeclaredTools:
    """The tools that a response object repeats; those before, if it has none."""
    tools = raw.get("tools")
    if not isinstance(tools, list) or not tools:
        return before
    known = [tool for tool in tools if isinstance(tool, dict)]
    nested = [tool.get("tools") for tool in known if tool.get("type") == "namespace"]
    for inner in nested:
        known += (
            [tool for tool in inner if isinstance(tool, dict)] if isinstance(inner, list) else []
        )
    return DeclaredTools(
        frozenset([str(tool.get("name")) for tool in known if tool.get("type") == "custom"]),
        any(str(tool.get("type")) in _XAI_TOOLS for tool in known),
    )


def is_hosted(raw: wire.JsonObject, tools: DeclaredTools) -> bool:
    """Return whether a call of a custom tool is one that the service runs: xAI calls its own tools in this way."""
    name = str(raw.get("name"))
    if raw.get("type") != "custom_tool_call" or name in tools.custom:
        return False
    return tools.of_xai or name in X_SEARCH_NAMES


def complete_hosted(item: Item, raw: wire.JsonObject) -> wire.JsonObject:
    """The item with what its events had and it has not."""
    match item.kind:
        case "code_interpreter_call":
            return _with_text(item, raw, "code")
        case "mcp_call":
            return _with_text(item, raw, "arguments")
        case "custom_tool_call":
            return _with_text(item, raw, "input")
        case "apply_patch_call" if isinstance(operation := raw.get("operation"), dict):
            return {**raw, "operation": _with_text(item, operation, "diff")}
        case "shell_call":
            action = raw.get("action")
            commands = [part.text for _, part in _parts(item, "hosted")]
            if commands and (not isinstance(action, dict) or not action.get("commands")):
                known = action if isinstance(action, dict) else {}
                return {**raw, "action": {**known, "commands": commands}}
        case "shell_call_output" if not raw.get("output"):
            outputs = _outputs(item)
            return {**raw, "output": outputs} if outputs else raw
    return raw


def _with_text(item: Item, raw: wire.JsonObject, field: str) -> wire.JsonObject:
    text = item.part(("hosted", 0)).text
    return {**raw, field: text} if text and not raw.get(field) else raw


def _outputs(item: Item) -> list[Any]:
    """The outputs of the commands: the complete ones, else the streams as far as they came."""
    complete = [value for _, part in _parts(item, "output") for value in join_lists(part.values)]
    if complete:
        return complete
    streams: dict[int, dict[str, str]] = {}
    for kind in ("stdout", "stderr"):
        for index, part in _parts(item, kind):
            streams.setdefault(index, {})[kind] = part.text
    return [streams[index] for index in sorted(streams)]


def _parts(item: Item, kind: str) -> list[tuple[int, PartText]]:
    return sorted([(key[1], part) for key, part in item.texts(kind)], key=lambda entry: entry[0])
