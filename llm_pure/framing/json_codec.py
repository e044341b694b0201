"""JSON in and out as Results; the one place that knows which exceptions msgspec raises."""

import re
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from llm_pure.types.errors import EVIDENCE_LIMIT, InvalidRequest, ProtocolError
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Raised by msgspec for bytes that are not JSON of the type; deep nesting is a RecursionError."""

ENCODE_ERRORS = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)
"""Raised by msgspec for values that are not JSON: unknown types, lone surrogates (a ValueError), cycles."""

_ANYTHING = msgspec.json.Decoder()


def decode(
    decoder: msgspec.json.Decoder[A], data: bytes, *, provider: str, where: str = "body"
) -> LLMResult[A]:
    """Decode JSON. Fails with ProtocolError, with `where` and the first bytes.

    Half of a surrogate pair, as in "\\ud83d", is read as U+FFFD: some services split text by UTF-16 units.
    """
    try:
        return Success(decoder.decode(data))
    except DECODE_ERRORS as error:
        if _SURROGATE in data or _SURROGATE.replace(b"d", b"D") in data:
            with suppress(*DECODE_ERRORS):
                return Success(decoder.decode(_HALVES.sub(_replace_half, data)))
        return Failure(protocol_error(error, data, provider=provider, where=where))


_SURROGATE = b"\\ud"
_HALVES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # a half
    rb"|\\."  # any other escape, so that an escaped backslash does not begin one
)


def _replace_half(escape: re.Match[bytes]) -> bytes:
    """Replace half of a pair by U+FFFD."""
    is_half = len(escape[0]) == 6  # a pair has twelve bytes, another escape two
    return b"\\ufffd" if is_half else escape[0]


def decode_any(data: bytes, *, provider: str, where: str = "body") -> LLMResult[Any]:
    """Decode any JSON as dicts, lists and scalars."""
    return decode(_ANYTHING, data, provider=provider, where=where)


def convert(kind: type[A], value: Any, *, provider: str, where: str = "body") -> LLMResult[A]:
    """Convert decoded JSON to a Struct. Fails with ProtocolError, with `where` and the first bytes."""
    try:
        return Success(msgspec.convert(value, kind))
    except DECODE_ERRORS as error:
        return Failure(protocol_error(error, preview(value), provider=provider, where=where))


def preview(value: Any) -> bytes:
    """Return the first bytes of decoded JSON as evidence; empty if it is nested too deeply to encode."""
    try:
        return msgspec.json.encode(value)[:EVIDENCE_LIMIT]
    except ENCODE_ERRORS:
        return b""


def protocol_error(
    fault: Exception, data: bytes, *, provider: str, where: str = "body", status: int | None = None
) -> ProtocolError:
    """The fault as a value. A path in msgspec's message ("... - at `$.a`") is kept in the message."""
    return ProtocolError(
        message=f"the answer could not be read: {str(fault)[:300] or type(fault).__name__}",
        provider=provider,
        where=where,
        evidence=data,
        status=status,
    )


def json_object(text: str) -> dict[str, Any] | None:
    """Decode a JSON object; None if the text is anything else."""
    try:
        value = _ANYTHING.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def json_text(value: Any) -> str:
    """Encode a value that was decoded from JSON."""
    return msgspec.json.encode(value).decode()


def encode(value: Any, *, provider: str) -> LLMResult[bytes]:
    """Encode JSON, with keys in their order. Fails with InvalidRequest if a value is not JSON."""
    try:
        return Success(msgspec.json.encode(value))
    except ENCODE_ERRORS as error:
        message = f"the request contains a value that is not JSON: {error}"
        return Failure(InvalidRequest(message=message, provider=provider))
