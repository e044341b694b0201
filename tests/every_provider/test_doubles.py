"""Doubles stand for every provider: text, calls and errors, whole and streamed, through the client and without a key."""

from functools import partial
from typing import Any

import pytest

from llm_pure import (
    LLM,
    ChatRequest,
    Completion,
    LLMConfig,
    Tool,
    ToolCall,
    Usage,
    assistant,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.policy.retry import RetryPolicy
from llm_pure.replay.doubles import (
    Double,
    SentRequest,
    answering,
    calling,
    failing,
    in_turn,
)
from llm_pure.replay.doubles.answer_types import as_completion
from llm_pure.replay.doubles.answers import answer_request
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
)
from llm_pure.types.events import TextDelta
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Success
from tests.support.cassettes import chat_providers
from tests.support.rows import check_each

MODELS = {
    "bedrock_invoke": ("anthropic.claude-sonnet-4-5-v1:0", "amazon.nova-pro-v1:0", "openai.gpt-oss-120b-1:0", "cohere.command-r-v1:0", "meta.llama3-8b-instruct-v1:0"),
    "azure": ("gpt-5-mini",),
    "vertex": ("gemini-3-pro",),
    "gemini": ("gemini-3-pro",),
    "spark": ("4.0Ultra", "generalv3.5"),
    "qianfan": ("ernie-4.5-turbo-128k", "ERNIE-Bot-4"),
}  # fmt: skip
"""Provider -> its models with an API of their own each."""

DIALECTS = {
    "anthropic_messages", "bedrock_converse", "bedrock_invoke", "cohere_chat", "dashscope_generation", "gemini_content",
    "llama_native", "ollama_native", "openai_chat", "openai_responses", "qianfan_v1", "spark_frames",
}  # fmt: skip
"""Which doubles speak: all of this repository."""

PROVIDERS = [one for one in chat_providers() if registry.get(one).unwrap().dialect in DIALECTS]
OTHERS = [one for one in chat_providers() if one not in PROVIDERS]
CASES = [(name, model) for name in PROVIDERS for model in MODELS.get(name, ("m-1",))]
TOOL = Tool(
    name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}}
)
NO_RETRY = RetryPolicy(max_attempts=1)

WITHOUT_CALLS = {
    ("bedrock_invoke", "meta.llama3-8b-instruct-v1:0"),
    ("ollama.generate", "m-1"),
}
"""Whose API has no tool calls."""

ERRORS: list[LLMError] = [
    AuthenticationFailed(message="wrong key"),
    PermissionDenied(message="not for you"),
    NotFound(message="model m not found"),
    InvalidRequest(message="bad field"),
    RateLimited(message="slow down", retry_after_s=2),
    QuotaExceeded(message="no money left"),
    ContextLengthExceeded(message="context length exceeded"),
    ContentFiltered(message="not this"),
    Overloaded(message="server busy", retry_after_s=2),
    ServerError(message="broken"),
    TimedOut(message="too slow"),
]


def config(name: str, model: str) -> LLMConfig:
    places: dict[str, Any] = {"region_name": "us-east-1", "location": "us-central1"}
    if name == "spark" and model == "generalv3.5":
        places["domain"] = "generalv3.5"
    return LLMConfig(api_type=name, model=model, **places)


def client(name: str, model: str, double: Double) -> LLM:
    return LLM(config(name, model), transport=double, retry=NO_RETRY)


@pytest.mark.parametrize(("name", "model"), CASES)
@pytest.mark.parametrize("stream", [False, True])
def test_text(name: str, model: str, stream: bool) -> None:
    double = answering("It is 4 °C.\nAnd “dry”.", usage=Usage(12, 5))
    result = client(name, model, double).completion(
        ChatRequest(messages="How warm is it?", stream=stream)
    )
    answer = result.unwrap()
    assert answer.text == "It is 4 °C.\nAnd “dry”."
    assert answer.finish_reason in ("stop", "unknown")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (12, 5)
    (sent,) = double.requests
    assert isinstance(sent, SentRequest)
    assert sent.operation == "chat"
    assert sent.streamed is stream or sent.url.startswith("wss:")
    assert "How warm is it?" in sent.prompt


