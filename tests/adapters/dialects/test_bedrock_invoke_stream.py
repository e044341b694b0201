"""Streams of InvokeModel: each vendor's own events inside the service's frames."""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Completion,
    Echo,
    HttpResponse,
    LLMError,
    Reasoning,
    StreamEvent,
    ToolCall,
    Usage,
    assistant,
    collect,
)
from llm_pure.adapters.bedrock_invoke import PROVIDER
from llm_pure.adapters.dialects.bedrock_invoke.stream import State, step
from llm_pure.errors import (
    Overloaded,
    ProtocolFault,
    RateLimited,
    StreamInterrupted,
    TimedOut,
)
from llm_pure.events import ExtraReceived, TextDelta
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.replay.laws import read_pieces
from tests.support.aws_frames import STREAM_HEAD, body_of, event, exception, transport_error
from tests.support.pieces import one_byte_at_a_time, pieces

NAME = "bedrock_invoke"
METRICS = {
    "inputTokenCount": 7,
    "outputTokenCount": 2,
    "invocationLatency": 300,
    "firstByteLatency": 100,
}
TOLD = {"amazon-bedrock-invocationMetrics": METRICS}
KEPT = {"request_id": "r-1", **TOLD}
BY_METRICS = Usage(7, 2, raw=METRICS)


def chunk(said: Any) -> EventStreamMessage:
    data = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return event("chunk", bytes=base64.b64encode(data).decode())


def body(*said: Any) -> bytes:
    return body_of(*[chunk(one) for one in said])


CLAUDE: tuple[Any, ...] = (
    {
        "type": "message_start",
        "message": {
            "id": "msg_bdrk_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5-20250929",
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": 7, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo."}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'},
    },
    {"type": "content_block_stop", "index": 1},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop", **TOLD},
)
CLAUDE_COMPLETION = Completion(
    id="msg_bdrk_1",
    model="claude-sonnet-4-5-20250929",
    provider=NAME,
    message=assistant("Hello.", ToolCall("t", "f", '{"a":1}')),
    finish_reason="tool_calls",
    raw_finish_reason="tool_use",
    usage=Usage(7, 2, raw={"input_tokens": 7, "output_tokens": 2}),
    extra=KEPT,
)

HELLO = Completion(
    provider=NAME,
    message=assistant("Hello."),
    finish_reason="stop",
    raw_finish_reason="stop",
    usage=BY_METRICS,
    extra=KEPT,
)


def hello(**changes: Any) -> Completion:
    return msgspec.structs.replace(HELLO, **changes)


