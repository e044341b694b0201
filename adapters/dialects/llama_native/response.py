"""A whole answer -> Completion, through the same functions that read its stream.

Source: llama-api-client 0.6.0, types/create_chat_completion_response.py, read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.llama_native import wire
from llm_pure.adapters.dialects.llama_native.stream import FINISH, State, read_block, read_call
from llm_pure.adapters.dialects.llama_native.usage import read_usage
from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.unmodelled import broken, emit_extra_fields
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import NO_ERROR_CODES, undecodable_body_error
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import decode, decode_any
from llm_pure.types.completion import Completion
from llm_pure.types.events import Finished, Started, StreamEvent, TextDelta, UsageReported
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
    answers = isinstance(raw, dict) and isinstance(raw.get("completion_message"), dict)
    told = error_in_body(name, NO_ERROR_CODES, raw, response)
    if told is not None and (response.status >= 300 or not answers):
        return Failure(told)
    if response.status >= 300:
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    if not answers:
        return Failure(broken(name, "the answer has no completion_message", response))
    typed = decode(wire.ANSWER, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    collector = Collector()
    collector.add(header_events(response.headers))
    collector.add(_events(name, typed.unwrap(), raw))
    return Success(collector.completion())


def _events(name: str, answer: wire.Answer, raw: dict[str, Any]) -> list[StreamEvent]:
    events: list[StreamEvent] = [
        Started(id=answer.id or "", model=answer.model or "", provider=name)
    ]
    said, raw_said = answer.completion_message, raw["completion_message"]
    known = emit_extra_fields(events, {}, raw, wire.KNOWN_FIELDS_ANSWER)
    emit_extra_fields(events, known, raw_said, wire.KNOWN_FIELDS_MESSAGE)
    state = State(started=True)
    match said.content:
        case str(text):
            events += [TextDelta(text)] if text else []
        case wire.Content() as block:
            state = read_block(name, state, events, block, raw_said["content"])
        case list(blocks):
            for block, raw_block in zip(blocks, raw_said["content"], strict=True):
                state = read_block(name, state, events, block, raw_block)
        case None:
            pass
    for place, call in enumerate(said.tool_calls or ()):
        read_call(events, place, call, raw_said["tool_calls"][place])
    if answer.metrics:
        events.append(UsageReported(read_usage(answer.metrics, raw["metrics"])))
    word = said.stop_reason or None
    events.append(Finished(FINISH.get(word or "", "unknown"), word))
    return events
