"""A buffered response -> Completion. It is read as one frame with everything in it, by the functions that read streams."""

from functools import partial
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
from llm_pure.core.service import AnyService, collect_plain, parse_body, plain_completion
from llm_pure.framing.json_codec import decode, decode_shallow
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text
from llm_pure.types.rejection import ok


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
    return plain_completion(
        service,
        response,
        parts,
        id=edge.request_id,
        reason=reason,
        finish_words=FINISH,
        usage=read_usage(edge.usage, None) if edge.usage else None,
        extra={"request_id": edge.request_id} if edge.request_id else {},
    )


_OF_TEXT = {"text"}
"""The fields of a block of text."""


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.FRAME, response.body, provider=service.name))
    return read_frame(service, State(), body, raw)


parse_chat = partial(
    parse_body,
    is_response=is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no output",
)
