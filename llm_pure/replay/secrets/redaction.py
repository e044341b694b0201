"""Secrets out of what is about to be written: headers by an allow-list, names in URLs and bodies, the shapes of keys.

Pure, and the same twice as once. A response keeps the length of its body, so the borders of a stream stay true. The two
`before_record_*` functions are vcrpy's hooks of those names, for those who record with vcrpy or pytest-recording.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

import msgspec

from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.json_spans import json_places, path_fits, with_valid_checksums
from llm_pure.replay.secrets.patterns import Mask, mask_text, same_length, three_stars
from llm_pure.transports.recorded_content_coding import decode_content
from llm_pure.types.config import SecretInput, reveal
from llm_pure.types.http import SECRET_HEADERS, Headers, HttpRequest, HttpResponse, get_header
from llm_pure.types.http import redact_url as redact_url_credentials
from llm_pure.types.result import Failure

KEPT_HEADERS = (
    # what was asked for
    r"accept|content-type|anthropic-version|anthropic-beta|openai-beta"
    # what was answered, how long to wait, and what to quote to the provider's support
    r"|date|retry-after(?:-ms)?|x-should-retry|(?:[a-z]+-)*ratelimit-[a-z0-9_-]+"
    r"|(?:[a-z]+-)*request-?id|x-amzn-errortype|x-amzn-bedrock-[a-z0-9-]+"
    r"|openai-(?:model|version|processing-ms)"
)
"""Headers that are written; every other one is left out. A pattern for whole names in lower case."""

SECRET_NAMES = (
    r"(?:[a-z]+[-_])*(?:api[-_]?key|api[-_]?secret|access[-_]?key(?:[-_]?id)?|access[-_]?token)"
    r"|(?:aws[-_]?)?(?:secret[-_]?(?:access[-_]?)?key|session[-_]?token)|(?:client|app)[-_]?secret"
    r"|(?:refresh|id|auth|bearer|security)[-_]?token|authorization|password|passwd|private[-_]?key"
    r"|(?:set[-_])?cookie|org(?:ani[sz]ation)?[-_]?id"
)
"""Names whose text is a secret, in JSON, forms and queries, whatever their case. Logprobs have a "token": that is none."""

_PAIR_NAMES = r"|assertion|key|sig|signature|token|client[-_]?id|x-amz-(?:credential|security-token|signature)"


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken out beside the defaults. Its repr shows no secret.

    secrets: texts that must not be written anywhere. kept_headers: names that are written after all, in lower case.
    secret_names: further names whose text is a secret. paths: JSON paths of bodies, and of the events of streams, that
    are taken out with all below them, such as "/messages/*/content"; `*` is any one step. allowed: texts, or JSON paths,
    that a recorder may write though they look as if they were keys by chance.
    """

    secrets: tuple[SecretInput, ...] = ()
    kept_headers: tuple[str, ...] = ()
    secret_names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"Redaction(secrets=<{len(self.secrets)}>, kept_headers={self.kept_headers!r}, "
            f"secret_names={self.secret_names!r}, paths={self.paths!r}, allowed=<{len(self.allowed)}>)"
        )


DEFAULT = Redaction()


def redact_request(request: HttpRequest, redaction: Redaction = DEFAULT) -> HttpRequest:
    """The request without secrets: each is `***`."""
    body = request.body
    if "x-www-form-urlencoded" in (get_header(request.headers, "content-type") or ""):
        body = _redact_pairs(body.decode("latin-1"), redaction).encode("latin-1")
    return HttpRequest(
        request.method,
        redact_url(request.url, redaction),
        _redact_headers(request.headers, redaction),
        _redact_body(body, three_stars, redaction),
    )


def redact_response(response: HttpResponse, redaction: Redaction = DEFAULT) -> HttpResponse:
    """The answer without secrets: each is as many stars as it had bytes."""
    return HttpResponse(
        response.status,
        _redact_headers(response.headers, redaction),
        _redact_body(response.body, same_length, redaction),
    )


