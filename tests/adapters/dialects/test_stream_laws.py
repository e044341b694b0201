"""The laws of a stream, over the made-up streams of every dialect: a table whose rows stand in tests/support/.

What is special to a dialect stands in its own test_<dialect>_stream*.py; recorded streams are held to the laws in
tests/every_provider/test_laws.py.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_pure import ResponseHead, StreamEvent, collect
from llm_pure.adapters import dialects
from llm_pure.types.errors import ProtocolError, StreamInterrupted
from llm_pure.types.events import Finished
from llm_pure.types.http import get_header
from llm_pure.types.result import Success
from tests.support import (
    anthropic_streams,
    bedrock_converse_streams,
    bedrock_invoke_streams,
    cohere_chat_streams,
    dashscope_generation_streams,
    gemini_streams,
    llama_native_streams,
    ollama_native_streams,
    openai_chat_streams,
    openai_responses_streams,
    qianfan_v1_streams,
    spark_frames_streams,
)
from tests.support.pieces import damaged, one_byte_at_a_time, pieces
from tests.support.streamed import Streamed, read

STREAMS: dict[str, Streamed] = {
    **{f"anthropic_messages, {name}": one for name, one in anthropic_streams.STREAMED.items()},
    "bedrock_converse": bedrock_converse_streams.STREAMED,
    **{f"bedrock_invoke, {name}": one for name, one in bedrock_invoke_streams.STREAMED.items()},
    "cohere_chat": cohere_chat_streams.STREAMED,
    "dashscope_generation": dashscope_generation_streams.STREAMED,
    **{f"gemini_content, {name}": one for name, one in gemini_streams.STREAMED.items()},
    "llama_native": llama_native_streams.STREAMED,
    "ollama_native": ollama_native_streams.STREAMED,
    "openai_chat": openai_chat_streams.STREAMED,
    "openai_responses": openai_responses_streams.STREAMED,
    "qianfan_v1": qianfan_v1_streams.STREAMED,
    "spark_frames": spark_frames_streams.STREAMED,
}

WITH_EVENTS = {name: one for name, one in STREAMS.items() if one.events is not None}
WITH_COMPLETION = {name: one for name, one in STREAMS.items() if one.completion is not None}
WITH_WHOLE = {name: one for name, one in STREAMS.items() if one.whole is not None}
WITH_TAIL = {
    f"{name}, {tail}": (one, data)
    for name, one in STREAMS.items()
    for tail, data in one.after.items()
}

# the last byte of a binary frame is none of white space, whatever it is
IN_TEXT = {
    name: one
    for name, one in STREAMS.items()
    if get_header(one.head.headers, "content-type") != "application/vnd.amazon.eventstream"
}

# what carries Spark's frames is a websocket, and no page comes over one
OVER_HTTP = {name: one for name, one in STREAMS.items() if name != "spark_frames"}

PAGE = ResponseHead(200, (("content-type", "text/html"),))

DIALECTS = Path(dialects.__file__).parent

every_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
every_whole_answer = pytest.mark.parametrize("stream", WITH_WHOLE.values(), ids=WITH_WHOLE)


def test_every_dialect_that_streams_is_held_to_the_laws() -> None:
    streaming = {one.parent.name for one in DIALECTS.glob("*/stream.py")}
    assert {name.partition(",")[0] for name in STREAMS} == streaming


def tried(stream: Streamed) -> settings:
    """How often. No deadline: the machine is shared, and a pause is no broken law."""
    return settings(max_examples=stream.examples, deadline=None)


def text_of(events: Sequence[StreamEvent]) -> str:
    """The text of an answer that has come as far as this."""
    return collect([*events, Finished("unknown")]).unwrap().text


@pytest.mark.parametrize("stream", WITH_EVENTS.values(), ids=WITH_EVENTS)
def test_each_frame_makes_its_events(stream: Streamed) -> None:
    assert read(stream, stream.body) == (stream.events, None)


@pytest.mark.parametrize("stream", WITH_COMPLETION.values(), ids=WITH_COMPLETION)
def test_a_stream_collects_to_its_completion(stream: Streamed) -> None:
    events, error = read(stream, stream.body)
    assert error is None
    assert collect(events) == Success(stream.completion)


@every_whole_answer
def test_a_stream_collects_to_what_the_whole_answer_says(stream: Streamed) -> None:
    events, error = read(stream, stream.body)
    assert error is None
    assert collect(events) == stream.parse_chat(stream.unstreamed)


@every_whole_answer
def test_a_whole_answer_in_place_of_a_stream_is_taken(stream: Streamed) -> None:
    whole = stream.unstreamed
    events, error = read(stream, whole.body, head=whole.head)
    assert error is None
    assert collect(events) == stream.parse_chat(whole)


@every_stream
def test_any_split_gives_the_same_events(stream: Streamed) -> None:
    whole = read(stream, stream.body)

    @tried(stream)
    @given(pieces(stream.body))
    def holds(split: list[bytes]) -> None:
        assert read(stream, *split) == whole

    assert whole[1] is None
    holds()


@every_stream
def test_one_byte_at_a_time_gives_the_same_events(stream: Streamed) -> None:
    assert read(stream, *one_byte_at_a_time(stream.body)) == read(stream, stream.body)


@every_stream
def test_a_cut_stream_is_a_failure_never_a_short_success(stream: Streamed) -> None:
    whole, _ = read(stream, stream.body)
    answer = collect(whole).unwrap()
    said = [text_of(whole[:end]) for end in range(len(whole) + 1)]
    for cut in stream.cuts:
        events, error = read(stream, stream.body[:cut])
        assert events == whole[: len(events)], cut
        if error is None:
            got = collect(events).unwrap()
            assert cut >= stream.interrupted_before, cut
            assert (got.message, got.finish_reason) == (answer.message, answer.finish_reason), cut
            assert events == whole or stream.body[cut:].strip(), cut
        else:
            assert isinstance(error, StreamInterrupted), cut
            assert error.partial is not None, cut
            # it may have one event more: the last, whose frame was cut where it ends
            assert error.partial.text.startswith(said[len(events)]), cut
            assert answer.text.startswith(error.partial.text), cut
            assert answer.reasoning.startswith(error.partial.reasoning), cut


@pytest.mark.parametrize("stream", IN_TEXT.values(), ids=IN_TEXT)
def test_white_space_at_the_end_may_be_missing(stream: Streamed) -> None:
    assert read(stream, stream.body.rstrip(b"\r\n")) == read(stream, stream.body)


@pytest.mark.parametrize(("stream", "tail"), WITH_TAIL.values(), ids=WITH_TAIL)
def test_what_comes_after_the_end_changes_nothing(stream: Streamed, tail: bytes) -> None:
    whole = read(stream, stream.body)
    assert read(stream, stream.body + tail) == whole
    assert read(stream, stream.body, tail) == whole


@pytest.mark.parametrize("stream", OVER_HTTP.values(), ids=OVER_HTTP)
def test_a_page_in_place_of_a_stream_is_a_fault(stream: Streamed) -> None:
    events, error = read(stream, b"<html>captive</html>", head=PAGE)
    assert events == ()
    assert isinstance(error, ProtocolError)


@every_stream
def test_no_bytes_make_it_raise(stream: Streamed) -> None:
    @tried(stream)
    @given(st.binary(max_size=300), st.integers(0, len(stream.body)))
    def holds(data: bytes, begun: int) -> None:
        read(stream, data[:40], data[40:])
        read(stream, data, head=ResponseHead(500, ()))
        read(stream, stream.body[:begun], data)

    holds()


@every_stream
def test_no_damage_makes_it_raise_or_forget_what_it_told(stream: Streamed) -> None:
    @tried(stream)
    @given(damaged(stream.body))
    def holds(body: bytes) -> None:
        events, error = read(stream, body)
        assert all(isinstance(one, StreamEvent) for one in events)
        if error is not None and error.partial is not None:
            assert error.partial.text.startswith(text_of(events))

    holds()
