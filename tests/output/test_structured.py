"""An answer as a value of a type: what is asked for, what is read, and the path of what does not fit."""

import json
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

import msgspec
import pydantic
import pytest

from llm_pure import (
    ChatRequest,
    Completion,
    LLMConfig,
    Refusal,
    SchemaFormat,
    Tool,
    ToolCall,
    assistant,
)
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.output.structured import build_structured, parse_structured, structured_request
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import ContentFiltered, InvalidRequest, ProtocolError, UnsupportedFeature
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.tiny_provider import PROVIDER
from tests.support.tiny_provider import build_chat as build_tiny
from tests.support.tiny_provider import config as config_of_tiny


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
    wanted = structured_request(ChatRequest(messages="hi"), kind).unwrap().response_format
    assert isinstance(wanted, SchemaFormat)
    return wanted


def test_the_schema_of_the_type_is_asked_for_as_it_is() -> None:
    """Each service writes it in its own dialect."""
    assert asked(Point) == SchemaFormat(
        name="Point",
        schema={
            "title": "Point",
            "type": "object",
            "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}},
            "required": ["x"],
        },
        strict=True,
        fallback_to_tool=True,
    )


def test_what_is_no_object_is_asked_for_inside_one() -> None:
    assert asked(list[int]).schema["required"] == ["value"]
    assert parse_structured(said('{"value": [1, 2]}'), list[int]) == Success([1, 2])


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("[1, 2]", list[int], [1, 2]),
        ("[1]", {"type": "array", "items": {"type": "integer"}}, [1]),
        (" 5\n", int | None, 5),
        ("true", bool, True),
    ],
)
def test_a_value_that_is_written_alone_is_read(text: str, kind: Any, value: Any) -> None:
    """Models whose service does not enforce the schema leave the object around it out."""
    assert parse_structured(said(text), kind) == Success(value)


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [('["a"]', list[int], "$.0"), ("[1]", Point, "$"), ("null", int | None, "$"), ("5", str, "$")],
)
def test_a_value_alone_of_another_type_is_an_error(text: str, kind: Any, where: str) -> None:
    error = parse_structured(said(text), kind).failure()
    assert isinstance(error, ProtocolError)
    assert error.where == where


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
    assert parse_structured(said(text), kind) == Success(value)


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
    got = parse_structured(said(text), kind)
    assert isinstance(got, Failure)
    error = got.failure()
    assert isinstance(error, ProtocolError)
    assert (error.where, error.partial) == (where, said(text))


def test_an_answer_that_was_cut_off_says_so() -> None:
    error = parse_structured(said('{"x": 1', "length"), Point).failure()
    assert error.message == "the response was cut off at the token limit"


def test_a_refusal_is_the_models_own_words() -> None:
    refused = Completion(provider="tiny", message=assistant(Refusal("No.")))
    assert parse_structured(refused, Point) == Failure(
        ContentFiltered(message="No.", provider="tiny", partial=refused)
    )


def test_a_type_without_a_schema_is_an_error() -> None:
    got = structured_request(ChatRequest(messages="hi"), type("Odd", (), {}))
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidRequest)


PLACE = {
    "title": "place",
    "type": "object",
    "properties": {"city": {"type": "string"}, "tags": {"type": "array", "items": {"enum": [1]}}},
    "required": ["city"],
}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"city": "Oslo", "more": 1}', {"city": "Oslo", "more": 1}),
        ('{"city": "Oslo", "tags": null}', {"city": "Oslo"}),
        ('{"city": "Oslo", "tags": [2]}', "$.tags/0"),
        ("{}", "$.city"),
    ],
)
def test_a_json_schema_is_a_kind_too(text: str, read: Any) -> None:
    got: Any = parse_structured(said(text), PLACE)
    if isinstance(read, str):
        assert (got.failure().kind, got.failure().where) == ("protocol", read)
    else:
        assert got == Success(read)
    assert asked(PLACE).name == "place"


def test_a_json_schema_of_no_object_is_asked_for_inside_one() -> None:
    numbers = {"type": "array", "items": {"type": "number"}}
    assert asked(numbers).name == "answer"
    assert parse_structured(said('{"value": [1, 2.5]}'), numbers) == Success([1, 2.5])
    error = parse_structured(said('{"value": [1, "b"]}'), numbers).failure()
    assert isinstance(error, ProtocolError)
    assert error.where == "$.value/1"


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


def test_a_typed_dict_is_a_kind_too() -> None:
    assert parse_structured(said('{"title": "M", "year": null}'), Movie) == Success({"title": "M"})
    error = parse_structured(said('{"title": "M", "year": "x"}'), Movie).failure()
    assert isinstance(error, ProtocolError)
    assert error.where == "$.year"


