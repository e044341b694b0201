"""One part of a message, out of a mapping in OpenAI's or Anthropic's shape.

Keys that are not modelled ride along in the part's Echo, so that they go back where they came from: Anthropic's
`cache_control` and `citations`, say. Blocks of Anthropic's own tools stay whole, as Opaque.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from llm_pure.codec import DECODE_FAULTS, ENCODE_FAULTS, json_text
from llm_pure.media import from_base64, from_data_url
from llm_pure.messages import (
    Audio,
    Document,
    Echo,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
)


class Unreadable(Exception):
    """Something has no meaning here. Never leaves `read_messages`, which turns it into a value."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def read_parts(content: object, path: str) -> tuple[Part, ...]:
    """A string, or a list of strings, mappings and part values."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if isinstance(content, Mapping | bytes) or not isinstance(content, Iterable):
        raise Unreadable(path, f"content is a string or a list of parts, not {name_of(content)}")
    return tuple([_part(item, f"{path}/{i}") for i, item in enumerate(content)])


def read_result(
    item: Mapping[str, Any], call_id: str, name: str | None, path: str, echo: Echo | None = None
) -> ToolResult:
    """What a tool answered, by the `content` and `is_error` of a mapping."""
    shown: list[ToolResultContent] = []
    for place, part in enumerate(read_parts(item.get("content"), f"{path}/content")):
        if isinstance(part, Reasoning | ToolCall | ToolResult | Refusal):
            what = f"a tool cannot answer with {name_of(part)}"
            raise Unreadable(f"{path}/content/{place}", what)
        shown.append(part)
    return ToolResult(
        tool_call_id=call_id,
        content=tuple(shown),
        name=name,
        is_error=bool(item.get("is_error")),
        echo=echo,
    )


def arguments_text(arguments: object) -> str:
    """A tool call's arguments as text, whichever way a service sent them: text, an object, null or nothing."""
    if isinstance(arguments, str):
        return arguments or "{}"
    return "{}" if arguments is None else json_text(arguments)


def string(item: Mapping[str, Any], key: str, path: str, default: str | None = None) -> str:
    """The text under a key; default: where there is none."""
    value = item.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise Unreadable(f"{path}/{key}", f"{key} is a string, not {name_of(value)}")
    return value


def optional(item: Mapping[str, Any], key: str, path: str) -> str | None:
    """The text under a key, None where there is none."""
    return None if item.get(key) is None else string(item, key, path)


def json_of(value: object, path: str, write: Callable[[object], str] = json_text) -> str:
    """The value as JSON text."""
    try:
        return write(value)
    except ENCODE_FAULTS as fault:
        raise Unreadable(path, f"this is not JSON: {fault}") from fault


def name_of(value: object) -> str:
    """What it is, for a message."""
    return "missing" if value is None else type(value).__name__


def echo_of(item: Mapping[str, Any], path: str, provider: str, *known: str) -> Echo | None:
    """The keys that are not known, for the provider that they are meant for."""
    rest = {key: value for key, value in item.items() if key not in known and value is not None}
    if not rest:
        return None
    return Echo(provider, json_of(rest, f"{path}/{next(iter(rest))}"))


def _part(item: object, path: str) -> Part:
    if isinstance(item, Part):
        return item
    if isinstance(item, str):
        return Text(item)
    if not isinstance(item, Mapping):
        what = f"a part is a string, a part value or a mapping, not {name_of(item)}"
        raise Unreadable(path, what)
    kind = item.get("type")
    if isinstance(kind, str) and kind in _ANTHROPICS_OWN:
        return Opaque("anthropic", kind, json_of(dict(item), path))
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        known = ", ".join(_READERS)
        raise Unreadable(f"{path}/type", f"{kind!r} is no type of part; known are {known}")
    return read(item, path)


def _text(item: Mapping[str, Any], path: str) -> Part:
    echo = echo_of(item, path, "anthropic", "type", "text", "annotations", "logprobs")
    return Text(string(item, "text", path), echo)


def _refusal(item: Mapping[str, Any], path: str) -> Part:
    return Refusal(string(item, "refusal", path), echo_of(item, path, "openai", "type", "refusal"))


def _image_url(item: Mapping[str, Any], path: str) -> Part:
    given = item.get("image_url")
    detail = optional(item, "detail", path)
    echo = echo_of(item, path, "openai", "type", "image_url", "detail", "file_id")
    file_id = optional(item, "file_id", path)
    if given is None and file_id is not None:
        return Image(file_id=file_id, detail=detail, echo=echo)
    place = given if isinstance(given, Mapping) else {"url": given}
    only(place, f"{path}/image_url", "url", "detail")
    url = string(place, "url", f"{path}/image_url")
    data, media_type, link = _located(url, f"{path}/image_url/url")
    return Image(
        data=data,
        url=link,
        media_type=media_type,
        detail=optional(place, "detail", f"{path}/image_url") or detail,
        echo=echo,
    )


def _input_audio(item: Mapping[str, Any], path: str) -> Part:
    audio = item.get("input_audio")
    if not isinstance(audio, Mapping):
        raise Unreadable(f"{path}/input_audio", f"it is a mapping, not {name_of(audio)}")
    only(audio, f"{path}/input_audio", "data", "format")
    text = string(audio, "data", f"{path}/input_audio")
    data, media_type, _ = (
        _located(text, f"{path}/input_audio/data")
        if text.startswith("data:")
        else (_bytes(text, f"{path}/input_audio/data"), None, None)
    )
    form = optional(audio, "format", f"{path}/input_audio")
    told = {"mp3": "audio/mpeg"}.get(form, f"audio/{form}") if form else None
    echo = echo_of(item, path, "openai", "type", "input_audio")
    return Audio(data=data, media_type=media_type or told, echo=echo)


