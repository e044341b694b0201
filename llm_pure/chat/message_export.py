"""Messages -> what users keep: dicts in OpenAI's shape, or JSON; `read_messages` and `from_json` bring them back.

What OpenAI's shape has no word for (a signature's echo, an opaque part, a call before the text ...) becomes a part
`{"type": "llm_pure", "part": {...}}`, which nobody but `read_messages` understands.
"""

from typing import Any

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.framing.json_codec import DECODE_ERRORS, ENCODE_ERRORS
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
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
from llm_pure.types.request import MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success

OpenAIMessage = dict[str, Any]

_MESSAGES = msgspec.json.Decoder(tuple[Message, ...])
_AUDIO_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}
# What a role may say beyond plain text (openai-python's parameter types, read 2026-11-21).
_SAID_BY = {
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
}


def to_openai(messages: MessagesInput, *, strict: bool = False) -> LLMResult[list[OpenAIMessage]]:
    """One dict for each message, and one for each of several tool results in one message.

    strict: UnsupportedFeature in place of anything that is not OpenAI's. Fails with InvalidRequest as `read_messages` does.
    Read back they are the same messages, with media types told that the bytes show.

    >>> to_openai("Hi").unwrap()
    [{'role': 'user', 'content': 'Hi'}]
    """
    read = parse_messages(messages)
    if isinstance(read, Failure):
        return read
    turns = [turn for message in read.unwrap() for turn in _split(message)]
    written = [_tool(turn) if turn.role == "tool" else _turn(turn) for turn in turns]
    if strict:
        for place, turn in enumerate(written):
            odd = _odd(turn)
            if odd:
                message = f"OpenAI's messages cannot hold this: {odd} at messages/{place}"
                return Failure(UnsupportedFeature(message=message, feature=odd))
    return Success(written)


def to_json(messages: MessagesInput) -> LLMResult[str]:
    """The messages as JSON text; `from_json` gives equal ones. InvalidRequest where a text is no Unicode."""
    read = parse_messages(messages)
    if isinstance(read, Failure):
        return read
    try:
        return Success(msgspec.json.encode(read.unwrap()).decode())
    except ENCODE_ERRORS as fault:
        return Failure(InvalidRequest(message=f"this is no JSON: {fault}", param="messages"))


def from_json(text: str | bytes) -> LLMResult[tuple[Message, ...]]:
    """The messages that `to_json` wrote; InvalidRequest names the place that is not one.

    >>> from_json(to_json("Hi").unwrap()).unwrap()[0].text
    'Hi'
    """
    try:
        return Success(_MESSAGES.decode(text))
    except (*DECODE_ERRORS, UnicodeEncodeError) as fault:
        return Failure(InvalidRequest(message=f"no saved messages: {fault}", param="messages"))


def _split(message: Message) -> list[Message]:
    """Tool results one by one, as OpenAI has them."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    alone = results and len(results) == len(message.parts)
    if not alone or message.role not in ("tool", "user"):
        return [message]
    return [Message("tool", (result,)) for result in results]


def _tool(turn: Message) -> OpenAIMessage:
    result = turn.parts[0] if turn.parts else None
    if (
        not isinstance(result, ToolResult)
        or len(turn.parts) > 1
        or result.provider_metadata is not None
    ):
        return {"role": "tool", "content": [_whole(part) for part in turn.parts]}
    written: OpenAIMessage = {"role": "tool", "tool_call_id": result.tool_call_id}
    written["content"] = _content(result.content)
    if result.name is not None:
        written["name"] = result.name
    if result.is_error:
        written["is_error"] = True
    return written


def _turn(turn: Message) -> OpenAIMessage:
    """Reasoning, content, refusal and calls, each under its own key as far as their order allows it."""
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
    return written


def _plain(call: ToolCall) -> bool:
    return call.provider_metadata is None and call.arguments != ""


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
    """OpenAI's form of the part, where it says the whole of it."""
    if getattr(part, "provider_metadata", None) is not None:
        return _whole(part)
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
                return _whole(part)
            return {
                "type": "input_audio",
                "input_audio": {"data": base64_text(data), "format": form},
            }
        case Document():
            return _document(part)
        case _:
            return _whole(part)


def _image(image: Image) -> dict[str, Any]:
    url = _link(image)
    if not url:
        return _whole(image)
    place = {"url": url} if image.detail is None else {"url": url, "detail": image.detail}
    return {"type": "image_url", "image_url": place}


def _document(document: Document) -> dict[str, Any]:
    named = {} if document.name is None else {"filename": document.name}
    url = _link(document)
    if document.file_id and (document.data, document.url, document.media_type) == (None,) * 3:
        return {"type": "file", "file": {"file_id": document.file_id, **named}}
    if url is None or document.url is not None:
        return _whole(document)
    return {"type": "file", "file": {"file_data": url, **named}}


def _link(media: Image | Document) -> str | None:
    """Its URL, or the data: URL of its bytes; None where neither says the whole of it."""
    match (media.data, media.url, media.file_id):
        case (None, str(url), None) if url and media.media_type is None:
            return None if url.startswith("data:") else url
        case (bytes(data), None, None):
            kind = media.media_type or media_type_of(data)
            return data_url(data, kind) if kind and not set(kind) & set(",;") else None
        case _:
            return None


def _whole(part: Part) -> dict[str, Any]:
    told = msgspec.to_builtins(part)
    fields = {key: value for key, value in told.items() if value is not None}
    return {"type": "llm_pure", "part": fields}


def _odd(turn: OpenAIMessage) -> str:
    """What in a written turn is not OpenAI's; "" when all of it is."""
    for key in ("reasoning_content", "is_error"):
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
        if part["type"] not in _SAID_BY.get(turn["role"], ("text",)):
            return str(part["type"])
    return ""


__all__ = ["OpenAIMessage", "from_json", "to_json", "to_openai"]
