"""Chunks -> events: `step` for one frame of a stream. A whole answer is read as one chunk that says everything.

Where the parts of an answer stand: reasoning, text, refusal, audio, pictures, then tool calls in the order of their
first appearance; so a stream collects to the same parts as the whole answer.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.errors import error_in
from llm_pure.adapters.dialects.openai_chat.fragments import (
    Chain,
    audio_part,
    chained,
    merged_details,
)
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.usage import read_usage
from llm_pure.codec import DECODE_FAULTS, decode, decode_any, json_text
from llm_pure.completion import FinishReason
from llm_pure.conversation import arguments_text
from llm_pure.errors import LLMError, ProtocolFault
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.http import HttpResponse, ResponseHead
from llm_pure.media import from_data_url
from llm_pure.messages import Image, Opaque
from llm_pure.result import Failure
from llm_pure.stream import StreamState

REASONING, TEXT, REFUSAL, AUDIO, PICTURES, CALLS = 0, 1, 2, 3, 4, 1000
"""Indexes of the parts of one answer."""

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


class State(StreamState, frozen=True, kw_only=True):
    """What the next chunk's meaning depends on.

    started: a first chunk came. done: [DONE] came. calls: (choice, the wire's index) -> (our index, id).
    last_call: the call that a piece without an index continues. known: extras already told, by (choice, name).
    thinking: the choices whose reasoning has begun. details, audio: pieces that only make sense together, newest first. pictures: how many came.
    """

    started: bool = False
    done: bool = False
    finished: bool = False
    calls: Mapping[tuple[int, int], tuple[int, str]] = {}
    last_call: tuple[int, int] | None = None
    known: Mapping[tuple[int | None, str], Any] = {}
    thinking: frozenset[int] = frozenset()
    details: Chain = None
    audio: Chain = None
    pictures: int = 0


def step(
    name: str, quirks: Quirks, head: ResponseHead, state: State, data: bytes
) -> tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]:
    """The data of one event: a chunk, [DONE], or an error in place of a chunk."""
    if state.started and not state.done:
        try:
            chunk = wire.PLAIN_CHUNK.decode(data)
        except DECODE_FAULTS:  # more than a delta: the longer way
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
    state = _thought(state, events, choice.index, delta.reasoning_content or delta.reasoning)
    if delta.content:
        events.append(TextDelta(delta.content, TEXT, choice.index))
    for call in delta.tool_calls or ():
        function = call.function or wire.PlainFunction()
        state, event = _call_piece(
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
    told = error_in(name, quirks.error_words, raw, HttpResponse(head.status, head.headers))
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
    return _with(state, done=True, finished=True, complete=True, details=None, audio=None), events


def _failed(state: State, error: LLMError) -> State:
    return _with(state, fault=error)


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)


def read_body(
    name: str, quirks: Quirks, state: State, body: wire.Body, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """A chunk, or a whole answer. raw: the same as plain JSON, for what is not modelled."""
    events: list[StreamEvent] = []
    if not state.started:
        # Azure's first chunk has neither choices nor names; the next one says Started again, with them
        events.append(Started(id=str(body.id or ""), model=body.model or "", provider=name))
        state = _with(state, started=bool(body.choices))
    state = _extras(state, events, None, raw, wire.MODELLED_BODY)
    usage = body.usage or (body.x_groq.usage if body.x_groq else None)
    raw_choices = raw.get("choices") or []
    for place, choice in enumerate(body.choices or ()):
        number = place if choice.index is None else choice.index
        usage = usage or choice.usage
        state = _extras(state, events, number, raw_choices[place], wire.MODELLED_CHOICE)
        said = choice.delta or choice.message
        if said is not None:
            raw_said = raw_choices[place].get("delta") or raw_choices[place].get("message") or {}
            state = _extras(state, events, number, raw_said, wire.MODELLED_MESSAGE)
            state = _message(name, state, events, number, said, raw_said)
        elif choice.text:
            events.append(TextDelta(choice.text, TEXT, number))
        word = choice.finish_reason
        if word is not None and word != "":
            events += _flushed(name, state)
            events.append(Finished(FINISH.get(str(word), "unknown"), str(word), number))
            state = _with(
                state, finished=True, complete=not quirks.done_required, details=None, audio=None
            )
    if usage:
        events.append(UsageReported(read_usage(usage)))
    return state, events


def _message(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    said: wire.Message,
    raw: dict[str, Any],
) -> State:
    state = _thought(state, events, choice, said.reasoning_content or said.reasoning)
    if isinstance(said.content, str):
        if said.content:
            events.append(TextDelta(said.content, TEXT, choice))
    elif said.content:
        state = _content_parts(name, state, events, choice, said.content)
    if said.refusal:
        events.append(RefusalDelta(said.refusal, REFUSAL, choice))
    for detail in said.reasoning_details or ():
        state = _with(state, details=(state.details, (choice, detail)))
    if said.audio:
        state = _with(state, audio=(state.audio, (choice, said.audio)))
    for picture in said.images or ():
        events.append(PartReceived(_picture(name, picture), PICTURES + state.pictures, choice))
        state = _with(state, pictures=state.pictures + 1)
    raw_calls = raw.get("tool_calls") or []
    for place, call in enumerate(said.tool_calls or ()):
        index = call.index
        if index is None and len(said.tool_calls or ()) > 1:
            index = place
        called = call.function or wire.Function()
        custom = call.custom or wire.Custom()
        given = called.arguments
        state, event = _call_piece(
            state,
            choice,
            index,
            call.id,
            called.name or custom.name,
            given if isinstance(given, str) else arguments_text(given) if given else "",
            custom.input or "",
        )
        events.append(event)
        more = {k: v for k, v in raw_calls[place].items() if k not in wire.MODELLED_CALL and v}
        if call.custom is not None:
            more["type"] = "custom"
        if more:
            events.append(EchoReceived(json_text(more), event.index, choice))
    old = said.function_call
    if old is not None and (old.name or old.arguments):
        text = arguments_text(old.arguments) if old.arguments else ""
        state, event = _call_piece(state, choice, -1, None, old.name, text)
        events.append(event)
    return state


def _thought(state: State, events: list[StreamEvent], choice: int, text: str | None) -> State:
    """Reasoning, marked once as this provider's own: it may want it back."""
    if not text:
        return state
    events.append(ReasoningDelta(text, REASONING, choice))
    if choice in state.thinking:
        return state
    events.append(EchoReceived("{}", REASONING, choice, "reasoning"))
    return _with(state, thinking=state.thinking | {choice})


def _call_piece(
    state: State,
    choice: int,
    index: int | None,
    call_id: str | None,
    name: str | None,
    arguments: str,
    text: str = "",
) -> tuple[State, ToolCallDelta]:
    """Which call a piece belongs to: its index; a new id under an old index begins another call.

    Empty ids and names never replace earlier ones (DashScope, Mistral-hosted GLM send them).
    """
    if index is None:
        begins = bool(call_id) or state.last_call is None
        key = (choice, len(state.calls)) if begins else (state.last_call or (choice, 0))
    else:
        key = (choice, index)
    known = state.calls.get(key)
    if known is None or (call_id and known[1] and call_id != known[1]):
        known = (CALLS + len(state.calls), call_id or "")
        calls = {**state.calls, key: known}
        if key in state.calls:  # keep the count, so that the next call gets an index of its own
            calls[(choice, -2 - len(calls))] = state.calls[key]
        state = _with(state, calls=calls, last_call=key)
    elif call_id and not known[1]:
        state = _with(state, calls={**state.calls, key: (known[0], call_id)}, last_call=key)
    elif state.last_call != key:
        state = _with(state, last_call=key)
    return state, ToolCallDelta(arguments + text, known[0], choice, call_id or "", name or "")


def _content_parts(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    parts: list[dict[str, Any]],
) -> State:
    """Mistral's content lists: text and thinking; what else there is stays whole."""
    for part in parts:
        kind, text = part.get("type"), part.get("text")
        if kind == "text" and isinstance(text, str):
            if text:
                events.append(TextDelta(text, TEXT, choice))
        elif kind == "thinking":
            state = _thought(state, events, choice, "".join(_texts(part.get("thinking"))))
            signature = part.get("signature")
            if isinstance(signature, str):
                events.append(ReasoningDelta("", REASONING, choice, signature))
        else:
            whole = Opaque(name, str(kind), json_text(part))
            events.append(PartReceived(whole, PICTURES + state.pictures, choice))
            state = _with(state, pictures=state.pictures + 1)
    return state


def _texts(thinking: Any) -> Iterator[str]:
    if isinstance(thinking, str):
        yield thinking
    for item in thinking if isinstance(thinking, list) else ():
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            yield item["text"]


def _picture(name: str, picture: dict[str, Any]) -> Image | Opaque:
    place = picture.get("image_url")
    url = place.get("url") if isinstance(place, dict) else place
    if not isinstance(url, str):
        return Opaque(name, "image", json_text(picture))
    found = from_data_url(url)
    if found is None:
        return Image(url=url)
    return Image(data=found[0], media_type=found[1])


def _flushed(name: str, state: State) -> Iterator[StreamEvent]:
    """Pieces that only make sense together, once they are all here."""
    by_choice: dict[int, list[dict[str, Any]]] = {}
    for choice, detail in chained(state.details):
        by_choice.setdefault(choice, []).append(detail)
    for choice, details in by_choice.items():
        told = json_text({"reasoning_details": merged_details(details)})
        yield EchoReceived(told, REASONING, choice, "reasoning")
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
    return _with(state, known={**state.known, **news}) if news else state


def broken(name: str, message: str, response: HttpResponse) -> ProtocolFault:
    """A 2xx body that is JSON but no answer."""
    return ProtocolFault(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=response.body[:300],
    )
