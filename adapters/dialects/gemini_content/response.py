"""A whole answer -> Completion. It is read as one item of a stream, so it can't differ from its stream."""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.stream import State, read_body
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import undecodable_body_error
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import decode, decode_any
from llm_pure.types.completion import Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ContentFiltered when the prompt was blocked; with
    ProtocolError when a 2xx body is no answer. What could be read is in the error's `partial`.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    raw = decoded.unwrap()
    told = find_error(name, raw, response)
    if told is not None and (response.status >= 300 or not _candidates(raw)):
        return Failure(told)
    if response.status >= 300:
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    typed = decode(wire.BODY, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    state, events = read_body(name, response.head, State(), typed.unwrap(), raw)
    collector = Collector()
    collector.add(header_events(response.headers))
    collector.add(events)
    completion = collector.completion()
    fault = state.fault or told
    if fault is not None:
        return Failure(msgspec.structs.replace(fault, partial=completion))
    if not _candidates(raw):
        return Failure(_without_candidates(name, response, completion))
    return Success(completion)


def _candidates(raw: Any) -> Any:
    return raw.get("candidates") if isinstance(raw, dict) else None


def _without_candidates(name: str, response: HttpResponse, completion: Completion) -> ProtocolError:
    return ProtocolError(
        message="the answer has no candidates, and no reason why",
        provider=name,
        status=response.status,
        where="candidates",
        evidence=response.body[:EVIDENCE_LIMIT],
        partial=completion,
    )
