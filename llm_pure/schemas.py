"""JSON Schemas of tools and answers, in the dialect of a service.

A service's own dialect of JSON Schema is data (`SchemaDialect`); what it lacks is left out and reported.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapt import Adaptation
from llm_pure.codec import ENCODE_FAULTS, json_text
from llm_pure.errors import InvalidRequest
from llm_pure.request import JsonSchema
from llm_pure.result import Failure, Parsed, Success

DEPTH_LIMIT = 64
"""How deep a schema may be nested; services stop much earlier."""


class SchemaDialect(msgspec.Struct, frozen=True, kw_only=True):
    """What a service takes of JSON Schema.

    without: keywords that it refuses. formats: values of `format` that it takes, None for any. closed: every object
    forbids what it does not name. all_required: every property is required, so that one that may be missing may be
    null. inline: no `$ref`; what it points to stands in its place.
    """

    name: str
    without: frozenset[str] = frozenset()
    formats: frozenset[str] | None = None
    closed: bool = False
    all_required: bool = False
    inline: bool = False
    source: str = ""


OPENAI_STRICT = SchemaDialect(
    name="openai strict",
    without=frozenset(
        [
            "default",
            "minLength",
            "maxLength",
            "patternProperties",
            "unevaluatedProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "unevaluatedItems",
            "contains",
            "minContains",
            "maxContains",
            "uniqueItems",
        ]
    ),
    formats=frozenset(
        ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]
    ),
    closed=True,
    all_required=True,
    source="pydantic-ai profiles/openai.py, by the wire notes of this project; read 2026-11-20",
)
OPENAPI = SchemaDialect(
    name="OpenAPI subset",
    without=frozenset(
        ["$schema", "$id", "$comment", "additionalProperties", "const", "patternProperties"]
    ),
    inline=True,
    source="Gemini's `parameters` and `responseSchema`, by the wire notes of this project; read 2026-11-20",
)


class AdaptedSchema(msgspec.Struct, frozen=True):
    """The schema as it may be sent. adaptations: what is not as it was, `field` being its place."""

    schema: JsonSchema
    adaptations: tuple[Adaptation, ...] = ()


class _Endless(Exception):  # never leaves this file
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def checked_schema(schema: Mapping[str, Any]) -> Parsed[JsonSchema]:
    """The schema, once it is known to be JSON; InvalidRequest when it holds itself or something that is no JSON."""
    try:
        json_text(schema)
    except RecursionError:
        return Failure(InvalidRequest(message="the schema holds itself: it has no end", param=""))
    except ENCODE_FAULTS as fault:
        return Failure(InvalidRequest(message=f"the schema is no JSON: {fault}", param=""))
    return Success(dict(schema))


def adapt_schema(schema: Mapping[str, Any], dialect: SchemaDialect) -> Parsed[AdaptedSchema]:
    """The schema in a service's dialect.

    Fails with InvalidRequest when it holds itself, is nested too deep, or has to be inlined and is recursive.

    >>> adapt_schema({"type": "object", "properties": {"a": {"type": "string"}}}, OPENAI_STRICT).unwrap().schema
    {'type': 'object', 'properties': {'a': {'type': ['string', 'null']}}, 'required': ['a'], 'additionalProperties': False}
    """
    good = checked_schema(schema)
    if isinstance(good, Failure):
        return good
    told: list[Adaptation] = []
    try:
        made = _adapted(good.unwrap(), dialect, good.unwrap(), "", told, ())
    except _Endless as fault:
        message = f"the schema cannot be written for {dialect.name}: it has no end"
        return Failure(InvalidRequest(message=message, param=fault.path))
    if dialect.inline and isinstance(made, dict):
        made = {key: value for key, value in made.items() if key not in ("$defs", "definitions")}
    return Success(AdaptedSchema(made, tuple(told)))


def _adapted(
    node: Any,
    dialect: SchemaDialect,
    root: JsonSchema,
    path: str,
    told: list[Adaptation],
    inside: tuple[str, ...],
) -> Any:
    """One schema. inside: the references that were followed on the way here."""
    if not isinstance(node, dict):
        return node
    if path.count("/") > DEPTH_LIMIT:
        raise _Endless(path)
    reference = node.get("$ref")
    if dialect.inline and isinstance(reference, str):
        found = referred(root, reference)
        if reference in inside or found is None:
            raise _Endless(f"{path}/$ref")
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _adapted({**found, **beside}, dialect, root, path, told, (*inside, reference))
    made: JsonSchema = {}
    for key, value in node.items():
        place = f"{path}/{key}"
        if key in dialect.without or _foreign_format(key, value, dialect):
            told.append(_told(place, "dropped", f"{dialect.name} has no {key}", value))
        elif key in ("properties", "$defs", "definitions", "patternProperties"):
            if dialect.inline and key != "properties":
                continue
            items = value.items() if isinstance(value, dict) else ()
            made[key] = {
                name: _adapted(one, dialect, root, f"{place}/{name}", told, inside)
                for name, one in items
            }
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
            made[key] = [
                _adapted(one, dialect, root, f"{place}/{number}", told, inside)
                for number, one in enumerate(value)
            ]
        elif key in ("items", "additionalProperties", "not"):
            made[key] = _adapted(value, dialect, root, place, told, inside)
        else:
            made[key] = value
    if made.get("type") == "object" or "properties" in made:
        _finish_object(made, dialect, path, told)
    return made


def _finish_object(
    made: JsonSchema, dialect: SchemaDialect, path: str, told: list[Adaptation]
) -> None:
    if dialect.all_required:
        properties = made.setdefault("properties", {})
        required = made.get("required") or []
        for name, one in properties.items():
            if name not in required:
                properties[name] = _or_null(one)
                reason = f"{dialect.name} has no optional property; it may be null"
                told.append(_told(f"{path}/properties/{name}", "changed", reason))
        made["required"] = list(properties)
    if dialect.closed and made.get("additionalProperties") is not False:
        if "additionalProperties" in made:
            reason = f"{dialect.name} takes no property that is not named"
            place = f"{path}/additionalProperties"
            told.append(_told(place, "changed", reason, made["additionalProperties"]))
        made["additionalProperties"] = False


def _or_null(schema: Any) -> Any:
    """The same, or null."""
    if not isinstance(schema, dict):
        return schema
    kinds = schema.get("type")
    if isinstance(kinds, str) and "enum" not in schema and "const" not in schema:
        return schema if kinds == "null" else {**schema, "type": [kinds, "null"]}
    if isinstance(kinds, list) and "null" in kinds:
        return schema
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        has = {"type": "null"} in branches
        return schema if has else {**schema, "anyOf": [*branches, {"type": "null"}]}
    return {"anyOf": [schema, {"type": "null"}]}


def _foreign_format(key: str, value: Any, dialect: SchemaDialect) -> bool:
    if key != "format" or dialect.formats is None:
        return False
    return not (isinstance(value, str) and value in dialect.formats)


def referred(root: JsonSchema, reference: str) -> JsonSchema | None:
    """What `#/...` points to."""
    node: Any = root
    if not reference.startswith("#"):
        return None
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


def _told(field: str, action: Any, reason: str, before: Any = None) -> Adaptation:
    short = before if isinstance(before, str | int | float | bool | None) else None
    return Adaptation(field=field.lstrip("/"), action=action, reason=reason, before=short)


__all__ = [
    "DEPTH_LIMIT",
    "OPENAI_STRICT",
    "OPENAPI",
    "AdaptedSchema",
    "SchemaDialect",
    "adapt_schema",
    "checked_schema",
    "referred",
]
