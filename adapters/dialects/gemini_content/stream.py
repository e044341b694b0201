"""Items of a stream -> events: `step` for one frame. A buffered response is read as a single item with everything in it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import SeenExtras, emit_extra_fields
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.frames import BEGIN, CLOSED, END
from llm_pure.adapters.dialects.gemini_content.parts import ChoiceState, end_call, read_part
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.dialect import AnyService
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
"""OTHER, FINISH_REASON_UNSPECIFIED and future values are "unknown"; raw_finish_reason keeps them.

Source: google-genai 3.4.0 types.FinishReason, read 2026-11-20.
"""

_NO_USAGE = msgspec.Raw()


class State(StreamState, frozen=True, kw_only=True):
    """Everything that decides how the next item is read."""

    choices: Mapping[int, ChoiceState] = {}
    """The candidates so far, by index."""
    identified: bool = False
    """An event with both the id and the model was emitted."""
    enclosed: bool = False
    """Inside a JSON body that has not ended."""
    seen_extras: SeenExtras = Entries()
    usage: msgspec.Raw = _NO_USAGE
    """The usage of the last plain item, not emitted yet."""


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]:
    """Read one frame: an item, an error in place of an item, or a mark of `frames`."""
    try:
        body = wire.PLAIN_BODY.decode(frame)
    except DECODE_ERRORS:  # more than a delta
        return _read_frame(service, head, state, frame)
    candidate = body.candidates[0]
    part = candidate.content.parts[0]
    choice = candidate.index
    choice_state = state.choices.get(choice)
    kind = "reasoning" if part.thought else "text"
    if choice_state is None or choice_state.kind != kind or not part.text:
        return _read_frame(service, head, state, frame)
    if body.usageMetadata:
        state = replace(state, usage=body.usageMetadata)
    if part.thought:
        return state, (ReasoningDelta(part.text, choice_state.index, choice),)
    return state, (TextDelta(part.text, choice_state.index, choice),)


def _read_frame(
    service: AnyService, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    if data == BEGIN:
        return replace(state, enclosed=True), []
    if data == END:
        state = replace(state, enclosed=False, complete=_all_finished(state.choices))
    if data in (END, CLOSED) or not data.strip():
        return replace(state, usage=_NO_USAGE), _usage_so_far(state)
    state, events = _read_item(service, head, state, data)
    if state.usage is not _NO_USAGE:  # this item had no usage, or could not be read
        events = [*_usage_so_far(state), *events]
    return replace(state, usage=_NO_USAGE), events


def _usage_so_far(state: State) -> list[StreamEvent]:
    try:
        return [UsageReported(read_usage(wire.USAGE.decode(state.usage)))]
    except DECODE_ERRORS:  # there is none
        return []


def _read_item(
    service: AnyService, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    decoded = decode_any(data, provider=service.name, where="item")
    if isinstance(decoded, Failure):
        return replace(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    error = find_error(service, raw, HttpResponse(head.status, head.headers))
    if error is not None and not has_candidates(raw):
        return replace(state, fault=error), []
    typed = decode(wire.BODY, data, provider=service.name, where="item")
    if isinstance(typed, Failure):
        return replace(state, fault=typed.failure()), []
    state, events = read_body(service, head, state, typed.unwrap(), raw)
    if error is not None and state.fault is None:
        state = replace(state, fault=error)
    return state, events


def has_candidates(raw: Any) -> bool:
    """Whether decoded JSON has candidates, so that content is read even if there is an error beside it."""
    return isinstance(raw, dict) and bool(raw.get("candidates"))


def read_body(
    service: AnyService, head: ResponseHead, state: State, body: wire.Body, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """Read an item, or a buffered response. `raw`: the same as plain JSON, for fields that are not modelled.

    A blocked prompt has no candidates; it sets `fault` to ContentFiltered with the reason as its code.
    """
    events: list[StreamEvent] = []
    if not state.identified:
        started = Started(
            id=body.responseId or "", model=body.modelVersion or "", provider=service.name
        )
        events.append(started)
        state = replace(state, identified=bool(body.responseId and body.modelVersion))
    state = _extras(state, events, None, raw, wire.KNOWN_FIELDS_BODY)
    if body.usageMetadata:
        events.append(UsageReported(read_usage(body.usageMetadata)))
        state = replace(state, usage=_NO_USAGE)
    candidates = body.candidates or []
    numbered = any(candidate.index for candidate in candidates)
    for position, candidate in enumerate(candidates):
        choice = (candidate.index or 0) if numbered else position
        raw_candidate = raw["candidates"][position]
        state = _candidate(service, state, events, choice, candidate, raw_candidate)
        if state.fault is not None:
            return state, events
    if not candidates and body.promptFeedback is not None:
        state = replace(state, fault=_blocked(service, head, body.promptFeedback))
    complete = _all_finished(state.choices) and not state.enclosed
    return (state if state.complete == complete else replace(state, complete=complete)), events


def _candidate(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    choice: int,
    candidate: wire.Candidate,
    raw: dict[str, Any],
) -> State:
    state = _extras(state, events, choice, raw, wire.KNOWN_FIELDS_CANDIDATE)
    _logprobs(events, choice, raw.get("logprobsResult"))
    choice_state = state.choices.get(choice, ChoiceState())
    if candidate.content is not None:
        state = _extras(state, events, choice, raw["content"], wire.KNOWN_FIELDS_CONTENT)
        for index, data in enumerate(candidate.content.parts or ()):
            path = f"candidates/{choice}/content/parts/{index}"
            part = decode(wire.PART, bytes(data), provider=service.name, where=path)
            if isinstance(part, Failure):
                return _with_choice(replace(state, fault=part.failure()), choice, choice_state)
            raw_part = raw["content"]["parts"][index]
            choice_state = read_part(
                service.name, choice, choice_state, part.unwrap(), bytes(data), raw_part, events
            )
    reason = candidate.finishReason
    if reason is not None and reason != "":
        choice_state = end_call(choice, choice_state, events)
        choice_state = replace(choice_state, finished=True)
        events.append(Finished(FINISH.get(str(reason), "unknown"), str(reason), choice))
    return _with_choice(state, choice, choice_state)


def _with_choice(state: State, choice: int, choice_state: ChoiceState) -> State:
    return replace(state, choices={**state.choices, choice: choice_state})


def _all_finished(choices: Mapping[int, ChoiceState]) -> bool:
    return bool(choices) and all(choice_state.finished for choice_state in choices.values())


def _blocked(
    service: AnyService, head: ResponseHead, feedback: wire.PromptFeedback
) -> LLMError | None:
    reason = feedback.blockReason
    if not reason:
        return None
    return ContentFiltered(
        message=feedback.blockReasonMessage or f"the prompt was blocked: {reason}",
        provider=service.name,
        status=head.status,
        code=reason,
    )


def _extras(
    state: State,
    events: list[StreamEvent],
    choice: int | None,
    raw: Mapping[str, Any],
    known: frozenset[str],
) -> State:
    """Emit extra fields. Later keys of an object are put over the earlier ones, since grounding may arrive in parts."""
    seen = emit_extra_fields(events, state.seen_extras, raw, known, choice, merge=True)
    return state if seen is state.seen_extras else replace(state, seen_extras=seen)


def _logprobs(events: list[StreamEvent], choice: int, raw: Any) -> None:
    """Emit each field of logprobsResult as an extra field; its lists are appended item by item."""
    if not isinstance(raw, dict):
        return
    for key, value in raw.items():
        if isinstance(value, list) and value:
            events.append(ExtraReceived(key, value, True, choice))
        elif value is not None and value != []:
            events.append(ExtraReceived(key, value, choice=choice))