def redact_interaction(interaction: Interaction, redaction: Redaction = DEFAULT) -> Interaction:
    """Both sides of it, and its notes."""
    return msgspec.structs.replace(
        interaction,
        request=redact_request(interaction.request, redaction),
        response=redact_response(interaction.response, redaction),
        reason=_redact_text(interaction.reason, redaction),
        recorded_from=_redact_text(interaction.recorded_from, redaction),
    )


def redact_cassette(cassette: Cassette, redaction: Redaction = DEFAULT) -> Cassette:
    """Every interaction of it."""
    return msgspec.structs.replace(
        cassette,
        interactions=tuple([redact_interaction(one, redaction) for one in cassette.interactions]),
        recorded_from=_redact_text(cassette.recorded_from, redaction),
    )


def redact_text(text: str, redaction: Redaction = DEFAULT) -> str:
    """The text with `***` for each secret in it."""
    return _redact_text(text, redaction)


def redact_url(url: str, redaction: Redaction = DEFAULT) -> str:
    """The URL without user information, secret query values and keys anywhere else in it.

    >>> redact_url("https://me:pw@a.test/v1?key=abc&n=1")
    'https://***@a.test/v1?key=***&n=1'
    """
    before, mark, query = redact_url_credentials(url).partition("?")
    text = before + mark + _redact_pairs(query, redaction)
    return _redact_text(text, redaction)


def before_record_request(request: Any) -> Any:
    """vcrpy's hook: a request without secrets in place of this one (a `vcr.request.Request`)."""
    plain = redact_request(
        HttpRequest(
            str(request.method),
            str(request.uri),
            tuple([(str(name), _one(value)) for name, value in dict(request.headers).items()]),
            _bytes_of(request.body),
        )
    )
    body = plain.body if request.body is not None else None
    return type(request)(plain.method, plain.url, body, dict(plain.headers))


def before_record_response(response: dict[str, Any]) -> dict[str, Any] | None:
    """vcrpy's hook: the answer without secrets and content coding; None (do not record) when that cannot be undone."""
    headers = tuple(
        [
            (str(name).lower(), str(value))
            for name, values in response.get("headers", {}).items()
            for value in (values if isinstance(values, list | tuple) else [values])
        ]
    )
    body = _bytes_of((response.get("body") or {}).get("string"))
    decoded = decode_content(body, get_header(headers, "content-encoding") or "")
    if isinstance(decoded, Failure):
        return None
    plain = redact_response(HttpResponse(response["status"]["code"], headers, decoded.unwrap()))
    named: dict[str, list[str]] = {}
    for name, value in plain.headers:
        named.setdefault(name, []).append(value)
    url = {"url": redact_url(str(response["url"]))} if "url" in response else {}
    return {**response, **url, "headers": named, "body": {"string": plain.body}}


def _redact_headers(headers: Headers, redaction: Redaction) -> Headers:
    return tuple(
        [
            (name, _redact_text(value, redaction))
            for name, value in headers
            if _kept().fullmatch(name) or name in redaction.kept_headers
        ]
    )


def _redact_text(text: str, redaction: Redaction) -> str:
    # headers and URLs are text, bodies bytes: one byte, one character makes the same rules good for both
    raw = text.encode("utf-8", "surrogatepass")
    return _redact_body(raw, three_stars, redaction).decode("utf-8", "surrogatepass")


def _redact_body(body: bytes, mask: Mask, redaction: Redaction) -> bytes:
    text = body.decode("latin-1")
    if redaction.paths:
        text = _without_paths(text, mask, redaction.paths)
    known = [form for secret in redaction.secrets for form in _forms(reveal(secret))]
    redacted = mask_text(text, mask, _pattern(redaction.secret_names), known).encode("latin-1")
    return redacted if redacted == body else with_valid_checksums(redacted)


def _forms(secret: str) -> set[str]:
    """How a secret may be spelled: as it is, in a URL, in JSON."""
    in_json = msgspec.json.encode(secret).decode("latin-1")[1:-1]
    return {secret.encode().decode("latin-1"), quote(secret, safe=""), in_json}


