"""A buffered response -> Completion. It is read as a message_start with everything in it, by the functions that read streams."""

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

    Fails with the error in the body, at any status; with ProtocolError when a 2xx body is no answer.
    """
    return parse_body(
        service,
        response,
        lambda raw: isinstance(raw, dict) and isinstance(raw.get("content"), list),
        _read,
        find_error=find_error,
        missing="the answer has no content",
    )


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    message = ok(convert(wire.Message, raw, provider=service.name))
    try:
        return read_message(service, message, raw)
    except Misplaced as error:
        raise Rejected(malformed_response(service, response, str(error))) from None
