"""Parse a message in one of the field's formats: OpenAI's (content parts, `tool_calls`, role "tool"), Anthropic's (content blocks), Ollama's.

An invalid value is an InvalidRequest with its path, such as `messages/1/content/0/type`; so is an unknown key, which would be
lost. Metadata of a response (`usage`, `stop_reason` ...) is ignored.
"""

from collections.abc import Callable, Mapping

from llm_pure.chat.part_input import (
    CACHE_KEYS,
    Fields,
    fields_of,
    from_base64_at,
    invalid,
    read_parts,
    read_result,
    to_json_text,
)
from llm_pure.framing.json_codec import arguments_text
from llm_pure.types.completion import Completion
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import (
    Audio,
    Image,
    Message,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Role,
    ToolCall,
    ToolResult,
)
from llm_pure.types.result import is_series, type_name

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
_KEYS = (
    "role", "content", "name", "reasoning_content", "reasoning", "thinking", "reasoning_details", "extra_content", "thought_signature",
    "images", "audio", "refusal", "tool_calls", "function_call", "tool_call_id", "tool_name", "is_error", "tool_plan",
    "cache_control", "prefix", "partial", "phase",
)  # fmt: skip
"""The keys of a message."""

_IGNORED_KEYS = (
    "id", "type", "object", "model", "status", "created", "created_at", "index", "annotations", "stop_reason",
    "stop_sequence", "stop_details", "finish_reason", "usage", "container", "context_management", "logprobs",
)  # fmt: skip
"""Metadata in a response that the user kept as a mapping; no service accepts it as input."""

MESSAGE_KEYS = frozenset({*_KEYS, *_IGNORED_KEYS})
"""The keys that a message may have."""


def read_mapping(turn: object, path: str) -> Message:
    """Return the message of a mapping. Raises Rejected with InvalidRequest, for any other value too."""
    if not isinstance(turn, Mapping):
        hint = "; its `message` is one" if isinstance(turn, Completion) else ""
        invalid(path, f"a message is a string, a Message or a mapping, not {type_name(turn)}{hint}")
    role_name, content = turn.get("role"), turn.get("content")
    fields = Fields(turn, path)
    if role_name is None and ("type" in turn or "id" in turn):
        from llm_pure.chat.item_input import read_item  # imported late: start-up

        return read_item(turn, path)
    role = _ROLES.get(role_name) if isinstance(role_name, str) else None
    if role is None:
        invalid(f"{path}/role", f"unknown role {role_name!r}; known: {', '.join(_ROLES)}")
    _reject_unknown(fields)
    name = fields.optional_text("name")
    cache = fields.cache_mark()
    if role == "tool" and "tool_call_id" not in turn and _is_exported(content):
        return Message("tool", read_parts(content, f"{path}/content"), name, cache=cache)
    if role == "tool":
        name = name or fields.optional_text("tool_name")
        call_id = fields.text("tool_call_id", default=name or "")
        return Message("tool", (read_result(fields, call_id, name),), cache=cache)
    parts = [*_reasoning(fields), *read_parts(content, f"{path}/content")]
    for key, read in _AFTER_CONTENT.items():
        if turn.get(key) is not None:
            parts += read(fields)
    if role == "user" and parts and all(type(part) is ToolResult for part in parts):
        return Message("tool", tuple(parts), cache=cache)
    if role == "assistant" and ("phase" in turn or _has_output(content)):
        from llm_pure.chat.item_input import of_item  # imported late: start-up

        parts = of_item(fields, parts)
    prefix = bool(turn.get("prefix") or turn.get("partial"))
    return Message(role, tuple(parts), name, prefix, cache)


def _has_output(content: object) -> bool:
    """Whether this is the content of an item of the Responses API."""
    return isinstance(content, list) and any(
        isinstance(item, Mapping) and item.get("type") == "output_text" for item in content
    )


def _reject_unknown(fields: Fields) -> None:
    for key, value in fields.values.items():
        is_empty = value is None or value == [] or value == {}
        if key not in _KEYS and key not in _IGNORED_KEYS and not is_empty:
            invalid(f"{fields.path}/{key}", f"unknown key of a message; known: {', '.join(_KEYS)}")


