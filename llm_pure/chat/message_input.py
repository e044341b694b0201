"""What users have -> messages: strings, Message values, {"role", "content"} mappings, and lists of these.

Mappings may be in OpenAI's shape (content parts, `tool_calls`, role "tool") or in Anthropic's (content blocks). What
cannot be read is an InvalidRequest that names its place, such as `messages/1/content/0/type`; so is a key that would be
lost. What a service's answer says of itself (`usage`, `stop_reason` ...) is passed over.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from llm_pure.chat.part_input import (
    InvalidMessage,
    arguments_text,
    as_json,
    as_optional_str,
    as_str,
    metadata_from,
    read_parts,
    read_result,
    reject_unknown_keys,
    type_name,
)
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import (
    Audio,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    ToolCall,
    ToolResult,
    user,
)
from llm_pure.types.request import MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success

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
    "images", "audio", "refusal", "tool_calls", "function_call", "tool_call_id", "tool_name", "is_error",
)  # fmt: skip
"""What a message may say."""

_OF_ANSWERS = (
    "id", "type", "object", "model", "status", "created", "created_at", "index", "annotations", "stop_reason",
    "stop_sequence", "stop_details", "finish_reason", "usage", "container", "context_management", "logprobs",
)  # fmt: skip
"""What an answer that is kept as a mapping says of itself, and no service wants back."""


def parse_messages(given: MessagesInput) -> LLMResult[tuple[Message, ...]]:
    """The messages, in order.

    >>> parse_messages(["Hi", {"role": "assistant", "content": "Hello"}]).unwrap()[1].text
    'Hello'
    """
    turns: Iterable[object]
    if isinstance(given, str | Message | Mapping):
        turns = (given,)
    elif isinstance(given, Iterable):
        turns = given
    else:
        return Failure(
            InvalidRequest(
                message=f"messages must be a string, a message or a list, not {type(given).__name__}",
                param="messages",
            )
        )
    try:
        messages = tuple([_message(turn, f"messages/{i}") for i, turn in enumerate(turns)])
    except InvalidMessage as fault:
        return Failure(InvalidRequest(message=str(fault), param=fault.path))
    if not messages:
        return Failure(InvalidRequest(message="there is no message to send", param="messages"))
    return Success(messages)


def _message(turn: object, path: str) -> Message:
    if isinstance(turn, Message):
        return turn
    if isinstance(turn, str):
        return user(turn)
    if not isinstance(turn, Mapping):
        what = f"a message is a string, a Message or a mapping, not {type_name(turn)}"
        raise InvalidMessage(path, what)
    word = turn.get("role")
    role = _ROLES.get(word) if isinstance(word, str) else None
    if role is None:
        raise InvalidMessage(f"{path}/role", f"{word!r} is no role; known are {', '.join(_ROLES)}")
    _refuse_unknown(turn, path)
    name = as_optional_str(turn, "name", path)
    content = turn.get("content")
    if role == "tool" and "tool_call_id" not in turn and _is_whole(content):
        return Message("tool", read_parts(content, f"{path}/content"), name)
    if role == "tool":
        name = name or as_optional_str(turn, "tool_name", path)
        call_id = as_str(turn, "tool_call_id", path, default=name or "")
        return Message("tool", (read_result(turn, call_id, name, path),))
    spoken = (
        *_thoughts(turn, path),
        *read_parts(content, f"{path}/content"),
        *_after(turn, path),
    )
    if role == "user" and spoken and all(type(part) is ToolResult for part in spoken):
        return Message("tool", spoken)
    return Message(role, spoken, name)


def _refuse_unknown(turn: Mapping[str, Any], path: str) -> None:
    for key, value in turn.items():
        nothing = value is None or value == [] or value == {}
        if key not in _KEYS and key not in _OF_ANSWERS and not nothing:
            what = f"a message has no such key; known are {', '.join(_KEYS)}"
            raise InvalidMessage(f"{path}/{key}", what)


def _some(turn: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: turn[key] for key in keys if turn.get(key)}


def _thoughts(turn: Mapping[str, Any], path: str) -> tuple[Part, ...]:
    """Reasoning, which stands beside the content in OpenAI-shaped mappings and comes first.

    The proof of it goes back to who gave it: OpenRouter, or Gemini behind OpenAI's API.
    """
    details, signed = (
        turn.get("reasoning_details"),
        _some(turn, "extra_content", "thought_signature"),
    )
    kept = {"reasoning_details": details} if details else signed
    provider_metadata = metadata_from(kept, path, "openrouter" if details else "openai")
    for key in ("reasoning_content", "reasoning", "thinking"):
        if turn.get(key):
            return (Reasoning(as_str(turn, key, path), provider_metadata=provider_metadata),)
    return (
        (Reasoning("", provider_metadata=provider_metadata),)
        if provider_metadata is not None
        else ()
    )


def _after(turn: Mapping[str, Any], path: str) -> tuple[Part, ...]:
    refusal = as_optional_str(turn, "refusal", path)
    calls = turn.get("tool_calls") or ()
    if not isinstance(calls, Iterable) or isinstance(calls, str | Mapping):
        raise InvalidMessage(f"{path}/tool_calls", f"tool calls are a list, not {type_name(calls)}")
    return (
        *_pictures(turn.get("images"), f"{path}/images"),
        *_sound(turn.get("audio"), f"{path}/audio"),
        *((Refusal(refusal),) if refusal else ()),
        *[_tool_call(call, f"{path}/tool_calls/{i}") for i, call in enumerate(calls)],
        *_function_call(turn.get("function_call"), f"{path}/function_call"),
    )


def _pictures(images: object, path: str) -> tuple[Part, ...]:
    """Ollama's: bare base64, beside the words."""
    if images is None:
        return ()
    if not isinstance(images, list | tuple):
        raise InvalidMessage(path, f"pictures are a list, not {type_name(images)}")
    found = []
    for place, text in enumerate(images):
        data = from_base64(text) if isinstance(text, str) else text
        if not isinstance(data, bytes):
            raise InvalidMessage(f"{path}/{place}", "this is not base64")
        found.append(Image(data=data))
    return tuple(found)


