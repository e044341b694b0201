"""Read one part of a message from a mapping in OpenAI's or Anthropic's format.

Keys that are not modelled (Anthropic's `citations`, say) are kept in the part's ProviderMetadata and sent back to the
provider. Blocks of Anthropic's own tools are kept as Opaque.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, get_args

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS, ENCODE_ERRORS, arguments_text, json_text
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import from_base64, from_data_url, media_type_of
from llm_pure.types.messages import (
    Audio,
    CacheMark,
    CacheTtl,
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
    Video,
)
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import is_series, type_name


def invalid(path: str, message: str) -> NoReturn:
    """Raise Rejected with InvalidRequest for the value at this path."""
    raise Rejected(InvalidRequest(message=message, param=path))


def to_json_text(value: object, path: str, write: Callable[[object], str] = json_text) -> str:
    """Return the value as JSON text. Rejects a value that is not JSON."""
    try:
        return write(value)
    except ENCODE_ERRORS as error:
        invalid(path, f"not JSON: {error}")


CACHE_KEYS = ("cache_control", "prompt_cache_breakpoint")
CACHE_TTLS: tuple[CacheTtl, ...] = get_args(CacheTtl)


class Fields:
    """Typed access to the keys of a mapping in a message. A value of another type is rejected with the path of its key."""

    __slots__ = ("path", "values")

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self.values = values
        self.path = path

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            invalid(f"{self.path}/{key}", f"{key} is a string, not {type_name(value)}")
        return value

    def optional_text(self, key: str) -> str | None:
        return None if self.values.get(key) is None else self.text(key)

    def mapping(self, key: str) -> "Fields":
        return fields_of(self.values.get(key), f"{self.path}/{key}")

    def base64(self, key: str) -> bytes:
        return from_base64_at(self.text(key), f"{self.path}/{key}")

    def data_or_url(self, key: str) -> tuple[bytes | None, str | None, str | None]:
        """(bytes, media type, None) of a data URL; (None, None, the URL) of any other."""
        url = self.text(key)
        if not url.startswith("data:"):
            return None, None, url
        data = from_data_url(url)
        if data is None:
            invalid(f"{self.path}/{key}", "the data: URL is not valid base64")
        return *data, None

    def reject_unknown(self, *known: str) -> None:
        """Reject keys that would be lost."""
        for key, value in self.values.items():
            if key not in known and value is not None:
                invalid(f"{self.path}/{key}", f"unknown key; known: {', '.join(known)}")

    def cache_mark(self) -> CacheMark | None:
        """The mark of a prompt cache: Anthropic's `cache_control` or OpenAI's `prompt_cache_breakpoint`."""
        for key in CACHE_KEYS:
            if self.values.get(key) is not None:
                mark = self.mapping(key)
                mark.reject_unknown("type", "mode", "ttl")
                if (ttl := mark.optional_text("ttl")) not in (None, *CACHE_TTLS):
                    invalid(
                        f"{mark.path}/ttl", f"ttl is one of {', '.join(CACHE_TTLS)}, not {ttl!r}"
                    )
                return CacheMark(ttl)
        return None

    def metadata(self, provider: str, *known: str) -> ProviderMetadata | None:
        """Return all other keys, as metadata of this provider."""
        rest = {k: v for k, v in self.values.items() if k not in known and v is not None}
        if not rest:
            return None
        return ProviderMetadata(provider, to_json_text(rest, f"{self.path}/{next(iter(rest))}"))


def fields_of(value: object, path: str) -> Fields:
    """Return the value as Fields. Rejects anything but a mapping."""
    if not isinstance(value, Mapping):
        invalid(path, f"expected a mapping, not {type_name(value)}")
    return Fields(value, path)


def from_base64_at(text: object, path: str) -> bytes:
    """Decode base64; bytes are returned as they are. Rejects anything else."""
    data = from_base64(text) if isinstance(text, str) else text
    return data if isinstance(data, bytes) else invalid(path, "not valid base64")


def read_parts(content: object, path: str) -> tuple[Part, ...]:
    """Read a string, or a list of strings, mappings and Part values."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if not is_series(content):
        invalid(path, f"content is a string or a list of parts, not {type_name(content)}")
    return tuple([_part(item, f"{path}/{i}") for i, item in enumerate(content)])


def read_result(
    fields: Fields,
    call_id: str,
    name: str | None,
    metadata: ProviderMetadata | None = None,
) -> ToolResult:
    """Read a tool's result from the keys `content` and `is_error`."""
    content: list[ToolResultContent] = []
    path = f"{fields.path}/content"
    for index, part in enumerate(read_parts(fields.get("content"), path)):
        if isinstance(part, Reasoning | ToolCall | ToolResult | Refusal):
            invalid(f"{path}/{index}", f"a tool result cannot contain {type_name(part)}")
        content.append(part)
    return ToolResult(
        tool_call_id=call_id,
        content=tuple(content),
        name=name,
        is_error=bool(fields.get("is_error")),
        provider_metadata=metadata,
    )