STREAMS: dict[str, tuple[tuple[Any, ...], Completion]] = {
    "claude": (CLAUDE, CLAUDE_COMPLETION),
    "claude, metrics apart": (
        (*CLAUDE[:-1], {"type": "message_stop"}, TOLD),
        CLAUDE_COMPLETION,
    ),
    "llama": (
        (
            {"generation": "Hel", "prompt_token_count": 7, "generation_token_count": 1, "stop_reason": None},
            {"generation": "lo.", "prompt_token_count": None, "generation_token_count": 2, "stop_reason": None},
            {"generation": "", "prompt_token_count": None, "generation_token_count": 3, "stop_reason": "stop", **TOLD},
        ),
        hello(usage=Usage(7, 3, raw={"prompt_token_count": 7, "generation_token_count": 3})),
    ),
    "mistral": (
        (
            {"outputs": [{"text": "Hel", "stop_reason": None}]},
            {"outputs": [{"text": "lo.", "stop_reason": "stop"}], **TOLD},
        ),
        HELLO,
    ),
    "mistral, new": (
        (
            {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hel"}, "stop_reason": None}]},
            {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "lo."}, "stop_reason": None}]},
            {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "stop_reason": "stop"}], **TOLD},
        ),
        hello(id="x", model="m"),
    ),
    "deepseek": (
        (
            {"choices": [{"text": "Hel", "stop_reason": None}]},
            {"choices": [{"text": "lo.", "stop_reason": None}]},
            {"choices": [{"text": "", "stop_reason": "stop"}], **TOLD},
        ),
        HELLO,
    ),
    "chat completion": (
        (
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {"role": "assistant", "reasoning": "Hm."}}]},
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {"content": "lo."}}]},
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"id": "x", "model": "gpt-oss", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 4}, **TOLD},
        ),
        hello(
            id="x",
            model="gpt-oss",
            message=assistant(Reasoning("Hm.", None, Echo(NAME)), "Hello."),
            usage=Usage(7, 4, raw={"prompt_tokens": 7, "completion_tokens": 4}),
        ),
    ),
    "command r": (
        (
            {"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
            {"is_finished": False, "event_type": "text-generation", "text": "Hel"},
            {"is_finished": False, "event_type": "text-generation", "text": "lo."},
            {"is_finished": False, "event_type": "citation-generation", "citations": [{"start": 0}]},
            {"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": [{"name": "f", "parameters": {"a": 1}}]},
            {
                "is_finished": True,
                "event_type": "stream-end",
                "finish_reason": "COMPLETE",
                "response": {
                    "text": "Hello.", "generation_id": "g", "response_id": "r", "finish_reason": "COMPLETE",
                    "tool_calls": [{"name": "f", "parameters": {"a": 1}}], "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 2}},
                },
                **TOLD,
            },
        ),
        hello(
            id="g",
            message=assistant("Hello.", ToolCall("call_g_0", "f", '{"a":1}')),
            finish_reason="tool_calls",
            raw_finish_reason="COMPLETE",
            usage=Usage(7, 2, raw={"input_tokens": 7, "output_tokens": 2}),
            extra={
                **KEPT,
                "citations": [{"start": 0}],
                "response_id": "r",
                "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 2}},
            },
        ),
    ),
    "command": (
        (
            {"text": "Hel", "is_finished": False},
            {"text": "lo.", "is_finished": False},
            {"is_finished": True, "finish_reason": "COMPLETE", **TOLD},
        ),
        hello(raw_finish_reason="COMPLETE"),
    ),
    "jamba": (
        (
            {"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]},
            {"id": "x", "choices": [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": None}]},
            {"id": "x", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], "usage": None, **TOLD},
        ),
        hello(id="x"),
    ),
    "titan": (
        (
            {"outputText": "Hel", "index": 0, "totalOutputTextTokenCount": None, "completionReason": None, "inputTextTokenCount": 7},
            {"outputText": "lo.", "index": 0, "totalOutputTextTokenCount": 2, "completionReason": "FINISH", "inputTextTokenCount": None, **TOLD},
        ),
        hello(
            raw_finish_reason="FINISH",
            usage=Usage(7, 2, raw={"inputTextTokenCount": 7, "totalOutputTextTokenCount": 2}),
        ),
    ),
    "nova": (
        (
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "Hel"}, "contentBlockIndex": 0}},
            {"contentBlockDelta": {"delta": {"text": "lo."}, "contentBlockIndex": 0}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 7, "outputTokens": 2}, "metrics": {}, "trace": {}}, **TOLD},
        ),
        hello(
            raw_finish_reason="end_turn",
            usage=Usage(7, 2, raw={"inputTokens": 7, "outputTokens": 2}),
        ),
    ),
    "old claude": (
        (
            {"completion": " Hel", "stop_reason": None},
            {"completion": "lo.", "stop_reason": "stop_sequence", "stop": "\n\nHuman:", **TOLD},
        ),
        hello(message=assistant(" Hello."), raw_finish_reason="stop_sequence"),
    ),
}  # fmt: skip


