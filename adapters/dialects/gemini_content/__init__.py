"""Google's generateContent, as the Gemini Developer API and Vertex AI speak it.

`provider(name=..., quirks=Quirks(place=...), authorize=...)` is all that a service of this dialect needs.
Source: ai.google.dev API reference (v1beta), google-genai 3.4.0; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.gemini_content.count import build_count, parse_count
from llm_pure.adapters.dialects.gemini_content.embed import build_embed, parse_embed
from llm_pure.adapters.dialects.gemini_content.errors import read_error
from llm_pure.adapters.dialects.gemini_content.frames import ItemDecoder
from llm_pure.adapters.dialects.gemini_content.quirks import Place, Quirks, model_path
from llm_pure.adapters.dialects.gemini_content.request import build_chat
from llm_pure.adapters.dialects.gemini_content.response import parse_chat
from llm_pure.adapters.dialects.gemini_content.stream import State, step
from llm_pure.core.provider import NO_ENV_VARS, Authorize, Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.types.http import ResponseHead
from llm_pure.types.operations import EmbedLimit

DIALECT = "gemini_content"


def provider(
    *,
    name: str,
    base_url: str,
    quirks: Quirks,
    authorize: Authorize,
    api_key_env: tuple[str, ...],
    base_url_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    embed_limits: tuple[EmbedLimit, ...] = (),
    source: str = "",
) -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=base_url,
        build_chat=partial(build_chat, name, quirks),
        authorize=authorize,
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        count_tokens=Operation(partial(build_count, name, quirks), partial(parse_count, name)),
        embed=Operation(partial(build_embed, name, quirks), partial(parse_embed, name)),
        embed_limits=embed_limits,
    )


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """Server-sent events, or one JSON array in pieces: the first byte of a 2xx body tells. Else the error."""
    return decode_steps(
        name,
        head,
        frames=ItemDecoder,
        state=State(),
        step=partial(step, name, head),
        parse=partial(parse_chat, name),
        parse_error=partial(read_error, name),
        body_types=(),
    )


__all__ = [
    "DIALECT",
    "Place",
    "Quirks",
    "build_chat",
    "model_path",
    "open_stream",
    "parse_chat",
    "provider",
]
