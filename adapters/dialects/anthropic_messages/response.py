"""A buffered response -> Completion. The body is read like a `message_start` event, by the functions of `stream`.

A response with text, thinking and calls alone takes a fast path; a test holds both paths together.
"""

from functools import partial
from typing import Any

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import Misplaced
from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.stream import FINISH, State, read_message
from llm_pure.adapters.dialects.anthropic_messages.usage import merged_usage, read_usage
from llm_pure.core.service import AnyService, malformed_response, parse_body, plain_completion
from llm_pure.framing.json_codec import (
    convert,
    decode_shallow,
    is_shallow,
    json_text,
)
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.rejection import Rejected, ok


def _is_response(raw: Any) -> bool:
    if not isinstance(raw, dict):
        return False
    content = raw.get("content")
    return isinstance(content, list) or (
        raw.get("type") == "message" and (content is None or isinstance(content, str))
    )


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    message = ok(convert(wire.Message, raw, provider=service.name))
    try:
        return read_message(service, message, raw)
    except Misplaced as error:
        raise Rejected(malformed_response(service, response, str(error))) from None


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no content",
)


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text, thinking and calls alone; None for every other."""
    body = decode_shallow(wire.PLAIN_MESSAGE, response.body)
    if body is None:
        return None
    parts: list[Part] = []
    for block in body.content:
        if isinstance(block, wire.PlainText):
            if block.text:
                parts.append(Text(block.text))
        elif isinstance(block, wire.PlainThinking):
            metadata = ProviderMetadata(service.name)
            parts.append(Reasoning(block.thinking, block.signature or None, metadata))
        else:
            arguments = json_text(block.input)
            if not (block.id and block.name and is_shallow(arguments)):
                return None
            parts.append(ToolCall(block.id, block.name, arguments))
    return plain_completion(
        service,
        response,
        parts,
        id=body.id,
        model=body.model,
        reason=body.stop_reason,
        finish_words=FINISH,
        usage=read_usage(merged_usage({}, body.usage)) if body.usage else None,
        extra={"stop_sequence": body.stop_sequence} if body.stop_sequence else {},
    )
