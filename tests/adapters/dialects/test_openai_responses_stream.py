"""Streams of the Responses API -> events, however they are cut."""

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Completion,
    HttpResponse,
    Message,
    ResponseHead,
    StreamEvent,
    Usage,
    collect,
)
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.openai_responses import Quirks, make_service, wire
from llm_pure.adapters.dialects.openai_responses.hosted_calls import (
    AUDIO_EVENTS,
    HOSTED_EVENTS,
    PARTIAL_IMAGE,
)
from llm_pure.adapters.dialects.openai_responses.open_items import PARTS_OF_ITEM
from llm_pure.adapters.dialects.openai_responses.state import State
from llm_pure.adapters.dialects.openai_responses.stream import step
from llm_pure.core.stream import take_step
from llm_pure.framing.sse import SseDecoder, SseEvent
from llm_pure.types.errors import (
    StreamInterrupted,
)
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.messages import Opaque, ProviderMetadata, Text, ToolCall
from tests.support.openai_responses_bodies import (
    USAGE,
    JsonObject,
    answer,
    call,
    created,
    delta,
    frame,
    message,
    reasoning,
    refusal,
    stream_of,
    text,
)

OPENAI = registry.get("openai_responses").unwrap()
from functools import partial

from tests.support import streamed
from tests.support.openai_responses_streams import (
    BODY,
    CITED,
    HEAD,
    SEARCH,
    STREAMED,
    TOKENS,
)
from tests.support.rows import check_each

run = partial(streamed.read, STREAMED)


def completed(*output: JsonObject, **more: Any) -> bytes:
    return frame("response.completed", response=answer(*output, **more))


def added(index: int, item: JsonObject) -> bytes:
    return frame("response.output_item.added", output_index=index, item=item)


def done(index: int, item: JsonObject) -> bytes:
    return frame("response.output_item.done", output_index=index, item=item)


def provider_metadata(**fields: Any) -> str:
    return msgspec.json.encode(fields).decode()


END = (
    ExtraReceived("created_at", 1790000000),
    UsageReported(Usage(20, 9, 8, 2, 5, raw=USAGE)),
    Finished("stop", "completed"),
)


def test_the_events_of_a_stream() -> None:
    whole = answer(message(text("Hello.")), call("clock", '{"a":1}'))
    events, error = run(stream_of(whole))
    assert error is None
    assert events == (
        Started(id="resp_1", model="gpt-x-2026-01-01", provider="openai_responses"),
        TextDelta("Hel"),
        TextDelta("lo."),
        ProviderMetadataReceived(
            provider_metadata(
                item={"id": "msg_1", "status": "completed"}, part={"annotations": []}
            ),
            0,
        ),
        ToolCallDelta("", PARTS_OF_ITEM, 0, "call_1", "clock"),
        ToolCallDelta('{"a', PARTS_OF_ITEM),
        ToolCallDelta('":1}', PARTS_OF_ITEM),
        ProviderMetadataReceived(provider_metadata(id="fc_1", status="completed"), PARTS_OF_ITEM),
        *END,
    )


def test_what_support_asks_for_is_kept() -> None:
    events, _ = run(BODY, head=ResponseHead(200, (*HEAD.headers, ("x-request-id", "req_1"))))
    assert collect(events).unwrap().extra["request_id"] == "req_1"


def test_a_stream_without_its_last_event_is_interrupted_even_after_done() -> None:
    _, error = run(created(), delta("output_text", "Hi"), b"data: [DONE]\n\n")
    assert error == StreamInterrupted(
        message="the body ended before the response was complete, after 3 frames",
        provider="openai_responses",
        status=200,
        partial=Completion(
            id="resp_1",
            model="gpt-x-2026-01-01",
            provider="openai_responses",
            message=Message("assistant", (Text("Hi"),)),
        ),
    )


@pytest.mark.parametrize(
    "odd",
    [
        b": keep-alive\n\n",
        b"data: [DONE]\n\n",
        b"data:\n\n",
        frame("response.output_text.done", text="Hello."),
        frame("response.web_search_call.searching", item_id="ws_1", output_index=7),
        b'data: {"sequence_number": 9}\n\n',
        b'data: {"type": null}\n\n',
        b"event: ping\ndata: {}\n\n",
    ],
    ids=[
        "comment", "early [DONE]", "no data", "done again", "progress", "no type", "null type",
        "ping",
    ],
)  # fmt: skip
def test_frames_that_say_nothing_new_change_nothing(odd: bytes) -> None:
    whole = stream_of(answer(message(text("Hello."))))
    first = whole.index(b"event: response.output_item.done")
    assert run(whole[:first] + odd + whole[first:]) == run(whole)


