"""What `ask` puts together: system messages, messages before, and what the user says, with pictures. Pure."""

from collections.abc import Sequence

from llm_pure.chat.message_input import parse_messages
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import from_base64, from_data_url
from llm_pure.types.messages import Image, Message, Part, system, user
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success

DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant."

ImageInput = Image | bytes | str
"""A picture as users have it: an Image, its bytes, a URL, a data: URL or bare base64."""


def build_prompt(
    message: MessagesInput,
    *,
    system_msgs: str | Sequence[str] | None = None,
    format_msgs: MessagesInput = (),
    images: Sequence[ImageInput] = (),
) -> LLMResult[ChatRequest]:
    """System messages, then format_msgs, then the message; pictures stand at the end of the last one of the user's.

    system_msgs: None takes the default, an empty list none at all. Fails with InvalidRequest.

    >>> [turn.role for turn in build_prompt("Hi", format_msgs=["Be brief.", "Yes."]).unwrap().messages]
    ['system', 'user', 'user', 'user']
    """
    if system_msgs is None:
        system_msgs = (DEFAULT_SYSTEM_PROMPT,)
    elif isinstance(system_msgs, str):
        system_msgs = (system_msgs,)
    before = parse_messages(format_msgs) if format_msgs else Success(())
    if isinstance(before, Failure):
        return before
    said = parse_messages(message)
    if isinstance(said, Failure):
        return said
    pictures: list[Part] = []
    for number, given in enumerate(images):
        picture = parse_image(given, f"images/{number}")
        if isinstance(picture, Failure):
            return picture
        pictures.append(picture.unwrap())
    return Success(
        ChatRequest(
            messages=(
                *[system(text) for text in system_msgs],
                *before.unwrap(),
                *_with_pictures(said.unwrap(), pictures),
            )
        )
    )


def parse_image(given: ImageInput, path: str = "image") -> LLMResult[Image]:
    """The picture as a part; InvalidRequest when a string is neither a URL nor base64."""
    if isinstance(given, Image):
        return Success(given)
    if isinstance(given, bytes):
        return Success(Image(data=given))
    if given.startswith(("http://", "https://", "gs://", "s3://")):
        return Success(Image(url=given))
    if given.startswith("data:"):
        found = from_data_url(given)
        if found is not None:
            return Success(Image(data=found[0], media_type=found[1]))
    elif data := from_base64(given):
        return Success(Image(data=data))
    return Failure(
        InvalidRequest(message="a picture is a URL, a data: URL, base64 or bytes", param=path)
    )


def _with_pictures(turns: tuple[Message, ...], pictures: list[Part]) -> tuple[Message, ...]:
    if not pictures:
        return turns
    last = turns[-1]
    if last.role != "user":
        return (*turns, user(*pictures))
    return (*turns[:-1], Message("user", (*last.parts, *pictures), last.name))
