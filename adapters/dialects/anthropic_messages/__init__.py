"""Anthropic's Messages API, and everybody who speaks like it.

`provider(name=..., base_url=..., quirks=Quirks(...))` is all that a service of this dialect needs. A host that carries
the same JSON in another way (Bedrock, Vertex AI) takes `build_body`, `step`, `State`, `parse_chat` and `read_error`.
Source: anthropic 2.11.0; ../shared/wire/anthropic.md; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.anthropic_messages.count import build_count, count_body, parse_count
from llm_pure.adapters.dialects.anthropic_messages.errors import read_error
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks, version_of
from llm_pure.adapters.dialects.anthropic_messages.request import Body, build_body, build_chat, post
from llm_pure.adapters.dialects.anthropic_messages.response import parse_chat
from llm_pure.adapters.dialects.anthropic_messages.stream import State, read_text_run, step
from llm_pure.adapters.dialects.common.list_models import ANTHROPIC, list_operation
from llm_pure.core import urls
from llm_pure.core.provider import Authorize, Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import LLMResult

DIALECT = "anthropic_messages"


def provider(
    *,
    name: str,
    base_url: str,
    quirks: Quirks | None = None,
    api_key_env: tuple[str, ...] = (),
    base_url_env: tuple[str, ...] = (),
    authorize: Authorize | None = None,
    count_tokens: bool = False,
    list_models: bool = False,
    source: str = "",
) -> Provider:
    """A service that speaks this dialect, with its key in `x-api-key`. counts: it has .../count_tokens too; lists: /v1/models."""
    own = quirks or Quirks()
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=base_url,
        build_chat=partial(build_chat, name, base_url, own),
        authorize=authorize or key_header(name, api_key_env, header="x-api-key", prefix=""),
        parse_chat=partial(parse_chat, name, own),
        open_stream=partial(open_stream, name, own),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        source=source,
        count_tokens=Operation(
            partial(build_count, name, base_url, own), partial(parse_count, name, own)
        )
        if count_tokens
        else None,
        models=list_operation(
            name,
            partial(_models_url, name, base_url),
            ANTHROPIC,
            partial(read_error, name, own.error_codes),
            headers=lambda config: (("anthropic-version", version_of(own, config)),),
        )
        if list_models
        else None,
    )


def _models_url(name: str, default_url: str, config: LLMConfig) -> LLMResult[str]:
    """A "/v1" at the base URL's end is not doubled."""
    url = urls.base_url(config, default_url, provider=name)
    return url.map(lambda one: f"{one.removesuffix('/v1')}/v1/models")


def open_stream(name: str, quirks: Quirks, head: ResponseHead) -> StreamDecoder:
    """Server-sent events; a JSON body in their place is an error, or the whole answer."""
    return decode_steps(
        name,
        head,
        frames=SseDataDecoder,
        state=State(),
        step=partial(step, name, quirks, head),
        parse=partial(parse_chat, name, quirks),
        parse_error=partial(read_error, name, quirks.error_codes),
        read_text_run=read_text_run,
    )


__all__ = [
    "DIALECT",
    "Body",
    "Quirks",
    "State",
    "build_body",
    "build_chat",
    "build_count",
    "count_body",
    "open_stream",
    "parse_chat",
    "parse_count",
    "post",
    "provider",
    "read_error",
    "step",
]
