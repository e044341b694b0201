"""Streams of Converse -> events, however they are cut, mixed or broken off."""

import base64
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Completion,
    HttpResponse,
    Image,
    LLMConfig,
    LLMError,
    Message,
    Opaque,
    Reasoning,
    ResponseHead,
    StreamEvent,
    Text,
    ToolCall,
    collect,
    user,
)
from llm_pure.adapters.bedrock import PROVIDER
from llm_pure.adapters.dialects.bedrock_converse import make_service
from llm_pure.adapters.dialects.bedrock_converse.plain_events import step
from llm_pure.adapters.dialects.bedrock_converse.state import OpenPart, State
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.core.stream import take_step
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.types.errors import (
    ContextLengthExceeded,
    InvalidRequest,
    Overloaded,
    ProtocolError,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
)
from llm_pure.types.events import (
    TextDelta,
)
from llm_pure.types.result import Failure, Success
from tests.support import streamed
from tests.support.aws_frames import STREAM_HEAD, body_of, event, exception, transport_error
from tests.support.bedrock_converse_streams import (
    BEGIN,
    BODY,
    END,
    EVENTS,
    FRAMES,
    OWN,
    RAW_USAGE,
    STREAMED,
    TAIL,
    TELL,
    delta,
    start,
    stop,
)
from tests.support.pieces import one_byte_at_a_time
from tests.support.streamed import broken_off, said_before

read = partial(streamed.read, STREAMED)


def answer(*frames: EventStreamMessage) -> Completion:
    events, error = read(body_of(*frames))
    assert error is None
    return collect(events).unwrap()


def error(*frames: EventStreamMessage) -> LLMError:
    _, found = read(body_of(*frames))
    assert found is not None
    return found


def test_the_body_may_end_only_after_its_usage() -> None:
    assert isinstance(error(BEGIN, delta(0, text="Hi"), stop(0), END), StreamInterrupted)
    assert isinstance(error(BEGIN, delta(0, text="Hi"), stop(0), TELL), StreamInterrupted)
    assert answer(BEGIN, delta(0, text="Hi"), TELL, END).text == "Hi"


def test_an_empty_first_block_makes_no_part() -> None:
    frames = (
        BEGIN,
        delta(0, text=""),
        stop(0),
        delta(1, reasoningContent={"text": "Hm."}),
        stop(1),
    )
    got = answer(*frames, delta(2, text="Hi"), stop(2), *TAIL)
    assert got.message.parts == (Reasoning("Hm.", None, OWN), Text("Hi"))


def test_an_answer_may_come_before_its_reasoning() -> None:
    thought = delta(1, reasoningContent={"text": "Hm."})
    got = answer(BEGIN, delta(0, text="\n\nYes."), thought, *TAIL)
    assert got.message.parts == (Text("\n\nYes."), Reasoning("Hm.", None, OWN))


def test_a_block_that_changes_its_kind_makes_two_parts() -> None:
    thought = delta(0, reasoningContent={"text": "Hm."})
    got = answer(BEGIN, thought, delta(0, text="Yes."), *TAIL)
    assert got.message.parts == (Reasoning("Hm.", None, OWN), Text("Yes."))


def test_blocks_may_come_interleaved() -> None:
    calls = [start(i, toolUse={"toolUseId": f"t{i}", "name": "f"}) for i in (0, 1)]
    more = [delta(i, toolUse={"input": text}) for i, text in ((1, '{"b":'), (0, "{}"), (1, "2}"))]
    got = answer(BEGIN, *calls, *more, stop(1), stop(0), *TAIL)
    assert got.tool_calls == (ToolCall("t0", "f", "{}"), ToolCall("t1", "f", '{"b":2}'))


def test_what_the_service_runs_itself_is_kept_whole() -> None:
    use = {"toolUseId": "s1", "name": "nova_code_interpreter", "type": "server_tool_use"}
    result = {"toolUseId": "s1", "type": "nova_code_interpreter_result", "status": "success"}
    got = answer(
        BEGIN,
        start(0, toolUse=use),
        delta(0, toolUse={"input": '{"snippet":'}),
        delta(0, toolUse={"input": '"6*7"}'}),
        stop(0),
        start(1, toolResult=result),
        delta(1, toolResult=[{"json": {"stdOut": "42"}}]),
        delta(1, toolResult=[{"text": "done"}]),
        stop(1),
        delta(2, text="42"),
        *TAIL,
    )
    assert got.message.parts == (
        opaque("toolUse", {**use, "input": {"snippet": "6*7"}}),
        opaque("toolResult", {**result, "content": [{"json": {"stdOut": "42"}}, {"text": "done"}]}),
        Text("42"),
    )
    assert (got.tool_calls, got.finish_reason) == ((), "stop")


