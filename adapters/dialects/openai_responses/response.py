"""A buffered response -> Completion. It is read as the last event of a stream, so both give the same Completion.

A response with one text alone takes a fast path; a test holds both paths together.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.token_counts import read_token_count
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.errors import find_error, response_error
from llm_pure.adapters.dialects.openai_responses.items import LISTS, unread_fields
from llm_pure.adapters.dialects.openai_responses.state import State
from llm_pure.adapters.dialects.openai_responses.stream import read_end, read_response
from llm_pure.core.dialect import AnyService, parse_body, read_json
from llm_pure.core.error_mapping import request_id
from llm_pure.framing.json_codec import any_json, json_text
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Message, ProviderMetadata, Text
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


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a completed response with one message of one text; None for every other."""
    raw = any_json(response.body)
    match raw:
        case {
            "id": str(response_id),
            "model": str(model),
            "status": "completed",
            "output": [{"type": "message", "content": [dict() as part]} as item],
            "usage": dict(usage),
        } if raw.get("incomplete_details") is None and raw.keys().isdisjoint(_OF_EVENTS):
            pass
        case _:
            return None
    text = part.get("text")
    if part.get("type") != "output_text" or not isinstance(text, str) or not text:
        return None
    if "refusal" in part or any(part.get(key) not in (None, []) for key in LISTS):
        return None
    if not item.keys().isdisjoint(_OF_OTHERS):
        return None
    if raw.get("error") is not None or find_error(service, raw, response) is not None:
        return None
    own = unread_fields(item, "type", "role", "content")
    fields = unread_fields(part, "type", "text", "logprobs")
    metadata = json_text({"item": own, "part": fields} if fields else {"item": own})
    request = request_id(response.headers)
    return Completion(
        id=response_id,
        model=model,
        provider=service.name,
        message=Message("assistant", (Text(text, ProviderMetadata(service.name, metadata)),)),
        finish_reason="stop",
        raw_finish_reason="completed",
        usage=read_usage(usage) if usage else Usage(),
        extra={
            **({"request_id": request} if request else {}),
            **extra_fields(raw, wire.KNOWN_FIELDS_RESPONSE),
        },
    )


_OF_EVENTS = frozenset({"type", "response"})
"""Fields of an event in place of a response."""
_OF_OTHERS = frozenset(wire.Item.__struct_fields__) - {"content"}
"""Fields that other items than messages have."""


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