@pytest.mark.parametrize(("name", "model"), CASES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_call(name: str, model: str, stream: bool) -> None:
    request = ChatRequest(messages="How warm is it?", tools=[TOOL], stream=stream)
    result = client(name, model, calling("weather", {"city": "Tromsø"})).completion(request)
    if (name, model) in WITHOUT_CALLS:
        assert result.failure().kind == "unsupported"
        return
    answer = result.unwrap()
    (call,) = answer.tool_calls
    assert (call.name, call.arguments.replace(" ", "")) == ("weather", '{"city":"Tromsø"}')
    assert call.id
    assert answer.finish_reason == "tool_calls"
    assert answer.text == ""


@pytest.mark.parametrize(("name", "model"), CASES)
def test_the_prompt_after_a_call_is_its_result(name: str, model: str) -> None:
    if (name, model) in WITHOUT_CALLS:
        return
    double = answering("It is cold.")
    turns = [
        user("How warm is it?"),
        assistant(ToolCall("call_1", "weather", '{"city":"Oslo"}')),
        tool_result("call_1", "4 degrees", name="weather"),
    ]
    request = ChatRequest(messages=turns, tools=[TOOL])
    assert client(name, model, double).completion(request).unwrap().text == "It is cold."
    (sent,) = double.requests
    assert isinstance(sent, SentRequest)
    assert "4 degrees" in sent.prompt


@pytest.mark.parametrize(("name", "model"), CASES)
@pytest.mark.parametrize("stream", [False, True])
def test_an_error(name: str, model: str, stream: bool) -> None:
    check_each(partial(_comes_as_it_is, name, model, stream), ERRORS)


def _comes_as_it_is(name: str, model: str, stream: bool, error: LLMError) -> None:
    request = ChatRequest(messages="How warm is it?", stream=stream)
    failure = client(name, model, failing(error)).completion(request).failure()
    is_same = not (name == "ollama" and error.kind == "content_filtered")  # which it does not have
    assert failure.kind == (error.kind if is_same else "invalid_request")
    assert error.message in failure.message
    wait_s = getattr(error, "retry_after_s", None)
    if wait_s is not None:
        assert getattr(failure, "retry_after_s", None) == wait_s


@pytest.mark.parametrize("form", ["a_new_dialect", *OTHERS])
def test_a_dialect_that_no_double_speaks_is_an_error(form: str) -> None:
    sent = SentRequest(method="POST", url="http://test/new", operation="chat", form=form)
    for answer in (as_completion("x"), ServerError(message="broken")):
        with pytest.raises(Rejected, match=f"doubles do not speak {form}"):
            answer_request(sent, answer, None)


@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "cohere", "bedrock"])
def test_a_stream_comes_in_words(name: str) -> None:
    with client(name, "m-1", answering("one two three")).stream("count") as stream:
        texts = [event.text for event in stream if isinstance(event, TextDelta)]
    assert texts == ["one", " two", " three"]


OPERATIONS = [
    (name, field)
    for name in registry.names()
    for field in ("embed", "count_tokens", "images", "speech", "transcribe", "moderate", "models")
    if getattr(registry.get(name).unwrap(), field) is not None
]
OPERATION_MODELS = {
    ("bedrock_invoke", "embed"): "cohere.embed-v4:0",
    ("bedrock_invoke", "count_tokens"): "anthropic.claude-sonnet-4-5-v1:0",
    ("gemini", "images"): "gemini-3-pro-image",
    ("vertex", "images"): "gemini-3-pro-image",
    ("gemini", "embed"): "gemini-embedding-001",
    ("vertex", "embed"): "gemini-embedding-001",
    ("qianfan", "embed"): "embedding-v1",
}


