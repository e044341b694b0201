"""Redact what is about to be written: headers by an allow-list, names in URLs and bodies, shapes of keys.

Pure and idempotent. A response keeps the length of its body, so the chunk sizes of a stream stay correct.
`credentials_in` and `cookies_in` find the secrets of one exchange, to mask them wherever they are repeated. The two
`before_record_*` functions are vcrpy's hooks of these names, for users of vcrpy or pytest-recording.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from llm_pure.replay.cassette import Cassette, Interaction, headers_by_name
from llm_pure.replay.json_spans import JsonSpan, iter_json_spans, path_fits, with_valid_checksums
from llm_pure.replay.secrets.patterns import mask_text
from llm_pure.transports.content_coding import decode_content
from llm_pure.types.config import SecretInput, reveal
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, get_header, header_secrets
from llm_pure.types.redact import is_secret_name, is_secret_pair, looks_generated, url_secrets
from llm_pure.types.redact import redact_url as redact_url_credentials
from llm_pure.types.result import Failure
from llm_pure.types.secret_spellings import (
    MIN_SECRET_LENGTH,
    Mask,
    mask_spans,
    same_length,
    secret_spans,
    three_stars,
)

KEPT_HEADERS = (
    # the request
    r"accept|content-type|anthropic-version|anthropic-beta|openai-beta"
    # the response: date, waits, ids to quote to the provider's support
    r"|date|retry-after(?:-ms)?|x-should-retry|(?:[a-z]+-){0,4}ratelimit-[a-z0-9_-]+"
    r"|(?:[a-z]+-){0,4}request-?id|x-amzn-errortype|x-amzn-bedrock-[a-z0-9-]+"
    r"|openai-(?:model|version|processing-ms)"
)
"""Headers that are kept; all others are removed. A pattern for complete names in lower case."""

SECRET_NAMES = (
    r"(?:[a-z]+[-_])*(?:api[-_]?key|api[-_]?secret|access[-_]?key(?:[-_]?id)?|access[-_]?token)"
    r"|(?:aws[-_]?)?(?:secret[-_]?(?:access[-_]?)?key|session[-_]?token)|(?:client|app)[-_]?secret"
    r"|(?:refresh|id|auth|bearer|security)[-_]?token|authorization|password|passwd|private[-_]?key"
    r"|(?:set[-_])?cookie|org(?:ani[sz]ation)?[-_]?id"
)
"""Names whose text is a secret, in JSON, forms and queries, in any case. "token" is not one: logprobs have that name."""

_KEPT = re.compile(KEPT_HEADERS)
_PAIR_NAMES = r"|assertion|key|sig|signature|token|client[-_]?id|x-amz-(?:credential|security-token|signature)"


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What to redact besides the defaults. Its repr shows no secret."""

    secrets: tuple[SecretInput, ...] = ()
    """Texts to mask everywhere."""
    kept_headers: tuple[str, ...] = ()
    """Headers to keep although they are not on the allow-list, in lower case."""
    secret_names: tuple[str, ...] = ()
    """Further names whose text is a secret."""
    paths: tuple[str, ...] = ()
    """JSON paths of bodies and stream events to mask with everything below, such as "/messages/*/content"."""
    allowed: tuple[str, ...] = ()
    """Texts or JSON paths that a recorder may write although they look like random keys."""

    def __repr__(self) -> str:
        return (
            f"Redaction(secrets=<{len(self.secrets)}>, kept_headers={self.kept_headers!r}, "
            f"secret_names={self.secret_names!r}, paths={self.paths!r}, allowed=<{len(self.allowed)}>)"
        )


DEFAULT = Redaction()


def redact_request(request: HttpRequest, redaction: Redaction = DEFAULT) -> HttpRequest:
    """Mask the secrets of a request as `***`."""
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
    """Mask the secrets of a response, each byte as a star."""
    return HttpResponse(
        response.status,
        _redact_headers(response.headers, redaction),
        _redact_body(response.body, same_length, redaction),
    )


def redact_interaction(interaction: Interaction, redaction: Redaction = DEFAULT) -> Interaction:
    """Mask the secrets of the request, the response and the texts about them."""
    return msgspec.structs.replace(
        interaction,
        request=redact_request(interaction.request, redaction),
        response=redact_response(interaction.response, redaction),
        reason=redact_text(interaction.reason, redaction),
        recorded_from=redact_text(interaction.recorded_from, redaction),
    )


