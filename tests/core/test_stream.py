"""The machine that streams run on: StepDecoder, BufferedBodyDecoder, open_stream_or_body, events_of."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Choice,
    Completion,
    HttpResponse,
    Image,
    LLMError,
    LLMResult,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    ResponseHead,
    StreamEvent,
    Text,
    ToolCall,
    Usage,
    assistant,
    collect,
)
from llm_pure.core.buffered_body import (
    BufferedBodyDecoder,
    completion_to_events,
    open_stream_or_body,
)
from llm_pure.core.collect import finalize
from llm_pure.core.provider import StreamDecoder
from llm_pure.core.stream import StepDecoder, StreamState
from llm_pure.framing import FramingFault
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.framing.sse import SseDecoder
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import (
    AuthenticationFailed,
    ProtocolError,
    ServerError,
    StreamInterrupted,
)
from llm_pure.types.events import ExtraReceived, Finished, Started, TextDelta
from llm_pure.types.result import Failure, Success
from tests.support.pieces import pieces

HEAD = ResponseHead(200, (("x-request-id", "r1"),))
BOOM = ServerError(message="boom", provider="toy")


def step(state: StreamState, frame: bytes) -> tuple[StreamState, list[StreamEvent]]:
    """A toy dialect: "." ends, "!" is the service's error, "?" is unreadable, all else is text."""
    match frame:
        case b".":
            return StreamState(complete=True), [Finished("stop")]
        case b"!":
            return StreamState(fault=BOOM), [TextDelta("before")]
        case b"?":
            return StreamState(fault=ProtocolError(message="odd", provider="toy")), []
        case _:
            return state, [TextDelta(frame.decode("latin-1"))]


def no_error(response: HttpResponse) -> LLMError | None:
    return None


def toy(limit: int = 100) -> StepDecoder[StreamState, bytes]:
    return StepDecoder(
        "toy",
        HEAD,
        frames=NdjsonDecoder(limit),
        state=StreamState(),
        step=step,
        parse_error=no_error,
    )


def partial(text: str = "") -> Completion:
    message = assistant(text) if text else Message("assistant")
    return Completion(message=message, extra={"request_id": "r1"})


def test_events_come_with_the_frames_that_make_them() -> None:
    stream = toy()
    assert stream.feed(b"a") == Success(())
    assert stream.feed(b"b\nc\nd") == Success(
        (ExtraReceived("request_id", "r1"), TextDelta("ab"), TextDelta("c"))
    )
    assert stream.partial() == partial("abc")
    assert stream.feed(b"\n.") == Success((TextDelta("d"),))
    assert stream.close() == Success((Finished("stop"),))
    assert stream.partial().finish_reason == "stop"


def test_after_the_end_nothing_comes_twice() -> None:
    stream = toy()
    stream.feed(b"a\n.")
    assert stream.close() == Success((Finished("stop"),))
    assert stream.close() == Success(())
    assert stream.feed(b"more\n") == Success(())
    assert stream.partial().text == "a"


def test_a_fault_comes_after_the_events_before_it_and_stays() -> None:
    error = ServerError(message="boom", provider="toy", request_id="r1", partial=partial("abefore"))
    stream = toy()
    assert stream.feed(b"a\n!\nlost\n").unwrap()[1:] == (TextDelta("a"), TextDelta("before"))
    assert stream.feed(b"c\n") == Failure(error)
    assert stream.feed(b".\n") == Failure(error)
    assert stream.close() == Failure(error)
    assert stream.close() == Failure(error)
    assert stream.partial() == partial("abefore")


def test_a_fault_with_nothing_before_it_comes_at_once() -> None:
    stream = toy()
    stream.feed(b"a\n")
    assert isinstance(stream.feed(b"?\n").failure(), ProtocolError)


def test_a_body_that_ends_early_is_interrupted_with_what_came() -> None:
    stream = toy()
    stream.feed(b"a\nb\n")
    assert stream.close() == Failure(
        StreamInterrupted(
            message="the body ended before the response was complete, after 2 frames",
            provider="toy",
            status=200,
            request_id="r1",
            partial=partial("ab"),
        )
    )


def test_an_unreadable_last_frame_was_cut_off() -> None:
    stream = toy()
    stream.feed(b"a\n?")
    assert isinstance(stream.close().failure(), StreamInterrupted)


def test_an_error_in_the_last_frame_is_that_error() -> None:
    stream = toy()
    stream.feed(b"a\n!")
    assert isinstance(stream.close().failure(), ServerError)


