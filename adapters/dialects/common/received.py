"""What the dialects share in reading a client's request: URL, credential, body, and fields with their types.

A field of a wrong type is InvalidRequest with its path. A field that is not known is no error: it is kept in `unread`, with
an adaptation for each.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, NoReturn, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.unsealing import has_envelopes, unsealed_messages
from llm_pure.chat.message_input import MESSAGE_KEYS, read_messages
from llm_pure.chat.part_input import PART_TYPES
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.client_headers import credentials, session
from llm_pure.core.server import ReceivedRequest, ServedOperation
from llm_pure.core.server_paths import NO_OPERATION, PREFIX_LIMIT, SERVED_PATHS, ServedPath
from llm_pure.framing.json_codec import decode_any, json_text
from llm_pure.types.errors import InvalidRequest, NotFound
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import Message, Opaque
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import Effort, Tool
from llm_pure.types.result import Failure, type_name

A = TypeVar("A")

EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

EFFORT_OF: Mapping[str, Effort] = {effort: effort for effort in EFFORTS}
"""Name of an effort -> the effort."""

_Form: TypeAlias = Literal["", "text", "running"]
_FORMS: tuple[_Form, ...] = ("text", "running")


class ServedCall(NamedTuple):
    """A request with a body, as the reader of a dialect gets it."""

    request: HttpRequest
    operation: ServedOperation
    match: re.Match[str]
    """Of the path."""
    body: "BodyReader"

    @property
    def model(self) -> str:
        """The model's name in the path, "" without one."""
        return self.match.groupdict().get("model") or ""


def receive(
    request: HttpRequest,
    dialect: str,
    read: Callable[[ServedCall], ReceivedRequest],
) -> ReceivedRequest:
    """What a client's request says. `read` fills what is in the body; the rest is the same in all dialects.

    Raises Rejected with InvalidRequest, and with NotFound for another URL.
    """
    operation, match = route(request, SERVED_PATHS[dialect])
    keys = credentials(request)
    adaptations: list[Adaptation] = []
    if request.method.upper() in ("GET", "HEAD"):
        groups, body = match.groupdict(), BodyReader({}, adaptations)
        forms: list[_Form] = [form for form in _FORMS if groups.get(form) is not None]
        received = ReceivedRequest(
            dialect=dialect,
            model=groups.get("model") or "",
            form=forms[0] if forms else "",
        )
    else:
        body = BodyReader(read_body(request), adaptations)
        received = read(ServedCall(request, operation, match, body))
        if has_envelopes(request.body):
            messages = unsealed_messages(received.messages, adaptations)
            received = replace(received, chat=replace(received.chat, messages=messages))
    return replace(
        received,
        operation=operation,
        credentials=keys,
        session=session(request),
        unread={**body.unread(), **received.unread},
        adaptations=tuple(adaptations),
    )


def route(
    request: HttpRequest, paths: tuple[ServedPath, ...]
) -> tuple[ServedOperation, re.Match[str]]:
    """The operation of a request, and the match of its path. Raises Rejected with NotFound."""
    try:
        path = unquote(urlsplit(request.url).path)
    except ValueError:
        path = ""
    method = request.method.upper()
    for expected, pattern, operation in paths:
        match = re.fullmatch(rf".{{0,{PREFIX_LIMIT}}}?{pattern}", path, re.DOTALL)
        if match is not None and (method == expected or (method, expected) == ("HEAD", "GET")):
            return operation, match
    message = f"no operation at {method[:20]} {path[:200]}"
    raise Rejected(NotFound(message=message, status=404, code=NO_OPERATION))


def invalid(path: str, message: str) -> NoReturn:
    """Raise Rejected with InvalidRequest for the value at this path."""
    raise Rejected(InvalidRequest(message=message, param=path, status=400))


