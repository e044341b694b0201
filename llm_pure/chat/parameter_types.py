"""Types of tool parameters in the form that msgspec reads: texts and constraints of `Annotated`, and models of pydantic.

A model is any class with `model_json_schema` and `model_validate_json`. pydantic itself is imported only for what no model
can check alone, such as a union of models, and then it is installed, since a model is there.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from functools import reduce
from importlib import import_module
from operator import or_
from typing import (
    Annotated,
    Any,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from llm_pure.types.request import JsonSchema

_CONSTRAINTS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern")
"""Attributes of annotated-types and of pydantic's fields that msgspec's Meta has too."""


def readable_type(kind: Any) -> Any:
    """Return the type with texts and constraints as msgspec's Meta, and a stand-in for what only pydantic can check.

    >>> readable_type(Annotated[int, "Days to come"]).__metadata__[0].description
    'Days to come'
    """
    if _needs_pydantic(kind):
        return _adapted(kind)
    return _with_meta(kind)


def json_schema(kind: Any) -> JsonSchema:
    """Return the JSON Schema of a type, with the definitions of pydantic's models. Raises TypeError without one."""
    definitions: JsonSchema = {}

    def schema_of_model(model: Any) -> JsonSchema:
        schema_of = getattr(model, "model_json_schema", None)
        if schema_of is None:
            name = getattr(model, "__name__", str(model))
            raise TypeError(
                f"{name} has none; use a dataclass, Struct, TypedDict or pydantic model, or set the argument"
                " with functools.partial"
            )
        schema = dict(schema_of())
        _add(definitions, schema.pop("$defs", {}))
        return schema

    schema = msgspec.json.schema(kind, schema_hook=schema_of_model)
    _add(definitions, schema.pop("$defs", {}))
    if definitions:
        _describe_fields(kind, definitions, set())
    return {**schema, "$defs": definitions} if definitions else schema


def decode_model(kind: Any, value: Any) -> Any:
    """Return an instance of a model: `dec_hook` of msgspec. Raises ValueError with the path and the text of the first error."""
    validate = getattr(kind, "model_validate_json", None)
    if validate is None:
        raise NotImplementedError
    try:
        return validate(msgspec.json.encode(value))
    except ValueError as error:
        path, message = first_error(error)
        raise ValueError(f"{path}: {message}" if path else message) from None


def first_error(error: Exception) -> tuple[str, str]:
    """Return (path, message) of an exception of pydantic; ("", its text) of any other."""
    errors_of: Any = getattr(error, "errors", None)
    if not callable(errors_of):
        return "", str(error) or type(error).__name__
    errors: Any = errors_of()
    first = next(iter(errors))
    return "/".join([str(step) for step in first["loc"]]), str(first["msg"])


def is_field(value: object) -> bool:
    """Return true for pydantic's `Field(...)`, which holds a default and a description."""
    return hasattr(value, "is_required") and hasattr(value, "get_default")


def _add(definitions: JsonSchema, more: Mapping[str, Any]) -> None:
    for name, definition in more.items():
        if definitions.setdefault(name, definition) != definition:
            raise TypeError(f"two different types have the name {name}")


def _describe_fields(kind: Any, definitions: JsonSchema, seen: set[Any]) -> None:
    """Add the texts of Annotated to the fields of classes, which msgspec reads by itself and without such texts."""
    for argument in get_args(kind):
        _describe_fields(argument, definitions, seen)
    if not isinstance(kind, type) or kind in seen or _is_model(kind):
        return
    seen.add(kind)
    if not (is_typeddict(kind) or is_dataclass(kind) or issubclass(kind, msgspec.Struct)):
        return
    names = {}
    if issubclass(kind, msgspec.Struct):
        names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    properties = definitions.get(kind.__name__, {}).get("properties", {})
    for name, hint in get_type_hints(kind, include_extras=True).items():
        field = properties.get(names.get(name, name))
        texts = [meta.description for meta in _field_metas(hint) if meta.description]
        if isinstance(field, dict) and texts:
            field.setdefault("description", texts[0])
        _describe_fields(hint, definitions, seen)


def _field_metas(hint: Any) -> list[Any]:
    """The annotations of a field, also behind Required and NotRequired."""
    while get_origin(hint) in (Required, NotRequired):
        hint = get_args(hint)[0]
    if get_origin(hint) is not Annotated:
        return []
    return [meta for annotation in get_args(hint)[1:] for meta in _metas(annotation)]


def _with_meta(kind: Any) -> Any:
    """The type with msgspec's Meta in place of other annotations, at any depth of its arguments."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        inner, *annotations = arguments
        metas = [meta for annotation in annotations for meta in _metas(annotation)]
        readable = _with_meta(inner)
        return Annotated[(readable, *metas)] if metas else readable
    readable_arguments = tuple([_with_meta(argument) for argument in arguments])
    if all(new is old for new, old in zip(readable_arguments, arguments, strict=True)):
        return kind
    if origin in (Union, types.UnionType):
        return reduce(or_, readable_arguments)
    return kind.copy_with(readable_arguments) if hasattr(kind, "copy_with") else origin[readable_arguments]  # fmt: skip


def _metas(annotation: Any) -> Iterator[Any]:
    """The annotation as msgspec reads it; nothing if it means nothing to a schema."""
    if isinstance(annotation, msgspec.Meta):
        yield annotation
        return
    text = annotation
    if not isinstance(text, str):  # typing.Doc, or pydantic's Field
        text = getattr(annotation, "documentation", getattr(annotation, "description", None))
    if isinstance(text, str) and text:
        yield msgspec.Meta(description=text)
    constraints = {name: getattr(annotation, name, None) for name in _CONSTRAINTS}
    constraints = {name: value for name, value in constraints.items() if value is not None}
    if constraints and not isinstance(annotation, str):
        yield msgspec.Meta(**constraints)
    if is_field(annotation):
        for inner in getattr(annotation, "metadata", ()):
            yield from _metas(inner)


def _needs_pydantic(kind: Any) -> bool:
    """True for a union of models and other types, and for a validator in Annotated."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        arguments, annotations = arguments[:1], arguments[1:]
        if any(_is_validator(annotation) for annotation in annotations):
            return True
    if origin in (Union, types.UnionType):
        others = [argument for argument in arguments if argument is not type(None)]
        if len(others) > 1 and any(_is_model(argument) for argument in others):
            return True
    return any(_needs_pydantic(argument) for argument in arguments if not isinstance(argument, str))  # fmt: skip


def _is_model(kind: Any) -> bool:
    inner = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return isinstance(inner, type) and hasattr(inner, "model_json_schema")


def _is_validator(annotation: Any) -> bool:
    module = getattr(type(annotation), "__module__", "")
    return module.partition(".")[0] == "pydantic" and "Validator" in type(annotation).__name__


class _Adapted(type):
    """The class of stand-ins. msgspec checks that a value is an instance of its type: pydantic has checked that."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


def _adapted(kind: Any) -> type[Any]:
    """A class with the two methods of a model for a type that pydantic checks."""
    adapter: Any = import_module("pydantic").TypeAdapter(kind)
    methods = {
        "model_json_schema": staticmethod(adapter.json_schema),
        "model_validate_json": staticmethod(adapter.validate_json),
    }
    return _Adapted("Adapted", (), methods)
