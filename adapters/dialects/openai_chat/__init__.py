"""OpenAI's chat completions, and the many APIs that follow them.

`provider(name=..., base_url=..., quirks=Quirks(...))` makes a provider of this dialect.
Source: openai/openai-openapi 2.3.0; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_chat import request, response
from llm_pure.adapters.dialects.openai_chat.quirks import (
    ANY_SERVER,
    VLLM_TOP_P,
    Quirks,
    make_service,
    output_limit,
    profiles_of,
    unconfirmed_for,
    unsupported_by,
)
from llm_pure.adapters.dialects.openai_chat.state import State
from llm_pure.adapters.dialects.openai_chat.stream import read_chunk, read_run
from llm_pure.adapters.dialects.openai_common import find_error
from llm_pure.core.dialect import Dialect, late_operation, make_provider, operation
from llm_pure.core.provider import NO_ENV_VARS, Authorize, Operation, Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.operations import (
    Embeddings,
    EmbedLimit,
    EmbedRequest,
    ListModelsRequest,
    ModelPage,
)

DIALECT = Dialect(
    name="openai_chat",
    build_chat=request.build_chat,
    parse_chat=response.parse_chat,
    read_plain_response=response.read_plain_response,
    find_error=find_error,
    frames=SseDataDecoder,
    initial_state=State(),
    step=read_chunk,
    read_run=read_run,
    allowed_tools=True,
)


@cache
def _tagged() -> Dialect[Quirks, Any, bytes]:
    """The dialect for `Quirks.think_tags`."""
    from llm_pure.adapters.dialects.openai_chat import think_tags  # imported late: start-up

    step = think_tags.read_tagged_chunk
    return replace(DIALECT, initial_state=think_tags.TaggedState(), step=step, read_run=None)


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
    embed_names: Mapping[str, str] | None = None,
    embed_always: Mapping[str, Any] = MappingProxyType({}),
    source: str = "",
) -> Provider:
    """A provider of this dialect.

    `url_for`: URLs of its operations, where they are not below the base URL. `embeddings`: it has POST /embeddings, which
    takes `embed_limits` per call. `embed_names`: its names of EmbedRequest's fields, if they are not OpenAI's;
    `embed_always`: fields that it requires beside them. `list_models`: it has GET /models.
    """
    service = make_service(name, quirks, base_url=base_url, url_for=url_for)
    return make_provider(
        _tagged() if quirks.think_tags else DIALECT,
        service,
        authorize=authorize or key_header(name, api_key_env, required=key_required),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        embeddings=late_operation(partial(_embeddings, service, embed_names, embed_always))
        if embeddings
        else None,
        embed_limits=embed_limits,
        list_models=late_operation(partial(_models, service)) if list_models else None,
    )


def _embeddings(
    service: Service[Quirks], names: Mapping[str, str] | None, always: Mapping[str, Any]
) -> Operation[EmbedRequest, Embeddings]:
    from llm_pure.adapters.dialects.openai_common import embed  # imported late: start-up

    build = partial(embed.build_embed, names=names or embed.EMBED_NAMES, always=always)
    return operation(service, build, embed.parse_embed)


def _models(service: Service[Quirks]) -> Operation[ListModelsRequest, ModelPage]:
    from llm_pure.adapters.dialects.common import list_models as listing  # imported late: start-up

    return listing.list_models(service, "/models", listing.OPENAI, find_error)


__all__ = [
    "ANY_SERVER",
    "DIALECT",
    "VLLM_TOP_P",
    "Quirks",
    "make_service",
    "output_limit",
    "profiles_of",
    "provider",
    "unconfirmed_for",
    "unsupported_by",
]
