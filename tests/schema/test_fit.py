"""The schemas of a call in the dialect of each service: what is sent, what is told, what ends quickly."""

import json
import time
from typing import Any

import msgspec
import openai
import pytest
from anthropic import transform_schema
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from llm_pure import ChatRequest, NativeTool, SchemaFormat, Tool
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.schema.profiles import (
    ANTHROPIC_NATIVE,
    COHERE_RESPONSES,
    GEMINI,
    NOVA_TOOLS,
    OLLAMA_TOOLS,
    OPENAI_STRICT,
    OPENAPI,
    SchemaProfile,
)
from llm_pure.schema.translate import SIZE_LIMIT, AdaptedSchema, translate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.laws import same_examples

DIALECTS: dict[str, SchemaProfile] = {
    one.name: one
    for one in (
        ANTHROPIC_NATIVE, COHERE_RESPONSES, GEMINI, NOVA_TOOLS, OLLAMA_TOOLS, OPENAI_STRICT, OPENAPI,
    )
}  # fmt: skip


def told(made: AdaptedSchema) -> list[tuple[str, str]]:
    return [(one.field, one.action) for one in made.adaptations]


def of(key: str, schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {key: schema}, "required": [key]}


@pytest.mark.parametrize(
    ("dialect", "before", "after", "reported"),
    [
        pytest.param(
            GEMINI, {"const": "a"}, {"enum": ["a"]}, [("properties/x/const", "rewritten")],
            id="gemini: a constant is one of one",
        ),
        pytest.param(
            GEMINI,
            {"type": "string", "pattern": "a+", "default": "a", "minLength": 1},
            {"type": "string"},
            [
                ("properties/x/pattern", "dropped"),
                ("properties/x/default", "rewritten"),
                ("properties/x/minLength", "dropped"),
            ],
            id="gemini: what it passes over is left out",
        ),
        pytest.param(
            ANTHROPIC_NATIVE,
            {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 3},
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
            [("properties/x/items/minimum", "dropped"), ("properties/x/minItems", "clamped")],
            id="anthropic: one item may be asked for, no more",
        ),
        pytest.param(
            ANTHROPIC_NATIVE,
            {"oneOf": [{"type": "string", "format": "uri"}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]},
            [("properties/x/oneOf", "rewritten")],
            id="anthropic: one of them is any of them",
        ),
        pytest.param(
            OPENAI_STRICT,
            {"allOf": [{"type": "string"}], "description": "d"},
            {"description": "d", "type": "string"},
            [("properties/x/allOf", "rewritten")],
            id="openai: all of one stand in its place",
        ),
        pytest.param(
            OPENAI_STRICT,
            {"type": "string", "pattern": "^(?!a)b"},
            {"type": "string"},
            [("properties/x/pattern", "dropped")],
            id="openai: no looking around in patterns",
        ),
        pytest.param(
            OPENAI_STRICT,
            {"type": "string", "pattern": "^a+$", "format": "uuid"},
            {"type": "string", "pattern": "^a+$", "format": "uuid"},
            [],
            id="openai: other patterns stay",
        ),
        pytest.param(
            COHERE_RESPONSES,
            {"type": "number", "minimum": 0, "maximum": 1},
            {"type": "number"},
            [("properties/x/minimum", "dropped"), ("properties/x/maximum", "dropped")],
            id="cohere: no bounds of numbers",
        ),
        pytest.param(
            OLLAMA_TOOLS,
            {"type": "string", "title": "X", "minLength": 1},
            {"type": "string"},
            [("properties/x/title", "rewritten"), ("properties/x/minLength", "dropped")],
            id="ollama: what its server would lose is told",
        ),
    ],
)  # fmt: skip
def test_each_dialect_says_it_in_its_own_words(
    dialect: SchemaProfile, before: Any, after: Any, reported: list[tuple[str, str]]
) -> None:
    made = translate_schema(of("x", before), dialect).unwrap()
    assert made.schema["properties"]["x"] == after
    assert told(made) == reported


