"""The chat request of `ask` and `build`: text, system prompt and images from the command line and standard input."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from llm_pure.cli.exit_codes import USAGE, CommandFailed, exit_code
from llm_pure.cli.files import read_piped
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Image, Message, system, user
from llm_pure.types.request import ChatRequest


def read_request(options: Namespace, images: Sequence[str] = ()) -> ChatRequest:
    """Return the request: the words of the command line, then the text that is piped in. Fails with 64 without a text."""
    text = "\n\n".join(filter(None, [" ".join(options.text), read_piped()]))
    if not text.strip():
        raise CommandFailed("no text to ask: pass a text, or pipe one in", USAGE)
    return build_request(text, options.system, images, stream=options.stream)


def build_request(
    text: str,
    instructions: str | None = None,
    images: Sequence[str] = (),
    *,
    stream: bool | None = None,
) -> ChatRequest:
    """Return one user message, after the system prompt if there is one. images: files and URLs, after the text."""
    messages: tuple[Message, ...] = (user(text, *map(_image, images)),)
    if instructions:
        messages = (system(instructions), *messages)
    return ChatRequest(messages=messages, stream=stream)


def _image(path_or_url: str) -> Image:
    if path_or_url.startswith(("http://", "https://")):
        return Image(url=path_or_url)
    try:
        return Image(data=Path(path_or_url).read_bytes())
    except OSError as error:
        message = f"cannot read image: {error.strerror}"
        invalid = InvalidRequest(message=message, param=path_or_url)
        raise CommandFailed(invalid, exit_code(invalid)) from None
