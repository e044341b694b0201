"""JSON in and out as Results; the one place that knows which exceptions msgspec raises."""

import re
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from math import isinf
from typing import Any, TypeAlias, TypeVar

import msgspec

from llm_pure.types.errors import EVIDENCE_LIMIT, InvalidRequest, ProtocolError
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Raised by msgspec for bytes that are not JSON of the type; deep nesting is a RecursionError."""

ENCODE_ERRORS = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)
"""Raised by msgspec for values that are not JSON: unknown types, lone surrogates (a ValueError), cycles."""

DEPTH_LIMIT = 128
"""Maximum nesting of JSON that is decoded. Deeper JSON is an error at any depth of the caller's stack."""

_ANYTHING = msgspec.json.Decoder()


def decode(
    decoder: msgspec.json.Decoder[A], data: bytes, *, provider: str, where: str = "body"
) -> LLMResult[A]:
    """Decode JSON. Fails with ProtocolError, with `where` and the first bytes, also beyond DEPTH_LIMIT.

    Half of a surrogate pair, as in "\\ud83d", is read as U+FFFD: some services split text by UTF-16 units. Numbers as text,
    as in "5", are read as numbers where the type has no text, since gateways send them. The text "null" is never null: who
    reads the same bytes as plain JSON must see the same lists and objects.
    """
    if len(data) > _SMALL and is_too_deep(data):
        return Failure(protocol_error(_TOO_DEEP, data, provider=provider, where=where))
    try:
        return Success(decoder.decode(data))
    except DECODE_ERRORS as error:
        if _SURROGATE in data or _SURROGATE.replace(b"d", b"D") in data:
            fixed = _HALVES.sub(_replace_half, data)
        else:
            fixed = data
        with suppress(*DECODE_ERRORS):
            return Success(_decode_lax(_lax(decoder), fixed))
        return Failure(protocol_error(error, data, provider=provider, where=where))


def decode_plain(decoder: msgspec.json.Decoder[A], data: bytes) -> A | None:
    """Decode JSON for a fast path; None for JSON that is not of the type, or that only `decode` reads."""
    if len(data) > _SMALL and is_too_deep(data):
        return None
    try:
        return decoder.decode(data)
    except DECODE_ERRORS:
        return None


Scalar: TypeAlias = str | int | float | bool | None
ShallowObject: TypeAlias = dict[str, Scalar | dict[str, Scalar] | list[dict[str, Scalar]]]
"""An object of a type for `decode_shallow`, such as a usage object."""


def decode_shallow(decoder: msgspec.json.Decoder[A], data: bytes) -> A | None:
    """`decode_plain` for a type that deep nesting does not fit: without the search for it, which takes 0.7 us a kilobyte."""
    try:
        return decoder.decode(data)
    except DECODE_ERRORS:
        return None


def plain_json(data: bytes) -> Any:
    """`decode_plain` for any JSON; most is nested so little that its type says so, and the search for depth is not made."""
    value = decode_shallow(_shallow_json(), data)
    return decode_plain(_ANYTHING, data) if value is None else value


@lru_cache(maxsize=1)
def _shallow_json() -> msgspec.json.Decoder[Any]:
    """Made when it is used, which takes a millisecond: each level doubles the type."""
    kind: Any = Scalar
    for _ in range(7):
        kind = Scalar | list[kind] | dict[str, kind]
    return msgspec.json.Decoder(kind)


def plain_object(raw: msgspec.Raw) -> str | None:
    """Return the text of a JSON object in a fast path, as it was sent; None for anything else, and where only `decode` can say.

    >>> plain_object(msgspec.Raw(b'{"a": 1}')), plain_object(msgspec.Raw(b"[1]"))
    ('{"a": 1}', None)
    """
    try:
        text = bytes(raw).decode()
        return text if is_shallow(text) and type(_ANYTHING.decode(text)) is dict else None
    except DECODE_ERRORS:
        return None


def is_shallow(text: str) -> bool:
    """Return whether JSON is surely nested less deeply than DEPTH_LIMIT allows inside a response."""
    return text.count("[") + text.count("{") < _SHALLOW


_SHALLOW = DEPTH_LIMIT - 16


