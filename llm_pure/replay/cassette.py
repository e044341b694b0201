"""Cassettes as values: VCR YAML version 1 <-> `Cassette`, without HTTP's encodings of a body.

Reads the files of vcrpy, pytest-recording and Ruby's VCR, for any HTTP library. Keys that vcrpy does not know stand beside
`request` and `response`, never inside them, where vcrpy does not look.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from llm_pure.replay.yaml import Block, Flow, parse_yaml, render_yaml
from llm_pure.transports.content_coding import decode_content
from llm_pure.types.errors import ProtocolError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, get_header
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import LLMResult

NO_CASSETTE = "not_a_cassette"
"""Error code for a file that is not a cassette at all. A cassette with an error in it has the code "cassette"."""

NO_HTTP = "not_http"
"""Error code for an interaction without an HTTP request."""

_GZIP_AS_TEXT = "\x1f\x8b"


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its response. Header names are in lower case, bodies have no content coding."""

    request: HttpRequest
    response: HttpResponse
    reason: str = ""
    """The reason phrase of the status line."""
    sizes: tuple[int, ...] = ()
    """Bytes of each chunk of a streamed body; () if unknown."""
    delays_ms: tuple[int, ...] = ()
    """Milliseconds before each of these chunks."""
    recorded_from: str = ""
    """A description of the server that responded."""
    provider: str = ""
    """The provider, for a recording whose URL does not show it, such as one from a server on loopback."""
    operation: str = ""
    """The operation, likewise: "chat", "embed" or "count"."""


