"""What only the provider `llama_api` does: two APIs under one name."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, Completion, HttpResponse, LLMConfig, LLMError, ResponseHead
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import Finished, StreamEvent, TextDelta
from tests.support.pieces import one_byte_at_a_time, pieces

PROVIDER = registry.get("llama_api").unwrap()
NOW = datetime(2026, 11, 20, tzinfo=UTC)
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))

NATIVE = (
    b'data: {"id":"l-1","event":{"event_type":"progress","delta":{"type":"text","text":"hi"}}}\n\n'
    b'data: {"event":{"event_type":"complete","stop_reason":"stop","delta":{"type":"text","text":""}}}\n\n'
)
COMPATIBLE = (
    b'data: {"id":"c-1","model":"m","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    b'data: {"id":"c-1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
STREAMS = {"native": NATIVE, "compatible": COMPATIBLE}


def read(
    *data: bytes, head: ResponseHead = HEAD
) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(PROVIDER.open_stream(head), data)


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect) == ("llama_api", "llama_native")
    assert PROVIDER.base_url == "https://api.llama.com/v1"
    assert PROVIDER.api_key_env == ("LLAMA_API_KEY",)
    assert PROVIDER.base_url_env == ("LLAMA_API_CLIENT_BASE_URL",)


@pytest.mark.parametrize(
    ("base_url", "url", "native"),
    [
        (None, "https://api.llama.com/v1/chat/completions", True),
        ("https://gate.test/llama", "https://gate.test/llama/chat/completions", True),
        (
            "https://api.llama.com/compat/v1/",
            "https://api.llama.com/compat/v1/chat/completions",
            False,
        ),
    ],
)
def test_the_base_url_says_which_api_is_asked(base_url: str | None, url: str, native: bool) -> None:
    config = LLMConfig(api_type="llama_api", model="m", base_url=base_url, api_key="k-123")
    request = ChatRequest(messages=["a", {"role": "assistant", "content": "b"}, "c"], seed=7)
    built = PROVIDER.build_chat(config, request).unwrap().request
    body = json.loads(built.body)
    assert built.url == url
    assert ("stop_reason" in body["messages"][1]) == native
    assert ("seed" in body) != native
    signed = PROVIDER.authorize(config, built, NOW).unwrap()
    assert signed.headers[-1] == ("authorization", "Bearer k-123")


@pytest.mark.parametrize("api", STREAMS)
def test_the_first_frame_says_which_api_answers(api: str) -> None:
    events, error = read(STREAMS[api])
    assert error is None
    assert TextDelta("hi", 0 if api == "native" else 1) in events
    assert Finished("stop", "stop") in events


@pytest.mark.parametrize("api", STREAMS)
def test_words_that_have_come_are_given_at_once(api: str) -> None:
    decoder = PROVIDER.open_stream(HEAD)
    assert decoder.partial() == Completion(provider="llama_api")
    assert decoder.feed(b": keep-alive\n\ndata:\n\n").unwrap() == ()
    first = STREAMS[api].partition(b"\n\n")[0] + b"\n\n"
    assert any(isinstance(one, TextDelta) for one in decoder.feed(first).unwrap())
    assert decoder.partial().text == "hi"


@given(st.data())
def test_any_split_gives_the_same_events(data: st.DataObject) -> None:
    body = b": hello\n\n" + STREAMS[data.draw(st.sampled_from(sorted(STREAMS)))]
    assert read(*data.draw(pieces(body))) == read(body)


@pytest.mark.parametrize("api", STREAMS)
def test_every_cut_before_the_end_is_a_failure(api: str) -> None:
    body = STREAMS[api]
    for cut in range(body.rindex(b"stop")):
        _, error = read(body[:cut])
        assert isinstance(error, StreamInterrupted), cut


def whole(api: str) -> dict[str, Any]:
    if api == "native":
        said = {"role": "assistant", "content": "hi", "stop_reason": "stop"}
        return {"id": "l-1", "completion_message": said}
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
    return {"id": "c-1", "model": "m", "choices": [choice]}


@pytest.mark.parametrize("api", STREAMS)
def test_a_whole_answer_of_either_api_is_read(api: str) -> None:
    body = json.dumps(whole(api)).encode()
    got = PROVIDER.parse_chat(HttpResponse(200, (), body)).unwrap()
    assert (got.text, got.finish_reason, got.id) == ("hi", "stop", whole(api)["id"])
    head = ResponseHead(200, (("content-type", "application/json"),))
    events, error = read(*one_byte_at_a_time(body), head=head)
    assert error is None
    assert TextDelta("hi", 0) in events


def test_an_error_is_read_in_either_case() -> None:
    body = b'{"error":{"message":"no such key"}}'
    assert PROVIDER.parse_chat(HttpResponse(401, (), body)).failure().kind == "authentication"
    _, error = read(body, head=ResponseHead(401))
    assert error is not None
    assert error.kind == "authentication"


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"data: {", b"<html>", b"data: [1]\n\n", b'{"error":"x"}']
)
def test_a_body_without_a_frame_is_a_failure(body: bytes) -> None:
    decoder = PROVIDER.open_stream(HEAD)
    _, error = read_pieces(decoder, [body])
    assert error is not None
    assert decoder.feed(b"more").failure() == decoder.close().failure() == error
