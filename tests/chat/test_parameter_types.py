"""Parameters of functions as tools: every kind of annotation, its schema, and the values that a call gets."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, Optional, TypedDict

import annotated_types
import msgspec
import pydantic
import pytest
from typing_extensions import Doc

from llm_pure.output.tools import bind_tool
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.result import Failure, Success

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-not-found,import-untyped,unused-ignore]


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1


@dataclass
class Point:
    x: int
    tags: list[str] = field(default_factory=list)


class Place(msgspec.Struct):
    city: str


class Model(pydantic.BaseModel):
    size: int
    points: list[Point] = []


class Tree(pydantic.BaseModel):
    leaf: str
    branches: "list[Tree]" = []


class Other(pydantic.BaseModel):
    width: str


class Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    day: date


class Box(msgspec.Struct):
    model: Model | None = None


class Query(TypedDict):
    text: str
    limit: NotRequired[int]


def even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


TEXT = {"type": "string"}
ROWS: list[tuple[str, Any, str, Any, dict[str, Any] | None]] = [
    ("str", str, '"a"', "a", TEXT),
    ("enum", Color, '"red"', Color.RED, None),
    ("int enum", Level, "1", Level.LOW, None),
    ("literal", Literal["C", "F"], '"F"', "F", {"enum": ["C", "F"]}),
    ("optional", int | None, "null", None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    ("date", date, '"2026-11-29"', date(2026, 11, 29), {"type": "string", "format": "date"}),
    ("decimal", Decimal, '"1.50"', Decimal("1.50"), {"type": "string", "format": "decimal"}),
    ("list", list[int], "[1]", [1], {"type": "array", "items": {"type": "integer"}}),
    ("dict", dict[str, Place], '{"a":{"city":"Oslo"}}', {"a": Place("Oslo")}, None),
    ("dataclass", Point, '{"x":1}', Point(1), None),
    ("Struct", Place, '{"city":"Oslo"}', Place("Oslo"), None),
    ("TypedDict", Query, '{"text":"a"}', {"text": "a"}, None),
    ("model", Model, '{"size":1,"points":[{"x":2}]}', Model(size=1, points=[Point(2)]), None),
    ("recursive model", Tree, '{"leaf":"a","branches":[{"leaf":"b"}]}',
     Tree(leaf="a", branches=[Tree(leaf="b")]), None),
    ("optional model", Model | None, "null", None, None),
    ("list of models", list[Model], '[{"size":1}]', [Model(size=1)], None),
    ("model in a Struct", Box, '{"model":{"size":1}}', Box(Model(size=1)), None),
    ("union of models", Model | Other, '{"width":"a"}', Other(width="a"), None),
    ("union in a list", list[Model | str], '["a",{"size":1}]', ["a", Model(size=1)], None),
    ("strict model", Strict, '{"day":"2026-11-29"}', Strict(day=date(2026, 11, 29)), None),
    ("validator", Annotated[int, pydantic.AfterValidator(even)], "4", 4, {"type": "integer"}),
    ("text", Annotated[str, "Where."], '"a"', "a", {**TEXT, "description": "Where."}),
    ("Doc", Annotated[str, Doc("Where.")], '"a"', "a", {**TEXT, "description": "Where."}),
    ("Field", Annotated[int, pydantic.Field(ge=1, description="How many.")], "1", 1,
     {"type": "integer", "minimum": 1, "description": "How many."}),
    ("annotated-types", Annotated[list[int], annotated_types.Len(1, 2)], "[1]", [1],
     {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}),
    ("text inside a list", list[Annotated[str, "One."]], '["a"]', ["a"],
     {"type": "array", "items": {**TEXT, "description": "One."}}),
    ("text inside a union", Optional[Annotated[str, "One."]], '"a"', "a",  # noqa: UP045
     {"anyOf": [{**TEXT, "description": "One."}, {"type": "null"}]}),
    ("anything", Any, "[1]", [1], {}),
]  # fmt: skip
"""Name, annotation, argument as JSON, value, the parameter's schema (None: not stated here)."""


def taking(kind: Any) -> Callable[..., Any]:
    def tool(value: Any) -> Any:
        return value

    tool.__annotations__ = {"value": kind}
    return tool