def opaque(kind: str, value: Any) -> Opaque:
    return Opaque("bedrock", kind, msgspec.json.encode({kind: value}).decode())


@pytest.mark.parametrize(
    ("given_pieces", "sent"),
    [(["c2VjcmV0"], "c2VjcmV0"), (["c2Vj", "cmV0"], "c2VjcmV0"), (["c2U=", "Y3I="], "c2Vjcg==")],
    ids=["whole", "in two", "each padded"],
)
def test_redacted_reasoning_is_kept(given_pieces: list[str], sent: str) -> None:
    frames = [delta(0, reasoningContent={"redactedContent": piece}) for piece in given_pieces]
    got = answer(BEGIN, *frames, stop(0), *TAIL)
    assert got.message.parts == (opaque("reasoningContent", {"redactedContent": sent}),)


def test_a_picture_is_put_together_from_its_pieces() -> None:
    frames = [
        delta(0, image={"source": {"bytes": base64.b64encode(piece).decode()}})
        for piece in (b"\x89PN", b"G")
    ]
    got = answer(BEGIN, start(0, image={"format": "png"}), *frames, stop(0), *TAIL)
    assert got.message.parts == (Image(data=b"\x89PNG", media_type="image/png"),)


def test_citations_stand_on_their_text_and_in_extra_as_they_do_in_a_whole_answer() -> None:
    one, two = {"title": "Atlas"}, {"title": "Map"}
    got = answer(
        BEGIN,
        delta(0, text="Paris"),
        delta(0, citation=one),
        delta(0, citation=two),
        stop(0),
        *TAIL,
    )
    block = {"citationsContent": {"content": [{"text": "Paris"}], "citations": [one, two]}}
    said = {
        "output": {"message": {"content": [block]}},
        "stopReason": "end_turn",
        "usage": RAW_USAGE,
        "metrics": {"latencyMs": 5},
    }
    headers = (("x-amzn-requestid", "r-1"),)
    whole = PROVIDER.parse_chat(HttpResponse(200, headers, msgspec.json.encode(said)))
    assert Success(got) == whole
    assert got.extra["citations"] == [one, two]


def test_blocks_that_nobody_stopped_are_whole_when_the_message_is() -> None:
    got = answer(BEGIN, delta(0, reasoningContent={"redactedContent": "c2Vj"}), *TAIL)
    assert got.message.parts == (opaque("reasoningContent", {"redactedContent": "c2Vj"}),)


def test_a_prompt_router_tells_which_model_answered() -> None:
    trace = {"promptRouter": {"invokedModelId": "m"}}
    told = event("metadata", usage=RAW_USAGE, trace=trace)
    got = answer(BEGIN, delta(0, text="Hi"), END, told)
    assert (got.model, got.extra["trace"]) == ("m", trace)


def test_what_is_not_known_changes_nothing_but_extra() -> None:
    got = answer(
        BEGIN,
        event("newEvent", {"a": 1, "p": "x"}),
        event("newEvent", b"\xff".decode("latin-1")),
        delta(0, text="Hi"),
        delta(0, smell="roses"),
        start(1, hologram={"x": 1}),
        event("contentBlockDelta", contentBlockIndex=0, delta={"text": "!"}, more=1),
        *TAIL,
    )
    assert got.text == "Hi!"
    assert got.message.parts == (Text("Hi!"),)
    assert got.extra == {
        "request_id": "r-1",
        "newEvent": [{"a": 1}, "ÿ"],
        "contentBlockDelta": [{"smell": "roses"}],
        "contentBlockStart": [{"hologram": {"x": 1}}],
        "more": 1,
        "metrics": {"latencyMs": 5},
    }


def test_an_event_of_a_new_kind_need_not_be_json() -> None:
    odd = EventStreamMessage(((":event-type", "odd"), (":message-type", "event")), b"\xff")
    assert answer(BEGIN, odd, delta(0, text="Hi"), *TAIL).text == "Hi"


