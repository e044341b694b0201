"""Anthropic's Messages API, and services with the same API.

`provider(name=..., base_url=..., quirks=Quirks(...))` makes a service of this dialect. Hosts that wrap the same JSON
(Bedrock) use `make_service`, `build_body`, `step`, `State` and `parse_chat`.
Source: anthropic 2.11.0; ../shared/wire/anthropic.md; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.anthropic_messages.count import build_count, parse_count
from llm_pure.adapters.dialects.anthropic_messages.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.anthropic_messages.plain_events import read_run, step
from llm_pure.adapters.dialects.anthropic_messages.quirks import USER_ID, Quirks
from llm_pure.adapters.dialects.anthropic_messages.request import (
    build_body,
    build_chat,
    version_header,
)
from llm_pure.adapters.dialects.anthropic_messages.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.anthropic_messages.stream import State
from llm_pure.adapters.dialects.anthropic_messages.urls import under_base_url, versioned_url
from llm_pure.adapters.dialects.common import list_models as listing
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import NO_ENV_VARS, Authorize, Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header

DIALECT = Dialect(
    name="anthropic_messages",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=partial(SseDataDecoder, repeats_types=True),
    initial_state=State(),
    step=step,
    read_run=read_run,
)

BASE_URL = "https://api.anthropic.com"


def make_service(
    name: str,
    *,
    base_url: str = BASE_URL,
    quirks: Quirks | None = None,
    url_for: UrlFor | None = None,
) -> Service[Quirks]:
    """A service of this dialect. `url_for`: for services whose URLs are not `base_url` and the path."""
    return Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=quirks or Quirks(),
        error_codes=ERROR_CODES,
    )


def provider(
    *,
    name: str,
    base_url: str,
    quirks: Quirks | None = None,
    url_for: UrlFor | None = None,
    api_key_env: tuple[str, ...] = (),
    base_url_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    authorize: Authorize | None = None,
    count_tokens: bool = False,
    list_models: bool = False,
    source: str = "",
) -> Provider:
    """A provider of this dialect, with the key in `x-api-key` by default.

    `count_tokens`, `list_models`: the service has these endpoints.
    """
    service = make_service(name, base_url=base_url, quirks=quirks, url_for=url_for)
    return make_provider(
        DIALECT,
        service,
        authorize=authorize or key_header(name, api_key_env, header="x-api-key", prefix=""),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        count_tokens=operation(service, build_count, parse_count) if count_tokens else None,
        list_models=listing.list_models(
            service,
            "/v1/models",
            listing.ANTHROPIC,
            find_error,
            headers=partial(version_header, service.quirks),
        )
        if list_models
        else None,
    )


__all__ = [
    "DIALECT",
    "USER_ID",
    "Quirks",
    "State",
    "build_body",
    "build_chat",
    "make_service",
    "parse_chat",
    "parse_count",
    "provider",
    "step",
    "versioned_url",
]
