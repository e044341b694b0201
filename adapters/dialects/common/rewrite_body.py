"""Bodies that say what a chat completion says, in other places: built as one, then arranged anew."""

from collections.abc import Callable
from typing import Any

import msgspec

from llm_pure.core.provider import Built
from llm_pure.framing.json_codec import decode_any, encode
from llm_pure.types.result import LLMResult


def rearranged(
    name: str, built: Built, arrange: Callable[[dict[str, Any]], dict[str, Any]]
) -> LLMResult[Built]:
    """The same request with another body. arrange: a chat completion's body -> the body to send."""
    body = decode_any(built.request.body, provider=name)
    return body.bind(lambda one: encode(arrange(one), provider=name)).map(
        lambda data: msgspec.structs.replace(
            built, request=msgspec.structs.replace(built.request, body=data)
        )
    )
