"""JSON in and out as Results; the one place that knows which exceptions msgspec raises."""

import re
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from llm_pure.types.errors import EVIDENCE_LIMIT, InvalidRequest, ProtocolError
from llm_pure.types.redact import redact_bytes
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on bytes that are not JSON of the wanted shape; deep nesting is a RecursionError."""

ENCODE_ERRORS = (
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
    msgspec.MsgspecError,
)
"""What msgspec raises on values that are no JSON: unknown types, lone surrogates (a ValueError), cycles."""

_ANYTHING = msgspec.json.Decoder()


def decode(
    decoder: msgspec.json.Decoder[A], data: bytes, *, provider: str, where: str = "body"
) -> LLMResult[A]:
    """The decoded value, or a ProtocolError with the place and the first bytes.

    Half of a surrogate pair is read as U+FFFD: JSON may say "\\ud83d", and services do that cut text by UTF-16 units.
    """
    try:
        return Success(decoder.decode(data))
    except DECODE_ERRORS as fault:
        if _SURROGATE in data or _SURROGATE.replace(b"d", b"D") in data:
            with suppress(*DECODE_ERRORS):
                return Success(decoder.decode(_HALVES.sub(_whole, data)))
        return Failure(protocol_error(fault, data, provider=provider, where=where))


_SURROGATE = b"\\ud"
_HALVES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # a half
    rb"|\\."  # any other escape: what follows a backslash that is escaped is no escape
)


def _whole(escape: re.Match[bytes]) -> bytes:
    """U+FFFD for half of a pair, everything else as it is."""
    found = escape[0]
    is_half = len(found) == 6  # a pair has twelve bytes, another escape two
    return b"\\ufffd" if is_half else found


def decode_any(data: bytes, *, provider: str, where: str = "body") -> LLMResult[Any]:
    """Any JSON, as dicts, lists and scalars."""
    return decode(_ANYTHING, data, provider=provider, where=where)


def convert(kind: type[A], value: Any, *, provider: str, where: str = "body") -> LLMResult[A]:
    """Decoded JSON as a Struct, or a ProtocolError that names the place and shows the first bytes."""
    try:
        return Success(msgspec.convert(value, kind))
    except DECODE_ERRORS as fault:
        return Failure(protocol_error(fault, preview(value), provider=provider, where=where))


def preview(value: Any) -> bytes:
    """The first bytes of decoded JSON, as evidence; none where it is nested too deep to be written."""
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
        evidence=redact_bytes(data[:EVIDENCE_LIMIT]),
        status=status,
    )


def json_object(text: str) -> dict[str, Any] | None:
    """The object that this JSON text says; None when it says anything else."""
    try:
        value = _ANYTHING.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def json_text(value: Any) -> str:
    """JSON text of a value that was decoded from JSON."""
    return msgspec.json.encode(value).decode()


def encode(value: Any, *, provider: str) -> LLMResult[bytes]:
    """JSON bytes, keys in the order given; InvalidRequest when something in it is no JSON."""
    try:
        return Success(msgspec.json.encode(value))
    except ENCODE_ERRORS as fault:
        return Failure(
            InvalidRequest(
                message=f"the request holds something that is not JSON: {fault}", provider=provider
            )
        )
