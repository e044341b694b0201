"""Cassettes as values: VCR YAML version 1 <-> `Cassette`, with nothing of HTTP's way of carrying a body left in it.

Reads what vcrpy, pytest-recording and Ruby's VCR wrote, whichever HTTP library was underneath. What vcrpy does not know
stands where it does not look: beside `request` and `response`, never inside of them.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from llm_pure.replay.yaml import Block, Flow, parse_yaml, render_yaml
from llm_pure.transports.content_coding import decode_content
from llm_pure.types.errors import ProtocolError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, get_header
from llm_pure.types.result import Failure, LLMResult, Success

NO_CASSETTE = "not_a_cassette"
"""The `code` of the error for a file that is no cassette at all; "cassette" is that of one with a fault in it."""

NO_HTTP = "not_http"
"""The `code` of the error for an interaction that holds no HTTP request."""


_GZIP_AS_TEXT = "\x1f\x8b"


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer. Header names are in lower case, no body has a content coding.

    reason: the status line's words. sizes: how many bytes each piece of a streamed body had, () where that is not
    known. delays_ms: milliseconds before each of those pieces. recorded_from: the server that answered, in words.
    provider, operation: who was asked and what ("chat", "embed", "count"), for a recording whose URL does not tell, such
    as one from a server on loopback.
    """

    request: HttpRequest
    response: HttpResponse
    reason: str = ""
    sizes: tuple[int, ...] = ()
    delays_ms: tuple[int, ...] = ()
    recorded_from: str = ""
    provider: str = ""
    operation: str = ""


class Cassette(msgspec.Struct, frozen=True, kw_only=True):
    """What one file holds. name: the file, for messages. recorded_from: the server that answered, in words."""

    interactions: tuple[Interaction, ...] = ()
    name: str = ""
    recorded_from: str = ""


def parse_cassette(data: str | bytes, *, name: str = "cassette") -> LLMResult[Cassette]:
    """The cassette, or the first fault in it: ProtocolError whose `where` names the file and the place."""
    document = _document(data, name)
    if isinstance(document, Failure):
        return document
    found = document.unwrap()
    interactions: list[Interaction] = []
    for entry in _entries(found, name):
        if isinstance(entry, Failure):
            return entry
        interactions.append(entry.unwrap())
    return Success(
        Cassette(
            interactions=tuple(interactions),
            name=name,
            recorded_from=_words(found.get("recorded_from")),
        )
    )


def parse_entries(
    data: str | bytes, *, name: str = "cassette"
) -> LLMResult[Iterator[LLMResult[Interaction]]]:
    """Each interaction by itself, so that a fault in one leaves the others readable."""
    document = _document(data, name)
    if isinstance(document, Failure):
        return document
    return Success(_entries(document.unwrap(), name))


def render_cassette(cassette: Cassette) -> str:
    """The file's text: sorted keys, text bodies as literal blocks. Nothing is redacted here (see `redact`)."""
    document: dict[str, Any] = {
        "interactions": [_rendered(interaction) for interaction in cassette.interactions],
        "version": 1,
    }
    if cassette.recorded_from:
        document["recorded_from"] = cassette.recorded_from
    return render_yaml(document)


def _document(data: str | bytes, name: str) -> LLMResult[dict[str, Any]]:
    parsed = parse_yaml(data, name=name)
    if isinstance(parsed, Failure):
        return parsed
    document: Any = parsed.unwrap()
    if not isinstance(document, dict):
        return Failure(_fault(name, "no cassette: the document is no mapping", NO_CASSETTE))
    entries = document.get("interactions", document.get("http_interactions"))
    if not isinstance(entries, list):
        return Failure(_fault(name, "no cassette: it has no list `interactions`", NO_CASSETTE))
    return Success({**document, "interactions": entries})


def _entries(document: dict[str, Any], name: str) -> Iterator[LLMResult[Interaction]]:
    for index, entry in enumerate(document["interactions"]):
        yield _interaction(entry, f"{name}: interactions[{index}]")


def _interaction(entry: Any, where: str) -> LLMResult[Interaction]:
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        return Failure(_fault(where, "holds no HTTP request", NO_HTTP))
    request = _request(entry["request"], f"{where}.request")
    if isinstance(request, Failure):
        return request
    response = _response(entry.get("response"), f"{where}.response")
    if isinstance(response, Failure):
        return response
    answer, reason = response.unwrap()
    stream = entry.get("stream")
    told = stream if isinstance(stream, dict) else {}
    sizes = _numbers(told.get("sizes"))
    if sum(sizes) != len(answer.body):
        sizes = ()  # the body was edited by hand: its borders are no longer known
    delays_ms = _numbers(told.get("delays_ms"))
    return Success(
        Interaction(
            request=request.unwrap(),
            response=answer,
            reason=reason,
            sizes=sizes,
            delays_ms=delays_ms if len(delays_ms) == len(sizes) else (),
            recorded_from=_words(entry.get("recorded_from")),
            provider=_words(entry.get("provider")),
            operation=_words(entry.get("operation")),
        )
    )


