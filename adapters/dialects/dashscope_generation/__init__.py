"""DashScope's own API for Qwen and others: text-generation, multimodal-generation, text embeddings.

Source: the package dashscope 2.0.2; the wire notes of this project; read 2026-11-20.
"""

from llm_pure.adapters.dialects.dashscope_generation.embed import (
    EMBED_LIMITS,
    build_embed,
    parse_embed,
)
from llm_pure.adapters.dialects.dashscope_generation.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.dashscope_generation.quirks import COMPATIBLE, NATIVE
from llm_pure.adapters.dialects.dashscope_generation.request import build_chat
from llm_pure.adapters.dialects.dashscope_generation.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.dashscope_generation.stream import State, step
from llm_pure.adapters.dialects.dashscope_generation.urls import BASE_URL, under_api
from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header

DIALECT = Dialect(
    name="dashscope_generation",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
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
        url_for=under_api(name),
        quirks=NATIVE,
        error_codes=ERROR_CODES,
    )


def provider(
    *,
    name: str,
    api_key_env: tuple[str, ...],
    base_url_env: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A provider of this dialect."""
    service = make_service(name)
    return make_provider(
        DIALECT,
        service,
        authorize=key_header(name, api_key_env),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        source=source,
        embeddings=operation(service, build_embed, parse_embed),
        embed_limits=EMBED_LIMITS,
    )


__all__ = [
    "COMPATIBLE",
    "DIALECT",
    "EMBED_LIMITS",
    "build_chat",
    "make_service",
    "parse_chat",
    "provider",
]
