"""Cohere's API, version 2: /v2/chat and /v2/embed, with the count of /v1/tokenize.

Source: the package cohere 7.3.1; the wire notes of this project; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.cohere_chat.count import build_count, parse_count
from llm_pure.adapters.dialects.cohere_chat.embed import EMBED_LIMITS, build_embed, parse_embed
from llm_pure.adapters.dialects.cohere_chat.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.cohere_chat.request import build_chat
from llm_pure.adapters.dialects.cohere_chat.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.cohere_chat.stream import State, step
from llm_pure.adapters.dialects.cohere_chat.urls import BASE_URL, without_version
from llm_pure.adapters.dialects.common.list_models import COHERE, list_models
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header

DIALECT = Dialect(
    name="cohere_chat",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=partial(SseDataDecoder, repeats_types=True),
    initial_state=State(),
    step=step,
)


def make_service(name: str) -> Service[None]:
    """A service of this dialect."""
    return Service(
        name=name,
        base_url=BASE_URL,
        url_for=without_version(name),
        quirks=None,
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
        count_tokens=operation(service, build_count, parse_count),
        embeddings=operation(service, build_embed, parse_embed),
        embed_limits=EMBED_LIMITS,
        list_models=list_models(service, "/v1/models", COHERE, find_error),
    )


__all__ = ["DIALECT", "build_chat", "make_service", "parse_chat", "provider"]
