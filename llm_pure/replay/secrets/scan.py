"""Find secrets that redaction missed, in cassette files and in interactions before they are written.

A finding names the location and the kind of a secret, never the secret.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import NO_CASSETTE, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.json_spans import JsonSpan, document_spans, iter_json_spans, path_fits
from llm_pure.replay.matching import MULTIPART_BOUNDARY
from llm_pure.replay.secrets.patterns import RANDOM_NAMES, high_entropy_runs, mask_accounts
from llm_pure.replay.secrets.redaction import (
    DEFAULT,
    Redaction,
    redact_interaction,
    redact_text,
    secret_names,
    secret_pairs,
)
from llm_pure.types.http import SECRET_HEADERS, Headers, get_header
from llm_pure.types.redact import SECRET_PATTERN, is_secret_name, is_secret_pair
from llm_pure.types.result import Failure, LLMResult
from llm_pure.types.secret_spellings import three_stars

NESTING_LIMIT = 20
"""Maximum depth of JSON inside JSON strings that is searched."""


class SecretFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A possible secret."""

    where: str
    """Its location in an interaction."""
    why: str
    """A description without the secret."""
    file: str = ""
    index: int | None = None

    def __str__(self) -> str:
        where = self.where if self.index is None else f"interactions[{self.index}].{self.where}"
        return f"{self.file}: {where}: {self.why}" if self.file else f"{where}: {self.why}"


def scan_paths(
    paths: Iterable[Path | str], redaction: Redaction = DEFAULT
) -> Iterator[SecretFinding]:
    """Yield the findings of the cassettes at these paths, and of the text of files that are not cassettes."""
    for path in map(Path, paths):
        for file in find_cassettes(path):
            yield from _scan_file(str(file), read_file(file), redaction)


def scan_interaction(
    interaction: Interaction, redaction: Redaction = DEFAULT
) -> Iterator[SecretFinding]:
    """Yield everything that redaction would mask, and high-entropy text."""
    clean = True
    for field in iter_text_fields(interaction):
        why = _known_secret(field, redaction) or _high_entropy(field, redaction)
        if why is not None:
            clean = False
            yield SecretFinding(where=field.where, why=why)
    if clean:  # a secret may still stand beside the JSON of a body
        yield from _redacted_parts(interaction, redaction)


def scan_text(interaction: Interaction, redaction: Redaction = DEFAULT) -> Iterator[SecretFinding]:
    """Yield high-entropy text of a redacted interaction, which may be a key of unknown shape."""
    for field in iter_text_fields(interaction):
        why = _high_entropy(field, redaction)
        if why is not None:
            yield SecretFinding(where=field.where, why=why)


def high_entropy_texts(interaction: Interaction) -> frozenset[str]:
    """Return the texts that `scan_text` reports, to mask them; they must not be shown."""
    fields = iter_text_fields(interaction)
    return frozenset([run for field in fields for run in _random_runs(field, DEFAULT)])


class TextField(msgspec.Struct, frozen=True, kw_only=True):
    """One text of an interaction."""

    where: str
    """Its location, such as "request.body /messages/0/content"."""
    text: str
    name: str = ""
    """The nearest JSON name, the header, or the name of a pair (in a query, form or the user part of a URL)."""
    path: tuple[str, ...] = ()
    """Its JSON path in a body, else ()."""
    is_header: bool = False
    is_pair: bool = False


def iter_text_fields(interaction: Interaction) -> Iterator[TextField]:
    """Yield every text of an interaction."""
    request, response = interaction.request, interaction.response
    yield from _url_fields(request.url)
    yield from _header_fields(request.headers, "request.headers")
    kind = get_header(request.headers, "content-type") or ""
    boundary = MULTIPART_BOUNDARY.search(kind)
    if "x-www-form-urlencoded" in kind:
        for name, value in parse_qsl(request.body.decode("latin-1")):
            yield TextField(where=f"request.body {name}", text=value, name=name, is_pair=True)
    elif boundary is None:
        yield from _body_fields(request.body, "request.body")
    else:
        parts = request.body.split(b"--" + boundary[1].encode("latin-1", "replace"))
        for number, part in enumerate(parts[1:]):
            where = f"request.body part {number}"
            head, _, body = part.partition(b"\r\n\r\n")
            yield TextField(where=where, text=head.decode("latin-1"))
            yield from _body_fields(body.removesuffix(b"\r\n"), where)
    yield from _header_fields(response.headers, "response.headers")
    yield from _body_fields(response.body, "response.body")
    yield TextField(where="response.status", text=interaction.reason)
    yield TextField(where="recorded_from", text=interaction.recorded_from, name="recorded_from")


def _url_fields(url: str) -> Iterator[TextField]:
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


def _header_fields(headers: Headers, where: str) -> Iterator[TextField]:
    for name, value in headers:
        if name == "content-type":
            value = MULTIPART_BOUNDARY.sub("boundary", value)
        yield TextField(where=f"{where}.{name}", text=value, name=name, is_header=True)


