"""Response formats and tool choices of a request as other libraries write them."""

from typing import Any

import pytest

from llm_pure import ChatRequest, JsonFormat, LLMConfig, NamedToolChoice, SchemaFormat
from llm_pure.adapters import registry
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.request import AllowedTools

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FUNCTION = {"type": "function", "function": {"name": "f"}}
FORMATS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "text"}, None),
    ({"type": "json_object"}, JsonFormat()),
    (
        {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
        SchemaFormat(schema=SCHEMA, name="n", strict=True),
    ),
    (
        {"type": "json_schema", "name": "n", "description": "d", "schema": SCHEMA},
        SchemaFormat(schema=SCHEMA, name="n", description="d", strict=None),
    ),
    ({"type": "json_schema", "schema": SCHEMA}, SchemaFormat(schema=SCHEMA, strict=None)),
]
CHOICES: list[tuple[Any, Any]] = [
    ("any", "required"),
    ("auto", "auto"),
    ({"type": "any"}, "required"),
    ({"type": "auto"}, "auto"),
    ({"type": "none"}, "none"),
    ({"type": "tool", "name": "f"}, NamedToolChoice("f")),
    ({"type": "function", "name": "f"}, NamedToolChoice("f")),
    (FUNCTION, NamedToolChoice("f")),
    (
        {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [FUNCTION]}},
        AllowedTools(("f",), "required"),
    ),
    (
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        AllowedTools(("f",)),
    ),
]
NO_FORMATS: list[Any] = [
    {}, {"type": "xml"}, {"type": "json_schema"}, {"type": "json_object", "x": 1}, {"type": "json_schema", "schema": "s"},
    {"type": "json_schema", "json_schema": {"schema": SCHEMA, "x": 1}}, {"type": "json_schema", "json_schema": []},
]  # fmt: skip
NO_CHOICES: list[Any] = [
    {}, {"type": ["auto"]}, {"type": "tool"}, {"type": "function", "function": {}}, {5: 6}, {"type": "allowed_tools", "tools": 5},
    {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "s"}]},
]  # fmt: skip


@pytest.mark.parametrize(("written", "value"), FORMATS)
def test_a_format_is_read(written: dict[str, Any], value: Any) -> None:
    assert ChatRequest(messages="hi", response_format=written).response_format == value


@pytest.mark.parametrize(("written", "value"), CHOICES)
def test_a_choice_is_read(written: Any, value: Any) -> None:
    assert ChatRequest(messages="hi", tool_choice=written).tool_choice == value


@pytest.mark.parametrize("written", NO_FORMATS)
def test_what_would_be_lost_of_a_format_is_kept_for_the_error(written: Any) -> None:
    assert ChatRequest(messages="hi", response_format=written).response_format == written


@pytest.mark.parametrize("written", NO_CHOICES)
def test_what_would_be_lost_of_a_choice_is_kept_for_the_error(written: Any) -> None:
    assert ChatRequest(messages="hi", tool_choice=written).tool_choice == written


@pytest.mark.parametrize(
    ("field", "written"),
    [
        *[("response_format", written) for written in NO_FORMATS],
        *[("tool_choice", written) for written in NO_CHOICES],
    ],
)
def test_what_means_nothing_is_an_error_of_its_field(field: str, written: Any) -> None:
    request = ChatRequest(messages="hi", tools=({"name": "f"},), **{field: written})
    config = LLMConfig(api_type="openai", model="gpt-4o")
    error = registry.get("openai").unwrap().build_chat(config, request).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == field
