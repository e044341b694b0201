"""Tools from functions, classes and schemas; arguments read, also while they come; calls answered in order."""

import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pydantic
import pytest

from llm_pure import Message, Tool, ToolCall, tool_result
from llm_pure.output.tool_steps import parse_calls, run_call
from llm_pure.output.tools import bind_tool, partial_arguments
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.result import Failure, Success
from tests.support.complaints import complaint


def weather(city: str, days: int = 1, unit: Literal["C", "F"] = "C") -> str:
    """Weather to come.

    Args:
        city: Where.
        days (int): How far ahead.

    Returns:
        Words.
    """
    return f"{city} {days} {unit}"


class Place(msgspec.Struct):
    """Somewhere."""

    city: str
    zips: list[int] = []


@dataclass
class PlaceData:
    """Somewhere."""

    city: str
    zips: list[int] | None = None


class PlaceModel(pydantic.BaseModel):
    """Somewhere."""

    city: str
    zips: list[int] = []


class PlaceDict(TypedDict):
    city: str
    zips: list[int]


class Tree(msgspec.Struct):
    """A tree."""

    leaf: str
    branches: "list[Tree]" = []


PLACE_SCHEMA = {
    "title": "PlaceSchema",
    "type": "object",
    "properties": {"city": {"type": "string"}, "zips": {"type": "array", "items": {"type": "integer"}}},
    "required": ["city"],
}  # fmt: skip
SOURCES: list[Any] = [Place, PlaceData, PlaceModel, PlaceDict, PLACE_SCHEMA]
NAMES = ["Struct", "dataclass", "pydantic model", "TypedDict", "schema"]


def test_a_function_becomes_a_tool_by_its_signature_and_docstring() -> None:
    assert bind_tool(weather).unwrap().tool == Tool(
        name="weather",
        description="Weather to come.",
        parameters={
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Where."},
                "days": {"type": "integer", "description": "How far ahead."},
                "unit": {"enum": ["C", "F"]},
            },
            "required": ["city"],
        },
    )


def test_rest_docstrings_and_annotations_describe_parameters_too() -> None:
    def find(what: str, where: Annotated[str, msgspec.Meta(description="A place")]) -> None:
        """Find it.

        :param what: The thing.
        :param where: not this
        """

    made = bind_tool(find, name="seek", description="Seek.", strict=True).unwrap().tool
    assert (made.name, made.description, made.strict) == ("seek", "Seek.", True)
    assert made.parameters["properties"] == {
        "what": {"type": "string", "description": "The thing."},
        "where": {"type": "string", "description": "A place"},
    }


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_every_source_makes_an_object_schema_that_is_not_behind_a_reference(source: Any) -> None:
    parameters = bind_tool(source).unwrap().tool.parameters
    assert parameters["type"] == "object"
    assert set(parameters["properties"]) == {"city", "zips"}
    assert "$ref" not in parameters


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_wrong_arguments_name_the_path(source: Any) -> None:
    bound = bind_tool(source, name="place").unwrap()
    got = bound.parse_arguments('{"city": "Oslo", "zips": [1, "x"]}')
    assert isinstance(got, Failure)
    error = got.failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "place/zips/1"


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
@pytest.mark.parametrize("text", ["", "{", '{"city": 1}', "[]", "\ud800", "[" * 5000, "null"])
def test_no_arguments_make_a_reader_raise(source: Any, text: str) -> None:
    assert isinstance(bind_tool(source).unwrap().parse_arguments(text), Failure)


def test_good_arguments_are_instances() -> None:
    text = '{"city": "Oslo", "zips": [1]}'
    assert bind_tool(Place).unwrap().parse_arguments(text) == Success(Place("Oslo", [1]))
    assert bind_tool(PlaceData).unwrap().parse_arguments(text) == Success(PlaceData("Oslo", [1]))
    read = bind_tool(PlaceModel).unwrap().parse_arguments(text)
    assert read == Success(PlaceModel(city="Oslo", zips=[1]))
    assert bind_tool(PLACE_SCHEMA).unwrap().parse_arguments(text) == Success(
        {"city": "Oslo", "zips": [1]}
    )
    assert bind_tool(weather).unwrap().parse_arguments('{"city":"Oslo"}') == Success(
        {"city": "Oslo", "days": 1, "unit": "C"}
    )


def test_a_recursive_type_keeps_its_definition() -> None:
    parameters = bind_tool(Tree).unwrap().tool.parameters
    assert parameters["type"] == "object"
    assert list(parameters["$defs"]) == ["Tree"]


def test_calls_are_answered_in_their_order_and_faults_are_for_the_model() -> None:
    def broken(x: int) -> int:
        return 1 // x

    tools = [bind_tool(weather).unwrap(), bind_tool(broken).unwrap()]
    calls = [
        ToolCall("c3", "broken", '{"x": 0}'),
        ToolCall("c1", "weather", '{"city": "Oslo"}'),
        ToolCall("c2", "weather", '{"city": 1}'),
        ToolCall("c4", "nothing"),
        ToolCall("c5", "broken", '{"x": 1}'),
    ]
    detail = complaint(lambda: msgspec.json.decode('{"city": 1}', type=Place))
    expected = msgspec.json.encode(bind_tool(weather).unwrap().tool.parameters).decode()
    wrong = f"the arguments cannot be read: {detail} (at weather/city); expected: {expected}"
    unknown = "there is no tool 'nothing'; the tools are: weather, broken"
    results = [run_call(call).result for call in parse_calls(calls, tools)]
    assert tuple([Message("tool", (result,)) for result in results]) == (
        tool_result(
            "c3",
            f"ZeroDivisionError: {complaint(lambda: 1 // 0)}",
            name="broken",
            is_error=True,
        ),
        tool_result("c1", "Oslo 1 C", name="weather"),
        tool_result("c2", wrong, name="weather", is_error=True),
        tool_result("c4", unknown, name="nothing", is_error=True),
        tool_result("c5", "1", name="broken"),
    )


class NoSchema:
    pass


def test_a_parameter_that_has_no_schema_is_named() -> None:
    def look(at: NoSchema) -> None: ...

    def point(x: int, /) -> None: ...

    for function, path in ((look, "look/at"), (point, "point/x")):
        got = bind_tool(function)
        assert isinstance(got, Failure)
        error = got.failure()
        assert isinstance(error, InvalidRequest)
        assert error.param == path
    assert isinstance(bind_tool(NoSchema), Failure)


def test_a_schema_that_holds_itself_is_an_error() -> None:
    endless: dict[str, Any] = {"type": "object"}
    endless["properties"] = {"self": endless}
    got = bind_tool(endless)
    assert isinstance(got, Failure)
    assert got.failure().message == "the schema contains itself"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("{", {}),
        ('{"language": "py', {"language": "py"}),
        ('{"a": [1, 2', {"a": [1, 2]}),
        ('{"a": {"b": "c"}}', {"a": {"b": "c"}}),
    ],
)
def test_arguments_are_readable_while_they_come(text: str, value: Any) -> None:
    got = partial_arguments(text)
    assert isinstance(got, Failure) if value is None else got == Success(value)


def test_without_jiter_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jiter", None)
    got = partial_arguments("{").failure()
    assert isinstance(got, InvalidConfiguration)
    assert "llm-pure[jiter]" in got.message
