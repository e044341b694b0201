"""Cohere's API, version 2: /v2/chat and /v2/embed, with the count of /v1/tokenize.

Source: the package cohere 7.3.1; the wire notes of this project; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.cohere_chat.address import SERVER, endpoint
from llm_pure.adapters.dialects.cohere_chat.count import build_count, parse_count
from llm_pure.adapters.dialects.cohere_chat.embed import EMBED_LIMITS, build_embed, parse_embed
from llm_pure.adapters.dialects.cohere_chat.errors import read_error
from llm_pure.adapters.dialects.cohere_chat.reply import parse_chat
from llm_pure.adapters.dialects.cohere_chat.request import build_chat
from llm_pure.adapters.dialects.cohere_chat.stream import State, step
from llm_pure.adapters.dialects.model_lists import COHERE, list_operation
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.http import ResponseHead
from llm_pure.provider import Operation, Provider, StreamDecoder
from llm_pure.signing.key import key_header
from llm_pure.stream import open_stepped

DIALECT = "cohere_chat"


def provider(
    *,
    name: str,
    key_variables: tuple[str, ...],
    base_url_variables: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=SERVER,
        build_chat=partial(build_chat, name),
        authorize=key_header(name, key_variables),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        key_variables=key_variables,
        base_url_variables=base_url_variables,
        source=source,
        count_tokens=Operation(partial(build_count, name), partial(parse_count, name)),
        embed=Operation(partial(build_embed, name), partial(parse_embed, name)),
        embed_limits=EMBED_LIMITS,
        models=list_operation(
            name,
            lambda config: endpoint(name, config, "/v1/models"),
            COHERE,
            partial(read_error, name),
        ),
    )


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """Server-sent events; a JSON body in their place is an error, or the whole answer."""
    return open_stepped(
        name,
        head,
        frames=SseDataDecoder,
        state=State(),
        step=partial(step, name, head),
        parse=partial(parse_chat, name),
        parse_error=partial(read_error, name),
    )


__all__ = ["DIALECT", "build_chat", "open_stream", "parse_chat", "provider"]