def test_an_answer_may_stand_in_the_call_of_the_tool_that_was_offered() -> None:
    call = ToolCall("c1", "Point", '{"x": 1, "y": 2}')
    other = ToolCall("c0", "other", '{"x": 9}')
    called = Completion(provider="tiny", message=assistant("Here it is.", other, call))
    assert parse_structured(called, Point) == Success(Point(1, 2))
    broken = Completion(provider="tiny", message=assistant(ToolCall("c1", "Point", '{"x": "a"}')))
    error = parse_structured(broken, Point).failure()
    assert isinstance(error, ProtocolError)
    assert error.where == "$.x"


NATIVE, TOOL, SOME_JSON, WORDS = "native", "tool", "json_object", None
WAYS: dict[tuple[str, str], str | None] = {
    ("openai", "gpt-5-mini"): NATIVE,
    ("openai", "gpt-4o-2024-08-06"): NATIVE,
    ("openai", "gpt-4o-2024-05-13"): TOOL,
    ("openai", "gpt-4-turbo"): TOOL,
    ("openai", "gpt-3.5-turbo"): TOOL,
    ("openai", "o1-mini"): WORDS,
    ("openai_responses", "gpt-5-mini"): NATIVE,
    ("azure", "my-gpt"): NATIVE,
    ("anthropic", "claude-sonnet-4-5"): NATIVE,
    ("anthropic", "claude-sonnet-4-0"): TOOL,
    ("vertex_anthropic", "claude-3-haiku"): TOOL,
    ("bedrock", "anthropic.claude-sonnet-4-5-v1:0"): NATIVE,
    ("bedrock", "amazon.nova-lite-v1:0"): TOOL,
    ("bedrock", "meta.llama3-1-8b-instruct-v1:0"): WORDS,
    ("bedrock_invoke", "amazon.nova-lite-v1:0"): TOOL,
    ("bedrock_invoke", "anthropic.claude-3-haiku-20240307-v1:0"): TOOL,
    ("bedrock_invoke", "meta.llama3-8b-instruct-v1:0"): WORDS,
    ("gemini", "gemini-2.5-flash"): NATIVE,
    ("cohere", "command-a-03-2025"): NATIVE,
    ("ollama", "llama3.2"): NATIVE,
    ("ollama.generate", "llama3.2"): NATIVE,
    ("deepseek", "deepseek-v4-pro"): SOME_JSON,  # it thinks, and cannot be made to call
    ("deepseek", "deepseek-chat"): TOOL,
    ("groq", "openai/gpt-oss-120b"): NATIVE,
    ("groq", "llama-3.3-70b-versatile"): TOOL,
    ("zhipuai", "glm-4.6"): SOME_JSON,  # the choice is the model's
    ("spark", "4.0Ultra"): WORDS,
    ("qianfan", "ERNIE-4.0-8K"): TOOL,
    ("dashscope", "qwen-plus"): NATIVE,
    ("llama_api", "Llama-4-Maverick"): NATIVE,
    ("mistral", "mistral-large-2411"): NATIVE,
}


def typed(name: str, model: str, *, strict: bool = False, **asked: Any) -> LLMResult[Built]:
    provider = registry.get(name).unwrap()
    config = msgspec.structs.replace(config_for(name), model=model, domain=None)
    if provider.base_url:  # at its own address some services speak another dialect
        config = msgspec.structs.replace(config, base_url=None)
    request = structured_request(ChatRequest(messages="hi", **asked), Point).unwrap()
    return build_structured(provider, config, request, strict=strict)


def way_of(built: Built) -> Any:
    told = [one for one in built.adaptations if one.field == "response_format"]
    return told[0].after if told else NATIVE


@pytest.mark.parametrize(("service", "way"), WAYS.items(), ids=map(" ".join, WAYS))
def test_a_type_is_asked_for_in_the_best_way_that_the_model_has(
    service: tuple[str, str], way: str | None
) -> None:
    built = typed(*service).unwrap()
    assert way_of(built) == way
    assert b"integer" in built.request.body
    if way != NATIVE:
        refused = typed(*service, strict=True).failure()
        assert isinstance(refused, UnsupportedFeature)
        assert "response_format" in refused.message


def test_a_tool_is_no_way_where_the_request_has_tools_of_its_own() -> None:
    own = Tool(name="clock")
    built = typed("anthropic", "claude-sonnet-4-0", tools=(own,)).unwrap()
    assert way_of(built) is None
    assert [one["name"] for one in json.loads(built.request.body)["tools"]] == ["clock"]