def _part(item: object, path: str) -> Part:
    if isinstance(item, Part):
        return item
    if isinstance(item, str):
        return Text(item)
    if not isinstance(item, Mapping):
        hint = "; read a file with llm_pure.client.load_part" if hasattr(item, "__fspath__") else ""
        invalid(path, f"a part is a string, a part value or a mapping, not {type_name(item)}{hint}")
    fields = Fields(item, path)
    kind = item["type"] if isinstance(item.get("type"), str) else ""
    if kind in _ANTHROPIC_BLOCKS:
        return Opaque("anthropic", kind, to_json_text(dict(item), path))
    if kind == "llm_pure":
        return _exported(fields)
    if kind not in _READERS:
        known = ", ".join([*_READERS, "llm_pure"])
        invalid(f"{path}/type", f"unknown type {item.get('type')!r} of part; known: {known}")
    read, provider, keys = _READERS[kind]
    part = read(fields, fields.metadata(provider, "type", *CACHE_KEYS, *keys))
    mark = fields.cache_mark()
    if mark is None or isinstance(part, Reasoning | Refusal | Opaque):
        return part
    return msgspec.structs.replace(part, cache=mark)


def _exported(fields: Fields) -> Part:
    """A part as `message_export.to_openai` writes one that OpenAI's format cannot express."""
    try:
        return msgspec.convert(fields.get("part"), Part)  # type: ignore[no-any-return]
    except DECODE_ERRORS as error:
        invalid(f"{fields.path}/part", f"not a part of a message: {error}")