def read_body(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object. Raises Rejected with InvalidRequest."""
    decoded = decode_any(request.body, provider="")
    if isinstance(decoded, Failure):
        invalid("", "the body is not JSON" if request.body else "the body is empty")
    body = decoded.unwrap()
    if not isinstance(body, dict):
        invalid("", f"the body is a JSON object, not {type_name(body)}")
    return body


def _fits(value: Any, kind: type[Any] | tuple[type[Any], ...]) -> bool:
    """Whether a value is of a kind; true and false are no numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


class BodyReader:
    """The fields of an object, each read once; those that nobody reads are `unread`. null is the same as absent."""

    def __init__(
        self, values: Mapping[str, Any], adaptations: list[Adaptation], path: str = ""
    ) -> None:
        self.values = {key: value for key, value in values.items() if value is not None}
        self.adaptations = adaptations
        self.path = path

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}/{key}" if self.path else key

    def any(self, key: str) -> Any:
        """A value of any type."""
        return self.values.pop(key, None)

    def _typed(self, key: str, kind: type[A] | tuple[type[A], ...], expected: str) -> A | None:
        value: Any = self.values.pop(key, None)
        if value is None:
            return None
        if _fits(value, kind):
            result: A = value
            return result
        invalid(self.at(key), f"{key} is {expected}, not {type_name(value)}")

    def text(self, key: str) -> str | None:
        """A string."""
        return self._typed(key, str, "a string")

    def number(self, key: str) -> float | None:
        """A number."""
        return self._typed(key, (int, float), "a number")

    def integer(self, key: str) -> int | None:
        """An integer; 2.0 is one."""
        value = self.number(key)
        if isinstance(value, float) and not value.is_integer():
            invalid(self.at(key), f"{key} is an integer, not {value}")
        return None if value is None else int(value)

    def flag(self, key: str) -> bool | None:
        """True or false."""
        return self._typed(key, bool, "true or false")

    def object(self, key: str) -> "BodyReader | None":
        """An object."""
        value: dict[str, Any] | None = self._typed(key, dict, "an object")
        return None if value is None else BodyReader(value, self.adaptations, self.at(key))

    def list(self, key: str) -> list[Any] | None:
        """A list."""
        return self._typed(key, list, "a list")

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of strings, or one string."""
        value = self.any(key)
        values = [value] if isinstance(value, str) else value
        if value is None:
            return None
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            invalid(self.at(key), f"{key} is a string or a list of strings")
        return tuple(values)

    def one_of(self, key: str, known: Sequence[A]) -> A | None:
        """A string that is one of these; another one is dropped with an adaptation."""
        value = self.text(key)
        if value is None:
            return None
        for choice in known:
            if choice == value:
                return choice
        self.drop(key, f"it is one of {', '.join(map(str, known))}", value)
        return None

    def drop(self, key: str, reason: str, before: Any = None) -> None:
        """Note that a field is not read."""
        short = before if isinstance(before, str | int | float) else None
        self.adaptations.append(
            Adaptation(field=self.at(key), action="dropped", reason=reason, before=short)
        )

    def unread(self) -> dict[str, Any]:
        """The fields that were not read, each with an adaptation."""
        for key, value in self.values.items():
            self.drop(key, "this library has no field for it", value)
        return self.values


def object_at(value: Any, adaptations: list[Adaptation], path: str) -> BodyReader:
    """An object in a list. Raises Rejected with InvalidRequest."""
    if not isinstance(value, dict):
        invalid(path, f"expected an object, not {type_name(value)}")
    return BodyReader(value, adaptations, path)


def metadata_of(body: BodyReader) -> dict[str, str] | None:
    """Short strings; numbers and flags become text."""
    fields = body.object("metadata")
    if fields is None:
        return None
    kept: dict[str, str] = {}
    for key, value in fields.values.items():
        if isinstance(value, str | int | float):
            kept[key] = value if isinstance(value, str) else str(value)
        else:
            fields.drop(key, "metadata are strings")
    return kept or None


def messages_of(
    turns: Sequence[Any], provider: str, adaptations: list[Adaptation], path: str = "messages"
) -> list[Message]:
    """Messages in OpenAI's, Anthropic's or Ollama's format. Unknown keys are dropped, unknown parts become opaque.

    `provider`: whose opaque parts they are. Raises Rejected with InvalidRequest.
    """
    cleaned = [
        _clean(turn, provider, adaptations, f"{path}/{index}") for index, turn in enumerate(turns)
    ]
    try:
        return list(read_messages(cleaned)) if cleaned else []
    except Rejected as rejected:
        error = rejected.error
        where = error.param if isinstance(error, InvalidRequest) else None
        invalid((where or path).replace("messages", path, 1), error.message)


def _clean(turn: Any, provider: str, adaptations: list[Adaptation], path: str) -> Any:
    if not isinstance(turn, dict):
        return turn
    if "role" not in turn:
        return turn
    kept: dict[str, Any] = {}
    for key, value in turn.items():
        if key in MESSAGE_KEYS:
            kept[key] = value
        elif value is not None:
            reason = "a message has no such field here"
            adaptations.append(Adaptation(field=f"{path}/{key}", action="dropped", reason=reason))
    content, calls = kept.get("content"), kept.get("tool_calls")
    if isinstance(content, list):
        where = f"{path}/content"
        kept["content"] = [
            _part(item, provider, adaptations, f"{where}/{index}")
            for index, item in enumerate(content)
        ]
    if isinstance(calls, list):
        kept["tool_calls"] = [
            _known(call, adaptations, f"{path}/tool_calls/{index}")
            for index, call in enumerate(calls)
        ]
    return _known(kept, adaptations, path)


def _part(item: Any, provider: str, adaptations: list[Adaptation], path: str) -> Any:
    kind = item.get("type") if isinstance(item, dict) else None
    if isinstance(kind, str) and kind not in PART_TYPES:
        return Opaque(provider, kind, json_text(item))
    if kind == "tool_result" and isinstance(item.get("content"), list):
        parts = [
            _part(part, provider, adaptations, f"{path}/content/{index}")
            for index, part in enumerate(item["content"])
        ]
        item = {**item, "content": parts}
    return _known(item, adaptations, path)


_CALL_KEYS = frozenset({"name", "arguments", "input", "description"})
_MARK_KEYS = frozenset({"type", "mode", "ttl"})
_INNER_KEYS: Mapping[str, frozenset[str]] = {
    "function": _CALL_KEYS,
    "custom": _CALL_KEYS,
    "image_url": frozenset({"url", "detail"}),
    "input_audio": frozenset({"data", "format", "url"}),
    "file": frozenset({"file_id", "file_data", "file_url", "filename"}),
    "cache_control": _MARK_KEYS,
    "prompt_cache_breakpoint": _MARK_KEYS,
}
"""Key of a message, a part or a call whose value is an object -> the keys of the object that are read."""
_SOURCE_KEYS: Mapping[str, frozenset[str]] = {
    "base64": frozenset({"type", "data", "media_type"}),
    "text": frozenset({"type", "data", "media_type"}),
    "url": frozenset({"type", "url"}),
    "file": frozenset({"type", "file_id"}),
}
"""Type of Anthropic's `source` -> its keys."""


