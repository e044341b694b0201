"""Items of a stream -> events: `step` for one frame. A whole answer is read as the one item that says everything."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.frames import BEGIN, CLOSED, END
from llm_pure.adapters.dialects.gemini_content.parts import Answer, end_call, read_part
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import ContentFiltered, LLMError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure

FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "pause",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "PUP_LIMITED_DISABLED": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "LANGUAGE": "error",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "IMAGE_OTHER": "error",
    "NO_IMAGE": "error",
}
"""OTHER, FINISH_REASON_UNSPECIFIED and words yet to come are "unknown", and stay in raw_finish_reason.

Source: google-genai 3.4.0 types.FinishReason, read 2026-11-20.
"""


_NO_USAGE = msgspec.Raw()


class State(StreamState, frozen=True, kw_only=True):
    """What the next item's meaning depends on.

    answers: the candidates so far, by index. named: id and model were told. enclosed: inside a JSON body whose end has
    yet to come. known: extras already told, by (candidate, name). usage: what the last plain item said, yet to be told.
    """

    answers: Mapping[int, Answer] = {}
    named: bool = False
    enclosed: bool = False
    known: Mapping[tuple[int | None, str], Any] = {}
    usage: msgspec.Raw = _NO_USAGE


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]:
    """One frame: an item, an error in place of one, or a mark of `frames`."""
    try:
        body = wire.PLAIN_BODY.decode(frame)
    except DECODE_ERRORS:  # more than a delta: the longer way
        return _read_frame(name, head, state, frame)
    candidate = body.candidates[0]
    part = candidate.content.parts[0]
    choice = candidate.index
    answer = state.answers.get(choice)
    kind = "reasoning" if part.thought else "text"
    if answer is None or answer.kind != kind or not part.text:
        return _read_frame(name, head, state, frame)
    if body.usageMetadata:
        state = msgspec.structs.replace(state, usage=body.usageMetadata)
    if part.thought:
        return state, (ReasoningDelta(part.text, answer.index, choice),)
    return state, (TextDelta(part.text, answer.index, choice),)


def _read_frame(
    name: str, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    if data == BEGIN:
        return _with(state, enclosed=True), []
    if data == END:
        state = _with(state, enclosed=False, complete=_all_finished(state.answers))
    if data in (END, CLOSED) or not data.strip():
        return _with(state, usage=_NO_USAGE), _usage_so_far(state)
    state, events = _read_item(name, head, state, data)
    if state.usage is not _NO_USAGE:  # this item had none, or could not be read
        events = [*_usage_so_far(state), *events]
    return _with(state, usage=_NO_USAGE), events


def _usage_so_far(state: State) -> list[StreamEvent]:
    try:
        return [UsageReported(read_usage(wire.USAGE.decode(state.usage)))]
    except DECODE_ERRORS:  # there is none
        return []


def _read_item(
    name: str, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    decoded = decode_any(data, provider=name, where="item")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    told = find_error(name, raw, HttpResponse(head.status, head.headers))
    if told is not None and not (isinstance(raw, dict) and raw.get("candidates")):
        return _with(state, fault=told), []
    typed = decode(wire.BODY, data, provider=name, where="item")
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), []
    state, events = read_body(name, head, state, typed.unwrap(), raw)
    if told is not None and state.fault is None:
        state = _with(state, fault=told)
    return state, events


def read_body(
    name: str, head: ResponseHead, state: State, body: wire.Body, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """An item, or a whole answer. raw: the same as plain JSON, for what is not modelled.

    A prompt that is blocked has no candidates: that is ContentFiltered, with the reason as its code.
    """
    events: list[StreamEvent] = []
    if not state.named:
        events.append(
            Started(id=body.responseId or "", model=body.modelVersion or "", provider=name)
        )
        state = _with(state, named=bool(body.responseId and body.modelVersion))
    state = _extras(state, events, None, raw, wire.KNOWN_FIELDS_BODY)
    if body.usageMetadata:
        events.append(UsageReported(read_usage(body.usageMetadata)))
        state = _with(state, usage=_NO_USAGE)
    candidates = body.candidates or []
    numbered = any(candidate.index for candidate in candidates)
    for place, candidate in enumerate(candidates):
        choice = (candidate.index or 0) if numbered else place
        state = _candidate(name, state, events, choice, candidate, raw["candidates"][place])
        if state.fault is not None:
            return state, events
    if not candidates and body.promptFeedback is not None:
        state = _with(state, fault=_blocked(name, head, body.promptFeedback))
    done = _all_finished(state.answers) and not state.enclosed
    return (state if state.complete == done else _with(state, complete=done)), events


def _candidate(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    candidate: wire.Candidate,
    raw: dict[str, Any],
) -> State:
    state = _extras(state, events, choice, raw, wire.KNOWN_FIELDS_CANDIDATE)
    _logprobs(events, choice, raw.get("logprobsResult"))
    answer = state.answers.get(choice, Answer())
    if candidate.content is not None:
        state = _extras(state, events, choice, raw["content"], wire.KNOWN_FIELDS_CONTENT)
        for place, data in enumerate(candidate.content.parts or ()):
            where = f"candidates/{choice}/content/parts/{place}"
            part = decode(wire.PART, bytes(data), provider=name, where=where)
            if isinstance(part, Failure):
                return _answered(_with(state, fault=part.failure()), choice, answer)
            raw_part = raw["content"]["parts"][place]
            answer = read_part(name, choice, answer, part.unwrap(), bytes(data), raw_part, events)
    word = candidate.finishReason
    if word is not None and word != "":
        answer = end_call(choice, answer, events)
        answer = Answer(answer.index, answer.kind, answer.call, True)
        events.append(Finished(FINISH.get(str(word), "unknown"), str(word), choice))
    return _answered(state, choice, answer)


def _answered(state: State, choice: int, answer: Answer) -> State:
    return _with(state, answers={**state.answers, choice: answer})


def _all_finished(answers: Mapping[int, Answer]) -> bool:
    return bool(answers) and all(answer.finished for answer in answers.values())


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)


def _blocked(name: str, head: ResponseHead, feedback: wire.PromptFeedback) -> LLMError | None:
    reason = feedback.blockReason
    if not reason:
        return None
    return ContentFiltered(
        message=feedback.blockReasonMessage or f"the prompt was blocked: {reason}",
        provider=name,
        status=head.status,
        code=reason,
    )


def _extras(
    state: State,
    events: list[StreamEvent],
    choice: int | None,
    raw: Mapping[str, Any],
    modelled: frozenset[str],
) -> State:
    """What is not modelled is told once, and again when it changes. Null and empty say nothing.

    Later keys of an object are put over the earlier ones: grounding may come in parts.
    """
    news: dict[tuple[int | None, str], Any] = {}
    for key, value in raw.items():
        if key in modelled or value is None or value in ("", [], {}):
            continue
        before = state.known.get((choice, key))
        if isinstance(before, dict) and isinstance(value, dict):
            value = {**before, **value}
        if before != value:
            news[(choice, key)] = value
            events.append(ExtraReceived(key, value, choice=choice))
    return _with(state, known={**state.known, **news}) if news else state


def _logprobs(events: list[StreamEvent], choice: int, raw: Any) -> None:
    """logprobsResult: its lists go on from item to item, so each is an extra of its own."""
    if not isinstance(raw, dict):
        return
    for key, value in raw.items():
        if isinstance(value, list) and value:
            events.append(ExtraReceived(key, value, True, choice))
        elif value is not None and value != []:
            events.append(ExtraReceived(key, value, choice=choice))
