"""Frames -> events: `step` for one frame of a stream. A buffered response is read as one frame with everything in it.

Order of parts: reasoning, text, media, then tool calls in the order of their first fragments.
Source: dashscope 2.0.2, utils/message_utils.py (merge_single_response) and common/utils.py (_handle_stream); read
2026-11-20.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import (
    SeenExtras,
    emit_call,
    emit_extra_fields,
    extra_fields,
)
from llm_pure.adapters.dialects.common.part_identity import Calls, Entries
from llm_pure.adapters.dialects.common.token_counts import token_count
from llm_pure.adapters.dialects.dashscope_generation import wire
from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.adapters.dialects.dashscope_generation.usage import read_usage
from llm_pure.core.service import AnyService, FrameForm, read_json_frame
from llm_pure.core.stream import StreamState, is_blank_event
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    decode_shallow,
    json_text,
)
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.messages import Image, Opaque, Text

REASONING, TEXT, MEDIA, CALLS = 0, 1, 2, 2**32
"""Indexes of the parts of a choice."""

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
}

UNFINISHED = (None, "", "null")
"""Values of finish_reason before the end of a choice."""


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next frame depends on."""

    started: bool = False
    """The first frame was read."""
    thinking: Entries = Entries()
    """Choices whose reasoning is marked as this provider's."""
    calls: Calls = Calls(first=CALLS)
    media: int = 0
    """Number of media parts so far."""
    output_tokens: Entries = Entries()
    """Choice -> its output tokens."""
    all_output_tokens: int = 0
    """The output tokens of all choices."""
    counted: int = 0
    """Number of choices with output tokens."""
    begun: Entries = Entries()
    """The choices that have begun and not ended."""
    growing: str | None = ""
    """The text of the last frame of a stream, while each frame's begins with that of the frame before it."""
    seen_extras: SeenExtras = Entries()


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One frame: more of the response, its end, or an error."""
    if state.started:
        try:
            plain = wire.PLAIN_FRAME.decode(frame)
        except DECODE_ERRORS:  # more than text
            return _read_edge(service, state, frame) or read_data(service, head, state, frame)
        (choice,) = plain.output.choices
        message = choice.message
        content = message.content
        text = content if content is None or isinstance(content, str) else content[0].text
        if state.begun.get(choice.index):
            if text and state.growing is not None:
                state = _grow(state, choice.index, text)
            if text and not message.reasoning_content:
                return state, (TextDelta(text, TEXT, choice.index),)
            events: list[StreamEvent] = []
            state = _text(state, events, choice.index, message.reasoning_content, text)
            return state, events
    return _read_edge(service, state, frame) or read_data(service, head, state, frame)


def _read_edge(
    service: AnyService, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]] | None:
    """Fast path for the first frame, the last one, and those of calls; None for frames that have more."""
    edge = decode_shallow(wire.EDGE_FRAME, frame)
    return None if edge is None else read_frame(service, state, edge, edge_json(edge))


def edge_json(edge: wire.EdgeFrame) -> dict[str, Any]:
    """The JSON of an edge frame, as far as `read_frame` looks at it."""
    return {"output": {}, "request_id": edge.request_id}


def read_data(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    """The slow path, for any frame as its bytes."""
    if is_blank_event(frame):
        return state, []
    return read_json_frame(_FRAME, service, head, state, frame, partial(read_frame, service, state))


def is_response(raw: Any) -> bool:
    """Whether decoded JSON is a frame, or a buffered response."""
    return isinstance(raw, dict) and isinstance(raw.get("output"), dict)


_FRAME = FrameForm(
    name="frame",
    decoder=wire.FRAME,
    find_error=find_error,
    has_content=is_response,
    skips_others=True,
)


def read_frame(
    service: AnyService, state: State, frame: wire.Frame | wire.EdgeFrame, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """A frame, or a buffered response. `raw`: the same as plain JSON, for fields beyond the wire Structs."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=frame.request_id or "", provider=service.name))
        state = replace(state, started=True)
    output, raw_output = frame.output, raw["output"]
    seen = emit_extra_fields(events, state.seen_extras, raw, wire.KNOWN_FIELDS_FRAME)
    seen = emit_extra_fields(events, seen, raw_output, wire.KNOWN_FIELDS_OUTPUT)
    if seen is not state.seen_extras:
        state = replace(state, seen_extras=seen)
    choices: Sequence[wire.Choice | wire.EdgeChoice] = output.choices or ()
    if not choices and (output.text or output.finish_reason):
        message = wire.Message(content=output.text)
        choices = [wire.Choice(message=message, finish_reason=output.finish_reason)]
    finished: list[StreamEvent] = []
    raw_choices = raw_output.get("choices") or [{}]
    for position, (choice, raw_choice) in enumerate(zip(choices, raw_choices, strict=False)):
        state = _read_choice(service, state, events, finished, position, choice, raw_choice)
    if frame.usage:
        if len(choices) == 1:
            number = choices[0].index or 0
            count = token_count(frame.usage.get("output_tokens")) or 0
            before = state.output_tokens.get(number)
            state = replace(
                state,
                output_tokens=state.output_tokens.put(number, count),
                all_output_tokens=state.all_output_tokens + count - (before or 0),
                counted=state.counted + (before is None),
            )
        total = state.all_output_tokens if state.counted > 1 else None
        events.append(UsageReported(read_usage(frame.usage, total)))
    events += finished
    if finished:
        state = replace(state, complete=True)
    return state, events


