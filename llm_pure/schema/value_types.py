"""Types, enums and bounds of one node in the form that a service accepts."""

from typing import Any

from llm_pure.schema.normalize import Report
from llm_pure.schema.profiles import SchemaProfile
from llm_pure.types.request import JsonSchema

ANNOTATIONS = frozenset({
    "$schema", "$id", "$comment", "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
    "discriminator",
})  # fmt: skip
"""Keywords that describe a value and constrain nothing, as do those that begin with x-."""

_ANY_TYPE: tuple[JsonSchema, ...] = tuple(
    [{"type": name} for name in ("string", "number", "boolean", "object", "array", "null")]
)

_TYPE_BY_KEYWORD = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "maxItems": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}
"""Keywords that are about values of one type."""


_SUBSTITUTES = ("anyOf", "oneOf", "allOf", "$ref")
"""Keywords whose schemas have the type."""


def json_type(value: Any) -> str:
    """JSON Schema's name of a value's type.

    >>> json_type(True), json_type(1.5), json_type(None)
    ('boolean', 'number', 'null')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def fit_all_of(node: JsonSchema, profile: SchemaProfile, report: Report) -> JsonSchema:
    """The schema that is alone in an unsupported `allOf` takes its place; descriptions beside it count more than its own.

    >>> fit_all_of({"allOf": [{"$ref": "#"}], "title": "T"}, SchemaProfile(name="none", allowed_keys=frozenset()), lambda *_: None)
    {'$ref': '#', 'title': 'T'}
    """
    match node.get("allOf"):
        case [dict(single)] if not profile.supports("allOf"):
            rest = {key: value for key, value in node.items() if key != "allOf"}
            if (single.keys() & rest.keys()) <= ANNOTATIONS:
                report("allOf", "rewritten", "allOf of one schema is replaced by that schema")
                return {**single, **rest}
        case _:
            pass
    return node


def has_type(node: JsonSchema) -> bool:
    """Whether the node allows values of some types only, by a keyword from which the type follows.

    >>> has_type({"enum": ["a"]}), has_type({"description": "Anything"})
    (True, False)
    """
    return not node.keys().isdisjoint(("type", *_SUBSTITUTES, "const", "enum", *_TYPE_BY_KEYWORD))


def fit_type(node: JsonSchema) -> JsonSchema:
    """Return the node with a type, by its values or its other keywords; one without any allows every type.

    >>> fit_type({"enum": ["a", "b"]})
    {'enum': ['a', 'b'], 'type': 'string'}
    """
    if not node.keys().isdisjoint(("type", *_SUBSTITUTES)):
        return node
    values = [node["const"]] if "const" in node else node.get("enum")
    if values:
        types = list(dict.fromkeys([json_type(value) for value in values]))
        if len(types) == 1:
            return {**node, "type": types[0]}
        others = {key: value for key, value in node.items() if key != "enum"}
        branches = [
            {"enum": [value for value in values if json_type(value) == name], "type": name}
            for name in types
        ]
        return {**others, "anyOf": branches}
    for keyword, name in _TYPE_BY_KEYWORD.items():
        if keyword in node:
            return {**node, "type": name}
    return {**node, "anyOf": [dict(branch) for branch in _ANY_TYPE]}


def fit_union(node: JsonSchema) -> JsonSchema:
    """Return a node with `anyOf` or `oneOf` without a type of its own: its branches have it.

    >>> fit_union({"type": "object", "anyOf": [{"required": ["a"]}]})
    {'anyOf': [{'type': 'object', 'required': ['a']}]}
    """
    keyword = "anyOf" if "anyOf" in node else "oneOf"
    if "type" not in node or keyword not in node:
        return node
    parent = {"type": node["type"]}
    branches = [_with_type(branch, parent) for branch in node[keyword]]
    rest = {key: value for key, value in node.items() if key != "type"}
    return {**rest, keyword: branches}


def _with_type(branch: Any, parent: JsonSchema) -> Any:
    """The branch with the type of its node, if it has none."""
    if not isinstance(branch, dict) or "$ref" in branch or "type" in branch:
        return branch
    branch = {**parent, **branch}
    is_union = not branch.keys().isdisjoint(("anyOf", "oneOf"))
    return fit_union(branch) if is_union else branch


def share_properties(node: JsonSchema) -> JsonSchema:
    """Return a node with a union whose branches have the properties that they require: those of the node.

    >>> share_properties({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}]})
    {'properties': {'a': {}}, 'anyOf': [{'properties': {'a': {}}, 'required': ['a']}]}
    """
    properties = node.get("properties")
    for keyword in ("anyOf", "oneOf"):
        if properties and keyword in node:
            branches = [
                {"properties": properties, **branch} if _requires_only(branch) else branch
                for branch in node[keyword]
            ]
            node = {**node, keyword: branches}
    return node


def _requires_only(branch: Any) -> bool:
    return isinstance(branch, dict) and "required" in branch and "properties" not in branch


def fit_enum(node: JsonSchema, profile: SchemaProfile, report: Report) -> JsonSchema:
    """Leave out of `enum` the values that the profile does not support; null becomes a branch of its own."""
    supported = profile.enum_types
    if supported is None:
        return node
    values = node["enum"]
    kept = [
        value
        for value in values
        if json_type(value) in supported and (value != "" or profile.empty_in_enum)
    ]
    if len(kept) == len(values):
        return node
    lost = [value for value in values if value not in kept and value is not None]
    has_null = None in values and "null" not in supported
    if lost:
        shown = ", ".join([repr(value) for value in lost[:3]])
        report("enum", "changed", f"{profile.name} has no {shown} in an enum")
    elif has_null:
        report("enum", "rewritten", f"{profile.name} has null as a type, not in an enum")
    node = {key: value for key, value in node.items() if key != "enum"}
    types = node.get("type")
    if isinstance(types, list) and has_null:
        types = [name for name in types if name != "null"]
        node["type"] = types[0] if len(types) == 1 else types
    if kept:
        node["enum"] = kept
    elif lost:
        return node
    if not has_null:
        return node
    if not kept:
        return {**{key: value for key, value in node.items() if key != "type"}, "type": "null"}
    described: JsonSchema = {
        key: node.pop(key) for key in ("title", "description", "default") if key in node
    }
    return {**described, "anyOf": [node, {"type": "null"}]}


def fit_tuple(node: JsonSchema, profile: SchemaProfile, report: Report) -> JsonSchema:
    """A tuple as a list, where the profile has no tuples: exact for items of one schema and a fixed number.

    >>> pair = {"type": "array", "prefixItems": [{"type": "number"}] * 2, "minItems": 2, "maxItems": 2}
    >>> fit_tuple(pair, SchemaProfile(name="none"), lambda *_: None)
    {'type': 'array', 'minItems': 2, 'maxItems': 2, 'items': {'type': 'number'}}
    """
    schemas = node["prefixItems"]
    rest = node.get("items", True)
    if not profile.supports("items"):
        return node
    is_closed = rest is False or node.get("maxItems") == len(schemas)
    distinct = [schema for number, schema in enumerate(schemas) if schema not in schemas[:number]]
    if not is_closed:
        distinct += [schema for schema in ({} if rest is True else rest,) if schema not in distinct]
    is_exact = len(distinct) == 1 and (rest is not False or "maxItems" in node)
    reason = f"{profile.name} has no prefixItems; every item may be any of them"
    report("prefixItems", "rewritten" if is_exact else "changed", reason)
    node = {key: value for key, value in node.items() if key not in ("prefixItems", "items")}
    if {} in distinct or True in distinct:
        return {**node, "items": {}}
    return {**node, "items": distinct[0] if len(distinct) == 1 else {"anyOf": distinct}}


def fit_exclusive_bounds(node: JsonSchema, profile: SchemaProfile, report: Report) -> JsonSchema:
    """Exclusive bounds as inclusive ones, where the profile has only these; exact for integers."""
    for keyword, bound, step in (
        ("exclusiveMinimum", "minimum", 1),
        ("exclusiveMaximum", "maximum", -1),
    ):
        value = node.get(keyword)
        if (
            not isinstance(value, int | float)
            or profile.supports(keyword)
            or not profile.supports(bound)
        ):
            continue
        is_integral = isinstance(value, int) or value.is_integer()
        exact = node.get("type") == "integer" and is_integral
        limit = int(value) + step if exact else value
        reason = f"{profile.name} has {bound} only"
        report(keyword, "rewritten" if exact else "changed", reason)
        node = {key: item for key, item in node.items() if key != keyword}
        known = node.get(bound)
        if isinstance(known, int | float):
            limit = max(known, limit) if step == 1 else min(known, limit)
        node[bound] = limit
    return node


def rename_key(node: JsonSchema, old: str, new: str, value: Any) -> JsonSchema:
    """Rename one key and keep the order."""
    return {
        (new if key == old else key): (value if key == old else item) for key, item in node.items()
    }
