"""Rows of an input: lines -> requests. Pure and total: a line that cannot be read is a row with an error.

Three forms of a line, recognized by their keys: OpenAI's batch line {"custom_id", "method", "url", "body"}; {"messages"};
{"prompt"}, or any columns with a template.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.bulk.identity import canonical_json
from llm_pure.bulk.requests import REQUEST_KEY, parse_request_fields
from llm_pure.bulk.templates import Template
from llm_pure.chat.message_input import parse_messages
from llm_pure.framing.json_codec import DECODE_ERRORS, DEPTH_LIMIT, is_too_deep
from llm_pure.server import server_dialects
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import system, user
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.request import ChatRequest

ERROR_KEY = "$error"
"""Of lines that this library wrote in place of a row that has no JSON: the reason."""

ID_KEY = "custom_id"

DIALECTS = {"/v1/chat/completions": "openai_chat", "/v1/responses": "openai_responses"}
"""`url` of a batch line -> the dialect of its body."""

UNREADABLE = b"\0"
"""Before a line that is no request, in its key: no canonical JSON begins so."""

_BOM = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of a UTF-16 file."""
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")
"""The first bytes of gzip, zstd, bzip2 and xz files."""
_ZIP = b"PK\x03\x04"
_NO_JSON = re.compile(rb"[:,\[]\s*-?(NaN|Infinity)\b")
"""Numbers that Python's json module writes and JSON does not have."""
_HALF_PAIR = re.compile(
    rb"(?i)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}"
)
"""Half of a surrogate pair, as JSON of cut texts has it: no character."""
_NOT_OF_REQUEST = frozenset({"stream", "stream_options"})
"""Fields of a batch line's body that the run decides, as it does the model if it has one."""

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class RowForm(msgspec.Struct, frozen=True, kw_only=True):
    """How lines become requests."""

    prompt: Template | None = None
    """The user's message, by the row's columns; None takes the row's own `prompt` or `messages`."""
    system: str | None = None
    """A system message before the row's messages."""
    request: ChatRequest = ChatRequest(messages=())
    """Settings of every request, such as `max_tokens` or `response_format`."""
    model: str = ""
    """The run's model, in place of the model of a batch line; "" takes the line's."""
    dialect: str = ""
    """Of the provider; fields of a batch line's body that this library has none for are sent if it is the line's."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a request, or the error that there is none."""

    index: int
    """Number of the row in the input, from 0."""
    custom_id: str
    """The row's own, else "row-1" for the first row."""
    has_custom_id: bool = False
    key: bytes
    """What the row's id is made of: canonical JSON of its request, or the line itself."""
    request: ChatRequest | None = None
    error: LLMError | None = None
    columns: Mapping[str, Any] = {}
    """The line's fields."""


def read_rows(lines: Iterable[bytes], form: RowForm | None = None) -> Iterator[Row]:
    """Yield the row of each line.

    >>> [row.error is None for row in read_rows([b'{"prompt": "Is 7 prime?"}', b"{"])]
    [True, False]
    """
    for index, line in enumerate(lines):
        yield read_row(index, line, form or RowForm())


def read_row(index: int, line: bytes, form: RowForm) -> Row:
    """Return the row of a line, with an error for what is no request."""
    line = line.removeprefix(_BOM).strip()  # any line: files may have been joined
    columns: Any = None
    try:
        columns = _columns(line, index)
        fields, key = _request_fields(columns, form)
        if form.model:
            fields["model"] = form.model
        request: ChatRequest = msgspec.structs.replace(form.request, stream=False, **fields)
    except Rejected as rejected:
        custom_id, has_own = _custom_id(columns, index)
        return Row(
            index=index,
            custom_id=custom_id,
            has_custom_id=has_own,
            key=UNREADABLE + line,
            error=rejected.error,
            columns=columns if isinstance(columns, dict) else {},
        )
    custom_id, has_own = _custom_id(columns, index)
    return Row(
        index=index,
        custom_id=custom_id,
        has_custom_id=has_own,
        key=key,
        request=request,
        columns=columns,
    )


def invalid_row(index: int, message: str) -> InvalidRequest:
    """Return the error of a row that cannot be read, with its number as people count."""
    return InvalidRequest(message=f"row {index + 1}: {message}", param="row")


def _columns(line: bytes, index: int) -> dict[str, Any]:
    if not line:
        raise Rejected(invalid_row(index, "the line is empty"))
    if is_too_deep(line):
        raise Rejected(invalid_row(index, f"the line is nested deeper than {DEPTH_LIMIT}"))
    try:
        columns = _decoder.decode(line)
    except DECODE_ERRORS as error:
        message = f"the line is no valid JSON: {error}{_json_hint(line, index)}"
        raise Rejected(invalid_row(index, message)) from None
    if not isinstance(columns, dict):
        raise Rejected(invalid_row(index, f"the line is no JSON object{_json_hint(line, index)}"))
    if ERROR_KEY in columns:
        raise Rejected(invalid_row(index, str(columns[ERROR_KEY])))
    return columns


