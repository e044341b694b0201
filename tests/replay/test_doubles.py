"""Doubles in a user's tests: every method of the client, and what was sent."""

import asyncio
from typing import Literal

import msgspec
import pytest

from llm_pure import (
    LLM,
    ChatRequest,
    HttpRequest,
    LLMConfig,
    Tool,
    ToolCall,
    Usage,
    answering,
    calling,
    failing,
    in_turn,
    unwrap,
)
from llm_pure.policy.retry import RetryPolicy
from llm_pure.replay.doubles import Double, SentRequest
from llm_pure.transports.base import Timeouts
from llm_pure.types.errors import NotFound, RateLimited
from llm_pure.types.operations import SpeechRequest, TranscriptionRequest

NO_RETRY = RetryPolicy(max_attempts=1)


def llm_for(double: Double, name: str = "openai") -> LLM:
    return LLM(LLMConfig(api_type=name, model="m"), transport=double, retry=NO_RETRY)


def sent_by(double: Double) -> SentRequest:
    (sent,) = double.requests
    assert isinstance(sent, SentRequest)
    return sent


class City(msgspec.Struct):
    name: str
    celsius: int


@pytest.mark.parametrize("name", ["openai", "openai_responses", "anthropic", "gemini", "ollama", "cohere", "bedrock", "mistral"])  # fmt: skip
def test_ask_typed(name: str) -> None:
    double = answering('{"name": "Oslo", "celsius": 4}')
    assert llm_for(double, name).ask_typed(City, "How warm is it?").unwrap() == City("Oslo", 4)
    assert "celsius" in sent_by(double).body.decode()


def test_ask_code() -> None:
    double = answering("Here:\n```python\nprint(1)\n```")
    assert llm_for(double).ask_code("a program").unwrap().code == "print(1)"


def test_a_batch_and_a_conversation() -> None:
    llm = llm_for(answering(lambda request: request.prompt[::-1]))
    assert [unwrap(one) for one in llm.ask_batch_parallel(["ab", "cd"])] == ["ba", "dc"]
    conversation = llm.ask_batch(["ab", "cd"]).unwrap()
    assert [message.text for message in conversation.messages] == ["ab", "ba", "cd", "dc"]


def test_embeddings_are_the_same_for_the_same_text() -> None:
    llm = llm_for(answering("x"))
    first, second, third = llm.embed(["a", "b", "a"]).unwrap().vectors
    assert first == third != second
    assert sum(number * number for number in first) == pytest.approx(1.0)


def test_streamed_speech() -> None:
    llm = llm_for(answering("x"))
    kinds: tuple[Literal["audio", "sse"], ...] = ("audio", "sse")
    for kind in kinds:
        with llm.stream_speech(SpeechRequest(input="hi", stream_format=kind)) as stream:
            assert b"".join(stream)[:4] == b"RIFF"
            assert stream.result().unwrap().data[:4] == b"RIFF"


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_the_text_is_the_transcript(
    form: Literal["json", "text", "srt", "vtt", "verbose_json"],
) -> None:
    request = TranscriptionRequest(audio=b"RIFF0000WAVE", response_format=form)
    assert (
        "spoken words" in llm_for(answering("spoken words")).speech_to_text(request).unwrap().text
    )


def test_an_error_of_any_method() -> None:
    llm = llm_for(failing(NotFound(message="no such model")))
    results = (
        llm.ask("x"),
        llm.embed("x"),
        llm.gen_image("x"),
        llm.text_to_speech("x"),
        llm.speech_to_text(b"RIFF0000WAVE"),
        llm.moderation("x"),
        llm.list_models(),
    )
    assert [result.failure().kind for result in results] == ["not_found"] * 7


def test_what_was_sent_can_be_asserted_on() -> None:
    double = answering("hi")
    tool = Tool(name="clock")
    llm_for(double).completion(ChatRequest(messages="What time?", tools=[tool], temperature=0.5))
    sent = sent_by(double)
    assert (sent.operation, sent.model, sent.prompt, sent.streamed) == (
        "chat",
        "m",
        "What time?",
        False,
    )
    assert sent.json["temperature"] == 0.5
    assert sent.json["tools"][0]["function"]["name"] == "clock"
    assert sent.method == "POST"


def test_usage_is_estimated_or_the_given_one() -> None:
    estimated = llm_for(answering("eight characters")).completion("x").unwrap().usage
    assert estimated.input_tokens is not None
    assert estimated.input_tokens > 1
    assert estimated.output_tokens == 4
    exact = llm_for(answering("x", usage=Usage(7, 8))).completion("x").unwrap().usage
    assert (exact.input_tokens, exact.output_tokens) == (7, 8)


def test_usage_of_doubles_in_turn_stays_their_own() -> None:
    double = in_turn(
        answering("a", usage=Usage(1, 2)), calling("f", usage=Usage(3, 4)), answering("b")
    )
    llm = llm_for(double)
    usages = [llm.completion("x").unwrap().usage for _ in range(3)]
    assert [(u.input_tokens, u.output_tokens) for u in usages[:2]] == [(1, 2), (3, 4)]
    assert usages[2].output_tokens == 1


def test_calls_as_an_answer() -> None:
    double = answering([ToolCall("a", "f"), ToolCall("b", "g", '{"x":1}')], "done")
    calls = llm_for(double).completion("x").unwrap().tool_calls
    assert [(call.id, call.name, call.arguments) for call in calls] == [
        ("a", "f", "{}"),
        ("b", "g", '{"x":1}'),
    ]


def test_retries_of_the_client_are_what_they_are_with_a_service() -> None:
    double = in_turn(failing(RateLimited(message="slow", retry_after_s=0)), answering("ok"))
    llm = LLM(LLMConfig(api_type="openai", model="m"), transport=double)
    assert llm.ask("x").unwrap() == "ok"
    assert len(double.requests) == 2


def test_one_double_for_many_tasks() -> None:
    double = answering(lambda request: request.prompt)
    llm = llm_for(double)

    async def ask_all() -> list[str]:
        return [unwrap(one) for one in await asyncio.gather(*[llm.aask(str(n)) for n in range(20)])]

    assert asyncio.run(ask_all()) == [str(number) for number in range(20)]
    assert len(double.requests) == 20


def test_an_exception_of_the_function_reaches_the_test() -> None:
    def broken(request: SentRequest) -> str:
        raise LookupError(request.prompt)

    with pytest.raises(LookupError, match="hello"):
        llm_for(answering(broken)).ask("hello")


def test_doubles_need_no_key_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    llm = LLM(LLMConfig(api_type="openai", model="m"), transport=answering("hi"))
    assert llm.ask("hello").unwrap() == "hi"


def test_a_request_to_no_known_operation_is_an_error() -> None:
    double = answering("x")
    request = HttpRequest("POST", "http://test/v1/nothing?key=sk-secret-0123456789", (), b"{}")
    error = double.send(request, Timeouts()).failure()
    assert error.kind == "unsupported"
    assert "/v1/nothing" in error.message
    assert "sk-secret" not in error.message
