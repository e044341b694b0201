"""Every public method of the client returns its errors, whatever the types of its arguments."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from llm_pure import (
    LLM,
    Completion,
    LLMConfig,
    answering,
    assistant,
    completion_cost,
    failing,
    run_tools,
)
from llm_pure.core.server import ReceivedRequest
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.server import server_dialects
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import InvalidConfiguration, Overloaded, RateLimited
from llm_pure.types.operations import (
    EmbedRequest,
    ImageRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, Success

WRONG: tuple[Any, ...] = (
    None,
    5,
    -1,
    1.5,
    True,
    "x",
    b"x",
    object(),
    (),
    [5],
    {"a": 1},
    {1: 2},
    {1, 2},
    int,
    [None],
    "hgh",
    10**5000,  # Python does not print it
    float("nan"),
    "\ud800",
    Success("x"),  # of a method, without its value taken out
    Failure(Overloaded(message="busy")),
)
LIFETIME = {"warmup", "awarmup", "get_costs", "account", "from_config", "config"}
METHODS = sorted(
    name
    for name, member in inspect.getmembers(LLM, inspect.isfunction)
    if not name.startswith("_") and name not in LIFETIME
)
RIGHT: dict[str, Any] = {
    "message": "hi", "messages": ["hi"], "request": "hi", "kind": int, "format_msgs": (), "system_msgs": (), "images": (),
}  # fmt: skip
REQUESTS: dict[str, type[Any]] = {
    "embed": EmbedRequest,
    "gen_image": ImageRequest,
    "text_to_speech": SpeechRequest,
    "stream_speech": SpeechRequest,
    "speech_to_text": TranscriptionRequest,
    "moderation": ModerationRequest,
    "completion": ChatRequest,
    "stream": ChatRequest,
    "count_tokens": ChatRequest,
}
"""Method without the "a" of its twin -> the request that it takes."""


def client() -> LLM:
    config = LLMConfig(api_key="k" * 24, model="gpt-4o", base_url="https://e.test/v1", stream=False)
    refusal = ScriptedResponse(status=400, chunks=(b'{"error":{"message":"no"}}',))
    return LLM(config, ScriptedTransport(lambda request: refusal), retry=NO_RETRY)


def run(name: str, arguments: dict[str, Any]) -> Any:
    """The result of a method; of a stream, the result after its last event."""
    result = getattr(client(), name)(**arguments)
    if inspect.isawaitable(result):

        async def wait() -> Any:
            return await result

        return anyio.run(wait)
    if hasattr(result, "__anext__"):

        async def read() -> Any:
            async with result:
                async for _ in result:
                    pass
                return result.result()

        return anyio.run(read)
    if hasattr(result, "__next__"):
        with result:
            for _ in result:
                pass
            return result.result()
    return result


def calls(name: str) -> Iterator[dict[str, Any]]:
    """The method's arguments, with one of a wrong type each."""
    parameters = [
        each for each in inspect.signature(getattr(LLM, name)).parameters if each != "self"
    ]
    right = {
        each: RIGHT[each]
        for each in parameters
        if each in RIGHT and each in ("message", "messages", "request", "kind")
    }
    for parameter in parameters:
        for value in WRONG:
            if not (parameter.startswith("on_") and callable(value)):
                yield {**right, parameter: value}
    plain = name.removeprefix("a") if name.startswith("a") and name != "ask" else name
    struct = REQUESTS.get(plain.removeprefix("a"), REQUESTS.get(name))
    if struct is None:
        return
    required = {"texts": ("a",), "prompt": "a", "input": "a", "audio": b"a", "messages": "a"}
    for field in struct.__struct_fields__:
        others = {key: value for key, value in required.items() if key in struct.__struct_fields__}
        for value in WRONG:
            yield {"request": struct(**{**others, field: value})}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_returns_a_result_for_arguments_of_any_type(name: str) -> None:
    raised = set()
    for arguments in calls(name):
        try:
            result = run(name, arguments)
        except (TypeError, ValueError, AttributeError, LookupError, ExceptionGroup) as error:
            field = (
                list(arguments)[-1]
                if "request" not in arguments
                else repr(arguments["request"])[:60]
            )
            raised.add(
                f"{field}={list(arguments.values())[-1]!r:.40}: {type(error).__name__} {error!s:.60}"
            )
            continue
        results = result if isinstance(result, tuple) else (result,)
        assert all(isinstance(each, Success | Failure) for each in results), (arguments, result)
    assert raised == set()


@pytest.mark.parametrize("result", WRONG[-2:])
def test_a_result_in_place_of_its_value_is_an_error_that_says_so(result: Any) -> None:
    """A Success can be iterated as its value, and iterating a Failure raises."""
    hint = "pass its value, unwrap(result)"
    assert hint in client().ask(result).failure().message
    assert hint in client().completion(["hi", result]).failure().message
    assert hint in client().ask_batch_parallel(result)[0].failure().message
    assert hint in run_tools(client(), "hi", result).failure().message
    assert hint in completion_cost(result).failure().message
    assert client().embed(result).failure().kind == "invalid_request"
    assert client().moderation(result).failure().kind == "invalid_request"


