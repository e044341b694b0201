"""Schemas of tools without `strict`, in the form that each service takes; the documented inputs are rows.

Sources of the rules are in `schema/profiles.py`.
"""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, SchemaFormat, Tool
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.schema.normalize import normalize_node
from llm_pure.schema.profiles import (
    ANTHROPIC,
    CHAT_COMPLETIONS,
    CONVERSE,
    GEMINI,
    GROQ,
    MOONSHOT,
    NOVA_TOOLS,
    OLLAMA_TOOLS,
    OPENAI_STRICT,
    RESPONSES,
    XAI,
    SchemaProfile,
)
from llm_pure.schema.translate import translate_schema
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.result import LLMResult
from tests.support.cassettes import config_for

MODELS = {
    "openai": "gpt-5-mini", "openai_responses": "gpt-5-mini", "azure": "my-gpt", "anthropic": "claude-sonnet-4-5",
    "vertex_anthropic": "claude-sonnet-4-5", "bedrock": "us.anthropic.claude-sonnet-4-5-v1:0",
    "bedrock_invoke": "anthropic.claude-sonnet-4-5-v1:0", "gemini": "gemini-2.5-flash", "vertex": "gemini-2.5-flash",
    "mistral": "mistral-large-latest", "cohere": "command-a-03-2025", "groq": "llama-3.3-70b-versatile",
    "ollama": "llama3.2", "dashscope": "qwen-plus", "moonshot": "kimi-k2.6", "xai": "grok-4", "zai": "glm-4.6",
    "deepseek": "deepseek-v4-pro", "qianfan": "ernie-4.5", "cerebras": "gpt-oss-120b", "fireworks": "kimi-k2",
    "together": "llama-4", "llama_api": "Llama-4-Maverick",
}  # fmt: skip

EMPTY = {"type": "object", "properties": {}}


def build(name: str, **requested: Any) -> LLMResult[Built]:
    config = msgspec.structs.replace(config_for(name), model=MODELS[name])
    return registry.get(name).unwrap().build_chat(config, ChatRequest(messages="hi", **requested))


def tool_schema(name: str, parameters: dict[str, Any]) -> Any:
    """The schema of the only tool, wherever the body has it."""
    built = build(name, tools=(Tool(name="f", parameters=parameters),)).unwrap()
    body = json.loads(built.request.body)
    inner = body.get("toolConfig", body.get("parameters", {}))
    tool = (body.get("tools") or body.get("functions") or inner.get("tools"))[0]
    for key in ("function", "toolSpec", "functionDeclarations"):
        tool = tool.get(key, tool)
    tool = tool[0] if isinstance(tool, list) else tool
    for key in ("parameters", "input_schema", "parametersJsonSchema", "inputSchema"):
        if key in tool:
            return tool[key].get("json", tool[key])
    raise AssertionError(body)


@pytest.mark.parametrize(
    "parameters", [{}, {"type": "object"}, {"properties": {}}, {"type": "object", "properties": []}]
)
@pytest.mark.parametrize("name", MODELS)
def test_tools_without_properties_have_an_object_with_none(
    name: str, parameters: dict[str, Any]
) -> None:
    assert tool_schema(name, parameters) == EMPTY


FILE_OR_ROUTE = {
    "type": "object",
    "properties": {"file": {"type": "string"}, "route": {"type": "string"}},
    "anyOf": [{"required": ["file"]}, {"required": ["route"]}],
}


@pytest.mark.parametrize("name", MODELS)
def test_combinators_at_the_root_are_merged_and_reported(name: str) -> None:
    properties = {"file": {"type": "string"}, "route": {"type": "string"}}
    assert tool_schema(name, FILE_OR_ROUTE) == {"type": "object", "properties": properties}
    built = build(name, tools=(Tool(name="f", parameters=FILE_OR_ROUTE),)).unwrap()
    changes = [change for change in built.adaptations if not change.lossless]
    assert [(change.field, change.action) for change in changes] == [
        ("tools/0/parameters/anyOf", "changed")
    ]
    assert "no longer required: file, route" in changes[0].reason