def _sound(audio: object, path: str) -> tuple[Part, ...]:
    """What the model said aloud: {id, data?, transcript?, expires_at?}."""
    if audio is None:
        return ()
    if not isinstance(audio, Mapping):
        raise InvalidMessage(path, f"it is a mapping, not {type_name(audio)}")
    text = as_optional_str(audio, "data", path)
    data = from_base64(text) if text else None
    if text and data is None:
        raise InvalidMessage(f"{path}/data", "this is not base64")
    return (
        Audio(
            data=data,
            file_id=as_str(audio, "id", path),
            media_type=media_type_of(data) if data else None,
            transcript=as_optional_str(audio, "transcript", path),
            provider_metadata=metadata_from(audio, path, "openai", "id", "data", "transcript"),
        ),
    )


def _function_call(call: object, path: str) -> tuple[Part, ...]:
    """OpenAI's calls before there were several in a turn, and before they had ids."""
    if call is None:
        return ()
    if not isinstance(call, Mapping):
        raise InvalidMessage(path, f"it is a mapping, not {type_name(call)}")
    name = as_str(call, "name", path)
    arguments = as_json(call.get("arguments"), f"{path}/arguments", arguments_text)
    return (ToolCall(name, name, arguments),)


def _tool_call(call: object, path: str) -> ToolCall:
    if isinstance(call, ToolCall):
        return call
    if not isinstance(call, Mapping):
        raise InvalidMessage(path, f"a tool call is a mapping, not {type_name(call)}")
    key = "function" if call.get("function") else "custom" if call.get("custom") else ""
    function = call[key] if key else call
    if not isinstance(function, Mapping):
        raise InvalidMessage(f"{path}/{key}", f"it is a mapping, not {type_name(function)}")
    if key:
        reject_unknown_keys(function, f"{path}/{key}", "name", "arguments", "input", "description")
    arguments = function.get("arguments", function.get("input"))
    said = ("id", "index", "function", "custom", "name", "arguments", "input")
    kind = () if call.get("type") == "custom" else ("type",)
    provider_metadata = metadata_from(call, path, "openai", *said, *kind)
    if key == "custom" and provider_metadata is None:
        provider_metadata = metadata_from({"type": "custom"}, path, "openai")
    return ToolCall(
        as_str(call, "id", path, default=""),
        as_str(function, "name", f"{path}/function"),
        as_json(arguments, f"{path}/function/arguments", arguments_text),
        provider_metadata,
    )


def _is_whole(content: object) -> bool:
    return isinstance(content, list) and all(
        isinstance(item, Mapping) and item.get("type") == "llm_pure" for item in content
    )


__all__ = ["arguments_text", "parse_messages"]
