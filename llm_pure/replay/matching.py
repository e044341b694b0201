"""Compare requests with recorded requests: equal or not, and the differences.

Compares the method, the URL without secrets, and the body as JSON, a form or text. Both sides are redacted first, so a
request with a key matches its own recording, which has none. Pure.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.json_spans import escape_step, path_steps
from llm_pure.replay.secrets.redaction import DEFAULT, Redaction, redact_request
from llm_pure.types.http import HttpRequest, get_header

DEPTH_LIMIT = 200
"""Maximum nesting depth of a body that is compared as JSON; a deeper one is compared as text."""

MAX_VALUE_LENGTH = 80
"""Maximum length of a value in a difference, in characters."""

MULTIPART_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
"""The boundary parameter of a multipart content type; it is random."""


class MatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """What must be equal for a request to match a recording."""

    origin: bool = True
    """Compare scheme, host and port. False lets a recording from one server match requests to another."""
    ignored: tuple[str, ...] = ()
    """JSON paths not to compare, including everything below, such as "/metadata" or "/messages/*/name"."""
    redaction: Redaction = DEFAULT
    """The redaction of the recording besides the defaults."""


EXACT = MatchRules()
"""Everything except secrets must be equal."""


class CanonicalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request in the form that is compared."""

    method: str
    url: str
    body: Any
    """JSON values, or text if the body is not JSON."""
    key: bytes
    """A hash that is equal for equal requests."""


class Difference(msgspec.Struct, frozen=True):
    """One difference. where: "method", "url", "body" or a JSON path. Both values are short JSON texts.

    >>> str(Difference("/messages/1/content", '"a"', '"b"'))
    '/messages/1/content: "a" != "b"'
    """

    where: str
    requested: str
    recorded: str

    def __str__(self) -> str:
        return f"{self.where}: {self.requested} != {self.recorded}"


_Differing: TypeAlias = tuple[str, Any, Any]
"""Where, requested value, recorded value."""


def canonical(request: HttpRequest, matching: MatchRules = EXACT) -> CanonicalRequest:
    """Return a request in the form that is compared; equal keys are a match."""
    redacted = redact_request(request, matching.redaction)
    url = _url(redacted.url, origin=matching.origin)
    body = _body(redacted, [path_steps(path) for path in matching.ignored])
    encoded = msgspec.json.encode([redacted.method, url, body], order="deterministic")
    return CanonicalRequest(
        method=redacted.method, url=url, body=body, key=hashlib.sha256(encoded).digest()
    )


def find_differences(
    requested: CanonicalRequest, recorded: CanonicalRequest, limit: int | None = None
) -> tuple[Difference, ...]:
    """Return all differences, or the first `limit`; () for a match."""
    differing = islice(_differing(requested, recorded), limit)
    return tuple([Difference(where, *_excerpts(*values)) for where, *values in differing])


def _differing(requested: CanonicalRequest, recorded: CanonicalRequest) -> Iterator[_Differing]:
    if requested.key == recorded.key:
        return
    for where in ("method", "url"):
        values = getattr(requested, where), getattr(recorded, where)
        if values[0] != values[1]:
            yield (where, *values)
    try:
        yield from _body_differences(requested.body, recorded.body, "")
    except RecursionError:
        yield ("body", "(nested too deeply to compare)", "(the same)")


def closest_recording(
    requested: CanonicalRequest, recordings: Sequence[CanonicalRequest]
) -> tuple[int, tuple[Difference, ...]] | None:
    """Return the index of the recording with the fewest differences and these; None without recordings.

    Another URL weighs more than another method, and that more than any number of differences in a body, of which no more
    than MAX_DIFFERENCES are looked for.
    """
    weights = [
        sum([_WEIGHTS.get(where, 1) for where, *_ in islice(differing, MAX_DIFFERENCES)])
        for differing in [_differing(requested, recorded) for recorded in recordings]
    ]
    if not weights:
        return None
    index = weights.index(min(weights))
    return index, find_differences(requested, recordings[index], MAX_DIFFERENCES)


MAX_DIFFERENCES = 900
_WEIGHTS = {"url": 10_000, "method": 1_000}
_EXACT_FLOAT_LIMIT = 2**53  # from here on floats do not hold every integer
_PORTS = {"http": ":80", "https": ":443"}
_STARS = re.compile(r"\*+")