def test_a_reference_that_must_stand_alone_gives_way_to_what_it_points_to() -> None:
    place = {"type": "string", "enum": ["Oslo"]}
    schema = {
        **of("at", {"$ref": "#/definitions/Place", "description": "There"}),
        "definitions": {"Place": place},
    }
    made = translate_schema(schema, GEMINI).unwrap().schema
    assert made["properties"]["at"] == {**place, "description": "There"}
    assert made["$defs"] == {"Place": place}


def test_older_names_of_definitions_are_found_under_the_newer_one() -> None:
    schema = {**of("at", {"$ref": "#/definitions/P"}), "definitions": {"P": {"type": "string"}}}
    made = translate_schema(schema, GEMINI).unwrap().schema
    assert made == {**of("at", {"$ref": "#/$defs/P"}), "$defs": {"P": {"type": "string"}}}


TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"next": {"$ref": "#", "description": "and on"}},
}
CYCLE: dict[str, Any] = {"type": "object"}
CYCLE["properties"] = {"x": CYCLE}
DEEP: dict[str, Any] = {"type": "string"}
for _ in range(3000):
    DEEP = {"type": "array", "items": DEEP}
BOMB: dict[str, Any] = {
    **of("x", {"$ref": "#/$defs/0"}),
    "$defs": {
        str(one): of("a", {"$ref": f"#/$defs/{one + 1}"})
        | {"properties": {name: {"$ref": f"#/$defs/{one + 1}"} for name in "abcdefgh"}}
        for one in range(12)
    }
    | {"12": {"type": "string"}},
}
"""A few lines that mean 8 ** 12 schemas, once each reference is put in its place."""
LOST = of("x", {"$ref": "#/$defs/nowhere"})
NO_JSON = of("x", {"enum": [object()]})
HOSTILE = {
    "it holds itself": CYCLE,
    "too deep": DEEP,
    "a bomb": BOMB,
    "a reference to nothing": LOST,
    "no JSON": NO_JSON,
    "it refers to itself": TREE,
    "a reference that leads to itself": {
        **of("x", {"$ref": "#/$defs/A"}), "$defs": {"A": {"$ref": "#/$defs/A"}},
    },
    "no schema at all": {"properties": 7, "required": "x", "$defs": [], "anyOf": {}, "$ref": 3},
    "ten thousand properties": {
        "type": "object", "properties": {f"p{one}": {"type": "string"} for one in range(2_000)},
    },
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_ends_in_a_value_and_soon(
    schema: dict[str, Any], dialect: SchemaProfile
) -> None:
    start = time.process_time()
    got = translate_schema(schema, dialect)
    assert time.process_time() - start < 2
    if isinstance(got, Failure):
        assert isinstance(got.failure(), InvalidRequest)
    else:
        json.dumps(got.unwrap().schema)


@pytest.mark.parametrize(
    ("case", "dialect", "why"),
    [
        ("it holds itself", OPENAI_STRICT, "the schema contains itself"),
        ("a bomb", NOVA_TOOLS, f"it has more than {SIZE_LIMIT} subschemas"),
        ("a reference to nothing", NOVA_TOOLS, "has no target in it"),
        ("it refers to itself", ANTHROPIC_NATIVE, "it is recursive"),
        ("no JSON", GEMINI, "the schema is not JSON"),
    ],
)
def test_what_cannot_be_written_says_why(case: str, dialect: SchemaProfile, why: str) -> None:
    assert why in translate_schema(HOSTILE[case], dialect).failure().message


def test_a_bomb_is_no_trouble_where_references_stay() -> None:
    assert (
        translate_schema(BOMB, ANTHROPIC_NATIVE).unwrap().schema["properties"] == BOMB["properties"]
    )


def test_a_schema_that_multiplies_is_checked_once_at_each_place() -> None:
    twice = {
        "anyOf": [{"$ref": "#/$defs/0"}, {"$ref": "#/$defs/0"}],
        "$defs": {str(one): {"anyOf": [{"$ref": f"#/$defs/{one + 1}"}] * 2} for one in range(60)},
    }
    start = time.process_time()
    validation_errors(twice, {"a": 1})
    validation_errors({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, 1)
    assert time.process_time() - start < 1


schemas = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "integer", "boolean", "null"])},
        optional={
            "minLength": st.integers(0, 3),
            "format": st.sampled_from(["uuid", "iri", "date"]),
            "default": st.none(),
            "pattern": st.sampled_from(["a", "(?=a)"]),
            "const": st.integers(0, 2),
        },
    ),
    lambda inner: (
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.dictionaries(
                    st.sampled_from(["a", "b", "type", "$ref", "default", "properties"]),
                    inner,
                    max_size=3,
                ),
            },
            optional={"required": st.just(["a"]), "additionalProperties": st.just(False)},
        )
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
        | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@same_examples(100, schema=schemas)