def _known(item: Any, adaptations: list[Adaptation], path: str) -> Any:
    """The part or call with the keys of its inner objects that are read; the others are dropped with an adaptation.

    Users' own messages with such keys are an error, as they would be lost; clients send them unasked.
    """
    if not isinstance(item, dict):
        return item
    kept = item
    for key, value in item.items():
        if not isinstance(value, dict):
            continue
        keys = _SOURCE_KEYS.get(str(value.get("type"))) if key == "source" else _INNER_KEYS.get(key)
        if keys is None or value.keys() <= keys:
            continue
        reader = BodyReader(value, adaptations, f"{path}/{key}")
        inner = {name: reader.any(name) for name in value if name in keys}
        if key == "function":
            reader.any("index")  # Ollama's number of a call: their order says it
        reader.unread()
        kept = {**kept, key: inner}
    return kept


def function_tool(fields: BodyReader, schema_keys: Iterable[str], cache: Any, *, path: str) -> Tool:
    """A function that the model may call; unknown fields are adaptations."""
    name = fields.text("name")
    if not name:
        invalid(f"{path}/name", "a tool needs a name")
    description, strict = fields.text("description"), fields.flag("strict")
    schema: dict[str, Any] | None = None
    for key in schema_keys:
        inner = fields.object(key)
        schema = schema if inner is None or schema is not None else inner.values
    fields.unread()
    others = {} if schema is None else {"parameters": schema}
    return Tool(name=name, description=description, strict=strict, cache=cache, **others)


def cache_mark(fields: BodyReader) -> Any:
    """The mark of a prompt cache at a tool: `cache_control`."""
    from llm_pure.chat.part_input import Fields  # imported late: only where there are marks

    values = {key: fields.any(key) for key in ("cache_control",) if key in fields.values}
    return Fields(values, fields.path).cache_mark() if values else None
