"""OpenAI's chat completions, and everybody who speaks like them.

`provider(name=..., base_url=..., quirks=Quirks(...))` is all that a service of this dialect needs.
Source: openai/openai-openapi 2.3.0; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from llm_pure.adapters.dialects.common.list_models import OPENAI, list_operation
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, unconfirmed_for, unsupported_by
from llm_pure.adapters.dialects.openai_chat.request import build_chat
from llm_pure.adapters.dialects.openai_chat.response import parse_chat
from llm_pure.adapters.dialects.openai_chat.state import State
from llm_pure.adapters.dialects.openai_chat.stream import step
from llm_pure.adapters.dialects.openai_chat.think_tags import TaggedState, step_untangled
from llm_pure.adapters.dialects.openai_common.embed import EMBED_NAMES, build_embed, parse_embed
from llm_pure.adapters.dialects.openai_common.errors import read_error
from llm_pure.core.dialect import Service
from llm_pure.core.provider import NO_ENV_VARS, Authorize, Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.http import ResponseHead
from llm_pure.types.operations import EmbedLimit

DIALECT = "openai_chat"


def provider(
    *,
    name: str,
    base_url: str,
    quirks: Quirks,
    url_for: UrlFor | None = None,
    api_key_env: tuple[str, ...] = (),
    base_url_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    authorize: Authorize | None = None,
    key_required: bool = True,
    embeddings: bool = False,
    embed_limits: tuple[EmbedLimit, ...] = (),
    list_models: bool = False,
    embed_names: Mapping[str, str] = EMBED_NAMES,
    embed_always: Mapping[str, Any] = MappingProxyType({}),
    source: str = "",
) -> Provider:
    """A service that speaks this dialect.

    locate: where its operations are, when not below its base URL. embeds: it has POST /embeddings too. embed_limits:
    how much one call of it takes. embed_names, embed_always: what it calls the fields of EmbedRequest, and what it wants
    beside them. lists: it has GET /models too.
    """
    at = url_for or under_base_url(name, base_url)
    service = Service(
        name=name, base_url=base_url, url_for=at, quirks=quirks, error_codes=quirks.error_codes
    )
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=base_url,
        build_chat=partial(build_chat, name, at, quirks),
        authorize=authorize or key_header(name, api_key_env, required=key_required),
        parse_chat=partial(parse_chat, name, quirks),
        open_stream=partial(open_stream, name, quirks),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        embed=Operation(
            partial(build_embed, service, names=embed_names, always=embed_always),
            partial(parse_embed, service),
        )
        if embeddings
        else None,
        embed_limits=embed_limits,
        models=list_operation(
            name,
            lambda config: at(config, "", "/models"),
            OPENAI,
            partial(read_error, name, quirks.error_codes),
        )
        if list_models
        else None,
    )


def open_stream(name: str, quirks: Quirks, head: ResponseHead) -> StreamDecoder:
    """Server-sent events; a JSON body in their place is an error, or the whole answer."""
    tagged = quirks.think_tags
    return decode_steps(
        name,
        head,
        frames=SseDataDecoder,
        state=TaggedState() if tagged else State(),
        step=partial(step_untangled if tagged else step, name, quirks, head),
        parse=partial(parse_chat, name, quirks),
        parse_error=partial(read_error, name, quirks.error_codes),
    )


__all__ = [
    "DIALECT",
    "Quirks",
    "build_chat",
    "open_stream",
    "parse_chat",
    "provider",
    "unconfirmed_for",
    "unsupported_by",
]