@pytest.mark.parametrize(
    ("frame", "kind", "code", "status"),
    [
        (exception("throttlingException", message="slow"), RateLimited, "ThrottlingException", 429),
        (exception("ThrottlingException", message="slow"), RateLimited, "ThrottlingException", 429),
        (exception("validationException", message="odd"), InvalidRequest, "ValidationException", 400),
        (
            exception("validationException", message="Input is too long for requested model."),
            ContextLengthExceeded,
            "ValidationException",
            400,
        ),
        (
            exception("modelStreamErrorException", message="oh", originalStatusCode=500),
            ServerError,
            "ModelStreamErrorException",
            424,
        ),
        (exception("serviceUnavailableException", message="busy"), Overloaded, "ServiceUnavailableException", 503),
        (exception("internalServerException", message="oh"), ServerError, "InternalServerException", 500),
        (exception("modelTimeoutException", message="late"), TimedOut, "ModelTimeoutException", 408),
        (exception("newException", message="?"), ServerError, "NewException", 500),
        (exception("newException"), ServerError, "NewException", 500),
        (transport_error("InternalError", "boom"), ServerError, "InternalError", 500),
    ],
    ids=[
        "throttling", "upper case", "validation", "overflow", "model", "unavailable", "internal", "timeout", "new",
        "no message", "transport",
    ],
)  # fmt: skip
def test_an_exception_in_mid_stream_is_the_typed_error_with_what_came_before(
    frame: EventStreamMessage, kind: type[LLMError], code: str, status: int
) -> None:
    lost = body_of(frame, delta(0, text="lost"), *TAIL)
    events, found = broken_off(STREAMED, body_of(BEGIN, delta(0, text="Hi")), lost)
    assert events == (*EVENTS[:2], TextDelta("Hi"))
    assert (type(found), said_before(found)) == (kind, "Hi")
    assert (found.code, found.status, found.request_id) == (code, status, "r-1")


def test_an_exception_that_is_no_json_still_tells() -> None:
    headers = ((":exception-type", "throttlingException"), (":message-type", "exception"))
    got = error(BEGIN, EventStreamMessage(headers, b"slow down"))
    assert isinstance(got, RateLimited)
    assert got.message == "slow down"


@pytest.mark.parametrize(
    "frame",
    [
        event("contentBlockDelta", {"contentBlockIndex": "x", "delta": {"text": "a"}}),
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": 3}}),
        event("contentBlockDelta", []),
        event("metadata", [3]),
        EventStreamMessage(((":event-type", "messageStop"),), b"nope"),
        EventStreamMessage(
            ((":event-type", "contentBlockDelta"),),
            b'{"contentBlockIndex":0,"delta":{"text":"a"},"x":"\xff"}',
        ),
    ],
)
def test_a_known_event_of_a_wrong_shape_is_a_protocol_fault(frame: EventStreamMessage) -> None:
    bad = body_of(frame, *TAIL)
    events, found = broken_off(STREAMED, body_of(BEGIN, delta(0, text="Hi")), bad)
    assert events[-1] == TextDelta("Hi")
    assert (type(found), said_before(found)) == (ProtocolError, "Hi")


@pytest.mark.parametrize("frame", [BEGIN, start(1), stop(0), END])
def test_events_without_content_after_the_end_change_nothing(frame: EventStreamMessage) -> None:
    assert answer(BEGIN, delta(0, text="Hi"), *TAIL, frame) == answer(
        BEGIN, delta(0, text="Hi"), *TAIL
    )


def test_content_after_the_end_opens_the_message_again() -> None:
    more = (BEGIN, delta(0, text="Hi"), *TAIL, delta(0, text="!"))
    interrupted = error(*more)
    assert isinstance(interrupted, StreamInterrupted)
    assert said_before(interrupted) == "Hi!"
    assert answer(*more, END).text == "Hi!"


def test_a_wrong_checksum_ends_the_stream_with_what_came_before() -> None:
    body = bytearray(body_of(BEGIN, delta(0, text="Hi"), *TAIL))
    body[-1] ^= 1
    events, found = read(bytes(body))
    assert TextDelta("Hi") in events
    assert isinstance(found, ProtocolError)


def test_a_refusal_in_place_of_a_stream_is_read_as_one() -> None:
    head = ResponseHead(
        400, (("content-type", "application/json"), ("x-amzn-errortype", "ValidationException"))
    )
    assert broken_off(STREAMED, b"", b'{"message":"no"}', head) == (
        (),
        InvalidRequest(
            message="no",
            provider="bedrock",
            status=400,
            code="ValidationException",
            body={"message": "no"},
        ),
    )


