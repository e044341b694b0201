"""Does a value follow a JSON Schema? The keywords that models get wrong; the others are passed over."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_pure.framing.json_codec import json_text
from llm_pure.schema.translate import DEPTH_LIMIT, resolve_ref
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
    """(path, what is wrong there) for each place where a value does not follow the schema.

    Looks at type, enum, const, required, properties, additionalProperties, items, prefixItems, anyOf, oneOf, allOf,
    $ref within the schema, minimum, maximum, minLength, maxLength, minItems and maxItems; other keywords are passed over.

    >>> validation_errors({"properties": {"a": {"type": "array", "items": {"type": "string"}}}}, {"a": ["x", 1]})
    (('a/1', 'expected string, got integer'),)
    """
    check = _Check(schema if isinstance(schema, dict) else {})
    return tuple([(path.lstrip("/"), what) for path, what in check.problems(schema, value, "", 0)])


class _Check:
    """One schema, and what was found so far: the same place is looked at once, however many ways lead to it."""

    def __init__(self, root: JsonSchema) -> None:
        self.root = root
        self.found: dict[tuple[int, str], list[tuple[str, str]]] = {}

    def problems(self, schema: Any, value: Any, path: str, depth: int) -> list[tuple[str, str]]:
        """Of the value at this path under a schema, which is the root's or a part of it."""
        place = (id(schema), path)
        if place not in self.found:
            self.found[place] = []  # a schema that leads to itself says nothing more
            self.found[place] = list(_problems(self, schema, value, path, depth))
        return self.found[place]


def _problems(
    check: _Check, schema: Any, value: Any, path: str, depth: int
) -> Iterator[tuple[str, str]]:
    if schema is False:
        yield path, "nothing may stand here"
    if not isinstance(schema, dict) or depth > 2 * DEPTH_LIMIT:
        return
    if isinstance(schema.get("$ref"), str):
        target = resolve_ref(check.root, schema["$ref"])
        yield from check.problems(target, value, path, depth + 1)
    kinds = schema.get("type")
    wanted = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if wanted and not any(_is(value, kind) for kind in wanted):
        yield path, f"expected {' or '.join(map(str, wanted))}, got {_kind(value)}"
        return
    if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
        yield path, f"expected one of {json_text(schema['enum'])}"
    if "const" in schema and value != schema["const"]:
        yield path, f"expected {json_text(schema['const'])}"
    yield from _out_of_bounds(schema, value, path)
    if isinstance(value, dict):
        yield from _in_object(check, schema, value, path, depth)
    if isinstance(value, list):
        first = schema.get("prefixItems")
        first = first if isinstance(first, list) else []
        for place, item in enumerate(value):
            inner = first[place] if place < len(first) else schema.get("items")
            yield from check.problems(inner, item, f"{path}/{place}", depth + 1)
    for one in schema.get("allOf") or ():
        yield from check.problems(one, value, path, depth + 1)
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if isinstance(branches, list) and branches:
            tried = [check.problems(one, value, path, depth + 1) for one in branches]
            if all(tried):  # the branch that came nearest tells what is wrong
                yield from max(tried, key=lambda found: max(at.count("/") for at, _ in found))


def _in_object(
    check: _Check, schema: JsonSchema, value: dict[str, Any], path: str, depth: int
) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    for name in schema.get("required") or ():
        if name not in value:
            yield f"{path}/{name}", "it is required and missing"
    for name, item in value.items():
        inner = properties.get(name, schema.get("additionalProperties"))
        if inner is False:
            yield f"{path}/{name}", "there is no such property"
        else:
            yield from check.problems(inner, item, f"{path}/{name}", depth + 1)


_BOUNDS = (
    ("minimum", (int, float), False, ""),
    ("maximum", (int, float), True, ""),
    ("minLength", (str,), False, " characters"),
    ("maxLength", (str,), True, " characters"),
    ("minItems", (list,), False, " items"),
    ("maxItems", (list,), True, " items"),
)


def _out_of_bounds(schema: JsonSchema, value: Any, path: str) -> Iterator[tuple[str, str]]:
    for key, kinds, upper, unit in _BOUNDS:
        bound = schema.get(key)
        if not isinstance(bound, int | float) or not isinstance(value, kinds):
            continue
        measured = value if isinstance(value, int | float) else len(value)
        if measured > bound if upper else measured < bound:
            yield path, f"expected at {'most' if upper else 'least'} {bound:g}{unit}"


def _is(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return bool(kind == "boolean")
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(kind, (object,)))


def _kind(value: Any) -> str:
    return next((kind for kind in _KINDS if _is(value, kind)), type(value).__name__)
