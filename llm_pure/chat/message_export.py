"""Export messages as dicts in OpenAI's format, or as JSON; `parse_messages` and `from_json` read them back.

A part that OpenAI's format cannot express (provider metadata, an opaque part, a tool call before the text ...) becomes
`{"type": "llm_pure", "part": {...}}`, which only `parse_messages` reads.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.chat.message_input import read_messages
from llm_pure.chat.part_input import invalid
from llm_pure.framing.json_codec import DECODE_ERRORS, ENCODE_ERRORS
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.media import base64_text, data_url, media_type_of
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.request import MessagesInput

OpenAIMessage = dict[str, Any]

_MESSAGES = msgspec.json.Decoder(tuple[Message, ...])
_AUDIO_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}
_PART_TYPES = {
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
}
"""Role -> types of part that OpenAI accepts; others have text only. Source: openai-python's types, read 2026-11-21."""


@returns_failure
def to_openai(messages: MessagesInput, *, strict: bool = False) -> list[OpenAIMessage]:
    """Return one dict for each message, and one for each tool result. Read back they are equal, with media types added.

    Fails with InvalidRequest as `parse_messages` does; if `strict`, with UnsupportedFeature for anything that OpenAI's
    format cannot express.

    >>> to_openai("Hi").unwrap()
    [{'role': 'user', 'content': 'Hi'}]
    """
    turns = [turn for message in read_messages(messages) for turn in _split(message)]
    exported = [_tool_message(turn) if turn.role == "tool" else _message(turn) for turn in turns]
    if strict:
        for index, turn in enumerate(exported):
            feature = _unsupported_feature(turn)
            if feature:
                message = f"OpenAI's messages do not support {feature}, at messages/{index}"
                raise Rejected(UnsupportedFeature(message=message, feature=feature))
    return exported


@returns_failure
def to_json(messages: MessagesInput) -> str:
    """Return the messages as JSON text; `from_json` reads it. Fails with InvalidRequest if a text is not valid Unicode."""
    parsed = read_messages(messages)
    try:
        return msgspec.json.encode(parsed).decode()
    except ENCODE_ERRORS as error:
        invalid("messages", f"not JSON: {error}")


@returns_failure
def from_json(text: str | bytes) -> tuple[Message, ...]:
    """Read the messages that `to_json` wrote. Fails with InvalidRequest, with the location of the error.

    >>> from_json(to_json("Hi").unwrap()).unwrap()[0].text
    'Hi'
    """
    try:
        return _MESSAGES.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError) as error:
        invalid("messages", f"not exported messages: {error}")


def _split(message: Message) -> list[Message]:
    """One message for each tool result, as in OpenAI's format."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    only_results = results and len(results) == len(message.parts)
    if not only_results or message.role not in ("tool", "user"):
        return [message]
    messages = [Message("tool", (result,)) for result in results]
    messages[-1] = replace(messages[-1], cache=message.cache)
    return messages


def _tool_message(turn: Message) -> OpenAIMessage:
    result = turn.parts[0] if turn.parts else None
    if (
        not isinstance(result, ToolResult)
        or len(turn.parts) > 1
        or result.provider_metadata is not None
        or result.cache is not None
    ):
        exported: OpenAIMessage = {"role": "tool", "content": list(map(_exported, turn.parts))}
        return exported | _marks(turn)
    written: OpenAIMessage = {"role": "tool", "tool_call_id": result.tool_call_id}
    written["content"] = _content(result.content)
    if result.name is not None:
        written["name"] = result.name
    if result.is_error:
        written["is_error"] = True
    return written | _marks(turn)


def _marks(turn: Message) -> OpenAIMessage:
    """The message's cache mark, and whether it is continued, under the keys that `parse_messages` reads."""
    written: OpenAIMessage = {"prefix": True} if turn.prefix else {}
    if turn.cache is not None:
        ttl = {} if turn.cache.ttl is None else {"ttl": turn.cache.ttl}
        written["cache_control"] = {"type": "ephemeral", **ttl}
    return written