_OF_FILES = ("file_id", "file_data", "file_url", "filename")


def _file(item: Mapping[str, Any], path: str) -> Part:
    file = item.get("file", item)
    if not isinstance(file, Mapping):
        raise Unreadable(f"{path}/file", f"it is a mapping, not {name_of(file)}")
    if file is not item:
        only(file, f"{path}/file", *_OF_FILES)
    echo = echo_of(item, path, "openai", "type", "file", *_OF_FILES)
    name = optional(file, "filename", f"{path}/file")
    if file.get("file_id"):
        return Document(file_id=string(file, "file_id", f"{path}/file"), name=name, echo=echo)
    key = "file_url" if file.get("file_url") else "file_data"
    data, media_type, link = _located(string(file, key, f"{path}/file"), f"{path}/file/{key}")
    return Document(data=data, url=link, media_type=media_type, name=name, echo=echo)


_SOURCES: Mapping[str, tuple[str, ...]] = {
    "base64": ("data", "media_type"),
    "text": ("data", "media_type"),
    "url": ("url",),
    "file": ("file_id",),
}
"""Anthropic's kinds of source, and the keys of each."""


def _source(item: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The fields of Anthropic's `source` object."""
    source = item.get("source")
    if not isinstance(source, Mapping):
        raise Unreadable(f"{path}/source", f"a source is a mapping, not {name_of(source)}")
    kind = source.get("type")
    keys = _SOURCES.get(kind) if isinstance(kind, str) else None
    if keys is None:
        raise Unreadable(f"{path}/source/type", f"{kind!r} is no kind of source")
    only(source, f"{path}/source", "type", *keys)
    match kind:
        case "base64":
            data = _bytes(string(source, "data", f"{path}/source"), f"{path}/source/data")
            return {"data": data, "media_type": optional(source, "media_type", f"{path}/source")}
        case "text":
            text = string(source, "data", f"{path}/source")
            return {"data": text.encode("utf-8", "replace"), "media_type": "text/plain"}
        case _:
            return {keys[0]: string(source, keys[0], f"{path}/source")}


def _image(item: Mapping[str, Any], path: str) -> Part:
    return Image(**_source(item, path), echo=echo_of(item, path, "anthropic", "type", "source"))


def _document(item: Mapping[str, Any], path: str) -> Part:
    echo = echo_of(item, path, "anthropic", "type", "source", "title")
    return Document(**_source(item, path), name=optional(item, "title", path), echo=echo)


def _thinking(item: Mapping[str, Any], path: str) -> Part:
    echo = echo_of(item, path, "anthropic", "type", "thinking", "signature")
    thoughts = item.get("thinking")
    if isinstance(thoughts, list):  # Mistral's: a list of text parts
        parts = read_parts(thoughts, f"{path}/thinking")
        odd = [place for place, part in enumerate(parts) if not isinstance(part, Text)]
        if odd:
            raise Unreadable(f"{path}/thinking/{odd[0]}", "thoughts are text")
        text = "".join([part.text for part in parts if isinstance(part, Text)])
    else:
        text = string(item, "thinking", path)
    return Reasoning(text, optional(item, "signature", path), echo)


def _tool_use(item: Mapping[str, Any], path: str) -> Part:
    return ToolCall(
        string(item, "id", path),
        string(item, "name", path),
        json_of(item.get("input"), f"{path}/input", arguments_text),
        echo_of(item, path, "anthropic", "type", "id", "name", "input"),
    )


def _tool_result(item: Mapping[str, Any], path: str) -> Part:
    echo = echo_of(item, path, "anthropic", "type", "tool_use_id", "content", "is_error")
    return read_result(item, string(item, "tool_use_id", path), None, path, echo)


def _whole(item: Mapping[str, Any], path: str) -> Part:
    """A part as `transcript.to_openai` writes what OpenAI's shape has no word for."""
    try:
        return msgspec.convert(item.get("part"), Part)  # type: ignore[no-any-return]
    except DECODE_FAULTS as fault:
        raise Unreadable(f"{path}/part", f"this is no part of a message: {fault}") from fault


_READERS: Mapping[str, Callable[[Mapping[str, Any], str], Part]] = {
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
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "llm_pure": _whole,
}
_ANTHROPICS_OWN = frozenset(
    [
        "redacted_thinking",
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
        "search_result",
        "container_upload",
    ]
)
"""Blocks that mean something to Anthropic alone. Source: anthropic 2.11.0 types/content_block_param.py, 2026-11-20."""


def only(item: Mapping[str, Any], path: str, *known: str) -> None:
    """Raises where a key would be lost."""
    for key, value in item.items():
        if key not in known and value is not None:
            raise Unreadable(f"{path}/{key}", f"there is no such key; known are {', '.join(known)}")


def _located(url: str, path: str) -> tuple[bytes | None, str | None, str | None]:
    """(bytes, media type, None) of a data URL; (None, None, the URL) of any other."""
    if not url.startswith("data:"):
        return None, None, url
    found = from_data_url(url)
    if found is None:
        raise Unreadable(path, "this data: URL is not base64, or it is damaged")
    return found[0], found[1], None


def _bytes(text: str, path: str) -> bytes:
    data = from_base64(text)
    if data is None:
        raise Unreadable(path, "this is not base64")
    return data


__all__ = [
    "Unreadable",
    "arguments_text",
    "echo_of",
    "json_of",
    "name_of",
    "only",
    "optional",
    "read_parts",
    "read_result",
    "string",
]
