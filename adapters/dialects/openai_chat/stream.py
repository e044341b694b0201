"""Chunks -> events: `step` for one frame of a stream. A whole answer is read as one chunk that says everything."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.message_events import call_piece, read_message, thought
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import AUDIO, REASONING, TEXT, State
from llm_pure.adapters.dialects.openai_chat.tool_call_fragments import (
    audio_part,
    chained,
    merged_details,
)
from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import LLMError, ProtocolError
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
from llm_pure.types.result import Failure

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
"""The words of all services; others are "unknown", and stay in raw_finish_reason."""


def step(
    name: str, quirks: Quirks, head: ResponseHead, state: State, data: bytes
) -> tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]:
    """The data of one event: a chunk, [DONE], or an error in place of a chunk."""
    if state.started and not state.done:
        try:
            chunk = wire.PLAIN_CHUNK.decode(data)
        except DECODE_ERRORS:  # more than a delta: the longer way
            return _read_frame(name, quirks, head, state, data)
        (choice,) = chunk.choices
        delta = choice.delta
        text = delta.content
        if text and not (delta.reasoning_content or delta.reasoning or delta.tool_calls):
            return state, (TextDelta(text, TEXT, choice.index),)
        return _plain_delta(state, choice)
    return _read_frame(name, quirks, head, state, data)


def _plain_delta(state: State, choice: wire.PlainChoice) -> tuple[State, list[StreamEvent]]:
    delta = choice.delta
    events: list[StreamEvent] = []
    state = thought(state, events, choice.index, delta.reasoning_content or delta.reasoning)
    if delta.content:
        events.append(TextDelta(delta.content, TEXT, choice.index))
    for call in delta.tool_calls or ():
        function = call.function or wire.PlainFunction()
        state, event = call_piece(
            state, choice.index, call.index, call.id, function.name, function.arguments or ""
        )
        events.append(event)
    return state, events


def _read_frame(
    name: str, quirks: Quirks, head: ResponseHead, state: State, data: bytes
) -> tuple[State, list[StreamEvent]]:
    if state.done or not data.strip():
        return state, []
    if data.strip() == b"[DONE]":
        return _done(name, state)
    decoded = decode_any(data, provider=name, where="chunk")
    if isinstance(decoded, Failure):
        return _failed(state, decoded.failure()), []
    raw = decoded.unwrap()
    told = error_in_body(name, quirks.error_codes, raw, HttpResponse(head.status, head.headers))
    if told is not None and not (isinstance(raw, dict) and raw.get("choices")):
        return _failed(state, told), []
    typed = decode(wire.BODY, data, provider=name, where="chunk")
    if isinstance(typed, Failure):
        return _failed(state, typed.failure()), []
    state, events = read_body(name, quirks, state, typed.unwrap(), raw)
    if told is not None:  # OpenRouter: an error beside choices; what they say is kept
        return _failed(state, told), events
    return state, events


def _done(name: str, state: State) -> tuple[State, list[StreamEvent]]:
    events = [*_flushed(name, state)]
    if not state.finished:  # Snowflake and others name no reason, and still end well
        events.append(Finished("unknown"))
    return replace(state, done=True, finished=True, complete=True, details=None, audio=None), events


def _failed(state: State, error: LLMError) -> State:
    return replace(state, fault=error)


def read_body(
    name: str, quirks: Quirks, state: State, body: wire.Body, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """A chunk, or a whole answer. raw: the same as plain JSON, for what is not modelled."""
    events: list[StreamEvent] = []
    if not state.started:
        # Azure's first chunk has neither choices nor names; the next one says Started again, with them
        events.append(Started(id=str(body.id or ""), model=body.model or "", provider=name))
        state = replace(state, started=bool(body.choices))
    state = _extras(state, events, None, raw, wire.KNOWN_FIELDS_BODY)
    usage = body.usage or (body.x_groq.usage if body.x_groq else None)
    raw_choices = raw.get("choices") or []
    for place, choice in enumerate(body.choices or ()):
        number = place if choice.index is None else choice.index
        usage = usage or choice.usage
        state = _extras(state, events, number, raw_choices[place], wire.KNOWN_FIELDS_CHOICE)
        said = choice.delta or choice.message
        if said is not None:
            raw_said = raw_choices[place].get("delta") or raw_choices[place].get("message") or {}
            state = _extras(state, events, number, raw_said, wire.KNOWN_FIELDS_MESSAGE)
            state = read_message(name, state, events, number, said, raw_said)
        elif choice.text:
            events.append(TextDelta(choice.text, TEXT, number))
        word = choice.finish_reason
        if word is not None and word != "":
            events += _flushed(name, state)
            events.append(Finished(FINISH.get(str(word), "unknown"), str(word), number))
            state = replace(
                state, finished=True, complete=not quirks.done_required, details=None, audio=None
            )
    if usage:
        events.append(UsageReported(read_usage(usage)))
    return state, events


def _flushed(name: str, state: State) -> Iterator[StreamEvent]:
    """Pieces that only make sense together, once they are all here."""
    by_choice: dict[int, list[dict[str, Any]]] = {}
    for choice, detail in chained(state.details):
        by_choice.setdefault(choice, []).append(detail)
    for choice, details in by_choice.items():
        told = json_text({"reasoning_details": merged_details(details)})
        yield ProviderMetadataReceived(told, REASONING, choice, "reasoning")
    sounds: dict[int, list[dict[str, Any]]] = {}
    for choice, piece in chained(state.audio):
        sounds.setdefault(choice, []).append(piece)
    for choice, pieces in sounds.items():
        yield PartReceived(audio_part(name, pieces), AUDIO, choice)


def _extras(
    state: State,
    events: list[StreamEvent],
    choice: int | None,
    raw: Any,
    modelled: frozenset[str],
) -> State:
    """What is not modelled is told once, and again when it changes. Null and empty say nothing."""
    if not isinstance(raw, dict):
        return state
    news: dict[tuple[int | None, str], Any] = {}
    for key, value in raw.items():
        if key in modelled or value is None or value in ("", [], {}):
            continue
        if key == "logprobs" and isinstance(value, dict):
            events += [
                ExtraReceived("logprobs" if k == "content" else f"{k}_logprobs", v, True, choice)
                for k, v in value.items()
                if isinstance(v, list) and v
            ]
        elif key == "audio":
            continue  # its pieces are put together at the end
        elif state.known.get((choice, key)) != value:
            news[(choice, key)] = value
            events.append(ExtraReceived(key, value, choice=choice))
    return replace(state, known={**state.known, **news}) if news else state


def broken(name: str, message: str, response: HttpResponse) -> ProtocolError:
    """A 2xx body that is JSON but no answer."""
    return ProtocolError(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=response.body[:300],
    )
