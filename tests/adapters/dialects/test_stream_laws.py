"""Laws of streams, over made-up streams of every dialect (tests/support/*_streams.py).

Behaviour of single dialects is tested in test_<dialect>_stream*.py, recorded streams in tests/every_provider/test_laws.py.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ResponseHead, StreamEvent, collect
from llm_pure.adapters import dialects
from llm_pure.core.collect import Collector
from llm_pure.types.errors import ProtocolError, StreamInterrupted
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
from tests.support.laws import examples
from tests.support.pieces import damaged, one_byte_at_a_time, pieces
from tests.support.streamed import Streamed, read

STREAMS: dict[str, Streamed] = {
    **{
        f"anthropic_messages, {name}": stream for name, stream in anthropic_streams.STREAMED.items()
    },
    "bedrock_converse": bedrock_converse_streams.STREAMED,
    **{
        f"bedrock_invoke, {name}": stream
        for name, stream in bedrock_invoke_streams.STREAMED.items()
    },
    "cohere_chat": cohere_chat_streams.STREAMED,
    "dashscope_generation": dashscope_generation_streams.STREAMED,
    **{f"gemini_content, {name}": stream for name, stream in gemini_streams.STREAMED.items()},
    "llama_native": llama_native_streams.STREAMED,
    "ollama_native": ollama_native_streams.STREAMED,
    "openai_chat": openai_chat_streams.STREAMED,
    "openai_responses": openai_responses_streams.STREAMED,
    "qianfan_v1": qianfan_v1_streams.STREAMED,
    "spark_frames": spark_frames_streams.STREAMED,
}

WITH_EVENTS = {name: stream for name, stream in STREAMS.items() if stream.events is not None}
WITH_COMPLETION = {
    name: stream for name, stream in STREAMS.items() if stream.completion is not None
}
WITH_WHOLE = {name: stream for name, stream in STREAMS.items() if stream.whole is not None}
WITH_TAIL = {
    f"{name}, {tail}": (stream, data)
    for name, stream in STREAMS.items()
    for tail, data in stream.after.items()
}

# binary frames: the last byte is data, not white space
IN_TEXT = {
    name: stream
    for name, stream in STREAMS.items()
    if get_header(stream.head.headers, "content-type") != "application/vnd.amazon.eventstream"
}

# Spark's frames come over a websocket, which carries no HTML pages
OVER_HTTP = {name: stream for name, stream in STREAMS.items() if name != "spark_frames"}

PAGE = ResponseHead(200, (("content-type", "text/html"),))

DIALECTS = Path(dialects.__file__).parent

every_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
every_buffered_response = pytest.mark.parametrize("stream", WITH_WHOLE.values(), ids=WITH_WHOLE)


def test_every_streaming_dialect_is_in_the_table() -> None:
    streaming = {path.parent.name for path in DIALECTS.glob("*/stream.py")}
    assert {name.partition(",")[0] for name in STREAMS} == streaming


def text_of(events: Sequence[StreamEvent]) -> str:
    """The text that these events come to, complete or not."""
    collector = Collector()
    collector.add(events)
    return collector.completion().text


@pytest.mark.parametrize("stream", WITH_EVENTS.values(), ids=WITH_EVENTS)
def test_stream_gives_its_events(stream: Streamed) -> None:
    assert read(stream, stream.body) == (stream.events, None)


@pytest.mark.parametrize("stream", WITH_COMPLETION.values(), ids=WITH_COMPLETION)
def test_stream_collects_to_its_completion(stream: Streamed) -> None:
    events, error = read(stream, stream.body)
    assert error is None
    assert collect(events) == Success(stream.completion)


@every_buffered_response
def test_stream_collects_to_the_completion_of_the_buffered_response(stream: Streamed) -> None:
    events, error = read(stream, stream.body)
    assert error is None
    assert collect(events) == stream.parse_chat(stream.unstreamed)


@every_buffered_response
def test_buffered_response_in_place_of_a_stream_is_read(stream: Streamed) -> None:
    whole = stream.unstreamed
    events, error = read(stream, whole.body, head=whole.head)
    assert error is None
    assert collect(events) == stream.parse_chat(whole)


@pytest.mark.hypothesis
@every_stream
def test_stream_at_any_split_gives_the_same_events(stream: Streamed) -> None:
    whole = read(stream, stream.body)

    @examples(stream.examples)
    @given(pieces(stream.body))
    def holds(split: list[bytes]) -> None:
        assert read(stream, *split) == whole

    assert whole[1] is None
    holds()


@every_stream
def test_stream_byte_by_byte_gives_the_same_events(stream: Streamed) -> None:
    assert read(stream, *one_byte_at_a_time(stream.body)) == read(stream, stream.body)


@every_stream
def test_cut_stream_is_a_failure_never_a_short_success(stream: Streamed) -> None:
    whole, _ = read(stream, stream.body)
    answer = collect(whole).unwrap()
    texts = [text_of(whole[:end]) for end in range(len(whole) + 1)]
    for cut in stream.cuts:
        events, error = read(stream, stream.body[:cut])
        assert events == whole[: len(events)], cut
        if error is None:
            result = collect(events).unwrap()
            assert cut >= stream.interrupted_before, cut
            assert (result.message, result.finish_reason) == (
                answer.message,
                answer.finish_reason,
            ), cut
            assert events == whole or stream.body[cut:].strip(), cut
        else:
            assert isinstance(error, StreamInterrupted), cut
            assert error.partial is not None, cut
            # may contain the last event, whose frame was cut at its end
            assert error.partial.text.startswith(texts[len(events)]), cut
            assert answer.text.startswith(error.partial.text), cut
            assert answer.reasoning.startswith(error.partial.reasoning), cut


@pytest.mark.parametrize("stream", IN_TEXT.values(), ids=IN_TEXT)
def test_stream_without_final_white_space_is_complete(stream: Streamed) -> None:
    assert read(stream, stream.body.rstrip(b"\r\n")) == read(stream, stream.body)


@pytest.mark.parametrize(("stream", "tail"), WITH_TAIL.values(), ids=WITH_TAIL)
def test_bytes_after_the_end_change_nothing(stream: Streamed, tail: bytes) -> None:
    whole = read(stream, stream.body)
    assert read(stream, stream.body + tail) == whole
    assert read(stream, stream.body, tail) == whole


@pytest.mark.parametrize("stream", OVER_HTTP.values(), ids=OVER_HTTP)
def test_html_page_in_place_of_a_stream_is_a_protocol_error(stream: Streamed) -> None:
    events, error = read(stream, b"<html>captive</html>", head=PAGE)
    assert events == ()
    assert isinstance(error, ProtocolError)


@pytest.mark.hypothesis
@every_stream
def test_random_bytes_never_raise(stream: Streamed) -> None:
    @examples(stream.examples)
    @given(st.binary(max_size=300), st.integers(0, len(stream.body)))
    def holds(data: bytes, begun: int) -> None:
        read(stream, data[:40], data[40:])
        read(stream, data, head=ResponseHead(500, ()))
        read(stream, stream.body[:begun], data)

    holds()


@pytest.mark.hypothesis
@every_stream
def test_damaged_stream_never_raises_and_keeps_its_text(stream: Streamed) -> None:
    @examples(stream.examples)
    @given(damaged(stream.body))
    def holds(body: bytes) -> None:
        events, error = read(stream, body)
        assert all(isinstance(event, StreamEvent) for event in events)
        if error is not None and error.partial is not None:
            assert error.partial.text.startswith(text_of(events))

    holds()
