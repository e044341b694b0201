"""Rewrite one node of a JSON Schema to draft 2020-12.

Users bring schemas of older drafts, of OpenAPI, of other vendors and of hand: tuples as a list of `items`, boolean
`exclusiveMinimum`, `nullable`, types in upper case, None where a keyword has no value. Services validate tool schemas
against draft 2020-12 and reject all of these.
Source: json-schema.org, "Draft 2020-12 Release Notes"; anthropics/claude-code issue 586, Dokploy/mcp issue 74,
NousResearch/hermes-agent pull request 20976 (the services' own error texts); read 2026-11-29.
"""

from collections.abc import Callable, Mapping
from typing import Any

from llm_pure.types.request import JsonSchema

TYPES = frozenset(["string", "number", "integer", "boolean", "object", "array", "null"])

_TYPE_NAMES: Mapping[str, str | None] = {
    "any": None, "str": "string", "text": "string", "int": "integer", "long": "integer", "float": "number",
    "double": "number", "decimal": "number", "bool": "boolean", "dict": "object", "map": "object",
    "list": "array", "tuple": "array", "none": "null", "nonetype": "null",
}  # fmt: skip
"""Other names of types -> JSON Schema's; None allows any type."""

_VALUES = frozenset(["default", "const", "example", "examples", "enum"])
"""Keywords whose value may be null."""

_LISTS = frozenset(["required", "enum", "anyOf", "oneOf", "allOf", "prefixItems"])
_MAPS = frozenset(
    ["properties", "$defs", "definitions", "patternProperties", "dependentSchemas", "dependentRequired"]
)  # fmt: skip

_SUSPECTS = frozenset(
    ["type", "items", "additionalItems", "exclusiveMinimum", "exclusiveMaximum", "nullable", "dependencies",
     "properties", "required", "enum", "anyOf", "oneOf", "allOf", "prefixItems", "$schema"]
)  # fmt: skip

Report = Callable[[str, str, str], None]
"""(keyword, action, reason)."""


class InvalidKeyword(Exception):
    """A keyword has a value that no draft of JSON Schema allows."""

    def __init__(self, keyword: str, why: str) -> None:
        super().__init__(why)
        self.keyword = keyword


def normalize_node(node: JsonSchema, report: Report, *, nullable: bool = False) -> JsonSchema:
    """Return the node in draft 2020-12, its subschemas unchanged. Raises InvalidKeyword.

    `nullable`: keep OpenAPI's keyword of this name.

    >>> normalize_node({"type": "ARRAY", "items": [{}], "minItems": None}, lambda *_: None)
    {'type': 'array', 'prefixItems': [{}]}
    """
    if None in node.values():
        node = _without_nulls(node, report)
    if _SUSPECTS.isdisjoint(node):
        return node
    if "type" in node:
        node = _with_known_types(node, report)
    if "items" in node or "additionalItems" in node:
        node = _with_prefix_items(node, report)
    for keyword, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(keyword), bool):
            node = _with_exclusive_bound(node, keyword, bound, report)
    if "nullable" in node and not nullable:
        report("nullable", "rewritten", "JSON Schema has no nullable; the type includes null")
        is_nullable = node["nullable"] is True
        node = {key: value for key, value in node.items() if key != "nullable"}
        node = make_nullable(node) if is_nullable else node
    if "type" in node and ("enum" in node or "const" in node):
        node = _with_fitting_values(node, report)
    if "dependencies" in node:
        node = _with_split_dependencies(node, report)
    if "properties" in node or "required" in node:
        node = _with_required_list(node, report)
    if isinstance(node.get("$schema"), str) and "2020-12" not in node["$schema"]:
        report("$schema", "rewritten", "the schema is sent in draft 2020-12")
        node = {key: value for key, value in node.items() if key != "$schema"}
    for keyword, value in node.items():
        kind: type | None = list if keyword in _LISTS else dict if keyword in _MAPS else None
        if kind is dict and value == []:
            report(keyword, "rewritten", "PHP writes an empty object as a list")
            node = {**node, keyword: {}}
        elif kind is not None and not isinstance(value, kind):
            expected = "a list" if kind is list else "an object"
            raise InvalidKeyword(keyword, f"{keyword} must be {expected}")
    return _without_empty_lists(node, report)


def make_nullable(schema: Any) -> Any:
    """Allow null beside what the schema allows."""
    if not isinstance(schema, dict):
        return schema
    types = schema.get("type")
    if isinstance(types, str) and "enum" not in schema and "const" not in schema:
        return schema if types == "null" else {**schema, "type": [types, "null"]}
    if isinstance(types, list) and "null" in types and "enum" not in schema:
        return schema
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        has_null = {"type": "null"} in branches
        return schema if has_null else {**schema, "anyOf": [*branches, {"type": "null"}]}
    if isinstance(types, list) and "null" in types and None in schema.get("enum", ()):
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _without_nulls(node: JsonSchema, report: Report) -> JsonSchema:
    empty = [key for key, value in node.items() if value is None and key not in _VALUES]
    for key in empty:
        report(key, "rewritten", "null stands for no value")
    return {key: value for key, value in node.items() if key not in empty}


def _without_empty_lists(node: JsonSchema, report: Report) -> JsonSchema:
    for keyword in ("anyOf", "oneOf", "allOf", "enum", "prefixItems"):
        if node.get(keyword) == []:
            report(keyword, "dropped", f"{keyword} must not be empty")
            node = {key: value for key, value in node.items() if key != keyword}
    return node


