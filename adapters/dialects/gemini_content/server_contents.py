"""`contents` and `systemInstruction` of a client -> messages. Keys come in camelCase and in snake_case."""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.received import BodyReader, invalid
from llm_pure.adapters.dialects.common.received_keys import KnownKeys, report_unknown
from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import json_text
from llm_pure.types.media import from_base64
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
    Video,
)

PROVIDER = "gemini"
"""Whose metadata, opaque parts and native tools they are."""

_ROLES: Mapping[str, Role] = {
    "user": "user",
    "model": "assistant",
    "assistant": "assistant",
    "function": "user",
    "tool": "user",
    "system": "system",
}
_TURN_KEYS: KnownKeys = {"role": None, "parts": None}
_SNAKE = re.compile(r"_([a-z0-9])")
_MEDIA: Mapping[str, type[Image | Audio | Video | Document]] = {
    "image": Image,
    "audio": Audio,
    "video": Video,
}
_OF_BLOB = frozenset({"mimeType", "data", "fileUri"})


def camel(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with their names in camelCase, without nulls.

    >>> camel({"inline_data": 1, "text": None})
    {'inlineData': 1}
    """
    return {
        _SNAKE.sub(lambda match: match[1].upper(), key): value
        for key, value in values.items()
        if value is not None
    }


class ContentsReader:
    """Reads the contents of one request: results are matched with their calls by id, else by name and order."""

    def __init__(self, adaptations: list[Adaptation]) -> None:
        self.adaptations = adaptations
        self.count = 0
        self.pending: dict[str, deque[str]] = {}
        """Function -> ids of its calls that have no result yet."""

    def messages(self, contents: Any, path: str = "contents") -> list[Message]:
        """The messages of `contents`. Raises Rejected with InvalidRequest."""
        if isinstance(contents, str):
            contents = [{"role": "user", "parts": [{"text": contents}]}]
        if isinstance(contents, dict):
            contents = [contents]
        if not isinstance(contents, list) or not contents:
            invalid(path, "contents is a list of turns, and not empty")
        return [self.message(turn, f"{path}/{index}") for index, turn in enumerate(contents)]

    def message(self, turn: Any, path: str, role: Role | None = None) -> Message:
        """One turn. `role`: the role in place of its own."""
        if isinstance(turn, str):
            turn = {"parts": [{"text": turn}]}
        if not isinstance(turn, dict):
            invalid(path, f"a turn is an object, not {type(turn).__name__}")
        fields = camel(turn)
        report_unknown(fields, _TURN_KEYS, self.adaptations, path)
        name = fields.get("role", "user")
        if role is None:
            role = _ROLES.get(name) if isinstance(name, str) else None
        if role is None:
            invalid(f"{path}/role", f"unknown role {name!r}; known: user, model")
        values = fields.get("parts", [])
        values = [values] if isinstance(values, dict) else values
        if not isinstance(values, list):
            invalid(f"{path}/parts", f"parts is a list, not {type(values).__name__}")
        parts = [self._part(part, f"{path}/parts/{i}") for i, part in enumerate(values)]
        if role == "user" and parts and all(isinstance(part, ToolResult) for part in parts):
            role = "tool"
        return Message(role, tuple(parts))

    def _part(self, value: Any, path: str) -> Part:
        if isinstance(value, str):
            return Text(value)
        if not isinstance(value, dict):
            invalid(path, f"a part is an object, not {type(value).__name__}")
        fields = camel(value)
        side = {key: fields[key] for key in fields if key in wire.SIDE_FIELDS - {"thought"}}
        kind = next((key for key in _READERS if key in fields), None)
        payload = fields.keys() - side.keys() - {"thought"}
        if kind is None or len(payload) > 1:
            if "text" not in payload and fields.get("thought") and not payload:
                return self._text({**fields, "text": ""}, side, path)
            return Opaque(PROVIDER, min(payload or fields or {"part"}), json_text(fields))
        part: Part = _READERS[kind](self, fields, side, path)
        return part

    def _text(self, fields: dict[str, Any], side: dict[str, Any], path: str) -> Part:
        text = fields["text"]
        if not isinstance(text, str):
            invalid(f"{path}/text", f"text is a string, not {type(text).__name__}")
        if not fields.get("thought"):
            return Text(text, _metadata(side))
        signature = side.pop("thoughtSignature", None)
        if signature is not None and not isinstance(signature, str):
            invalid(f"{path}/thoughtSignature", "a signature is a string")
        return Reasoning(text, signature, ProviderMetadata(PROVIDER, json_text(side)))

    def _media(self, fields: dict[str, Any], side: dict[str, Any], path: str) -> Part:
        return _media(fields, side, path)

    def _call(self, fields: dict[str, Any], side: dict[str, Any], path: str) -> Part:
        call = BodyReader(camel(_object(fields["functionCall"], path)), self.adaptations, path)
        name, wire_id = call.text("name"), call.text("id")
        args = call.object("args")
        call.unread()
        if not name:
            invalid(f"{path}/functionCall/name", "a call needs the name of its function")
        self.count += 1
        call_id = wire_id or f"call_{self.count}"
        self.pending.setdefault(name, deque()).append(call_id)
        own = {"functionCall": {"id": wire_id}} if wire_id else {}
        metadata = ProviderMetadata(PROVIDER, json_text({**own, **side}))
        return ToolCall(call_id, name, json_text(args.values if args else {}), metadata)

    def _result(self, fields: dict[str, Any], side: dict[str, Any], path: str) -> Part:
        values = camel(_object(fields["functionResponse"], path))
        result = BodyReader(values, self.adaptations, f"{path}/functionResponse")
        name, wire_id = result.text("name"), result.text("id")
        response, media = result.object("response"), result.list("parts") or []
        result.unread()
        waiting = self.pending.get(name or "", deque())
        if wire_id is not None and wire_id in waiting:
            waiting.remove(wire_id)
        elif wire_id is None and waiting:
            wire_id = waiting.popleft()
        text, is_error = _result_text({} if response is None else response.values)
        content: list[ToolResultContent] = [Text(text)] if text else []
        for index, part in enumerate(media):
            inner_path = f"{path}/functionResponse/parts/{index}"
            inner = camel(_object(part, inner_path))
            content.append(_media(inner, {}, inner_path))
        return ToolResult(
            tool_call_id=wire_id or f"call_{name}",
            content=tuple(content),
            name=name,
            is_error=is_error,
        )


_READERS: Mapping[str, Any] = {
    "text": ContentsReader._text,
    "inlineData": ContentsReader._media,
    "fileData": ContentsReader._media,
    "functionCall": ContentsReader._call,
    "functionResponse": ContentsReader._result,
}
"""Payload of a part -> its reader. Other payloads are opaque."""


def _object(value: Any, path: str) -> dict[str, Any]:
    return value if isinstance(value, dict) else invalid(path, "expected an object")


def _metadata(side: dict[str, Any]) -> ProviderMetadata | None:
    return ProviderMetadata(PROVIDER, json_text(side)) if side else None


def _media(
    fields: dict[str, Any], side: dict[str, Any], path: str
) -> Image | Audio | Video | Document:
    key = "inlineData" if "inlineData" in fields else "fileData"
    blob = camel(_object(fields.get(key), f"{path}/{key}"))
    media_type, text, url = (blob.get(name) for name in ("mimeType", "data", "fileUri"))
    if media_type is not None and not isinstance(media_type, str):
        invalid(f"{path}/{key}/mimeType", "a media type is a string")
    data = from_base64(text) if isinstance(text, str) else None
    if key == "inlineData" and data is None:
        invalid(f"{path}/{key}/data", "the data is not base64")
    if key == "fileData" and not isinstance(url, str):
        invalid(f"{path}/{key}/fileUri", "the URI of the file is missing")
    own = {name: value for name, value in blob.items() if name not in _OF_BLOB}
    metadata = _metadata({**({key: own} if own else {}), **side})
    kind = _MEDIA.get((media_type or "").partition("/")[0], Document)
    return kind(
        data=data,
        url=url if key == "fileData" else None,
        media_type=media_type,
        provider_metadata=metadata,
    )


def _result_text(response: dict[str, Any]) -> tuple[str, bool]:
    """The text of a result, and whether it is an error: the text under `output` or `error`, else the object as JSON."""
    if len(response) == 1:
        for key, is_error in (("output", False), ("error", True)):
            value = response.get(key)
            if isinstance(value, str):
                return value, is_error
            if value is not None and is_error:
                return json_text(value), True
    return (json_text(response) if response else ""), False
