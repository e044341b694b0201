"""A whole answer -> Completion, through the same functions that read its stream.

Source: cohere 7.3.1, v2/types/v2chat_response.py, read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.cohere_chat import wire
from llm_pure.adapters.dialects.cohere_chat.errors import error_in
from llm_pure.adapters.dialects.cohere_chat.stream import (
    FINISH,
    State,
    read_block,
    read_call,
    read_plan,
)
from llm_pure.adapters.dialects.cohere_chat.usage import read_usage
from llm_pure.adapters.dialects.unmodelled import broken, tell_others
from llm_pure.classify import good_json
from llm_pure.codec import decode
from llm_pure.collect import Collector
from llm_pure.completion import Completion
from llm_pure.events import (
    ExtraReceived,
    Finished,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.http import HttpResponse
from llm_pure.result import Failure, Parsed, Success
from llm_pure.stream import told_by_headers


def parse_chat(name: str, response: HttpResponse) -> Parsed[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ProtocolFault when a 2xx body is no answer.
    """
    good = good_json(name, response, lambda raw: error_in(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    if not isinstance(raw, dict) or not isinstance(raw.get("message"), dict):
        return Failure(broken(name, "the answer has no message", response))
    typed = decode(wire.ANSWER, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    collector = Collector()
    collector.add(told_by_headers(response.headers))
    collector.add(_events(name, typed.unwrap(), raw))
    return Success(collector.completion())


def _events(name: str, answer: wire.Answer, raw: dict[str, Any]) -> list[StreamEvent]:
    events: list[StreamEvent] = [Started(id=answer.id or "", provider=name)]
    said, raw_said = answer.message, raw["message"]
    known = tell_others(events, {}, raw, wire.MODELLED_ANSWER)
    tell_others(events, known, raw_said, wire.MODELLED_MESSAGE)
    if raw.get("logprobs"):
        events.append(ExtraReceived("logprobs", raw["logprobs"], append=True))
    state = State(started=True)
    if isinstance(said.content, str):
        events += [TextDelta(said.content)] if said.content else []
    else:
        for index, block in enumerate(said.content or ()):
            state = read_block(name, state, events, index, block, raw_said["content"][index])
    if said.tool_plan:
        read_plan(state, events, said.tool_plan)
    for index, call in enumerate(said.tool_calls or ()):
        read_call(events, index, call, raw_said["tool_calls"][index])
    if said.citations:
        events.append(ExtraReceived("citations", said.citations, append=True))
    if answer.usage:
        events.append(UsageReported(read_usage(answer.usage)))
    word = answer.finish_reason or None
    events.append(Finished(FINISH.get(word or "", "unknown"), word))
    return events