def _without_paths(text: str, mask: Mask, paths: tuple[str, ...]) -> str:
    kept: list[str] = []
    done = 0
    for place in json_places(text):
        if any(path_fits(place.path, path) for path in paths):
            value = text[place.begin : place.end]
            hidden = mask(value) if place.is_text and value else re.sub("[0-9]", "1", value)
            kept += [text[done : place.begin], hidden]
            done = place.end
    return "".join(kept) + text[done:]


def _redact_pairs(query: str, redaction: Redaction) -> str:
    """name=value&... with `***` for the values of secret names, percent-encoded ones too."""
    names = secret_pairs(redaction)
    pairs: list[str] = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        secret = value and names.fullmatch(unquote_plus(name))
        pairs.append(f"{name}{equals}***" if secret else pair)
    return "&".join(pairs)


def secret_pairs(redaction: Redaction = DEFAULT) -> re.Pattern[str]:
    """The names of queries and forms whose value is a secret."""
    return re.compile(f"(?i:{_pattern(redaction.secret_names)}{_PAIR_NAMES})")


def secret_names(redaction: Redaction = DEFAULT) -> re.Pattern[str]:
    """The names of JSON whose text is a secret."""
    return re.compile(f"(?i:{_pattern(redaction.secret_names)})")


@lru_cache
def _kept() -> re.Pattern[str]:
    return re.compile(KEPT_HEADERS)


def _pattern(secret_names: tuple[str, ...]) -> str:
    return "|".join([SECRET_NAMES, *map(re.escape, secret_names)])


def _one(value: Any) -> str:
    value = value[0] if isinstance(value, list | tuple) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes_of(body: Any) -> bytes:
    """A body as vcrpy keeps it: bytes, text, a file, or pieces."""
    match body:
        case None:
            return b""
        case bytes() | bytearray():
            return bytes(body)
        case str():
            return body.encode("utf-8", "surrogatepass")
        case _ if hasattr(body, "read"):
            return _bytes_of(body.read())
        case _:
            return b"".join([_bytes_of(piece) for piece in body])


SHORTEST = 8
"""A shorter one is no secret: it would be found in words."""

_TELLING = re.compile(r"key|token|secret|auth|passw|cookie|credential|signature|session")
_PARTS = re.compile(r"[\s;,]+")
_LONG = 20


def credentials_in(request: HttpRequest) -> frozenset[str]:
    """What stands in this request where keys, tokens, passwords and cookies do."""
    return frozenset([found for found in _in_request(request) if len(found) >= SHORTEST])


def cookies_in(headers: Headers) -> frozenset[str]:
    """What an answer asks to be sent again."""
    cookies = [value for name, value in headers if name == "set-cookie"]
    found = [cookie.partition(";")[0].partition("=")[2].strip() for cookie in cookies]
    return frozenset([value for value in found if len(value) >= SHORTEST])


def _in_request(request: HttpRequest) -> Iterator[str]:
    for name, value in request.headers:
        if name == "cookie":
            yield from [pair.partition("=")[2].strip() for pair in value.split(";")]
        elif name in SECRET_HEADERS:
            yield from _in_header(value)
        elif _TELLING.search(name):
            yield from filter(_is_made, _in_header(value))
    try:
        parts = urlsplit(request.url)
    except ValueError:
        return
    secret = secret_pairs()
    for name, value in parse_qsl(parts.query):
        if secret.fullmatch(name):
            yield value
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    yield from (unquote(user), unquote(password))


def _in_header(value: str) -> Iterator[str]:
    """`Bearer KEY`, `Basic ...` and `Credential=..., Signature=...`, or the key alone."""
    parts = _PARTS.split(value.strip())
    if len(parts) == 1 and "=" not in value.rstrip("="):
        yield value.strip()
        return
    if len(parts) == 2 and parts[0].lower() == "basic":
        yield parts[1]
        try:
            yield base64.b64decode(parts[1]).decode("latin-1").partition(":")[2]
        except (binascii.Error, ValueError):
            return
        return
    if len(parts) == 2 and "=" not in parts[0]:
        yield parts[1]
        return
    for part in parts:
        name, _, said = part.partition("=")
        yield from filter(_is_made, [said or name])


def _is_made(text: str) -> bool:
    """No word: it has a digit, or is long."""
    return len(text) >= _LONG or any(map(str.isdigit, text))