def _decode_lax(lax: msgspec.json.Decoder[A], data: bytes) -> A:
    """Decode with numbers as text. Raises DECODE_ERRORS, also where the text "null" would be read as null."""
    without_nulls, count = _NULL_TEXT.subn(b'"-"', data)
    if count:
        lax.decode(without_nulls)
    return lax.decode(data)


_NULL_TEXT = re.compile(
    rb'"(?:[nN]|\\u00[46][eE])(?:[uU]|\\u00[57]5)(?:[lL]|\\u00[46][cC]){2}"'
)  # each letter may be escaped


@lru_cache(maxsize=256)
def _lax(decoder: msgspec.json.Decoder[A]) -> msgspec.json.Decoder[A]:
    """The decoder of the same type that reads numbers as text."""
    return msgspec.json.Decoder(decoder.type, strict=False)


_SMALL = 2 * DEPTH_LIMIT
_TOO_DEEP = msgspec.DecodeError(f"nested deeper than {DEPTH_LIMIT}")
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SAME_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_too_deep(data: bytes) -> bool:
    """Return whether JSON is nested deeper than DEPTH_LIMIT. Takes linear time; few bytes are looked at twice.

    >>> is_too_deep(b"[" * 200 + b"]" * 200), is_too_deep(b'{"a": "%s"}' % (b"[" * 200))
    (True, False)
    """
    if data.count(b"[") + data.count(b"{") <= DEPTH_LIMIT:
        return False
    brackets = _STRINGS.sub(b"", data).translate(_SAME_BRACKETS, _NO_BRACKETS)
    if b"[" * (DEPTH_LIMIT + 1) in brackets:
        return True
    for _ in range(DEPTH_LIMIT):
        outer = brackets.replace(b"[]", b"")
        if len(outer) == len(brackets):
            break
        brackets = outer
    return brackets.count(b"[") > DEPTH_LIMIT or b"[]" in brackets


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
        with suppress(*DECODE_ERRORS, *ENCODE_ERRORS):
            lax = msgspec.json.Decoder(kind, strict=False)
            return Success(_decode_lax(lax, msgspec.json.encode(value)))
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
    """Map an exception of the decoder to a ProtocolError. The exception's text follows our own words as detail."""
    return ProtocolError(
        message=f"the response could not be read: {str(fault)[:300] or type(fault).__name__}",
        provider=provider,
        where=where,
        evidence=data,
        status=status,
    )


def fault_path(
    kind: Any, value: Any, dec_hook: Callable[[type, Any], Any] | None = None
) -> tuple[str, ...]:
    """Return the path of the first part of decoded JSON that does not fit its type; () if only the whole does not.

    dec_hook: msgspec's, for types that it does not know.

    Each part is converted by itself, because msgspec states the path only in the text of its message, which differs
    between versions. The path ends after 32 steps and at a union without tags. Pure.

    >>> fault_path(dict[str, list[int]], {"a": [1], "b": [2, "x"]})
    ('b', '1')
    """
    path: list[str] = []
    while len(path) < _PATH_LIMIT:
        for step, inner_kind, inner in _parts(kind, value):
            if not _fits(inner_kind, inner, dec_hook):
                path.append(step)
                kind, value = inner_kind, inner
                break
        else:
            break
    return tuple(path)


_PATH_LIMIT = 32
_WRAPPERS = (typing.Annotated, typing.Required, typing.NotRequired)
_FIELD_WRAPPERS = (typing.Required, typing.NotRequired)


def _fits(kind: Any, value: Any, dec_hook: Callable[[type, Any], Any] | None) -> bool:
    try:
        msgspec.convert(value, kind, str_keys=True, dec_hook=dec_hook)
    except (*DECODE_ERRORS, OverflowError):
        return False
    except TypeError:  # msgspec has no conversion for this type: not the fault of the value
        return True
    return True


