"""Rules for the head of a request, which the application checks itself: no HTTP server of Python's checks all of them. Pure.

Without keys, the rules keep web pages out: a page's request has an `origin`, or after DNS rebinding a foreign `host`.
Source: ../shared/gateway.md section 5 (measured with uvicorn 0.54, httptools 0.9 and h11 0.16), read 2026-11-30.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple

from llm_pure.types.errors import InvalidRequest, LLMError, PermissionDenied

MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024
MAX_PATH = 4096

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Headers as ASGI has them: names in lower case."""

METHODS = ("GET", "HEAD", "POST")

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ODD_PATH = re.compile(r"[\x00-\x20\x7f\\]|/\.\.?(?:/|$)|//")


class HeadRules(NamedTuple):
    """What a gateway accepts."""

    hosts: frozenset[str] = _LOOPBACK
    any_address: bool = False
    """A numeric address is accepted as host: the gateway listens on addresses that it does not know."""
    origins: frozenset[str] = frozenset()
    only_loopback: bool = True
    """Clients of other machines are refused: there are no keys."""


def head_rules(
    host: str, hosts: Iterable[str], origins: Iterable[str], *, has_keys: bool
) -> HeadRules:
    """The rules for a gateway that listens on `host`; `hosts` and `origins` are accepted too."""
    bound = host.lower()
    names = {bound, f"[{bound}]", *[name.lower() for name in hosts]}
    return HeadRules(
        hosts=_LOOPBACK | names,
        any_address=has_keys and not is_loopback(host),
        origins=frozenset([origin.lower().rstrip("/") for origin in origins]),
        only_loopback=not has_keys,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host.lower() == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


_CHECKED = frozenset({b"content-length", b"host", b"origin", b"transfer-encoding", b"upgrade"})


def refuse_head(scope: Mapping[str, Any], rules: HeadRules) -> LLMError | None:
    """Why the request with this ASGI scope is refused, None if it is not. Its status is that of the answer."""
    headers: RawHeaders = scope["headers"]
    size = 0
    host: bytes | None = None
    lengths = hosts = 0
    origin = upgrade = coding = b""
    for name, value in headers:
        size += len(name) + len(value)
        if name not in _CHECKED:
            continue
        match name:
            case b"host":
                host, hosts = value, hosts + 1
            case b"origin":
                origin = value or b"null"
            case b"content-length":
                lengths += 1
            case b"transfer-encoding":
                coding += value or b"?"
            case b"upgrade":
                upgrade += value
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        return _refused(431, "the headers are too many or too long")
    if coding and (lengths or coding.strip().lower() != b"chunked"):
        return _refused(400, "content-length and transfer-encoding exclude each other")
    if lengths > 1:
        return _refused(400, "there is more than one content-length")
    if host is None or hosts != 1:
        return _refused(400, "a request has exactly one host")
    return (
        _refuse_host(host, rules)
        or _refuse_path(scope)
        or _refuse_sender(scope, origin, rules)
        or _refuse_method(scope["method"], upgrade)
    )


@lru_cache(maxsize=1024)
def _refuse_host(host: bytes, rules: HeadRules) -> LLMError | None:
    match = _HOST.fullmatch(host)
    if match is None:
        return _refused(400, "the host is malformed")
    name = match[1].decode("ascii").lower().rstrip(".")
    if name in rules.hosts or "*" in rules.hosts:
        return None
    if rules.any_address and _is_address(name):
        return None
    return _refused(421, "this host is not served here; serve/hosts lists further names")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refuse_path(scope: Mapping[str, Any]) -> LLMError | None:
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or b"/"
    if len(path) > MAX_PATH or len(raw) > MAX_PATH or len(scope["query_string"]) > MAX_PATH:
        return _refused(414, "the URL is too long")
    if not path.startswith("/") or not raw.startswith(b"/") or _ODD_PATH.search(path):
        return _refused(400, "the path is malformed")
    return None


def _refuse_sender(scope: Mapping[str, Any], origin: bytes, rules: HeadRules) -> LLMError | None:
    if origin:
        value = origin.decode("latin-1").lower()
        if value not in rules.origins and "*" not in rules.origins:
            message = "web pages of this origin may not use this server"
            return PermissionDenied(message=message, status=403)
    client = scope.get("client")
    if rules.only_loopback and client and not _is_local(client[0]):
        message = "without client keys only this machine may use this server"
        return PermissionDenied(message=message, status=403)
    return None


@lru_cache(maxsize=1024)
def _is_local(address: str) -> bool:
    """Whether a client is on this machine; names are those of a test's client, or of a Unix socket."""
    return not _is_address(address) or is_loopback(address)


def _refuse_method(method: str, upgrade: bytes) -> LLMError | None:
    if b"websocket" in upgrade.lower():
        return UPGRADE
    if method not in METHODS:
        return _refused(405, "methods are GET, HEAD and POST")
    return None


def _refused(status: int, message: str) -> InvalidRequest:
    return InvalidRequest(message=message, status=status)


UPGRADE = _refused(426, "there are no WebSockets here: use HTTP")
"""Codex tries a WebSocket first, and uses HTTP at once after this status.
Source: ../shared/wire/server-side.md 2.1 (measured with Codex 0.171), read 2026-11-30."""