def _body_fields(body: bytes, where: str) -> Iterator[TextField]:
    text = body.decode("latin-1")
    spans = list(iter_json_spans(text))
    if text and not spans:
        yield TextField(where=where, text=text)
    for span in spans:
        yield from _string_fields(text, span, f"{where} {span}", span.path, 0)


def _string_fields(
    text: str, span: JsonSpan, where: str, path: tuple[str, ...], depth: int
) -> Iterator[TextField]:
    """Yield a JSON string, and the strings of the JSON document that it holds. text: of the body, as latin-1."""
    if not span.is_text:
        return
    raw = value = text[span.begin : span.end]
    if "\\" in raw:
        try:
            value = str(msgspec.json.decode(f'"{raw}"'.encode("latin-1")))
        except DECODE_ERRORS:
            value = raw
    name = next((step for step in reversed(path) if not step.isdigit()), "")
    yield TextField(where=where, text=value, name=name, path=path)
    if value is raw or value[:1] not in ("{", "[") or depth > NESTING_LIMIT:
        return
    encoded = value.encode("utf-8", "surrogatepass")
    try:
        msgspec.json.decode(encoded)
    except DECODE_ERRORS:
        return
    document = encoded.decode("latin-1")
    for inner in document_spans(document, 0, len(document)):
        yield from _string_fields(document, inner, f"{where}{inner}", path + inner.path, depth + 1)


_PLACEHOLDER = re.compile(
    r"(?i)(?:bearer |basic |token )?[<\[({]*(?:\**|x{3,}|(?:fake|dummy|test|your|my)?[ _-]?(?:api[ _-]?)?"
    r"(?:key|token|secret)?|redacted|filtered|dummy|fake|placeholder|removed|hidden|masked|none|null)[>\])}]*"
)
"""Placeholders of other recorders and names of keys: values that are no secret."""


def _known_secret(field: TextField, redaction: Redaction) -> str | None:
    text = field.text
    if not text or _PLACEHOLDER.fullmatch(text):
        return None
    size = f"{len(text)} characters"
    if (
        field.is_header
        and field.name in SECRET_HEADERS
        and field.name not in redaction.kept_headers
    ):
        return f"a header for credentials ({size})"
    names = secret_pairs(redaction) if field.is_pair else secret_names(redaction)
    is_name = is_secret_pair if field.is_pair else is_secret_name
    if field.name and not field.is_header and (names.fullmatch(field.name) or is_name(field.name)):
        return f"the value of a secret name ({size})"
    if any(path_fits(field.path, path) for path in redaction.paths if field.path):
        return f"at a path to redact ({size})" if text.strip("*") else None
    return _known_shape(text, redaction)


def _known_shape(text: str, redaction: Redaction) -> str | None:
    if redact_text(text, redaction) == text:
        return None
    key = SECRET_PATTERN.search(text)
    if key is not None:
        return f"shaped like a key ({len(key[0])} characters)"
    if mask_accounts(text, three_stars) != text:
        return "shaped like the id of an organisation or account"
    return "a key inside base64 or other text"


def _high_entropy(field: TextField, redaction: Redaction) -> str | None:
    run = next(_random_runs(field, redaction), None)
    return None if run is None else f"high-entropy text ({len(run)} characters), like a key"


def _random_runs(field: TextField, redaction: Redaction) -> Iterator[str]:
    if RANDOM_NAMES.fullmatch(field.name) or field.text in redaction.allowed:
        return
    if any(path_fits(field.path, path) for path in redaction.allowed if path.startswith("/")):
        return
    yield from [run for run in high_entropy_runs(field.text) if run not in redaction.allowed]


def _redacted_parts(interaction: Interaction, redaction: Redaction) -> Iterator[SecretFinding]:
    redacted = redact_interaction(interaction, redaction)
    before, after = interaction.request, redacted.request
    parts = {
        "request.body": before.body != after.body,
        "response.body": interaction.response.body != redacted.response.body,
        "request.uri": before.url != after.url,
    }
    for where, differs in parts.items():
        if differs:
            yield SecretFinding(where=where, why="contains text that redaction masks")


def _scan_file(name: str, data: LLMResult[bytes], redaction: Redaction) -> Iterator[SecretFinding]:
    entries = data.bind(partial(parse_entries, name=name))
    findings: list[SecretFinding] = []
    if not isinstance(entries, Failure):
        for index, entry in enumerate(entries.unwrap()):
            if not isinstance(entry, Failure):
                for finding in scan_interaction(entry.unwrap(), redaction):
                    findings.append(msgspec.structs.replace(finding, file=name, index=index))
    elif entries.failure().code != NO_CASSETTE:
        findings.append(SecretFinding(file=name, where="file", why=entries.failure().message))
    # Without findings, a secret may be in a comment or under a name that is not part of a cassette.
    yield from findings or _scan_lines(name, data.value_or(b"").decode("latin-1"), redaction)


def _scan_lines(name: str, text: str, redaction: Redaction) -> Iterator[SecretFinding]:
    if redact_text(text, redaction) == text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        why = _known_shape(line, redaction)
        if why is not None:
            yield SecretFinding(file=name, where=f"line {number}", why=why)
