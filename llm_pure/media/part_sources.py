"""Where the media of messages comes from: an error if it is nowhere, decoded if its URL holds it (`data:`)."""

import re
from typing import TypeVar

import msgspec

from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import from_data_url
from llm_pure.types.messages import Audio, Document, Image, Media, Message, ToolResult, Video
from llm_pure.types.rejection import Rejected

_Item = TypeVar("_Item")

_SCHEME = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def read_sources(
    messages: tuple[Message, ...], provider: str, *, paths: bool = False
) -> tuple[Message, ...]:
    """Return the messages with the bytes of `data:` URLs, so that they are checked and sent as other bytes are.

    Fails with InvalidRequest for a part without exactly one source that is not empty; a model's own parts may have any. `paths`:
    the server may read files of its own, so a URL may be a path.

    >>> from llm_pure.types.messages import Image, user
    >>> read_sources((user(Image(url="data:image/png;base64,iVBORw0K")),), "openai")[0].parts[0].data
    b'\\x89PNG\\r\\n'
    """
    return tuple(
        [_message(f"messages/{i}", turn, provider, paths=paths) for i, turn in enumerate(messages)]
    )


def _message(path: str, message: Message, provider: str, *, paths: bool) -> Message:
    own = message.role == "assistant"
    parts = tuple(
        [
            _result(part, f"{path}/parts/{j}", provider, paths=paths)
            if isinstance(part, ToolResult)
            else _part(part, f"{path}/parts/{j}", provider, own=own, paths=paths)
            for j, part in enumerate(message.parts)
        ]
    )
    return message if parts == message.parts else msgspec.structs.replace(message, parts=parts)


def _result(result: ToolResult, path: str, provider: str, *, paths: bool) -> ToolResult:
    content = tuple(
        [
            _part(part, f"{path}/content/{k}", provider, own=False, paths=paths)
            for k, part in enumerate(result.content)
        ]
    )
    return result if content == result.content else msgspec.structs.replace(result, content=content)


def _part(part: _Item, path: str, provider: str, *, own: bool, paths: bool) -> _Item:
    if not isinstance(part, Image | Audio | Document | Video):
        return part
    problem = None if own else _problem(part, paths=paths)
    if problem is not None:
        raise Rejected(InvalidRequest(message=problem, param=path, provider=provider))
    if part.data is not None or part.url is None or not part.url.startswith("data:"):
        return part
    decoded = from_data_url(part.url)
    if decoded is None or not decoded[0]:
        message = (
            "the data: URL is not valid base64" if decoded is None else "the data: URL is empty"
        )
        raise Rejected(InvalidRequest(message=message, param=f"{path}/url", provider=provider))
    data, declared = decoded
    return msgspec.structs.replace(
        part, data=data, url=None, media_type=part.media_type or declared
    )


def _problem(part: Media, *, paths: bool) -> str | None:
    name = type(part).__name__.lower()
    article = "an" if name[0] in "aeiou" else "a"
    sources = {"data": part.data, "url": part.url, "file_id": part.file_id}
    present = [key for key, value in sources.items() if value is not None]
    if len(present) != 1:
        listed = " and ".join(present) or "none of them"
        return f"{article} {name} is exactly one of data, url and file_id; this is {listed}"
    value = sources[present[0]]
    if not value or (isinstance(value, str) and not value.strip()):
        return (
            f"the {name} is empty" if present == ["data"] else f"the {name}'s {present[0]} is empty"
        )
    if part.url is not None and not paths and _SCHEME.match(part.url) is None:
        return f"the {name}'s url is a path, which services cannot read; pass the file's bytes"
    return None
