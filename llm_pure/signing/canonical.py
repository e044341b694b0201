"""Parts of signatures: the host of a URL, times in UTC, keyed hashes."""

import hmac
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}


def host_of(url: str) -> str:
    """Return the Host header for the URL: lower case, without user information and default port.

    >>> host_of("https://me@API.example.org:443/v1"), host_of("http://[::1]:8080/")
    ('api.example.org', '[::1]:8080')
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return host.removesuffix(_DEFAULT_PORTS.get(parts.scheme, "")).removesuffix(":")


def in_utc(now: datetime) -> datetime:
    """Return the same time in UTC. Raises ValueError for a naive datetime, whose zone would be the machine's."""
    if now.utcoffset() is None:
        raise ValueError("`now` has no time zone")
    return now.astimezone(UTC)


def http_date(now: datetime) -> str:
    """Format the time as in HTTP headers, in English for any locale.

    >>> http_date(datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC))
    'Fri, 20 Nov 2026 12:00:00 GMT'
    """
    return format_datetime(in_utc(now), usegmt=True)


def utf8(text: str) -> bytes:
    """Encode the text. Never raises: an exception would show the secret that it could not encode."""
    return text.encode(errors="surrogatepass")


def hmac_sha256(key: bytes, text: str) -> bytes:
    """Return the HMAC-SHA256 of the text in UTF-8, 32 bytes."""
    return hmac.digest(key, utf8(text), "sha256")