SERVICE = make_service("bedrock")

STATES = {
    "before anything": State(),
    "begun": State(started=True),
    "in text": State(
        started=True,
        plain_block=0,
        plain_kind="text",
        count=1,
        newest=(0, "text"),
        parts=Entries().put((0, "text"), OpenPart(0)),
    ),
    "in a call": State(
        started=True,
        count=1,
        newest=(0, "toolUse"),
        parts=Entries().put((0, "toolUse"), OpenPart(0)),
    ),
    "usage told": State(started=True, has_metadata=True),
    "stopped": State(started=True, stopped=True),
    "over": State(started=True, stopped=True, has_metadata=True, complete=True),
}
SOME_FRAMES = {
    "messageStart": BEGIN,
    "contentBlockStart": start(0, toolUse={"toolUseId": "t", "name": "f"}),
    "text": delta(0, text="Hi"),
    "call": delta(0, toolUse={"input": "{}"}),
    "reasoning": delta(0, reasoningContent={"text": "Hm."}),
    "contentBlockStop": stop(0),
    "messageStop": END,
    "metadata": TELL,
    "exception": exception("throttlingException", message="slow"),
    "error": transport_error("e", "m"),
    "unknown": event("new", x=1),
    "without headers": EventStreamMessage((), b"{}"),
    "odd headers": EventStreamMessage(((":event-type", 7), (":message-type", True)), b""),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("frame", SOME_FRAMES.values(), ids=SOME_FRAMES)
def test_every_frame_has_an_answer_in_every_state(state: State, frame: EventStreamMessage) -> None:
    after, events = take_step(partial(step, SERVICE, STREAM_HEAD), state, frame)
    assert all(isinstance(one, StreamEvent) for one in events)
    assert after.fault is not None or after.complete == (after.stopped and after.has_metadata)


PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["contentBlockIndex", "delta", "start", "text", "toolUse", "toolResult", "input", "toolUseId", "name",
                 "type", "reasoningContent", "signature", "redactedContent", "image", "source", "bytes", "citation",
                 "stopReason", "usage", "trace", "content"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)  # fmt: skip
EVENT_NAMES = st.sampled_from(
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "new"]
)  # fmt: skip
SHAPED = st.one_of(
    st.builds(event, EVENT_NAMES, PAYLOADS),
    st.builds(lambda i, said: delta(i, **said), st.integers(0, 2), st.dictionaries(
        st.sampled_from(["text", "toolUse", "toolResult", "reasoningContent", "image", "citation", "new"]), PAYLOADS, max_size=2
    )),
    st.builds(lambda i, said: start(i, **said), st.integers(0, 2), st.dictionaries(
        st.sampled_from(["toolUse", "toolResult", "image", "new"]), PAYLOADS, max_size=2
    )),
    st.sampled_from(FRAMES),
)  # fmt: skip


@given(st.lists(SHAPED, max_size=12))
def test_odd_frames_in_any_order_never_raise_and_lose_nothing(
    frames: list[EventStreamMessage],
) -> None:
    events, found = read(body_of(*frames))
    told = "".join([one.text for one in events if isinstance(one, TextDelta)])
    if found is not None and found.partial is not None:
        assert len(found.partial.text) <= len(told)
    assert read(*one_byte_at_a_time(body_of(*frames))) == (events, found)


def test_parse_append_build_sends_back_what_came() -> None:
    redacted = delta(1, reasoningContent={"redactedContent": "c2VjcmV0"})
    got = answer(*FRAMES[:5], redacted, stop(1), delta(2, text="Hi"), stop(2), *TAIL)
    config = LLMConfig(model="anthropic.claude-sonnet-4-5-20250929-v1:0")
    request = ChatRequest(messages=[user("Hi"), got.message, user("And?")])
    sent = msgspec.json.decode(PROVIDER.build_chat(config, request).unwrap().request.body)
    assert sent["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "I should look.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
        {"text": "Hi"},
    ]


def test_once_failed_always_failed() -> None:
    decoder = PROVIDER.open_stream(STREAM_HEAD)
    decoder.feed(body_of(BEGIN, exception("throttlingException", message="slow")))
    first = decoder.feed(BODY)
    assert isinstance(first, Failure)
    assert decoder.feed(b"") == first == decoder.close()
    assert decoder.partial().message == Message("assistant")