UNION: dict[str, Any] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "a"}, "x": {"type": "string"}, "id": {"type": "string"}},
            "required": ["kind", "id", "x"],
        },
        {"$ref": "#/$defs/B"},
    ],
    "$defs": {
        "B": {
            "type": "object",
            "properties": {"kind": {"const": "b"}, "x": {"type": "integer"}, "id": {"type": "string"}},
            "required": ["kind", "id"],
        }
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "before", "after", "reported"),
    [
        pytest.param(
            CHAT_COMPLETIONS,
            UNION,
            {
                "$defs": UNION["$defs"],
                "type": "object",
                "properties": {
                    "kind": {"enum": ["a", "b"]},
                    "x": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                    "id": {"type": "string"},
                },
                "required": ["kind", "id"],
            },
            [("oneOf", "changed")],
            id="a union of objects at the root",
        ),
        pytest.param(
            ANTHROPIC,
            {"allOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]},
            {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
            [("allOf", "rewritten")],
            id="all of several objects are one object",
        ),
        pytest.param(
            CHAT_COMPLETIONS,
            {"anyOf": [{"anyOf": [{"properties": {"a": {}}}]}, {"type": "null"}]},
            {"type": "object", "properties": {"a": {}}},
            [("anyOf", "changed")],
            id="unions in unions, and null",
        ),
        pytest.param(
            CHAT_COMPLETIONS,
            {"$ref": "#/$defs/A", "$defs": {"A": {"properties": {"a": {}}}}},
            {"type": "object", "properties": {"a": {}}, "$defs": {"A": {"properties": {"a": {}}}}},
            [],
            id="a reference at the root",
        ),
        pytest.param(
            CHAT_COMPLETIONS,
            {"type": ["object", "null"], "properties": {}, "not": {"required": ["a"]}},
            EMPTY,
            [("not", "dropped"), ("type", "changed")],
            id="null and not at the root",
        ),
    ],
)
def test_the_root_becomes_one_object(
    profile: SchemaProfile, before: Any, after: Any, reported: list[tuple[str, str]]
) -> None:
    adapted = translate_schema(before, profile, root="arguments").unwrap()
    assert adapted.schema == after
    assert [(change.field, change.action) for change in adapted.adaptations] == reported


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"type": "string"}, "tools/0/parameters/type"),
        ({"anyOf": [{"type": "string"}]}, "tools/0/parameters/type"),
        ({"type": "object", "properties": {"a": {"type": "file"}}}, "tools/0/parameters/properties/a/type"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/no"}}}, "tools/0/parameters/properties/a/$ref"),
        ({"type": "object", "properties": {"a": {"$ref": "https://x.test/s"}}}, "tools/0/parameters/properties/a/$ref"),
        ({"type": "object", "properties": ["a"]}, "tools/0/parameters/properties"),
        ({"type": "object", "required": "a"}, "tools/0/parameters/required"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "bedrock", "cohere"])
def test_schemas_that_no_service_takes_are_errors_with_their_path(
    name: str, parameters: dict[str, Any], param: str
) -> None:
    error = build(name, tools=(Tool(name="f", parameters=parameters),)).failure()
    assert isinstance(error, InvalidRequest)
    assert (error.param, error.provider) == (param, name)


@pytest.mark.parametrize("name", ["anthropic", "vertex_anthropic", "bedrock", "bedrock_invoke"])
@pytest.mark.parametrize("key", ["filter[id]", "$top", "a b", "x" * 65])
def test_property_names_that_anthropic_rejects_are_errors(name: str, key: str) -> None:
    tool = Tool(name="f", parameters={"type": "object", "properties": {key: {"type": "string"}}})
    error = build(name, tools=(tool,)).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == f"tools/0/parameters/properties/{key}"