def redact_cassette(cassette: Cassette, redaction: Redaction = DEFAULT) -> Cassette:
    """Mask the secrets of every interaction."""
    interactions = [redact_interaction(entry, redaction) for entry in cassette.interactions]
    return msgspec.structs.replace(
        cassette,
        interactions=tuple(interactions),
        recorded_from=redact_text(cassette.recorded_from, redaction),
    )


def redact_text(text: str, redaction: Redaction = DEFAULT) -> str:
    """Mask the secrets of a text as `***`."""
    # Headers and URLs are text, bodies are bytes: one character for each byte makes the same rules work for both.
    raw = text.encode("utf-8", "surrogatepass")
    return _redact_body(raw, three_stars, redaction).decode("utf-8", "surrogatepass")


def redact_url(url: str, redaction: Redaction = DEFAULT) -> str:
    """Mask user information, secret query values and keys of a URL.

    >>> redact_url("https://me:pw@a.test/v1?key=abc&n=1")
    'https://***@a.test/v1?key=***&n=1'
    """
    before, mark, query = redact_url_credentials(url).partition("?")
    return redact_text(before + mark + _redact_pairs(query, redaction), redaction)


def before_record_request(request: Any) -> Any:
    """Redact a `vcr.request.Request`, as vcrpy's hook of this name."""
    redacted = redact_request(
        HttpRequest(
            str(request.method),
            str(request.uri),
            tuple(
                [(str(name), _first_value(value)) for name, value in dict(request.headers).items()]
            ),
            _bytes_of(request.body),
        )
    )
    body = redacted.body if request.body is not None else None
    return type(request)(redacted.method, redacted.url, body, dict(redacted.headers))


def before_record_response(response: dict[str, Any]) -> dict[str, Any] | None:
    """Redact and decode a response, as vcrpy's hook of this name.

    Returns None (do not record) if the content coding cannot be undone.
    """
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
    redacted = redact_response(HttpResponse(response["status"]["code"], headers, decoded.unwrap()))
    url = {"url": redact_url(str(response["url"]))} if "url" in response else {}
    changed = {"headers": headers_by_name(redacted.headers), "body": {"string": redacted.body}}
    return {**response, **url, **changed}


def _redact_headers(headers: Headers, redaction: Redaction) -> Headers:
    return tuple(
        [
            (name, redact_text(value, redaction))
            for name, value in headers
            if _KEPT.fullmatch(name) or name in redaction.kept_headers
        ]
    )


def _redact_body(body: bytes, mask: Mask, redaction: Redaction) -> bytes:
    text = body.decode("latin-1")
    if redaction.paths:
        text = _mask_paths(text, mask, redaction.paths)
    secrets = [reveal(secret) for secret in redaction.secrets]
    text = mask_text(text, mask, _is_secret_name, _extra_names(redaction), secrets)
    redacted = mask_across_events(text, secrets, mask).encode("latin-1")
    return redacted if redacted == body else with_valid_checksums(redacted)


_INDEX = re.compile(r"(?:[a-z]+_)?index")


def mask_across_events(text: str, secrets: Sequence[str], mask: Mask) -> str:
    """Mask known secrets of which successive events of a stream hold a piece each, as a model repeats a key.

    Texts are joined that have the same path in their events and the same indexes (of a choice, of a part) beside them.
    """
    long_secrets = [secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH]
    if not long_secrets:
        return text
    pieces: dict[tuple[Any, ...], list[JsonSpan]] = {}
    for _, group in groupby(iter_json_spans(text), _event_of):
        values = list(group)
        indexes = [
            text[value.begin : value.end]
            for value in values
            if not value.is_text and value.path and _INDEX.fullmatch(value.path[-1])
        ]
        for value in values:
            if value.is_text and value.begin < value.end:
                path = value.path if value.event is not None else value.path[1:]
                pieces.setdefault((path, *indexes), []).append(value)
    masked: list[tuple[int, int]] = []
    for row in pieces.values():
        joined = "".join([text[piece.begin : piece.end] for piece in row]) if len(row) > 1 else ""
        spans = sorted(secret_spans(joined, long_secrets)) if joined else []
        if spans:
            masked += _spans_of_pieces(row, spans)
    return mask_spans(text, masked, mask)