class Cassette(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of one cassette file."""

    interactions: tuple[Interaction, ...] = ()
    name: str = ""
    """The file, for messages."""
    recorded_from: str = ""
    """A description of the server that responded."""


@returns_failure
def parse_cassette(data: str | bytes, *, name: str = "cassette") -> Cassette:
    """Parse a cassette. Fails with the first ProtocolError, whose `where` is the file and the path in it."""
    document = _document(data, name)
    return Cassette(
        interactions=tuple([ok(entry) for entry in _entries(document, name)]),
        name=name,
        recorded_from=_text_of(document.get("recorded_from")),
    )


@returns_failure
def parse_entries(data: str | bytes, *, name: str = "cassette") -> Iterator[LLMResult[Interaction]]:
    """Parse each interaction by itself, so that an error in one leaves the others readable."""
    return _entries(_document(data, name), name)


def render_cassette(cassette: Cassette) -> str:
    """Return a cassette as YAML: sorted keys, text bodies as literal blocks. Does not redact (see `redact_cassette`)."""
    document: dict[str, Any] = {
        "interactions": [_render(interaction) for interaction in cassette.interactions],
        "version": 1,
    }
    if cassette.recorded_from:
        document["recorded_from"] = cassette.recorded_from
    return render_yaml(document)


def _document(data: str | bytes, name: str) -> dict[str, Any]:
    document: Any = ok(parse_yaml(data, name=name))
    if not isinstance(document, dict):
        _reject(name, "not a cassette: the document is not a mapping", NO_CASSETTE)
    entries = document.get("interactions", document.get("http_interactions"))
    if not isinstance(entries, list):
        _reject(name, "not a cassette: it has no list `interactions`", NO_CASSETTE)
    return {**document, "interactions": entries}


def _entries(document: dict[str, Any], name: str) -> Iterator[LLMResult[Interaction]]:
    for index, entry in enumerate(document["interactions"]):
        yield _interaction(entry, f"{name}: interactions[{index}]")


@returns_failure
def _interaction(entry: Any, where: str) -> Interaction:
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        _reject(where, "holds no HTTP request", NO_HTTP)
    request = _request(entry["request"], f"{where}.request")
    response, reason = _response(entry.get("response"), f"{where}.response")
    stream = entry.get("stream")
    timing = stream if isinstance(stream, dict) else {}
    sizes = _numbers(timing.get("sizes"))
    if sum(sizes) != len(response.body):
        sizes = ()  # The body was edited by hand: its chunks are no longer known.
    delays_ms = _numbers(timing.get("delays_ms"))
    return Interaction(
        request=request,
        response=response,
        reason=reason,
        sizes=sizes,
        delays_ms=delays_ms if len(delays_ms) == len(sizes) else (),
        recorded_from=_text_of(entry.get("recorded_from")),
        provider=_text_of(entry.get("provider")),
        operation=_text_of(entry.get("operation")),
    )


def _request(data: dict[Any, Any], where: str) -> HttpRequest:
    method, url = data.get("method"), data.get("uri", data.get("url"))
    if not isinstance(method, str) or not isinstance(url, str) or not url:
        _reject(where, "holds no HTTP request: no method or no uri", NO_HTTP)
    headers, body = _decoded(data, where)
    return HttpRequest(method.upper(), url, headers, body)


def _response(data: Any, where: str) -> tuple[HttpResponse, str]:
    if not isinstance(data, dict):
        _reject(where, "is not a mapping")
    status = data.get("status")
    # vcrpy before 2021 wrote httpx responses as status_code, headers and content (text or !!binary).
    code = status.get("code") if isinstance(status, dict) else data.get("status_code", status)
    if not isinstance(code, int) or isinstance(code, bool):
        _reject(where, "has no status code")
    reason = status.get("message") if isinstance(status, dict) else None
    headers, body = _decoded(data, where)
    return HttpResponse(code, headers, body), _text_of(reason)


def _decoded(data: dict[Any, Any], where: str) -> tuple[Headers, bytes]:
    """Return headers in lower case and the body without its content coding."""
    headers = tuple([(name.lower(), value) for name, value in _headers(data.get("headers"))])
    body = _body(data, where)
    coding = get_header(headers, "content-encoding") or ""
    content = ok(decode_content(body, coding).alt(lambda error: _error(where, error.message)))
    if coding or content is not body:
        outdated = ("content-encoding", "content-length")
        headers = tuple([pair for pair in headers if pair[0] not in outdated])
    return headers, content


def _body(data: dict[Any, Any], where: str) -> bytes:
    """Return the recorded bytes from wherever the recorder put them; they may still have a content coding."""
    if "parsed_body" in data:
        return _json(data["parsed_body"], f"{where}.parsed_body")
    body = data.get("body", data.get("content"))
    if isinstance(body, dict):
        if "base64_string" in body:
            return _base64(body["base64_string"], f"{where}.body.base64_string")
        body = body.get("string")
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, list | dict):
        _reject(f"{where}.body", "is neither text nor bytes")
    text = body if isinstance(body, str) else json.dumps(body)
    if text.startswith(_GZIP_AS_TEXT):  # gzip written by Python 2 as text, a character for a byte
        return text.encode("latin-1", "replace")
    return text.encode("utf-8", "surrogatepass")


def _json(value: Any, where: str) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        _reject(where, f"is not JSON: {error}")
    return text.encode("utf-8", "surrogatepass")


def _base64(text: Any, where: str) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return base64.b64decode(str(text))
    except (binascii.Error, ValueError) as error:
        _reject(where, f"is not base64: {error}")


def _headers(data: Any) -> Headers:
    """Read names with one value or a list of values, or a list of pairs. Other entries are left out."""
    pairs = list(data.items()) if isinstance(data, dict) else data
    headers: list[tuple[str, str]] = []
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, tuple | list) and len(pair) == 2:
            name, values = pair
            for value in values if isinstance(values, list) else [values]:
                headers.append((_text_of(name), _text_of(value)))
    return tuple(headers)


def _text_of(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None or isinstance(value, list | dict) else str(value)


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    numbers = tuple([number for number in value if type(number) is int and number >= 0])
    return numbers if len(numbers) == len(value) else ()


def _render(interaction: Interaction) -> dict[str, Any]:
    request, response = interaction.request, interaction.response
    entry: dict[str, Any] = {
        "request": {
            "body": _render_body(request.body),
            "headers": headers_by_name(request.headers),
            "method": request.method,
            "uri": _without_surrogates(request.url),
        },
        "response": {
            "body": {"string": _render_body(response.body)},
            "headers": headers_by_name(response.headers),
            "status": {"code": response.status, "message": _without_surrogates(interaction.reason)},
        },
    }
    if interaction.sizes:
        entry["stream"] = {"sizes": Flow(interaction.sizes)}
        if interaction.delays_ms:
            entry["stream"]["delays_ms"] = Flow(interaction.delays_ms)
    for name in ("recorded_from", "provider", "operation"):
        if getattr(interaction, name):
            entry[name] = _without_surrogates(getattr(interaction, name))
    return entry


def _without_surrogates(text: str) -> str:
    """Replace lone surrogates, which no file of text can hold, by U+FFFD."""
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def _render_body(body: bytes) -> Block | bytes:
    """Return text as a literal block, anything else as `!!binary`, and so text that begins like gzip kept as text."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    return body if text.startswith(_GZIP_AS_TEXT) else Block(text)


def headers_by_name(headers: Headers) -> dict[str, list[str]]:
    """Return headers as vcrpy keeps them: each name with its values."""
    by_name: dict[str, list[str]] = {}
    for name, value in headers:
        by_name.setdefault(_without_surrogates(name), []).append(_without_surrogates(value))
    return by_name


def _error(where: str, message: str, code: str = "cassette") -> ProtocolError:
    return ProtocolError(message=message, where=where, code=code)


def _reject(where: str, message: str, code: str = "cassette") -> NoReturn:
    raise Rejected(_error(where, message, code))
