"""What LLM sends and gives back, over a transport that answers from a script; each method with its async twin."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from llm_pure import (
    ChatRequest,
    Completion,
    Embeddings,
    LLMConfig,
    StreamEvent,
    TokenCount,
    assistant,
)
from llm_pure.client import LLM
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.transports.httpx import HttpxTransport
from llm_pure.transports.scripted import ResponseScript, ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    Overloaded,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnsupportedFeature,
)
from llm_pure.types.events import Finished, Started, TextDelta
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import run
from tests.support.tiny_provider import JSON, KEY, REGISTRY, SSE, config, frames, whole
from tests.support.twins import called, every_kind, scripted_llm, streamed, texts

EAGER = RetryPolicy(max_attempts=3, initial_backoff_s=0.001)

HELLO = ScriptedResponse(headers=JSON, chunks=(whole("Hello"),))
HELLO_STREAM = ScriptedResponse(headers=SSE, chunks=frames("Hel", "lo"))
STARTED = Started(provider="tiny")
REFUSED = ConnectionFailed(message="refused")


def client(script: ResponseScript, **named: Any) -> tuple[LLM, ScriptedTransport]:
    return scripted_llm(named.pop("config", config()), script, registry=REGISTRY, **named)


def told(status: int, message: str = "no", *headers: tuple[str, str]) -> ScriptedResponse:
    body = msgspec.json.encode({"error": message})
    return ScriptedResponse(status=status, headers=(*JSON, *headers), chunks=(body,))


def sent(transport: ScriptedTransport, number: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(transport.requests[number].body)
    return body


def said(text: str) -> Completion:
    return Completion(provider="tiny", message=assistant(text), finish_reason="stop")


# one answer


@every_kind
def test_a_completion_is_built_signed_sent_and_parsed(kind: str) -> None:
    llm, transport = client([HELLO])
    assert called(kind, llm, "completion", "Hi") == Success(said("Hello"))
    assert sent(transport) == {"model": "m1", "turns": [["user", "Hi"]], "stream": False}
    assert get_header(transport.requests[0].headers, "authorization") == f"Bearer {KEY}"


@every_kind
def test_a_request_that_asks_for_a_stream_gives_the_same_completion(kind: str) -> None:
    llm, transport = client([HELLO_STREAM])
    got = called(kind, llm, "completion", ChatRequest(messages="Hi", stream=True))
    assert got == Success(said("Hello"))
    assert sent(transport)["stream"] is True


@every_kind
def test_completion_text_is_the_words(kind: str) -> None:
    llm, _ = client([HELLO])
    assert called(kind, llm, "completion_text", "Hi") == Success("Hello")


@every_kind
def test_ask_puts_system_format_and_user_messages_in_order(kind: str) -> None:
    llm, transport = client([HELLO_STREAM, HELLO_STREAM])
    assert called(kind, llm, "ask", "Hi") == Success("Hello")
    assert sent(transport)["turns"] == [
        ["system", "You are a helpful assistant."],
        ["user", "Hi"],
    ]
    called(kind, llm, "ask", "Hi", system_msgs=["Be brief.", "Be kind."], format_msgs=["As JSON."])
    assert sent(transport)["turns"] == [
        ["system", "Be brief."],
        ["system", "Be kind."],
        ["user", "As JSON."],
        ["user", "Hi"],
    ]


@every_kind
def test_the_configuration_decides_whether_ask_streams_unless_the_call_does(kind: str) -> None:
    llm, transport = client(lambda request: HELLO, config=config(stream=False))
    called(kind, llm, "ask", "Hi")
    assert sent(transport)["stream"] is False
    called(kind, llm, "ask", "Hi", stream=True)
    assert sent(transport)["stream"] is True


@every_kind
@pytest.mark.parametrize("answer", [HELLO_STREAM, HELLO], ids=["streamed", "whole"])
def test_on_event_sees_the_answer_however_it_came(answer: ScriptedResponse, kind: str) -> None:
    llm, _ = client([answer], config=config(stream=answer is HELLO_STREAM))
    seen: list[StreamEvent] = []
    assert called(kind, llm, "ask", "Hi", on_event=seen.append) == Success("Hello")
    assert "".join([event.text for event in seen if isinstance(event, TextDelta)]) == "Hello"
    assert seen[-1] == Finished("stop")


def test_what_on_event_returns_is_awaited() -> None:
    llm, _ = client([HELLO_STREAM])
    seen: list[StreamEvent] = []

    async def listen(event: StreamEvent) -> None:
        await asyncio.sleep(0)
        seen.append(event)

    assert asyncio.run(llm.aask("Hi", on_event=listen)) == Success("Hello")
    assert seen == [STARTED, TextDelta("Hel"), TextDelta("lo"), Finished("stop")]


@every_kind
def test_a_picture_that_is_none_is_an_error_and_nothing_is_sent(kind: str) -> None:
    llm, transport = client([])
    got = called(kind, llm, "ask", "Hi", images=["no picture!"])
    assert isinstance(got.failure(), InvalidRequest)
    assert got.failure().param == "images/0"
    assert transport.requests == []


@every_kind
def test_headers_of_the_configuration_are_sent(kind: str) -> None:
    llm, transport = client([HELLO], config=config(headers=(("X-Team", "blue"),)))
    called(kind, llm, "completion", "Hi")
    assert get_header(transport.requests[0].headers, "x-team") == "blue"


@every_kind
def test_embeddings_and_counts_are_calls_like_others(kind: str) -> None:
    llm, transport = client(
        [
            ScriptedResponse(headers=JSON, chunks=(b"[[1.0],[2.0]]",)),
            ScriptedResponse(chunks=(b"7",)),
        ]
    )
    vectors = Embeddings(vectors=((1.0,), (2.0,)), provider="tiny")
    assert called(kind, llm, "embed", ["a", "b"]) == Success(vectors)
    assert called(kind, llm, "count_tokens", "Hi") == Success(
        TokenCount(input_tokens=7, provider="tiny")
    )
    assert [request.url.rsplit("/", 1)[1] for request in transport.requests] == ["embed", "count"]


@every_kind
@pytest.mark.parametrize("method", ["embed", "count_tokens"])
def test_what_a_provider_lacks_is_unsupported(method: str, kind: str) -> None:
    llm, transport = client([], config=config(api_type="mute"))
    got = called(kind, llm, method, "Hi")
    assert isinstance(got.failure(), UnsupportedFeature)
    assert transport.requests == []


# streams


@every_kind
def test_a_stream_yields_its_events_and_ends_in_the_completion(kind: str) -> None:
    llm, _ = client([HELLO_STREAM])
    events, result = streamed(kind, llm, "Hi")
    assert events == [STARTED, TextDelta("Hel"), TextDelta("lo"), Finished("stop")]
    assert result == Success(said("Hello"))


@every_kind
def test_texts_are_the_text_of_the_first_alternative_as_it_comes(kind: str) -> None:
    llm, _ = client([HELLO_STREAM])
    assert texts(kind, llm, "Hi") == (["Hel", "lo"], Success(said("Hello")))

    two = b"".join(
        b'data: {"choices": [{"index": %d, "delta": {"content": "%s"}}]}\n\n' % (index, text)
        for index, text in [(0, b"a"), (1, b"x"), (0, b"b"), (1, b"y")]
    )
    ends = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}, {"index": 1, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    provider = LLMConfig(api_type="openai", model="m", api_key="k")
    both, _ = scripted_llm(provider, [ScriptedResponse(headers=SSE, chunks=(two, ends))])
    pieces, result = texts(kind, both, "Hi")
    assert pieces == ["a", "b"]
    completion = result.unwrap()
    assert [completion.text, completion.alternatives[0].message.text] == ["ab", "xy"]


@every_kind
def test_texts_end_where_the_stream_breaks(kind: str) -> None:
    cut = ScriptedResponse(headers=SSE, chunks=frames("Hel", "lo", end=False), error=REFUSED)
    pieces, result = texts(kind, client([cut])[0], "Hi")
    assert pieces == ["Hel", "lo"]
    assert isinstance(result.failure(), StreamInterrupted)


@every_kind
def test_a_stream_that_breaks_gives_its_events_first_and_is_not_sent_again(kind: str) -> None:
    cut = ScriptedResponse(headers=SSE, chunks=frames("Hel", "lo", end=False), error=REFUSED)
    llm, transport = client([cut, HELLO_STREAM], retry=EAGER)
    events, result = streamed(kind, llm, "Hi")
    assert events == [STARTED, TextDelta("Hel"), TextDelta("lo")]
    error = result.failure()
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert error.partial.text == "Hello"
    assert "refused" in error.message
    assert len(transport.requests) == 1


@every_kind
def test_a_stream_whose_answer_was_whole_is_good_however_its_connection_ended(kind: str) -> None:
    llm, _ = client([ScriptedResponse(headers=SSE, chunks=frames("Hello"), error=REFUSED)])
    assert streamed(kind, llm, "Hi")[1] == Success(said("Hello"))


@every_kind
def test_a_stream_that_breaks_before_its_first_word_is_sent_again(kind: str) -> None:
    early = ScriptedResponse(headers=SSE, chunks=frames(end=False), error=REFUSED)
    llm, transport = client(
        [REFUSED, told(500), early, HELLO_STREAM], retry=RetryPolicy(initial_backoff_s=0)
    )
    events, _ = streamed(kind, llm, "Hi")
    assert events == [STARTED, TextDelta("Hel"), TextDelta("lo"), Finished("stop")]
    assert len(transport.requests) == 4


@every_kind
def test_ask_without_a_listener_asks_again_for_a_stream_that_broke(kind: str) -> None:
    cut = ScriptedResponse(headers=SSE, chunks=frames("Hel", end=False))
    llm, transport = client([cut, HELLO_STREAM], retry=EAGER)
    assert called(kind, llm, "ask", "Hi") == Success("Hello")
    assert len(transport.requests) == 2


@every_kind
def test_ask_with_a_listener_does_not(kind: str) -> None:
    cut = ScriptedResponse(headers=SSE, chunks=frames("Hel", end=False))
    llm, transport = client([cut, HELLO_STREAM], retry=EAGER)
    seen: list[StreamEvent] = []
    got = called(kind, llm, "ask", "Hi", on_event=seen.append)
    assert isinstance(got.failure(), StreamInterrupted)
    assert seen == [STARTED, TextDelta("Hel")]
    assert len(transport.requests) == 1


@every_kind
def test_a_stream_that_was_left_has_the_answer_so_far(kind: str) -> None:
    llm, _ = client([HELLO_STREAM])
    events, result = streamed(kind, llm, "Hi", most=2)
    assert events == [STARTED, TextDelta("Hel")]
    error = result.failure()
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None


@every_kind
def test_a_stream_that_is_interrupted_before_its_first_event_is_over(kind: str) -> None:
    """By Ctrl-C, or `asyncio.wait_for(anext(stream), 1)`; it is read on, as by a loop that sends keep-alives between."""

    def interrupt(request: HttpRequest) -> ScriptedResponse:
        raise Interrupt

    llm, transport = client(interrupt)
    message = "the stream was not read to its end"
    assert read_on(kind, llm) == Failure(StreamInterrupted(message=message, retryable=False))
    assert len(transport.requests) == 1


class Interrupt(BaseException):
    """What Ctrl-C and a cancellation have in common."""


def read_on(kind: str, llm: LLM) -> LLMResult[Completion]:
    """The result of a stream that is read on after an interrupt, which ends it."""
    if kind == "sync":
        stream = llm.stream("Hi")
        with pytest.raises(Interrupt):
            next(stream)
        assert list(stream) == []
        return stream.result()

    async def main() -> LLMResult[Completion]:
        stream = llm.astream("Hi")
        with pytest.raises(Interrupt):
            await anext(stream)
        assert [event async for event in stream] == []
        return stream.result()

    return run(kind, main)


@every_kind
def test_a_stream_that_is_refused_ends_in_the_providers_error(kind: str) -> None:
    llm, _ = client([told(401, "bad key")], retry=EAGER)
    events, result = streamed(kind, llm, "Hi")
    assert events == []
    assert isinstance(result.failure(), AuthenticationFailed)
    assert result.failure().message == "bad key"


@every_kind
def test_an_error_whose_body_broke_off_is_still_that_error(kind: str) -> None:
    broken = ScriptedResponse(status=429, headers=JSON, chunks=(b'{"err',), error=REFUSED)
    llm, _ = client([broken], retry=NO_RETRY)
    _, result = streamed(kind, llm, "Hi")
    assert isinstance(result.failure(), RateLimited)


# errors and further attempts


PASSING: dict[str, ScriptedResponse | LLMError] = {
    "a connection error": REFUSED,
    "a timeout": TimedOut(message="late", phase="read"),
    "408": told(408),
    "409": told(409),
    "429": told(429),
    "429 with a hint": told(429, "no", ("retry-after-ms", "1")),
    "500": told(500),
    "503": told(503),
    "529": told(529),
}


@every_kind
@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(name: str, kind: str) -> None:
    llm, transport = client([PASSING[name], HELLO], retry=EAGER)
    assert called(kind, llm, "completion", "Hi") == Success(said("Hello"))
    assert len(transport.requests) == 2


LASTING: dict[str, tuple[ScriptedResponse | LLMError, type[LLMError]]] = {
    "400": (told(400), InvalidRequest),
    "401": (told(401), AuthenticationFailed),
    "quota": (told(429, "You exceeded your current quota"), QuotaExceeded),
    "a hint beyond the bound": (told(429, "no", ("retry-after", "3600")), RateLimited),
    "a timeout of the whole": (TimedOut(message="late", phase="total"), TimedOut),
    "a closed transport": (ConnectionFailed(message="closed", retryable=False), ConnectionFailed),
}


@every_kind
@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_not(name: str, kind: str) -> None:
    answer, error = LASTING[name]
    llm, transport = client([answer, HELLO], retry=EAGER)
    got = called(kind, llm, "completion", "Hi")
    assert isinstance(got.failure(), error)
    assert got.failure().provider == "tiny"
    assert len(transport.requests) == 1


@every_kind
def test_attempts_have_an_end(kind: str) -> None:
    llm, transport = client(lambda request: told(500), retry=EAGER)
    assert isinstance(called(kind, llm, "completion", "Hi").failure(), ServerError)
    assert len(transport.requests) == 3


@every_kind
def test_the_timeout_bounds_all_attempts_and_waits_together(kind: str) -> None:
    llm, transport = client(lambda request: told(500), retry=RetryPolicy(initial_backoff_s=10))
    got = called(kind, llm, "completion", "Hi", timeout_s=0.05)
    assert isinstance(got.failure(), ServerError)
    assert len(transport.requests) == 1


@every_kind
def test_a_key_that_looks_like_none_is_concealed_where_a_service_quotes_it(kind: str) -> None:
    odd = "f00dfeedcafebabe00112233"
    made, _ = client([told(401, f"{odd} is wrong")], config=config(api_key=odd), retry=NO_RETRY)
    error = called(kind, made, "completion", "hi").failure()
    assert error.message == "*** is wrong"
    assert odd not in repr(error)


@every_kind
def test_a_fallback_answers_when_the_first_configuration_cannot(kind: str) -> None:
    def answer(request: HttpRequest) -> ScriptedResponse:
        return told(529) if b'"m1"' in request.body else HELLO

    llm, transport = client(answer, retry=EAGER, fallbacks=[config(model="m2")])
    assert called(kind, llm, "completion", "Hi") == Success(said("Hello"))
    models = [sent(transport, number)["model"] for number in range(4)]
    assert models == ["m1", "m1", "m1", "m2"]


@every_kind
def test_a_fallback_does_not_help_a_request_that_is_wrong(kind: str) -> None:
    llm, transport = client([told(400)], retry=EAGER, fallbacks=[config(model="m2")])
    assert isinstance(called(kind, llm, "completion", "Hi").failure(), InvalidRequest)
    assert len(transport.requests) == 1


@every_kind
def test_the_last_error_is_the_last_fallbacks(kind: str) -> None:
    llm, _ = client([told(401), told(529)], retry=NO_RETRY, fallbacks=[config(model="m2")])
    assert isinstance(called(kind, llm, "completion", "Hi").failure(), Overloaded)


WRONG: dict[str, tuple[LLMConfig, str, str]] = {
    "no key": (config(api_key=None), "api_key", "TINY_KEY"),
    "a placeholder for a key": (config(api_key="YOUR_API_KEY"), "api_key", "placeholder"),
    "no model": (config(model=""), "model", "model"),
    "an unknown provider": (config(api_type="tinny"), "api_type", "tiny"),
}


@every_kind
@pytest.mark.parametrize("name", WRONG)
def test_a_configuration_that_cannot_work_is_told_without_a_call(name: str, kind: str) -> None:
    wrong, field, word = WRONG[name]
    llm, transport = client([HELLO], config=wrong, retry=EAGER)
    error = called(kind, llm, "ask", "Hi").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field
    assert word in error.message
    assert streamed(kind, llm, "Hi") == ([], Failure(error))
    assert transport.requests == []


@every_kind
def test_a_transport_that_nobody_knows_is_told(kind: str) -> None:
    llm = LLM(config(), "htpx", registry=REGISTRY)
    error = called(kind, llm, "ask", "Hi").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.suggestions == ("httpx", "httpx2")


@every_kind
@pytest.mark.parametrize("library", [httpx.Client, httpx.AsyncClient, object])
def test_a_client_of_a_library_is_no_transport(kind: str, library: type[Any]) -> None:
    """httpx.Client has `send` and `stream` too, with other arguments."""
    llm = LLM(config(), library(), registry=REGISTRY)
    error = called(kind, llm, "ask", "Hi").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "transport"
    assert error.message.startswith(f"{library.__name__} is no ")
    assert "llm_pure.transports.callable_transport" in error.message


def test_a_transport_of_the_other_kind_is_told() -> None:
    with HttpxTransport() as transport:
        error = asyncio.run(LLM(config(), transport, registry=REGISTRY).aask("Hi")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert "HttpxTransport is no AsyncTransport" in error.message