def prop(value: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": value}}


@pytest.mark.parametrize(
    ("profile", "before", "after", "reported"),
    [
        pytest.param(CHAT_COMPLETIONS, {"type": "array"}, {"type": "array", "items": {}}, [], id="openai: items"),
        pytest.param(
            CHAT_COMPLETIONS,
            {"type": "array", "prefixItems": [{"type": "integer"}]},
            {"type": "array", "prefixItems": [{"type": "integer"}], "items": {}},
            [],
            id="openai: items beside prefixItems",
        ),
        pytest.param(CHAT_COMPLETIONS, True, {}, [], id="openai: a boolean schema"),
        pytest.param(
            MOONSHOT,
            {"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {
                "properties": {"a": {"type": "string"}},
                "anyOf": [
                    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                    {"type": "object", "properties": {"a": {"type": "string"}}},
                ],
            },
            [("anyOf/1/required", "changed")],
            id="moonshot: the type stands in the branches",
        ),
        pytest.param(MOONSHOT, {"enum": ["a"]}, {"enum": ["a"], "type": "string"}, [], id="moonshot: the type of an enum"),
        pytest.param(MOONSHOT, {"items": {"type": "string"}}, {"items": {"type": "string"}, "type": "array"}, [], id="moonshot: an array"),
        pytest.param(
            MOONSHOT,
            {},
            {"anyOf": [{"type": name} for name in ("string", "number", "boolean", "object", "array", "null")]},
            [],
            id="moonshot: any type",
        ),
        pytest.param(
            GEMINI, {"type": "string", "enum": ["a", ""]}, {"type": "string", "enum": ["a"]}, [("enum", "changed")],
            id="gemini: no empty string in an enum (D5)",
        ),
        pytest.param(
            GEMINI,
            {"type": ["string", "null"], "enum": ["a", None]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
            [("enum", "rewritten")],
            id="gemini: null beside an enum",
        ),
        pytest.param(
            GEMINI, {"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1},
            [("exclusiveMinimum", "rewritten")], id="gemini: an exclusive bound of integers",
        ),
        pytest.param(
            GEMINI, {"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0},
            [("exclusiveMinimum", "changed")], id="gemini: an exclusive bound of numbers",
        ),
        pytest.param(
            GROQ, {"type": "object", "required": ["a"]}, {"type": "object"}, [("required", "changed")],
            id="groq: required without properties",
        ),
        pytest.param(
            XAI, {"enum": ["a", None]}, {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, [("enum", "rewritten")],
            id="xai: null in an enum",
        ),
        pytest.param(
            ANTHROPIC,
            {"type": "array", "items": [{"type": "number"}, {"type": "number"}], "additionalItems": False},
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": False},
            [("items", "rewritten")],
            id="tuples of draft 7",
        ),
        pytest.param(
            ANTHROPIC, {"type": "integer", "minimum": 0, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 0},
            [("exclusiveMinimum", "rewritten")], id="bounds of draft 4",
        ),
        pytest.param(
            CONVERSE, {"type": "STRING", "nullable": True}, {"type": ["string", "null"]},
            [("type", "rewritten"), ("nullable", "rewritten")], id="OpenAPI's nullable and Gemini's types",
        ),
        pytest.param(
            CONVERSE, {"type": "str", "description": None, "default": None}, {"type": "string", "default": None},
            [("description", "rewritten"), ("type", "rewritten")], id="Python's names and None",
        ),
        pytest.param(
            CONVERSE,
            {"type": "object", "properties": {"a": {"type": "string", "required": True}, "b": {"required": False}}},
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
            [("required", "rewritten")],
            id="required of draft 3",
        ),
        pytest.param(OLLAMA_TOOLS, True, {}, [], id="ollama: a boolean schema"),
        pytest.param(
            OLLAMA_TOOLS, {"allOf": [{"type": "string"}], "description": "d"}, {"description": "d", "type": "string"},
            [("allOf", "rewritten")], id="ollama: allOf of one",
        ),
        pytest.param(
            GEMINI, {"allOf": [{"type": "string", "description": "of the type"}], "description": "of the property"},
            {"type": "string", "description": "of the property"}, [("allOf", "rewritten")], id="gemini: two descriptions",
        ),
        pytest.param(
            OLLAMA_TOOLS,
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": False, "maxItems": 2},
            {"type": "array", "items": {"type": "number"}}, [("prefixItems", "rewritten"), ("maxItems", "dropped")],
            id="ollama: a tuple of one type",
        ),
        pytest.param(
            MOONSHOT,
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "maxItems": 2},
            {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}, "maxItems": 2},
            [("prefixItems", "changed")], id="moonshot: a tuple of two types",
        ),
        pytest.param(MOONSHOT, {"const": "a"}, {"enum": ["a"], "type": "string"}, [("const", "rewritten")], id="moonshot: const"),
        pytest.param(
            MOONSHOT, {"oneOf": [{"type": "string"}, {"type": "null"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]},
            [("oneOf", "rewritten")], id="moonshot: oneOf",
        ),
        pytest.param(
            MOONSHOT, {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a", "b"]},
            {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]}, [("required", "changed")],
            id="moonshot: an undefined property is required",
        ),
        pytest.param(
            CHAT_COMPLETIONS, {"type": "string", "enum": ["a", 1, None]}, {"type": ["string", "null"], "enum": ["a", None]},
            [("enum", "rewritten"), ("type", "rewritten")], id="openai: values of an enum that the type excludes",
        ),
        pytest.param(
            ANTHROPIC, {"type": "integer", "enum": ["1", "2"]}, {"enum": ["1", "2"]}, [("type", "changed")],
            id="anthropic: a type that excludes its enum",
        ),
        pytest.param(CONVERSE, {"type": "number", "const": "1"}, {"const": "1"}, [("type", "changed")], id="a type that excludes its const"),
        pytest.param(CONVERSE, {"type": "integer", "enum": [1, 2.0]}, {"type": "integer", "enum": [1, 2.0]}, [], id="2.0 is an integer"),
        pytest.param(
            RESPONSES, {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "null"}]}},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, [("items/oneOf", "rewritten")],
            id="responses: oneOf is not permitted",
        ),
        pytest.param(
            GEMINI, {"type": "string", "discriminator": {"propertyName": "k"}, "x-order": 1}, {"type": "string"},
            [("discriminator", "rewritten"), ("x-order", "rewritten")], id="gemini: hints of OpenAPI",
        ),
        pytest.param(NOVA_TOOLS, {"type": "object", "required": ["a", "a"]}, {"type": "object", "required": ["a"]}, [], id="required twice"),
    ],
)  # fmt: skip
def test_each_service_gets_what_it_takes(
    profile: SchemaProfile, before: Any, after: Any, reported: list[tuple[str, str]]
) -> None:
    adapted = translate_schema(prop(before), profile, root="arguments").unwrap()
    assert adapted.schema["properties"]["x"] == after
    fields = [
        (change.field.removeprefix("properties/x/"), change.action)
        for change in adapted.adaptations
    ]
    assert fields == reported
    again = translate_schema(adapted.schema, profile, root="arguments").unwrap()
    assert (again.schema, again.adaptations) == (adapted.schema, ())


ENUM = {"E": {"type": "string", "enum": ["q"]}}


@pytest.mark.parametrize("profile", [GEMINI, MOONSHOT, OLLAMA_TOOLS, OPENAI_STRICT, NOVA_TOOLS])
def test_a_described_reference_in_allof_keeps_its_target(profile: SchemaProfile) -> None:
    """As pydantic before 2.9 writes an enum with a description, and as C# and Java write it today."""
    schema = {
        "type": "object", "properties": {"a": {"allOf": [{"$ref": "#/$defs/E"}], "description": "d"}}, "required": ["a"], "$defs": ENUM,
    }  # fmt: skip
    adapted = translate_schema(schema, profile, root="arguments").unwrap()
    sent = adapted.schema["properties"]["a"]
    if profile is NOVA_TOOLS:
        assert sent == {"allOf": [{"type": "string", "enum": ["q"]}], "description": "d"}
    else:
        assert sent == {"type": "string", "enum": ["q"], "description": "d"}
    assert [change for change in adapted.adaptations if change.action != "rewritten"] == []


def test_references_to_older_definitions_lead_to_newer_ones_at_moonshot() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/E"}},
        "definitions": ENUM,
    }
    adapted = translate_schema(schema, MOONSHOT, root="arguments").unwrap()
    assert adapted.schema == {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/E"}},
        "$defs": ENUM,
    }