def _text(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    return Text(fields.text("text"), metadata)


def _refusal(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    return Refusal(fields.text("refusal"), metadata)


def _image_url(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    detail = fields.optional_text("detail")
    file_id = fields.optional_text("file_id")
    if fields.get("image_url") is None and file_id is not None:
        return Image(file_id=file_id, detail=detail, provider_metadata=metadata)
    image = _url_of(fields, "image_url")
    image.reject_unknown("url", "detail")
    data, media_type, url = image.data_or_url("url")
    detail = image.optional_text("detail") or detail
    return Image(
        data=data, url=url, media_type=media_type, detail=detail, provider_metadata=metadata
    )


def _input_audio(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    if isinstance(fields.get("input_audio"), str):  # Mistral's
        sound = fields.base64("input_audio")
        return Audio(data=sound, media_type=media_type_of(sound), provider_metadata=metadata)
    audio = fields.mapping("input_audio")
    audio.reject_unknown("data", "format", "url")
    if audio.get("url"):  # Ark's
        return Audio(url=audio.text("url"), provider_metadata=metadata)
    data: bytes | None
    data, media_type, url = audio.data_or_url("data")
    if url is not None:
        data = audio.base64("data")
    form = audio.optional_text("format")
    if form and not media_type:
        media_type = {"mp3": "audio/mpeg"}.get(form, f"audio/{form}")
    return Audio(data=data, media_type=media_type, provider_metadata=metadata)


_FILE_KEYS = ("file_id", "file_data", "file_url", "filename")


def _file(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    """OpenAI's file: an object under `file`, or in the Responses API the part itself."""
    if "file" in fields.values:
        file = fields.mapping("file")
        file.reject_unknown(*_FILE_KEYS)
    else:
        file = Fields(fields.values, f"{fields.path}/file")
    name = file.optional_text("filename")
    if file.get("file_id"):
        return Document(file_id=file.text("file_id"), name=name, provider_metadata=metadata)
    key = "file_url" if file.get("file_url") else "file_data"
    data, media_type, url = file.data_or_url(key)
    return Document(
        data=data, url=url, media_type=media_type, name=name, provider_metadata=metadata
    )


_SOURCES: Mapping[str, tuple[str, ...]] = {
    "base64": ("data", "media_type"),
    "text": ("data", "media_type"),
    "url": ("url",),
    "file": ("file_id",),
}
"""Anthropic's types of `source`, with the keys of each."""


def _source(fields: Fields) -> dict[str, Any]:
    """The fields of Anthropic's `source` object, as arguments of Image or Document."""
    source = fields.mapping("source")
    kind = source.get("type")
    keys = _SOURCES.get(kind) if isinstance(kind, str) else None
    if keys is None:
        known = ", ".join(_SOURCES)
        invalid(f"{source.path}/type", f"unknown type {kind!r} of source; known: {known}")
    source.reject_unknown("type", *keys)
    match kind:
        case "base64":
            return {"data": source.base64("data"), "media_type": source.optional_text("media_type")}
        case "text":
            text = source.text("data")
            return {"data": text.encode("utf-8", "replace"), "media_type": "text/plain"}
        case _:
            return {keys[0]: source.text(keys[0])}


def _image(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    return Image(**_source(fields), provider_metadata=metadata)


def _document(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    kind = fields.get("source")
    if isinstance(kind, Mapping) and kind.get("type") == "content":
        block = to_json_text(
            dict(fields.values), fields.path
        )  # a document of blocks, Anthropic's alone
        return Opaque("anthropic", "document", block)
    source, name = _source(fields), fields.optional_text("title")
    return Document(**source, name=name, provider_metadata=metadata)


def _thinking(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    thinking = fields.get("thinking")
    if isinstance(thinking, list):  # Mistral's: a list of text parts
        path = f"{fields.path}/thinking"
        texts = []
        for index, part in enumerate(read_parts(thinking, path)):
            if not isinstance(part, Text):
                invalid(f"{path}/{index}", f"thinking is text, not {type_name(part)}")
            texts.append(part.text)
        text = "".join(texts)
    else:
        text = fields.text("thinking")
    signature = fields.optional_text("signature")
    if signature is not None and isinstance(thinking, list) and metadata is None:
        metadata = ProviderMetadata("mistral")
    return Reasoning(text, signature, metadata)


def _tool_use(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    arguments = to_json_text(fields.get("input"), f"{fields.path}/input", arguments_text)
    return ToolCall(fields.text("id"), fields.text("name"), arguments, metadata)


def _tool_result(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    return read_result(fields, fields.text("tool_use_id"), None, metadata)


_Reader = Callable[[Fields, ProviderMetadata | None], Part]


def _url_of(fields: Fields, key: str) -> Fields:
    """The object at this key; a plain string is its URL."""
    value = fields.get(key)
    values = value if isinstance(value, Mapping) else {"url": value}
    return Fields(values, f"{fields.path}/{key}")


def _video_url(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    """A video of Ark, Qwen, GLM-V, Kimi, OpenRouter or Together."""
    video = _url_of(fields, "video_url")
    data, media_type, url = video.data_or_url("url")
    metadata = video.metadata("openai", "url") or metadata
    return Video(data=data, url=url, media_type=media_type, provider_metadata=metadata)


def _document_url(fields: Fields, metadata: ProviderMetadata | None) -> Part:
    """Mistral's."""
    data, media_type, url = _url_of(fields, "document_url").data_or_url("url")
    name = fields.optional_text("document_name")
    return Document(
        data=data, url=url, media_type=media_type, name=name, provider_metadata=metadata
    )


_TEXT = (_text, "anthropic", ("text", "annotations", "logprobs"))
_IMAGE_URL = (_image_url, "openai", ("image_url", "detail", "file_id"))
_FILE = (_file, "openai", ("file", *_FILE_KEYS))
_READERS: Mapping[str, tuple[_Reader, str, tuple[str, ...]]] = {
    "text": _TEXT,
    "input_text": _TEXT,
    "output_text": _TEXT,
    "refusal": (_refusal, "openai", ("refusal",)),
    "image_url": _IMAGE_URL,
    "input_image": _IMAGE_URL,
    "input_audio": (_input_audio, "openai", ("input_audio",)),
    "video_url": (_video_url, "openai", ("video_url",)),
    "input_video": (_video_url, "openai", ("video_url",)),
    "document_url": (_document_url, "mistral", ("document_url", "document_name")),
    "file": _FILE,
    "input_file": _FILE,
    "image": (_image, "anthropic", ("source",)),
    "document": (_document, "anthropic", ("source", "title")),
    "thinking": (_thinking, "anthropic", ("thinking", "signature")),
    "tool_use": (_tool_use, "anthropic", ("id", "name", "input")),
    "tool_result": (_tool_result, "anthropic", ("tool_use_id", "content", "is_error")),
}
"""Type of part -> (reader, provider of the keys that are not modelled, keys that are)."""

_ANTHROPIC_BLOCKS = frozenset({
    "redacted_thinking", "server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
    "bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "tool_search_tool_result", "mcp_tool_use",
    "mcp_tool_result", "search_result", "container_upload", "compaction", "advisor_tool_result", "fallback", "mcp_tool_listing",
    "tool_reference", "browser_state", "tool_addition", "tool_removal",
})  # fmt: skip
"""Blocks that only Anthropic understands. Source: anthropic 2.14.0 types/content_block_param.py,
types/beta/beta_content_block_param.py and beta_tool_result_block_param.py, 2026-11-29."""
PART_TYPES = frozenset({*_READERS, *_ANTHROPIC_BLOCKS, "llm_pure"})
