"""Errors in mid-stream, events out of order or shape, damaged bytes."""

import json
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import LLMError, collect
from llm_pure.adapters.dialects.anthropic_messages import DIALECT, State, step
from llm_pure.adapters.dialects.anthropic_messages.blocks import Block
from llm_pure.adapters.dialects.anthropic_messages.stream import Phase
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.core.dialect import open_stream
from llm_pure.core.stream import take_step
from llm_pure.types.errors import (
    InvalidRequest,
    Overloaded,
    ProtocolError,
    RateLimited,
    ServerError,
)
from llm_pure.types.events import TextDelta
from tests.support.anthropic_answers import (
    ANSWERS,
    PING,
    Event,
    begun,
    delta,
    end,
    sse,
    start,
    stopped,
    text,
)
from tests.support.anthropic_streams import HEAD, SERVICE, failed, fed
from tests.support.complaints import complaint
from tests.support.json_values import json_values


@pytest.mark.parametrize(
    ("type_", "status", "kind"),
    [
        ("overloaded_error", 529, Overloaded),
        ("rate_limit_error", 429, RateLimited),
        ("api_error", 500, ServerError),
        ("invalid_request_error", 400, InvalidRequest),
        ("something_new", 500, ServerError),
    ],
)
def test_an_error_in_mid_stream_is_typed_and_carries_what_came_before(
    type_: str, status: int, kind: type[LLMError]
) -> None:
    told = {
        "type": "error",
        "error": {"type": type_, "message": "Oops"},
        "request_id": "req_1",
    }
    error = failed(start(), begun(0, type="text", text=""), text(0, "so far"), told)
    assert type(error) is kind
    assert (error.status, error.code, error.message, error.request_id) == (
        status,
        type_,
        "Oops",
        "req_1",
    )
    assert error.partial is not None
    assert error.partial.text == "so far"


def test_a_fault_comes_after_the_events_before_it() -> None:
    decoder = open_stream(DIALECT, SERVICE, HEAD)
    got = decoder.feed(sse(start(), begun(0, type="text", text="a")) + b"data: {]\n\n")
    assert got.unwrap()[-1] == TextDelta("a", 0)
    assert isinstance(decoder.feed(b"").failure(), ProtocolError)
    assert isinstance(decoder.close().failure(), ProtocolError)


class Begun(msgspec.Struct):
    index: int
    message: dict[str, Any] | None = None


def misfit(kind: type[Any], value: dict[str, Any]) -> str:
    """msgspec's own text for a value that does not fit the type."""
    return complaint(lambda: msgspec.json.decode(json.dumps(value), type=kind))


OPEN = (start(), begun(0, type="text", text=""))
FAULTS: dict[str, tuple[tuple[Event, ...], str, str]] = {
    "a block before the message": ((begun(0, type="text"),), "content_block_start",
        "content_block_start waiting for message_start"),
    "an end before the message": (end(), "message_delta", "message_delta waiting for message_start"),
    "another message": ((start(), {**start(), "message": {**start()["message"], "id": "msg_2"}}),
        "message_start", "message_start in the message"),
    "a block begun twice": ((*OPEN, begun(0, type="text")), "content_block_start",
        "block 0 begins before it has ended"),
    "a text that is a number": ((*OPEN, delta(0, type="text_delta", text=1)), "content_block_delta",
        "text is not a string"),
    "a delta without a type": ((*OPEN, delta(0)), "content_block_delta", "a delta without a type"),
    "a block without a type": ((start(), begun(0, odd=1)), "content_block_start",
        "a content block without a type"),
    "a message that is a list": (({"type": "message_start", "message": []},), "message_start",
        f"the response could not be read: {misfit(Begun, {'index': 0, 'message': []})}"),
}  # fmt: skip


@pytest.mark.parametrize(("events", "where", "what"), FAULTS.values(), ids=FAULTS)
def test_what_is_out_of_order_or_shape_is_a_fault_that_names_its_place(
    events: tuple[Event, ...], where: str, what: str
) -> None:
    error = failed(*events)
    assert isinstance(error, ProtocolError)
    assert (error.where, error.message) == (where, what)
    assert error.evidence