@pytest.mark.parametrize(("name", "field"), OPERATIONS)
def test_every_other_operation(name: str, field: str) -> None:
    double = answering("words")
    llm = client(name, OPERATION_MODELS.get((name, field), "m-1"), double)
    match field:
        case "embed":
            vectors = llm.embed(["a"]).unwrap().vectors
            assert [len(vector) for vector in vectors] == [8]
        case "count_tokens":
            assert llm.count_tokens("How warm is it?").unwrap().input_tokens >= 1
        case "images":
            (image,) = llm.gen_image("a dot").unwrap().images
            assert (image.data or b"")[:4] == b"\x89PNG"
        case "speech":
            assert llm.text_to_speech("hello").unwrap().data[:4] == b"RIFF"
        case "transcribe":
            assert llm.speech_to_text(b"RIFF0000WAVE").unwrap().text == "words"
        case "moderate":
            assert not llm.moderation("hello").unwrap().flagged
        case _:
            assert [model.id for model in llm.list_models().unwrap().models] == ["double-model"]
    (sent,) = double.requests
    assert isinstance(sent, SentRequest)
    assert sent.operation in (field, "chat" if field == "images" else "")


def test_the_answers_come_in_turn_and_the_last_one_again() -> None:
    double = in_turn(calling("weather", {"city": "Oslo"}), answering("4 °C", "bye"))
    llm = client("openai", "m", double)
    first = llm.completion("How warm?").unwrap()
    assert first.tool_calls[0].name == "weather"
    assert [llm.ask("go on").unwrap() for _ in range(3)] == ["4 °C", "bye", "bye"]
    assert [request.prompt for request in double.requests if isinstance(request, SentRequest)] == [
        "How warm?", "go on", "go on", "go on",
    ]  # fmt: skip


def test_a_failure_first_is_retried() -> None:
    double = in_turn(failing(RateLimited(message="slow down", retry_after_s=0)), answering("ok"))
    llm = LLM(config("anthropic", "m"), transport=double)
    assert llm.ask("hi") == Success("ok")
    assert len(double.requests) == 2


def test_a_function_makes_the_answer() -> None:
    double = answering(lambda request: f"{request.model}: {request.prompt.upper()}")
    assert client("gemini", "gemini-x", double).ask("hello").unwrap() == "gemini-x: HELLO"


def test_several_calls_and_text_before_them() -> None:
    double = calling("weather", {"city": "Oslo"}, ("clock", None), text="Let me look.")
    for name in (
        "openai",
        "openai_responses",
        "anthropic",
        "gemini",
        "ollama",
        "cohere",
        "bedrock",
    ):
        for stream in (False, True):
            request = ChatRequest(messages="x", tools=[TOOL], stream=stream)
            answer = client(name, "m", double).completion(request).unwrap()
            assert answer.text == "Let me look."
            assert [(call.id, call.name) for call in answer.tool_calls] == [
                ("call_1", "weather"),
                ("call_2", "clock"),
            ]


def test_a_completion_is_answered_as_it_is() -> None:
    before = client("openai", "m", answering("x")).completion("hi").unwrap()
    answer = Completion(message=before.message, finish_reason="length", usage=Usage(3, 4))
    after = client("anthropic", "m", answering(answer)).completion("hi").unwrap()
    assert (after.text, after.finish_reason) == ("x", "length")
    assert (after.usage.input_tokens, after.usage.output_tokens) == (3, 4)


def test_errors_of_the_connection_are_those_of_the_transport() -> None:
    for error in (ConnectionFailed(message="refused"), StreamInterrupted(message="cut")):
        assert client("openai", "m", failing(error)).ask("x").failure().kind == error.kind


def test_what_is_no_answer_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="not int"):
        answering(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="at least one answer"):
        answering()
    with pytest.raises(ValueError, match="rate_limited"):
        failing("no_such_kind")


async def _async_answers(stream: bool) -> str:
    llm = client("anthropic", "m", answering("hi"))
    result = await llm.acompletion(ChatRequest(messages="x", stream=stream))
    return result.unwrap().text


@pytest.mark.parametrize("stream", [False, True])
def test_async(stream: bool) -> None:
    import asyncio

    assert asyncio.run(_async_answers(stream)) == "hi"
