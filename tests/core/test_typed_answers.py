"""An answer as a value of a type: what is asked for, what is read, and the path of what does not fit."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pydantic
import pytest

from llm_pure import ChatRequest, Completion, LLMConfig, Refusal, SchemaFormat, assistant
from llm_pure.adapters import registry
from llm_pure.completion import FinishReason
from llm_pure.errors import ContentFiltered, InvalidRequest, ProtocolFault
from llm_pure.result import Failure, Success
from llm_pure.typed_answers import read_typed, typed_request


class Item(msgspec.Struct):
    name: str
    price: float = 0.0
    note: str | None = None


class Order(msgspec.Struct):
    items: list[Item]
    paid: bool = False


@dataclass
class Point:
    x: int
    y: int = 0


class Model(pydantic.BaseModel):
    x: int
    tags: dict[str, int] = {}


def said(text: str, finish_reason: FinishReason = "stop") -> Completion:
    return Completion(provider="tiny", message=assistant(text), finish_reason=finish_reason)


def asked(kind: Any) -> SchemaFormat:
    wanted = typed_request(ChatRequest(messages="hi"), kind).unwrap().response_format
    assert isinstance(wanted, SchemaFormat)
    return wanted


def test_the_schema_is_strict_where_nothing_is_lost_by_it() -> None:
    assert asked(Point) == SchemaFormat(
        name="Point",
        schema={
            "title": "Point",
            "type": "object",
            "properties": {"x": {"type": "integer"}, "y": {"type": ["integer", "null"]}},
            "required": ["x", "y"],
            "additionalProperties": False,
        },
        strict=True,
    )
    assert asked(Model).strict is None


def test_what_is_no_object_is_asked_for_inside_one() -> None:
    assert asked(list[int]).schema["required"] == ["value"]
    assert read_typed(said('{"value": [1, 2]}'), list[int]) == Success([1, 2])


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('{"x": 1}', Point, Point(1)),
        ('{"x": 1, "y": null}', Point, Point(1)),
        ('```json\n{"x": 1, "tags": {"a": 2}}\n```', Model, Model(x=1, tags={"a": 2})),
        (
            'Here: {"items": [{"name": "a", "price": null, "note": null}], "paid": null}',
            Order,
            Order([Item("a")]),
        ),
    ],
)
def test_an_answer_is_read_as_the_type(text: str, kind: type[Any], value: Any) -> None:
    assert read_typed(said(text), kind) == Success(value)


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        ('{"items": [{"name": 1}]}', Order, "$.items/0/name"),
        ('{"x": "a"}', Point, "$.x"),
        ('{"x": "a"}', Model, "$.x"),
        ('{"tags": {"a": "b"}, "x": 1}', Model, "$.tags/a"),
        ("no", Point, "$"),
        ('{"x": 1', Point, "$"),
        ("", Point, "$"),
    ],
)
def test_what_does_not_fit_names_its_path(text: str, kind: type[Any], where: str) -> None:
    got = read_typed(said(text), kind)
    assert isinstance(got, Failure)
    error = got.failure()
    assert isinstance(error, ProtocolFault)
    assert (error.where, error.partial) == (where, said(text))


def test_an_answer_that_was_cut_off_says_so() -> None:
    error = read_typed(said('{"x": 1', "length"), Point).failure()
    assert error.message == "the answer was cut off at its limit of tokens"


def test_a_refusal_is_the_models_own_words() -> None:
    refused = Completion(provider="tiny", message=assistant(Refusal("No.")))
    assert read_typed(refused, Point) == Failure(
        ContentFiltered(message="No.", provider="tiny", partial=refused)
    )


def test_a_type_without_a_schema_is_an_error() -> None:
    got = typed_request(ChatRequest(messages="hi"), type("Odd", (), {}))
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidRequest)


@pytest.mark.parametrize("name", registry.names())
def test_every_provider_tells_the_model_the_schema(name: str) -> None:
    request = typed_request(ChatRequest(messages="hi", max_tokens=9), Order).unwrap()
    config = LLMConfig(
        api_type=name, api_key="k" * 24, model="m1", base_url="https://example.org", endpoint="https://e.test"
    )  # fmt: skip
    built = registry.get(name).unwrap().build_chat(config, request)
    if not isinstance(built, Failure) and not built.unwrap().adaptations:
        assert b"price" in built.unwrap().request.body
