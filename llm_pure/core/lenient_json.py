"""Other forms of the JSON of a response that could not be read, whose fields have other types than documented.

Gateways and local servers send an id as a number, one call in place of a list, usage as a text. A form changes only the
types of known fields, and what a tool gets is never looked into. Who could not read the JSON tries the forms in turn.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.framing.json_codec import any_json, json_text, python_json
from llm_pure.types.errors import LLMError, ProtocolError


def lenient_forms(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The other forms of the JSON, as JSON, and whether content has another form in it, so that it must be read.

    None for bytes that are no JSON, even as Python writes it, or whose fields have their documented types.

    >>> [*lenient_forms(b'{"id":5,"usage":""}')]
    [(b'{"id":"5","usage":null}', False)]
    """
    raw = any_json(data)
    tried = [] if raw is None else [msgspec.json.encode(raw)]
    raw = python_json(data) if raw is None else raw
    if not isinstance(raw, dict | list):
        return
    for content in (_unchanged, _as_list, _as_text, _as_parts):
        form = msgspec.json.encode(_object_or_list(raw, content))
        if form not in tried:
            tried.append(form)
            yield form, content is not _unchanged


def lenient_frames(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The other forms of the data of an event, of which a gateway may have made an event or JSON again.

    >>> [*lenient_frames(b'data: {"id":1}')][0], [*lenient_frames(b'"[DONE]"')]
    ((b'{"id":1}', False), [(b'[DONE]', False)])
    """
    inner = data
    while inner.startswith(b"data:"):
        inner = inner[len(b"data:") :].strip()
    if inner != data:
        yield inner, False
    if inner.strip(b'"').upper() in (b"[DONE]", b"DONE"):
        yield b"[DONE]", False
    yield from lenient_forms(inner)


def inner_responses(data: bytes, error: LLMError) -> Iterator[bytes]:
    """The JSON inside an envelope of a gateway, if the error is that the envelope itself is no response.

    >>> error = ProtocolError(provider="", message="")
    >>> [*inner_responses(b'{"code":0,"msg":"ok","data":{"id":"x"}}', error)]
    [b'{"id":"x"}']
    """
    raw = any_json(data)
    if error.partial is not None and error.partial.message.parts:
        return
    if isinstance(raw, list) and len(raw) == 1 and isinstance(raw[0], dict):
        yield msgspec.json.encode(raw[0])
    if isinstance(raw, dict) and not raw.get("error") and not raw.get("errors"):
        for key in _ENVELOPES:
            inner = raw.get(key)
            if isinstance(inner, list) and len(inner) == 1:
                inner = inner[0]
            if isinstance(inner, dict) and (isinstance(error, ProtocolError) or _says_ok(raw)):
                yield msgspec.json.encode(inner)


_ENVELOPES = ("data", "response", "result", "body", "message")
"""Fields in which gateways put the response of the service."""


def _says_ok(raw: Mapping[str, Any]) -> bool:
    """Whether an envelope with a message, which has the form of an error, says that there was none."""
    codes = [
        raw[key] for key in ("code", "status", "status_code", "errno", "success") if key in raw
    ]
    return bool(codes) and all(code in _OK for code in codes)


_OK: tuple[Any, ...] = (0, 200, "0", "200", "ok", "OK", "success", True)

_Content = Callable[[str, Any], Any]
"""(name, value) of a field with content -> the value in another form."""


def _unchanged(_: str, value: Any) -> Any:
    return value


def _as_list(_: str, value: Any) -> Any:
    """A text, and one part, as a list of parts."""
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    return [value] if isinstance(value, dict) and value else value


def _as_text(_: str, value: Any) -> Any:
    """A list of texts as one text."""
    parts = [value] if isinstance(value, dict) else value
    if not isinstance(parts, list):
        return value
    texts = [
        part.get("text") if isinstance(part, dict) and part.keys() <= {"type", "text"} else part
        for part in parts
    ]
    is_text = all(isinstance(text, str) for text in texts)
    return "".join(map(str, texts)) if is_text else value


def _as_parts(name: str, value: Any) -> Any:
    """A text and a list of parts as Gemini's object."""
    if name != "content" or not isinstance(value, str | list):
        return value
    return {"parts": value if isinstance(value, list) else [{"text": value}]}


_TEXTS = frozenset(
    {"id", "call_id", "item_id", "toolUseId", "model", "modelVersion", "responseId", "response_id", "request_id", "sid"}
)  # fmt: skip
"""Fields with a text; a number stands for its digits, an object for its id."""
_OBJECTS = frozenset(
    {"usage", "usageMetadata", "metrics", "logprobs", "meta", "incomplete_details"}
)
"""Fields with an object, of which nothing is lost if they have none."""
_CONTENT = frozenset({"content", "summary", "parts"})
_LISTS = frozenset({"choices", "candidates", "tool_calls", "parts", "images", "reasoning_details"})
"""Fields with a list of objects; one object stands for a list of it."""
_REASONS = frozenset({"finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"})
_NO_FLAGS = frozenset({"thinking", "reasoning", "reasoning_content", *_REASONS})
"""Fields in which true and false say nothing."""
_OPAQUE = frozenset(
    {"input", "args", "parameters", "schema", "metadata", "result", "error", "tools", "arguments"}
)
"""Fields with JSON of others."""


def _object_or_list(value: Any, content: _Content) -> Any:
    if isinstance(value, list):
        return [_object_or_list(item, content) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _field(name, item, content) for name, item in value.items()}
    for name in [name for name in value if name in _OBJECTS]:
        if value[name] and changed[name] is None:
            changed[f"unread_{name}"] = value[name]
    return changed


def _field(name: str, value: Any, content: _Content) -> Any:
    if name == "arguments" and isinstance(value, dict | list):
        return json_text(value)
    if name in _OPAQUE:
        return value
    if isinstance(value, bool) and name in _NO_FLAGS:
        return None
    if name in _TEXTS:
        return _id(value)
    if name in _OBJECTS and not isinstance(value, dict):
        return _information(name, value)
    if name in _REASONS and isinstance(value, dict):
        return value.get("type") or value.get("reason")
    if name == "function" and isinstance(value, str):
        return {"name": value}
    if name == "delta" and isinstance(value, dict) and "text" in value and "type" not in value:
        return value["text"]
    if name in _CONTENT:
        value = content(name, value)
    if name == "tool_calls" and isinstance(value, str):
        value = any_json(value.encode("utf-8", "replace"))
    if isinstance(value, dict) and _is_item(name, value):
        value = [value]
    if isinstance(value, list) and (name in _LISTS or name in _CONTENT or name == "output"):
        value = [_item(name, item) for item in value if item is not None]
    return _object_or_list(value, content)


def _is_item(name: str, value: dict[str, Any]) -> bool:
    """Whether an object stands for a list of it. At other services `choices` and `output` are objects."""
    if name == "choices":
        return "message" in value or "delta" in value
    return bool(value) and (name in _LISTS or (name == "output" and "type" in value))


def _id(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json_text(value)
    return value.get("id") if isinstance(value, dict) else value


def _information(name: str, value: Any) -> Any:
    """A list of metrics is documented, as is a list of logprobs; a text may be the reason why a response is incomplete."""
    if name == "incomplete_details" and isinstance(value, str):
        return {"reason": value}
    return value if isinstance(value, list) and name in ("metrics", "logprobs") else None


def _item(name: str, value: Any) -> Any:
    """An item of a list: a text stands for a part with it, in `choices` for a message with it."""
    if isinstance(value, str) and name in _CONTENT:
        return {"text": value} if name == "parts" else {"type": "text", "text": value}
    if name == "choices" and isinstance(value, dict):
        return {
            key: {"content": item}
            if key in ("message", "delta") and isinstance(item, str)
            else item
            for key, item in value.items()
        }
    return value
