"""Messages kept as dicts or as JSON come back as they were."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

from llm_pure import Message, assistant, system, tool_result, user
from llm_pure.chat.message_export import from_json, to_json, to_openai
from llm_pure.chat.message_input import parse_messages
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.result import Failure, Success
from tests.support.laws import examples
from tests.support.png import tiny_png

WORDS = st.text(max_size=8)
MAYBE = st.none() | st.text(min_size=1, max_size=6)
ECHOES = st.none() | st.builds(ProviderMetadata, WORDS, st.just('{"a":1}'))
BYTES = st.binary(max_size=9) | st.just(tiny_png())
TYPES = st.sampled_from(["image/png", "application/pdf", "audio/wav", "audio/mpeg", "x/y;z=1,2"])


def media(kind: type[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Bytes with a type that is told: where it is not, `to_openai` tells what the bytes show."""
    return (
        st.builds(kind, data=BYTES, media_type=TYPES, provider_metadata=ECHOES, **more)
        | st.builds(kind, url=WORDS, media_type=st.none() | TYPES, provider_metadata=ECHOES, **more)
        | st.builds(kind, file_id=WORDS, provider_metadata=ECHOES, **more)
    )


SHOWN = st.one_of(
    st.builds(Text, WORDS, ECHOES),
    media(Image, detail=MAYBE),
    media(Audio, transcript=MAYBE),
    media(Document, name=MAYBE),
    st.builds(Opaque, WORDS, WORDS, st.just("{}")),
)
RESULTS = st.builds(
    ToolResult,
    tool_call_id=WORDS,
    content=st.lists(SHOWN, max_size=3).map(tuple),
    name=MAYBE,
    is_error=st.booleans(),
)
PARTS: st.SearchStrategy[Part] = st.one_of(
    SHOWN,
    st.builds(Reasoning, WORDS, MAYBE, ECHOES),
    st.builds(ToolCall, WORDS, WORDS, WORDS, ECHOES),
    st.builds(Refusal, WORDS, ECHOES),
)
TURNS = st.one_of(
    st.builds(
        Message,
        st.sampled_from(["system", "user", "assistant"]),
        st.lists(PARTS, max_size=5).map(tuple),
        MAYBE,
    ),
    st.builds(lambda result: Message("tool", (result,)), RESULTS),
)
CONVERSATIONS = st.lists(TURNS, min_size=1, max_size=4).map(tuple)


@given(CONVERSATIONS)
@examples(500)
def test_messages_come_back_from_dicts_as_they_were(turns: tuple[Message, ...]) -> None:
    assert to_openai(turns).bind(parse_messages) == Success(turns)


@given(CONVERSATIONS)
@examples(500)
def test_messages_come_back_from_dicts_that_were_saved_as_json(turns: tuple[Message, ...]) -> None:
    saved = msgspec.json.encode(to_openai(turns).unwrap())
    assert parse_messages(msgspec.json.decode(saved)) == Success(turns)


@given(CONVERSATIONS)
@examples(500)
def test_messages_come_back_from_json_as_they_were(turns: tuple[Message, ...]) -> None:
    assert to_json(turns).bind(from_json) == Success(turns)


@given(CONVERSATIONS)
@examples(200)
def test_what_strict_gives_is_what_openai_takes(turns: tuple[Message, ...]) -> None:
    written = to_openai(turns, strict=True)
    if not isinstance(written, Failure):
        TypeAdapter(list[ChatCompletionMessageParam]).validate_python(written.unwrap())


def test_a_conversation_with_tools_is_written_as_openai_has_it() -> None:
    call = ToolCall("call_1", "weather", '{"city":"Oslo"}')
    said = [
        system("Be brief."),
        user("Look:", Image(data=b"\xff\xd8\xff", detail="low")),
        assistant("Let me see.", call),
        tool_result("call_1", "21 °C"),
        assistant(Refusal("No.")),
    ]
    assert to_openai(said, strict=True) == Success(
        [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look:"},
                    {
                        "type": "image_url",
                        "image_url": {"url": "data:image/jpeg;base64,/9j/", "detail": "low"},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "21 °C"},
            {"role": "assistant", "refusal": "No.", "content": None},
        ]
    )


def test_several_tool_results_become_one_dict_each() -> None:
    both = Message("tool", (*tool_result("a", "1").parts, *tool_result("b", "2").parts))
    assert to_openai(both) == Success(
        [
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": "2"},
        ]
    )


def test_what_the_bytes_show_is_told_when_nobody_said_it() -> None:
    read = to_openai(user(Image(data=tiny_png()))).bind(parse_messages)
    assert read == Success((user(Image(data=tiny_png(), media_type="image/png")),))


@pytest.mark.parametrize(
    ("turn", "feature"),
    [
        pytest.param(assistant(Reasoning("hm")), "reasoning_content", id="reasoning"),
        pytest.param(assistant(Reasoning("hm", "sig")), "reasoning", id="a signature"),
        pytest.param(assistant(Opaque("x", "y", "{}")), "opaque", id="an opaque part"),
        pytest.param(tool_result("a", "b", is_error=True), "is_error", id="a failed tool"),
        pytest.param(tool_result("a", Image(url="https://x")), "image_url", id="a tool's picture"),
        pytest.param(user(Image(file_id="f")), "image", id="a picture at the provider"),
        pytest.param(system(Refusal("No.")), "refusal", id="a system that refuses"),
        pytest.param(user(Refusal("No."), Text("a")), "refusal", id="a user that refuses"),
        pytest.param(user(ToolCall("1", "f", "{}")), "tool_calls", id="a user that calls"),
    ],
)
def test_strict_names_what_openai_cannot_hold(turn: Message, feature: str) -> None:
    got = to_openai(["Hi", turn], strict=True)
    message = f"OpenAI's messages do not support {feature}, at messages/1"
    assert got == Failure(UnsupportedFeature(message=message, feature=feature))


@pytest.mark.parametrize("text", ["", "[", "{}", '[{"role":"king"}]', b"\xff"])
def test_what_was_not_saved_here_is_an_error(text: str | bytes) -> None:
    assert isinstance(from_json(text).failure(), InvalidRequest)


def test_a_text_that_is_no_unicode_is_an_error() -> None:
    assert isinstance(to_json("\ud800").failure(), InvalidRequest)


def test_a_damaged_whole_part_is_named() -> None:
    got = parse_messages({"role": "user", "content": [{"type": "llm_pure", "part": {"type": "x"}}]})
    assert isinstance(got, Failure)
    error = got.failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "messages/0/content/0/part"
