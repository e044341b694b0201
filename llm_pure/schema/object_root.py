"""The root of a tool's schema: one object with its properties, without combinators.

Services reject `oneOf`, `anyOf` and `allOf` at the root, so the properties of the branches are merged into it. What the
merged schema no longer requires is reported.
"""

from collections.abc import Callable, Mapping
from typing import Any

from llm_pure.schema.normalize import Report, normalize_node
from llm_pure.schema.profiles import SchemaProfile
from llm_pure.types.request import JsonSchema

COMBINATORS = ("allOf", "anyOf", "oneOf")

_DESCRIPTIVE = frozenset(["title", "description", "$schema", "$id", "$comment", "examples", "default"])  # fmt: skip
_MERGED = frozenset(["type", "properties", "required", "additionalProperties"]) | _DESCRIPTIVE

Resolve = Callable[[str], JsonSchema]
"""Reference -> its target. Raises if there is none."""


class InvalidRoot(Exception):
    """The schema allows no object."""


def object_root(
    root: JsonSchema, profile: SchemaProfile, resolve: Resolve, report: Report, *, is_tool: bool
) -> JsonSchema:
    """Return the root as an object schema that the profile supports. Raises InvalidRoot and InvalidKeyword.

    `is_tool`: arguments are always an object, so a missing type is no loss.
    """
    node = _resolved(root, resolve, report)
    for keyword in COMBINATORS:
        if keyword in node and keyword in profile.unsupported_root_keys:
            node = _merge_branches(node, keyword, profile, resolve, report, 0)
    for keyword in sorted(profile.unsupported_root_keys & node.keys()):
        report(keyword, "dropped", f"{profile.name} has no {keyword} at the root of a schema")
        del node[keyword]
    types = node.get("type", "object")
    if types != "object":
        if not isinstance(types, list) or "object" not in types:
            raise InvalidRoot(f"{profile.name} requires type 'object' at the root, not {types!r}")
        report("type", "changed", f"{profile.name} requires the type 'object' at the root")
    elif not is_tool and node.keys().isdisjoint(("type", "properties")):
        report("type", "changed", f"{profile.name} requires the type 'object' at the root")
    node = {"type": "object", **node} if "type" not in node else {**node, "type": "object"}
    if "properties" not in node:
        node["properties"] = {}
    return node


def _resolved(node: JsonSchema, resolve: Resolve, report: Report) -> JsonSchema:
    """A copy of the node, normalized, with the target of its reference in place."""
    seen: set[str] = set()
    node = normalize_node(node, report)
    while isinstance(node.get("$ref"), str):
        reference = node["$ref"]
        if reference in seen or reference == "#":
            raise InvalidRoot("the root refers to itself")
        seen.add(reference)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**normalize_node(resolve(reference), report), **beside}
    return dict(node)


def _merge_branches(
    node: JsonSchema,
    keyword: str,
    profile: SchemaProfile,
    resolve: Resolve,
    report: Report,
    depth: int,
) -> JsonSchema:
    """Merge the branches of one combinator into its node."""
    if depth > 16:
        raise InvalidRoot("its combinators are nested too deep")
    branches = node.pop(keyword)
    objects: list[JsonSchema] = []
    lost: set[str] = set()
    others = False
    for branch in branches:
        if branch is True or branch == {}:
            branch = {}
        if not isinstance(branch, dict):
            others = True
            continue
        branch = _resolved(branch, resolve, lambda *_: None)
        for inner in COMBINATORS:
            if inner in branch:
                inner_changes: list[tuple[str, str, str]] = []
                branch = _merge_branches(
                    branch, inner, profile, resolve, _collect(inner_changes), depth + 1
                )
                others = others or any(action == "changed" for _, action, _ in inner_changes)
        types = branch.get("type", "object")
        if types != "object" and "object" not in types:
            others = True
            continue
        objects.append(branch)
        lost |= branch.keys() - _MERGED
    if not objects:
        raise InvalidRoot(f"no branch of {keyword} is an object")
    merged = _union(node, objects, all_apply=keyword == "allOf")
    loose = _not_required(node, objects) if keyword != "allOf" else ()
    is_lossy = bool(lost or loose or others or (len(objects) > 1 and keyword != "allOf"))
    reason = f"{profile.name} has no {keyword} at the root of a schema; its branches are merged"
    if loose:
        reason += f"; no longer required: {', '.join(loose)}"
    if lost:
        reason += f"; without {', '.join(sorted(lost))}"
    report(keyword, "changed" if is_lossy else "rewritten", reason)
    return merged


