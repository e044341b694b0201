"""iFlytek's Spark over a websocket: a signed address, one frame out, frames back until the one of status 2.

To the rest of the library a conversation of frames is an HTTP exchange: a GET whose body is the frame to send, answered with
status 200, content type application/x-ndjson and one frame on each line. What carries it is a websocket
(llm_pure.transports.websocket_transport).
Source: the package spark_ai_python 0.4.5; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.spark_frames.errors import WORDS
from llm_pure.adapters.dialects.spark_frames.request import SERVER, authorize, build_chat
from llm_pure.adapters.dialects.spark_frames.response import open_stream, parse_chat
from llm_pure.adapters.dialects.spark_frames.stream import is_last
from llm_pure.core.provider import NO_ENV_VARS, Provider
from llm_pure.types.http import ResponseHead, get_header

DIALECT = "spark_frames"


def provider(
    *,
    name: str,
    api_key_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    source: str,
) -> Provider:
    """A service that speaks this dialect."""
    return Provider(
        name=name,
        dialect=DIALECT,
        base_url=SERVER,
        build_chat=partial(build_chat, name),
        authorize=partial(authorize, name),
        parse_chat=partial(parse_chat, name),
        open_stream=partial(open_stream, name),
        api_key_env=api_key_env,
        env_vars=env_vars,
        source=source,
        is_last_message=is_last,
    )


def holds_frames(head: ResponseHead) -> bool:
    """Is the body of this answer a conversation of frames?"""
    kind = (get_header(head.headers, "content-type") or "").split(";")[0].strip().lower()
    return kind == "application/x-ndjson"


__all__ = [
    "DIALECT",
    "WORDS",
    "build_chat",
    "holds_frames",
    "is_last",
    "open_stream",
    "parse_chat",
    "provider",
]
