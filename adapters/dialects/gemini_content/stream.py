"""Items of a stream -> events: `step` for one frame. A buffered response is read as a single item with everything in it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import extra_fields, new_items
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.frames import (
    BEGIN,
    CLOSED,
    END,
    has_candidates,
    normalized,
)
from llm_pure.adapters.dialects.gemini_content.parts import (
    ChoiceState,
    Kind,
    end_call,
    read_part,
)
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.service import AnyService
from llm_pure.core.stream import DONE, StreamState, is_heartbeat
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.errors import ContentFiltered, LLMError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ProviderMetadataReceived,
    Started,
    StreamEvent,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.rejection import ok
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
    "1": "stop",
    "2": "length",
    "3": "content_filter",
    "4": "content_filter",
}
"""OTHER, FINISH_REASON_UNSPECIFIED and future values are "unknown"; raw_finish_reason keeps them. The numbers are those of the enum, which JSON of protobuf may have in place of its names.
Source: google-genai 3.4.0 types.FinishReason, read 2026-11-20.
"""

UNSPECIFIED = "UNSPECIFIED"
"""The end of the names of enum values that mean a field without a value."""

NO_USAGE = msgspec.Raw()
BEGINNING = ChoiceState()
_RESPONSE = -1
"""In keys of `State.seen_extras`: the response, not one of its candidates."""


class Newest(msgspec.Struct, frozen=True):
    """What a plain item must agree with to take the fast path: the last item that was more than a delta."""

    choice: int
    """Its last candidate."""
    index: int
    """The index of the candidate's last part."""
    kind: Kind
    """The kind of deltas that may extend this part; "" for none, and after a finish reason."""
    id: str | None
    """As that item had it; the model likewise."""
    model: str | None


class State(StreamState, frozen=True, kw_only=True):
    """Everything that decides how the next item is read."""

    choices: Entries = Entries()
    """Number of a candidate -> its ChoiceState."""
    newest: Newest | None = None
    unfinished: int = 0
    """The number of candidates that began and have not finished."""
    started: Started | None = None
    """The last Started that was emitted."""
    enclosed: bool = False
    """Inside a JSON body that has not ended."""
    seen_extras: Entries = Entries()
    """(candidate, name) -> the extra field as it was last received; the fields in objects as `name/field`."""
    usage: msgspec.Raw = NO_USAGE
    """The usage of the last plain item, not emitted yet."""


