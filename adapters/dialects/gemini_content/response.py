"""A buffered response -> Completion. It is read as one item of a stream, by the functions that read streams.

A response with text alone takes a fast path; a test holds both paths together.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.frames import ItemDecoder, has_candidates, without_enclosure
from llm_pure.adapters.dialects.gemini_content.plain_items import step
from llm_pure.adapters.dialects.gemini_content.stream import (
    FINISH,
    State,
    read_body,
)
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.dialect import AnyService, malformed_response, parse_body
from llm_pure.core.error_mapping import request_id
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, json_text
from llm_pure.types.completion import Completion, Usage, other_finish_reason
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Message, Text
from llm_pure.types.rejection import ok
from llm_pure.types.result import LLMResult, Success


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes; also of a stream's JSON array.

    Fails with the error in the body, at any status; with ContentFiltered when the prompt was blocked; with ProtocolError
    when a 2xx body is not a response. Content that could be read is the error's `partial`.
    """
    plain = read_plain_response(service, response) if response.status < 300 else None
    return read_response(service, response) if plain is None else Success(plain)


def read_response(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The slow path, for any response."""
    return parse_body(
        service,
        response,
        _is_response,
        _read,
        find_error=find_error,
        missing="the response is not a JSON object",
    )


def _is_response(raw: Any) -> bool:
    if isinstance(raw, list):
        return any(map(has_candidates, raw))
    return isinstance(raw, dict) and (has_candidates(raw) or not raw.get("error"))


def _read(service: AnyService, raw: Any, response: HttpResponse) -> tuple[State, list[StreamEvent]]:
    if isinstance(raw, list):
        return _read_items(service, response)
    raw, data = without_enclosure(raw, response.body)
    body = ok(decode(wire.BODY, data, provider=service.name))
    state, events = read_body(service, response.head, State(), body, raw, buffered=True)
    is_error = find_error(service, raw, response) is not None
    if state.fault is None and not has_candidates(raw) and not is_error:
        message = "the response has no candidates, and no reason for it"
        fault = malformed_response(service, response, message, where="candidates")
        state = replace(state, fault=fault)
    return state, events


def _read_items(service: AnyService, response: HttpResponse) -> tuple[State, list[StreamEvent]]:
    """Read the JSON array of a stream."""
    decoder, state = ItemDecoder(), State()
    events: list[StreamEvent] = []
    for frame in [*decoder.feed(response.body), *decoder.close()]:
        if state.fault is None:
            state, item_events = step(service, response.head, state, frame)
            events += item_events
    return state, events


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text alone; None for every other."""
    try:
        body = wire.PLAIN_ANSWER.decode(response.body)
    except DECODE_ERRORS:
        return None
    (candidate,) = body.candidates
    parts, reason = candidate.content.parts, candidate.finishReason
    if not reason or any(part.thought for part in parts):
        return None
    text = "".join([part.text for part in parts])
    request = request_id(response.headers)
    return Completion(
        id=body.responseId,
        model=body.modelVersion,
        provider=service.name,
        message=Message("assistant", (Text(text),) if text else ()),
        finish_reason=FINISH.get(reason) or other_finish_reason(reason),
        raw_finish_reason=reason,
        usage=read_usage(body.usageMetadata) if body.usageMetadata else Usage(),
        extra={"request_id": request} if request else {},
    )