def test_a_tool_asks_for_one_call_of_the_whole_schema() -> None:
    sent = json.loads(typed("anthropic", "claude-sonnet-4-0").unwrap().request.body)
    assert sent["tool_choice"] == {"type": "tool", "name": "Point"}
    assert sent["tools"] == [
        {
            "name": "Point",
            "description": "Gives the answer; call it once, with all of it.",
            "input_schema": asked(Point).schema,
        }
    ]
    assert "system" not in sent


def test_a_provider_that_drops_formats_is_told_the_schema_in_the_prompt() -> None:
    """As a dialect of somebody's own may do; those that are shipped tell it themselves."""

    def build(config: LLMConfig, request: ChatRequest, *, strict: bool = False) -> LLMResult[Built]:
        made = build_tiny(config, request).unwrap()
        fields = [one for one in ("tools", "response_format") if getattr(request, one)]
        told = tuple([Adaptation(field=one, action="dropped", reason="no such") for one in fields])
        return Success(msgspec.structs.replace(made, adaptations=told))

    provider = msgspec.structs.replace(PROVIDER, build_chat=build)
    request = structured_request(ChatRequest(messages="hi"), Point).unwrap()
    built = build_structured(provider, config_of_tiny(), request).unwrap()
    turns = json.loads(built.request.body)["turns"]
    assert [role for role, _ in turns] == ["user", "user"]
    assert turns[1][1].startswith("Answer with JSON of this JSON Schema, and with nothing else.\n{")
    assert built.adaptations == (
        Adaptation(
            field="response_format",
            action="changed",
            reason="no such; the schema is in the prompt",
            before="json_schema",
            after=None,
        ),
    )


@pytest.mark.parametrize("name", chat_providers())
def test_every_provider_tells_the_model_the_schema(name: str) -> None:
    request = structured_request(ChatRequest(messages="hi", max_tokens=9), Order).unwrap()
    built = build_structured(registry.get(name).unwrap(), config_for(name), request).unwrap()
    assert b"price" in built.request.body


class AllOptional(msgspec.Struct):
    a: int | None = None
    b: str = "x"


class Partly(TypedDict, total=False):
    x: int | None


class Inside(msgspec.Struct):
    items: list[AllOptional]


LOOSE: list[tuple[Any, str, str]] = [
    (int | None, "{}", "$.value"),
    (int | None, '{"valeu": 3}', "$.value"),
    (int | None, '{"answer": 3}', "$.value"),
    (int | None, '{"value": "3"}', "$"),
    (int | None, '{"value": 3.5}', "$"),
    (int | None, '{"value": true}', "$"),
    (str | None, "{}", "$.value"),
    (Any, "{}", "$.value"),
    (type(None), "{}", "$.value"),
    (Literal["a"] | None, "{}", "$.value"),
    (list[int] | None, '{"values": [1]}', "$.value"),
    (AllOptional | None, '{"a": 1}', "$.value"),
    (AllOptional, '{"c": 1}', "$"),
    (Partly, '{"y": 1}', "$"),
    (Inside, '{"items": [{"a": 1}, {"c": 1}]}', "$.items/1"),
    (list[AllOptional], '{"value": [{"c": 1}]}', "$.value/0"),
]


@pytest.mark.parametrize(("kind", "text", "where"), LOOSE, ids=str)
def test_an_object_of_another_type_is_no_value_of_one_that_needs_nothing(
    kind: Any, text: str, where: str
) -> None:
    """A type that may be null, or whose properties are all optional, is not read from any object."""
    answer = Completion(message=assistant(text), finish_reason="stop")
    error = parse_structured(answer, kind).failure()
    assert isinstance(error, ProtocolError)
    assert error.where == where


RIGHT: list[tuple[Any, str, Any]] = [
    (int | None, '{"value": null}', None),
    (int | None, '{"value": 3}', 3),
    (Any, '{"value": null}', None),
    (AllOptional, "{}", AllOptional()),
    (AllOptional, '{"b": "y", "c": 1}', AllOptional(b="y")),
    (Partly, "{}", {}),
    (dict[str, int], '{"y": 1}', {"y": 1}),
    ({"type": "object", "properties": {"a": {}}}, '{"c": 1}', {"c": 1}),
]


@pytest.mark.parametrize(("kind", "text", "expected"), RIGHT, ids=str)
def test_null_and_no_property_are_values_where_they_are_written(
    kind: Any, text: str, expected: Any
) -> None:
    answer = Completion(message=assistant(text), finish_reason="stop")
    assert parse_structured(answer, kind) == Success(expected)
