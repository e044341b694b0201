"""OpenAI's Responses API: typed items in the request and in the response; the provider stores nothing.

A service of this dialect is `provider(name=..., base_url=..., quirks=Quirks(...))`.
Source: openai/openai-openapi 2.3.0; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping

from llm_pure.adapters.dialects.common.list_models import OPENAI
from llm_pure.adapters.dialects.common.list_models import list_models as list_operation
from llm_pure.adapters.dialects.openai_common.embed import build_embed, parse_embed
from llm_pure.adapters.dialects.openai_responses.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.openai_responses.plain_stream import read_run
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.adapters.dialects.openai_responses.request import build_chat, build_count
from llm_pure.adapters.dialects.openai_responses.response import (
    parse_chat,
    parse_count,
    read_plain_response,
)
from llm_pure.adapters.dialects.openai_responses.state import INITIAL
from llm_pure.adapters.dialects.openai_responses.stream import step
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import NO_ENV_VARS, Authorize, Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.framing.sse import SseDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.operations import EmbedLimit

DIALECT = Dialect(
    name="openai_responses",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=SseDecoder,
    initial_state=INITIAL,
    step=step,
    read_run=read_run,
    allowed_tools=True,
)


def make_service(
    name: str, base_url: str, quirks: Quirks, url_for: UrlFor | None = None
) -> Service[Quirks]:
    """A service of this dialect. `url_for`: for operations that are not below the base URL."""
    return Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=quirks,
        error_codes=ERROR_CODES,
    )


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
    count_tokens: bool = False,
    embeddings: bool = False,
    embed_limits: tuple[EmbedLimit, ...] = (),
    list_models: bool = False,
    source: str = "",
) -> Provider:
    """A provider of this dialect.

    `count_tokens`: the service has POST /responses/input_tokens; `embeddings`: POST /embeddings; `list_models`: GET /models.
    """
    service = make_service(name, base_url, quirks, url_for)
    return make_provider(
        DIALECT,
        service,
        authorize=authorize or key_header(name, api_key_env, required=key_required),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        count_tokens=operation(service, build_count, parse_count) if count_tokens else None,
        embeddings=operation(service, build_embed, parse_embed) if embeddings else None,
        embed_limits=embed_limits,
        list_models=list_operation(service, "/models", OPENAI, find_error) if list_models else None,
    )


__all__ = ["DIALECT", "Quirks", "build_chat", "make_service", "parse_chat", "provider"]