@pytest.mark.parametrize("data", [b"7", b"[]", b'"x"', b"{", b"\xff", b'{"error":null}'])
def test_data_that_is_no_event_is_a_fault(data: bytes) -> None:
    _, error = fed(sse(start()) + b"data: " + data + b"\n\n" + sse(*end()))
    assert isinstance(error, ProtocolError | ServerError)


def test_an_error_that_came_bare_in_place_of_a_stream_is_typed() -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":""},"request_id":"req_1"}'
    assert fed(body) == (
        (),
        Overloaded(
            message="the provider gave no reason",
            provider="anthropic",
            status=529,
            code="overloaded_error",
            request_id="req_1",
            body=json.loads(body),
        ),
    )


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"content_block_start","index":1,"content_block":{"type":"x","y":%b}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":%b}}',
        b'{"type":"message_start","x":%b}',
    ],
    ids=["a block", "a citation", "a message"],
)
def test_json_nested_to_the_edge_is_answered_and_never_raised(event: bytes) -> None:
    opened = sse(start(), begun(0, type="text", text="a"))
    for depth in (*range(900, 1000), 100_000):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        _, error = fed(opened + b"data: " + event % nested + b"\n\n" + sse(stopped(0), *end()))
        assert error is None or isinstance(error, ProtocolError)


_OPEN_BLOCKS = {
    kind: Block(part=0, kind=kind, raw={"type": kind})
    for kind in ("text", "thinking", "tool_use", "opaque")
}
STATES = {
    "waiting": State(),
    "open": State(phase=Phase.OPEN),
    **{f"in {kind}": State(phase=Phase.OPEN, blocks=Entries().put(0, one), newest=0, parts=1) for kind, one in _OPEN_BLOCKS.items()},
    "done": State(phase=Phase.DONE, ended=True),
}  # fmt: skip
FRAMES: dict[str, Any] = {
    "message_start": start(),
    "text block": begun(1, type="text", text=""),
    "opaque block": begun(1, type="x"),
    "same block": begun(0, type="text"),
    **{
        name: delta(0, type=name, **{field: "x"})
        for name, field in (
            ("text_delta", "text"), ("thinking_delta", "thinking"), ("signature_delta", "signature"),
            ("input_json_delta", "partial_json"), ("citations_delta", "citation"),
            ("compaction_delta", "content"), ("unknown_delta", "x"),
        )
    },
    "content_block_stop": stopped(0),
    "message_delta": end()[0],
    "message_stop": end()[1],
    "ping": PING,
    "error": {"type": "error", "error": {"type": "api_error", "message": "x"}},
    "unknown": {"type": "unknown"},
    "no type": {"x": 1},
    "a list": [],
}  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_every_event_has_an_answer_in_every_phase(state: State, frame: Any) -> None:
    after, events = take_step(partial(step, SERVICE, HEAD), state, json.dumps(frame).encode())
    if state.phase is Phase.DONE:
        assert (msgspec.structs.replace(after, fault=None), list(events)) == (state, [])
        assert (after.fault is not None) == (frame == FRAMES["error"])
    elif after.fault is not None:
        assert msgspec.structs.replace(after, fault=None) == state
        assert list(events) == []
    assert after.ended == (after.phase is Phase.DONE)


_JSON = json_values(max_leaves=6)


@given(
    data=st.data(),
    name=st.sampled_from(sorted(ANSWERS)),
    value=_JSON,
)
def test_any_value_in_the_place_of_another_is_answered(
    data: st.DataObject, name: str, value: Any
) -> None:
    events = json.loads(json.dumps(ANSWERS[name].events))
    inner = data.draw(st.sampled_from(events))
    while True:
        key = data.draw(st.sampled_from(sorted(inner)))
        if not isinstance(inner[key], dict) or not inner[key] or data.draw(st.booleans()):
            inner[key] = value
            break
        inner = inner[key]
    body = "".join([f"data: {json.dumps(one)}\n\n" for one in events]).encode()
    got, error = fed(body)
    assert error is not None or collect(got).unwrap().provider == "anthropic"
