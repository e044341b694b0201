"""OpenAI's Responses API: typed items in, typed items out, kept nowhere.

`provider(name=..., base_url=..., quirks=Quirks(...))` is all that a service of this dialect needs.
Source: openai/openai-openapi 2.3.0; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.model_lists import OPENAI, list_operation
from llm_pure.adapters.dialects.openai_chat.embed import build_embed, parse_embed
from llm_pure.adapters.dialects.openai_responses.errors import read_error
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.adapters.dialects.openai_responses.reply import parse_chat, parse_count
from llm_pure.adapters.dialects.openai_responses.request import build_chat, build_count
from llm_pure.adapters.dialects.openai_responses.stream import State, step
from llm_pure.core.dialect import Service, operation
from llm_pure.endpoint import Locate, below
from llm_pure.framing.sse import SseDecoder
from llm_pure.http import ResponseHead
from llm_pure.operations import EmbedLimit
from llm_pure.provider import NO_VARIABLES, Authorize, Operation, Provider, StreamDecoder
from llm_pure.signing.key import key_header
from llm_pure.stream import open_stepped

DIALECT = "openai_responses"


def provider(
    *,
    name: str,
    base_url: str,
    quirks: Quirks,
    locate: Locate | None = None,
    key_variables: tuple[str, ...] = (),
    base_url_variables: tuple[str, ...] = (),
    variables: Mapping[str, tuple[str, ...]] = NO_VARIABLES,
    authorize: Authorize | None = None,
    key_required: bool = True,
    counts: bool = False,
    embeds: bool = False,
    embed_limits: tuple[EmbedLimit, ...] = (),
    lists: bool = False,
    source: str = "",
) -> Provider:
    """A service that speaks this dialect.

    locate: where its operations are, when not below its base URL. counts: it has POST /responses/input_tokens too.
    embeds: it has POST /embeddings too. embed_limits: how much one call of it takes. lists: it has GET /models too.
    """
    at = locate or below(name, base_url)
    service = Service(
        name=name, base_url=base_url, url_for=at, quirks=quirks, error_codes=quirks.error_words
    )
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=base_url,
        build_chat=partial(build_chat, name, at, quirks),
        authorize=authorize or key_header(name, key_variables, required=key_required),
        parse_chat=partial(parse_chat, name, quirks),
        open_stream=partial(open_stream, name, quirks),
        key_variables=key_variables,
        base_url_variables=base_url_variables,
        variables=variables,
        source=source,
        count_tokens=Operation(
            partial(build_count, name, at, quirks), partial(parse_count, name, quirks)
        )
        if counts
        else None,
        embed=operation(service, build_embed, parse_embed) if embeds else None,
        embed_limits=embed_limits,
        models=list_operation(
            name,
            lambda config: at(config, "", "/models"),
            OPENAI,
            partial(read_error, name, quirks.error_words),
        )
        if lists
        else None,
    )


def open_stream(name: str, quirks: Quirks, head: ResponseHead) -> StreamDecoder:
    """Server-sent events; a JSON body in their place is an error, or the whole answer."""
    return open_stepped(
        name,
        head,
        frames=SseDecoder,
        state=State(),
        step=partial(step, name, quirks, head),
        parse=partial(parse_chat, name, quirks),
        parse_error=partial(read_error, name, quirks.error_words),
    )


__all__ = ["DIALECT", "Quirks", "build_chat", "open_stream", "parse_chat", "provider"]
