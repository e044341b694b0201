"""Amazon Bedrock's Converse: one request and one response format for the models of all vendors on Bedrock.

Source: botocore 1.44.5 (bedrock-runtime service model), ../shared/wire/bedrock.md; read 2026-11-20.
"""

from functools import partial

from llm_pure.adapters.dialects.bedrock_converse.count import build_count, parse_count
from llm_pure.adapters.dialects.bedrock_converse.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.bedrock_converse.plain_events import read_run, step
from llm_pure.adapters.dialects.bedrock_converse.request import build_chat
from llm_pure.adapters.dialects.bedrock_converse.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.bedrock_converse.state import State
from llm_pure.adapters.dialects.bedrock_converse.urls import (
    API_KEY_ENV,
    BASE_URL,
    BASE_URL_ENV,
    ENV_VARS,
    authorize,
    url_of_model,
)
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.framing.aws_eventstream import EventStreamDecoder

DIALECT = Dialect(
    name="bedrock_converse",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=EventStreamDecoder,
    initial_state=State(),
    step=step,
    read_run=read_run,
)


def make_service(name: str) -> Service[None]:
    """A service of this dialect."""
    return Service(
        name=name,
        base_url=BASE_URL,
        url_for=url_of_model(name),
        quirks=None,
        error_codes=ERROR_CODES,
    )


def provider(*, name: str, source: str = "") -> Provider:
    """A provider of this dialect."""
    service = make_service(name)
    return make_provider(
        DIALECT,
        service,
        authorize=partial(authorize, service),
        api_key_env=API_KEY_ENV,
        base_url_env=BASE_URL_ENV,
        env_vars=ENV_VARS,
        source=source,
        count_tokens=operation(service, build_count, parse_count),
    )


__all__ = ["DIALECT", "build_chat", "make_service", "parse_chat", "provider"]
