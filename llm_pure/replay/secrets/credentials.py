"""The secrets that an exchange carries, so that they are taken out wherever they are said again. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from llm_pure.replay.secrets.redaction import secret_pairs
from llm_pure.types.http import SECRET_HEADERS, Headers, HttpRequest

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
