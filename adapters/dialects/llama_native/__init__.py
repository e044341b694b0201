"""Meta's Llama API in its own shapes: `completion_message` in place of choices, streams of named events, metrics.

Source: the package llama-api-client 0.6.0; the wire notes of this project; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.llama_native.request import build_chat
from llm_pure.adapters.dialects.llama_native.response import parse_chat
from llm_pure.adapters.dialects.llama_native.stream import State, step
from llm_pure.adapters.dialects.openai_common.errors import read_error
from llm_pure.core.error_mapping import NO_ERROR_CODES
from llm_pure.core.provider import Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.core.urls import under_base_url
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.http import ResponseHead

DIALECT = "llama_native"


def provider(
    *,
    name: str,
    base_url: str,
    api_key_env: tuple[str, ...],
    base_url_env: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=base_url,
        build_chat=partial(build_chat, name, under_base_url(name, base_url)),
        authorize=key_header(name, api_key_env),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        source=source,
    )


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """Server-sent events; a JSON body in their place is an error, or the whole answer."""
    return decode_steps(
        name,
        head,
        frames=SseDataDecoder,
        state=State(),
        step=partial(step, name, head),
        parse=partial(parse_chat, name),
        parse_error=partial(read_error, name, NO_ERROR_CODES),
    )


__all__ = ["DIALECT", "build_chat", "open_stream", "parse_chat", "provider"]
