"""One part of a message, out of a mapping in OpenAI's or Anthropic's shape.

Keys that are not modelled ride along in the part's ProviderMetadata, so that they go back where they came from: Anthropic's
`cache_control` and `citations`, say. Blocks of Anthropic's own tools stay whole, as Opaque.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS, ENCODE_ERRORS, json_text
from llm_pure.types.media import from_base64, from_data_url
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
)


class InvalidMessage(Exception):
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
        raise InvalidMessage(
            path, f"content is a string or a list of parts, not {type_name(content)}"
        )
    return tuple([_part(item, f"{path}/{i}") for i, item in enumerate(content)])


def read_result(
    item: Mapping[str, Any],
    call_id: str,
    name: str | None,
    path: str,
    provider_metadata: ProviderMetadata | None = None,
) -> ToolResult:
    """What a tool answered, by the `content` and `is_error` of a mapping."""
    shown: list[ToolResultContent] = []
    for place, part in enumerate(read_parts(item.get("content"), f"{path}/content")):
        if isinstance(part, Reasoning | ToolCall | ToolResult | Refusal):
            what = f"a tool cannot answer with {type_name(part)}"
            raise InvalidMessage(f"{path}/content/{place}", what)
        shown.append(part)
    return ToolResult(
        tool_call_id=call_id,
        content=tuple(shown),
        name=name,
        is_error=bool(item.get("is_error")),
        provider_metadata=provider_metadata,
    )


def arguments_text(arguments: object) -> str:
    """A tool call's arguments as text, whichever way a service sent them: text, an object, null or nothing."""
    if isinstance(arguments, str):
        return arguments or "{}"
    return "{}" if arguments is None else json_text(arguments)


def as_str(item: Mapping[str, Any], key: str, path: str, default: str | None = None) -> str:
    """The text under a key; default: where there is none."""
    value = item.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise InvalidMessage(f"{path}/{key}", f"{key} is a string, not {type_name(value)}")
    return value


def as_optional_str(item: Mapping[str, Any], key: str, path: str) -> str | None:
    """The text under a key, None where there is none."""
    return None if item.get(key) is None else as_str(item, key, path)


def as_json(value: object, path: str, write: Callable[[object], str] = json_text) -> str:
    """The value as JSON text."""
    try:
        return write(value)
    except ENCODE_ERRORS as fault:
        raise InvalidMessage(path, f"this is not JSON: {fault}") from fault


def type_name(value: object) -> str:
    """What it is, for a message."""
    return "missing" if value is None else type(value).__name__


def metadata_from(
    item: Mapping[str, Any], path: str, provider: str, *known: str
) -> ProviderMetadata | None:
    """The keys that are not known, for the provider that they are meant for."""
    rest = {key: value for key, value in item.items() if key not in known and value is not None}
    if not rest:
        return None
    return ProviderMetadata(provider, as_json(rest, f"{path}/{next(iter(rest))}"))


def _part(item: object, path: str) -> Part:
    if isinstance(item, Part):
        return item
    if isinstance(item, str):
        return Text(item)
    if not isinstance(item, Mapping):
        what = f"a part is a string, a part value or a mapping, not {type_name(item)}"
        raise InvalidMessage(path, what)
    kind = item.get("type")
    if isinstance(kind, str) and kind in _ANTHROPICS_OWN:
        return Opaque("anthropic", kind, as_json(dict(item), path))
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        known = ", ".join(_READERS)
        raise InvalidMessage(f"{path}/type", f"{kind!r} is no type of part; known are {known}")
    return read(item, path)


def _text(item: Mapping[str, Any], path: str) -> Part:
    provider_metadata = metadata_from(
        item, path, "anthropic", "type", "text", "annotations", "logprobs"
    )
    return Text(as_str(item, "text", path), provider_metadata)


def _refusal(item: Mapping[str, Any], path: str) -> Part:
    return Refusal(
        as_str(item, "refusal", path), metadata_from(item, path, "openai", "type", "refusal")
    )


def _image_url(item: Mapping[str, Any], path: str) -> Part:
    given = item.get("image_url")
    detail = as_optional_str(item, "detail", path)
    provider_metadata = metadata_from(
        item, path, "openai", "type", "image_url", "detail", "file_id"
    )
    file_id = as_optional_str(item, "file_id", path)
    if given is None and file_id is not None:
        return Image(file_id=file_id, detail=detail, provider_metadata=provider_metadata)
    place = given if isinstance(given, Mapping) else {"url": given}
    reject_unknown_keys(place, f"{path}/image_url", "url", "detail")
    url = as_str(place, "url", f"{path}/image_url")
    data, media_type, link = _located(url, f"{path}/image_url/url")
    return Image(
        data=data,
        url=link,
        media_type=media_type,
        detail=as_optional_str(place, "detail", f"{path}/image_url") or detail,
        provider_metadata=provider_metadata,
    )


def _input_audio(item: Mapping[str, Any], path: str) -> Part:
    audio = item.get("input_audio")
    if not isinstance(audio, Mapping):
        raise InvalidMessage(f"{path}/input_audio", f"it is a mapping, not {type_name(audio)}")
    reject_unknown_keys(audio, f"{path}/input_audio", "data", "format")
    text = as_str(audio, "data", f"{path}/input_audio")
    data, media_type, _ = (
        _located(text, f"{path}/input_audio/data")
        if text.startswith("data:")
        else (_bytes(text, f"{path}/input_audio/data"), None, None)
    )
    form = as_optional_str(audio, "format", f"{path}/input_audio")
    told = {"mp3": "audio/mpeg"}.get(form, f"audio/{form}") if form else None
    provider_metadata = metadata_from(item, path, "openai", "type", "input_audio")
    return Audio(data=data, media_type=media_type or told, provider_metadata=provider_metadata)


