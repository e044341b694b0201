"""What ask puts together."""

import pytest

from llm_pure import Image, Text, assistant, system, user
from llm_pure.chat.prompt import ImageInput, build_prompt, parse_image
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.request import MessageInput
from llm_pure.types.result import Failure, Success

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_default_is_a_helpful_assistant() -> None:
    request = build_prompt("Hi").unwrap()
    assert request.messages == (system("You are a helpful assistant."), user("Hi"))


def test_an_empty_list_of_system_messages_is_none_at_all() -> None:
    assert build_prompt("Hi", system_msgs=()).unwrap().messages == (user("Hi"),)


def test_a_list_of_messages_is_taken_as_it_is() -> None:
    turns: list[MessageInput] = ["Hi", {"role": "assistant", "content": "Hello"}, "Well?"]
    request = build_prompt(turns, system_msgs="Be.").unwrap()
    assert request.messages == (system("Be."), user("Hi"), assistant("Hello"), user("Well?"))


def test_pictures_stand_after_the_words_of_the_last_message() -> None:
    request = build_prompt("What?", system_msgs=(), images=[PNG, "https://a.example/b.png"])
    assert request.unwrap().messages == (
        user("What?", Image(data=PNG), Image(url="https://a.example/b.png")),
    )


def test_pictures_after_an_answer_are_a_message_of_their_own() -> None:
    request = build_prompt(assistant("Show me."), system_msgs=(), images=[PNG])
    assert request.unwrap().messages == (assistant("Show me."), user(Image(data=PNG)))


@pytest.mark.parametrize(
    ("given", "image"),
    [
        (Image(file_id="f1"), Image(file_id="f1")),
        (PNG, Image(data=PNG)),
        ("http://a.example/b", Image(url="http://a.example/b")),
        ("data:image/png;base64,iVBORw0KGgo=", Image(data=PNG, media_type="image/png")),
        ("iVBORw0KGgo=", Image(data=PNG)),
    ],
    ids=["an Image", "bytes", "a URL", "a data URL", "base64"],
)
def test_a_picture_is_read_however_it_is_given(given: ImageInput, image: Image) -> None:
    assert parse_image(given) == Success(image)


@pytest.mark.parametrize("given", ["", "cat.png", "data:image/png,raw", "data:image/png;base64,%"])
def test_a_string_that_is_no_picture_is_an_error(given: str) -> None:
    got = parse_image(given, "images/3")
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidRequest)
    assert (
        got.failure().message
        == "an image is a URL, a data: URL, base64, bytes, or a pathlib.Path of its file"
    )


def test_an_unreadable_message_is_an_error() -> None:
    assert isinstance(build_prompt({"role": "nobody"}).failure(), InvalidRequest)
    assert isinstance(build_prompt("Hi", format_msgs=[{"role": "x"}]).failure(), InvalidRequest)


def test_the_words_of_a_message_with_pictures_are_kept() -> None:
    request = build_prompt("What?", images=[PNG]).unwrap()
    assert request.messages[-1].parts[0] == Text("What?")  # type: ignore[index, union-attr]
