"""OpenAI's custom tools, whose input is a text, as functions with one text for services that have functions only, and back.

Sources: openai 3.57.0 (types/responses/custom_tool_param.py); ../shared/gateway.md 3.1 (models wrap the text of such a tool in JSON,
code fences and here-documents), read 2026-11-29.
"""

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import any_json, json_object, json_text
from llm_pure.types.messages import Message, Part, ToolCall
from llm_pure.types.request import NativeTool, Tool

_KINDS = frozenset({"custom", "custom_tool_call"})
_INPUT = "input"
_FENCE = re.compile(r"\s*```[^\n`]*\n(.*?)\n?```\s*", re.DOTALL)
_HERE_DOCUMENT = re.compile(
    r"\s*+\S+[ \t]*<<-?[ \t]*(['\"]?)(?P<end>\w++)\1[ \t]*\r?\n(?P<text>.*\n)(?P=end)\s*", re.DOTALL
)
_KEEPERS = {
    "openai_chat": frozenset({"openai", "azure"}),
    "openai_responses": frozenset({"openai_responses", "azure_responses"}),
}
"""Dialect -> the providers that have custom tools."""


def converts_custom_tools(received: ReceivedRequest) -> bool:
    """Whether the upstream has no custom tools of the client's dialect."""
    provider = received.upstream_provider
    return bool(provider) and provider not in _KEEPERS.get(received.dialect, ())


def custom_names(received: ReceivedRequest) -> frozenset[str]:
    """The names of the custom tools in a request."""
    return frozenset(
        {
            str(_fields(tool).get("name"))
            for tool in received.chat.tools
            if isinstance(tool, NativeTool) and _is_custom(tool)
        }
    )


def functions_for_custom_tools(
    tools: Sequence[Any], adaptations: list[Adaptation]
) -> tuple[Any, ...]:
    """The tools, with a function in the place of each custom tool."""
    converted: list[Any] = []
    for index, tool in enumerate(tools):
        if not isinstance(tool, NativeTool) or not _is_custom(tool):
            converted.append(tool)
            continue
        reason = "the upstream has no custom tools: a function with one text takes its place"
        adaptations.append(Adaptation(field=f"tools/{index}", action="rewritten", reason=reason))
        converted.append(_function(_fields(tool)))
    return tuple(converted)


def with_function_calls(message: Message) -> Message:
    """The message, with calls of functions in the place of those of custom tools."""
    parts = [_function_call(part) for part in message.parts]
    is_same = all(part is before for part, before in zip(parts, message.parts, strict=True))
    return message if is_same else replace(message, parts=tuple(parts))


def text_of_arguments(arguments: str) -> str:
    r"""The text that a model means as the input of a custom tool: without JSON, a code fence or a here-document around it.

    >>> text_of_arguments('{"input":"*** Begin Patch\\n"}')
    '*** Begin Patch\n'
    >>> text_of_arguments("```diff\n*** Begin Patch\n```")
    '*** Begin Patch'
    >>> text_of_arguments("apply_patch <<'EOF'\n*** Begin Patch\nEOF\n")
    '*** Begin Patch\n'
    """
    value = any_json(arguments.encode("utf-8", "replace"))
    text = arguments
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        value = value[-1]  # a command with its arguments
    if isinstance(value, str):
        text = value
    fence = _FENCE.fullmatch(text)
    text = fence[1] if fence else text
    document = _HERE_DOCUMENT.fullmatch(text)
    return document["text"] if document else text


def _is_custom(tool: NativeTool) -> bool:
    return tool.json.get("type") == "custom"


def _fields(tool: NativeTool) -> dict[str, Any]:
    """The fields of a custom tool; chat completions have them in an object of their own."""
    inner = tool.json.get("custom")
    return inner if isinstance(inner, dict) else tool.json


def _function(fields: dict[str, Any]) -> Tool:
    texts = [fields["description"]] if isinstance(fields.get("description"), str) else []
    form = fields.get("format")
    grammar = form.get("grammar", form) if isinstance(form, dict) else {}
    grammar = grammar if isinstance(grammar, dict) else {}
    if isinstance(grammar.get("definition"), str):
        syntax = grammar.get("syntax") or "this"
        texts.append(f"The input matches this grammar ({syntax}):\n{grammar['definition']}")
    schema = {
        "type": "object",
        "properties": {_INPUT: {"type": "string", "description": "The input, as plain text."}},
        "required": [_INPUT],
        "additionalProperties": False,
    }
    return Tool(
        name=str(fields.get("name")), description="\n\n".join(texts) or None, parameters=schema
    )


def _function_call(part: Part) -> Part:
    metadata = part.provider_metadata if isinstance(part, ToolCall) else None
    if not isinstance(part, ToolCall) or metadata is None:
        return part
    if (json_object(metadata.json) or {}).get("type") not in _KINDS:
        return part
    return replace(part, arguments=json_text({_INPUT: part.arguments}), provider_metadata=None)
