"""Build the request of `LLM.ask`: system messages, earlier messages, and the user's message with images. Pure."""

from collections.abc import Sequence

from llm_pure.chat.message_input import read_messages
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Media,
    Message,
    Part,
    Video,
    system,
    user,
)
from llm_pure.types.operations import FilePath
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest, MessagesInput

DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant."


ImageInput = Image | Audio | Document | Video | bytes | str | FilePath
"""An Image or another part of media, the image's bytes, a URL, a data: URL or base64; a Path of a file of any kind, which the
client reads."""


SystemInput = str | Sequence[str] | None
"""System messages; None is the default prompt, an empty list none."""


@returns_failure
def build_prompt(
    message: MessagesInput,
    *,
    system_msgs: SystemInput = None,
    format_msgs: MessagesInput = (),
    images: Sequence[ImageInput] = (),
) -> ChatRequest:
    """Join system messages, `format_msgs` and the message; images are appended to its last user message.

    `system_msgs`: None takes the default prompt, an empty list sends none. Fails with InvalidRequest.

    >>> [turn.role for turn in build_prompt("Hi", format_msgs=["Be brief.", "Yes."]).unwrap().messages]
    ['system', 'user', 'user', 'user']
    """
    if system_msgs is None:
        system_msgs = (DEFAULT_SYSTEM_PROMPT,)
    elif isinstance(system_msgs, str):
        system_msgs = (system_msgs,)
    _check_sequence("system_msgs", system_msgs, str)
    _check_sequence("images", images, object)
    before = read_messages(format_msgs) if format_msgs else ()
    turns = read_messages(message)
    parts = [ok(parse_image(image, f"images/{i}")) for i, image in enumerate(images)]
    prompt = [system(text) for text in system_msgs]
    return ChatRequest(messages=(*prompt, *before, *_with_images(turns, parts)))


def _check_sequence(name: str, values: object, kind: type) -> None:
    """Raise Rejected with InvalidRequest unless the values are a sequence of this type."""
    if (
        not isinstance(values, Sequence)
        or isinstance(values, str | bytes)
        or not all(isinstance(value, kind) for value in values)
    ):
        expected = "a string or a sequence of strings" if kind is str else "a sequence"
        message = f"{name} must be {expected}, not {type(values).__name__}"
        raise Rejected(InvalidRequest(message=message, param=name))


@returns_failure
def parse_image(image: ImageInput, path: str = "image") -> Media:
    """Return the image as a part. Fails with InvalidRequest if a string is neither a URL nor base64, and for a Path."""
    if isinstance(image, Image | Audio | Document | Video):
        return image
    if isinstance(image, bytes):
        return Image(data=image)
    if not isinstance(image, str):
        message = "a file is read by the client: llm_pure.client.load_part(path)"
        raise Rejected(InvalidRequest(message=message, param=path))
    if image.startswith(("http://", "https://", "gs://", "s3://")):
        return Image(url=image)
    from llm_pure.types.media import from_base64, from_data_url  # imported late: start-up

    if image.startswith("data:"):
        if decoded := from_data_url(image):
            return Image(data=decoded[0], media_type=decoded[1])
    elif data := from_base64(image):
        return Image(data=data)
    message = "an image is a URL, a data: URL, base64, bytes, or a pathlib.Path of its file"
    raise Rejected(InvalidRequest(message=message, param=path))


def _with_images(turns: tuple[Message, ...], images: Sequence[Part]) -> tuple[Message, ...]:
    if not images:
        return turns
    last = turns[-1]
    if last.role != "user":
        return (*turns, user(*images))
    return (*turns[:-1], Message("user", (*last.parts, *images), last.name))
