"""Schemas in a service's dialect, what is reported of them, and values that do not follow one."""

from typing import Any

import pytest

from llm_pure.core.adaptations import Adaptation
from llm_pure.schema.profiles import ANTHROPIC, OPENAI_STRICT, OPENAPI
from llm_pure.schema.translate import AdaptedSchema, translate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.types.result import Failure, Success

TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"next": {"$ref": "#/$defs/Tree"}},
    "$defs": {"Tree": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Tree"}}}},
}
ZOD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "filter": {
            "type": "object",
            "properties": {
                "op": {"type": "string"},
                "of": {"type": "array", "items": {"$ref": "#/properties/filter"}},
            },
        }
    },
}
"""As zod-to-json-schema writes a recursive type, `$refStrategy: "root"` (its default)."""


def test_what_strict_schemas_lack_is_left_out_and_told() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 2, "format": "iri"},
            "kind": {"enum": ["a"], "default": "a"},
            "or": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["name"],
        "additionalProperties": {"type": "string"},
    }
    may_be_null = "openai strict has no optional properties; it may be null"
    assert translate_schema(schema, OPENAI_STRICT) == Success(
        AdaptedSchema(
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"anyOf": [{"enum": ["a"], "type": "string"}, {"type": "null"}]},
                    "or": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["name", "kind", "or"],
                "additionalProperties": False,
            },
            (
                Adaptation(
                    field="properties/name/minLength",
                    action="dropped",
                    reason="openai strict has no minLength",
                    before=2,
                ),
                Adaptation(
                    field="properties/name/format",
                    action="dropped",
                    reason="openai strict has no format iri",
                    before="iri",
                ),
                Adaptation(
                    field="properties/kind/default",
                    action="rewritten",
                    reason="openai strict has no default; it constrains nothing",
                    before="a",
                ),
                Adaptation(field="properties/kind", action="changed", reason=may_be_null),
                Adaptation(field="properties/or", action="changed", reason=may_be_null),
                Adaptation(
                    field="additionalProperties",
                    action="changed",
                    reason="openai strict allows no unnamed properties",
                ),
            ),
        )
    )


def test_a_property_may_be_called_like_a_keyword() -> None:
    schema = {"type": "object", "properties": {"default": {"type": "string"}}}
    made = translate_schema(schema, OPENAI_STRICT).unwrap()
    assert made.schema["required"] == ["default"]


def test_references_are_put_in_place_where_a_service_has_none() -> None:
    schema = {
        "type": "object",
        "properties": {"at": {"$ref": "#/$defs/Place", "description": "Where"}},
        "$defs": {"Place": {"type": "string"}},
    }
    assert translate_schema(schema, OPENAPI).unwrap() == AdaptedSchema(
        {"type": "object", "properties": {"at": {"type": "string", "description": "Where"}}}
    )


def test_a_recursive_schema_stays_where_references_may_and_is_cut_elsewhere() -> None:
    assert not isinstance(translate_schema(TREE, OPENAI_STRICT), Failure)
    assert translate_schema(TREE, OPENAPI).unwrap() == AdaptedSchema(
        {
            "type": "object",
            "properties": {"next": {"type": "object", "properties": {"next": {"type": "object"}}}},
        },
        (
            Adaptation(
                field="properties/next/properties/next/$ref",
                action="changed",
                reason="OpenAPI subset has no references; what is deeper is not described",
                before="#/$defs/Tree",
            ),
        ),
    )


def test_recursive_references_to_other_places_become_definitions() -> None:
    written = translate_schema(ZOD, ANTHROPIC).unwrap()
    node: dict[str, Any] = {
        "type": "object",
        "properties": {
            "op": {"type": "string"},
            "of": {"type": "array", "items": {"$ref": "#/$defs/recursive_0"}},
        },
    }
    first = {**node, "properties": {**node["properties"], "of": {"type": "array", "items": node}}}
    assert written == AdaptedSchema(
        {"type": "object", "properties": {"filter": first}, "$defs": {"recursive_0": node}}
    )


def test_places_that_refer_to_each_other_become_definitions() -> None:
    places = {
        "a": {"type": "object", "properties": {"b": {"$ref": "#/properties/b"}}},
        "b": {"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}},
    }
    written = translate_schema({"type": "object", "properties": places}, ANTHROPIC).unwrap()
    definitions = written.schema["$defs"]
    assert sorted(definitions) == ["recursive_0", "recursive_1"]
    assert str(definitions).count("#/$defs/recursive_") == 2
    value: dict[str, Any] = {"a": {"b": {"a": {"b": {"a": {"b": 1}}}}}}
    assert validation_errors(written.schema, value)
    assert validation_errors(written.schema, {"a": {"b": {"a": {}}}}) == ()


def test_schemas_without_an_end_are_errors() -> None:
    loop: dict[str, Any] = {"type": "object"}
    loop["properties"] = {"x": loop}
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"items": deep}
    for schema in (loop, deep, {"enum": [object()]}, {"$ref": "#/$defs/no"}):
        assert isinstance(translate_schema(schema, OPENAPI), Failure)


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        ({"type": "integer"}, 1.0, ()),
        ({"type": "integer"}, True, (("", "expected integer, got boolean"),)),
        ({"type": ["string", "null"]}, None, ()),
        ({"enum": ["a", "b"]}, "c", (("", 'expected one of ["a","b"]'),)),
        ({"const": 1}, 2, (("", "expected 1"),)),
        ({"required": ["a"]}, {}, (("a", "required property is missing"),)),
        ({"additionalProperties": False}, {"b": 1}, (("b", "unknown property"),)),
        ({"prefixItems": [{"type": "string"}]}, [1], (("0", "expected string, got integer"),)),
        ({"minimum": 3}, 2, (("", "expected at least 3"),)),
        ({"maxLength": 1}, "ab", (("", "expected at most 1 characters"),)),
        ({"allOf": [{"type": "string"}]}, 1, (("", "expected string, got integer"),)),
        (
            {"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "string"}}}]},
            {"a": 1},
            (("a", "expected string, got integer"),),
        ),
        (TREE, {"next": {"next": 1}}, (("next/next", "expected object, got integer"),)),
        ({"$ref": "#"}, 1, ()),
        (True, 1, ()),
        (False, 1, (("", "no value is allowed here"),)),
    ],
)
def test_a_value_that_does_not_follow_is_told_by_path(
    schema: Any, value: Any, found: tuple[tuple[str, str], ...]
) -> None:
    assert validation_errors(schema, value) == found
