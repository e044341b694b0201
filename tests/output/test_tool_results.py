"""What a tool returns or raises, as the model reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

import msgspec
import pydantic
import pytest

from llm_pure import (
    Completion,
    Document,
    Image,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolRun,
    ToolStep,
    assistant,
)
from llm_pure.output.tool_results import (
    ERROR_LIMIT,
    error_result,
    exception_result,
    value_result,
)
from llm_pure.types.errors import NotFound, describe
from llm_pure.types.messages import ToolResultContent
from llm_pure.types.result import Failure, Success

CALL = ToolCall("c1", "f", "{}")
IMAGE = Image(url="https://example.org/a.png")


ANSWER = Completion(message=assistant(Reasoning("Hm."), "Yes."))


class Color(Enum):
    RED = "red"


@dataclass
class Point:
    x: int


class Place(msgspec.Struct):
    city: str


class Model(pydantic.BaseModel):
    day: date


VALUES: list[tuple[str, Any, tuple[ToolResultContent, ...]]] = [
    ("text", "21 C", (Text("21 C"),)),
    ("no text", "", (Text(""),)),
    ("half a pair", "a\ud800", (Text("a?"),)),
    ("number", 1.5, (Text("1.5"),)),
    ("nothing", None, (Text("null"),)),
    ("dict", {"a": [1, None]}, (Text('{"a":[1,null]}'),)),
    ("other mapping", MappingProxyType({"a": 1}), (Text('{"a":1}'),)),
    ("tuple", (1, "a"), (Text('[1,"a"]'),)),
    ("date and Decimal", [date(2026, 11, 29), Decimal("1.5")], (Text('["2026-11-29","1.5"]'),)),
    ("enum", Color.RED, (Text('"red"'),)),
    ("dataclass", Point(1), (Text('{"x":1}'),)),
    ("Struct", [Place("Oslo")], (Text('[{"city":"Oslo"}]'),)),
    ("model", Model(day=date(2026, 11, 29)), (Text('{"day":"2026-11-29"}'),)),
    ("models in a dict", {"a": Model(day=date(2026, 11, 29))}, (Text('{"a":{"day":"2026-11-29"}}'),)),
    ("image", IMAGE, (IMAGE,)),
    ("parts and texts", ["Look:", IMAGE, Document(data=b"x")],
     (Text("Look:"), IMAGE, Document(data=b"x"))),
    ("a list of texts is JSON", ["a", "b"], (Text('["a","b"]'),)),
    ("another run", Success(ToolRun(steps=(ToolStep(completion=ANSWER),))), (Text("Yes."),)),
    ("a completion", ANSWER, (Text("Yes."),)),
    ("Success", Success({"a": 1}), (Text('{"a":1}'),)),
    ("Success in a Success", Success(Success("a")), (Text("a"),)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "content"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES]
)
def test_a_value_becomes_the_content(value: Any, content: tuple[ToolResultContent, ...]) -> None:
    assert value_result(CALL, value) == ToolResult(tool_call_id="c1", content=content, name="f")


ERROR = NotFound(message="no such city", provider="weather")


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        pytest.param(Failure("no such city"), "no such city", id="text"),
        pytest.param(Failure(KeyError("Oslo")), "KeyError: 'Oslo'", id="exception"),
        pytest.param(Failure(ERROR), describe(ERROR), id="LLMError"),
        pytest.param(Success(Failure("no")), "no", id="inside a Success"),
    ],
)
def test_a_failure_is_an_error_result(failure: Any, text: str) -> None:
    assert value_result(CALL, failure) == error_result(CALL, text)


def test_a_result_gets_the_id_of_its_call() -> None:
    other = ToolResult(tool_call_id="x", content=(Text("a"),), is_error=True)
    assert value_result(CALL, other) == ToolResult(
        tool_call_id="c1", content=(Text("a"),), name="f", is_error=True
    )


class Endless(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        return self

    def __iter__(self) -> Any:
        return iter("a")

    def __len__(self) -> int:
        return 1


LOOP: list[Any] = [Text("a")]
LOOP.append(LOOP)


@pytest.mark.parametrize("value", [object(), [object()], {1, object()}, Endless(), LOOP])
def test_a_value_that_is_no_json_is_a_type_error_that_names_its_type(value: Any) -> None:
    with pytest.raises(TypeError, match=f"the tool returned {type(value).__name__}"):
        value_result(CALL, value)


class Unreadable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


SECRET = "0123456789abcdef"
EXCEPTIONS: list[tuple[str, BaseException, str]] = [
    ("text", ValueError("no"), "ValueError: no"),
    ("no text", ValueError(), "ValueError"),
    ("unreadable", Unreadable(), "Unreadable"),
    ("a known secret", ValueError(f"key {SECRET} is wrong"), "ValueError: key *** is wrong"),
    ("a key's format", ValueError("sk-proj-abcdefghijklmnop"), "ValueError: ***"),
    (
        "a group of one",
        ExceptionGroup("g", [ExceptionGroup("h", [ValueError("no")])]),
        "ValueError: no",
    ),
    (
        "a group",
        ExceptionGroup("g", [KeyError(), ValueError()]),
        "ExceptionGroup: g (2 sub-exceptions)",
    ),
    ("half a pair", ValueError("\ud800"), "ValueError: ?"),
    ("long", ValueError("x" * 9000), f"ValueError: {'x' * (ERROR_LIMIT - 12)} ..."),
]


@pytest.mark.parametrize(
    ("error", "text"), [row[1:] for row in EXCEPTIONS], ids=[row[0] for row in EXCEPTIONS]
)
def test_an_exception_is_an_error_result_without_secrets(error: BaseException, text: str) -> None:
    assert exception_result(CALL, error, frozenset({SECRET})) == ToolResult(
        tool_call_id="c1", content=(Text(text),), name="f", is_error=True
    )
