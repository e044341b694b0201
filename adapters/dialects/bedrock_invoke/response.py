"""A whole answer of InvokeModel -> Completion. The body's own shape tells whose it is; the model is not known here."""

from typing import Any

import msgspec

from llm_pure.adapters.dialects import anthropic_messages, openai_chat
from llm_pure.adapters.dialects import bedrock_converse as converse
from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.response import broken
from llm_pure.adapters.dialects.bedrock_invoke.request import ANTHROPIC
from llm_pure.adapters.dialects.bedrock_invoke.shapes import read_counts
from llm_pure.adapters.dialects.bedrock_invoke.stream import (
    OPENAI,
    State,
    as_openai,
    family_of,
    read_other,
)
from llm_pure.core.collect import Collector
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import decode_any, json_text, protocol_error
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.events import Started
from llm_pure.types.http import Headers, HttpResponse, get_header
from llm_pure.types.result import Failure, LLMResult, Success

_COUNT_HEADERS = {
    "x-amzn-bedrock-input-token-count": "inputTokenCount",
    "x-amzn-bedrock-output-token-count": "outputTokenCount",
    "x-amzn-bedrock-cache-read-input-token-count": "cacheReadInputTokenCount",
    "x-amzn-bedrock-cache-write-input-token-count": "cacheWriteInputTokenCount",
}
"""Headers, and the names that the same counts have in a stream's metrics."""


def parse_chat(name: str, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Tokens that the body does not count are read from the headers. Fails with the error that the answer tells, at any
    status; with ProtocolError when a 2xx body is no vendor's answer.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(undecodable(name, response))
    raw = decoded.unwrap()
    family = family_of(raw) if isinstance(raw, dict) else "unknown"
    if response.status >= 300 or family == "unknown":
        told = find_error(name, raw, response)
        return Failure(told or broken(name, "this is no vendor's answer", response))
    try:
        return _of_family(name, family, raw, response).map(
            lambda found: _counted(found, response.headers)
        )
    except RecursionError as fault:  # nested just so deep that it can be read and not be written
        return Failure(protocol_error(fault, response.body, provider=name, status=response.status))


def _of_family(
    name: str, family: str, raw: dict[str, Any], response: HttpResponse
) -> LLMResult[Completion]:
    match family:
        case "anthropic":
            return anthropic_messages.parse_chat(ANTHROPIC, response)
        case "nova":
            return converse.parse_chat(name, response)
        case "openai":
            body = json_text(as_openai(raw)).encode()
            same = HttpResponse(response.status, response.headers, body)
            return openai_chat.parse_chat(name, OPENAI, same)
        case _:
            return _other(name, raw, response)


def _other(name: str, raw: dict[str, Any], response: HttpResponse) -> LLMResult[Completion]:
    state, events = read_other(name, State(), raw)
    if state.fault is not None:
        return Failure(state.fault)
    collector = Collector()
    collector.add((Started(provider=name),))
    collector.add(events)
    collector.add(header_events(response.headers))
    return Success(collector.completion())


def _counted(completion: Completion, headers: Headers) -> Completion:
    """The Completion with the usage that the headers tell, where the body told none."""
    if completion.usage != Usage():
        return completion
    usage = usage_of(headers)
    return completion if usage is None else msgspec.structs.replace(completion, usage=usage)


def usage_of(headers: Headers) -> Usage | None:
    """The counts in the headers of an answer; None when there are none."""
    counts: dict[str, Any] = {}
    for key, count in _COUNT_HEADERS.items():
        text = get_header(headers, key) or ""
        if text.isascii() and text.isdigit() and len(text) < 16:
            counts[count] = int(text)
    return read_counts(counts) if counts else None
