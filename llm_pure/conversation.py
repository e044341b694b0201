"""What users have -> messages: strings, Message values, {"role", "content"} mappings, and lists of these.

Mappings may be in OpenAI's shape (content parts, `tool_calls`, role "tool") or in Anthropic's (content blocks). What
cannot be read is an InvalidRequest that names its place, such as `messages/1/content/0/type`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from llm_pure.codec import DECODE_FAULTS, ENCODE_FAULTS, json_text
from llm_pure.errors import InvalidRequest
from llm_pure.media import from_base64, from_data_url
from llm_pure.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
    user,
)
from llm_pure.request import MessagesInput
from llm_pure.result import Failure, Parsed, Success

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


class _Unreadable(Exception):  # never leaves this file: `read_messages` turns it into a value
    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def read_messages(given: MessagesInput) -> Parsed[tuple[Message, ...]]:
    """The messages, in order.

    >>> read_messages(["Hi", {"role": "assistant", "content": "Hello"}]).unwrap()[1].text
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
    except _Unreadable as fault:
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
        raise _Unreadable(path, f"a message is a string, a Message or a mapping, not {_name(turn)}")
    word = turn.get("role")
    role = _ROLES.get(word) if isinstance(word, str) else None
    if role is None:
        raise _Unreadable(f"{path}/role", f"{word!r} is no role; known are {', '.join(_ROLES)}")
    name = _optional(turn, "name", path)
    content = turn.get("content")
    if role == "tool" and "tool_call_id" not in turn and _is_whole(content):
        return Message("tool", _parts(content, f"{path}/content"), name)
    if role == "tool":
        call_id = _string(turn, "tool_call_id", path, default=name or "")
        return Message("tool", (_tool_result(turn, call_id, name, path),))
    spoken = (*_before(turn, path), *_parts(content, f"{path}/content"), *_after(turn, path))
    if role == "user" and spoken and all(type(part) is ToolResult for part in spoken):
        return Message("tool", spoken)
    return Message(role, spoken, name)


def _before(turn: Mapping[str, Any], path: str) -> tuple[Part, ...]:
    """Reasoning, which stands beside the content in OpenAI-shaped mappings and comes first."""
    for key in ("reasoning_content", "reasoning", "thinking"):
        if turn.get(key):
            return (Reasoning(_string(turn, key, path)),)
    return ()


def _after(turn: Mapping[str, Any], path: str) -> tuple[Part, ...]:
    refusal = turn.get("refusal")
    calls = turn.get("tool_calls") or ()
    if not isinstance(calls, Iterable) or isinstance(calls, str | Mapping):
        raise _Unreadable(f"{path}/tool_calls", f"tool calls are a list, not {_name(calls)}")
    return (
        *((Refusal(str(refusal)),) if refusal else ()),
        *[_tool_call(call, f"{path}/tool_calls/{i}") for i, call in enumerate(calls)],
    )


def _tool_call(call: object, path: str) -> ToolCall:
    if isinstance(call, ToolCall):
        return call
    if not isinstance(call, Mapping):
        raise _Unreadable(path, f"a tool call is a mapping, not {_name(call)}")
    function = call.get("function") or call.get("custom") or call
    if not isinstance(function, Mapping):
        raise _Unreadable(f"{path}/function", f"it is a mapping, not {_name(function)}")
    arguments = function.get("arguments", function.get("input"))
    return ToolCall(
        _string(call, "id", path, default=""),
        _string(function, "name", f"{path}/function"),
        _json(arguments, f"{path}/function/arguments", arguments_text),
    )


def arguments_text(arguments: object) -> str:
    """A tool call's arguments as text, whichever way a service sent them: text, an object, null or nothing."""
    if isinstance(arguments, str):
        return arguments or "{}"
    return "{}" if arguments is None else json_text(arguments)


def _tool_result(item: Mapping[str, Any], call_id: str, name: str | None, path: str) -> ToolResult:
    shown: list[ToolResultContent] = []
    for place, part in enumerate(_parts(item.get("content"), f"{path}/content")):
        if isinstance(part, Reasoning | ToolCall | ToolResult | Refusal):
            raise _Unreadable(f"{path}/content/{place}", f"a tool cannot answer with {_name(part)}")
        shown.append(part)
    return ToolResult(
        tool_call_id=call_id,
        content=tuple(shown),
        name=name,
        is_error=bool(item.get("is_error")),
    )


def _parts(content: object, path: str) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if isinstance(content, Mapping) or not isinstance(content, Iterable):
        raise _Unreadable(path, f"content is a string or a list of parts, not {_name(content)}")
    return tuple([_part(item, f"{path}/{i}") for i, item in enumerate(content)])


def _part(item: object, path: str) -> Part:
    if isinstance(item, Part):
        return item
    if isinstance(item, str):
        return Text(item)
    if not isinstance(item, Mapping):
        raise _Unreadable(path, f"a part is a string, a part value or a mapping, not {_name(item)}")
    kind = item.get("type")
    read = _PART_READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        known = ", ".join(_PART_READERS)
        raise _Unreadable(f"{path}/type", f"{kind!r} is no type of part; known are {known}")
    return read(item, path)


def _text(item: Mapping[str, Any], path: str) -> Part:
    return Text(_string(item, "text", path))


def _refusal(item: Mapping[str, Any], path: str) -> Part:
    return Refusal(_string(item, "refusal", path))