def _request(data: dict[Any, Any], where: str) -> LLMResult[HttpRequest]:
    method, url = data.get("method"), data.get("uri", data.get("url"))
    if not isinstance(method, str) or not isinstance(url, str) or not url:
        return Failure(_fault(where, "holds no HTTP request: no method or no uri", NO_HTTP))
    headers = _headers(data.get("headers"))
    body = _body(data, where)
    if isinstance(body, Failure):
        return body
    plain = _without_coding(headers, body.unwrap(), where)
    if isinstance(plain, Failure):
        return plain
    headers, content = plain.unwrap()
    return Success(HttpRequest(method.upper(), url, headers, content))


def _response(data: Any, where: str) -> LLMResult[tuple[HttpResponse, str]]:
    if not isinstance(data, dict):
        return Failure(_fault(where, "is no mapping"))
    status = data.get("status")
    # vcrpy before 2021 wrote httpx answers as status_code, headers and content (text or !!binary)
    code = status.get("code") if isinstance(status, dict) else data.get("status_code", status)
    if not isinstance(code, int) or isinstance(code, bool):
        return Failure(_fault(where, "has no status code"))
    reason = status.get("message") if isinstance(status, dict) else None
    headers = _headers(data.get("headers"))
    body = _body(data, where)
    if isinstance(body, Failure):
        return body
    plain = _without_coding(headers, body.unwrap(), where)
    if isinstance(plain, Failure):
        return plain
    headers, content = plain.unwrap()
    return Success((HttpResponse(code, headers, content), _words(reason)))


def _body(data: dict[Any, Any], where: str) -> LLMResult[bytes]:
    """The recorded bytes, wherever the recorder put them; they may still be coded."""
    if "parsed_body" in data:
        return _json(data["parsed_body"], f"{where}.parsed_body")
    body = data.get("body", data.get("content"))
    if isinstance(body, dict):
        if "base64_string" in body:
            return _base64(body["base64_string"], f"{where}.body.base64_string")
        body = body.get("string")
    if body is None:
        return Success(b"")
    if isinstance(body, bytes):
        return Success(body)
    if isinstance(body, list | dict):
        return Failure(_fault(f"{where}.body", "is neither text nor bytes"))
    text = body if isinstance(body, str) else json.dumps(body)
    if text.startswith(_GZIP_AS_TEXT):  # gzip that Python 2 wrote as text, a byte for a character
        return Success(text.encode("latin-1", "replace"))
    return Success(text.encode("utf-8", "surrogatepass"))


def _json(value: Any, where: str) -> LLMResult[bytes]:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as fault:
        return Failure(_fault(where, f"is no JSON: {fault}"))
    return Success(text.encode("utf-8", "surrogatepass"))


def _base64(text: Any, where: str) -> LLMResult[bytes]:
    if isinstance(text, bytes):
        return Success(text)
    try:
        return Success(base64.b64decode(str(text)))
    except (binascii.Error, ValueError) as fault:
        return Failure(_fault(where, f"is no base64: {fault}"))


def _headers(data: Any) -> Headers:
    """Names with one value or a list of them; or a list of pairs. What is neither is left out."""
    pairs = list(data.items()) if isinstance(data, dict) else data
    headers: list[tuple[str, str]] = []
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, tuple | list) and len(pair) == 2:
            name, values = pair
            for value in values if isinstance(values, list) else [values]:
                headers.append((_words(name), _words(value)))
    return tuple(headers)


def _without_coding(headers: Headers, body: bytes, where: str) -> LLMResult[tuple[Headers, bytes]]:
    lower = tuple([(name.lower(), value) for name, value in headers])
    coding = get_header(lower, "content-encoding") or ""
    plain = decode_content(body, coding)
    if isinstance(plain, Failure):
        return Failure(_fault(where, plain.failure().message))
    content = plain.unwrap()
    if coding or content is not body:
        gone = ("content-encoding", "content-length")
        lower = tuple([pair for pair in lower if pair[0] not in gone])
    return Success((lower, content))


def _words(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    numbers = tuple([number for number in value if type(number) is int and number >= 0])
    return numbers if len(numbers) == len(value) else ()


def _rendered(interaction: Interaction) -> dict[str, Any]:
    request, response = interaction.request, interaction.response
    entry: dict[str, Any] = {
        "request": {
            "body": _text(request.body),
            "headers": _by_name(request.headers),
            "method": request.method,
            "uri": request.url,
        },
        "response": {
            "body": {"string": _text(response.body)},
            "headers": _by_name(response.headers),
            "status": {"code": response.status, "message": interaction.reason},
        },
    }
    if interaction.sizes:
        entry["stream"] = {"sizes": Flow(interaction.sizes)}
        if interaction.delays_ms:
            entry["stream"]["delays_ms"] = Flow(interaction.delays_ms)
    told = {
        "recorded_from": interaction.recorded_from,
        "provider": interaction.provider,
        "operation": interaction.operation,
    }
    entry |= {name: words for name, words in told.items() if words}
    return entry


def _text(body: bytes) -> Block | bytes:
    """Text as a literal block, anything else as `!!binary`; so is text that begins like gzip kept as text."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    return body if text.startswith(_GZIP_AS_TEXT) else Block(text)


def _by_name(headers: Headers) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for name, value in headers:
        named.setdefault(name, []).append(value)
    return named


def _fault(where: str, message: str, code: str = "cassette") -> ProtocolError:
    return ProtocolError(message=message, where=where, code=code)