def test_a_body_that_cannot_be_framed_is_a_fault_that_says_where() -> None:
    stream = toy(limit=50)
    stream.feed(b"a\n")
    assert stream.feed(b"b\n" + b"sk-ant-1234567890abcdef " * 9).unwrap() == (TextDelta("b"),)
    error = stream.feed(b"").failure()
    assert isinstance(error, ProtocolError)
    assert (error.message, error.where) == ("a line is longer than 50 bytes", "frame 3")
    assert b"sk-ant" not in error.evidence
    assert error.partial == partial("ab")


@given(pieces(b"one\ntwo\n\nthree\n!\nafter\n"))
def test_any_split_gives_the_same(split: list[bytes]) -> None:
    assert read_pieces(toy(), split) == read_pieces(toy(), [b"".join(split)])


def read_run(
    state: StreamState, frames: Sequence[bytes], position: int, events: list[StreamEvent]
) -> tuple[StreamState, int]:
    for at in range(position, len(frames)):
        if not frames[at].isalpha():
            return state, at
        events.append(TextDelta(frames[at].decode()))
    return state, len(frames)


@given(st.lists(st.sampled_from([b"one\n", b"two\n", b"\n", b"!\n", b"?\n", b".\n"])))
def test_reading_on_says_what_steps_say(frames: list[bytes]) -> None:
    quick = StepDecoder(
        "toy",
        HEAD,
        frames=NdjsonDecoder(100),
        state=StreamState(),
        step=step,
        parse_error=no_error,
        read_run=read_run,
    )
    slow = toy()
    assert read_pieces(quick, [b"".join(frames)]) == read_pieces(slow, [b"".join(frames)])
    assert quick.partial() == slow.partial()


def sse_stream(parse_error: Any) -> StreamDecoder:
    def sse_step(state: StreamState, frame: Any) -> tuple[StreamState, list[StreamEvent]]:
        return state, [TextDelta("x")]

    return StepDecoder(
        "toy",
        HEAD,
        frames=SseDecoder(),
        state=StreamState(),
        step=sse_step,
        parse_error=parse_error,
    )


def test_an_error_in_place_of_frames_is_that_error() -> None:
    def told(response: HttpResponse) -> LLMError | None:
        assert response == HttpResponse(200, HEAD.headers, b'{"error":"no key"}\n')
        return AuthenticationFailed(message="no key")

    _, error = read_pieces(sse_stream(told), [b'{"error":', b'"no key"}\n'])
    assert error == AuthenticationFailed(message="no key", request_id="r1", partial=Completion())


def test_a_page_in_place_of_frames_is_a_fault_that_shows_it() -> None:
    _, error = read_pieces(sse_stream(no_error), [b"<html>sk-ant-1234567890abcdef</html>"])
    assert isinstance(error, ProtocolError)
    assert (error.where, error.evidence) == ("body", b"<html>***</html>\n")


def test_stray_bytes_after_frames_change_nothing() -> None:
    _, error = read_pieces(sse_stream(no_error), [b"data: 1\n\n<html>"])
    assert isinstance(error, StreamInterrupted)


WHOLE = Completion(message=assistant("hi"), finish_reason="stop", provider="toy")


def parse(response: HttpResponse) -> LLMResult[Completion]:
    if response.body == b"good":
        return Success(WHOLE)
    return Failure(ServerError(message=response.body.decode(), status=response.status))


def test_a_whole_body_is_its_events_at_the_end_and_once() -> None:
    body = BufferedBodyDecoder("toy", HEAD, parse)
    assert body.feed(b"go") == Success(())
    assert body.partial() == Completion(provider="toy")
    assert body.feed(b"od") == Success(())
    assert body.close() == Success(completion_to_events(WHOLE))
    assert body.partial() == WHOLE
    assert body.close() == Success(())
    assert body.feed(b"good") == Success(())


def test_a_whole_body_that_tells_an_error_stays_failed() -> None:
    body = BufferedBodyDecoder("toy", ResponseHead(500), parse)
    body.feed(b"bad")
    failed = Failure(ServerError(message="bad", status=500))
    assert body.close() == failed
    assert body.feed(b"more") == failed
    assert body.close() == failed


def test_a_whole_body_has_a_limit() -> None:
    body = BufferedBodyDecoder("toy", HEAD, parse, limit=4)
    assert body.feed(b"good") == Success(())
    error = body.feed(b"!").failure()
    assert isinstance(error, ProtocolError)
    assert error.message == "the body is longer than 4 bytes"
    assert (error.evidence, error.request_id) == (b"good!", "r1")
    assert body.close() == Failure(error)


