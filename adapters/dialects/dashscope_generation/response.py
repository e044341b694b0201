"""A buffered response -> Completion. It is read as one frame with everything in it, by the functions that read streams."""

from typing import Any

from llm_pure.adapters.dialects.dashscope_generation import wire
from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.adapters.dialects.dashscope_generation.stream import (
    FINISH,
    UNFINISHED,
    State,
    edge_json,
    is_response,
    read_frame,
)
from llm_pure.adapters.dialects.dashscope_generation.usage import read_usage
from llm_pure.core.dialect import AnyService, collect_plain, parse_body
from llm_pure.core.error_mapping import request_id
from llm_pure.framing.json_codec import decode, decode_shallow
from llm_pure.types.completion import Completion, Usage, finish_reason_of
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Message, Part, ProviderMetadata, Reasoning, Text
from llm_pure.types.rejection import ok
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes.

    Fails with the error in the body, at any status; with ProtocolError when a 2xx body has no output.
    """
    return parse_body(
        service,
        response,
        is_response,
        _read,
        find_error=find_error,
        missing="the response has no output",
    )


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with one choice and nothing to keep beside what is read; None for every other."""
    edge = decode_shallow(wire.EDGE_FRAME, response.body)
    if edge is None:
        return None
    (choice,) = edge.output.choices
    message, reason = choice.message, choice.finish_reason
    text = message.content or ""
    if isinstance(text, list) and all(block.keys() == _OF_TEXT for block in text):
        text = "".join([block["text"] for block in text])
    if message.tool_calls or not isinstance(text, str) or reason in UNFINISHED or choice.index:
        return collect_plain(response, read_frame(service, State(), edge, edge_json(edge))[1])
    parts: list[Part] = []
    if message.reasoning_content:
        own = ProviderMetadata(service.name, "{}")
        parts.append(Reasoning(message.reasoning_content, None, own))
    if text:
        parts.append(Text(text))
    request = edge.request_id or request_id(response.headers)
    return Completion(
        id=edge.request_id or "",
        provider=service.name,
        message=Message("assistant", tuple(parts)),
        finish_reason=finish_reason_of(reason, FINISH),
        raw_finish_reason=reason,
        usage=read_usage(edge.usage, None) if edge.usage else Usage(),
        extra={"request_id": request} if request else {},
    )


_OF_TEXT = {"text"}
"""The fields of a block of text."""


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.FRAME, response.body, provider=service.name))
    return read_frame(service, State(), body, raw)
