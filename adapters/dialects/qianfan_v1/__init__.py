"""Baidu's Qianfan as it was before it spoke like OpenAI: one address for each model, `result` in place of choices.

Source: the package qianfan 0.4.12.3; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.qianfan_v1.credentials import authorize
from llm_pure.adapters.dialects.qianfan_v1.embed import build_embed, parse_embed
from llm_pure.adapters.dialects.qianfan_v1.errors import read_error
from llm_pure.adapters.dialects.qianfan_v1.request import SERVER, build_chat
from llm_pure.adapters.dialects.qianfan_v1.response import parse_chat
from llm_pure.adapters.dialects.qianfan_v1.stream import State, step
from llm_pure.adapters.dialects.qianfan_v1.token import Token, build_token, parse_token
from llm_pure.core.provider import NO_ENV_VARS, Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.types.http import ResponseHead

DIALECT = "qianfan_v1"


def provider(
    *,
    name: str,
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    base_url_env: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A service that speaks this dialect. variables: where its keys stand in the environment."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=SERVER,
        build_chat=partial(build_chat, name),
        authorize=partial(authorize, name),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        embed=Operation(partial(build_embed, name), partial(parse_embed, name)),
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
    "DIALECT",
    "Token",
    "authorize",
    "build_chat",
    "build_token",
    "open_stream",
    "parse_chat",
    "parse_token",
    "provider",
]
