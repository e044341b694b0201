"""What a saved body is, by its form; and any bytes are translated or are an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Completion, Text, Usage, assistant
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.server.bodies import body_kind, dialect_name, translate_body
from llm_pure.types.errors import RateLimited
from llm_pure.types.result import Failure, Success
from tests.support.laws import examples
from tests.support.raw_clients import request, with_turns

ANSWER = Completion(
    id="id-1", model="m", message=assistant(Text("hi")), finish_reason="stop", usage=Usage(1, 2)
)


def stream_of(dialect: str, framing: str = "sse") -> bytes:
    received = ReceivedRequest(dialect=dialect, model="m", framing=framing)  # type: ignore[arg-type]
    encoder = server_dialects[dialect].open_encoder(received)
    events = completion_to_events(ANSWER)
    return encoder.encode(events) + encoder.close(Success(None))


@pytest.mark.parametrize("dialect", server_dialects)
def test_the_form_of_a_body_says_what_it_is(dialect: str) -> None:
    received = ReceivedRequest(dialect=dialect, model="m")
    server = server_dialects[dialect]
    answer = server.build_response(ANSWER, received).body
    sent = request(dialect, with_turns(dialect, [])).body
    assert body_kind(sent) == "request"
    assert body_kind(answer) == "answer"
    assert body_kind(server.build_error(RateLimited(message="x"), received).body) == "answer"
    assert body_kind(stream_of(dialect)) == "stream"
    assert body_kind(stream_of("gemini_content", "json_array")) == "stream"
    assert body_kind(sent + b"\n" + answer) == "log"
    assert body_kind(answer + b"\n" + answer + b"\n") == "log"
    for other in (b"", b"{}", b"[]", b"[1]", b"text", b"7"):
        assert body_kind(other) == ""


@pytest.mark.parametrize("first", server_dialects)
@pytest.mark.parametrize("second", server_dialects)
def test_every_kind_of_body_is_translated(first: str, second: str) -> None:
    bodies = (
        request(first, with_turns(first, [])).body,
        server_dialects[first].build_response(ANSWER, ReceivedRequest(dialect=first, model="m")).body,
        stream_of(first),
    )  # fmt: skip
    for body, kind in zip(bodies, ("request", "answer", "stream"), strict=True):
        translated = translate_body(body, first, second, model="m").unwrap()
        assert (translated.kind, translated.error) == (kind, None)
        assert body_kind(translated.body) == kind
        again = translate_body(translated.body, second, first, model="m").unwrap()
        assert body_kind(again.body) == kind
        assert (b"Ask." if kind == "request" else b"hi") in again.body


def test_names_of_dialects() -> None:
    names = ("anthropic", "openai-chat", "openai", "responses", "Gemini", "ollama_native", "groq")
    assert [dialect_name(name).unwrap() for name in names] == [
        "anthropic_messages",
        "openai_chat",
        "openai_chat",
        "openai_responses",
        "gemini_content",
        "ollama_native",
        "openai_chat",
    ]
    assert dialect_name("cohere").failure().kind == "unsupported"


pieces = st.sampled_from(
    [b"data: ", b"\n", b"\n\n", b"{", b"}", b'"messages":[]', b'"choices":[]', b'"done":true', b"[", b"]", b'{"error":1}', b'"custom_id":1,"body":{}', b"\xff", b'{"type":"message","content":[]}', b'{"candidates":3}', b",", b'{"model":"m","input":"x"}']
)  # fmt: skip
dialects = st.sampled_from(sorted(server_dialects))


@examples(150)
@given(st.lists(pieces, max_size=6).map(b"".join) | st.binary(max_size=20), dialects, dialects)
def test_any_bytes_are_translated_or_are_an_error(data: bytes, first: str, second: str) -> None:
    result = translate_body(data, first, second, model="m")
    if isinstance(result, Failure):
        assert result.failure().kind in ("invalid_request", "unsupported")
    elif result.unwrap().kind != "stream":
        assert isinstance(json.loads(result.unwrap().body), dict)


@pytest.mark.parametrize("created", [10**30, -(10**30), 2**63, 253_402_300_800])
@pytest.mark.parametrize("dialect", ["ollama_native", "openai_responses", "anthropic_messages"])
def test_a_time_that_no_calendar_has_is_the_nearest(created: int, dialect: str) -> None:
    answer = {"created": created, "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}  # fmt: skip
    translated = translate_body(json.dumps(answer).encode(), "openai_chat", dialect).unwrap()
    body = json.loads(translated.body)
    if dialect == "ollama_native":
        assert body["created_at"][:4] in ("1970", "9999")
