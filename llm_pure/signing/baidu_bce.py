"""Baidu Cloud's bce-auth-v1: sign a request with access key and secret key, in headers.

The signature covers method, path, query and some headers, not the body.

Source: cloud.baidu.com/doc/Reference/s/njwvz1yfu, and github.com/baidubce/bce-sdk-python, baidubce/auth/bce_v1_signer.py;
read 2026-11-20.
"""

from datetime import datetime
from urllib.parse import quote, unquote_to_bytes, urlsplit

from llm_pure.signing.canonical import hmac_sha256, host_of, in_utc, utf8
from llm_pure.signing.key import with_header
from llm_pure.types.config import SecretInput, reveal
from llm_pure.types.http import HttpRequest

_SIGNED_HEADERS = frozenset({"content-length", "content-md5", "content-type", "host"})


def sign(
    request: HttpRequest,
    *,
    access_key: SecretInput,
    secret_key: SecretInput,
    now: datetime,
    valid_s: int = 1800,
) -> HttpRequest:
    """Return the request with `x-bce-date` and `authorization`.

    The signature covers `host`, the content headers and all `x-bce-*` headers that are not empty. Signing again replaces
    it. `valid_s`: its lifetime. Raises ValueError for a naive `now`.
    """
    timestamp = in_utc(now).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = with_header(request, "x-bce-date", timestamp)
    headers = _headers_to_sign(ready)
    parts = urlsplit(request.url)
    canonical = "\n".join(
        [
            request.method.upper(),
            quote(unquote_to_bytes(parts.path or "/"), safe="/"),
            _canonical_query(parts.query),
            *sorted(
                [f"{quote(name, safe='')}:{quote(headers[name], safe='')}" for name in headers]
            ),
        ]
    )
    scope = f"bce-auth-v1/{reveal(access_key)}/{timestamp}/{valid_s}"
    key = hmac_sha256(utf8(reveal(secret_key)), scope).hex()
    signature = hmac_sha256(key.encode(), canonical).hex()
    return with_header(ready, "authorization", f"{scope}/{';'.join(sorted(headers))}/{signature}")


def _headers_to_sign(request: HttpRequest) -> dict[str, str]:
    headers = {"host": host_of(request.url)}
    for name, value in request.headers:
        if name in _SIGNED_HEADERS or name.startswith("x-bce-"):
            headers[name] = value.strip()
    return {name: value for name, value in headers.items() if value}


def _canonical_query(query: str) -> str:
    """Names and values percent-encoded uniformly, sorted as pairs, without `authorization`."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    encoded = [(_encode(name), _encode(value)) for name, _, value in pairs]
    return "&".join(sorted([f"{n}={v}" for n, v in encoded if n.lower() != "authorization"]))


def _encode(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="")
