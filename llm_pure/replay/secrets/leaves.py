"""An interaction as its texts, each with its place: what is looked through for secrets. Pure."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import Interaction
from llm_pure.replay.json_spans import JsonSpan, json_places
from llm_pure.types.http import Headers, get_header

DEPTH_LIMIT = 20
"""How deep JSON within JSON within JSON is looked into."""

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
"""What stands between the parts of a form with files; it is made by chance."""


class TextField(msgspec.Struct, frozen=True, kw_only=True):
    """One text. where: its place, such as "request.body /messages/0/content". path: of a body's JSON, else ().

    name: what it stands under, the nearest name of JSON, of a header, or of a pair (of a query, of a form, the user part
    of a URL); "" for none.
    """

    where: str
    text: str
    name: str = ""
    path: tuple[str, ...] = ()
    is_header: bool = False
    is_pair: bool = False


def iter_text_fields(interaction: Interaction) -> Iterator[TextField]:
    """Every text of it."""
    request, response = interaction.request, interaction.response
    yield from _url(request.url)
    yield from _headers(request.headers, "request.headers")
    if "x-www-form-urlencoded" in (get_header(request.headers, "content-type") or ""):
        for name, value in parse_qsl(request.body.decode("latin-1")):
            yield TextField(where=f"request.body {name}", text=value, name=name, is_pair=True)
    else:
        boundary = _BOUNDARY.search(get_header(request.headers, "content-type") or "")
        if boundary is None:
            yield from _body(request.body, "request.body")
        else:
            parts = request.body.split(b"--" + boundary[1].encode("latin-1", "replace"))
            for number, part in enumerate(parts[1:]):
                head, _, body = part.partition(b"\r\n\r\n")
                yield TextField(where=f"request.body part {number}", text=head.decode("latin-1"))
                yield from _body(body.removesuffix(b"\r\n"), f"request.body part {number}")
    yield from _headers(response.headers, "response.headers")
    yield from _body(response.body, "response.body")
    yield TextField(where="response.status", text=interaction.reason)
    yield TextField(where="recorded_from", text=interaction.recorded_from, name="recorded_from")


def _url(url: str) -> Iterator[TextField]:
    where = "request.uri"
    try:
        parts = urlsplit(url)
    except ValueError:
        yield TextField(where=where, text=url)
        return
    user = parts.netloc.rpartition("@")[0]
    if user:
        yield TextField(where=f"{where} user", text=user, name="authorization", is_pair=True)
    for step in parts.path.split("/"):
        yield TextField(where=f"{where} path", text=unquote(step))
    for name, value in parse_qsl(parts.query):
        yield TextField(where=f"{where} ?{name}", text=value, name=name, is_pair=True)


def _headers(headers: Headers, where: str) -> Iterator[TextField]:
    for name, value in headers:
        if name == "content-type":
            value = _BOUNDARY.sub("boundary", value)
        yield TextField(where=f"{where}.{name}", text=value, name=name, is_header=True)


def _body(body: bytes, where: str) -> Iterator[TextField]:
    text = body.decode("latin-1")
    nothing = True
    for place in json_places(text):
        nothing = False
        if place.is_text:
            yield from _string(text, place, where)
    if nothing and text:
        yield TextField(where=where, text=text)


def _string(text: str, place: JsonSpan, where: str) -> Iterator[TextField]:
    raw = text[place.begin : place.end]
    said = raw
    if "\\" in raw:
        try:
            said = str(msgspec.json.decode(f'"{raw}"'.encode("latin-1")))
        except DECODE_ERRORS:
            said = raw
    at = f"{where} {place}"
    yield TextField(where=at, text=said, name=_name(place.path), path=place.path)
    if said[:1] in ("{", "[") and said is not raw:
        try:
            inner = msgspec.json.decode(said)
        except (*DECODE_ERRORS, UnicodeEncodeError):
            return
        yield from _within(inner, at, place.path, 0)


def _within(value: Any, where: str, path: tuple[str, ...], depth: int) -> Iterator[TextField]:
    """JSON that is a text of JSON."""
    if isinstance(value, str):
        yield TextField(where=where, text=value, name=_name(path), path=path)
    elif isinstance(value, dict | list) and depth < DEPTH_LIMIT:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in items:
            yield from _within(inner, f"{where}/{step}", (*path, str(step)), depth + 1)


def _name(path: tuple[str, ...]) -> str:
    """The last step that is no index."""
    return next((step for step in reversed(path) if not step.isdigit()), "")