def _with_known_types(node: JsonSchema, report: Report) -> JsonSchema:
    types = node["type"]
    if isinstance(types, str) and types in TYPES:
        return node
    names = [types] if isinstance(types, str) else types
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidKeyword("type", "type must be a name or a list of names")
    known: list[str] = []
    for name in names:
        lower = name.lower()
        standard = lower if lower in TYPES else _TYPE_NAMES.get(lower, "")
        if standard == "":
            raise InvalidKeyword("type", f"{name!r} is not a type of JSON Schema")
        if standard is None:
            known = []
            break
        if standard not in known:
            known.append(standard)
    if known == types:
        return node
    value: Any = known[0] if len(known) == 1 else known
    report("type", "rewritten", f"JSON Schema's name is {value!r}" if known else "any type")
    if not known:
        return {key: item for key, item in node.items() if key != "type"}
    return {**node, "type": value}


def _with_fitting_values(node: JsonSchema, report: Report) -> JsonSchema:
    """Only values that the type allows: 'enum value ... does not validate against' (can1357/oh-my-pi#1835, #2711; read 2026-11-30).

    null beside a type without it is meant as a value. Values none of which has the type count more than the type.
    """
    values, types = node.get("enum", [node.get("const")]), node["type"]
    if not isinstance(values, list) or not values:
        return node
    names = [types] if isinstance(types, str) else list(types)
    if None in values and "null" not in names:
        names.append("null")
    kept = [value for value in values if _has_type(value, names)]
    if set(map(type, kept)) <= {type(None)} != set(map(type, values)):
        report("type", "changed", "no allowed value has this type")
        return {key: value for key, value in node.items() if key != "type"}
    if len(kept) < len(values):
        report("enum", "rewritten", "the type excludes some of the values")
        node = {**node, "enum": kept}
    if "null" in names and "null" not in ([types] if isinstance(types, str) else types):
        report("type", "rewritten", "null is in the enum")
        node = {**node, "type": names}
    return node


def _has_type(value: Any, names: list[str]) -> bool:
    match value:
        case None:
            return "null" in names
        case bool():
            return "boolean" in names
        case int():
            return "integer" in names or "number" in names
        case float():
            return "number" in names or ("integer" in names and value.is_integer())
        case str():
            return "string" in names
        case list():
            return "array" in names
        case _:
            return "object" in names


def _with_prefix_items(node: JsonSchema, report: Report) -> JsonSchema:
    """Tuples: `items` as a list, and `additionalItems` for the rest."""
    rest = node.get("additionalItems")
    is_tuple = isinstance(node.get("items"), list)
    if not is_tuple and "additionalItems" not in node:
        return node
    items = node.get("items")
    node = {key: value for key, value in node.items() if key != "additionalItems"}
    if not is_tuple:  # it has no effect there
        report("additionalItems", "rewritten", "it applies to tuples only")
        return node
    report("items", "rewritten", "draft 2020-12 has prefixItems for tuples")
    node = {
        ("prefixItems" if key == "items" else key): value
        for key, value in node.items()
        if key != "prefixItems"
    }
    node["prefixItems"] = items
    if rest is not None and rest is not True:
        node["items"] = rest
    return node


def _with_exclusive_bound(node: JsonSchema, keyword: str, bound: str, report: Report) -> JsonSchema:
    report(keyword, "rewritten", f"draft 2020-12 has a number for {keyword}")
    exclusive = node[keyword] is True and isinstance(node.get(bound), int | float)
    value = node.get(bound)
    node = {key: item for key, item in node.items() if key != keyword}
    if exclusive:
        del node[bound]
        node[keyword] = value
    return node


def _with_split_dependencies(node: JsonSchema, report: Report) -> JsonSchema:
    report("dependencies", "rewritten", "draft 2020-12 has dependentRequired and dependentSchemas")
    dependencies = node["dependencies"]
    node = {key: value for key, value in node.items() if key != "dependencies"}
    if isinstance(dependencies, dict):
        required = {key: value for key, value in dependencies.items() if isinstance(value, list)}
        schemas = {key: value for key, value in dependencies.items() if key not in required}
        if required:
            node["dependentRequired"] = {**required, **node.get("dependentRequired", {})}
        if schemas:
            node["dependentSchemas"] = {**schemas, **node.get("dependentSchemas", {})}
    return node


def _with_required_list(node: JsonSchema, report: Report) -> JsonSchema:
    """`required` as a list of names without repetition; a boolean one belongs to the object that has the property."""
    properties = node.get("properties")
    marked = [
        name
        for name, schema in (properties.items() if isinstance(properties, dict) else ())
        if isinstance(schema, dict) and isinstance(schema.get("required"), bool)
    ]
    required = node.get("required")
    if marked and isinstance(properties, dict):
        report("required", "rewritten", "the object lists its required properties")
        names = [name for name in marked if properties[name]["required"]]
        properties = {
            name: {key: value for key, value in schema.items() if key != "required"}
            if name in marked
            else schema
            for name, schema in properties.items()
        }
        before = required if isinstance(required, list) else []
        required = [*before, *names]
        node = {**node, "properties": properties, "required": required}
    elif isinstance(required, bool):  # of the root, or of a property whose object was not seen
        report("required", "rewritten", "required is a list of names")
        node = {key: value for key, value in node.items() if key != "required"}
        required = None
    if isinstance(required, list):
        if not all(isinstance(name, str) for name in required):
            raise InvalidKeyword("required", "required must be a list of names")
        if len(set(required)) < len(required):
            node = {**node, "required": list(dict.fromkeys(required))}
    return node