def _url(url: str, *, origin: bool) -> str:
    """Return a URL with its host in lower case, normalized percent-encoding, a sorted query, no secrets and no fragment."""
    url = url.encode("utf-8", "backslashreplace").decode()  # a lone surrogate
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket in the host that is not an IPv6 address
        return url
    path = "/".join([quote(unquote(step), safe="") for step in parts.path.split("/")])
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    # Query values masked here are left out by other recorders.
    query = "&".join([f"{k}={v}" for k, v in pairs if not (v and _STARS.fullmatch(v))])
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(_PORTS.get(parts.scheme, " "))
    return (f"{parts.scheme}://{host}" if origin else "") + path + (f"?{query}" if query else "")


def _body(request: HttpRequest, ignored: list[list[str]]) -> Any:
    try:
        return _normalize(msgspec.json.decode(request.body), ignored)
    except DECODE_ERRORS:
        pass
    kind = get_header(request.headers, "content-type") or ""
    text = request.body.decode("utf-8", "replace")
    if "x-www-form-urlencoded" in kind:
        form: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            form.setdefault(name, []).append(value)
        return _normalize(form, ignored)
    boundary = MULTIPART_BOUNDARY.search(kind)
    return text.replace(boundary[1], "boundary") if boundary else text


def _normalize(value: Any, ignored: list[list[str]], depth: int = 0) -> Any:
    """Return a JSON value with integral floats as int (1.0 and 1 are equal in JSON) and without ignored paths."""
    if depth > DEPTH_LIMIT:
        raise RecursionError
    match value:
        case dict():
            return {
                name: _normalize(inner, _below(ignored, name), depth + 1)
                for name, inner in value.items()
                if not _is_ignored(ignored, name)
            }
        case list():
            return [
                None
                if _is_ignored(ignored, str(index))
                else _normalize(inner, _below(ignored, index), depth + 1)
                for index, inner in enumerate(value)
            ]
        case float() if value.is_integer() and abs(value) < _EXACT_FLOAT_LIMIT:
            return int(value)
        case _:
            return value


def _is_ignored(ignored: list[list[str]], step: str) -> bool:
    return any(len(path) == 1 and path[0] in (step, "*") for path in ignored)


def _below(ignored: list[list[str]], step: str | int) -> list[list[str]]:
    return [path[1:] for path in ignored if len(path) > 1 and path[0] in (str(step), "*")]


_ABSENT: Any = object()


def _body_differences(requested: Any, recorded: Any, path: str) -> Iterator[_Differing]:
    if isinstance(requested, dict) and isinstance(recorded, dict):
        for name in dict.fromkeys([*requested, *recorded]):
            values = requested.get(name, _ABSENT), recorded.get(name, _ABSENT)
            yield from _body_differences(*values, f"{path}/{escape_step(str(name))}")
    elif isinstance(requested, list) and isinstance(recorded, list):
        pairs = zip_longest(requested, recorded, fillvalue=_ABSENT)
        for index, values in enumerate(pairs):
            yield from _body_differences(*values, f"{path}/{index}")
    elif requested != recorded or isinstance(requested, bool) != isinstance(recorded, bool):
        yield path or "body", requested, recorded


def _excerpts(requested: Any, recorded: Any) -> tuple[str, str]:
    """Return both values as short JSON texts. Long equal beginnings of strings are left out."""
    if isinstance(requested, str) and isinstance(recorded, str):
        equal = _common_length(requested, recorded)
        if equal > MAX_VALUE_LENGTH // 2:
            begin = equal - MAX_VALUE_LENGTH // 4
            requested, recorded = f"…{requested[begin:]}", f"…{recorded[begin:]}"
    return _excerpt(requested), _excerpt(recorded)


def _common_length(one: str, other: str) -> int:
    """Return the length of the equal beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # the halves are compared by memory, not by character
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _excerpt(value: Any) -> str:
    if value is _ABSENT:
        return "(absent)"
    text = msgspec.json.encode(value).decode()
    if len(text) <= MAX_VALUE_LENGTH:
        return text
    return f"{text[:MAX_VALUE_LENGTH]}… ({len(text)} characters)"