def _image_url(item: Mapping[str, Any], path: str) -> Part:
    given = item.get("image_url")
    place = given if isinstance(given, Mapping) else {"url": given}
    url = _string(place, "url", f"{path}/image_url")
    detail = _optional(place, "detail", f"{path}/image_url") or _optional(item, "detail", path)
    data, media_type, link = _located(url, f"{path}/image_url/url")
    return Image(data=data, url=link, media_type=media_type, detail=detail)


def _input_audio(item: Mapping[str, Any], path: str) -> Part:
    audio = item.get("input_audio")
    if not isinstance(audio, Mapping):
        raise _Unreadable(f"{path}/input_audio", f"it is a mapping, not {_name(audio)}")
    text = _string(audio, "data", f"{path}/input_audio")
    data, media_type, _ = (
        _located(text, f"{path}/input_audio/data")
        if text.startswith("data:")
        else (_bytes(text, f"{path}/input_audio/data"), None, None)
    )
    form = _optional(audio, "format", f"{path}/input_audio")
    told = {"mp3": "audio/mpeg"}.get(form, f"audio/{form}") if form else None
    return Audio(data=data, media_type=media_type or told)


def _file(item: Mapping[str, Any], path: str) -> Part:
    file = item.get("file", item)
    if not isinstance(file, Mapping):
        raise _Unreadable(f"{path}/file", f"it is a mapping, not {_name(file)}")
    name = _optional(file, "filename", f"{path}/file")
    if file.get("file_id"):
        return Document(file_id=_string(file, "file_id", f"{path}/file"), name=name)
    key = "file_url" if file.get("file_url") else "file_data"
    data, media_type, link = _located(_string(file, key, f"{path}/file"), f"{path}/file/{key}")
    return Document(data=data, url=link, media_type=media_type, name=name)


def _source(item: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The fields of Anthropic's `source` object."""
    source = item.get("source")
    if not isinstance(source, Mapping):
        raise _Unreadable(f"{path}/source", f"a source is a mapping, not {_name(source)}")
    match source.get("type"):
        case "base64":
            data = _bytes(_string(source, "data", f"{path}/source"), f"{path}/source/data")
            return {"data": data, "media_type": _optional(source, "media_type", f"{path}/source")}
        case "text":
            text = _string(source, "data", f"{path}/source")
            return {"data": text.encode("utf-8", "replace"), "media_type": "text/plain"}
        case "url":
            return {"url": _string(source, "url", f"{path}/source")}
        case "file":
            return {"file_id": _string(source, "file_id", f"{path}/source")}
        case other:
            raise _Unreadable(f"{path}/source/type", f"{other!r} is no kind of source")


def _image(item: Mapping[str, Any], path: str) -> Part:
    return Image(**_source(item, path))


def _document(item: Mapping[str, Any], path: str) -> Part:
    return Document(**_source(item, path), name=_optional(item, "title", path))


def _thinking(item: Mapping[str, Any], path: str) -> Part:
    return Reasoning(_string(item, "thinking", path), _optional(item, "signature", path))


def _redacted_thinking(item: Mapping[str, Any], path: str) -> Part:
    return Opaque("anthropic", "redacted_thinking", _json(dict(item), path, json_text))


def _tool_use(item: Mapping[str, Any], path: str) -> Part:
    return ToolCall(
        _string(item, "id", path),
        _string(item, "name", path),
        _json(item.get("input"), f"{path}/input", arguments_text),
    )


def _tool_result_block(item: Mapping[str, Any], path: str) -> Part:
    return _tool_result(item, _string(item, "tool_use_id", path), None, path)


def _is_whole(content: object) -> bool:
    return isinstance(content, list) and all(
        isinstance(item, Mapping) and item.get("type") == "llm_pure" for item in content
    )


def _whole(item: Mapping[str, Any], path: str) -> Part:
    """A part as `transcript.to_openai` writes what OpenAI's shape has no word for."""
    try:
        return msgspec.convert(item.get("part"), Part)  # type: ignore[no-any-return]
    except DECODE_FAULTS as fault:
        raise _Unreadable(f"{path}/part", f"this is no part of a message: {fault}") from fault


_PART_READERS: Mapping[str, Callable[[Mapping[str, Any], str], Part]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "refusal": _refusal,
    "image_url": _image_url,
    "input_image": _image_url,
    "input_audio": _input_audio,
    "file": _file,
    "input_file": _file,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted_thinking,
    "tool_use": _tool_use,
    "tool_result": _tool_result_block,
    "llm_pure": _whole,
}


def _located(url: str, path: str) -> tuple[bytes | None, str | None, str | None]:
    """(bytes, media type, None) of a data URL; (None, None, the URL) of any other."""
    if not url.startswith("data:"):
        return None, None, url
    found = from_data_url(url)
    if found is None:
        raise _Unreadable(path, "this data: URL is not base64, or it is damaged")
    return found[0], found[1], None


def _bytes(text: str, path: str) -> bytes:
    data = from_base64(text)
    if data is None:
        raise _Unreadable(path, "this is not base64")
    return data


def _string(item: Mapping[str, Any], key: str, path: str, default: str | None = None) -> str:
    value = item.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise _Unreadable(f"{path}/{key}", f"{key} is a string, not {_name(value)}")
    return value


def _optional(item: Mapping[str, Any], key: str, path: str) -> str | None:
    return None if item.get(key) is None else _string(item, key, path)


def _json(value: object, path: str, write: Callable[[object], str]) -> str:
    try:
        return write(value)
    except ENCODE_FAULTS as fault:
        raise _Unreadable(path, f"this is not JSON: {fault}") from fault


def _name(value: object) -> str:
    return "missing" if value is None else type(value).__name__