def test_a_completion_in_place_of_its_message_is_an_error_that_says_so() -> None:
    completion: Any = Completion(message=assistant("hi"))
    message = client().completion(["hi", completion, "more"]).failure().message
    assert message.endswith("not Completion; its `message` is one")


def test_every_method_with_arguments_is_walked() -> None:
    assert {"ask", "ask_batch_parallel", "astream", "embed", "gen_image", "moderation"} <= set(
        METHODS
    )


def test_an_option_of_another_type_is_an_error_that_says_what_it_takes() -> None:
    name: Any = "openai:gpt-4o"
    error = LLM(name).ask("hi").failure()
    assert error.message == (
        "config must be an LLMConfig, not str; LLM.from_config takes a name, or PROVIDER:MODEL"
    )
    names: Any = ["gpt-4o"]
    error = LLM(LLMConfig(model="m"), fallbacks=names).ask("hi").failure()
    assert error.message == "fallbacks must be a sequence of LLMConfig, not list of str"
    retry: Any = 3
    error = LLM(LLMConfig(model="m"), retry=retry).ask("hi").failure()
    assert error.message == "retry must be a RetryPolicy of llm_pure.policy.retry, not int"


@pytest.mark.parametrize("field", ["model", "source"])
def test_a_client_of_files_that_cannot_be_named_is_an_error(field: str) -> None:
    for value in WRONG:
        if value is not None and not isinstance(value, str):
            failed = LLM.from_config(**{field: value}).failure()
            assert isinstance(failed, InvalidConfiguration)
            assert failed.field == field


def test_messages_of_an_iterator_are_sent_with_every_attempt() -> None:
    busy = ScriptedResponse(status=503, chunks=(b"busy",))
    config = LLMConfig(api_key="k" * 24, model="gpt-4o", base_url="https://e.test/v1", stream=False)
    retry = RetryPolicy(max_attempts=2, initial_backoff_s=0.001)
    iterators: list[Any] = [iter(["a", "b"]), (text for text in ["a", "b"])]
    for messages in (iterators[0], ChatRequest(messages=iterators[1])):
        LLM(config, transport := ScriptedTransport([busy, busy]), retry=retry).completion(messages)
        bodies = {request.body for request in transport.requests}
        assert (len(transport.requests), len(bodies)) == (2, 1)
        assert b'"content":"b"' in bodies.pop()


NO_TIMES = [-1, -1e308, float("nan"), float("-inf")]
NUMBERS = [
    (kind, name, field)
    for kind, name in (
        (RetryPolicy, "retry"),
        (TransportSettings, "settings"),
        (RateLimit, "limit"),
    )
    for field in kind.__struct_fields__
    if isinstance(getattr(kind(), field), int | float | None)
    and field not in ("proxy", "tls", "is_last_message")
]


@pytest.mark.parametrize("value", NO_TIMES)
@pytest.mark.parametrize(("kind", "name", "field"), NUMBERS, ids=lambda value: str(value)[:30])
def test_a_number_that_no_time_or_limit_can_be_fails_every_call(
    kind: Any, name: str, field: str, value: float
) -> None:
    options: Any = {name: kind(**{field: value})}
    error = (
        LLM(LLMConfig(api_key="k", model="m"), transport=answering("x"), **options)
        .completion("hi")
        .failure()
    )
    assert (error.kind, getattr(error, "field", "")) == ("configuration", name)
    assert field in error.message


@pytest.mark.parametrize("field", ["deadline_s", "max_backoff_s", "initial_backoff_s", "refused_deadline_s"])  # fmt: skip
@pytest.mark.parametrize("value", [0, 1e-320, 1e308, float("inf")])
def test_no_time_of_a_policy_raises(field: str, value: float) -> None:
    options: Any = {field: value, "max_attempts": 1}
    retry = RetryPolicy(**options)
    overloaded = Overloaded(message="busy", status=503, retryable=True)
    with LLM(LLMConfig(api_key="k", model="m"), transport=failing(overloaded), retry=retry) as llm:
        assert llm.completion("hi").failure().kind == "overloaded"
        assert asyncio.run(llm.acompletion("hi")).failure().kind == "overloaded"


@pytest.mark.parametrize("wait_s", [float("nan"), float("inf"), float("-inf"), -1.0, 1e308])
def test_a_wait_that_is_no_time_ends_in_a_result(wait_s: float) -> None:
    limited = RateLimited(message="slow", status=429, retryable=True, retry_after_s=wait_s)
    retry = RetryPolicy(max_attempts=2, initial_backoff_s=0.001)
    with LLM(LLMConfig(api_key="k", model="m"), transport=failing(limited), retry=retry) as llm:
        assert llm.completion("hi").failure().kind == "rate_limited"
    for dialect in server_dialects.values():
        received = ReceivedRequest(dialect=dialect.name, model="m")
        assert dialect.build_error(limited, received).status == 429
