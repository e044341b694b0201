"""Events -> Completion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Choice,
    Completion,
    Image,
    Message,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    StreamEvent,
    Text,
    ToolCall,
    Usage,
    assistant,
    collect,
)
from llm_pure.core.collect import Collector, finalize
from llm_pure.types.errors import StreamInterrupted
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
from llm_pure.types.result import Failure, Success

PICTURE = Image(data=b"x")


def parts(*events: StreamEvent) -> tuple[Part, ...]:
    return collect([*events, Finished("stop")]).unwrap().message.parts


def test_events_add_up_to_the_answer() -> None:
    events: list[StreamEvent] = [
        Started(id="r1", provider="p"),
        Started(model="m"),
        TextDelta("Hel"),
        UsageReported(Usage(9, 9)),
        TextDelta("lo"),
        ExtraReceived("tier", "default"),
        Finished("length", "max_tokens"),
        UsageReported(Usage(1, 2)),
    ]
    assert collect(events) == Success(
        Completion(
            id="r1",
            model="m",
            provider="p",
            message=assistant("Hello"),
            finish_reason="length",
            raw_finish_reason="max_tokens",
            usage=Usage(1, 2),
            extra={"tier": "default"},
        )
    )


def test_without_an_end_it_is_interrupted_and_keeps_what_came() -> None:
    events: list[StreamEvent] = [Started(id="r1", provider="p"), TextDelta("Hel")]
    assert collect(events) == Failure(
        StreamInterrupted(
            message="the events end before the response is complete",
            provider="p",
            partial=Completion(id="r1", provider="p", message=assistant("Hel")),
        )
    )


@pytest.mark.parametrize(
    ("events", "made"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param([TextDelta("b", 1), TextDelta("a", 0)], (Text("a"), Text("b")), id="order"),
        pytest.param(
            [ReasoningDelta("a"), ReasoningDelta("b", signature="s1"), ReasoningDelta("", 0)],
            (Reasoning("ab", "s1"),),
            id="a signature stays",
        ),
        pytest.param(
            [ReasoningDelta("", signature="s1"), ReasoningDelta("", signature="s2")],
            (Reasoning("", "s2"),),
            id="a later signature counts",
        ),
        pytest.param([ReasoningDelta("")], (), id="empty reasoning is none"),
        pytest.param([RefusalDelta("n"), RefusalDelta("o")], (Refusal("no"),), id="refusal"),
        pytest.param(
            [
                ToolCallDelta('{"a"', 1, id="c1"),
                ToolCallDelta("{}", 2, id="c2", name="g"),
                ToolCallDelta(":1}", 1, name="f"),
            ],
            (ToolCall("c1", "f", '{"a":1}'), ToolCall("c2", "g", "{}")),
            id="calls in turns",
        ),
        pytest.param([ToolCallDelta(id="c", name="f")], (ToolCall("c", "f", "{}"),), id="no words"),
        pytest.param(
            [TextDelta("x"), PartReceived(PICTURE)], (PICTURE,), id="a whole part takes the place"
        ),
        pytest.param(
            [
                Started(provider="p"),
                ProviderMetadataReceived('{"a":1,"b":1}'),
                ProviderMetadataReceived('{"b":2}'),
            ],
            (Text("", ProviderMetadata("p", '{"a":1,"b":2}')),),
            id="echoes are laid over each other",
        ),
        pytest.param(
            [
                Started(provider="p"),
                ProviderMetadataReceived("{}"),
                ProviderMetadataReceived('{"b":2}'),
                TextDelta("t"),
            ],
            (Text("t", ProviderMetadata("p", '{"b":2}')),),
            id="an empty echo only marks",
        ),
        pytest.param(
            [Started(provider="p"), ProviderMetadataReceived("{}", kind="reasoning")],
            (Reasoning("", None, ProviderMetadata("p")),),
            id="an echo alone makes its kind",
        ),
        pytest.param(
            [
                Started(provider="p"),
                ProviderMetadataReceived('{"x":1}'),
                ToolCallDelta("1", id="c", name="f"),
            ],
            (ToolCall("c", "f", "1", ProviderMetadata("p", '{"x":1}')),),
            id="an echo before its call",
        ),
    ],
)
def test_deltas_of_one_index_make_one_part(
    events: list[StreamEvent], made: tuple[Part, ...]
) -> None:
    assert parts(*events) == made


def test_several_answers_are_a_message_and_alternatives() -> None:
    events: list[StreamEvent] = [
        TextDelta("b", choice=1),
        TextDelta("a", choice=0),
        TextDelta("c", choice=3),
        ExtraReceived("logprobs", [1], append=True, choice=1),
        ExtraReceived("logprobs", [0], append=True, choice=0),
        Finished("stop", "s", 0),
        Finished("length", "l", 1),
        Finished("unknown", None, 3),
    ]
    assert collect(events) == Success(
        Completion(
            message=assistant("a"),
            finish_reason="stop",
            raw_finish_reason="s",
            alternatives=(
                Choice(
                    message=assistant("b"),
                    finish_reason="length",
                    raw_finish_reason="l",
                    extra={"logprobs": [1]},
                ),
                Choice(message=assistant("c")),
            ),
            extra={"logprobs": [0]},
        )
    )


def test_what_is_only_told_beside_a_further_answer_is_kept() -> None:
    got = collect([TextDelta("a"), ExtraReceived("x", 1, choice=1), Finished("stop")]).unwrap()
    assert got.alternatives == (Choice(message=Message("assistant"), extra={"x": 1}),)


def test_an_end_alone_is_an_empty_answer() -> None:
    assert collect([Finished("stop")]) == Success(Completion(finish_reason="stop"))


def test_extras_replace_or_continue_and_never_change_their_events() -> None:
    first, more = ExtraReceived("x", [1]), ExtraReceived("x", [2], append=True)
    collector = Collector()
    collector.add([first, more])
    before = collector.completion()
    collector.add([more, ExtraReceived("y", 5, append=True), ExtraReceived("z", "old")])
    collector.add([ExtraReceived("z", "new"), ExtraReceived("y", [6], append=True)])
    assert before.extra == {"x": [1, 2]}
    assert collector.completion().extra == {"x": [1, 2, 2], "y": [5, 6], "z": "new"}
    assert (first.value, more.value) == ([1], [2])


@pytest.mark.parametrize(
    ("said", "message", "reason"),
    [
        ("stop", assistant(ToolCall("c", "f")), "tool_calls"),
        ("unknown", assistant(ToolCall("c", "f")), "tool_calls"),
        ("length", assistant(ToolCall("c", "f")), "length"),
        ("stop", assistant(Refusal("no")), "refusal"),
        ("content_filter", assistant(Refusal("no")), "content_filter"),
        ("stop", assistant("hi"), "stop"),
    ],
)
def test_what_the_message_holds_says_why_it_ended(said: str, message: Message, reason: str) -> None:
    whole = Completion(
        message=message,
        finish_reason=said,  # type: ignore[arg-type]
        alternatives=(Choice(message=message, finish_reason=said),),  # type: ignore[arg-type]
    )
    got = finalize(whole)
    assert (got.finish_reason, got.alternatives[0].finish_reason) == (reason, reason)


def test_calls_without_an_id_get_one_of_the_answers_own() -> None:
    calls = assistant(ToolCall("", "f"), ToolCall("c", "g"), ToolCall("", "h"))
    got = finalize(Completion(id="r1", message=calls))
    assert [call.id for call in got.tool_calls] == ["call_r1_0", "c", "call_r1_2"]
    nameless = finalize(Completion(message=calls))
    assert [call.id for call in nameless.tool_calls] == ["call_0", "c", "call_2"]


def test_calls_in_a_parallel_wrapper_are_calls() -> None:
    arguments = (
        '{"tool_uses":[{"recipient_name":"functions.f","parameters":{"a":1}},'
        '{"recipient_name":"g"}]}'
    )
    wrapped = assistant("ok", ToolCall("c", "multi_tool_use.parallel", arguments))
    assert finalize(Completion(message=wrapped)).message == assistant(
        "ok", ToolCall("c_0", "f", '{"a":1}'), ToolCall("c_1", "g", "{}")
    )


@pytest.mark.parametrize(
    "arguments", ["", "[]", "{}", '{"tool_uses":[]}', '{"tool_uses":[1]}', '{"tool_uses":[{}]}']
)
def test_a_wrapper_that_holds_no_calls_stays_as_it_is(arguments: str) -> None:
    whole = Completion(
        message=assistant(ToolCall("c", "parallel", arguments)), finish_reason="tool_calls"
    )
    assert finalize(whole) == whole


@given(st.lists(st.sampled_from("abcé🎈"), max_size=50), st.data())
def test_it_does_not_matter_how_many_calls_bring_the_events(
    words: list[str], data: st.DataObject
) -> None:
    events: list[StreamEvent] = [*map(TextDelta, words), Finished("stop")]
    cut = data.draw(st.integers(0, len(events)))
    collector = Collector()
    collector.add(events[:cut])
    assert collector.completion().text == "".join(words)[:cut]
    collector.add(events[cut:])
    assert Success(collector.completion()) == collect(events)


def test_text_that_was_settled_goes_on() -> None:
    collector = Collector()
    for place in range(40):
        collector.add(
            [TextDelta("a", place), ToolCallDelta('{"k":', 100 + place, id="c", name="f")]
        )
        collector.compact()
        collector.add([TextDelta("b", place), ToolCallDelta("1}", 100 + place)])
    collector.compact()
    assert collector.completion().text == "ab" * 40
    assert [call.arguments for call in collector.completion().tool_calls] == ['{"k":1}'] * 40
