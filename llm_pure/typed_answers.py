"""An answer as a value of a type: the schema that is asked for, and the answer decoded and checked.

A type whose JSON is no object (a list, a number) is asked for as {"value": ...}, since services want objects.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from llm_pure.codec import json_text
from llm_pure.completion import Completion
from llm_pure.errors import ContentFiltered, InvalidRequest, ProtocolFault
from llm_pure.repair import Exact, Repaired, Unrepairable, repair
from llm_pure.request import ChatRequest, JsonSchema, SchemaFormat
from llm_pure.result import Failure, Parsed
from llm_pure.schema_check import problems
from llm_pure.schema_dialects import OPENAI_STRICT
from llm_pure.schemas import adapt_schema, referred
from llm_pure.tools import reader_of, schema_of

T = TypeVar("T")

_PLAIN_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def typed_request(request: ChatRequest, kind: Any) -> Parsed[ChatRequest]:
    """The request, with the type's schema as its response format: strict where nothing of the type is lost by it.

    Fails with InvalidRequest when the type has no JSON Schema.
    """

    def formed(schema: JsonSchema) -> ChatRequest:
        strict = adapt_schema(schema, OPENAI_STRICT)
        fits = not isinstance(strict, Failure) and not [
            one for one in strict.unwrap().adaptations if one.field.endswith("additionalProperties")
        ]
        wanted = SchemaFormat(
            schema=strict.unwrap().schema if fits else schema,
            name=_name(kind),
            strict=True if fits else None,
        )
        return msgspec.structs.replace(request, response_format=wanted)

    return _object_schema(kind).map(formed)


def read_typed(completion: Completion, kind: type[T]) -> Parsed[T]:
    """The answer as a value of the type. A fence or words around the JSON are passed over; nothing else is mended.

    Fails with ContentFiltered when the model declines, with ProtocolFault when its answer is no JSON, was cut off or
    does not fit the type; `where` is the path, such as `$.items/0/price`, and `partial` the whole answer.
    """
    if completion.refusal and not completion.text:
        return Failure(
            ContentFiltered(
                message=completion.refusal, provider=completion.provider, partial=completion
            )
        )
    schema = _object_schema(kind)
    if isinstance(schema, Failure):
        return schema
    found = _object_in(completion.text)
    if isinstance(found, str):
        cut = completion.finish_reason == "length"
        why = "the answer was cut off at its limit of tokens" if cut else found
        return Failure(_fault(completion, why, "$"))
    root = schema.unwrap()
    value = _without_nulls(root, root, found)
    if _is_wrapped(kind):
        value = value.get("value")
    read = reader_of(kind, "")(json_text(value))
    if not isinstance(read, Failure):
        return read
    error = read.failure()
    path = error.param if isinstance(error, InvalidRequest) else ""
    why = error.message.removeprefix("the arguments cannot be read: ")
    return Failure(_fault(completion, why, f"$.{path}" if path else "$"))


def _object_in(text: str) -> dict[str, Any] | str:
    """The object, or why there is none."""
    match repair(text):
        case Exact(value=value) | Repaired(value=value, rung="unwrapped"):
            return value
        case Repaired(edits=edits):
            return f"the answer is no JSON: {edits[0].before!r} at offset {edits[0].offset}"
        case Unrepairable(reason=reason):
            return f"the answer is no JSON: {reason}"


def _object_schema(kind: Any) -> Parsed[JsonSchema]:
    return schema_of(kind).map(
        lambda schema: _wrapped(schema) if not _is_object(schema) else dict(schema)
    )


def _is_wrapped(kind: Any) -> bool:
    schema = schema_of(kind)
    return not isinstance(schema, Failure) and not _is_object(schema.unwrap())


def _is_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object"


def _wrapped(schema: JsonSchema) -> JsonSchema:
    inner = {key: one for key, one in schema.items() if key != "$defs"}
    made: JsonSchema = {"type": "object", "properties": {"value": inner}, "required": ["value"]}
    return {**made, "$defs": schema["$defs"]} if "$defs" in schema else made


def _without_nulls(root: JsonSchema, schema: Any, value: Any, depth: int = 0) -> Any:
    """The value without nulls that only a strict schema allowed: of properties that may be missing, and not be null."""
    if not isinstance(schema, dict) or depth > 64:
        return value
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _without_nulls(root, referred(root, reference), value, depth + 1)
    if isinstance(value, list):
        inner = schema.get("items")
        return [_without_nulls(root, inner, item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        objects = [one for one in branches if one != {"type": "null"}]
        return _without_nulls(root, objects[0], value, depth + 1) if len(objects) == 1 else value
    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    kept: dict[str, Any] = {}
    for key, item in value.items():
        inner = properties.get(key)
        if item is None and key not in required and problems({**root, **_plain(inner)}, None):
            continue
        kept[key] = _without_nulls(root, inner, item, depth + 1)
    return kept


def _plain(schema: Any) -> JsonSchema:
    """A schema to be read beside its root's definitions: nothing else of the root counts."""
    nothing = {"type": ["object", "array", "string", "number", "boolean", "null"], "required": []}
    return {**nothing, "properties": {}, **schema} if isinstance(schema, dict) else nothing


def _name(kind: Any) -> str:
    name = "".join([one for one in getattr(kind, "__name__", "answer") if one in _PLAIN_NAME])
    return name[:64] or "answer"


def _fault(completion: Completion, why: str, where: str) -> ProtocolFault:
    return ProtocolFault(
        message=why,
        provider=completion.provider,
        where=where,
        evidence=completion.text.encode("utf-8", "replace"),
        partial=completion,
    )


__all__ = ["read_typed", "typed_request"]
