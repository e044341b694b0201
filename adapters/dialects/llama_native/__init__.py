"""Meta's Llama API in its own form: `completion_message` in place of choices, streams of named events, metrics.

Source: the package llama-api-client 0.6.0; the wire notes of this project; read 2026-11-20.
"""

from llm_pure.adapters.dialects.llama_native.request import QUIRKS, build_chat
from llm_pure.adapters.dialects.llama_native.response import parse_chat, read_plain_response
from llm_pure.adapters.dialects.llama_native.stream import State, step
from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.dialect import Dialect, make_provider
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import under_base_url
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.signing.key import key_header

BASE_URL = "https://api.llama.com/v1"

DIALECT = Dialect(
    name="llama_native",
    build_chat=build_chat,
    parse_chat=parse_chat,
    read_plain_response=read_plain_response,
    find_error=find_error,
    frames=SseDataDecoder,
    initial_state=State(),
    step=step,
)


def make_service(name: str) -> Service[Quirks]:
    """A service of this dialect."""
    url_for = under_base_url(name, BASE_URL)
    return Service(name=name, base_url=BASE_URL, url_for=url_for, quirks=QUIRKS)


def provider(
    *,
    name: str,
    api_key_env: tuple[str, ...],
    base_url_env: tuple[str, ...] = (),
    source: str,
) -> Provider:
    """A provider of this dialect."""
    return make_provider(
        DIALECT,
        make_service(name),
        authorize=key_header(name, api_key_env),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        source=source,
    )


__all__ = ["DIALECT", "build_chat", "make_service", "parse_chat", "provider"]