@pytest.mark.parametrize(
    "schema",
    [{}, True, {"description": "Anything"}, {"type": "array"}, {"type": "array", "items": {}}],
)
def test_a_value_of_any_type_is_sent_without_strict(schema: Any) -> None:
    """The 400: schema must have a 'type' key."""
    tool = Tool(name="f", parameters={**prop(schema), "additionalProperties": False}, strict=True)
    built = build("openai", tools=(tool,)).unwrap()
    function = json.loads(built.request.body)["tools"][0]["function"]
    assert function["strict"] is False
    change = next(one for one in built.adaptations if one.field == "tools/0/strict")
    assert (change.action, change.lossless) == ("dropped", False)
    assert "it has no type" in change.reason


def test_a_reference_into_the_merged_root_is_put_in_its_place() -> None:
    schema = {
        "anyOf": [{"type": "object", "properties": {"a": {"type": "string"}, "b": {"$ref": "#/anyOf/0/properties/a"}}}],
    }  # fmt: skip
    adapted = translate_schema(schema, CHAT_COMPLETIONS, root="arguments").unwrap()
    assert adapted.schema == {
        "type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["openai", "openai_responses", "azure", "groq"])
def test_a_response_that_is_no_object_is_described_or_an_error(name: str) -> None:
    built = build(name, response_format=SchemaFormat(schema={"type": "array", "items": {}}))
    if name == "openai_responses":
        error = built.failure()
        assert isinstance(error, InvalidRequest)
        assert error.param == "response_format/schema"
        return
    change = next(one for one in built.unwrap().adaptations if one.field == "response_format")
    assert change.action == "changed"
    assert b'"json_schema"' not in built.unwrap().request.body


def strict(name: str, schema: dict[str, Any]) -> list[tuple[str, str]]:
    """What is reported of a strict tool and of a strict answer."""
    tool = build(name, tools=(Tool(name="f", parameters=schema, strict=True),)).unwrap()
    answer = build(name, response_format=SchemaFormat(schema=schema)).unwrap()
    changes = (*tool.adaptations, *answer.adaptations)
    return [(change.field, change.action) for change in changes if not change.lossless]


def test_strict_schemas_of_openai_nest_at_most_ten_objects() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(10):
        schema = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    assert strict("openai", schema) == []
    deeper = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    assert strict("openai", deeper) == [
        ("tools/0/strict", "dropped"),
        ("response_format/strict", "dropped"),
    ]


@pytest.mark.parametrize("name", ["groq", "cerebras"])
def test_strict_answers_have_no_number_of_items(name: str) -> None:
    config = msgspec.structs.replace(config_for(name), model="gpt-oss-120b")
    schema = {
        **prop({"type": "array", "items": {"type": "string"}, "minItems": 2}),
        "required": ["x"],
    }
    request = ChatRequest(messages="hi", response_format=SchemaFormat(schema=schema))
    built = registry.get(name).unwrap().build_chat(config, request).unwrap()
    assert b"minItems" not in built.request.body
    fields = [change.field for change in built.adaptations]
    assert "response_format/schema/properties/x/minItems" in fields


def test_a_node_of_today_is_unchanged() -> None:
    node = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert normalize_node(node, lambda *_: None) is node


def test_the_users_schema_is_never_changed() -> None:
    before = json.dumps(UNION)
    for profile in (CHAT_COMPLETIONS, ANTHROPIC, MOONSHOT, GEMINI, OLLAMA_TOOLS):
        translate_schema(UNION, profile, root="arguments")
    assert json.dumps(UNION) == before
