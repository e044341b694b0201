"""Amazon Bedrock's Converse: one request and one answer for the models of every vendor that it serves.

Source: botocore 1.44.5 (bedrock-runtime service model), ../shared/wire/bedrock.md; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.bedrock_converse.count import build_count, parse_count
from llm_pure.adapters.dialects.bedrock_converse.errors import read_error
from llm_pure.adapters.dialects.bedrock_converse.request import build_chat
from llm_pure.adapters.dialects.bedrock_converse.response import parse_chat
from llm_pure.adapters.dialects.bedrock_converse.stream import State, read_text_run, step
from llm_pure.adapters.dialects.bedrock_converse.urls import (
    API_KEY_ENV,
    BASE_URL,
    BASE_URL_VARIABLES,
    VARIABLES,
    authorize,
)
from llm_pure.core.provider import Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_steps
from llm_pure.framing.aws_eventstream import EventStreamDecoder
from llm_pure.types.http import ResponseHead

DIALECT = "bedrock_converse"


def provider(*, name: str, source: str = "") -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=BASE_URL,
        build_chat=partial(build_chat, name),
        authorize=partial(authorize, name),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        api_key_env=API_KEY_ENV,
        base_url_env=BASE_URL_VARIABLES,
        env_vars=VARIABLES,
        source=source,
        count_tokens=Operation(partial(build_count, name), partial(parse_count, name)),
    )


def open_stream(name: str, head: ResponseHead) -> StreamDecoder:
    """AWS event-stream messages; a JSON body in their place is an error, or the whole answer."""
    return decode_steps(
        name,
        head,
        frames=EventStreamDecoder,
        state=State(),
        step=partial(step, name, head),
        parse=partial(parse_chat, name),
        parse_error=partial(read_error, name),
        read_text_run=read_text_run,
    )


__all__ = ["DIALECT", "build_chat", "open_stream", "parse_chat", "provider"]
