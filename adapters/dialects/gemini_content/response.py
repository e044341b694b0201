"""A buffered response -> Completion. It is read as one item of a stream, by the functions that read streams."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.stream import State, has_candidates, read_body
from llm_pure.core.dialect import AnyService, malformed_response, parse_body
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import ok
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes.

    Fails with the error in the body, at any status; with ContentFiltered when the prompt was blocked; with ProtocolError
    when a 2xx body is not a response. Content that could be read is the error's `partial`.
    """
    return parse_body(
        service,
        response,
        lambda raw: isinstance(raw, dict),
        _read,
        find_error=_error_without_candidates,
        missing="the response is not a JSON object",
    )


def _error_without_candidates(
    service: AnyService, raw: Any, response: HttpResponse
) -> LLMError | None:
    """The error of a body without candidates; `_read` adds the candidates to the error of the other bodies."""
    if response.status < 300 and has_candidates(raw):
        return None
    return find_error(service, raw, response)


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.BODY, response.body, provider=service.name))
    state, events = read_body(service, response.head, State(), body, raw)
    error = state.fault or find_error(service, raw, response)
    if error is None and not has_candidates(raw):
        message = "the response has no candidates, and no reason for it"
        error = malformed_response(service, response, message, where="candidates")
    return replace(state, fault=error), events