def test_the_event_line_may_be_missing() -> None:
    bare = b"".join([line + b"\n" for line in BODY.split(b"\n") if not line.startswith(b"event:")])
    assert run(bare) == run(BODY)


def test_items_are_told_apart_by_their_index_not_by_their_id() -> None:
    events, _ = run(
        created(),
        added(0, call("clock", "", item_id="fc_a")),
        delta("function_call_arguments", "{}", 0, item_id="fc_b"),
        done(0, call("clock", "{}", item_id="fc_c")),
        completed(call("clock", "{}", item_id="fc_d")),
    )
    assert [call.arguments for call in collect(events).unwrap().tool_calls] == ["{}"]
    assert collect(events).unwrap().tool_calls[0].id == "call_a"


def test_indexes_may_jump_and_items_interleave() -> None:
    said, thought = (
        message(text("4")),
        reasoning(content=[{"type": "reasoning_text", "text": "2+2"}]),
    )
    events, error = run(
        created(),
        added(2, reasoning()),
        delta("reasoning_text", "2+", 2, content_index=0),
        added(5, message()),
        delta("output_text", "4", 5, content_index=0),
        done(5, said),
        delta("reasoning_text", "2", 2, content_index=0),
        done(2, thought),
        completed(thought, said),
    )
    assert error is None
    whole = collect(events).unwrap()
    assert (whole.reasoning, whole.text) == ("2+2", "4")
    assert [type(part).__name__ for part in whole.message.parts] == ["Reasoning", "Text"]


@pytest.mark.parametrize(
    "item",
    [
        message(text("Hello."), refusal("No.")),
        reasoning("thought", encrypted_content="enc"),
        call("clock", '{"a":1}'),
        {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "SELECT"},
        {"type": "image_generation_call", "id": "ig", "result": "iVBORw0KGgo="},
        SEARCH,
    ],
    ids=lambda item: str(item["type"]),
)
@pytest.mark.parametrize("told", ["by its end", "by the last event"])
def test_an_item_without_deltas_is_told_whole(item: JsonObject, told: str) -> None:
    end = done(0, item) if told == "by its end" else b""
    events, error = run(created() + end + completed(item))
    assert error is None
    whole = answer(item)
    assert collect(events) == OPENAI.parse_chat(HttpResponse(200, (), json.dumps(whole).encode()))


def test_an_item_that_is_done_twice_counts_once() -> None:
    events, _ = run(
        created(), done(0, message(text("Hi"))), done(0, message(text("Hi"))), completed()
    )
    assert collect(events).unwrap().text == "Hi"


def test_deltas_count_where_the_end_tells_nothing_of_them() -> None:
    events, error = run(
        created(),
        delta("output_text", "Hi"),
        added(1, {"type": "function_call", "call_id": "c", "name": "f"}),
        delta("function_call_arguments", '{"a":', 1),
        delta("function_call_arguments", "1}", 1),
        completed(),
    )
    assert error is None
    assert collect(events).unwrap().message.parts == (
        Text("Hi"),
        ToolCall("c", "f", '{"a":1}', ProviderMetadata("openai_responses", "{}")),
    )


def test_summaries_are_parted_by_an_empty_line() -> None:
    events, _ = run(
        created(),
        delta("reasoning_summary_text", "One", 0, summary_index=0),
        delta("reasoning_summary_text", " two", 0, summary_index=0),
        delta("reasoning_summary_text", "Three", 0, summary_index=1),
        done(0, reasoning("One two", "Three")),
        completed(),
    )
    assert events[1:4] == (
        ReasoningDelta("One"),
        ReasoningDelta(" two"),
        ReasoningDelta("\n\nThree"),
    )
    assert collect(events).unwrap().reasoning == "One two\n\nThree"


def test_encrypted_reasoning_is_taken_from_the_end_of_its_item() -> None:
    early, late = reasoning(encrypted_content="early"), reasoning(encrypted_content="late")
    again = reasoning(encrypted_content="encrypted anew")
    events, _ = run(created(), added(0, early), done(0, late), completed(again))
    assert ReasoningDelta("", 0, 0, "late") in events
    (part,) = collect(events).unwrap().message.parts
    assert msgspec.structs.asdict(part)["signature"] == "late"


