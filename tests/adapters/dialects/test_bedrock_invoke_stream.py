"""Streams of InvokeModel: each vendor's own events inside the service's frames."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    LLMError,
    StreamEvent,
    collect,
)
from llm_pure.adapters.dialects.bedrock_invoke import make_service
from llm_pure.adapters.dialects.bedrock_invoke.stream import State, step
from llm_pure.core.stream import take_step
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.types.errors import (
    Overloaded,
    ProtocolError,
    RateLimited,
    TimedOut,
)
from llm_pure.types.events import ExtraReceived, TextDelta
from tests.support import streamed
from tests.support.aws_frames import STREAM_HEAD, body_of, event, exception, transport_error
from tests.support.bedrock_invoke_streams import (
    CLAUDE,
    KEPT,
    STREAMED,
    STREAMS,
    TOLD,
    body,
    chunk,
)
from tests.support.rows import check_each
from tests.support.streamed import broken_off, said_before

read = partial(streamed.read, STREAMED["claude"])


def error(*frames: EventStreamMessage) -> LLMError:
    _, found = read(body_of(*frames))
    assert found is not None
    return found


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
        (event("chunk", bytes="%%%"), ProtocolError),
        (event("chunk", {}), ProtocolError),
        (chunk(b"nope"), ProtocolError),
        (chunk({"type": "content_block_start", "index": 0, "content_block": {"type": "text"}}), ProtocolError),
    ],
    ids=["exception", "timeout", "transport", "the vendor's own", "no base64", "no bytes", "no JSON", "out of order"],
)  # fmt: skip
def test_an_error_in_mid_stream_is_typed_and_keeps_what_came_before(
    frame: EventStreamMessage, kind: type[LLMError]
) -> None:
    lost = body_of(frame, *[chunk(one) for one in CLAUDE[4:]])
    _, found = broken_off(STREAMED["claude"], body(*CLAUDE[:4]), lost)
    assert (type(found), said_before(found)) == (kind, "Hel")


@pytest.mark.parametrize(
    "said", [{"generation": 3}, {"outputs": 3}, {"contentBlockDelta": {"delta": 3}}, {"choices": 3}]
)
def test_a_known_chunk_of_a_wrong_shape_is_a_protocol_fault(said: Any) -> None:
    assert isinstance(error(chunk(said)), ProtocolError)


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


SERVICE = make_service("bedrock_invoke")

STATES = {
    "unknown": State(),
    **{
        kind: step(SERVICE, STREAM_HEAD, State(), chunk(said[0]))[0]
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
def test_every_frame_has_an_answer_in_every_state(state: State) -> None:
    check_each(partial(_has_an_answer_in, state), SOME_FRAMES.values())


def _has_an_answer_in(state: State, frame: EventStreamMessage) -> None:
    after, events = take_step(partial(step, SERVICE, STREAM_HEAD), state, frame)
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
def test_random_bytes_in_a_chunk_never_raise(data: bytes) -> None:
    read(body(data))
