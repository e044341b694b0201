"""Chunks of a stream -> events. A buffered response is read as a single chunk."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import new_items
from llm_pure.adapters.dialects.common.part_identity import Chain, chain_items
from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.message_events import (
    join_audio,
    read_final_message,
    read_message,
    read_reasoning,
)
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import AUDIO, REASONING, TEXT, State
from llm_pure.adapters.dialects.openai_common import find_error
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.dialect import Service
from llm_pure.core.stream import DONE, is_heartbeat
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    decode,
    decode_any,
    decode_shallow,
    json_text,
)
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.rejection import ok

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "refusal",
    "error": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
    "abort": "error",
}
"""The finish reasons of all providers; others are "unknown", and stay in raw_finish_reason."""


def read_chunk(
    service: Service[Quirks], head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """The step of this dialect: the data of one event, a chunk, [DONE], or an error."""
    if state.plain and not state.ended:
        try:
            chunk = wire.PLAIN_CHUNK.decode(frame)
        except DECODE_ERRORS:  # more than a delta: the slow path
            return _read_frame(service, head, state, frame)
        (choice,) = chunk.choices
        delta = choice.delta
        text = delta.content
        if text and not (delta.reasoning_content or delta.reasoning or delta.tool_calls):
            return state, (TextDelta(text, TEXT, choice.index),)
        events: list[StreamEvent] = []
        return _read_plain(state, events, choice), events
    return _read_frame(service, head, state, frame)


def read_run(
    service: Service[Quirks],
    head: ResponseHead,
    state: State,
    frames: Sequence[bytes],
    position: int,
    events: list[StreamEvent],
) -> tuple[State, int]:
    """Fast path for chunks that arrive together: plain ones, the first, those with the finish reason and the usage."""
    if state.ended:
        return state, position
    decode, count = wire.EDGE_CHUNK.decode, len(frames)
    while position < count:
        data = frames[position]
        if type(data) is not bytes:  # ErrorData
            break
        if data == DONE:
            return _end(service, state, events), position + 1
        try:
            chunk = decode(data)
        except DECODE_ERRORS:
            break
        position += 1
        if state.plain and wire.is_plain(chunk):
            choice = chunk.choices[0]
            delta = choice.delta
            text = delta.content
            if text and not (delta.reasoning_content or delta.reasoning or delta.tool_calls):
                events.append(TextDelta(text, TEXT, choice.index))
            else:
                state = _read_plain(state, events, choice)
            if count - position > _MANY:
                position = _read_texts(frames, position, events)
            continue
        edge = _read_edge(service, state, chunk)
        if edge is None:
            return state, position - 1
        state, edge_events = edge
        events += edge_events
    return state, position


_MANY = 20
"""More chunks than this are tried as text alone, which takes less for each, and more for the one that ends the run."""


def _read_texts(frames: Sequence[bytes], position: int, events: list[StreamEvent]) -> int:
    """Read consecutive plain chunks with text alone. Return the position of the first other one."""
    decode = wire.PLAIN_CHUNK.decode
    for at in range(position, len(frames)):
        data = frames[at]
        if type(data) is not bytes:
            return at
        try:
            (choice,) = decode(data).choices
        except DECODE_ERRORS:
            return at
        delta = choice.delta
        text = delta.content
        if not text or delta.reasoning_content or delta.reasoning or delta.tool_calls:
            return at
        events.append(TextDelta(text, TEXT, choice.index))
    return len(frames)


def _read_plain(
    state: State, events: list[StreamEvent], choice: wire.PlainChoice | wire.EdgeChoice
) -> State:
    delta = choice.delta
    reasoning = delta.reasoning_content or delta.reasoning
    if reasoning:
        state = read_reasoning(state, events, choice.index, reasoning)
    if delta.content:
        events.append(TextDelta(delta.content, TEXT, choice.index))
    for call in delta.tool_calls or ():
        function = call.function or wire.PlainFunction()
        calls, event = state.calls.read(
            choice.index, call.index, call.id, function.name, function.arguments or ""
        )
        if calls is not state.calls:
            state = replace(state, calls=calls)
        events.append(event)
    return state


def _read_edge(
    service: Service[Quirks], state: State, chunk: wire.EdgeChunk
) -> tuple[State, list[StreamEvent]] | None:
    """Fast path for the first chunk, the finish reason and the usage; None for those that come in another order."""
    choices = chunk.choices
    is_first = not state.started
    if len(choices) > 1 or not (chunk.id and chunk.model and (choices or state.plain)):
        return None
    if state.details is not None or state.audio is not None or not (is_first or state.plain):
        return None
    if chunk.x_groq is not None and not wire.is_groq_beside_usage(chunk.x_groq, chunk.usage):
        return None
    events: list[StreamEvent] = []
    if is_first or not state.named:
        events.append(Started(id=chunk.id, model=chunk.model, provider=service.name))
    seen, edge = state.seen_extras, wire.edge_values(chunk)
    if (edge, seen) != state.edge:
        for name, value in zip(wire.EDGE_FIELDS, edge, strict=True):
            if value is not None and (value or value == 0) and seen.get((-1, name)) != value:
                seen = seen.put((-1, name), value)
                events.append(ExtraReceived(name, value))
    if choices and (reason := choices[0].native_finish_reason):
        key = (choices[0].index, "native_finish_reason")
        if seen.get(key) != reason:
            seen = seen.put(key, reason)
            events.append(ExtraReceived("native_finish_reason", reason, choice=key[0]))
    has_deltas = state.has_deltas or bool(choices)
    if (
        is_first
        or not state.named
        or seen is not state.seen_extras
        or has_deltas != state.has_deltas
    ):
        state = replace(
            state,
            started=True,
            named=True,
            plain=True,
            seen_extras=seen,
            edge=(edge, seen),
            has_deltas=has_deltas,
        )
    for choice in choices:
        state = _read_plain(state, events, choice)
        reason = choice.finish_reason
        if reason is not None and reason not in ("", "null"):
            events.append(Finished(finish_reason_of(reason, FINISH), reason, choice.index))
            state = replace(state, complete=not service.quirks.done_required)
    if chunk.usage:
        events.append(UsageReported(read_usage(chunk.usage)))
    return state, events


def _read_frame(
    service: Service[Quirks], head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    if state.ended:
        return state, []
    events: list[StreamEvent] = []
    if frame.strip() == DONE:
        return _end(service, state, events), events
    chunk = decode_shallow(wire.EDGE_CHUNK, frame)
    edge = None if chunk is None else _read_edge(service, state, chunk)
    if edge is not None:
        return edge
    if is_heartbeat(frame):
        return state, []
    raw = ok(decode_any(frame, provider=service.name, where="chunk"))
    error = find_error(service, raw, HttpResponse(head.status, head.headers))
    if error is not None and not (isinstance(raw, dict) and raw.get("choices")):
        return replace(state, fault=error), []
    typed = ok(decode(wire.BODY, frame, provider=service.name, where="chunk"))
    state, events = read_body(service, state, typed, raw)
    if error is not None:  # OpenRouter: an error beside choices or in one, whose content is kept
        state = replace(state, fault=error)
    return state, events


def _end(service: Service[Quirks], state: State, events: list[StreamEvent]) -> State:
    events += _joined_parts(service.name, state)
    for choice, pieces in _by_choice(state.audio).items():
        if "expires_at" in pieces[-1]:  # the end, without a reason: openai-node#1206
            events.append(Finished("stop", choice=choice))
    return replace(state, ended=True, details=None, audio=None)


def read_body(
    service: Service[Quirks],
    state: State,
    body: wire.Body,
    raw: dict[str, Any],
    *,
    buffered: bool = False,
) -> tuple[State, list[StreamEvent]]:
    """A chunk or a buffered response -> events. `raw`: the same as plain JSON, for extra fields."""
    name = service.name
    events: list[StreamEvent] = []
    if not state.started or not state.named:
        # Azure's first chunk has neither choices nor model; the next chunk emits Started again, with them
        named = bool(body.id and body.model)
        if not state.started or named:
            events.append(Started(id=str(body.id or ""), model=body.model or "", provider=name))
        if not state.started:
            state = replace(state, started=bool(body.choices), plain=bool(body.choices))
        state = replace(state, named=named)
    state = _extras(state, events, None, raw, wire.KNOWN_FIELDS_BODY)
    usage = body.usage or (body.x_groq.usage if body.x_groq else None)
    choices = zip(body.choices or (), raw.get("choices") or (), strict=True)
    for position, (choice, raw_choice) in enumerate(choices):
        index = position if choice.index is None else choice.index
        usage = usage or choice.usage
        state = _extras(state, events, index, raw_choice, wire.KNOWN_FIELDS_CHOICE)
        key = _message_key(choice, buffered=buffered)
        message = getattr(choice, key)
        if message is not None:
            raw_message = raw_choice.get(key) or {}
            state = _extras(state, events, index, raw_message, wire.KNOWN_FIELDS_MESSAGE)
            if isinstance(raw_message.get("usage"), dict):
                usage = usage or raw_message["usage"]
            if key == "message" and state.has_deltas:
                state = read_final_message(name, state, events, index, message, raw_message)
            else:
                if key == "delta" and not state.has_deltas:
                    state = replace(state, has_deltas=True)
                state = read_message(
                    name, state, events, index, message, raw_message, complete=key == "message"
                )
        elif choice.text:
            events.append(TextDelta(choice.text, TEXT, index))
        reason = choice.finish_reason
        if reason is None:
            reason = _reason_beside(raw_choice, raw_choice.get(key), raw)
        if reason is not None and reason not in ("", "null"):
            events += _joined_parts(name, state)
            events.append(Finished(finish_reason_of(str(reason), FINISH), str(reason), index))
            done = service.quirks.done_required
            state = replace(state, complete=not done, details=None, audio=None)
    if usage:
        events.append(UsageReported(read_usage(usage)))
    return state, events


def _reason_beside(*holders: Any) -> str | None:
    """The finish reason of a choice under another name, in its message, or beside the choices, as gateways have it."""
    for holder in holders:
        for name in _REASONS if isinstance(holder, dict) else ():
            value = holder.get(name)
            if isinstance(value, str) and finish_reason_of(value, FINISH) != "unknown":
                return value
    return None


_REASONS = ("finish_reason", "finishReason", "stop_reason", "stopReason")


def _message_key(choice: wire.Choice, *, buffered: bool) -> Literal["message", "delta"]:
    """The field with the choice's content: Perplexity sends both, an empty `delta` in a response, all text in a chunk's `message`."""
    message, delta = choice.message, choice.delta
    if message is None or delta is None:
        return "delta" if message is None else "message"
    only_message = message.tool_calls and not (delta.tool_calls or delta.content)
    return "message" if buffered or only_message else "delta"


def _joined_parts(name: str, state: State) -> Iterator[StreamEvent]:
    """The reasoning details and the audio of each choice, joined."""
    if state.details is not None:
        from llm_pure.adapters.dialects.openai_chat import reasoning_replay  # late: start-up

        for choice, details in _by_choice(state.details).items():
            metadata = json_text(reasoning_replay.reasoning_metadata(details))
            yield ProviderMetadataReceived(metadata, REASONING, choice, "reasoning")
    for choice, fragments in _by_choice(state.audio).items():
        yield PartReceived(join_audio(name, fragments), AUDIO, choice)


def _by_choice(chain: Chain) -> dict[int, list[dict[str, Any]]]:
    by_choice: dict[int, list[dict[str, Any]]] = {}
    for choice, fragment in chain_items(chain):
        by_choice.setdefault(choice, []).append(fragment)
    return by_choice


def _extras(
    state: State, events: list[StreamEvent], choice: int | None, raw: Any, known: frozenset[str]
) -> State:
    """Append an event for each extra field that is new or has changed; null and empty values are skipped.

    Of a list, the items beyond those of the last one: citations come in several chunks, or all again in each.
    """
    if not isinstance(raw, dict):
        return state
    scope = -1 if choice is None else choice
    seen = state.seen_extras
    for key, value in raw.items():
        if key in known or value is None or value in ("", [], {}):
            continue
        if key == "logprobs" and isinstance(value, dict):
            events += [
                ExtraReceived(
                    "logprobs" if kind == "content" else f"{kind}_logprobs", items, True, choice
                )
                for kind, items in value.items()
                if isinstance(items, list) and items
            ]
        elif key == "audio":
            continue  # joined at the end
        elif key == "x_groq" and isinstance(value, dict) and not raw.get("usage"):
            groq = {name: item for name, item in value.items() if name != "usage"}
            if groq and seen.get((scope, key)) != groq:
                seen = seen.put((scope, key), groq)
                events.append(ExtraReceived(key, groq, choice=choice))
        else:
            before = seen.get((scope, key))
            if before == value:
                continue
            seen = seen.put((scope, key), value)
            if isinstance(before, list) and isinstance(value, list):
                items = new_items(before, value)
                events += [ExtraReceived(key, items, True, choice)] if items else []
            elif isinstance(before, dict) and isinstance(value, dict) and before.keys() - value:
                joined = {**before, **value}  # Azure's filter reports on each category apart
                seen = seen.put((scope, key), joined)
                events.append(ExtraReceived(key, joined, choice=choice))
            else:
                events.append(ExtraReceived(key, value, choice=choice))
    return state if seen is state.seen_extras else replace(state, seen_extras=seen)
