"""One call as a generator: its steps in order, and what its drivers do when a step raises."""

from collections.abc import Generator
from typing import Any

import pytest

from llm_pure import LLM, user
from llm_pure.client.call import Open, Send, Sleep, call_steps, chat_call, chat_request
from llm_pure.client.drivers import drive
from llm_pure.policy.retry import RetryPolicy
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, Success
from tests.support.tiny_provider import JSON, REGISTRY, SSE, config, frames, whole

HELLO = Success(HttpResponse(200, JSON, whole("Hello")))
OVERLOADED = Success(HttpResponse(503, JSON, b'{"error": "busy"}'))


def client(**options: Any) -> LLM:
    fallbacks = (config(model="second"),)
    return LLM(config(), ScriptedTransport([]), registry=REGISTRY, fallbacks=fallbacks, **options)


def test_a_call_yields_send_sleep_send_and_returns_the_result() -> None:
    steps = call_steps(chat_call(chat_request("Hi")), client()._context)
    first = next(steps)
    assert isinstance(first, Send)
    wait = steps.send(OVERLOADED)
    assert isinstance(wait, Sleep)
    assert 0 < wait.seconds <= 0.5
    assert isinstance(steps.send(None), Send)
    with pytest.raises(StopIteration) as done:
        steps.send(HELLO)
    assert done.value.value.unwrap().text == "Hello"


def test_a_call_goes_on_with_its_fallback_when_a_target_has_no_attempt_left() -> None:
    steps = call_steps(
        chat_call(chat_request("Hi")), client(retry=RetryPolicy(max_attempts=1))._context
    )
    first = next(steps)
    assert isinstance(first, Send)
    assert steps.send(OVERLOADED) == Sleep(0.0)
    second = steps.send(None)
    assert isinstance(second, Send)
    assert b'"second"' in second.request.body
    with pytest.raises(StopIteration) as done:
        steps.send(OVERLOADED)
    assert isinstance(done.value.value, Failure)


def test_a_stream_opens_and_is_not_retried_after_delivery() -> None:
    steps = call_steps(chat_call(chat_request("Hi", stream=True)), client()._context)
    step = next(steps)
    assert isinstance(step, Open)
    step.reader.outcome = Failure(StreamInterrupted(message="cut"))
    with pytest.raises(StopIteration) as done:
        steps.send(True)
    assert isinstance(done.value.value.failure(), StreamInterrupted)


def test_a_generator_is_closed_when_a_step_raises() -> None:
    closed = []

    def steps() -> Generator[int, None, int]:
        try:
            yield 1
        finally:
            closed.append(True)
        return 2

    def perform(step: int) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(steps(), perform)
    assert closed == [True]


def test_a_stream_reports_its_result_once_when_it_is_closed() -> None:
    script = [ScriptedResponse(headers=SSE, chunks=frames("Hel", "lo"))]
    llm = LLM(config(), ScriptedTransport(script), registry=REGISTRY)
    stream = llm.stream([user("Hi")])
    results: list[Any] = []
    stream.on_finish = results.append
    next(stream)
    stream.close()
    stream.close()
    assert len(results) == 1
    assert isinstance(results[0].failure(), StreamInterrupted)
    assert len(list(stream)) < 4
    assert len(results) == 1
