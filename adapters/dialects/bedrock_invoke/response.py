"""A buffered response of InvokeModel -> Completion. The shape of the body gives the vendor; the model is not in it."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects import anthropic_messages, openai_chat
from llm_pure.adapters.dialects import bedrock_converse as converse
from llm_pure.adapters.dialects.anthropic_messages.response import (
    read_plain_response as read_plain_message,
)
from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.response import (
    read_plain_response as read_plain_converse,
)
from llm_pure.adapters.dialects.bedrock_invoke.shapes import read_counts
from llm_pure.adapters.dialects.bedrock_invoke.stream import (
    GUARDRAIL,
    State,
    as_openai,
    family_of,
    is_completion,
    read_other,
)
from llm_pure.adapters.dialects.bedrock_invoke.vendors import Families
from llm_pure.adapters.dialects.openai_chat.response import read_plain_response as read_plain_chat
from llm_pure.adapters.dialects.openai_chat.think_tags import REASONING_START
from llm_pure.core.service import Service, parse_body
from llm_pure.framing.json_codec import decode_any, json_text, protocol_error
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.events import Started, StreamEvent, UsageReported
from llm_pure.types.http import Headers, HttpResponse, get_header
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult

_COUNT_HEADERS = {
    "x-amzn-bedrock-input-token-count": "inputTokenCount",
    "x-amzn-bedrock-output-token-count": "outputTokenCount",
    "x-amzn-bedrock-cache-read-input-token-count": "cacheReadInputTokenCount",
    "x-amzn-bedrock-cache-write-input-token-count": "cacheWriteInputTokenCount",
}
"""Header -> the name of the same count in a stream's metrics."""


def parse_chat(service: Service[Families], response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of a buffered response, for any status and any bytes.

    Usage is read from the headers if the body has none. Fails with the error in the response, at any status; with
    ProtocolError when a 2xx body is not a response of a known vendor.
    """
    try:
        parsed = _parse(service, response)
    except RecursionError as error:  # deep nesting: JSON that can be decoded and not be encoded
        return Failure(
            protocol_error(error, response.body, provider=service.name, status=response.status)
        )
    return parsed.map(
        lambda completion: _with_guardrail(_with_header_usage(completion, response.headers))
    )


def _with_guardrail(completion: Completion) -> Completion:
    if completion.extra.get(GUARDRAIL) != "INTERVENED":
        return completion
    return replace(completion, finish_reason="content_filter")


def _with_reasoning_start(body: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """A body of DeepSeek-R1 with the tag of its reasoning, which was the end of the prompt."""
    if not is_completion(raw):
        return body
    first, *others = body["choices"]
    return {**body, "choices": [{**first, "text": REASONING_START + first["text"]}, *others]}


def read_plain_response(service: Service[Families], response: HttpResponse) -> Completion | None:
    """The fast path of the vendors whose dialects have one; None for every other response."""
    families = service.quirks
    completion = (
        read_plain_message(families.anthropic, response)
        or read_plain_converse(service, response)
        or read_plain_chat(families.openai, response)
    )
    return None if completion is None else _with_header_usage(completion, response.headers)


def _parse(service: Service[Families], response: HttpResponse) -> LLMResult[Completion]:
    raw: Any = decode_any(response.body, provider=service.name).value_or(None)
    family = family_of(raw) if isinstance(raw, dict) and response.status < 300 else "unknown"
    match family:
        case "anthropic":
            return anthropic_messages.DIALECT.parse_chat(service.quirks.anthropic, response)
        case "nova":
            return converse.DIALECT.parse_chat(service, response)
        case "openai":
            body = json_text(_with_reasoning_start(as_openai(raw), raw)).encode()
            renamed = HttpResponse(response.status, response.headers, body)
            return openai_chat.DIALECT.parse_chat(service.quirks.openai, renamed)
        case "others" | "unknown":
            return parse_body(
                service,
                response,
                _is_other,
                _read_other,
                find_error=find_error,
                missing="the body is not a response of a known vendor",
                undecodable=undecodable,
            )


def _is_other(raw: Any) -> bool:
    return isinstance(raw, dict) and family_of(raw) == "others"


def _read_other(
    service: Service[Families], raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    state, events = read_other(service, State(), raw)
    if state.fault is not None:
        raise Rejected(state.fault)
    if not state.counted and state.counts:  # without a finish reason
        events = [*events, UsageReported(read_counts(state.counts))]
    return state, [Started(provider=service.name), *events]


def _with_header_usage(completion: Completion, headers: Headers) -> Completion:
    if completion.usage != Usage():
        return completion
    usage = header_usage(headers)
    return completion if usage is None else replace(completion, usage=usage)


def header_usage(headers: Headers) -> Usage | None:
    """The counts in the headers of a response; None if there are none."""
    counts: dict[str, Any] = {}
    for key, count in _COUNT_HEADERS.items():
        text = get_header(headers, key) or ""
        if text.isascii() and text.isdigit() and len(text) < 16:
            counts[count] = int(text)
    return read_counts(counts) if counts else None
