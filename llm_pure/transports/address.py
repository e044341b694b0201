"""A URL as text -> where to connect and what to ask for, byte for byte as it was signed."""

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

import msgspec

from llm_pure.transports.exchange import unusable_address
from llm_pure.types.result import Failure, LLMResult, Success

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Address(msgspec.Struct, frozen=True):
    """origin: scheme, host and port. place: host and port. target: path and query, in printable ASCII."""

    origin: str
    place: str
    target: str

    @property
    def is_encrypted(self) -> bool:
        """Is it https?"""
        return self.origin.startswith("https:")


@lru_cache(maxsize=256)
def read_address(text: str) -> LLMResult[Address]:
    """InvalidConfiguration when nothing can be sent there.

    No character of the target is changed but those that no request line can hold; user information is left out.

    >>> read_address("https://me@EXAMPLE.org/a%2Fb:c?q=x+y").unwrap()
    Address(origin='https://example.org', place='example.org', target='/a%2Fb:c?q=x+y')
    """
    try:
        return Success(_read(text))
    except (ValueError, UnicodeError) as fault:
        return Failure(unusable_address(text, str(fault)))


def _read(text: str) -> Address:
    if _CONTROL.search(text):
        raise ValueError("it holds a control character")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has to begin with http:// or https:// and a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else _name(parts.hostname)
    if parts.port == 0:
        raise ValueError("its port is out of range")
    usual = {"http": 80, "https": 443}[parts.scheme]
    place = host if parts.port in (None, usual) else f"{host}:{parts.port}"
    target = quote(parts.path or "/", safe=_PRINTABLE)
    if parts.query:
        target += "?" + quote(parts.query, safe=_PRINTABLE)
    return Address(f"{parts.scheme}://{place}", place, target)


def _name(host: str) -> str:
    """The host as the name service knows it."""
    name = host.encode("idna").decode("ascii")
    if not all(0 < len(label) < 64 for label in name.removesuffix(".").split(".")):
        raise ValueError("its host is not a name")
    return name
