"""Encode answers as JSON, whatever values they hold; their times as RFC 3339 has them."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from llm_pure.framing.json_codec import ENCODE_ERRORS


def encode_json(value: Any) -> bytes:
    """JSON of any value: what has none is encoded as text, half of a surrogate pair as U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except ENCODE_ERRORS:
        return msgspec.json.encode(_encodable(value, _MAX_DEPTH))


_MAX_DEPTH = 60


def _encodable(value: Any, depth: int) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case None | bool() | int() | float() | msgspec.Raw():
            return value
        case dict() if depth:
            return {
                str(key).encode("utf-8", "replace").decode(): _encodable(item, depth - 1)
                for key, item in value.items()
            }
        case list() | tuple() if depth:
            return [_encodable(item, depth - 1) for item in value]
        case _:
            return type(value).__name__


_LAST_S = 253_402_300_799
"""The end of the year 9999."""


def rfc3339(seconds: int) -> str:
    """The time of any number of seconds since 1970, or the nearest that can be written.

    >>> rfc3339(0), rfc3339(10**30)
    ('1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z')
    """
    bounded = min(max(seconds, 0), _LAST_S)
    return datetime.fromtimestamp(bounded, UTC).isoformat().replace("+00:00", "Z")
