"""Remove the nulls that only a strict schema allowed: strict services require every property, and get null for optional ones."""

from typing import Any

from llm_pure.schema.references import resolve_ref
from llm_pure.schema.validate import validation_errors
from llm_pure.types.request import JsonSchema


def drop_optional_nulls(root: JsonSchema, value: Any) -> Any:
    """Return the value without the nulls of properties that are optional and not nullable in the schema.

    >>> schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": ["string", "null"]}}}
    >>> drop_optional_nulls(schema, {"a": None, "b": None})
    {'b': None}
    """
    return _without_nulls(root, root, value)


def _without_nulls(root: JsonSchema, schema: Any, value: Any, depth: int = 0) -> Any:
    if not isinstance(schema, dict) or depth > 64:
        return value
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _without_nulls(root, resolve_ref(root, reference), value, depth + 1)
    if isinstance(value, list):
        inner = schema.get("items")
        return [_without_nulls(root, inner, item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        objects = [branch for branch in branches if branch != {"type": "null"}]
        return _without_nulls(root, objects[0], value, depth + 1) if len(objects) == 1 else value
    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    kept: dict[str, Any] = {}
    for key, item in value.items():
        inner = properties.get(key)
        is_optional = key not in required
        if item is None and is_optional and validation_errors({**root, **_in_root(inner)}, None):
            continue
        kept[key] = _without_nulls(root, inner, item, depth + 1)
    return kept


def _in_root(schema: Any) -> JsonSchema:
    """A schema to merge into its root: overrides every keyword of the root but its definitions."""
    neutral = {"type": ["object", "array", "string", "number", "boolean", "null"], "required": []}
    return {**neutral, "properties": {}, **schema} if isinstance(schema, dict) else neutral