def read(*given: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(PROVIDER.open_stream(STREAM_HEAD), given)


def error(*frames: EventStreamMessage) -> LLMError:
    _, found = read(body_of(*frames))
    assert found is not None
    return found


@pytest.mark.parametrize(("said", "completion"), STREAMS.values(), ids=STREAMS)
def test_the_first_chunk_tells_whose_stream_it_is(said: Any, completion: Completion) -> None:
    events, found = read(body(*said))
    assert found is None
    assert collect(events).unwrap() == completion
    assert read(*one_byte_at_a_time(body(*said))) == (events, None)


@pytest.mark.parametrize(("said", "completion"), STREAMS.values(), ids=STREAMS)
def test_a_cut_stream_is_a_failure_or_the_whole_text(said: Any, completion: Completion) -> None:
    whole = body(*said)
    for end in range(0, len(whole), 13):
        events, found = read(whole[:end])
        if found is None:  # it had ended, and only the metrics were cut off
            assert collect(events).unwrap().text == completion.text
        else:
            assert isinstance(found, StreamInterrupted)
            assert found.partial is not None
            assert completion.text.startswith(found.partial.text)


@given(st.data(), st.sampled_from(list(STREAMS)))
def test_any_split_gives_the_same_events(data: st.DataObject, kind: str) -> None:
    whole = body(*STREAMS[kind][0])
    assert read(*data.draw(pieces(whole))) == read(whole)


def test_a_stream_is_what_the_same_answer_is_whole() -> None:
    said = {
        "id": "msg_bdrk_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [
            {"type": "text", "text": "Hello."},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 7, "output_tokens": 2},
        **TOLD,
    }
    headers = (("content-type", "application/json"), ("x-amzn-requestid", "r-1"))
    whole = PROVIDER.parse_chat(HttpResponse(200, headers, msgspec.json.encode(said)))
    assert whole.unwrap() == CLAUDE_COMPLETION


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (exception("throttlingException", message="slow"), RateLimited),
        (exception("modelTimeoutException", message="late"), TimedOut),
        (transport_error("ServiceUnavailable", "busy"), Overloaded),
        (
            chunk({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
            Overloaded,
        ),
        (event("chunk", bytes="%%%"), ProtocolFault),
        (event("chunk", {}), ProtocolFault),
        (chunk(b"nope"), ProtocolFault),
        (chunk({"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "a"}}), ProtocolFault),
    ],
    ids=["exception", "timeout", "transport", "the vendor's own", "no base64", "no bytes", "no JSON", "out of order"],
)  # fmt: skip
def test_an_error_in_mid_stream_is_typed_and_keeps_what_came_before(
    frame: EventStreamMessage, kind: type[LLMError]
) -> None:
    found = error(*[chunk(one) for one in CLAUDE[:4]], frame, *[chunk(one) for one in CLAUDE[4:]])
    assert type(found) is kind
    assert found.partial is not None
    assert found.partial.text == "Hel"


@pytest.mark.parametrize(
    "said", [{"generation": 3}, {"outputs": 3}, {"contentBlockDelta": {"delta": 3}}, {"choices": 3}]
)
def test_a_known_chunk_of_a_wrong_shape_is_a_protocol_fault(said: Any) -> None:
    assert isinstance(error(chunk(said)), ProtocolFault)


def test_what_is_not_known_changes_nothing_but_extra() -> None:
    frames = (
        event("newEvent", {"a": 1}),
        chunk({"hologram": 1}),
        chunk([1]),
        EventStreamMessage(((":event-type", "odd"),), b"\xff"),
        *[chunk(one) for one in STREAMS["llama"][0]],
    )
    events, found = read(body_of(*frames))
    assert found is None
    got = collect(events).unwrap()
    assert got.text == "Hello."
    assert got.extra == {"newEvent": [{"a": 1}], "chunk": [{"hologram": 1}, [1]], **KEPT}
    assert ExtraReceived("newEvent", [{"a": 1}], append=True) in events


STATES = {
    "unknown": State(),
    **{
        kind: step(NAME, STREAM_HEAD, State(), chunk(said[0]))[0]
        for kind, (said, _) in STREAMS.items()
    },
}
SOME_FRAMES = {
    **{kind: chunk(said[1]) for kind, (said, _) in STREAMS.items()},
    "metrics": chunk(TOLD),
    "empty": chunk({}),
    "null": chunk(None),
    "exception": exception("throttlingException", message="slow"),
    "error": transport_error("e", "m"),
    "new": event("new", x=1),
    "without headers": EventStreamMessage((), b"{}"),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("frame", SOME_FRAMES.values(), ids=SOME_FRAMES)
def test_every_frame_has_an_answer_in_every_state(state: State, frame: EventStreamMessage) -> None:
    after, events = step(NAME, STREAM_HEAD, state, frame)
    assert isinstance(after, State)
    assert all(isinstance(one, StreamEvent) for one in events)


ALL_CHUNKS = [one for said, _ in STREAMS.values() for one in said]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(
    st.lists(
        st.sampled_from(ALL_CHUNKS)
        | st.builds(
            lambda one, key, value: {**one, key: value},
            st.sampled_from(ALL_CHUNKS),
            st.sampled_from([key for one in ALL_CHUNKS for key in one]),
            ODD,
        ),
        max_size=8,
    )
)
def test_mixed_and_mutated_chunks_never_raise(said: list[Any]) -> None:
    events, found = read(body(*said))
    told = "".join([one.text for one in events if isinstance(one, TextDelta)])
    if found is not None and found.partial is not None:
        assert len(found.partial.text) <= len(told)


@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data: bytes) -> None:
    read(data)
    read(body(data))