def _read_choice(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    finished: list[StreamEvent],
    position: int,
    choice: wire.Choice | wire.EdgeChoice,
    raw: dict[str, Any],
) -> State:
    number = position if choice.index is None else choice.index
    raw_message = raw.get("message") or {}
    seen = emit_extra_fields(events, state.seen_extras, raw, wire.KNOWN_FIELDS_CHOICE, number)
    seen = emit_extra_fields(events, seen, raw_message, wire.KNOWN_FIELDS_MESSAGE, number)
    begun = state.begun if state.begun.get(number) else state.begun.put(number, True)
    state = replace(state, seen_extras=seen, begun=begun)
    logprobs = choice.logprobs.get("content") if isinstance(choice.logprobs, dict) else None
    if logprobs and isinstance(logprobs, list):
        events.append(ExtraReceived("logprobs", logprobs, append=True, choice=number))
    message = choice.message or wire.Message()
    content = message.content
    text = content if isinstance(content, str) else None
    state = _text(state, events, number, message.reasoning_content, text)
    for block in content if isinstance(content, list) else ():
        state = _read_block(service, state, events, number, block)
    calls: Sequence[wire.ToolCall | wire.EdgeCall] = message.tool_calls or ()
    for at, call in enumerate(calls):
        index = at if call.index is None and len(calls) > 1 else call.index
        raw_call = raw_message["tool_calls"][at] if raw_message else {}
        state = _read_call(state, events, number, index, call, raw_call)
    if state.growing is not None:
        before, all_text = state.growing, _text_of(content)
        state = _grow(state, number, all_text)
        if state.growing and before and choice.finish_reason not in UNFINISHED and all_text:
            events.append(PartReceived(Text(all_text), TEXT, number))  # the others repeat it
    if choice.finish_reason not in UNFINISHED:
        reason = str(choice.finish_reason)
        finished.append(Finished(finish_reason_of(reason, FINISH), reason, number))
        state = replace(state, begun=state.begun.put(number, False))
    return state


def _text_of(content: str | list[dict[str, Any]] | None) -> str:
    if isinstance(content, str):
        return content
    texts = [block.get("text") for block in content or ()]
    return "".join([text for text in texts if isinstance(text, str)])


def _grow(state: State, number: int, text: str) -> State:
    """The state after a frame with this text. Without `incremental_output`, and always with some models, frames have all text so far.

    Of several choices, it is not known. Source: help.aliyun.com, "Qwen-MT" (qwen-mt-plus and qwen-mt-turbo have no incremental
    output); read 2026-11-30.
    """
    if not text:
        return state
    grows = number == 0 and text.startswith(state.growing or "")
    return replace(state, growing=text if grows else None)


def _text(
    state: State, events: list[StreamEvent], number: int, thinking: str | None, text: str | None
) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, REASONING, number))
        if not state.thinking.get(number):  # mark it once as this provider's: it is replayed to it
            events.append(ProviderMetadataReceived("{}", REASONING, number, "reasoning"))
            state = replace(state, thinking=state.thinking.put(number, True))
    if text:
        events.append(TextDelta(text, TEXT, number))
    return state


def _read_block(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    number: int,
    block: dict[str, Any],
) -> State:
    """One object of a content list: {"text": ...}, {"image": URL}, or any other, which becomes an Opaque part."""
    text, image = block.get("text"), block.get("image")
    if isinstance(text, str):
        for name, value in extra_fields(block, _KNOWN_FIELDS_TEXT).items():  # OCR's positions
            events.append(ExtraReceived(name, value, choice=number))
        return _text(state, events, number, None, text)
    if isinstance(image, str) and len(block) == 1:
        part: Image | Opaque = Image(url=image)
    else:
        part = Opaque(service.name, next(iter(block), "content"), json_text(block))
    events.append(PartReceived(part, MEDIA + state.media, number))
    return replace(state, media=state.media + 1)


_KNOWN_FIELDS_TEXT = frozenset({"type", "text"})


def _read_call(
    state: State,
    events: list[StreamEvent],
    number: int,
    index: int | None,
    call: wire.ToolCall | wire.EdgeCall,
    raw: dict[str, Any],
) -> State:
    """A fragment of a call. An empty id is none; a name may come in fragments, which the vendor's SDK joins as well."""
    function = call.function or wire.Function()
    calls, event = state.calls.read(number, index, call.id, function.name, function.arguments or "")
    emit_call(events, event, raw, wire.KNOWN_FIELDS_CALL)
    return replace(state, calls=calls)
