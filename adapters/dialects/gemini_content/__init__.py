"""Google's generateContent, as the Gemini Developer API and Vertex AI speak it.

Source: ai.google.dev API reference (v1beta), google-genai 3.4.0; read 2026-11-20.
"""

from collections.abc import Mapping

import msgspec

from llm_pure.adapters.dialects.common.list_models import GEMINI, list_models
from llm_pure.adapters.dialects.gemini_content.count import build_count, parse_count
from llm_pure.adapters.dialects.gemini_content.embed import build_embed, parse_embed
from llm_pure.adapters.dialects.gemini_content.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.gemini_content.frames import ItemDecoder
from llm_pure.adapters.dialects.gemini_content.images import build_images, parse_images
from llm_pure.adapters.dialects.gemini_content.plain_items import read_run, step
from llm_pure.adapters.dialects.gemini_content.quirks import OPTIONS, Quirks, model_path
from llm_pure.adapters.dialects.gemini_content.request import build_chat
from llm_pure.adapters.dialects.gemini_content.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.gemini_content.stream import State
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import NO_ENV_VARS, Authorize, Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor
from llm_pure.types.operations import EmbedLimit

DIALECT = Dialect(
    name="gemini_content",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=ItemDecoder,
    initial_state=State(),
    step=step,
    read_run=read_run,
    body_types=(),
    body_starts=b"",
    allowed_tools=True,
)


def make_service(name: str, base_url: str, url_for: UrlFor, quirks: Quirks) -> Service[Quirks]:
    """A service of this dialect. `url_for`: (config, model, method such as "generateContent") -> URL."""
    return Service(
        name=name, base_url=base_url, url_for=url_for, quirks=quirks, error_codes=ERROR_CODES
    )


def provider(
    *,
    name: str,
    base_url: str,
    url_for: UrlFor,
    quirks: Quirks,
    authorize: Authorize,
    api_key_env: tuple[str, ...],
    base_url_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    embed_limits: tuple[EmbedLimit, ...] = (),
    list_models_path: str = "",
    source: str = "",
) -> Provider:
    """A provider of this dialect. `list_models_path`: the operation that lists models; "" for a service without."""
    service = make_service(name, base_url, url_for, quirks)
    provider = make_provider(
        DIALECT,
        service,
        authorize=authorize,
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        count_tokens=operation(service, build_count, parse_count),
        embeddings=operation(service, build_embed, parse_embed),
        embed_limits=embed_limits,
        list_models=list_models(service, list_models_path, GEMINI, find_error)
        if list_models_path
        else None,
    )
    return msgspec.structs.replace(provider, images=operation(service, build_images, parse_images))


__all__ = [
    "DIALECT",
    "OPTIONS",
    "Quirks",
    "build_chat",
    "make_service",
    "model_path",
    "parse_chat",
    "provider",
]