ANY, SSE_LABEL = ResponseHead(200), ResponseHead(200, (("content-type", "text/event-stream"),))
JSON_LABEL = ResponseHead(200, (("content-type", "Application/JSON; charset=utf-8"),))


@pytest.mark.parametrize("byte_by_byte", [False, True])
@pytest.mark.parametrize(
    ("head", "starts", "body", "text"),
    [
        (ANY, b"{[", b"a\n.\n", "a"),
        (SSE_LABEL, b"{[", b"a\n.\n", "a"),
        (JSON_LABEL, b"{[", b"a\n.\n", "a"),
        (JSON_LABEL, b"", b"a\n.\n", "a"),
        (ANY, b"{[", b'{"a": 1}', "buffered"),
        (SSE_LABEL, b"{[", b'{"a": 1}', "buffered"),
        (JSON_LABEL, b"", b'{"a": 1}', "buffered"),
        (SSE_LABEL, b"{[", b' \r\n\t{"a": 1}', "buffered"),
        (SSE_LABEL, b"{[", b'\xef\xbb\xbf {"a": 1}', "buffered"),
        (ANY, b"", b"{\n.\n", "{"),
        (ResponseHead(302), b"{[", b"a\n.\n", "buffered"),
        (ResponseHead(429, SSE_LABEL.headers), b"{[", b"a\n.\n", "buffered"),
    ],
)
def test_the_first_byte_decides_between_stream_and_body(
    head: ResponseHead, starts: bytes, body: bytes, text: str, byte_by_byte: bool
) -> None:
    def parse_any(response: HttpResponse) -> LLMResult[Completion]:
        assert response.body == body
        return Success(Completion(message=assistant("buffered"), finish_reason="stop"))

    decoder = open_stream_or_body(
        head, lambda: BufferedBodyDecoder("toy", head, parse_any), toy, body_starts=starts
    )
    events: list[StreamEvent] = []
    for piece in [bytes([byte]) for byte in body] if byte_by_byte else [body]:
        events += decoder.feed(piece).unwrap()
    events += decoder.close().unwrap()
    assert collect(events).unwrap().text == decoder.partial().text == text


def test_no_frame_comes_after_a_fault_of_framing() -> None:
    class Broken:
        fault: FramingFault | None = None
        stray = b""

        def feed(self, data: bytes) -> list[bytes]:
            self.fault = FramingFault("torn", data)
            return []

        def close(self) -> list[bytes]:
            raise AssertionError("a failed stream does not ask again")

    stream = StepDecoder(
        "toy", HEAD, frames=Broken(), state=StreamState(), step=step, parse_error=no_error
    )
    assert stream.feed(b"x").failure().message == "torn"
    assert stream.close().failure().message == "torn"


words = st.text(alphabet="abé🎈", min_size=0, max_size=5)
echoes = st.none() | st.builds(ProviderMetadata, st.just("p"), st.sampled_from(["{}", '{"a":1}']))
a_part: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, words, echoes),
    st.builds(Reasoning, words, st.none() | words, echoes),
    st.builds(Refusal, words, echoes),
    st.builds(ToolCall, words, words.filter(bool), words, echoes),
    st.builds(Image, data=st.binary(max_size=3)),
    st.builds(Opaque, words, words, st.just("{}")),
)
a_choice = st.builds(
    Choice,
    message=st.builds(Message, st.just("assistant"), st.lists(a_part, max_size=4).map(tuple)),
    finish_reason=st.sampled_from(["stop", "length", "refusal", "unknown"]),
    raw_finish_reason=st.none() | words,
    extra=st.dictionaries(words, st.integers() | st.lists(st.integers()), max_size=2),
)


@given(a_choice, st.lists(a_choice, max_size=2), st.sampled_from([Usage(), Usage(1, 2, 1)]))
def test_the_events_of_an_answer_collect_to_it(
    first: Choice, others: list[Choice], usage: Usage
) -> None:
    whole = finalize(
        Completion(
            id="r1",
            model="m",
            provider="p",
            message=first.message,
            finish_reason=first.finish_reason,
            raw_finish_reason=first.raw_finish_reason,
            usage=usage,
            alternatives=tuple(others),
            extra=first.extra,
        )
    )
    assert collect(completion_to_events(whole)) == Success(whole)


def test_the_first_event_of_an_answer_is_its_start() -> None:
    events: Iterator[StreamEvent] = iter(
        completion_to_events(msgspec.structs.replace(WHOLE, model="m"))
    )
    assert next(events) == Started(model="m", provider="toy")