def _parts(kind: Any, value: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (step, type, value) of the items of a list, the values of a mapping, the fields of an object."""
    kind = _unwrapped(kind, _WRAPPERS)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        arms = [arm for arm in arguments if _may_hold(arm, value)]
        if len(arms) == 1:
            yield from _parts(arms[0], value)
    elif isinstance(value, dict):
        fields = _field_types(kind, origin or kind)
        for key, inner in value.items():
            if key in fields:
                yield key, fields[key], inner
            elif not fields and len(arguments) == 2:
                yield key, arguments[1], inner
    elif isinstance(value, list) and arguments:
        is_fixed = origin is tuple and arguments[-1] is not ...
        kinds = arguments if is_fixed else arguments[:1] * len(value)
        for at, (inner_kind, inner) in enumerate(zip(kinds, value, strict=False)):
            yield str(at), inner_kind, inner


def _may_hold(arm: Any, value: Any) -> bool:
    """Return false for an arm of another JSON type, and for a tagged Struct with another tag than the value's."""
    if arm in (types.NoneType, bool, int, float, str):
        return False
    config = getattr(arm, "__struct_config__", None)
    if config is None or config.tag_field is None or not isinstance(value, dict):
        return True
    return bool(value.get(config.tag_field) == config.tag)


def _field_types(kind: Any, plain: Any) -> dict[str, Any]:
    """Return key in JSON -> type of the fields of a Struct, dataclass or TypedDict; empty for any other type."""
    if not isinstance(plain, type):
        return {}
    if issubclass(plain, msgspec.Struct):
        return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    if hasattr(plain, "__dataclass_fields__") or typing.is_typeddict(plain):
        hints = typing.get_type_hints(plain, include_extras=True)
        return {name: _unwrapped(hint, _FIELD_WRAPPERS) for name, hint in hints.items()}
    return {}


def _unwrapped(kind: Any, wrappers: tuple[Any, ...]) -> Any:
    while typing.get_origin(kind) in wrappers:
        kind = typing.get_args(kind)[0]
    return kind


def python_json(data: bytes) -> Any:
    """JSON as Python writes and reads it: NaN and Infinity are null, and texts may have control characters; None for others.

    Nested no deeper, and with half of a surrogate pair as in `decode`.

    >>> python_json(b'{"a":NaN,"b":"c\\td"}')
    {'a': None, 'b': 'c\\td'}
    """
    import json  # imported late: start-up

    if is_too_deep(data):
        return None
    with suppress(ValueError, RecursionError):
        text = _HALVES.sub(_replace_half, data).decode()
        return json.loads(text, strict=False, parse_float=_finite, parse_constant=lambda _: None)
    return None


def _finite(text: str) -> float:
    """The number; ValueError if it is out of range."""
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return number


def any_json(data: bytes) -> Any:
    """Decode any JSON; None if the bytes are not JSON."""
    value = decode_plain(_ANYTHING, data)
    return decode_any(data, provider="").value_or(None) if value is None else value


def is_json(data: bytes) -> bool:
    """Return true if the bytes are one JSON value."""
    return isinstance(decode_any(data, provider=""), Success)


def is_truncated(data: bytes) -> bool:
    """Return whether the bytes begin like an object or an array, and end within it. Takes linear time.

    >>> is_truncated(b'{"a": [1]'), is_truncated(b'{"a": "}'), is_truncated(b"{]}"), is_truncated(b"<html>")
    (True, True, False, False)
    """
    if data.lstrip()[:1] not in (b"{", b"["):
        return False
    brackets = _STRINGS.sub(b"", data).translate(_SAME_BRACKETS, _NO_BRACKETS)
    return brackets.count(b"[") > brackets.count(b"]")


def json_object(text: str) -> dict[str, Any] | None:
    """Decode a JSON object; None if the text is anything else, or nested deeper than DEPTH_LIMIT."""
    try:
        if len(text) > _SMALL and is_too_deep(text.encode()):
            return None
        value = _ANYTHING.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def json_text(value: Any) -> str:
    """Encode a value that was decoded from JSON."""
    return msgspec.json.encode(value).decode()


def arguments_text(arguments: object) -> str:
    """Return a tool call's arguments as JSON text; services send text, an object, null or nothing."""
    if isinstance(arguments, str):
        return arguments or "{}"
    return "{}" if arguments is None else json_text(arguments)


def encode(value: Any, *, provider: str) -> LLMResult[bytes]:
    """Encode JSON, with keys in their order. Fails with InvalidRequest if a value is not JSON."""
    try:
        return Success(msgspec.json.encode(value))
    except ENCODE_ERRORS as error:
        message = f"the request contains a value that is not JSON: {error}"
        return Failure(InvalidRequest(message=message, provider=provider))
