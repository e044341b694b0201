"""What only the provider `xai` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, HttpResponse, ResponseHead, Usage
from tests.support.chat_requests import WEATHER
from tests.support.family import Service
from tests.support.openai_chat_bodies import chunk, stream

XAI = Service("xai", "grok-4.3")


@pytest.mark.parametrize(
    ("model", "asked", "sent", "told"),
    [
        ("grok-4.3", "none", {"reasoning_effort": "none"}, []),
        ("grok-4.3", "xhigh", {"reasoning_effort": "high"}, [("reasoning", "changed")]),
        ("grok-4.6", "xhigh", {"reasoning_effort": "high"}, [("reasoning", "changed")]),
        ("grok-4.7", "xhigh", {"reasoning_effort": "xhigh"}, []),
        ("grok-5", "xhigh", {"reasoning_effort": "xhigh"}, []),
        ("grok-5", "none", {"reasoning_effort": "low"}, [("reasoning", "changed")]),
        ("grok-4.20-0309-reasoning", "high", {}, [("reasoning", "dropped")]),
        ("grok-4.20-0309-non-reasoning", "none", {}, []),
        ("grok-4-fast-non-reasoning", "high", {}, [("reasoning", "dropped")]),
        ("grok-4-0709", "none", {}, [("reasoning", "dropped")]),
        ("grok-3-mini", "medium", {"reasoning_effort": "low"}, [("reasoning", "changed")]),
        ("grok-3", "none", {}, []),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object, told: object) -> None:
    request = ChatRequest(messages="hi", reasoning=asked)
    assert XAI.fields(request, model) == sent
    assert XAI.adaptations(request, model) == told


def test_parallel_calls_can_be_refused() -> None:
    request = ChatRequest(messages="hi", tools=(WEATHER,), parallel_tool_calls=False)
    assert XAI.fields(request) == {"parallel_tool_calls": False}


def test_stop_words_are_for_models_that_do_not_reason() -> None:
    request = ChatRequest(messages="hi", stop="END")
    assert XAI.adaptations(request) == [("stop", "dropped")]
    assert XAI.body(request, "grok-3")["stop"] == ["END"]


def test_reasoning_is_output_though_it_is_counted_apart() -> None:
    usage = {
        "prompt_tokens": 12,
        "completion_tokens": 2,
        "total_tokens": 354,
        "completion_tokens_details": {"reasoning_tokens": 340},
    }
    assert XAI.says({"content": "4"}, usage=usage).usage == Usage(
        12, 342, None, None, 340, raw=usage
    )
    got, error = XAI.streams(
        stream(chunk({"content": "4"}, "stop"), chunk(choices=[], usage=usage))
    )
    assert error is None
    assert got.usage.output_tokens == 342


@pytest.mark.parametrize("total", [354, 1378], ids=["without", "with"])
def test_cached_input_that_is_counted_apart_is_input(total: int) -> None:
    usage = {
        "prompt_tokens": 12,
        "completion_tokens": 2,
        "total_tokens": total,
        "prompt_tokens_details": {"cached_tokens": 1024},
        "completion_tokens_details": {"reasoning_tokens": 340},
    }
    got = XAI.says({"content": "4"}, usage=usage).usage
    assert got == Usage(1036, 342, 1024, None, 340, raw=usage)


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    [
        ({"code": "The service is currently unavailable", "error": "Try later"}, 200, "overloaded", "Try later"),
        ({"code": "Client specified an invalid argument", "error": "no"}, 400, "invalid_request", "no"),
        ({"error": "no"}, 200, "server_error", "no"),
        ({"error": {"message": "no"}}, 429, "rate_limited", "no"),
    ],
)  # fmt: skip
def test_its_errors_even_with_status_200(
    body: object, status: int, kind: str, message: str
) -> None:
    error = XAI.fails(body, status)
    assert (error.kind, error.message) == (kind, message)


def test_an_error_in_place_of_a_stream() -> None:
    head = ResponseHead(200, (("content-type", "application/json"),))
    body = b'{"code":"The service is currently unavailable","error":"Try later"}'
    decoder = XAI.provider.open_stream(head)
    assert decoder.feed(body).unwrap() == ()
    error = decoder.close().failure()
    assert error.kind == "overloaded"
    assert (
        XAI.provider.parse_chat(HttpResponse(200, head.headers, body)).failure().kind == error.kind
    )


def test_citations_of_the_last_chunk_are_kept() -> None:
    got, _ = XAI.streams(
        stream(chunk({"content": "4"}), chunk({}, "stop", citations=["https://example.org"]))
    )
    assert got.extra["citations"] == ["https://example.org"]