@pytest.mark.parametrize(
    ("kind", "text", "value", "schema"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_an_argument_becomes_a_value_of_the_annotated_type(
    kind: Any, text: str, value: Any, schema: dict[str, Any] | None
) -> None:
    bound = bind_tool(taking(kind)).unwrap()
    assert bound.parse_arguments(f'{{"value": {text}}}') == Success({"value": value})
    properties = bound.tool.parameters["properties"]
    assert schema is None or properties == {"value": schema}
    assert _references(bound.tool.parameters) <= {
        f"#/$defs/{name}" for name in bound.tool.parameters.get("$defs", {})
    }


def _references(schema: dict[str, Any]) -> set[str]:
    return set(re.findall(r'"\$ref":"([^"]+)"', msgspec.json.encode(schema).decode()))


class Options(TypedDict):
    text: Annotated[str, "What."]
    limit: NotRequired[Annotated[int, "How many."]]


class Renamed(msgspec.Struct, rename="camel"):
    first_name: Annotated[str, "The first name."]
    place: Annotated[Place, msgspec.Meta(description="Where.")]


@dataclass
class Outer:
    options: Annotated[Options, "How."]
    people: list[Renamed]
    again: "Outer | None" = None


def test_texts_of_nested_fields_are_in_the_schema() -> None:
    definitions = bind_tool(taking(list[Outer] | None)).unwrap().tool.parameters["$defs"]
    described = {
        f"{name}.{key}": value["description"]
        for name, definition in definitions.items()
        for key, value in definition["properties"].items()
        if "description" in value
    }
    assert described == {
        "Outer.options": "How.",
        "Options.text": "What.",
        "Options.limit": "How many.",
        "Renamed.firstName": "The first name.",
        "Renamed.place": "Where.",
    }


WRONG: list[tuple[str, Any, str, str]] = [
    ("a model's field", Model, '{"size":"x"}', "tool/value"),
    ("a model in a list", list[Model], '[{"size":1},{"size":"x"}]', "tool/value/1"),
    ("a union of models", Model | Other, '{"width":1}', "tool/value"),
    ("a validator", Annotated[int, pydantic.AfterValidator(even)], "3", "tool/value"),
    ("a bound", Annotated[int, pydantic.Field(ge=1)], "0", "tool/value"),
    ("an enum", Color, '"green"', "tool/value"),
    ("a nested field", dict[str, Place], '{"a":{"city":1}}', "tool/value/a/city"),
]


@pytest.mark.parametrize(
    ("kind", "text", "path"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_argument_is_an_error_with_its_path(kind: Any, text: str, path: str) -> None:
    result = bind_tool(taking(kind)).unwrap().parse_arguments(f'{{"value": {text}}}')
    assert isinstance(result, Failure)
    error = result.failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == path


def test_the_text_of_a_models_error_names_the_field_and_no_website() -> None:
    error = bind_tool(taking(Model)).unwrap().parse_arguments('{"value": {"size": "x"}}').failure()
    assert "size: " in error.message
    assert "http" not in error.message


def test_two_types_of_one_name_are_an_error() -> None:
    same = pydantic.create_model("Point", y=(str, ...))
    outer = pydantic.create_model("Outer", point=(same, ...))

    def tool(one: Any, two: Any) -> None: ...

    tool.__annotations__ = {"one": Point, "two": outer}
    error = bind_tool(tool).failure()
    assert isinstance(error, InvalidRequest)
    assert "two different types have the name Point" in error.message


def test_a_type_without_a_schema_is_named_with_what_to_use() -> None:
    class Connection: ...

    error = bind_tool(taking(list[Connection])).failure()
    assert error.message == (
        "no JSON Schema: Connection has none; use a dataclass, Struct, TypedDict or pydantic model, or set the"
        " argument with functools.partial"
    )


def test_arguments_that_the_function_does_not_have_are_an_error() -> None:
    def tool(city: str, days: int = 1) -> None: ...

    parse = bind_tool(tool).unwrap().parse_arguments
    assert parse('{"city": "Oslo"}') == Success({"city": "Oslo", "days": 1})
    error = parse('{"city": "Oslo", "dayz": 3}').failure()
    assert "dayz" in error.message


def test_nulls_of_optional_parameters_are_left_out() -> None:
    """Strict services require every parameter, and send null for an optional one."""

    def tool(city: str, days: int = 1, place: Place | None = None, note: str | None = "x") -> None: ...  # fmt: skip

    parse = bind_tool(tool, strict=True).unwrap().parse_arguments
    assert parse('{"city": "Oslo", "days": null, "place": null, "note": null}') == Success(
        {"city": "Oslo", "days": 1, "place": None, "note": None}
    )
    assert isinstance(parse('{"city": null}'), Failure)
    schema = {"title": "f", "properties": {"a": {"type": "string"}}, "type": "object"}
    assert bind_tool(schema).unwrap().parse_arguments('{"a": null}') == Success({})


class Search:
    """Search a store."""

    def __init__(self, found: str) -> None:
        self.found = found

    def by_name(self, name: str, *, limit: int = 5) -> str:
        """Search by name."""
        return f"{self.found} {name} {limit}"

    def __call__(self, text: Annotated[str, "What."]) -> str:
        return f"{self.found} {text}"

    @staticmethod
    def count(kind: str) -> int:
        """Count."""
        return len(kind)


def query(store: Search, text: str, limit: int = 3) -> str:
    """Query a store.

    :param text: The text.
    """
    return f"{store.found} {text} {limit}"


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **named: Any) -> Any:
        return function(*args, **named)

    return wrapper


STORE = Search("ok")
CALLABLES: list[tuple[str, Any, str, str, set[str], str, Any]] = [
    ("method", STORE.by_name, "by_name", "Search by name.", {"name", "limit"},
     '{"name": "a", "limit": 2}', "ok a 2"),
    ("callable object", STORE, "Search", "Search a store.", {"text"}, '{"text": "a"}', "ok a"),
    ("static method", Search.count, "count", "Count.", {"kind"}, '{"kind": "abc"}', 3),
    ("partial by position", functools.partial(query, STORE), "query", "Query a store.",
     {"text", "limit"}, '{"text": "a"}', "ok a 3"),
    ("partial by name", functools.partial(query, store=STORE, limit=9), "query", "Query a store.",
     {"text"}, '{"text": "a"}', "ok a 9"),
    ("decorated", functools.partial(logged(query), STORE), "query", "Query a store.",
     {"text", "limit"}, '{"text": "a"}', "ok a 3"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "name", "description", "parameters", "text", "value"),
    [row[1:] for row in CALLABLES],
    ids=[row[0] for row in CALLABLES],
)
def test_whatever_is_called_is_a_tool(
    function: Any, name: str, description: str, parameters: set[str], text: str, value: Any
) -> None:
    bound = bind_tool(function).unwrap()
    assert (bound.tool.name, bound.tool.description) == (name, description)
    assert set(bound.tool.parameters["properties"]) == parameters
    assert bound.call is not None
    assert bound.call(**bound.parse_arguments(text).unwrap()) == value


def test_a_fields_default_is_the_parameters() -> None:
    def tool(days: int = pydantic.Field(3, description="How far."), at: str = pydantic.Field(description="Where.")) -> None: ...  # fmt: skip

    bound = bind_tool(tool).unwrap()
    assert bound.tool.parameters == {
        "type": "object",
        "properties": {
            "days": {"type": "integer", "description": "How far."},
            "at": {"type": "string", "description": "Where."},
        },
        "required": ["at"],
    }
    assert bound.parse_arguments('{"at": "a"}') == Success({"days": 3, "at": "a"})


def test_the_annotation_of_the_result_is_not_evaluated() -> None:
    def tool(text: str) -> "DataFrame":
        return text

    assert set(bind_tool(tool).unwrap().tool.parameters["properties"]) == {"text"}


GOOGLE = """Find it.

    Args:
        what (str): The thing,
            in words.
        where: The place.

    Returns:
        where: It is.
    """
NUMPY = """Find it.

    Parameters
    ----------
    what : str
        The thing,
        in words.
    where
        The place.

    Returns
    -------
    str
        Words.
    """
REST = """Find it.

    :param str what: The thing,
        in words.
    :param where: The place.
    :returns: Words.
    """


@pytest.mark.parametrize("docstring", [GOOGLE, NUMPY, REST], ids=["Google", "NumPy", "reST"])
def test_docstrings_of_three_styles_describe_parameters(docstring: str) -> None:
    def tool(what: str, where: str) -> None: ...

    tool.__doc__ = docstring
    made = bind_tool(tool).unwrap().tool
    assert made.description == "Find it."
    assert made.parameters["properties"] == {
        "what": {"type": "string", "description": "The thing, in words."},
        "where": {"type": "string", "description": "The place."},
    }
