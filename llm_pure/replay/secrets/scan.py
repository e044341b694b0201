"""Secrets that slipped through: in a cassette that is there already, and in an exchange before it is written.

A finding tells the place and the kind, and never the secret.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import NO_CASSETTE, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.json_spans import JsonSpan, json_places, path_fits
from llm_pure.replay.secrets.patterns import ACCOUNT_PATTERNS, RANDOM_NAMES, high_entropy_runs
from llm_pure.replay.secrets.redaction import (
    DEFAULT,
    Redaction,
    redact_interaction,
    redact_text,
    secret_names,
    secret_pairs,
)
from llm_pure.types.http import SECRET_HEADERS, Headers, get_header
from llm_pure.types.redact import SECRET_PATTERN
from llm_pure.types.result import Failure

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


class SecretFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What looks like a secret. where: its place in an interaction. why: in words, without it."""

    where: str
    why: str
    file: str = ""
    index: int | None = None

    def __str__(self) -> str:
        place = self.where if self.index is None else f"interactions[{self.index}].{self.where}"
        return f"{self.file}: {place}: {self.why}" if self.file else f"{place}: {self.why}"


def scan_paths(
    paths: Iterable[Path | str], redaction: Redaction = DEFAULT
) -> Iterator[SecretFinding]:
    """Every finding in the cassettes at these paths, and in the text of files that are none, in order."""
    for path in map(Path, paths):
        for file in find_cassettes(path):
            data = read_file(file)
            if isinstance(data, Failure):
                yield SecretFinding(file=str(file), where="file", why=data.failure().message)
            else:
                yield from _scan_file(str(file), data.unwrap(), redaction)


def scan_interaction(
    interaction: Interaction, redaction: Redaction = DEFAULT
) -> Iterator[SecretFinding]:
    """What redaction would take out, and what looks made by chance."""
    found = False
    for leaf in iter_text_fields(interaction):
        why = _leak(leaf, redaction) or _chance(leaf, redaction)
        if why is not None:
            found = True
            yield SecretFinding(where=leaf.where, why=why)
    if not found:  # what is no JSON in a body that has some
        yield from _beside(interaction, redaction)


def scan_text(interaction: Interaction, redaction: Redaction = DEFAULT) -> Iterator[SecretFinding]:
    """What looks made by chance in an exchange that was redacted: it may be a key of a kind that is not known."""
    for leaf in iter_text_fields(interaction):
        why = _chance(leaf, redaction)
        if why is not None:
            yield SecretFinding(where=leaf.where, why=why)


def high_entropy_texts(interaction: Interaction, redaction: Redaction = DEFAULT) -> frozenset[str]:
    """The texts themselves that `scan_text` finds: to be taken out, and shown nowhere."""
    found = [run for leaf in iter_text_fields(interaction) for run in _random_runs(leaf, redaction)]
    return frozenset(found)


_HIDDEN = re.compile(
    r"(?i)(?:bearer |basic |token )?[<\[({]*(?:\**|x{3,}|(?:fake|dummy|test|your|my)?[ _-]?(?:api[ _-]?)?"
    r"(?:key|token|secret)?|redacted|filtered|dummy|fake|placeholder|removed|hidden|masked|none|null)[>\])}]*"
)
"""What stands where a secret stood, or never was one."""


def _leak(leaf: TextField, redaction: Redaction) -> str | None:
    text = leaf.text
    if not text or _HIDDEN.fullmatch(text):
        return None
    size = f"{len(text)} characters"
    if leaf.is_header and leaf.name in SECRET_HEADERS and leaf.name not in redaction.kept_headers:
        return f"a header for credentials ({size})"
    names = secret_pairs(redaction) if leaf.is_pair else secret_names(redaction)
    if leaf.name and not leaf.is_header and names.fullmatch(leaf.name):
        return f"the value of a secret name ({size})"
    if any(path_fits(leaf.path, path) for path in redaction.paths if leaf.path):
        return f"at a path that is to be taken out ({size})" if text.strip("*") else None
    return _shaped(text, redaction)


def _shaped(text: str, redaction: Redaction) -> str | None:
    if redact_text(text, redaction) == text:
        return None
    key = SECRET_PATTERN.search(text)
    if key is not None:
        return f"shaped like a key ({len(key[0])} characters)"
    if ACCOUNT_PATTERNS.search(text):
        return "shaped like the id of an organisation or account"
    return "a key, inside of base64 or of another text"


def _chance(leaf: TextField, redaction: Redaction) -> str | None:
    for run in _random_runs(leaf, redaction):
        return f"looks made by chance ({len(run)} characters), as keys are"
    return None


def _random_runs(leaf: TextField, redaction: Redaction) -> Iterator[str]:
    if RANDOM_NAMES.fullmatch(leaf.name) or leaf.text in redaction.allowed:
        return
    if any(path_fits(leaf.path, path) for path in redaction.allowed if path.startswith("/")):
        return
    for run in high_entropy_runs(leaf.text):
        if run not in redaction.allowed:
            yield run


def _beside(interaction: Interaction, redaction: Redaction) -> Iterator[SecretFinding]:
    plain = redact_interaction(interaction, redaction)
    why = "holds what redaction would take out"
    if plain.request.body != interaction.request.body:
        yield SecretFinding(where="request.body", why=why)
    if plain.response.body != interaction.response.body:
        yield SecretFinding(where="response.body", why=why)
    if plain.request.url != interaction.request.url:
        yield SecretFinding(where="request.uri", why=why)


def _scan_file(name: str, data: bytes, redaction: Redaction) -> Iterator[SecretFinding]:
    entries = parse_entries(data, name=name)
    found = False
    if not isinstance(entries, Failure):
        for index, entry in enumerate(entries.unwrap()):
            if isinstance(entry, Failure):
                continue
            for one in scan_interaction(entry.unwrap(), redaction):
                found = True
                yield msgspec.structs.replace(one, file=name, index=index)
    elif entries.failure().code != NO_CASSETTE:
        found = True
        yield SecretFinding(file=name, where="file", why=entries.failure().message)
    if not found:  # in a comment, or under a name that is no cassette's
        yield from _scan_lines(name, data.decode("latin-1"), redaction)


def _scan_lines(name: str, text: str, redaction: Redaction) -> Iterator[SecretFinding]:
    if redact_text(text, redaction) == text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        why = _shaped(line, redaction)
        if why is not None:
            yield SecretFinding(file=name, where=f"line {number}", why=why)