def _event_of(span: JsonSpan) -> int | str:
    """Return the event that holds a value; of one document, which may be a list of events, the first step."""
    return span.event if span.event is not None else next(iter(span.path), "")


def _spans_of_pieces(
    pieces: Sequence[JsonSpan], spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield spans of the joined pieces as spans of the text that the pieces are in."""
    starts = list(accumulate([piece.end - piece.begin for piece in pieces], initial=0))
    for begin, end in spans:
        number = bisect_right(starts, begin) - 1
        while number < len(pieces) and starts[number] < end:
            shift = pieces[number].begin - starts[number]
            yield max(begin, starts[number]) + shift, min(end, starts[number + 1]) + shift
            number += 1


def _mask_paths(text: str, mask: Mask, paths: tuple[str, ...]) -> str:
    parts: list[str] = []
    done = 0
    for span in iter_json_spans(text):
        if any(path_fits(span.path, path) for path in paths):
            value = text[span.begin : span.end]
            masked = mask(value) if span.is_text and value else re.sub("[0-9]", "1", value)
            parts += [text[done : span.begin], masked]
            done = span.end
    return "".join(parts) + text[done:]


def _redact_pairs(query: str, redaction: Redaction) -> str:
    """Mask the values of secret names in `name=value&...`; names may be percent-encoded."""
    names = secret_pairs(redaction)
    pairs: list[str] = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        plain = unquote_plus(name)
        secret = value and (names.fullmatch(plain) or is_secret_pair(plain))
        pairs.append(f"{name}{equals}***" if secret else pair)
    return "&".join(pairs)


def secret_pairs(redaction: Redaction = DEFAULT) -> re.Pattern[str]:
    """Return the pattern of names in queries and forms whose value is a secret."""
    return re.compile(f"(?i:{_pattern(redaction)}{_PAIR_NAMES})")


def secret_names(redaction: Redaction = DEFAULT) -> re.Pattern[str]:
    """Return the pattern of names in JSON whose text is a secret."""
    return re.compile(f"(?i:{_pattern(redaction)})")


def _pattern(redaction: Redaction) -> str:
    return "|".join(filter(None, [SECRET_NAMES, _extra_names(redaction)]))


def _extra_names(redaction: Redaction) -> str:
    return "|".join(map(re.escape, redaction.secret_names))


_SECRET_NAMES = re.compile(f"(?i:{SECRET_NAMES})")


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    return is_secret_name(name) or _SECRET_NAMES.fullmatch(name) is not None


def _first_value(value: Any) -> str:
    value = value[0] if isinstance(value, list | tuple) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes_of(body: Any) -> bytes:
    """Return a body of vcrpy, which is bytes, text, a file or an iterable of these, as bytes."""
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


MIN_CREDENTIAL_LENGTH = 8
"""Shorter credentials are ignored if they may be words or numbers: masking them would damage texts."""


def credentials_in(request: HttpRequest) -> frozenset[str]:
    """Return the keys, tokens, passwords and cookies of a request."""
    return long_credentials(_request_credentials(request))


def cookies_in(headers: Headers) -> frozenset[str]:
    """Return the values of the cookies that a response sets."""
    cookies = [value for name, value in headers if name == "set-cookie"]
    return long_credentials(
        cookie.partition(";")[0].partition("=")[2].strip() for cookie in cookies
    )


def long_credentials(credentials: Iterable[str]) -> frozenset[str]:
    """Return the credentials that are no words and no numbers."""
    return frozenset([text for text in credentials if _is_long(text)])


def _is_long(text: str) -> bool:
    is_mixed = len(text) >= MIN_SECRET_LENGTH and looks_generated(text) and not text.isdigit()
    return len(text) >= MIN_CREDENTIAL_LENGTH or is_mixed


def _request_credentials(request: HttpRequest) -> Iterator[str]:
    for name, value in request.headers:
        yield from header_secrets(name, value)
    yield from url_secrets(request.url)