_OF_FILES = ("file_id", "file_data", "file_url", "filename")


def _file(item: Mapping[str, Any], path: str) -> Part:
    file = item.get("file", item)
    if not isinstance(file, Mapping):
        raise InvalidMessage(f"{path}/file", f"it is a mapping, not {type_name(file)}")
    if file is not item:
        reject_unknown_keys(file, f"{path}/file", *_OF_FILES)
    provider_metadata = metadata_from(item, path, "openai", "type", "file", *_OF_FILES)
    name = as_optional_str(file, "filename", f"{path}/file")
    if file.get("file_id"):
        return Document(
            file_id=as_str(file, "file_id", f"{path}/file"),
            name=name,
            provider_metadata=provider_metadata,
        )
    key = "file_url" if file.get("file_url") else "file_data"
    data, media_type, link = _located(as_str(file, key, f"{path}/file"), f"{path}/file/{key}")
    return Document(
        data=data, url=link, media_type=media_type, name=name, provider_metadata=provider_metadata
    )


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
        raise InvalidMessage(f"{path}/source", f"a source is a mapping, not {type_name(source)}")
    kind = source.get("type")
    keys = _SOURCES.get(kind) if isinstance(kind, str) else None
    if keys is None:
        raise InvalidMessage(f"{path}/source/type", f"{kind!r} is no kind of source")
    reject_unknown_keys(source, f"{path}/source", "type", *keys)
    match kind:
        case "base64":
            data = _bytes(as_str(source, "data", f"{path}/source"), f"{path}/source/data")
            return {
                "data": data,
                "media_type": as_optional_str(source, "media_type", f"{path}/source"),
            }
        case "text":
            text = as_str(source, "data", f"{path}/source")
            return {"data": text.encode("utf-8", "replace"), "media_type": "text/plain"}
        case _:
            return {keys[0]: as_str(source, keys[0], f"{path}/source")}


def _image(item: Mapping[str, Any], path: str) -> Part:
    return Image(
        **_source(item, path),
        provider_metadata=metadata_from(item, path, "anthropic", "type", "source"),
    )


def _document(item: Mapping[str, Any], path: str) -> Part:
    provider_metadata = metadata_from(item, path, "anthropic", "type", "source", "title")
    return Document(
        **_source(item, path),
        name=as_optional_str(item, "title", path),
        provider_metadata=provider_metadata,
    )


def _thinking(item: Mapping[str, Any], path: str) -> Part:
    provider_metadata = metadata_from(item, path, "anthropic", "type", "thinking", "signature")
    thoughts = item.get("thinking")
    if isinstance(thoughts, list):  # Mistral's: a list of text parts
        parts = read_parts(thoughts, f"{path}/thinking")
        odd = [place for place, part in enumerate(parts) if not isinstance(part, Text)]
        if odd:
            raise InvalidMessage(f"{path}/thinking/{odd[0]}", "thoughts are text")
        text = "".join([part.text for part in parts if isinstance(part, Text)])
    else:
        text = as_str(item, "thinking", path)
    return Reasoning(text, as_optional_str(item, "signature", path), provider_metadata)


def _tool_use(item: Mapping[str, Any], path: str) -> Part:
    return ToolCall(
        as_str(item, "id", path),
        as_str(item, "name", path),
        as_json(item.get("input"), f"{path}/input", arguments_text),
        metadata_from(item, path, "anthropic", "type", "id", "name", "input"),
    )


def _tool_result(item: Mapping[str, Any], path: str) -> Part:
    provider_metadata = metadata_from(
        item, path, "anthropic", "type", "tool_use_id", "content", "is_error"
    )
    return read_result(item, as_str(item, "tool_use_id", path), None, path, provider_metadata)


def _whole(item: Mapping[str, Any], path: str) -> Part:
    """A part as `transcript.to_openai` writes what OpenAI's shape has no word for."""
    try:
        return msgspec.convert(item.get("part"), Part)  # type: ignore[no-any-return]
    except DECODE_ERRORS as fault:
        raise InvalidMessage(f"{path}/part", f"this is no part of a message: {fault}") from fault


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


def reject_unknown_keys(item: Mapping[str, Any], path: str, *known: str) -> None:
    """Raises where a key would be lost."""
    for key, value in item.items():
        if key not in known and value is not None:
            raise InvalidMessage(
                f"{path}/{key}", f"there is no such key; known are {', '.join(known)}"
            )


def _located(url: str, path: str) -> tuple[bytes | None, str | None, str | None]:
    """(bytes, media type, None) of a data URL; (None, None, the URL) of any other."""
    if not url.startswith("data:"):
        return None, None, url
    found = from_data_url(url)
    if found is None:
        raise InvalidMessage(path, "this data: URL is not base64, or it is damaged")
    return found[0], found[1], None


def _bytes(text: str, path: str) -> bytes:
    data = from_base64(text)
    if data is None:
        raise InvalidMessage(path, "this is not base64")
    return data


__all__ = [
    "InvalidMessage",
    "arguments_text",
    "as_json",
    "as_optional_str",
    "as_str",
    "metadata_from",
    "read_parts",
    "read_result",
    "reject_unknown_keys",
    "type_name",
]
