"""A whole answer -> Completion. Its blocks begin and end at once, so it can't differ from its stream."""

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import Misplaced
from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.adapters.dialects.anthropic_messages.stream import read_message
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import decode_success_json
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import convert, protocol_error
from llm_pure.types.completion import Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, quirks: Quirks, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ProtocolError when a 2xx body is no answer.
    """
    good = decode_success_json(
        name,
        response,
        lambda raw: find_error(name, quirks.error_codes, raw, response.status, response.headers),
    )
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    if not isinstance(raw, dict) or not isinstance(raw.get("content"), list):
        return Failure(broken(name, "the answer has no content", response))
    typed = convert(wire.Message, raw, provider=name)
    if isinstance(typed, Failure):
        return typed
    collector = Collector()
    try:
        _, events = read_message(name, typed.unwrap(), raw)
        collector.add(header_events(response.headers))
        collector.add(events)
        return Success(collector.completion())
    except Misplaced as fault:
        return Failure(broken(name, str(fault), response))
    except RecursionError as fault:  # nested just so deep that it can be read and not be written
        return Failure(protocol_error(fault, response.body, provider=name, status=response.status))


def broken(name: str, message: str, response: HttpResponse) -> ProtocolError:
    """A 2xx body that is JSON but no answer."""
    return ProtocolError(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=response.body[:EVIDENCE_LIMIT],
    )
