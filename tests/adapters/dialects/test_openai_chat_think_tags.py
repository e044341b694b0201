"""<think>...</think> in the text of an answer: reasoning, wherever the pieces are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpResponse, ProviderMetadata, Reasoning, Text
from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.openai_chat.think_tags import (
    START,
    Tags,
    flush_all,
    flush_tags,
    split,
)
from llm_pure.types.events import ProviderMetadataReceived, ReasoningDelta, TextDelta
from tests.support.family import Service
from tests.support.openai_chat_bodies import DONE, answer, chunk, data

RAW = Service("open_llm_raw")

READ = [
    ("plain", "yes", "", "yes"),
    ("a block", "<think>hm</think>yes", "hm", "yes"),
    ("white space around", "\n<think>\nhm\n</think>\n\n yes ", "hm\n", "yes "),
    ("an empty block", "<think>\n\n</think>\n\nyes", "", "yes"),
    ("nothing but a block", "<think>hm</think>", "hm", ""),
    ("a block that never ends", "<think>hm, but</thin", "hm, but</thin", ""),
    ("no more than a beginning", "<thin", "", "<thin"),
    ("nothing but white space", "  ", "", "  "),
    ("a tag further on", "so <think>hm</think>", "", "so <think>hm</think>"),
    ("a second block in the text", "<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
    ("a block after a block", "<think>a</think> <think> b</think> c", "a b", "c"),
    ("an empty block after one", "<think>a</think><think></think>c", "a", "c"),
    ("the beginning of a block after one", "<think>a</think>\n<th", "a", "<th"),
    ("gpt-oss at Bedrock", "<reasoning>a</reasoning><reasoning> b</reasoning>c", "a b", "c"),
    ("tags that differ", "<think>a</thought>b</think>c", "a</thought>b", "c"),
    ("thinking", "<thinking>a</thinking>b", "a", "b"),
    ("thought", "<thought>a</thought>b", "a", "b"),
    ("Magistral", "[THINK]a[/THINK]b", "a", "b"),
    ("Kimi-VL", "\u25c1think\u25b7a\u25c1/think\u25b7b", "a", "b"),
    ("an end alone", "hm</think>yes", "", "hm</think>yes"),
    ("another tag", "<thinker>yes", "", "<thinker>yes"),
    ("almost an end", "<think>a < b </ think</think>yes", "a < b </ think", "yes"),
    ("too much white space before it", " " * 65 + "<think>a</think>", "", " " * 65 + "<think>a</think>"),
]  # fmt: skip


def read(pieces: list[str]) -> tuple[str, str]:
    tags, thoughts, words = START, "", ""
    for piece in pieces:
        tags, more_thoughts, more_words = split(tags, piece)
        thoughts, words = thoughts + more_thoughts, words + more_words
    for event in flush_tags(0, tags):
        match event:
            case ReasoningDelta(text=text):
                thoughts += text
            case TextDelta(text=text):
                words += text
            case _:
                pass
    return thoughts, words


@pytest.mark.parametrize(("text", "thoughts", "words"), [row[1:] for row in READ], ids=[row[0] for row in READ])  # fmt: skip
def test_one_block_at_the_start_is_reasoning(text: str, thoughts: str, words: str) -> None:
    assert read([text]) == (thoughts, words)
    assert read(list(text)) == (thoughts, words)


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<thinking>", "</thinking>", "<", "</", "think>", " ", "\n", "a"])).map("".join),
    st.data(),
)  # fmt: skip
def test_any_cut_reads_the_same(text: str, choose: st.DataObject) -> None:
    cuts = sorted(choose.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(pieces) == read([text])


@given(st.text(alphabet="<>/think \na", max_size=40))
def test_the_text_so_far_is_never_taken_back(text: str) -> None:
    tags, thoughts, words = START, "", ""
    whole = read([text])
    for letter in text:
        tags, more_thoughts, more_words = split(tags, letter)
        thoughts, words = thoughts + more_thoughts, words + more_words
        assert whole[0].startswith(thoughts)
        assert whole[1].startswith(words)


@pytest.mark.parametrize("finish", ["stop", None], ids=["finished", "without a reason"])
@pytest.mark.parametrize("text", [row[1] for row in READ], ids=[row[0] for row in READ])
def test_a_stream_comes_to_what_the_whole_answer_says(text: str, finish: str | None) -> None:
    whole = RAW.says({"content": text}, finish)
    chunks = [chunk({"content": letter}) for letter in text] + [chunk({}, finish)]
    streamed, error = RAW.streams(b"".join([data(one) for one in chunks]) + DONE)
    assert error is None
    assert streamed.message == whole.message


def test_reasoning_is_marked_as_the_services_own() -> None:
    message = RAW.says({"content": "<think>hm</think>yes"}).message
    assert message.parts == (Reasoning("hm", None, ProviderMetadata("open_llm_raw")), Text("yes"))


def test_each_choice_is_read_by_itself() -> None:
    body = answer({})
    body["choices"] = [
        {"index": 0, "message": {"content": "<think>a</think>b"}, "finish_reason": "stop"},
        {"index": 1, "message": {"content": "c<think>"}, "finish_reason": "stop"},
    ]
    got = RAW.reads(body)
    assert (got.reasoning, got.text) == ("a", "b")
    assert [one.message.text for one in got.alternatives] == ["c<think>"]


def test_what_was_held_comes_before_the_end_of_a_stream_without_a_reason() -> None:
    held = tuple(flush_all(Entries().put(0, Tags("thinking", "</th")).put(1, Tags("start", "<"))))
    assert held == (
        ReasoningDelta("</th", 0, 0),
        ProviderMetadataReceived("{}", 0, 0, "reasoning"),
        TextDelta("<", 1, 1),
    )


def test_other_services_leave_the_tags_in_the_text() -> None:
    plain = openai_chat.provider(name="p", base_url="https://p.test", quirks=openai_chat.Quirks())
    body = b'{"choices":[{"message":{"content":"<think>a</think>b"},"finish_reason":"stop"}]}'
    assert plain.parse_chat(HttpResponse(200, (), body)).unwrap().text == "<think>a</think>b"


def test_a_cut_stream_keeps_the_thoughts_so_far() -> None:
    partial, error = RAW.streams(data(chunk({"content": "<think>hm, per"})))
    assert error is not None
    assert (error.kind, partial.reasoning, partial.text) == ("stream_interrupted", "hm, per", "")
