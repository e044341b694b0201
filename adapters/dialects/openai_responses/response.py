"""A buffered response -> Completion. It is read as the last event of a stream, so both give the same Completion."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.token_counts import read_token_count
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.errors import find_error, response_error
from llm_pure.adapters.dialects.openai_responses.state import State
from llm_pure.adapters.dialects.openai_responses.stream import read_end, read_response
from llm_pure.core.dialect import AnyService, parse_body, read_json
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import returns_failure
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes.

    Fails with the error in the body, at any status; a response that failed has its output as `partial`.
    Fails with ProtocolError when a 2xx body has no output.
    """
    return parse_body(
        service,
        response,
        _is_response,
        _read,
        find_error=find_error,
        missing="the response has no output",
    )


def _is_response(raw: Any) -> bool:
    """A response that ended before it had any output may have no field for it. Gateways send the last event in its place."""
    return isinstance(raw, dict) and (
        "output" in raw
        or raw.get("object") == "response"
        or "incomplete_details" in raw
        or (str(raw.get("type")) in wire.END_TYPES and isinstance(raw.get("response"), dict))
    )


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    if str(raw.get("type")) in wire.END_TYPES:
        return read_end(service, State(), raw, response)
    events: list[StreamEvent] = []
    state = read_response(service, State(), events, raw)
    return replace(state, fault=response_error(service, raw, response)), events


@returns_failure
def parse_count(service: AnyService, response: HttpResponse) -> TokenCount:
    """The count of POST /responses/input_tokens."""
    raw = read_json(service, response, find_error)
    return read_token_count(service, response, raw, "input_tokens", frozenset({"object"}))
