"""Baidu's Qianfan, version 1: one URL for each model, `result` in place of choices.

Source: the package qianfan 0.4.12.3; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.adapters.dialects.qianfan_v1.credentials import authorize
from llm_pure.adapters.dialects.qianfan_v1.embed import build_embed, parse_embed
from llm_pure.adapters.dialects.qianfan_v1.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.qianfan_v1.request import QUIRKS, build_chat
from llm_pure.adapters.dialects.qianfan_v1.response import parse_chat
from llm_pure.adapters.dialects.qianfan_v1.stream import State, step
from llm_pure.adapters.dialects.qianfan_v1.token import Token, build_token, parse_token
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import NO_ENV_VARS, Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import with_default_path
from llm_pure.framing.sse import SseDataDecoder

BASE_URL = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop"

DIALECT = Dialect(
    name="qianfan_v1",
    build_chat=build_chat,
    parse_chat=parse_chat,
    find_error=find_error,
    frames=SseDataDecoder,
    initial_state=State(),
    step=step,
)


def make_service(name: str) -> Service[Quirks]:
    """A service of this dialect."""
    return Service(
        name=name,
        base_url=BASE_URL,
        url_for=with_default_path(name, BASE_URL),
        quirks=QUIRKS,
        error_codes=ERROR_CODES,
    )


def provider(
    *,
    name: str,
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    base_url_env: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A provider of this dialect. `env_vars`: the environment variables of its keys."""
    service = make_service(name)
    return make_provider(
        DIALECT,
        service,
        authorize=partial(authorize, service),
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        embeddings=operation(service, build_embed, parse_embed),
    )


__all__ = [
    "DIALECT",
    "Token",
    "authorize",
    "build_chat",
    "build_token",
    "make_service",
    "parse_chat",
    "parse_token",
    "provider",
]
