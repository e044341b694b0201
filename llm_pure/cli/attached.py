"""`-i IMAGE` of `llm-pure ask`: files and URLs as pictures beside the question."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Image, Message, user
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success


def with_images(request: ChatRequest, given: Sequence[str]) -> LLMResult[ChatRequest]:
    """The request with these pictures at the end of its last message; InvalidRequest names the file that cannot be read."""
    if not given:
        return Success(request)
    pictures: list[Image] = []
    for one in given:
        if one.startswith(("http://", "https://")):
            pictures.append(Image(url=one))
            continue
        try:
            pictures.append(Image(data=Path(one).read_bytes()))
        except OSError as fault:
            message = f"this picture cannot be read: {fault.strerror}"
            return Failure(InvalidRequest(message=message, param=one))
    turns = (
        list(request.messages) if isinstance(request.messages, list | tuple) else [request.messages]
    )
    last = turns[-1]
    words = last.parts if isinstance(last, Message) else (str(last),)
    turns[-1] = user(*words, *pictures)
    return Success(msgspec.structs.replace(request, messages=tuple(turns)))
