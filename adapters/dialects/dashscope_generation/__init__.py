"""DashScope's own API for Qwen and others: text-generation, multimodal-generation, text embeddings.

Source: the package dashscope 2.0.2; the wire notes of this project; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.dashscope_generation.embed import (
    EMBED_LIMITS,
    build_embed,
    parse_embed,
)
from llm_pure.adapters.dialects.dashscope_generation.errors import read_error
from llm_pure.adapters.dialects.dashscope_generation.quirks import COMPATIBLE
from llm_pure.adapters.dialects.dashscope_generation.request import SERVER, build_chat
from llm_pure.adapters.dialects.dashscope_generation.response import parse_chat
from llm_pure.adapters.dialects.dashscope_generation.stream import State, step
from llm_pure.core.provider import Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.http import ResponseHead

DIALECT = "dashscope_generation"


def provider(
    *,
    name: str,
    api_key_env: tuple[str, ...],
    base_url_env: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=SERVER,
        build_chat=partial(build_chat, name),
        authorize=key_header(name, api_key_env),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        source=source,
        embed=Operation(partial(build_embed, name), partial(parse_embed, name)),
        embed_limits=EMBED_LIMITS,
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
        parse_error=partial(read_error, name),
    )


__all__ = [
    "COMPATIBLE",
    "DIALECT",
    "EMBED_LIMITS",
    "build_chat",
    "open_stream",
    "parse_chat",
    "provider",
]