def _message(turn: Message) -> OpenAIMessage:
    """Reasoning, content, refusal and calls, each under its own key if the parts are in this order."""
    parts = list(turn.parts)
    written: OpenAIMessage = {"role": turn.role}
    if turn.name is not None:
        written["name"] = turn.name
    if parts and isinstance(parts[0], Reasoning) and parts[0] == Reasoning(parts[0].text or " "):
        written["reasoning_content"] = parts.pop(0).text  # type: ignore[union-attr]
    calls: list[dict[str, Any]] = []
    while parts and isinstance(last := parts[-1], ToolCall) and _plain(last):
        calls.insert(0, _call(last))
        parts.pop()
    refusal = parts[-1] if parts else None
    if isinstance(refusal, Refusal) and refusal.text and refusal.provider_metadata is None:
        written["refusal"] = refusal.text
        parts.pop()
    written["content"] = _content(tuple(parts))
    if calls:
        written["tool_calls"] = calls
    if not parts and (calls or "refusal" in written):
        written["content"] = None
    return written | _marks(turn)


def _plain(call: ToolCall) -> bool:
    return call.provider_metadata is None and call.cache is None and call.arguments != ""


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _content(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if not parts:
        return ""
    if len(parts) == 1 and parts[0] == Text(getattr(parts[0], "text", "") or " "):
        return str(getattr(parts[0], "text", ""))
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    """The part in OpenAI's format if nothing is lost, else as exported."""
    if getattr(part, "provider_metadata", None) or getattr(part, "cache", None):
        return _exported(part)
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Refusal(text=text):
            return {"type": "refusal", "refusal": text}
        case Image():
            return _image(part)
        case Audio(data=bytes(data), url=None, file_id=None, transcript=None):
            form = _AUDIO_FORMATS.get(part.media_type or media_type_of(data) or "")
            if form is None:
                return _exported(part)
            return {
                "type": "input_audio",
                "input_audio": {"data": base64_text(data), "format": form},
            }
        case Document():
            return _document(part)
        case _:
            return _exported(part)


def _image(image: Image) -> dict[str, Any]:
    url = _url(image)
    if not url:
        return _exported(image)
    value = {"url": url} if image.detail is None else {"url": url, "detail": image.detail}
    return {"type": "image_url", "image_url": value}


def _document(document: Document) -> dict[str, Any]:
    filename = {} if document.name is None else {"filename": document.name}
    url = _url(document)
    if document.file_id and (document.data, document.url, document.media_type) == (None,) * 3:
        return {"type": "file", "file": {"file_id": document.file_id, **filename}}
    if url is None or document.url is not None:
        return _exported(document)
    return {"type": "file", "file": {"file_data": url, **filename}}


def _url(media: Image | Document) -> str | None:
    """Its URL, or the data: URL of its bytes; None if that would lose something."""
    match (media.data, media.url, media.file_id):
        case (None, str(url), None) if url and media.media_type is None:
            return None if url.startswith("data:") else url
        case (bytes(data), None, None):
            kind = media.media_type or media_type_of(data)
            return data_url(data, kind) if kind and not set(kind) & set(",;") else None
        case _:
            return None


def _exported(part: Part) -> dict[str, Any]:
    fields = {k: v for k, v in msgspec.to_builtins(part).items() if v is not None}
    return {"type": "llm_pure", "part": fields}


def _unsupported_feature(turn: OpenAIMessage) -> str:
    """The first key or type of part in a message that is not OpenAI's, "" if there is none."""
    for key in ("reasoning_content", "is_error", "prefix", "cache_control"):
        if key in turn:
            return key
    if turn["role"] == "tool" and "name" in turn:
        return "name"
    for key in ("refusal", "tool_calls"):
        if key in turn and turn["role"] != "assistant":
            return key
    content = turn["content"] if isinstance(turn["content"], list) else []
    for part in content:
        if part["type"] == "llm_pure":
            return str(part["part"]["type"])
        if part["type"] not in _PART_TYPES.get(turn["role"], ("text",)):
            return str(part["type"])
    return ""
