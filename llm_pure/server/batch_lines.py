"""Lines of an OpenAI batch file -> requests. Pure.

    {"custom_id": "row-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": ..., "messages": [...]}}

A line that cannot be read is a value with its number, so that the other lines are not lost.
Source: developers.openai.com, "Batch API"; read 2026-11-29.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import decode_any, encode
from llm_pure.server.dialects import server_dialects
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, ok, reject
from llm_pure.types.request import ChatRequest

DIALECT_OF_PATH = {
    "/v1/chat/completions": "openai_chat",
    "/v1/completions": "openai_chat",
    "/v1/embeddings": "openai_chat",
    "/v1/responses": "openai_responses",
}
"""The operations of a batch that this library has."""

_BYTE_ORDER_MARK = "\ufeff"


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a batch file."""

    line: int
    """Its number, from 1."""
    custom_id: str
    url: str
    """As in the line: it says in which form the answer is wanted."""
    received: ReceivedRequest
    """The request: `received.operation` is "chat" or "embed"; `received.adaptations` is what has no field here."""

    @property
    def chat(self) -> ChatRequest:
        """The request to a model, for a `received.operation` of "chat"."""
        return self.received.chat


class InvalidBatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that cannot be read."""

    line: int
    """Its number, from 1."""
    error: LLMError
    """InvalidRequest with the path of the field, or UnsupportedFeature for a URL that is no operation of a batch here."""
    custom_id: str = ""
    """Its id, if that can be read."""


def read_batch_lines(
    lines: Iterable[str | bytes], *, unique_ids: bool = True
) -> Iterator[BatchLine | InvalidBatchLine]:
    """Read the lines of a batch file, one at a time; blank lines are skipped.

    With `unique_ids` the second line of an id is invalid, as it is at OpenAI; it takes memory for each id.

    >>> [line] = read_batch_lines(['{"custom_id": "a", "method": "GET", "url": "/v1/responses"}'])
    >>> line.line, line.custom_id, line.error.param
    (1, 'a', 'method')
    """
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        read = read_batch_line(line, number)
        if unique_ids and isinstance(read, BatchLine):
            if read.custom_id in seen:
                error = _invalid("custom_id", f"custom_id {read.custom_id!r} is there twice")
                yield InvalidBatchLine(line=number, custom_id=read.custom_id, error=error)
                continue
            seen.add(read.custom_id)
        yield read


def read_batch_line(line: str | bytes, number: int = 1) -> BatchLine | InvalidBatchLine:
    """Read one line."""
    fields: dict[str, Any] = {}
    try:
        fields = _object(line)
        return _read(fields, number)
    except Rejected as rejected:
        custom_id = fields.get("custom_id")
        return InvalidBatchLine(
            line=number,
            error=rejected.error,
            custom_id=custom_id if isinstance(custom_id, str) else "",
        )


def _invalid(path: str, message: str) -> LLMError:
    return InvalidRequest(message=message, param=path or None, status=400)


def _object(line: str | bytes) -> dict[str, Any]:
    if isinstance(line, str):
        line = line.removeprefix(_BYTE_ORDER_MARK).encode("utf-8", "surrogatepass")
    line = line.removeprefix(_BYTE_ORDER_MARK.encode())
    value = decode_any(line, provider="").value_or(None)
    if not isinstance(value, dict):
        return reject(_invalid("", "the line is no JSON object"))
    return value


def _read(fields: dict[str, Any], number: int) -> BatchLine:
    custom_id, url, body = (fields.get(name) for name in ("custom_id", "url", "body"))
    if not isinstance(custom_id, str) or not custom_id:
        reject(_invalid("custom_id", "custom_id is a text, and not empty"))
    if fields.get("method", "POST") != "POST":
        reject(_invalid("method", "the method is POST"))
    if not isinstance(url, str):
        reject(_invalid("url", f"url is one of {', '.join(DIALECT_OF_PATH)}"))
    if not isinstance(body, dict):
        reject(_invalid("body", "body is an object"))
    path = url.split("?")[0].rstrip("/")
    name = next((name for end, name in DIALECT_OF_PATH.items() if path.endswith(end)), None)
    if name is None:
        message = f"no operation of a batch at {url[:200]!r}; known: {', '.join(DIALECT_OF_PATH)}"
        reject(UnsupportedFeature(message=message, feature="url"))
    data = ok(encode(body, provider=""))
    received = _of_body(server_dialects[name].parse_request(HttpRequest("POST", path, (), data)))
    return BatchLine(line=number, custom_id=custom_id, url=url, received=_unstreamed(received))


def _of_body(result: Any) -> ReceivedRequest:
    """The request of a body; the path of an error begins at the line's object."""
    received: ReceivedRequest
    try:
        received = ok(result)
    except Rejected as rejected:
        error = rejected.error
        if isinstance(error, InvalidRequest):
            error = replace(error, param=f"body/{error.param}" if error.param else "body")
        raise Rejected(error) from None
    return received


def _unstreamed(received: ReceivedRequest) -> ReceivedRequest:
    """A batch has no streams."""
    if not received.stream:
        return received
    reason = "the answers of a batch are not streamed"
    change = Adaptation(field="stream", action="dropped", reason=reason, before=True, after=False)
    return replace(
        received,
        stream=False,
        chat=replace(received.chat, stream=False),
        adaptations=(*received.adaptations, change),
    )
