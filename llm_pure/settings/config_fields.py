"""A mapping out of YAML -> a Struct, field by field, as forgiving as MetaGPT's own reader and no more. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from llm_pure.types.config import SECRET_FIELDS
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

S = TypeVar("S", bound=msgspec.Struct)

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def decode_section(
    given: object, kind: type[S], where: str, variables: Mapping[str, str]
) -> LLMResult[S]:
    """The Struct with these fields; None is an empty mapping, and a null field is one that is not set.

    Numbers and truths may stand in quotes, texts may look like numbers or dates. Fails with InvalidConfiguration whose
    field is the place, such as `models/fast/top_p`; no value of a secret is told.
    """
    if given is None:
        given = {}
    if not isinstance(given, dict):
        return _wrong(f"{where} is to be a mapping", where)
    types = _types(kind)
    made: dict[str, Any] = {}
    for key, value in given.items():
        name = str(key)
        if name not in types:
            return Failure(unknown_key(where, name, types))
        filled = _filled(value, f"{where}/{name}", variables)
        if isinstance(filled, Failure):
            return filled
        if filled.unwrap() is None:
            continue
        got = _converted(filled.unwrap(), types[name], name, f"{where}/{name}")
        if isinstance(got, Failure):
            return got
        made[name] = got.unwrap()
    return Success(kind(**made))


def unknown_key(where: str, name: str, known: Iterable[str]) -> InvalidConfiguration:
    """The error for a key that nobody reads; near: what may have been meant."""
    place = f"{where}/{name}" if where else name
    near = tuple(get_close_matches(name.lower(), known, n=1, cutoff=0.5))
    return InvalidConfiguration(message=f"{place} is not known", field=place, suggestions=near)


def _filled(value: object, place: str, variables: Mapping[str, str]) -> LLMResult[Any]:
    """The value with every `${NAME}` in its texts replaced."""
    if isinstance(value, dict):
        pairs: dict[str, Any] = {}
        for key, inner in value.items():
            got = _filled(inner, place, variables)
            if isinstance(got, Failure):
                return got
            pairs[str(key)] = got.unwrap()
        return Success(pairs)
    if not isinstance(value, str):
        return Success(value)
    unset = [name for name in _VARIABLE.findall(value) if not variables.get(name)]
    if unset:
        what = f"{place} wants the variable {unset[0]}, which is not set"
        return Failure(InvalidConfiguration(message=what, field=place, code="unset_variable"))
    return Success(_VARIABLE.sub(lambda found: variables[found[1]], value))


def _converted(value: Any, wanted: Any, name: str, place: str) -> LLMResult[Any]:
    if name == "headers" and isinstance(value, dict):
        return Success(tuple([(str(key), str(text)) for key, text in value.items()]))
    if wanted == str | None or wanted is str:
        return _text(value, wanted, name, place)
    try:
        return Success(msgspec.convert(value, wanted, strict=False))
    except (msgspec.ValidationError, OverflowError) as fault:
        return _wrong(f"{place} has a value of another type: {fault}", place)


def _text(value: Any, wanted: Any, name: str, place: str) -> LLMResult[Any]:
    """A text, also where YAML has read a number or a date (`api_version: 2024-10-21`)."""
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, bool | list | dict) or not isinstance(value, str | int | float):
        return _wrong(f"{place} is to be a text, and is a {type(value).__name__}", place)
    if value == "" and wanted is not str and name not in SECRET_FIELDS:
        return Success(None)  # MetaGPT's examples write "" for what is not set
    return Success(str(value))


@cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {
        name: str | None if name in SECRET_FIELDS else hints[name]
        for name in kind.__struct_fields__
    }


def _wrong(message: str, field: str) -> Failure[InvalidConfiguration]:
    return Failure(InvalidConfiguration(message=message, field=field))
