"""Validate a value against a JSON Schema: the keywords that models get wrong; others are ignored."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_pure.framing.json_codec import json_text
from llm_pure.schema.references import resolve_ref
from llm_pure.schema.translate import DEPTH_LIMIT
from llm_pure.types.request import JsonSchema

_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def validation_errors(schema: Any, value: Any) -> tuple[tuple[str, str], ...]:
    """Return (path, message) for each violation of the schema.

    Checks type, enum, const, required, properties, additionalProperties, items, prefixItems, anyOf, oneOf, allOf,
    $ref within the schema, minimum, maximum, minLength, maxLength, minItems and maxItems; other keywords are ignored.

    >>> validation_errors({"properties": {"a": {"type": "array", "items": {"type": "string"}}}}, {"a": ["x", 1]})
    (('a/1', 'expected string, got integer'),)
    """
    check = _Check(schema if isinstance(schema, dict) else {})
    try:
        errors = check.errors(schema, value, "", 0)
    except RecursionError:
        return (("", "nested too deeply to check"),)
    return tuple([(path.lstrip("/"), what) for path, what in errors])


class _Check:
    """The root schema, and the errors known so far: each (schema, path) is checked once, however many references lead to it."""

    def __init__(self, root: JsonSchema) -> None:
        self.root = root
        self.known: dict[tuple[int, str], list[tuple[str, str]]] = {}

    def errors(self, schema: Any, value: Any, path: str, depth: int) -> list[tuple[str, str]]:
        """Errors of the value at this path under a subschema."""
        key = (id(schema), path)
        if key not in self.known:
            self.known[key] = []  # stops recursion
            self.known[key] = list(_errors(self, schema, value, path, depth))
        return self.known[key]


def _errors(
    check: _Check, schema: Any, value: Any, path: str, depth: int
) -> Iterator[tuple[str, str]]:
    if schema is False:
        yield path, "no value is allowed here"
    if not isinstance(schema, dict) or depth > 2 * DEPTH_LIMIT:
        return
    if isinstance(schema.get("$ref"), str):
        target = resolve_ref(check.root, schema["$ref"])
        yield from check.errors(target, value, path, depth + 1)
    kinds = schema.get("type")
    types = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if types and not any(_matches_kind(value, kind) for kind in types):
        yield path, f"expected {' or '.join(map(str, types))}, got {_kind(value)}"
        return
    if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
        yield path, f"expected one of {json_text(schema['enum'])}"
    if "const" in schema and value != schema["const"]:
        yield path, f"expected {json_text(schema['const'])}"
    yield from _range_errors(schema, value, path)
    if isinstance(value, dict):
        yield from _object_errors(check, schema, value, path, depth)
    if isinstance(value, list):
        prefix = schema.get("prefixItems")
        prefix = prefix if isinstance(prefix, list) else []
        for index, item in enumerate(value):
            inner = prefix[index] if index < len(prefix) else schema.get("items")
            yield from check.errors(inner, item, f"{path}/{index}", depth + 1)
    for branch in schema.get("allOf") or ():
        yield from check.errors(branch, value, path, depth + 1)
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if isinstance(branches, list) and branches:
            branch_errors = [check.errors(branch, value, path, depth + 1) for branch in branches]
            if all(branch_errors):  # report the branch that matched deepest
                yield from max(
                    branch_errors, key=lambda errors: max(at.count("/") for at, _ in errors)
                )


def _object_errors(
    check: _Check, schema: JsonSchema, value: dict[str, Any], path: str, depth: int
) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    for name in schema.get("required") or ():
        if name not in value:
            yield f"{path}/{name}", "required property is missing"
    for name, item in value.items():
        inner = properties.get(name, schema.get("additionalProperties"))
        if inner is False:
            yield f"{path}/{name}", "unknown property"
        else:
            yield from check.errors(inner, item, f"{path}/{name}", depth + 1)


_BOUNDS = (
    ("minimum", (int, float), False, ""),
    ("maximum", (int, float), True, ""),
    ("minLength", (str,), False, " characters"),
    ("maxLength", (str,), True, " characters"),
    ("minItems", (list,), False, " items"),
    ("maxItems", (list,), True, " items"),
)


def _range_errors(schema: JsonSchema, value: Any, path: str) -> Iterator[tuple[str, str]]:
    for key, kinds, upper, unit in _BOUNDS:
        bound = schema.get(key)
        if not isinstance(bound, int | float) or not isinstance(value, kinds):
            continue
        measured = value if isinstance(value, int | float) else len(value)
        if measured > bound if upper else measured < bound:
            yield path, f"expected at {'most' if upper else 'least'} {bound:g}{unit}"


def _matches_kind(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return bool(kind == "boolean")
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(kind, (object,)) if isinstance(kind, str) else object)


def _kind(value: Any) -> str:
    return next((kind for kind in _KINDS if _matches_kind(value, kind)), type(value).__name__)
