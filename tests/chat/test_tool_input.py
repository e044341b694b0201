"""The tools that users bring: values, functions, classes, bound tools and mappings; an error with its path for the rest."""

import json
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, NativeTool, Tool
from llm_pure.adapters import registry
from llm_pure.chat.tool_input import read_tools
from llm_pure.output.tools import bind_tool
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.rejection import Rejected
from tests.support.cassettes import chat_providers, config_for

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool(name="weather", description="Weather now.", parameters=SCHEMA)


def weather(city: str) -> str:
    """Weather now."""
    return f"sun in {city}"


class Place(msgspec.Struct):
    """A place."""

    city: str


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(WEATHER, id="a Tool"),
        pytest.param(weather, id="a function"),
        pytest.param(bind_tool(weather).unwrap(), id="a bound tool"),
        pytest.param(
            {"type": "function", "function": {"name": "weather", "description": "Weather now.", "parameters": SCHEMA}},
            id="OpenAI's chat completions",
        ),
        pytest.param(
            {"type": "function", "name": "weather", "description": "Weather now.", "parameters": SCHEMA, "strict": None},
            id="OpenAI's Responses",
        ),
        pytest.param({"name": "weather", "description": "Weather now.", "input_schema": SCHEMA}, id="Anthropic's"),
        pytest.param(
            {"type": "custom", "name": "weather", "description": "Weather now.", "input_schema": SCHEMA},
            id="Anthropic's with its type",
        ),
        pytest.param(
            {"name": "weather", "title": "Weather", "description": "Weather now.", "inputSchema": SCHEMA, "annotations": {}},
            id="MCP's",
        ),
        pytest.param(
            MappingProxyType({"name": "weather", "description": "Weather now.", "parameters": MappingProxyType(SCHEMA)}),
            id="mappings that are no dicts",
        ),
    ],
)  # fmt: skip
def test_a_tool_in_any_form_is_the_same_tool(tool: Any) -> None:
    assert read_tools([tool]) == (WEATHER,)


def test_classes_and_native_tools_are_tools() -> None:
    native = NativeTool("anthropic", {"type": "web_search_20260318"})
    place, other = read_tools((Place, native))
    assert isinstance(place, Tool)
    assert (place.name, place.description, other) == ("Place", "A place.", native)
    assert place.parameters["required"] == ["city"]


def by_position(city: str, /) -> str:
    return city


def without_schema(city: "Unknown") -> str:  # type: ignore[name-defined]  # noqa: F821
    return str(city)


REJECTED: list[tuple[Any, str]] = [
    ("f", "tools"),
    ({"name": "f"}, "tools"),
    (7, "tools"),
    (["f"], "tools/0"),
    ([None], "tools/0"),
    ([WEATHER, 7], "tools/1"),
    ([{}], "tools/0/name"),
    ([{"type": "function"}], "tools/0/name"),
    ([{"type": "function", "function": "f"}], "tools/0/function"),
    ([{"type": "function", "function": {}}], "tools/0/function/name"),
    ([{"type": "function", "function": {"name": 7}}], "tools/0/function/name"),
    ([{"type": "function", "function": {"name": "f", "params": {}}}], "tools/0/function/params"),
    ([{"type": "function", "function": {"name": "f"}, "strict": True}], "tools/0/strict"),
    ([{"type": "function", "function": {"name": "f", "parameters": "x"}}], "tools/0/function/parameters"),
    ([{"type": "web_search"}], "tools/0/type"),
    ([{"type": "web_search_20260318", "name": "web_search"}], "tools/0/type"),
    ([{"type": "custom", "custom": {"name": "f"}}], "tools/0/type"),
    ([{"name": "f", "input_schema": {}, "parameters": {}}], "tools/0/input_schema"),
    ([{"name": "f", "description": 7}], "tools/0/description"),
    ([{"name": "f", "strict": "yes"}], "tools/0/strict"),
    ([{"functionDeclarations": []}], "tools/0/functionDeclarations"),
    ([Tool(name=7)], "tools/0/name"),  # type: ignore[arg-type]
    ([Tool(name="f", parameters=None)], "tools/0/parameters"),  # type: ignore[arg-type]
    ([Tool(name="f", description=b"x")], "tools/0/description"),  # type: ignore[arg-type]
    ([NativeTool("openai", "web_search")], "tools/0/json"),  # type: ignore[arg-type]
    ([by_position], "tools/0/by_position/city"),
    ([without_schema], "tools/0/without_schema"),
]  # fmt: skip


@pytest.mark.parametrize(("tools", "param"), REJECTED)
def test_the_rest_is_an_error_with_its_path(tools: Any, param: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_tools(tools)
    assert isinstance(caught.value.error, InvalidRequest)
    assert caught.value.error.param == param


@pytest.mark.parametrize("name", chat_providers())
def test_every_provider_reads_tools_and_raises_nothing(name: str) -> None:
    provider = registry.get(name).unwrap()
    built = provider.build_chat(
        config_for(name), ChatRequest(messages="hi", tools=[weather])
    ).unwrap()
    assert "tools" in [change.field for change in built.adaptations] or "weather" in json.dumps(
        json.loads(built.request.body)
    )
    for tools, param in REJECTED:
        error = provider.build_chat(
            config_for(name), ChatRequest(messages="hi", tools=tools)
        ).failure()
        assert isinstance(error, InvalidRequest)
        assert error.param == param