def _json_hint(line: bytes, index: int) -> str:
    """What is probably wrong with a line, for the mistakes that are often made."""
    if line[:1] == b"[":
        return "; of a JSON array make one object a line, for example with jq -c '.[]'"
    if index == 0 and line[:2] in UTF16_MARKS:
        return "; the file is UTF-16: convert it to UTF-8"
    if line[:2] == b"{'":
        return "; JSON has double quotes: write rows with json.dumps, not with str"
    if line == b"{":
        return "; write each object in one line, for example with jq -c ."
    if index == 0 and line.startswith(_ZIP):
        return "; the file is a zip archive, as spreadsheets are: export it as CSV, or unpack it"
    if index == 0 and line.startswith(_COMPRESSED):
        return "; the file is compressed: unpack it, as in zstd -dc FILE | llm-pure batch run - (.gz files are read as they are)"
    if number := _NO_JSON.search(line):
        return f"; {number[1].decode()} is not in JSON: write null"
    if half := _HALF_PAIR.search(line):
        return f"; {half[0].decode()} is half of a surrogate pair, so a character was cut in two"
    if index == 0 and line[:1] != b"{":
        return "; a file is read as JSON lines unless its name ends in .csv, .tsv or .parquet"
    return ""


def _custom_id(columns: Any, index: int) -> tuple[str, bool]:
    value = columns.get(ID_KEY) if isinstance(columns, dict) else None
    if isinstance(value, str) and value:
        return value, True
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value), True
    return f"row-{index + 1}", False


def _request_fields(columns: dict[str, Any], form: RowForm) -> tuple[dict[str, Any], bytes]:
    """(the request's own fields, the row's key). Raises Rejected."""
    if form.prompt is None and isinstance(columns.get("body"), dict):
        return _batch_line(columns, form)
    if form.prompt is None and REQUEST_KEY in columns:
        return _request_line(columns[REQUEST_KEY], form)
    if form.prompt is None and "messages" in columns:
        value = columns["messages"]
        if not isinstance(value, list) or not value:
            raise Rejected(
                InvalidRequest(message="messages must be a list of messages", param="messages")
            )
        messages = ok(parse_messages(value))
        key = canonical_json({"messages": value})
    else:
        text = _prompt(columns, form)
        messages = (user(text),)
        key = msgspec.json.encode({"prompt": text})
    if form.system is not None:
        messages = (system(form.system), *messages)
    return {"messages": messages}, key


def _request_line(value: Any, form: RowForm) -> tuple[dict[str, Any], bytes]:
    request = parse_request_fields(value)
    if not request.messages:
        raise Rejected(InvalidRequest(message="the request has no messages", param="messages"))
    fields = _set_fields(request)
    if form.system is not None:
        fields["messages"] = (system(form.system), *ok(parse_messages(request.messages)))
    return fields, canonical_json({REQUEST_KEY: value})


def _set_fields(request: ChatRequest) -> dict[str, Any]:
    return {
        name: value
        for name in ChatRequest.__struct_fields__
        if name != "stream" and (value := getattr(request, name)) not in (None, "", ())
    }


def _prompt(columns: dict[str, Any], form: RowForm) -> str:
    if form.prompt is not None:
        text = form.prompt.render(columns)
    elif "prompt" in columns:
        text = columns["prompt"]
    else:
        names = ", ".join(list(columns)[:8]) or "none"
        message = f"the row has no prompt, messages or body, and the run no template; its columns are {names}"
        raise Rejected(InvalidRequest(message=message, param="prompt"))
    if not isinstance(text, str):
        message = f"prompt must be a text, not {type(text).__name__}"
        raise Rejected(InvalidRequest(message=message, param="prompt"))
    if not text.strip():
        raise Rejected(InvalidRequest(message="the prompt is empty", param="prompt"))
    return text


def _batch_line(columns: dict[str, Any], form: RowForm) -> tuple[dict[str, Any], bytes]:
    url, body = str(columns.get("url") or "/v1/chat/completions"), columns["body"]
    dialect = DIALECTS.get(url)
    if dialect is None:
        message = f"url {url!r} of a batch line; supported are {', '.join(DIALECTS)}"
        raise Rejected(UnsupportedFeature(message=message, feature="url"))
    sent = {**body, "model": form.model} if form.model else body
    headers = (("content-type", "application/json"),)
    http = HttpRequest("POST", url, headers, msgspec.json.encode(sent))
    received = ok(server_dialects[dialect].parse_request(http))
    chat = received.chat
    fields = _set_fields(chat)
    if form.system is not None:
        fields["messages"] = (system(form.system), *ok(parse_messages(chat.messages)))
    if received.unread and form.dialect == dialect:
        fields["extra"] = {**(form.request.extra or {}), **(chat.extra or {}), **received.unread}
    own = {name: value for name, value in body.items() if name not in _NOT_OF_REQUEST}
    if form.model:
        own.pop("model", None)
    return fields, canonical_json({"url": url, "body": own})
