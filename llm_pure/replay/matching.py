"""Is this the request that was recorded? If not: what differs, and where.

Compared are the method, the URL without secrets, and the body as JSON, a form or text, after redaction on both sides: a
request with a key in it matches its own recording, which has none. Pure.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.json_spans import path_steps
from llm_pure.replay.secrets.redaction import DEFAULT, Redaction, redact_request
from llm_pure.types.http import HttpRequest, get_header

DEPTH_LIMIT = 200
"""How deep a body may be nested to be compared as JSON; a deeper one is compared as text."""

SHOWN = 80
"""How many characters of a value a difference shows."""


class MatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """What must be equal.

    origin: scheme, host and port too; False lets a recording from one server answer for another. ignored: JSON paths
    that are not compared, each with all below it, such as "/metadata" or "/messages/*/name"; `*` is any one step.
    redaction: what was taken out of the recording beside the defaults.
    """

    origin: bool = True
    ignored: tuple[str, ...] = ()
    redaction: Redaction = DEFAULT


EXACT = MatchRules()
"""Everything but secrets must be equal."""


class CanonicalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is compared. body: JSON values, or text for what is no JSON. key: equal for equal requests."""

    method: str
    url: str
    body: Any
    key: bytes


class Difference(msgspec.Struct, frozen=True):
    """One thing that differs. where: "method", "url", "body" or a JSON path; both values as short JSON text.

    >>> str(Difference("/messages/1/content", '"a"', '"b"'))
    '/messages/1/content: "a" != "b"'
    """

    where: str
    asked: str
    recorded: str

    def __str__(self) -> str:
        return f"{self.where}: {self.asked} != {self.recorded}"


def canonical(request: HttpRequest, matching: MatchRules = EXACT) -> CanonicalRequest:
    """The request as it is compared: equal `key`s are a match."""
    plain = redact_request(request, matching.redaction)
    url = _url(plain.url, origin=matching.origin)
    body = _body(plain, [path_steps(path) for path in matching.ignored])
    told = msgspec.json.encode([plain.method, url, body], order="deterministic")
    return CanonicalRequest(
        method=plain.method, url=url, body=body, key=hashlib.sha256(told).digest()
    )


def differences(asked: CanonicalRequest, recorded: CanonicalRequest) -> tuple[Difference, ...]:
    """Everything that differs, () for a match."""
    if asked.key == recorded.key:
        return ()
    found: list[Difference] = []
    if asked.method != recorded.method:
        found.append(Difference("method", *_shown(asked.method, recorded.method)))
    if asked.url != recorded.url:
        found.append(Difference("url", *_shown(asked.url, recorded.url)))
    return (*found, *_differences(asked.body, recorded.body, ""))


def closest_recording(
    asked: CanonicalRequest, recorded: Sequence[CanonicalRequest]
) -> tuple[int, tuple[Difference, ...]] | None:
    """The recording that differs least, by its place in the sequence; None when there is none.

    Another URL weighs more than another method, and that more than all that can differ in a body of some size.
    """
    ranked = [
        (sum(_WEIGHTS.get(one.where, 1) for one in found), index, found)
        for index, candidate in enumerate(recorded)
        for found in [differences(asked, candidate)]
    ]
    if not ranked:
        return None
    _, index, found = min(ranked, key=lambda entry: entry[:2])
    return index, found


_WEIGHTS = {"url": 10_000, "method": 1_000}
_WHOLE = 2**53  # floats beyond are whole, but not exact
_PORTS = {"http": ":80", "https": ":443"}
_STARS = re.compile(r"\*+")
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


def _url(url: str, *, origin: bool) -> str:
    """Host in lower case, percent-encoding and the order of the query evened out; no secrets, no fragment."""
    url = url.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no text
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket in the host that is no IPv6 address
        return url
    path = "/".join([quote(unquote(step), safe="") for step in parts.path.split("/")])
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    # what we star out, other recorders leave out altogether
    query = "&".join([f"{k}={v}" for k, v in pairs if not (v and _STARS.fullmatch(v))])
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(_PORTS.get(parts.scheme, " "))
    return (f"{parts.scheme}://{host}" if origin else "") + path + (f"?{query}" if query else "")


def _body(request: HttpRequest, ignored: list[list[str]]) -> Any:
    try:
        return _even(msgspec.json.decode(request.body), ignored)
    except DECODE_ERRORS:
        pass
    kind = get_header(request.headers, "content-type") or ""
    text = request.body.decode("utf-8", "replace")
    if "x-www-form-urlencoded" in kind:
        form: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            form.setdefault(name, []).append(value)
        return _even(form, ignored)
    boundary = _BOUNDARY.search(kind)
    return text.replace(boundary[1], "boundary") if boundary else text


def _even(value: Any, ignored: list[list[str]], depth: int = 0) -> Any:
    """Numbers that are equal in JSON are equal here (1.0 and 1), and what is ignored is gone."""
    if depth > DEPTH_LIMIT:
        raise RecursionError
    match value:
        case dict():
            return {
                name: _even(inner, _below(ignored, name), depth + 1)
                for name, inner in value.items()
                if not _is_ignored(ignored, name)
            }
        case list():
            return [
                None
                if _is_ignored(ignored, str(index))
                else _even(inner, _below(ignored, index), depth + 1)
                for index, inner in enumerate(value)
            ]
        case float() if value.is_integer() and abs(value) < _WHOLE:
            return int(value)
        case _:
            return value


def _is_ignored(ignored: list[list[str]], step: str) -> bool:
    return any(len(path) == 1 and path[0] in (step, "*") for path in ignored)


def _below(ignored: list[list[str]], step: str | int) -> list[list[str]]:
    return [path[1:] for path in ignored if len(path) > 1 and path[0] in (str(step), "*")]


_ABSENT: Any = object()


def _differences(asked: Any, recorded: Any, path: str) -> Iterator[Difference]:
    if isinstance(asked, dict) and isinstance(recorded, dict):
        for name in [*asked, *[name for name in recorded if name not in asked]]:
            step = str(name).replace("~", "~0").replace("/", "~1")
            inner = asked.get(name, _ABSENT), recorded.get(name, _ABSENT)
            yield from _differences(*inner, f"{path}/{step}")
    elif isinstance(asked, list) and isinstance(recorded, list):
        for index in range(max(len(asked), len(recorded))):
            mine = asked[index] if index < len(asked) else _ABSENT
            theirs = recorded[index] if index < len(recorded) else _ABSENT
            yield from _differences(mine, theirs, f"{path}/{index}")
    elif asked != recorded or isinstance(asked, bool) != isinstance(recorded, bool):
        yield Difference(path or "body", *_shown(asked, recorded))


def _shown(asked: Any, recorded: Any) -> tuple[str, str]:
    if isinstance(asked, str) and isinstance(recorded, str):
        same = next(
            (i for i, (a, b) in enumerate(zip(asked, recorded, strict=False)) if a != b),
            min(len(asked), len(recorded)),
        )
        if same > SHOWN // 2:  # what is equal at the beginning is not what one looks for
            cut = same - SHOWN // 4
            asked, recorded = f"…{asked[cut:]}", f"…{recorded[cut:]}"
    return _short(asked), _short(recorded)


def _short(value: Any) -> str:
    if value is _ABSENT:
        return "(absent)"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
