"""Requests built as a chat completion and sent in another form."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from llm_pure.core.provider import Built
from llm_pure.framing.json_codec import decode_any, encode
from llm_pure.types.rejection import ok, returns_failure


def rewrite_body(
    built: Built, transform: Callable[[dict[str, Any]], dict[str, Any]], *, provider: str
) -> Built:
    """The same request with the transformed JSON body. Raises Rejected if the new body is not JSON."""
    body = ok(decode_any(built.request.body, provider=provider))
    data = ok(encode(transform(body), provider=provider))
    return replace(built, request=replace(built.request, body=data))


@returns_failure
def rearranged(
    name: str, built: Built, arrange: Callable[[dict[str, Any]], dict[str, Any]]
) -> Built:
    """Older form of `rewrite_body`, for llama_native."""
    return rewrite_body(built, arrange, provider=name)