def read_frame(
    service: AnyService, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    """The slow path, for any frame."""
    if data == BEGIN:
        return replace(state, enclosed=True), []
    if data == END:
        state = settle_end(replace(state, enclosed=False))
    if data in (END, CLOSED):
        events = usage_so_far(state)
        if state.newest is not None:  # the end of the body cuts off an open call
            end_call(state.newest.choice, state.choices.get(state.newest.choice), events)
        return replace(state, usage=NO_USAGE), events
    if is_heartbeat(data) or data.strip() == DONE:
        return state, []
    state, events = _read_item(service, head, state, data)
    if state.usage is not NO_USAGE:  # this item had no usage, or could not be read
        events = [*usage_so_far(state), *events]
    return replace(state, usage=NO_USAGE), events


def usage_so_far(state: State) -> list[StreamEvent]:
    try:
        return [UsageReported(read_usage(wire.USAGE.decode(state.usage)))]
    except DECODE_ERRORS:  # there is none
        return []


def _read_item(
    service: AnyService, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    raw = ok(decode_any(data, provider=service.name, where="item"))
    raw, data = normalized(raw, data)
    error = find_error(service, raw, HttpResponse(head.status, head.headers))
    if error is not None and not has_candidates(raw):
        return replace(state, fault=error), []
    typed = ok(decode(wire.BODY, data, provider=service.name, where="item"))
    state, events = read_body(service, head, state, typed, raw)
    if error is not None and state.fault is None:
        state = replace(state, fault=error)
    return state, events


def read_body(
    service: AnyService,
    head: ResponseHead,
    state: State,
    body: wire.Body,
    raw: dict[str, Any],
    *,
    buffered: bool = False,
) -> tuple[State, list[StreamEvent]]:
    """Read an item, or a buffered response. `raw`: the same as plain JSON, for fields that are not modelled.

    A blocked prompt sets `fault` to ContentFiltered with the reason as its code.
    """
    events: list[StreamEvent] = []
    state = start(service, state, events, body)
    state = _extras(state, events, None, raw, wire.KNOWN_FIELDS_BODY)
    if body.usageMetadata:
        events.append(UsageReported(read_usage(body.usageMetadata)))
        state = replace(state, usage=NO_USAGE)
    candidates = body.candidates or []
    for position, choice in enumerate(_numbers(candidates)):
        raw_candidate = raw["candidates"][position]
        state = _candidate(
            service, state, events, choice, candidates[position], raw_candidate, buffered=buffered
        )
        if state.fault is not None:
            return state, events
    if state.newest is not None:
        newest = replace(state.newest, id=body.responseId, model=body.modelVersion)
        state = replace(state, newest=newest)
    if body.promptFeedback is not None:
        state = replace(state, fault=_blocked(service, head, body.promptFeedback))
    return settle_end(state), events


def start(
    service: AnyService, state: State, events: list[StreamEvent], body: wire.Body | wire.EdgeItem
) -> State:
    """Emit Started for the first item, and again for an id that comes later or another model."""
    before = state.started
    has_id = before is not None and (before.id or not body.responseId)
    if before and has_id and body.modelVersion in (before.model, "", None):
        return state
    item_id = (before.id if before else "") or body.responseId or ""
    model = body.modelVersion or (before.model if before else "")
    started = Started(id=item_id, model=model, provider=service.name)
    events.append(started)
    return replace(state, started=started)


def _numbers(candidates: Sequence[wire.Candidate]) -> list[int]:
    """The choice of each candidate of an item: its index, unless it is missing or repeated; else the next free number."""
    if len(candidates) == 1:
        return [candidates[0].index or 0]
    indexes: list[int | None] = []
    used: set[int] = set()
    for candidate in candidates:
        is_new = candidate.index is not None and candidate.index not in used
        indexes.append(candidate.index if is_new else None)
        used.add(candidate.index if candidate.index is not None else _RESPONSE)
    free = (number for number in count() if number not in used)
    return [next(free) if index is None else index for index in indexes]


def settle_end(state: State) -> State:
    """The body may end outside of JSON, after each candidate that began has finished."""
    complete = bool(state.choices.layers) and not state.unfinished and not state.enclosed
    return state if state.complete == complete else replace(state, complete=complete)


def _candidate(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    choice: int,
    candidate: wire.Candidate,
    raw: dict[str, Any],
    *,
    buffered: bool,
) -> State:
    state = _extras(state, events, choice, raw, wire.KNOWN_FIELDS_CANDIDATE)
    _logprobs(events, choice, raw.get("logprobsResult"))
    before: ChoiceState | None = state.choices.get(choice)
    choice_state = before or BEGINNING
    if candidate.content is not None:
        state = _extras(state, events, choice, raw["content"], wire.KNOWN_FIELDS_CONTENT)
        parts_start = len(events)
        for index, data in enumerate(candidate.content.parts or ()):
            path = f"candidates/{choice}/content/parts/{index}"
            part = decode(wire.PART, bytes(data), provider=service.name, where=path)
            if isinstance(part, Failure):
                state = replace(state, fault=part.failure())
                break
            raw_part = raw["content"]["parts"][index]
            choice_state = read_part(
                service.name, choice, choice_state, part.unwrap(), bytes(data), raw_part, events
            )
        if choice_state.finished and any(map(_is_content, events[parts_start:])):
            choice_state = replace(choice_state, finished=False)
    reason = str(candidate.finishReason or "")
    if reason and state.fault is None and (buffered or not reason.endswith(UNSPECIFIED)):
        choice_state = end_call(choice, choice_state, events)
        choice_state = replace(choice_state, finished=True)
        events.append(Finished(finish_reason_of(reason, FINISH), reason, choice))
    newest = newest_item(choice, choice_state, None, None)
    return with_choice(state, before, choice_state, newest, state.usage)


def newest_item(choice: int, state: ChoiceState, item_id: str | None, model: str | None) -> Newest:
    return Newest(choice, state.index, "" if state.finished else state.kind, item_id, model)


def with_choice(
    state: State,
    before: ChoiceState | None,
    after: ChoiceState,
    newest: Newest,
    usage: msgspec.Raw,
) -> State:
    """The state after an item of the newest candidate."""
    unfinished = state.unfinished + (not after.finished)
    if before is not None:
        unfinished -= not before.finished
    return replace(
        state,
        choices=state.choices.put(newest.choice, after),
        newest=newest,
        unfinished=unfinished,
        usage=usage,
    )


def _is_content(event: StreamEvent) -> bool:
    """Metadata of a part that has ended does not open its choice again."""
    return not isinstance(event, ProviderMetadataReceived)


def _blocked(
    service: AnyService, head: ResponseHead, feedback: wire.PromptFeedback
) -> LLMError | None:
    reason = feedback.blockReason
    if not reason or reason.endswith(UNSPECIFIED):
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
    """Emit the extra fields that are new or have changed.

    Lists are joined, also those in objects, since citations and grounding arrive in parts; other values are replaced.
    """
    extra = extra_fields(raw, known)
    if not extra:
        return state
    seen, scope = state.seen_extras, _RESPONSE if choice is None else choice
    for name, value in extra.items():
        key = (scope, name)
        before = seen.get(key)
        if before is None:
            events.append(ExtraReceived(name, value, choice=choice))
        elif isinstance(value, dict) and isinstance(before, dict):
            news = dict(_changes(seen, scope, name, value))
            if news:
                events.append(ExtraReceived(name, news, True, choice))
        elif name == _RATINGS and _is_short_list(before) and isinstance(value, list):
            value = _join_ratings(before, value)
            if value != before:
                events.append(ExtraReceived(name, value, choice=choice))
        elif isinstance(value, list) and isinstance(before, list):
            items = new_items(before, value)
            if items:
                events.append(ExtraReceived(name, items, True, choice))
        elif before != value:
            events.append(ExtraReceived(name, value, choice=choice))
        seen = seen.put(key, {} if isinstance(value, dict) else value)
        if isinstance(value, dict):
            for field, item in value.items():
                seen = seen.put((scope, f"{name}/{field}"), item)
    return replace(state, seen_extras=seen)


def _changes(
    seen: Entries, scope: int, name: str, value: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The fields of an object that are new or have changed; of lists, the items that are new."""
    for field, item in value.items():
        before = seen.get((scope, f"{name}/{field}"))
        if isinstance(before, list) and isinstance(item, list):
            items = new_items(before, item)
            if items:
                yield field, items
        elif item is not None and item != before:
            yield field, item


_RATINGS = "safetyRatings"
"""A list with one item per category, which later items of the stream replace."""
_MAX_RATINGS = 100
"""Longer lists are joined like all others."""


def _is_short_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MAX_RATINGS


def _join_ratings(before: list[Any], value: list[Any]) -> list[Any]:
    """The ratings of both, the later one of each category."""
    ratings = {
        (str(item.get("category")) if isinstance(item, dict) else json_text(item)): item
        for item in (*before, *value)
    }
    return [*ratings.values()]


def _logprobs(events: list[StreamEvent], choice: int, raw: Any) -> None:
    """Emit each field of logprobsResult as an extra field; its lists are appended item by item."""
    if not isinstance(raw, dict):
        return
    for key, value in raw.items():
        if isinstance(value, list) and value:
            events.append(ExtraReceived(key, value, True, choice))
        elif value is not None and value != []:
            events.append(ExtraReceived(key, value, choice=choice))
