"""A whole answer -> Completion. It is read as the last event of a stream, so it can't differ from its stream."""

import msgspec

from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.errors import error_of, failure_of
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.adapters.dialects.openai_responses.stream import read_whole
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import undecodable_body_error
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, protocol_error
from llm_pure.types.completion import Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, quirks: Quirks, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status: an answer that failed carries what it had as `partial`.
    Fails with ProtocolError when a 2xx body is no answer.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    raw = decoded.unwrap()
    if response.status >= 300 or not isinstance(raw, dict) or "output" not in raw:
        return Failure(_error(name, quirks, raw, response))
    try:
        events = read_whole(name, raw)
    except DECODE_ERRORS as fault:
        return Failure(protocol_error(fault, response.body, provider=name, status=response.status))
    collector = Collector()
    collector.add(events)
    collector.add(header_events(response.headers))
    completion = collector.completion()
    told = failure_of(name, quirks.error_codes, raw, response)
    if told is not None:
        return Failure(msgspec.structs.replace(told, partial=completion))
    return Success(completion)


def parse_count(name: str, quirks: Quirks, response: HttpResponse) -> LLMResult[TokenCount]:
    """The answer of POST /responses/input_tokens."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    raw = decoded.unwrap()
    if response.status >= 300 or not isinstance(raw, dict) or "input_tokens" not in raw:
        return Failure(_error(name, quirks, raw, response))
    return decode(wire.INPUT_TOKENS, response.body, provider=name).map(
        lambda count: TokenCount(
            input_tokens=count.input_tokens,
            provider=name,
            extra={k: v for k, v in raw.items() if k not in ("object", "input_tokens")},
        )
    )


def _error(name: str, quirks: Quirks, raw: object, response: HttpResponse) -> LLMError:
    """The error of a body that is no answer."""
    told = error_of(name, quirks.error_codes, raw, response)
    if told is not None:
        return told
    if response.status >= 300:
        return undecodable_body_error(name, response.status, response.headers, response.body)
    return ProtocolError(
        message="the answer has no output",
        provider=name,
        status=response.status,
        where="body",
        evidence=response.body[:EVIDENCE_LIMIT],
    )
