"""Ollama's own API: /api/chat, /api/generate, /api/embed and the old /api/embeddings.

Source: ollama/ollama v0.33.0-rc2, api/types.go and docs/api.md; ../shared/wire/ollama.md; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.model_lists import OLLAMA, list_operation
from llm_pure.adapters.dialects.ollama_native.address import SERVER, endpoint
from llm_pure.adapters.dialects.ollama_native.embed import (
    build_embed,
    build_no_chat,
    build_old_embed,
    parse_embed,
    parse_old_embed,
)
from llm_pure.adapters.dialects.ollama_native.errors import read_error
from llm_pure.adapters.dialects.ollama_native.generate import build_generate
from llm_pure.adapters.dialects.ollama_native.reply import parse_chat
from llm_pure.adapters.dialects.ollama_native.request import build_chat
from llm_pure.adapters.dialects.ollama_native.stream import State, step
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.http import ResponseHead
from llm_pure.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.provider import BuildChat, Operation, Provider, StreamDecoder
from llm_pure.signing.key import key_header
from llm_pure.stream import open_stepped

DIALECT = "ollama_native"

KEY_VARIABLES = ("OLLAMA_API_KEY",)
"""The key of ollama.com; a server of one's own wants none."""


def provider(
    *,
    name: str,
    build_chat: BuildChat,
    embed: Operation[EmbedRequest, Embeddings],
    embed_limits: tuple[EmbedLimit, ...] = (),
    source: str,
) -> Provider:
    """A service that speaks this dialect, at one's own server or at https://ollama.com."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=SERVER,
        build_chat=build_chat,
        authorize=key_header(name, KEY_VARIABLES, required=False),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        key_variables=KEY_VARIABLES,
        base_url_variables=("OLLAMA_HOST",),
        source=source,
        embed=embed,
        embed_limits=embed_limits,
        models=list_operation(
            name,
            lambda config: endpoint(name, config, "tags"),
            OLLAMA,
            partial(read_error, name),
        ),
    )


def embed_operation(name: str) -> Operation[EmbedRequest, Embeddings]:
    """POST /api/embed: any number of texts."""
    return Operation(partial(build_embed, name), partial(parse_embed, name))


def old_embed_operation(name: str) -> Operation[EmbedRequest, Embeddings]:
    """POST /api/embeddings: one text."""
    return Operation(partial(build_old_embed, name), partial(parse_old_embed, name))


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """Lines of JSON; a JSON body or a page in their place is an error, or the whole answer."""
    return open_stepped(
        name,
        head,
        frames=NdjsonDecoder,
        state=State(),
        step=partial(step, name, head),
        parse=partial(parse_chat, name),
        parse_error=partial(read_error, name),
        whole=("application/json", "text/html"),
    )


__all__ = [
    "DIALECT",
    "build_chat",
    "build_generate",
    "build_no_chat",
    "embed_operation",
    "old_embed_operation",
    "open_stream",
    "parse_chat",
    "provider",
]
