"""A buffered response -> Completion. The body is read like a `message_start` event, by the functions of `stream`."""

from typing import Any

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import Misplaced
from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.stream import State, read_message
from llm_pure.core.dialect import AnyService, malformed_response, parse_body
from llm_pure.framing.json_codec import convert
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of a buffered response, for any status and any bytes.

    Fails with the error in the body, at any status; with ProtocolError when a 2xx body is not a response.
    """
    return parse_body(
        service,
        response,
        _is_response,
        _read,
        find_error=find_error,
        missing="the response has no content",
    )


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