def test_a_schema_that_was_written_once_stays_as_it_is(
    schema: dict[str, Any], dialect: SchemaProfile
) -> None:
    before = json.dumps(schema)
    made = translate_schema(schema, dialect).unwrap()
    assert json.dumps(schema) == before
    again = translate_schema(made.schema, dialect).unwrap()
    assert again == AdaptedSchema(made.schema)


class Line(BaseModel):
    sku: str = Field(min_length=2, description="what")
    count: int = Field(ge=1)
    note: str | None = None


class Order(BaseModel):
    """An order."""

    lines: list[Line] = Field(min_length=3)
    main: Line = Field(description="the first")
    paid: bool


def test_openais_own_package_makes_the_same_strict_schema() -> None:
    """But for what the API refuses (minLength and the like), which the package leaves to the user."""
    tool: Any = openai.pydantic_function_tool(Order)
    theirs = json.loads(json.dumps(tool["function"]["parameters"]))
    ours = translate_schema(Order.model_json_schema(), OPENAI_STRICT).unwrap().schema
    del theirs["$defs"]["Line"]["properties"]["sku"]["minLength"]
    del theirs["properties"]["main"]["properties"]["sku"]["minLength"]
    assert ours == theirs


def _without_hints(schema: Any) -> Any:
    """anthropic tells in the description what it leaves out."""
    if isinstance(schema, dict):
        return {
            key: one.split("{")[0].rstrip()
            if key == "description" and isinstance(one, str)
            else _without_hints(one)
            for key, one in schema.items()
        }
    return [_without_hints(one) for one in schema] if isinstance(schema, list) else schema


def test_anthropics_own_package_leaves_out_the_same() -> None:
    theirs = _without_hints(transform_schema(Order))
    ours = translate_schema(Order.model_json_schema(), ANTHROPIC_NATIVE).unwrap().schema
    assert ours["$defs"]["Line"]["properties"].pop("note") == {
        "anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Note",
    }  # fmt: skip
    theirs["$defs"]["Line"]["properties"].pop("note")
    assert ours["$defs"]["Line"]["properties"]["count"].pop("title") == "Count"
    theirs["$defs"]["Line"]["properties"]["count"].pop("title")
    theirs["$defs"]["Line"]["properties"]["count"].pop("description", None)
    assert ours["properties"].pop("main")["description"] == "the first"
    theirs["properties"].pop("main")  # a reference, without what stood beside it
    assert ours["properties"]["lines"].pop("minItems") == 1
    theirs["properties"]["lines"].pop("description", None)
    assert ours == theirs


OPEN = of("tags", {"type": "object", "additionalProperties": {"type": "string"}})
ODD = of("x", {"type": "string", "minLength": 2})


