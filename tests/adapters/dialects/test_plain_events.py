"""The fast paths of a stream's plain events give what the slow path gives, or leave the event to it.

Both paths read the same frames, those of recorded streams and such with a few changes, each from its own state. A delta that
an older fast path reads, which passes over what an earlier event had, is read by it on both sides.
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import samples
from llm_pure.adapters.dialects import (
    anthropic_messages,
    bedrock_converse,
    cohere_chat,
    dashscope_generation,
    gemini_content,
    llama_native,
    ollama_native,
    openai_chat,
    openai_responses,
)
from llm_pure.adapters.dialects.anthropic_messages import stream as messages_stream
from llm_pure.adapters.dialects.bedrock_converse import stream as converse_stream
from llm_pure.adapters.dialects.cohere_chat import stream as cohere_stream
from llm_pure.adapters.dialects.cohere_chat import wire as cohere_wire
from llm_pure.adapters.dialects.dashscope_generation import stream as dashscope_stream
from llm_pure.adapters.dialects.dashscope_generation import wire as dashscope_wire
from llm_pure.adapters.dialects.gemini_content import stream as gemini_stream
from llm_pure.adapters.dialects.gemini_content import wire as gemini_wire
from llm_pure.adapters.dialects.llama_native import stream as llama_stream
from llm_pure.adapters.dialects.llama_native import wire as llama_wire
from llm_pure.adapters.dialects.ollama_native import stream as ollama_stream
from llm_pure.adapters.dialects.ollama_native import wire as ollama_wire
from llm_pure.core.dialect import Dialect
from llm_pure.core.service import Service
from llm_pure.core.stream import take_step
from llm_pure.framing import frame_data, with_data
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Success
from tests.support.cassettes import recorded
from tests.support.laws import examples
from tests.support.odd_json import change

HEAD = ResponseHead(200, ())
NO_CONTENT = (b'{"type":"ping"}', b"")
SERVICE: Any = Service(name="any", base_url="", url_for=lambda *_: Success(""), quirks=None)


class Paths(NamedTuple):
    """Both paths of a dialect; `plain` decodes the deltas that its older fast path reads. names: fields that are added."""

    dialect: Dialect[Any, Any, Any]
    slow: Callable[..., Any]
    plain: msgspec.json.Decoder[Any] | None
    names: tuple[str, ...]


PATHS = {
    "anthropic_messages": Paths(
        anthropic_messages.DIALECT,
        messages_stream.read_event,
        None,
        ("error", "index", "usage", "stop_reason", "stop_sequence", "text", "id", "citations", "container", "type", "input", "signature"),
    ),
    "gemini_content": Paths(
        gemini_content.DIALECT,
        gemini_stream.read_frame,
        gemini_wire.PLAIN_BODY,
        ("error", "index", "usageMetadata", "finishReason", "text", "thought", "responseId", "modelVersion", "promptFeedback", "role", "message", "thoughtSignature", "functionCall"),
    ),
    "bedrock_converse": Paths(
        bedrock_converse.DIALECT,
        converse_stream.read_frame,
        None,
        ("error", "message", "__type", "contentBlockIndex", "stopReason", "usage", "metrics", "p", "start", "delta", "toolUse", "type", "text", "signature", "trace", "role"),
    ),
    "cohere_chat": Paths(
        cohere_chat.DIALECT,
        cohere_stream.read_frame,
        cohere_wire.PLAIN_DELTA,
        ("error", "id", "index", "type", "logprobs", "citations", "tool_calls", "tool_plan", "text", "thinking", "content", "usage", "message", "function"),
    ),
    "dashscope_generation": Paths(
        dashscope_generation.DIALECT,
        dashscope_stream.read_data,
        dashscope_wire.PLAIN_FRAME,
        ("error", "index", "usage", "finish_reason", "text", "content", "code", "message", "logprobs", "tool_calls", "reasoning_content", "image", "search_info", "id", "role"),
    ),
    "llama_native": Paths(
        llama_native.DIALECT,
        llama_stream.read_frame,
        llama_wire.PLAIN_CHUNK,
        ("error", "stop_reason", "event_type", "metrics", "metric", "value", "text", "type", "function", "id", "model", "delta", "name", "arguments"),
    ),
    "ollama_native": Paths(
        ollama_native.DIALECT,
        ollama_stream.read_frame,
        ollama_wire.PLAIN_LINE,
        ("error", "thinking", "response", "done_reason", "message", "tool_calls", "created_at", "eval_count", "code", "images", "logprobs"),
    ),
}  # fmt: skip


RUNS: dict[str, tuple[Dialect[Any, Any, Any], tuple[str, ...]]] = {
    "openai_chat": (
        openai_chat.DIALECT,
        ("error", "usage", "x_groq", "request_id", "time_info", "native_finish_reason", "provider", "reasoning", "refusal", "tool_calls", "audio", "logprobs", "content", "index", "finish_reason", "reasoning_details"),
    ),
    "openai_responses": (
        openai_responses.DIALECT,
        ("error", "agent", "annotations", "logprobs", "type", "id", "item_id", "output_index", "content_index", "text", "delta", "call_id", "name", "status", "usage", "content", "summary", "encrypted_content", "arguments"),
    ),
    **{name: (paths.dialect, paths.names) for name, paths in PATHS.items() if paths.dialect.read_run},
}  # fmt: skip
"""The dialects that read frames together which arrive together, and names of fields that are added."""


def frames_of(dialect: Dialect[Any, Any, Any], body: bytes) -> list[Any]:
    decoder = dialect.frames()
    return [*decoder.feed(body), *decoder.close()]


STREAMS = {
    name: [
        *([samples.STREAMS[name](6).body] if name in samples.STREAMS else ()),
        *[
            one.interaction.response.body
            for one in recorded()
            if one.provider.dialect == name and one.streamed and one.operation == "chat"
        ],
    ]
    for name in {**PATHS, **RUNS}
}


def read(paths: Paths, frames: Sequence[Any], *, fast: bool) -> list[Any]:
    """The events of each frame, up to the first fault, and the fault."""
    state = paths.dialect.initial_state
    results: list[Any] = []
    for frame in frames:
        step = paths.dialect.step if fast or _is_plain(paths, frame) else paths.slow
        state, events = take_step(partial(step, SERVICE, HEAD), state, frame)
        results += [sorted(map(repr, events)), state.complete, state.ended]
        if state.fault is not None:
            return [*results, state.fault]
    return results


def _is_plain(paths: Paths, frame: bytes) -> bool:
    if paths.plain is None:
        return False
    try:
        item = paths.plain.decode(frame)
    except msgspec.MsgspecError:
        return False
    return not getattr(item, "done", False)


@st.composite
def changed(
    draw: st.DrawFn, name: str, dialect: Dialect[Any, Any, Any], names: tuple[str, ...]
) -> list[Any]:
    """The frames of a stream, a few of them changed, left out, repeated, or in another place."""
    body = draw(st.sampled_from(STREAMS[name]))
    frames = frames_of(dialect, body)
    frames = [*frames[:12], *frames[-12:]] if len(frames) > 24 else frames
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(frames) - 1))
        match draw(st.sampled_from(["change", "change", "change", "drop", "repeat", "move"])):
            case "change":
                data = frame_data(frames[place])
                value = json.loads(data) if data[:1] == b"{" else {"x": 1}
                frames[place] = with_data(frames[place], change(draw, value, names, 2))
            case "drop":
                frames[place : place + 1] = [] if len(frames) > 1 else frames[place : place + 1]
            case "repeat":
                frames.insert(place, frames[place])
            case _:
                frames.insert(draw(st.integers(0, len(frames) - 1)), frames.pop(place))
    return frames


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", PATHS)
def test_both_paths_give_the_same_events(name: str) -> None:
    paths = PATHS[name]

    @given(changed(name, paths.dialect, paths.names))
    @examples(300)
    def check(frames: list[Any]) -> None:
        assert read(paths, frames, fast=True) == read(paths, frames, fast=False)

    check()


def read_together(dialect: Dialect[Any, Any, Any], frames: Sequence[Any], *, run: bool) -> Any:
    """The events of frames that arrive together, up to the first fault, and what the state says after them."""
    service = openai_chat.make_service("any", openai_chat.Quirks())
    state, position = dialect.initial_state, 0
    events: list[Any] = []
    while position < len(frames):
        if run:
            assert dialect.read_run is not None
            state, position = dialect.read_run(service, HEAD, state, frames, position, events)
            if position == len(frames):
                break
        step = partial(dialect.step, service, HEAD)
        state, step_events = take_step(step, state, frames[position])
        events += step_events
        position += 1
        if state.fault is not None:
            break
    return list(map(repr, events)), state.complete, state.ended, state.fault


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", RUNS)
def test_frames_read_together_give_what_each_gives_alone(name: str) -> None:
    dialect, names = RUNS[name]

    @given(changed(name, dialect, names))
    @examples(100)
    def check(frames: list[Any]) -> None:
        assert read_together(dialect, frames, run=True) == read_together(dialect, frames, run=False)

    check()


@pytest.mark.parametrize("name", [name for name in RUNS if name in samples.STREAMS])
def test_streams_of_text_are_read_in_one_run(name: str) -> None:
    dialect, _ = RUNS[name]
    frames = frames_of(dialect, samples.STREAMS[name](6).body)
    frames = [frame for frame in frames if frame_data(frame) not in NO_CONTENT]
    service: Any = openai_chat.make_service("any", openai_chat.Quirks())
    assert dialect.read_run is not None
    state, position = dialect.read_run(service, HEAD, dialect.initial_state, frames, 0, [])
    assert (position, state.ended or state.complete) == (len(frames), True)


@pytest.mark.parametrize("name", PATHS)
def test_both_paths_read_recorded_streams(name: str) -> None:
    paths = PATHS[name]
    assert len(STREAMS[name]) > 3
    for body in STREAMS[name]:
        frames = frames_of(paths.dialect, body)
        assert read(paths, frames, fast=True) == read(paths, frames, fast=False)


@pytest.mark.parametrize("name", [name for name in PATHS if name in samples.STREAMS])
def test_streams_of_text_never_take_the_slow_path(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = PATHS[name]
    slow: list[Any] = []

    def read_slowly(service: Any, head: ResponseHead, state: Any, frame: Any) -> Any:
        slow.append(frame)
        return paths.slow(service, head, state, frame)

    module = sys.modules[paths.dialect.step.__module__]
    monkeypatch.setattr(module, paths.slow.__name__, read_slowly)
    frames = frames_of(paths.dialect, samples.STREAMS[name](6).body)
    read(paths, [frame for frame in frames if frame_data(frame) not in NO_CONTENT], fast=True)
    assert slow == []
