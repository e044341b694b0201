"""The chat request of `ask` and `build`: text, system prompt, files and settings from the command line and standard input."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import USAGE, CommandFailed
from llm_pure.cli.files import read_file, read_piped
from llm_pure.types.messages import Image, Media, Message, system, user
from llm_pure.types.request import ChatRequest


def read_request(options: Namespace) -> ChatRequest:
    """Return the request: the words of the command line, then the text that is piped in. Fails with 64 without a text."""
    text = "\n\n".join(filter(None, [" ".join(options.text), read_piped()]))
    if not text.strip():
        raise CommandFailed("no text to ask: pass a text, or pipe one in", USAGE)
    request = build_request(text, options.system, options.image, stream=options.stream)
    return msgspec.structs.replace(
        request, max_tokens=options.max_tokens, temperature=options.temperature
    )


def build_request(
    text: str,
    instructions: str | None = None,
    files: Sequence[str] = (),
    *,
    stream: bool | None = None,
) -> ChatRequest:
    """Return one user message, after the system prompt if there is one. files: paths, and URLs of images, after the text."""
    messages: tuple[Message, ...] = (user(text, *map(_part, files)),)
    if instructions:
        messages = (system(instructions), *messages)
    return ChatRequest(messages=messages, stream=stream)


def _part(path_or_url: str) -> Media:
    if path_or_url.startswith(("http://", "https://")):
        return Image(url=path_or_url)
    from llm_pure.client.media import part_of  # imported late: start-up

    return part_of(read_file(path_or_url), Path(path_or_url).name)
