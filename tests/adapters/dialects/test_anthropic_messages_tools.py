"""Tools, the choice among them, and the format of the answer."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, system
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.request import JsonFormat, NamedToolChoice, NativeTool, SchemaFormat, Tool
from tests.support.anthropic_bodies import (
    WIRE_WEATHER,
    body,
    built,
    error,
    fields,
    told,
)
from tests.support.chat_requests import SCHEMA, WEATHER


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        (None, None, None),
        ("auto", None, {"type": "auto"}),
        ("none", False, {"type": "none"}),
        ("required", None, {"type": "any"}),
        (NamedToolChoice("weather"), None, {"type": "tool", "name": "weather"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ("auto", True, {"type": "auto"}),
    ],
)
def test_the_choice_among_tools(choice: Any, parallel: bool | None, wire: Any) -> None:
    sent = fields(
        "claude-sonnet-4-5", tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=parallel
    )
    assert sent["tools"] == [WIRE_WEATHER]
    assert sent.get("tool_choice") == wire


@pytest.mark.parametrize(
    ("model", "reasoning"),
    [
        ("claude-opus-5-5", None),
        ("claude-fable-5-1", None),
        ("claude-sonnet-5-5", None),
        ("claude-sonnet-4-5", 2000),
    ],
)
@pytest.mark.parametrize("choice", ["required", NamedToolChoice("weather")], ids=["any", "tool"])
def test_a_forced_tool_gives_way_where_it_would_be_refused(
    model: str, reasoning: int | None, choice: Any
) -> None:
    asked: dict[str, Any] = {"tools": (WEATHER,), "tool_choice": choice, "reasoning": reasoning}
    assert fields(model, **asked)["tool_choice"] == {"type": "auto"}
    assert told(model, **asked) == [("tool_choice", "changed")]


def test_a_tool_may_be_forced_beside_adaptive_thinking() -> None:
    sent = fields("claude-opus-4-6", tools=(WEATHER,), tool_choice="required", reasoning="high")
    assert (sent["tool_choice"], sent["thinking"]) == ({"type": "any"}, {"type": "adaptive"})


def test_no_tools_no_choice() -> None:
    assert "tool_choice" not in fields("claude-sonnet-4-5", tool_choice="required")


def test_native_tools_go_as_they_are_and_foreign_ones_are_left_out() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    asked = (NativeTool("anthropic", search), NativeTool("openai", {"type": "web_search"}))
    assert fields("claude-sonnet-4-5", tools=asked)["tools"] == [search]
    assert told("claude-sonnet-4-5", tools=asked) == [("tools/1", "dropped")]


def test_a_strict_tool_is_closed_where_the_model_has_strict_tools() -> None:
    place = {"type": "object", "properties": {"city": {"type": "string", "minLength": 2}}}
    items = {"type": "array", "items": {"anyOf": [{"type": "null"}, place]}}
    strict = Tool(name="f", parameters={"type": "object", "properties": {"b": items}}, strict=True)
    closed = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "additionalProperties": False,
    }
    assert fields("claude-sonnet-4-5", tools=(strict,))["tools"] == [
        {
            "name": "f",
            "input_schema": {
                "type": "object",
                "properties": {
                    "b": {"type": "array", "items": {"anyOf": [{"type": "null"}, closed]}}
                },
                "additionalProperties": False,
            },
            "strict": True,
        }
    ]
    assert told("claude-sonnet-4-5", tools=(strict,)) == [
        ("tools/0/parameters/properties/b/items/anyOf/1/properties/city/minLength", "dropped")
    ]
    assert fields("claude-sonnet-4-0", tools=(strict,))["tools"] == [
        {"name": "f", "input_schema": strict.parameters}
    ]
    assert told("claude-sonnet-4-0", tools=(strict,)) == [("tools/0/strict", "dropped")]


@pytest.mark.parametrize(
    "free", [{"type": "object"}, {"type": "object", "additionalProperties": {"type": "string"}}]
)
def test_a_tool_whose_objects_have_names_of_the_models_own_is_not_strict(
    free: dict[str, Any],
) -> None:
    """Closed, such an object could hold nothing at all."""
    open_ = Tool(name="f", parameters={"type": "object", "properties": {"a": free}}, strict=True)
    assert fields("claude-sonnet-4-5", tools=(open_,))["tools"] == [
        {"name": "f", "input_schema": open_.parameters}
    ]
    assert told("claude-sonnet-4-5", tools=(open_,)) == [("tools/0/strict", "dropped")]


def test_a_tools_schema_is_an_object_schema_even_where_that_was_not_said() -> None:
    tools = (Tool(name="f", parameters={"properties": {}}),)
    assert fields("claude-sonnet-4-5", tools=tools)["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}}
    ]


def test_a_schema_format_is_native_where_the_model_takes_it() -> None:
    wanted = SchemaFormat(
        schema={"type": "object", "properties": {"a": {}}}, description="A place", name="place"
    )
    sent = fields("claude-sonnet-5", response_format=wanted, reasoning="low")
    assert sent["output_config"] == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"a": {}},
                "description": "A place",
                "additionalProperties": False,
            },
        },
    }
    assert told("claude-sonnet-5", response_format=wanted, reasoning="low") == []


@pytest.mark.parametrize(
    ("model", "wanted", "ends"),
    [
        ("claude-3-5-haiku-20241022", SchemaFormat(schema=SCHEMA), json.dumps(SCHEMA, separators=(",", ":"))),
        ("claude-sonnet-5", JsonFormat(), "no code fence."),
    ],
    ids=["a schema", "any JSON"],
)  # fmt: skip
def test_elsewhere_a_format_is_asked_for_in_words_and_reported(
    model: str, wanted: Any, ends: str
) -> None:
    request = ChatRequest(messages=[system("Be brief."), "hi"], model=model, response_format=wanted)
    sent = body(request)
    assert "output_config" not in sent
    assert sent["system"][0] == {"type": "text", "text": "Be brief."}
    assert sent["system"][1]["text"].startswith("Answer with one JSON value and nothing else")
    assert sent["system"][1]["text"].endswith(ends)
    assert [(one.field, one.action) for one in built(request).adaptations] == [
        ("response_format", "changed")
    ]
    assert isinstance(error(request, strict=True), UnsupportedFeature)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"tools": (Tool(name="f", parameters={"type": object}),)}, "tools/0/parameters"),
        ({"response_format": SchemaFormat(schema={"type": {1: object}})}, "response_format/schema"),
    ],
    ids=["a tool's", "a format's"],
)
def test_a_schema_that_is_no_json_is_an_error_value(asked: dict[str, Any], path: str) -> None:
    got = error(ChatRequest(messages="hi", **asked))
    assert isinstance(got, InvalidRequest)
    assert got.param == path
