"""Find a value of a wrong type in what a caller passed: after an exception, to tell a wrong argument from a bug.

Structs do not check the types of their fields, and neither do builders, whose work is hot. When one of them raises, the
arguments are compared with their annotations: the first difference is the error, with its path.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import msgspec

from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import HttpResponse

_MAX_DEPTH = 24
_MODULE = re.compile(r"\b(?:\w+\.)+(?=\w)")
"""Of a name in an annotation."""
_CALLABLE: Any = Callable
_PACKAGE = "llm_pure."

Mismatch: TypeAlias = tuple[str, Any, object]
"""(path, annotation, value)."""


def wrong_type_error(*values: object) -> InvalidRequest | InvalidConfiguration | None:
    """Return the error of the first value of a wrong type, in Structs anywhere in the values; None if there is none.

    None too where the stack is too small to look for one.
    """
    try:
        return _wrong_type_error(values)
    except RecursionError:
        return None


def with_article(name: str) -> str:
    """Return the name of a type after its article.

    >>> with_article("RateLimit"), with_article("LLMConfig"), with_article("AllowedTools")
    ('a RateLimit', 'an LLMConfig', 'an AllowedTools')
    """
    return f"{'an' if name.startswith(('LLM', *'AEIO')) else 'a'} {name}"


def negative_field(options: msgspec.Struct) -> str:
    """Return the first field whose number is negative or none, which no time and no limit can be; "" without one.

    >>> from llm_pure.types.completion import Usage
    >>> negative_field(Usage(input_tokens=3)), negative_field(Usage(input_tokens=3, output_tokens=-1))
    ('', 'output_tokens')
    """
    for field in options.__struct_fields__:
        value = getattr(options, field)
        if isinstance(value, int | float) and not value >= 0:
            return field
    return ""


def _wrong_type_error(
    values: tuple[object, ...],
) -> InvalidRequest | InvalidConfiguration | None:
    for value in values:
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, LLMConfig) and (mismatch := _find(item, "", 0)) is not None:
                return _error(mismatch, is_configuration=True)
    for value in values:
        mismatch = _find(value, "", 0)
        if mismatch is not None:
            return _error(mismatch, is_configuration=False)
    return None


def _error(mismatch: Mismatch, *, is_configuration: bool) -> InvalidRequest | InvalidConfiguration:
    path, annotation, value = mismatch
    message = f"{path} must be {_name(annotation)}, not {type(value).__name__}"
    if is_configuration:
        return InvalidConfiguration(message=message, field=path.partition("/")[0])
    return InvalidRequest(message=message, param=path)


def _name(annotation: Any) -> str:
    if annotation is NoneType:
        return "None"
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return _MODULE.sub("", str(annotation))


def _find(value: object, path: str, depth: int) -> Mismatch | None:
    """Return the first mismatch in the Structs within a value, whatever the value's own type should be."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, msgspec.Struct) and type(value).__module__.startswith(_PACKAGE):
        if isinstance(value, HttpResponse):
            return None
        for name, annotation in _fields(type(value)):
            child = getattr(value, name)
            child_path = f"{path}/{name}" if path else name
            mismatch = _compare(child, annotation, child_path, depth + 1)
            if mismatch is not None:
                return mismatch
        return None
    children: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        children = value.items()
    elif isinstance(value, list | tuple):
        children = enumerate(value)
    for key, item in children:
        mismatch = _find(item, f"{path}/{key}" if path else str(key), depth + 1)
        if mismatch is not None:
            return mismatch
    return None


@lru_cache(maxsize=256)
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Return names and annotations; one that exists for checkers only is Any."""
    try:
        return tuple([(field.name, field.type) for field in msgspec.structs.fields(kind)])
    except (NameError, TypeError):
        hints: dict[str, Any] = {}
        for base in reversed(kind.__mro__):
            hints.update(getattr(base, "__annotations__", {}))
        return tuple(
            [
                (name, Any if isinstance(hints.get(name, ""), str) else hints[name])
                for name in kind.__struct_fields__
            ]
        )


def _compare(value: Any, annotation: Any, path: str, depth: int) -> Mismatch | None:
    """Return the first mismatch of a value with its annotation; what is not understood fits."""
    mismatch = (path, annotation, value)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _compare(value, arguments[0], path, depth)
    if origin in (Union, UnionType):
        results = [_compare(value, branch, path, depth) for branch in arguments]
        if None in results:
            return _find(value, path, depth)
        deeper = [result for result in results if result is not None and result[0] != path]
        return deeper[0] if deeper else mismatch
    if origin is Literal:
        fits = any(type(value) is type(choice) and value == choice for choice in arguments)
        return None if fits else mismatch
    kind = origin or annotation
    if kind in (Any, object) or not isinstance(kind, type):
        return _find(value, path, depth)
    if kind is _CALLABLE:
        return None if callable(value) else mismatch
    if not _is_instance(value, kind):
        return mismatch
    if isinstance(value, str | bytes) and kind in (Sequence, Iterable):
        return None
    if isinstance(value, Mapping) and len(arguments) == 2:
        for key, item in value.items():
            child_path = f"{path}/{key}"
            inner = _compare(key, arguments[0], child_path, depth + 1) or _compare(
                item, arguments[1], child_path, depth + 1
            )
            if inner is not None:
                return inner
        return None
    if isinstance(value, list | tuple) and arguments:
        kinds = _kinds_of_items(value, arguments)
        if kinds is None:
            return mismatch
        for number, (item, item_kind) in enumerate(zip(value, kinds, strict=True)):
            inner = _compare(item, item_kind, f"{path}/{number}", depth + 1)
            if inner is not None:
                return inner
        return None
    return _find(value, path, depth)


def _is_instance(value: object, kind: Any) -> bool:
    if kind in (int, float):
        return (
            isinstance(value, int if kind is int else (int, float)) and value.__class__ is not bool
        )
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol for checkers only
        return True


def _kinds_of_items(value: Sequence[object], arguments: tuple[Any, ...]) -> list[Any] | None:
    """Return the annotation of each item; None if there must be another number of items."""
    if len(arguments) == 1 or (len(arguments) == 2 and arguments[1] is ...):
        return [arguments[0]] * len(value)
    return list(arguments) if len(arguments) == len(value) else None
