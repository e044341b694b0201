"""The check of disorders itself: what it compares, what may differ, and the shortest answer that shows a divergence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure import (
    Completion,
    HttpRequest,
    HttpResponse,
    Message,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
    Usage,
    assistant,
)
from llm_pure.core.registry import Registry
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.checks.disorder_check import (
    DisorderDivergence,
    check_disorders,
    comparable,
    first_difference,
)
from llm_pure.replay.checks.disorder_fuzz import DisorderRecord, fuzz_disorders, shrink_answer
from llm_pure.replay.disorders.answer import RecordedAnswer, recorded_answer, with_body
from llm_pure.replay.disorders.disorder import Disorder
from tests.support.disorder_rows import events
from tests.support.tiny_provider import PROVIDER

TEXTS = ('{"text": "a"}', '{"text": "b"}', '{"text": "c"}')
END = '{"end": true}'
STREAM = events(*TEXTS, END)
SSE, JSON = (("content-type", "text/event-stream"),), (("content-type", "application/json"),)


def answer(body: bytes, streamed: bool = True, status: int = 200) -> RecordedAnswer:
    response = HttpResponse(status, SSE if streamed else JSON, body)
    return recorded_answer("tiny", streamed, response)


def disorder(change: Callable[[bytes], bytes], name: str = "changed") -> Disorder:
    return Disorder(
        name=name,
        description="changed",
        source="a test",
        dialects=("tiny",),
        deform=lambda before: with_body(before, change(before.response.body)),
    )


def divergence(deformed: RecordedAnswer, **fields: str) -> DisorderDivergence:
    return DisorderDivergence(disorder="changed", answer=deformed, **fields)


COMMENTS = disorder(lambda body: b": hello\n\n" + body, "comments")
OTHER_TEXT = disorder(lambda body: body.replace(b"b", b"x"))
NO_END = disorder(lambda body: body.removesuffix(events(END)))
END_FIRST = disorder(lambda body: events(END) + body.removesuffix(events(END)))


def test_an_answer_of_the_same_meaning_has_no_divergence() -> None:
    checks = check_disorders(PROVIDER, answer(STREAM), (COMMENTS,), every_byte=True)
    assert list(checks) == [(COMMENTS, None)]


def test_another_completion_is_a_divergence_with_its_path() -> None:
    before = answer(STREAM)
    assert list(check_disorders(PROVIDER, before, (OTHER_TEXT,))) == [
        (
            OTHER_TEXT,
            divergence(
                with_body(before, STREAM.replace(b"b", b"x")),
                property="completion",
                at="message.parts[0].text",
                expected="'abc'",
                actual="'axc'",
            ),
        )
    ]


def test_a_failure_in_place_of_the_completion_is_a_divergence() -> None:
    before = answer(STREAM)
    assert list(check_disorders(PROVIDER, before, (NO_END,))) == [
        (
            NO_END,
            divergence(
                with_body(before, events(*TEXTS)),
                property="completion",
                at="",
                expected="a Completion",
                actual="stream_interrupted: the body ended before the response was complete, after 3 frames",
            ),
        )
    ]


def test_a_cut_that_is_a_success_is_a_divergence() -> None:
    checks = check_disorders(PROVIDER, answer(STREAM), (END_FIRST,), every_byte=True)
    ((_, wrong),) = checks
    assert wrong is not None
    assert (wrong.property, wrong.at, wrong.expected, wrong.actual) == (
        "cut",
        f"byte {len(events(END)) - 2}",
        "StreamInterrupted",
        "a short success: ''",
    )
    assert wrong.answer.response.body == events(END)[:-2]


def test_a_parser_that_raises_is_a_divergence() -> None:
    def raising(response: HttpResponse) -> Any:
        if b'"x"' in response.body:
            raise ValueError("x")
        return PROVIDER.parse_chat(response)

    provider = msgspec.structs.replace(PROVIDER, parse_chat=raising)
    before = answer(b'{"text": "b"}', streamed=False)
    assert list(check_disorders(provider, before, (OTHER_TEXT,))) == [
        (
            OTHER_TEXT,
            divergence(
                with_body(before, b'{"text": "x"}'),
                property="completion",
                at="",
                expected="a Completion",
                actual="ValueError: x",
            ),
        )
    ]


def test_errors_and_answers_that_a_disorder_does_not_apply_to_give_nothing() -> None:
    other = msgspec.structs.replace(OTHER_TEXT, dialects=("openai_chat",))
    assert list(check_disorders(PROVIDER, answer(STREAM), (other,))) == []
    assert list(check_disorders(PROVIDER, answer(b"{}", status=500), (OTHER_TEXT,))) == []


def test_shrink_leaves_out_the_frames_that_the_divergence_does_not_need() -> None:
    shortest = shrink_answer(
        PROVIDER, OTHER_TEXT, answer(events('{"hello": true}', *TEXTS, "{}", END))
    )
    assert shortest is not None
    assert shortest.answer.response.body == events('{"text": "x"}', END)
    assert shrink_answer(PROVIDER, COMMENTS, answer(STREAM)) is None


def completion(*, metadata: str | None = None, **fields: Any) -> Completion:
    kept = None if metadata is None else ProviderMetadata("tiny", metadata)
    return Completion(message=assistant(Text("a", kept)), **fields)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (completion(extra={"a": 1}), completion(extra={"a": 1, "x_unknown_field": 2, "b": None})),
        (completion(usage=Usage(raw={"n": 1})), completion(usage=Usage(raw={"n": 1, "x_unknown_field": {}}))),
        (completion(), completion(metadata='{"x_unknown_field": 1}')),
        (completion(metadata='{"a": {"b": 1}}'), completion(metadata='{"a":{"b":1,"x_unknown_field":[]},"c":null}')),
        (completion(extra={"a": [1]}), completion(extra={"a": [1, {"x_unknown_field": 1}], "b": [None]})),
    ],
)  # fmt: skip
def test_unknown_fields_and_nulls_that_are_kept_are_no_difference(
    first: Completion, second: Completion
) -> None:
    assert comparable(first) == comparable(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (completion(), completion(id="b")),
        (completion(), completion(model="m")),
        (completion(), completion(raw_finish_reason="stop")),
        (completion(), completion(extra={"a": 1})),
        (completion(extra={"a": []}), completion(extra={})),
        (completion(usage=Usage(raw={"n": 1})), completion(usage=Usage(raw={"n": "1"}))),
        (completion(usage=Usage(input_tokens=1)), completion(usage=Usage(input_tokens=None))),
        (completion(), completion(metadata='{"a": 1}')),
        (Completion(message=assistant(Text("a"), Text("b"))), Completion(message=assistant(Text("ab")))),
        (Completion(message=assistant(ToolCall("a", "f", "{}"))), Completion(message=assistant(ToolCall("b", "f", "{}")))),
    ],
)  # fmt: skip
def test_everything_else_is_a_difference(first: Completion, second: Completion) -> None:
    assert comparable(first) != comparable(second)


def message(*parts: Any) -> Completion:
    return Completion(message=Message("assistant", parts))


def test_what_may_differ_is_not_compared() -> None:
    assert comparable(completion(id="a"), ("id",)) == comparable(completion(id="b"), ("id",))
    first, second = message(ToolCall("a", "f", "{}")), message(ToolCall("b", "f", "{}"))
    assert comparable(first, ("tool_call_ids",)) == comparable(second, ("tool_call_ids",))
    first, second = completion(metadata='{"a": 1}'), completion()
    assert comparable(first, ("part_metadata",)) == comparable(second, ("part_metadata",))
    first, second = completion(usage=Usage(raw={"n": 1})), completion(usage=Usage(raw={"n": "1"}))
    assert comparable(first, ("number_text",)) == comparable(second, ("number_text",))
    first = message(
        Reasoning("a"), Reasoning("b"), Text("a"), Text(""), Text("b"), ToolCall("c", "f"), Text("")
    )
    second = message(Reasoning("ab"), Text("ab"), ToolCall("c", "f"))
    assert comparable(first, ("text_parts",)) == comparable(second, ("text_parts",))


def test_parts_with_data_beside_them_are_not_joined() -> None:
    first = message(Reasoning("a", "signature"), Reasoning("b"))
    assert comparable(first, ("text_parts",)) != comparable(
        message(Reasoning("ab")), ("text_parts",)
    )


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ("a[0].b", "1", "2")),
        ({"a": 1}, {}, ("a", "1", "'nothing'")),
        ({}, {"a": None}, ("a", "'nothing'", "None")),
        ({"a": [1]}, {"a": [1, 2]}, ("a", "[1]", "[1, 2]")),
        ("a" * 200, "", ("", "'" + "a" * 119 + "...", "''")),
    ],
)
def test_first_difference_is_the_path_and_both_values(
    expected: object, actual: object, difference: tuple[str, str, str]
) -> None:
    assert first_difference(expected, actual) == difference


def test_fuzz_gives_one_short_example_for_each_disorder_and_dialect(tmp_path: Path) -> None:
    interaction = Interaction(
        request=HttpRequest("POST", "http://tiny.test/ask", (), b"{}"),
        response=HttpResponse(200, SSE, STREAM),
        provider="tiny",
        operation="chat",
        recorded_from="a test",
    )
    failed = msgspec.structs.replace(
        interaction, response=HttpResponse(500, JSON, b'{"error": "b"}')
    )
    path = tmp_path / "a.yaml"
    save_cassette(path, Cassette(interactions=(interaction, failed, interaction))).unwrap()
    registry = Registry({"tiny": PROVIDER})

    records = list(fuzz_disorders([tmp_path], registry, disorders=(OTHER_TEXT, COMMENTS)))

    deformed = with_body(answer(STREAM), STREAM.replace(b"b", b"x"))
    wrong = divergence(
        deformed,
        property="completion",
        at="message.parts[0].text",
        expected="'abc'",
        actual="'axc'",
    )
    shortest = HttpResponse(200, SSE, events('{"text": "x"}', END))
    example = Cassette(
        interactions=(msgspec.structs.replace(interaction, response=shortest),),
        recorded_from="deformed from a test to show changed: completion at message.parts[0].text",
    )

    def record(index: int, name: str, **fields: Any) -> DisorderRecord:
        return DisorderRecord(
            file=str(path), index=index, provider="tiny", dialect="tiny", disorder=name, **fields
        )

    assert records == [
        record(0, "changed", divergence=wrong, example=example),
        record(0, "comments", divergence=None),
        record(2, "changed", divergence=wrong),
        record(2, "comments", divergence=None),
    ]
