"""iFlytek's Spark over a websocket: a signed URL, one frame sent, frames received until the one with status 2.

For the rest of the library a conversation of frames is an HTTP exchange: a GET whose body is the frame to send, answered
with status 200, content type application/x-ndjson and one frame on each line. The transport is a websocket
(llm_pure.transports.websocket_transport).
Source: the package spark_ai_python 0.4.5; the wire notes of this project; read 2026-11-20.
"""

import re
from collections.abc import Mapping
from functools import partial

from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.adapters.dialects.spark_frames.errors import ERROR_CODES
from llm_pure.adapters.dialects.spark_frames.request import QUIRKS, authorize, build_chat
from llm_pure.adapters.dialects.spark_frames.response import DIALECT, parse_chat
from llm_pure.adapters.dialects.spark_frames.stream import is_last
from llm_pure.adapters.dialects.spark_frames.urls import BASE_URL, by_domain
from llm_pure.core.dialect import make_provider
from llm_pure.core.provider import NO_ENV_VARS, Provider
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import any_json
from llm_pure.types.http import ResponseHead, get_header


def make_service(name: str) -> Service[Quirks]:
    """A service of this dialect."""
    return Service(
        name=name,
        base_url=BASE_URL,
        url_for=by_domain(name),
        quirks=QUIRKS,
        error_codes=ERROR_CODES,
    )


def provider(
    *,
    name: str,
    api_key_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    source: str,
) -> Provider:
    """A provider of this dialect."""
    service = make_service(name)
    return make_provider(
        DIALECT,
        service,
        authorize=partial(authorize, service),
        api_key_env=api_key_env,
        env_vars=env_vars,
        source=source,
        is_last_message=is_last,
    )


def may_hold_frames(head: ResponseHead) -> bool:
    """Return whether the response has the label that the transport gives a conversation of frames."""
    content_type = (get_header(head.headers, "content-type") or "").split(";")[0].strip().lower()
    return content_type == "application/x-ndjson"


def begins_frames(line: bytes) -> bool:
    """Return false if this is an event's line, or JSON of OpenAI's chat completions, and so of the HTTP API."""
    raw = any_json(line)
    if isinstance(raw, dict):
        return "header" in raw or "choices" not in raw
    return not _EVENT.match(line)


_EVENT = re.compile(rb"\s*+(?::|(?:data|event|id|retry)\s*+:)")


__all__ = [
    "DIALECT",
    "ERROR_CODES",
    "begins_frames",
    "build_chat",
    "is_last",
    "make_service",
    "may_hold_frames",
    "parse_chat",
    "provider",
]
