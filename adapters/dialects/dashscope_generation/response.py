"""A whole answer -> Completion. It is read as one frame that says everything, so it can't differ from its stream."""

from llm_pure.adapters.dialects.dashscope_generation import wire
from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.adapters.dialects.dashscope_generation.stream import State, read_frame
from llm_pure.adapters.dialects.unmodelled import broken
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import undecodable_body_error
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import decode, decode_any
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ProtocolError when a 2xx body is no answer.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    raw = decoded.unwrap()
    answers = isinstance(raw, dict) and isinstance(raw.get("output"), dict)
    told = find_error(name, raw, response)
    if told is not None and (response.status >= 300 or not answers):
        return Failure(told)
    if response.status >= 300:
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    if not answers:
        return Failure(broken(name, "the answer has no output", response))
    typed = decode(wire.FRAME, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    _, events = read_frame(name, State(), typed.unwrap(), raw)
    collector = Collector()
    collector.add(header_events(response.headers))
    collector.add(events)
    return Success(collector.completion())
