"""Ollama's own API: /api/chat, /api/generate, /api/embed and the old /api/embeddings.

Source: ollama/ollama v0.33.0-rc2, api/types.go and docs/api.md; ../shared/wire/ollama.md; read 2026-11-20.
"""

import msgspec

from llm_pure.adapters.dialects.common.list_models import OLLAMA, list_models
from llm_pure.adapters.dialects.ollama_native.embed import (
    build_embed,
    build_no_chat,
    build_old_embed,
    parse_embed,
    parse_old_embed,
)
from llm_pure.adapters.dialects.ollama_native.errors import find_error
from llm_pure.adapters.dialects.ollama_native.generate import build_generate
from llm_pure.adapters.dialects.ollama_native.request import build_chat
from llm_pure.adapters.dialects.ollama_native.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.ollama_native.stream import State, read_run, step
from llm_pure.adapters.dialects.ollama_native.urls import BASE_URL, under_api
from llm_pure.core.dialect import BuildChatFor, Dialect, make_provider, operation
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.operations import EmbedLimit

DIALECT = Dialect(
    name="ollama_native",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=NdjsonDecoder,
    initial_state=State(),
    step=step,
    read_run=read_run,
    body_types=("application/json", "text/html"),
    body_starts=b"",
)

API_KEY_ENV = ("OLLAMA_API_KEY",)
"""The key of ollama.com; a local server does not need one."""


def make_service(name: str) -> Service[None]:
    """A service of this dialect: a local server, or https://ollama.com."""
    return Service(name=name, base_url=BASE_URL, url_for=under_api(name), quirks=None)


def provider(
    *,
    name: str,
    build_chat: BuildChatFor[None] = build_chat,
    old_embeddings: bool = False,
    embed_limits: tuple[EmbedLimit, ...] = (),
    source: str,
) -> Provider:
    """A provider of this dialect. `old_embeddings`: one text by /api/embeddings, in place of any number by /api/embed."""
    service = make_service(name)
    return make_provider(
        msgspec.structs.replace(DIALECT, build_chat=build_chat),
        service,
        authorize=key_header(name, API_KEY_ENV, required=False),
        api_key_env=API_KEY_ENV,
        base_url_env=("OLLAMA_HOST",),
        source=source,
        embeddings=operation(service, build_old_embed, parse_old_embed)
        if old_embeddings
        else operation(service, build_embed, parse_embed),
        embed_limits=embed_limits,
        list_models=list_models(service, "tags", OLLAMA, find_error),
    )


__all__ = [
    "DIALECT",
    "build_chat",
    "build_generate",
    "build_no_chat",
    "make_service",
    "parse_chat",
    "provider",
]