def build(name: str, model: str, *, strict: bool = False, **asked: Any) -> LLMResult[Built]:
    config = msgspec.structs.replace(config_for(name), model=model)
    request = ChatRequest(messages="hi", **asked)
    return registry.get(name).unwrap().build_chat(config, request, strict=strict)


STRICT_TOOL = Tool(name="f", parameters=ODD, strict=True)
LOOSE_TOOL = Tool(name="f", parameters=ODD)
ANSWER = SchemaFormat(schema=ODD)
WIRED: dict[str, tuple[str, str, list[str], list[str], list[str]]] = {
    # what is told of a strict tool, of a loose one, of an answer
    "openai": ("openai", "gpt-5-mini", ["minLength"], [], ["minLength"]),
    "openai_responses": ("openai_responses", "gpt-5-mini", ["minLength"], [], ["minLength"]),
    "azure": ("azure", "my-gpt", ["minLength"], [], ["minLength"]),
    "anthropic": ("anthropic", "claude-sonnet-4-5", ["minLength"], [], ["minLength"]),
    "anthropic, older": ("anthropic", "claude-3-haiku", ["strict"], [], ["response_format"]),
    "bedrock": ("bedrock", "anthropic.claude-sonnet-4-5-v1:0", ["minLength"], [], ["minLength"]),
    "bedrock, Nova": ("bedrock", "amazon.nova-lite-v1:0", ["strict"], [], ["response_format"]),
    "bedrock_invoke": (
        "bedrock_invoke", "anthropic.claude-sonnet-4-5-v1:0", ["minLength"], [], ["minLength"],
    ),
    "gemini": ("gemini", "gemini-2.5-flash", ["minLength"], ["minLength"], ["minLength"]),
    "vertex": ("vertex", "gemini-2.5-flash", ["minLength"], ["minLength"], ["minLength"]),
    "cohere": ("cohere", "command-a-03-2025", ["minLength"], [], ["minLength"]),
    "ollama": ("ollama", "llama3.2", ["minLength", "strict"], ["minLength"], []),
    "moonshot": ("moonshot", "kimi-k2.6", [], [], []),
    "deepseek": ("deepseek", "deepseek-v4-pro", ["strict"], [], ["response_format"]),
    "dashscope": ("dashscope", "qwen-plus", ["minLength"], [], ["minLength"]),
    "llama_api": ("llama_api", "Llama-4-Maverick", ["minLength"], [], []),
}  # fmt: skip


@pytest.mark.parametrize("case", WIRED)
def test_every_dialect_writes_schemas_and_tells_what_it_changed(case: str) -> None:
    name, model, strictly, loosely, answered = WIRED[case]
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"tools": (STRICT_TOOL,)}, strictly),
        ({"tools": (LOOSE_TOOL,)}, loosely),
        ({"response_format": ANSWER}, answered),
    ]
    for what, expected in asked:
        built = build(name, model, **what).unwrap()
        fields = [one.field for one in built.adaptations if not one.lossless]
        assert [field.rsplit("/", 1)[-1] for field in fields] == expected
        assert (b"minLength" in built.request.body) == ("minLength" not in expected)
        refused = build(name, model, strict=True, **what)
        assert isinstance(refused, Failure) == bool(expected)
        if isinstance(refused, Failure):
            assert isinstance(refused.failure(), UnsupportedFeature)


@pytest.mark.parametrize("case", ["openai", "openai_responses", "anthropic", "bedrock"])
def test_objects_with_names_of_the_models_own_are_not_closed(case: str) -> None:
    name, model, *_ = WIRED[case]
    tool = build(name, model, tools=(Tool(name="f", parameters=OPEN, strict=True),)).unwrap()
    answer = build(name, model, response_format=SchemaFormat(schema=OPEN)).unwrap()
    assert [(one.field, one.action) for one in tool.adaptations] == [("tools/0/strict", "dropped")]
    assert b'"additionalProperties":{"type":"string"}' in tool.request.body
    assert b"additionalProperties" in answer.request.body
    place = "response_format/strict" if "openai" in case else "response_format"
    assert [one.field for one in answer.adaptations] == [place]


