"""Plain items of a stream -> events: `step`, and the fast path for items of one text.

Every other frame is read by `stream.read_frame`; a test holds both paths together.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.parts import ChoiceState, Kind, read_call, read_text
from llm_pure.adapters.dialects.gemini_content.stream import (
    BEGINNING,
    FINISH,
    NO_USAGE,
    UNSPECIFIED,
    State,
    newest_item,
    read_frame,
    settle_end,
    start,
    usage_so_far,
    with_choice,
)
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import DECODE_ERRORS, decode_shallow, plain_object
from llm_pure.types.completion import finish_reason_of
from llm_pure.types.events import (
    Finished,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead

_REASONING: Kind = "reasoning"
_TEXT: Kind = "text"
_NULL = msgspec.Raw(b"null")
_SHORTEST = 2
"""Bytes of an item; marks have less."""


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]:
    """Read one frame: an item, an error in place of an item, or a mark of `frames`."""
    if len(frame) < _SHORTEST:
        return read_frame(service, head, state, frame)
    try:
        body = wire.PLAIN_BODY.decode(frame)
    except DECODE_ERRORS:  # more than a delta
        return _read_edge(service, state, frame) or read_frame(service, head, state, frame)
    newest, candidate = state.newest, body.candidates[0]
    part = candidate.content.parts[0]
    if (
        newest is None
        or (_REASONING if part.thought else _TEXT) != newest.kind
        or candidate.index != newest.choice
        or not part.text
        or body.modelVersion != newest.model
        or body.responseId != newest.id
    ):
        return _read_edge(service, state, frame) or read_frame(service, head, state, frame)
    if body.usageMetadata and body.usageMetadata != _NULL:
        state = replace(state, usage=body.usageMetadata)
    if part.thought:
        return state, (ReasoningDelta(part.text, newest.index, newest.choice),)
    return state, (TextDelta(part.text, newest.index, newest.choice),)


def read_run(
    service: AnyService,
    head: ResponseHead,
    state: State,
    frames: Sequence[bytes],
    position: int,
    events: list[StreamEvent],
) -> tuple[State, int]:
    """Fast path for items of one text or thought, the first item and the last one, that arrive together."""
    decode = wire.PLAIN_BODY.decode
    newest, usage = state.newest, state.usage
    for at in range(position, len(frames)):
        frame = frames[at]
        if type(frame) is not bytes:  # ErrorData
            break
        if newest is not None and newest.kind:
            try:
                body = decode(frame)
            except DECODE_ERRORS:  # more than a delta
                pass
            else:
                candidate = body.candidates[0]
                part = candidate.content.parts[0]
                if (
                    part.text
                    and newest.kind == (_REASONING if part.thought else _TEXT)
                    and candidate.index == newest.choice
                    and body.modelVersion == newest.model
                    and body.responseId == newest.id
                ):
                    if body.usageMetadata and body.usageMetadata != _NULL:
                        usage = body.usageMetadata
                    delta = ReasoningDelta if part.thought else TextDelta
                    events.append(delta(part.text, newest.index, newest.choice))
                    continue
        if usage is not state.usage:
            state = replace(state, usage=usage)
        edge = _read_edge(service, state, frame)
        if edge is None:
            return state, at
        state, edge_events = edge
        events += edge_events
        newest, usage = state.newest, state.usage
    else:
        at = len(frames)
    return (state if usage is state.usage else replace(state, usage=usage)), at


def _read_edge(
    service: AnyService, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]] | None:
    """Fast path for the first item and the last one, and for complete calls; None for items that have more."""
    item = decode_shallow(wire.EDGE_ITEM, frame)
    if item is None:
        return None
    candidate = item.candidates[0]
    choice = candidate.index
    before: ChoiceState | None = state.choices.get(choice)
    choice_state = before or BEGINNING
    if choice_state.finished or choice_state.call is not None:
        return None
    usage = item.usageMetadata
    events = [] if usage or state.usage is NO_USAGE else usage_so_far(state)
    state = start(service, state, events, item)
    if usage:
        events.append(UsageReported(read_usage(usage)))
    for part in candidate.content.parts if candidate.content else ():
        after = _read_part(choice, choice_state, part, events)
        if after is None:
            return None
        choice_state = after
    reason = candidate.finishReason
    if reason and not reason.endswith(UNSPECIFIED):
        choice_state = ChoiceState(choice_state.index, choice_state.kind, None, True)
        events.append(Finished(finish_reason_of(reason, FINISH), reason, choice))
    newest = newest_item(choice, choice_state, item.responseId, item.modelVersion)
    return settle_end(with_choice(state, before, choice_state, newest, NO_USAGE)), events


def _read_part(
    choice: int, state: ChoiceState, part: wire.PlainAnswerPart, events: list[StreamEvent]
) -> ChoiceState | None:
    """Read a part of an edge item; None for odd ones."""
    call, signature = part.functionCall, part.thoughtSignature
    side: dict[str, Any] = {} if signature is None else {"thoughtSignature": signature}
    if call is None:
        return None if part.text is None else read_text(choice, state, part, side, events)
    if part.text or part.thought or not call.name:
        return None
    if call.args and plain_object(call.args) is None:
        return None
    function = wire.FunctionCall(call.id, call.name, call.args)
    return read_call(choice, state, function, {"name": call.name, "id": call.id}, side, events)