def test_log_probabilities_and_citations_come_early_and_are_not_repeated_by_the_item() -> None:
    events, _ = run(
        stream_of(answer(message(text("Hello.", annotations=[CITED], logprobs=TOKENS))))
    )
    assert [event for event in events if isinstance(event, ExtraReceived)] == [
        ExtraReceived("logprobs", TOKENS[:1], append=True),
        ExtraReceived("logprobs", TOKENS[1:], append=True),
        ExtraReceived("annotations", [CITED], append=True),
        ExtraReceived("created_at", 1790000000),
    ]
    extra = collect(events).unwrap().extra
    assert (extra["logprobs"], extra["annotations"]) == (TOKENS, [CITED])


@pytest.mark.parametrize(
    ("end", "finish"),
    [
        (
            frame(
                "response.incomplete",
                response={"incomplete_details": {"reason": "max_output_tokens"}},
            ),
            Finished("length", "max_output_tokens"),
        ),
        (
            frame("response.incomplete", response={"incomplete_details": {"reason": "content_filter"}}),
            Finished("content_filter", "content_filter"),
        ),
        (frame("response.incomplete", response={}), Finished("unknown", "incomplete")),
        (frame("response.completed", response={}), Finished("stop", "completed")),
        (frame("response.cancelled", response={}), Finished("error", "cancelled")),
    ],
    ids=["out of tokens", "filtered", "cut", "complete", "called off"],
)  # fmt: skip
def test_how_an_answer_ends(end: bytes, finish: Finished) -> None:
    events, error = run(created(), delta("output_text", "Hi"), end)
    assert error is None
    assert events[-1] == finish
    assert collect(events).unwrap().text == "Hi"


SERVICE = make_service("p", "https://example.org", Quirks())


def state_after(*frames: bytes) -> State:
    """The state after these frames."""
    decoder = SseDecoder()
    state = State()
    for event in decoder.feed(b"".join(frames)):
        state, _ = take_step(partial(step, SERVICE, HEAD), state, event)
    return state


PHASES = {
    "before the answer": State(),
    "in the answer": state_after(created()),
    "in a text": state_after(created(), delta("output_text", "Hi")),
    "after an item": state_after(created(), done(0, message(text("Hi")))),
    "after the end": state_after(created(), completed()),
}
FRAMES: dict[str, bytes] = {
    tag: json.dumps({"type": tag, "delta": "x", "item": SEARCH, "response": {}, "annotation": {}}).encode()
    for tag in sorted({*wire.EVENT_TYPES, *wire.BEGIN_TYPES, *wire.END_TYPES, *HOSTED_EVENTS, *AUDIO_EVENTS, PARTIAL_IMAGE})
} | {"unknown": b'{"type":"new"}', "[DONE]": b"[DONE]", "nonsense": b"?"}  # fmt: skip


def test_every_known_event_has_a_struct() -> None:
    assert len(wire.EVENT_TYPES) == len(get_args(wire.Event))


@pytest.mark.parametrize("state", PHASES.values(), ids=PHASES.keys())
def test_every_frame_has_an_answer_in_every_phase(state: State) -> None:
    check_each(partial(_has_an_answer_in, state), FRAMES.values())


def _has_an_answer_in(state: State, frame_: bytes) -> None:
    after, events = take_step(partial(step, SERVICE, HEAD), state, SseEvent(frame_))
    if state.ended:
        assert (after, events) == (state, ())
    for event in events:
        assert isinstance(event, get_args(StreamEvent))
    faulty = {b"?", FRAMES["error"], FRAMES["response.failed"]}
    assert (after.fault is not None) == (frame_ in faulty and not state.ended)


@given(st.lists(st.sampled_from([*FRAMES.values(), b"{", b"null", b'{"type":7}']), max_size=8))
def test_events_in_any_order_never_raise(frames: list[bytes]) -> None:
    run(b"".join([b"data: " + one + b"\n\n" for one in frames]))


def test_refusals_and_opaque_items_come_as_events() -> None:
    events, _ = run(stream_of(answer(message(refusal("No.")), SEARCH)))
    assert RefusalDelta("N") in events
    whole = Opaque("openai_responses", "web_search_call", msgspec.json.encode(SEARCH).decode())
    assert PartReceived(whole, PARTS_OF_ITEM) in events