def _collect(changes: list[tuple[str, str, str]]) -> Report:
    return lambda keyword, action, reason: changes.append((keyword, action, reason))


def _union(node: JsonSchema, branches: list[JsonSchema], *, all_apply: bool) -> JsonSchema:
    """The node with the properties of all branches, and the `required` that they have in common."""
    properties: dict[str, Any] = dict(node.get("properties", {}))
    of_node = set(properties)
    for branch in branches:
        for name, schema in branch.get("properties", {}).items():
            if name not in properties:
                properties[name] = schema
            elif all_apply or (name in of_node and len(branches) == 1):
                properties[name] = _both(properties[name], schema)
            elif name not in of_node:
                properties[name] = _either(properties[name], schema)
    lists = [branch.get("required", []) for branch in branches]
    if all_apply:
        common = [name for names in lists for name in names]
    else:
        common = [name for name in lists[0] if all(name in names for names in lists)]
    required = list(dict.fromkeys([*node.get("required", []), *common]))
    merged = {**node, "type": node.get("type", "object")}
    if properties or "properties" in node:
        merged["properties"] = properties
    if required:
        merged["required"] = required
    closed = [branch.get("additionalProperties") for branch in branches]
    if "additionalProperties" not in node and all(value is False for value in closed):
        merged["additionalProperties"] = False
    for key in ("description", "title"):
        if key not in node and len(branches) == 1 and key in branches[0]:
            merged[key] = branches[0][key]
    return merged


def _not_required(node: JsonSchema, branches: list[JsonSchema]) -> tuple[str, ...]:
    """Properties that a branch requires and the merged schema does not."""
    lists = [branch.get("required", []) for branch in branches]
    kept = set(node.get("required", [])) | {
        name for name in lists[0] if all(name in names for names in lists)
    }
    return tuple(dict.fromkeys([name for names in lists for name in names if name not in kept]))


def _both(first: Any, second: Any) -> Any:
    """A schema of values that both allow."""
    if first == second or second in ({}, True):
        return first
    if first in ({}, True):
        return second
    if not isinstance(first, dict) or not isinstance(second, dict):
        return {"allOf": [first, second]}
    if all(first.get(key, value) == value for key, value in second.items()):
        return {**first, **second}
    return {"allOf": [first, second]}


def _either(first: Any, second: Any) -> Any:
    """A schema of values that one of the two allows."""
    if first == second:
        return first
    values = [*_values(first), *_values(second)]
    if values and _values(first) and _values(second):
        merged = {**_without_values(first), **_without_values(second)}
        return (
            {**merged, "enum": _distinct(values)}
            if _same_type(first, second)
            else _any(first, second)
        )
    return _any(first, second)


def _any(first: Any, second: Any) -> JsonSchema:
    branches = first["anyOf"] if isinstance(first, dict) and first.keys() == {"anyOf"} else [first]
    return {"anyOf": branches if second in branches else [*branches, second]}


def _values(schema: Any) -> list[Any]:
    if not isinstance(schema, dict):
        return []
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) else []


def _same_type(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return bool(first.get("type") == second.get("type"))


def _without_values(schema: JsonSchema) -> JsonSchema:
    return {key: value for key, value in schema.items() if key not in ("const", "enum")}


def _distinct(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept
