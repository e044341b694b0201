"""JSON in and out as Results."""

from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.framing.json_codec import (
    DEPTH_LIMIT,
    convert,
    decode,
    decode_any,
    encode,
    fault_path,
    json_object,
    json_text,
    preview,
)
from llm_pure.types.errors import InvalidRequest, ProtocolError
from llm_pure.types.result import Failure, Success
from tests.support.complaints import complaint


class Point(msgspec.Struct):
    x: int | str
    y: int = 0


POINT = msgspec.json.Decoder(Point)
DEEP = b"[" * 100_000


def test_json_of_the_wanted_shape_is_the_value() -> None:
    assert decode(POINT, b'{"x":1,"z":[]}', provider="p") == Success(Point(1))
    assert decode_any(b' {"a":[1,2.5,null,true,"\\u00e9"]} ', provider="p") == Success(
        {"a": [1, 2.5, None, True, "é"]}
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"x":',
        b"<html>",
        b"[1]",
        b'{"x":[]}',
        b'{"x":1}x',
        b'{"x":"\xff"}',
        b'{"x":"\\ud800 ..."',
        b'{"x":1e999}',
    ],
)
def test_other_bytes_are_a_fault_that_says_what_and_where(data: bytes) -> None:
    error = decode(POINT, data, provider="p", where="event 3").failure()
    message = f"the response could not be read: {complaint(lambda: POINT.decode(data))}"
    assert error == ProtocolError(
        message=message, provider="p", where="event 3", evidence=data[:300]
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\uDE00 hi"', "\ufffd hi"),
        (rb'"\uD83D\uD83D\uDE00"', "\ufffd\U0001f600"),
        (rb'"\ud83d\u0041"', "\ufffdA"),
        (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
    ],
)
def test_half_of_a_surrogate_pair_is_one_odd_letter(data: bytes, text: str) -> None:
    assert decode_any(data, provider="p") == Success(text)


def test_deep_nesting_is_a_fault() -> None:
    assert isinstance(decode_any(DEEP, provider="p").failure(), ProtocolError)


def test_evidence_has_no_key_in_it() -> None:
    error = decode_any(b"bad key: sk-abcdefgh12345678", provider="p").failure()
    assert isinstance(error, ProtocolError)
    assert error.evidence == b"bad key: ***"


def test_decoded_json_becomes_a_struct_or_a_fault_that_shows_it() -> None:
    assert convert(Point, {"x": 1}, provider="p") == Success(Point(1))
    error = convert(Point, {"x": None}, provider="p", where="line 2").failure()
    assert isinstance(error, ProtocolError)
    assert (error.where, error.evidence) == ("line 2", b'{"x":null}')


class Cat(msgspec.Struct, tag="cat", rename="camel"):
    name: str
    nine_lives: tuple[int, str] = (9, "")
    friends: "list[Cat | Dog]" = []


class Dog(msgspec.Struct, tag="dog"):
    name: str
    toys: dict[str, Annotated[int, msgspec.Meta(ge=0)]] | None = None


class Owner(TypedDict):
    name: str
    pets: NotRequired[list[Cat | Dog]]


@dataclass
class House:
    owner: Owner


CAT = {"type": "cat", "name": "Tom"}
DOG = {"type": "dog", "name": "Rex"}


@pytest.mark.parametrize(
    ("kind", "value", "path"),
    [
        (Point, {"x": 1}, ()),
        (Point, [], ()),
        (Point, {}, ()),
        (Point, {"x": 1, "y": "a", "z": 1}, ("y",)),
        (Cat, {**CAT, "nineLives": [9, 9]}, ("nineLives", "1")),
        (Cat | Dog, {**DOG, "toys": {"ball": 1, "bone": -1}}, ("toys", "bone")),
        (House, {"owner": {"name": "A", "pets": [CAT, {**CAT, "friends": [DOG, 1]}]}},
            ("owner", "pets", "1", "friends", "1")),
        (House, {"owner": {"name": "A", "pets": [{"type": "cow"}]}}, ("owner", "pets", "0")),
        (House, {"owner": {"pets": []}}, ("owner",)),
        (int | list[int], ["a"], ("0",)),
    ],
)  # fmt: skip
def test_the_path_of_a_fault_is_found_without_the_text_of_msgspec(
    kind: Any, value: Any, path: tuple[str, ...]
) -> None:
    assert fault_path(kind, value) == path


def test_what_cannot_be_written_shows_nothing() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert preview(deep) == b""


@given(st.binary())
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert isinstance(decode(POINT, data, provider="p"), Success | Failure)
    assert isinstance(decode_any(data, provider="p"), Success | Failure)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1}', {"a": 1}),
        ("{}", {}),
        ("[]", None),
        ("null", None),
        ("", None),
        ("{", None),
        ('{"a":"\\ud800"}', None),
        ("\ud800", None),
        ("[" * 100_000, None),
    ],
)
def test_text_that_says_an_object_is_one(text: str, value: dict[str, Any] | None) -> None:
    assert json_object(text) == value


def test_objects_are_written_in_their_order() -> None:
    value = {"b": 1, "a": {"z": "é", "y": None}}
    assert json_text(value) == '{"b":1,"a":{"z":"é","y":null}}'
    assert encode(value, provider="p") == Success(json_text(value).encode())


def circle() -> list[Any]:
    around: list[Any] = []
    around.append(around)
    return around


@pytest.mark.parametrize(
    "value",
    [{"a": object()}, {"a": "\ud800"}, {1j: 1}, circle()],
    ids=["object", "surrogate", "key", "cycle"],
)
def test_what_is_no_json_is_a_wrong_request(value: Any) -> None:
    error = encode(value, provider="p").failure()
    assert isinstance(error, InvalidRequest)
    assert error.provider == "p"


@pytest.mark.parametrize("depth", [DEPTH_LIMIT, DEPTH_LIMIT + 1])
@pytest.mark.parametrize("unit", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"[": "]]", "a":', b"}]")])
def test_json_is_decoded_down_to_the_limit_of_its_depth(
    unit: tuple[bytes, bytes], depth: int
) -> None:
    begin, end = unit
    times = depth // (begin.count(b"[{") + 1)
    extra = depth - times * (begin.count(b"[{") + 1)
    data = b"[" * extra + begin * times + b'"' + b"[" * 500 + b'"' + end * times + b"]" * extra
    assert isinstance(decode_any(data, provider="p"), Success) is (depth == DEPTH_LIMIT)


def test_json_beyond_the_limit_is_an_error_that_names_it() -> None:
    error = decode_any(DEEP, provider="p", where="event 3").failure()
    assert error == ProtocolError(
        message="the response could not be read: nested deeper than 128",
        provider="p",
        where="event 3",
        evidence=DEEP,
    )
    assert json_object('{"a":' + "[" * 200 + "]" * 200 + "}") is None
    assert json_object('{"a":"' + "[" * 500 + '"}') == {"a": "[" * 500}


class Numbers(msgspec.Struct):
    count: int | None = None
    items: list[int] | None = None
    name: str | None = None


NUMBERS = msgspec.json.Decoder(Numbers)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"count":"5","items":["1"]}', Numbers(5, [1])),
        (b'{"count":"5","name":"null"}', Numbers(5, None, "null")),
        (b'{"count":"5","name":"a\\"null"}', Numbers(5, None, 'a"null')),
        (b'{"count":"5","null":[]}', Numbers(5)),
        (b'{"count":null,"items":null,"name":null}', Numbers()),
    ],
)
def test_numbers_as_text_are_numbers(data: bytes, expected: Numbers) -> None:
    assert decode(NUMBERS, data, provider="p") == Success(expected)
    assert convert(Numbers, msgspec.json.decode(data), provider="p") == Success(expected)


@pytest.mark.parametrize("null", ["null", "Null", "NULL", "\\u006eull", "n\\u0055\\u006C\\u006c"])
@pytest.mark.parametrize("field", ["count", "items"])
def test_the_text_null_is_not_null(field: str, null: str) -> None:
    data = f'{{"{field}":"{null}","name":"null"}}'.encode()
    assert isinstance(decode(NUMBERS, data, provider="p").failure(), ProtocolError)
    value = msgspec.json.decode(data)
    assert isinstance(convert(Numbers, value, provider="p").failure(), ProtocolError)