@pytest.mark.parametrize("name", [one for one in chat_providers() if one != "ollama.generate"])
def test_two_thousand_tools_and_hostile_schemas_end_in_values_everywhere(name: str) -> None:
    provider = registry.get(name).unwrap()
    many = tuple([Tool(name=f"f{one}", parameters=ODD, strict=True) for one in range(2_000)])
    answer = provider.build_chat(config_for(name), ChatRequest(messages="hi", tools=many))
    if isinstance(answer, Failure):
        limit = 512 if name in ("gemini", "vertex") else 128
        assert answer.failure().message == f"{name} takes at most {limit} tools, not 2000"
        answer = provider.build_chat(config_for(name), ChatRequest(messages="hi", tools=many[:128]))
    assert isinstance(answer, Success)
    for schema in HOSTILE.values():
        for asked in (
            ChatRequest(messages="hi", tools=(Tool(name="f", parameters=schema, strict=True),)),
            ChatRequest(messages="hi", response_format=SchemaFormat(schema=schema)),
        ):
            got = provider.build_chat(config_for(name), asked)
            if isinstance(got, Failure):
                assert isinstance(got.failure(), InvalidRequest | UnsupportedFeature)


OPEN_TOOL = Tool(name="f", parameters=OPEN, strict=True)
NATIVE_TOOL = NativeTool("openai", {"type": "custom", "custom": {"name": "c"}})


@given(
    st.lists(
        st.sampled_from([STRICT_TOOL, LOOSE_TOOL, OPEN_TOOL, NATIVE_TOOL]), min_size=1, max_size=5
    )
)
def test_a_tool_is_fitted_the_same_beside_any_other_tools(tools: list[Tool | NativeTool]) -> None:
    named = [
        tool if isinstance(tool, NativeTool) else msgspec.structs.replace(tool, name=f"f{index}")
        for index, tool in enumerate(tools)
    ]
    built = build("openai", "gpt-4o", tools=tuple(named)).unwrap()
    alone = [build("openai", "gpt-4o", tools=(tool,)).unwrap() for tool in named]
    assert json.loads(built.request.body)["tools"] == [
        json.loads(one.request.body)["tools"][0] for one in alone
    ]
    assert list(built.adaptations) == [
        msgspec.structs.replace(change, field=change.field.replace("tools/0", f"tools/{index}"))
        for index, one in enumerate(alone)
        for change in one.adaptations
    ]


WITHOUT_TOOLS = ("ollama.generate", "perplexity")


@pytest.mark.parametrize("name", [one for one in chat_providers() if one not in WITHOUT_TOOLS])
def test_a_schema_that_was_changed_since_the_last_request_is_sent_as_it_is_now(name: str) -> None:
    provider, config = registry.get(name).unwrap(), config_for(name)
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "boolean"}}}
    request = ChatRequest(messages="hi", tools=(Tool(name="f", parameters=schema), Tool(name="g")))
    first = provider.build_chat(config, request)
    schema["properties"]["a"]["type"] = "integer"
    second = provider.build_chat(config, request)
    bodies = [one.unwrap().request.body for one in (first, second)]
    assert bodies[1] == bodies[0].replace(b"boolean", b"integer")
    assert b"integer" in bodies[1]
    schema["properties"]["a"]["type"] = "boolean"
    assert provider.build_chat(config, request) == first


def test_the_schema_that_cannot_be_sent_is_named_by_its_place() -> None:
    tools = (NATIVE_TOOL, Tool(name="f"), Tool(name="g", parameters={"type": "object", "x": object()}))  # fmt: skip
    error = build("openai", "gpt-4o", tools=tools).failure()
    assert isinstance(error, InvalidRequest)
    assert (error.param, error.provider) == ("tools/2/parameters", "openai")