def _is_exported(content: object) -> bool:
    return isinstance(content, list) and all(
        isinstance(item, Mapping) and item.get("type") == "llm_pure" for item in content
    )


def _reasoning(fields: Fields) -> tuple[Part, ...]:
    """Reasoning is beside the content in OpenAI's format, and comes before it.

    Its signature is replayed to the service that sent it: OpenRouter, or Gemini behind OpenAI's API.
    """
    is_openrouter = bool(fields.get("reasoning_details"))
    keys = ("reasoning_details",) if is_openrouter else ("extra_content", "thought_signature")
    signatures = {key: fields.get(key) for key in keys if fields.get(key)}
    metadata = Fields(signatures, fields.path).metadata("openrouter" if is_openrouter else "openai")
    if fields.get("tool_plan"):  # Cohere's
        plan = ProviderMetadata("cohere", '{"type":"tool_plan"}')
        return (Reasoning(fields.text("tool_plan"), provider_metadata=plan),)
    for key in ("reasoning_content", "reasoning", "thinking"):
        if fields.get(key):
            return (Reasoning(fields.text(key), provider_metadata=metadata),)
    return () if metadata is None else (Reasoning("", provider_metadata=metadata),)


def _images(fields: Fields) -> list[Part]:
    """Ollama's images: a list of base64 beside the content."""
    images, path = fields.get("images"), f"{fields.path}/images"
    if not isinstance(images, list | tuple):
        invalid(path, f"images are a list, not {type_name(images)}")
    return [Image(data=from_base64_at(text, f"{path}/{i}")) for i, text in enumerate(images)]


def _audio(fields: Fields) -> list[Part]:
    """OpenAI's audio output: {id, data?, transcript?, expires_at?}."""
    audio = fields.mapping("audio")
    data = audio.base64("data") if audio.optional_text("data") else None
    return [
        Audio(
            data=data,
            file_id=audio.text("id"),
            media_type=media_type_of(data) if data else None,
            transcript=audio.optional_text("transcript"),
            provider_metadata=audio.metadata("openai", "id", "data", "transcript"),
        )
    ]


def _refusal(fields: Fields) -> list[Part]:
    text = fields.text("refusal")
    return [Refusal(text)] if text else []


def _tool_calls(fields: Fields) -> list[Part]:
    calls, path = fields.get("tool_calls") or (), f"{fields.path}/tool_calls"
    if not is_series(calls):
        invalid(path, f"tool calls are a list, not {type_name(calls)}")
    return [_tool_call(call, f"{path}/{i}") for i, call in enumerate(calls)]


def _tool_call(value: object, path: str) -> ToolCall:
    if isinstance(value, ToolCall):
        return value
    call = fields_of(value, path)
    key = next((key for key in ("function", "custom") if call.get(key)), "")
    if key:
        function = call.mapping(key)
        function.reject_unknown("name", "arguments", "input", "description")
    else:
        function = call
    arguments = function.values.get("arguments", function.get("input"))
    modelled = ("id", "index", "function", "custom", "name", "arguments", "input", *CACHE_KEYS)
    kind = () if call.get("type") == "custom" else ("type",)
    metadata = call.metadata("openai", *modelled, *kind)
    if key == "custom" and metadata is None:
        metadata = Fields({"type": "custom"}, path).metadata("openai")
    return ToolCall(
        call.text("id", default=""),
        Fields(function.values, f"{path}/function").text("name"),
        to_json_text(arguments, f"{path}/function/arguments", arguments_text),
        metadata,
        call.cache_mark(),
    )


def _function_call(fields: Fields) -> list[Part]:
    """OpenAI's legacy format: one call per message, without an id."""
    call = fields.mapping("function_call")
    name = call.text("name")
    arguments = to_json_text(call.get("arguments"), f"{call.path}/arguments", arguments_text)
    return [ToolCall(name, name, arguments)]


_AFTER_CONTENT: Mapping[str, Callable[[Fields], list[Part]]] = {
    "images": _images,
    "audio": _audio,
    "refusal": _refusal,
    "tool_calls": _tool_calls,
    "function_call": _function_call,
}
"""Key beside `content` -> reader of its parts, which follow those of the content in this order."""
