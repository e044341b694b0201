"""Law 11, the answers: what a server says in a dialect is what the dialect's client side reads, whole and streamed."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from llm_pure import (
    Audio,
    Completion,
    Document,
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
    assistant,
    collect,
)
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import server_dialects
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import Recorded, recorded
from tests.support.laws import same_examples
from tests.support.rows import check_each
from tests.support.server_answers import (
    ADDED,
    READERS,
    bare,
    plain_parts,
    reader,
    received,
    same_usage,
    through_body,
    through_stream,
)

ANSWERS = [
    one
    for one in recorded()
    if one.operation == "chat" and one.is_answer and one.provider.dialect in READERS
]
KEPT_REASONS = ("stop", "length", "tool_calls")
"""Finish reasons that every dialect has."""


def events_of(one: Recorded) -> list[Sequence[StreamEvent]]:
    """The events of a recorded stream, as its pieces brought them."""
    response = one.interaction.response
    decoder = one.provider.open_stream(response.head)
    step = max(1, len(response.body) // 7)
    batches: list[Sequence[StreamEvent]] = [
        decoder.feed(response.body[at : at + step]).unwrap()
        for at in range(0, len(response.body), step)
    ]
    return [*batches, decoder.close().unwrap()]


def completion_of(one: Recorded) -> Completion:
    if one.streamed:
        return collect([event for batch in events_of(one) for event in batch]).unwrap()
    return one.provider.parse_chat(one.interaction.response).unwrap()


@pytest.mark.parametrize("provider", sorted({one.provider.name for one in ANSWERS}))
def test_a_recorded_answer_comes_back_from_its_own_dialect(provider: str) -> None:
    check_each(_comes_back, [one for one in ANSWERS if one.provider.name == provider])


def _comes_back(one: Recorded) -> None:
    dialect, before = one.provider.dialect, completion_of(one)
    if one.streamed:
        after = through_stream(dialect, events_of(one), one.provider).unwrap()
    else:
        after = through_body(dialect, before, one.provider).unwrap()
    assert after.id == before.id
    assert after.model == (before.model or "m")
    assert plain_parts(after.message.parts) == plain_parts(before.message.parts)
    if before.finish_reason != "unknown":
        assert after.finish_reason == before.finish_reason
    assert after.usage == before.usage
    assert after.alternatives == before.alternatives
    added = after.extra.keys() - before.extra.keys()
    assert added <= ADDED
    assert {name: after.extra[name] for name in before.extra} == before.extra


@pytest.mark.parametrize(
    "one",
    [one for one in ANSWERS if one.provider.dialect in ("anthropic_messages", "gemini_content")],
    ids=lambda one: one.file,
)
def test_signatures_and_opaque_parts_come_back_byte_for_byte(one: Recorded) -> None:
    before = completion_of(one)
    after = through_body(one.provider.dialect, before, one.provider).unwrap()
    assert after.message == before.message
    if one.streamed:
        streamed = through_stream(one.provider.dialect, events_of(one), one.provider).unwrap()
        assert streamed.message == before.message


@pytest.mark.parametrize("dialect", READERS)
def test_an_answer_of_one_dialect_is_read_in_every_other(dialect: str) -> None:
    check_each(partial(_is_read_in, dialect), ANSWERS[::6])


def _is_read_in(dialect: str, one: Recorded) -> None:
    before = completion_of(one)
    other = "" if one.provider.dialect == dialect else one.provider.dialect
    after = through_body(dialect, before, upstream_dialect=other).unwrap()
    batches = events_of(one) if one.streamed else [completion_to_events(before)]
    streamed = through_stream(dialect, batches, upstream_dialect=other).unwrap()
    text, reasoning, calls, finish, usage = bare(before)
    for answer in (after, streamed):
        assert bare(answer)[:3] == (text, reasoning, calls)
        if finish in KEPT_REASONS:
            assert answer.finish_reason == finish
        assert answer.usage.input_tokens == (usage.input_tokens or answer.usage.input_tokens)
        assert answer.usage.output_tokens == (usage.output_tokens or answer.usage.output_tokens)


# What a dialect can say, by Hypothesis

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
arguments = st.dictionaries(names, st.text(max_size=5) | st.integers(-9, 9), max_size=3).map(
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
)
counts = st.integers(0, 10_000)


@st.composite
def answers(draw: st.DrawFn) -> Completion:
    """An answer that each of the five dialects can say: reasoning, then text, then calls."""
    parts: list[Any] = []
    if draw(st.booleans()):
        parts.append(Reasoning(draw(words)))
    if draw(st.booleans()):
        parts.append(Text(draw(words)))
    calls = draw(st.lists(st.tuples(names, arguments), max_size=3))
    parts += [ToolCall(f"call_{at}", name, text) for at, (name, text) in enumerate(calls)]
    plain: tuple[FinishReason, ...] = ("stop", "length")
    reason = "tool_calls" if calls else draw(st.sampled_from(plain))
    usage = Usage(draw(counts), draw(counts))
    return Completion(
        id="id-1", model="m", message=assistant(*parts), finish_reason=reason, usage=usage
    )


@st.composite
def streams(draw: st.DrawFn) -> tuple[Completion, list[list[StreamEvent]]]:
    """An answer and its events in batches: texts in pieces, the pieces of calls interleaved."""
    completion = draw(answers())
    events: list[StreamEvent] = [Started(id="id-1", model="m")]
    calls: list[list[StreamEvent]] = []
    for index, part in enumerate(completion.message.parts):
        if isinstance(part, ToolCall):
            cut = draw(st.integers(0, len(part.arguments)))
            first = ToolCallDelta(part.arguments[:cut], index, 0, part.id, part.name)
            calls.append([first, ToolCallDelta(part.arguments[cut:], index)])
        elif isinstance(part, Text | Reasoning):
            cut = draw(st.integers(0, len(part.text)))
            kind = TextDelta if isinstance(part, Text) else ReasoningDelta
            events += [kind(text, index) for text in (part.text[:cut], part.text[cut:]) if text]
    if draw(st.booleans()):
        events += [piece for call in calls for piece in call]
    else:
        events += [call[0] for call in calls] + [call[1] for call in calls]
    ending: list[StreamEvent] = [
        UsageReported(completion.usage),
        Finished(completion.finish_reason),
    ]
    events += ending if draw(st.booleans()) else ending[::-1]
    at = draw(st.integers(0, len(events)))
    return completion, [events[:at], events[at:]]


@pytest.mark.parametrize("dialect", READERS)
@same_examples(80, completion=answers())
def test_a_buffered_answer_comes_back(dialect: str, completion: Completion) -> None:
    after = through_body(dialect, completion).unwrap()
    assert bare(after) == bare(completion)
    assert plain_parts(after.message.parts) == list(completion.message.parts)
    dialect_said = server_dialects[dialect].response_adaptations(completion, received(dialect))
    assert dialect_said == ()


@pytest.mark.parametrize("dialect", READERS)
@same_examples(
    80, stream=streams(), cuts=st.lists(st.integers(0, 10_000), max_size=6), pings=st.booleans()
)
def test_a_stream_comes_back_at_any_split(
    dialect: str, stream: tuple[Completion, list[list[StreamEvent]]], cuts: list[int], pings: bool
) -> None:
    completion, batches = stream
    after = through_stream(dialect, batches, cuts=cuts, pings=pings).unwrap()
    assert plain_parts(after.message.parts) == list(completion.message.parts)
    assert after.finish_reason == completion.finish_reason
    assert same_usage(after.usage) == completion.usage
    assert bare(after) == bare(through_body(dialect, completion).unwrap())


@pytest.mark.parametrize("dialect", READERS)
@same_examples(80, stream=streams(), kept=st.integers(0, 20))
def test_a_stream_that_ends_early_is_an_error_with_a_prefix(
    dialect: str, stream: tuple[Completion, list[list[StreamEvent]]], kept: int
) -> None:
    completion, batches = stream
    events = [event for batch in batches for event in batch]
    last = next(at for at, event in enumerate(events) if isinstance(event, Finished))
    cut = events[: min(kept, last)]
    for outcome in (Success(None), Failure(StreamInterrupted(message="gone"))):
        failed = through_stream(dialect, [cut], outcome=outcome).failure()
        partial = failed.partial or Completion()
        assert completion.text.startswith(partial.text)
        assert completion.reasoning.startswith(partial.reasoning)


@pytest.mark.parametrize("dialect", READERS)
def test_further_choices_come_back_or_are_adaptations(dialect: str) -> None:
    first, second = assistant("one"), assistant("two")
    completion = collect(
        [
            Started(id="i", model="m"),
            TextDelta("one", 0, 0),
            TextDelta("two", 0, 1),
            Finished("stop", choice=0),
            Finished("stop", choice=1),
        ]
    ).unwrap()
    after = through_body(dialect, completion).unwrap()
    said = server_dialects[dialect].response_adaptations(completion, received(dialect))
    assert after.message == first or plain_parts(after.message.parts) == list(first.parts)
    if dialect in ("openai_chat", "gemini_content"):
        assert [choice.message.text for choice in after.alternatives] == [second.text]
        assert said == ()
    else:
        assert [change.field for change in said] == ["alternatives"]


def test_fields_of_each_choice_stay_with_it() -> None:
    events: list[StreamEvent] = [
        Started(id="i", model="m"),
        TextDelta("one", 0, 0),
        TextDelta("two", 0, 1),
        TextDelta("three", 0, 2),
        ExtraReceived("of_second", 2, choice=1),
        ExtraReceived("of_all", [1]),
        ExtraReceived("of_all", [2], append=True),
        Finished("stop", choice=0),
        Finished("stop", choice=1),
        Finished("length", choice=2),
    ]
    before = collect(events).unwrap()
    after = through_stream("openai_chat", [events]).unwrap()
    assert {"of_all": [1, 2]}.items() <= after.extra.items()
    assert [choice.extra for choice in after.alternatives] == [{"of_second": 2}, {}]
    assert [choice.extra for choice in before.alternatives] == [{"of_second": 2}, {}]
    assert [choice.finish_reason for choice in after.alternatives] == ["stop", "length"]


@pytest.mark.parametrize("dialect", READERS)
def test_foreign_signatures_and_fields_are_dropped_with_an_adaptation(dialect: str) -> None:
    completion = Completion(
        id="i",
        model="m",
        message=assistant(Reasoning("so", "foreign-signature"), Text("yes")),
        finish_reason="stop",
        extra={"grounding": [1]},
    )
    request = received(dialect, upstream_dialect="cohere_chat")
    body = server_dialects[dialect].build_response(completion, request).body
    said = server_dialects[dialect].response_adaptations(completion, request)
    assert b"foreign-signature" not in body
    assert b"grounding" not in body
    assert {change.field for change in said} == {"message/signature", "extra/grounding"}
    assert all(not change.lossless for change in said)


@pytest.mark.parametrize("dialect", READERS)
def test_calls_without_ids_get_those_that_collect_gives(dialect: str) -> None:
    events: list[StreamEvent] = [
        Started(id="i", model="m"),
        ToolCallDelta("{}", 0, name="a"),
        ToolCallDelta("{}", 1, name="b"),
        Finished("stop"),
    ]
    expected = collect(events).unwrap()
    after = through_stream(dialect, [events]).unwrap()
    assert [call.id for call in after.tool_calls] == [call.id for call in expected.tool_calls]
    assert after.finish_reason == "tool_calls"


@pytest.mark.parametrize("dialect", ["anthropic_messages", "gemini_content", "openai_responses"])
def test_a_call_that_goes_on_after_another_part_is_an_error_and_never_a_short_call(
    dialect: str,
) -> None:
    events: list[StreamEvent] = [
        Started(id="i", model="m"),
        ToolCallDelta('{"a"', 0, 0, "c", "f"),
        TextDelta("text", 1),
        ToolCallDelta(": 1}", 0),
        Finished("stop"),
    ]
    assert through_stream(dialect, [events]).failure().kind in (
        "server_error",
        "stream_interrupted",
    )


def test_json_of_a_body_is_the_only_thing_that_is_sent() -> None:
    for dialect in server_dialects:
        body = server_dialects[dialect].build_response(
            Completion(message=assistant("hi"), finish_reason="stop"), received(dialect)
        )
        assert isinstance(msgspec.json.decode(body.body), dict)
        assert dict(body.headers)["content-type"] == "application/json"


# Total: any Completion and any events are encoded, or are an error

odd_texts = st.text(max_size=6) | st.just("\ud800")
odd_json = st.sampled_from(
    ["{}", "", "{", "[]", "null", '{"type":"x"}', '{"item":3,"part":[]}', '{"functionCall":1}']
)
odd_metadata = st.none() | st.builds(ProviderMetadata, st.just("p"), odd_json)
odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd_texts | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(odd_texts, inner, max_size=2),
    max_leaves=4,
)
odd_parts = st.one_of(
    st.builds(Text, odd_texts, odd_metadata),
    st.builds(Reasoning, odd_texts, st.none() | odd_texts, odd_metadata),
    st.builds(Refusal, odd_texts, odd_metadata),
    st.builds(ToolCall, odd_texts, odd_texts, odd_texts | odd_json, odd_metadata),
    st.builds(Opaque, st.just("p"), odd_texts, odd_json),
    st.builds(Image, data=st.none() | st.binary(max_size=3), url=st.none() | odd_texts, provider_metadata=odd_metadata),
    st.builds(Audio, data=st.none() | st.binary(max_size=3), transcript=st.none() | odd_texts, provider_metadata=odd_metadata),
    st.builds(Document, data=st.none() | st.binary(max_size=3)),
)  # fmt: skip
NAMES_OF_EXTRAS = [
    "logprobs",
    "annotations",
    "citations",
    "created",
    "error",
    "id",
    "request_id",
    "usage",
    "x",
]


@st.composite
def odd_completions(draw: st.DrawFn) -> Completion:
    reasons: tuple[FinishReason, ...] = (
        "stop",
        "length",
        "tool_calls",
        "content_filter",
        "refusal",
        "pause",
        "error",
        "unknown",
    )
    return Completion(
        id=draw(odd_texts),
        model=draw(odd_texts),
        message=assistant(*draw(st.lists(odd_parts, max_size=4))),
        finish_reason=draw(st.sampled_from(reasons)),
        raw_finish_reason=draw(st.none() | odd_texts),
        usage=Usage(draw(st.none() | counts), draw(st.none() | counts), draw(st.none() | counts), raw=draw(st.none() | st.dictionaries(odd_texts, odd_values, max_size=2))),
        extra=draw(st.dictionaries(st.sampled_from(NAMES_OF_EXTRAS), odd_values, max_size=3)),
    )  # fmt: skip


@pytest.mark.parametrize("dialect", READERS)
@same_examples(80, completion=odd_completions(), upstream=st.sampled_from(["", "another"]))
def test_any_completion_is_a_response(dialect: str, completion: Completion, upstream: str) -> None:
    request = received(dialect, upstream_dialect=upstream)
    response = server_dialects[dialect].build_response(completion, request)
    assert isinstance(json.loads(response.body), dict)
    reader(dialect).parse_chat(response)
    events = completion_to_events(completion)
    through_stream(dialect, [events[:2], events[2:]], upstream_dialect=upstream)


@pytest.mark.parametrize("dialect", READERS)
def test_a_call_without_a_name_is_an_error_and_no_empty_answer(dialect: str) -> None:
    completion = Completion(message=assistant(ToolCall("c", "")), finish_reason="tool_calls")
    response = server_dialects[dialect].build_response(completion, received(dialect))
    assert response.status == 502
    assert reader(dialect).parse_chat(response).failure().kind == "server_error"
