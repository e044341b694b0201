"""JSON of answers, of any values."""

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
