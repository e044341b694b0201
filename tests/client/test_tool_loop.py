"""`run_tools` and `arun_tools`: the conversation, its limits, hooks and errors; each test sync, on asyncio and on trio."""

import contextvars
import logging
import os
import signal
import threading
import time
from decimal import Decimal
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import msgspec
import pydantic
import pytest

from llm_pure import (
    LLM,
    ChatRequest,
    Completion,
    LLMConfig,
    LLMResult,
    Message,
    NamedToolChoice,
    StreamEvent,
    Tool,
    ToolCall,
    ToolRun,
    ToolStep,
    Usage,
    arun_tools,
    assistant,
    run_tools,
    tool_result,
    user,
)
from llm_pure.output.tool_steps import ParsedCall
from llm_pure.output.tools import bind_tool
from llm_pure.transports.scripted import ScriptedResponse
from llm_pure.types.errors import (
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    IncompleteAnswer,
    InvalidRequest,
    RateLimited,
    StreamInterrupted,
    UnknownPrice,
    redact_error,
)
from llm_pure.types.events import TextDelta
from llm_pure.types.messages import ToolResultContent
from llm_pure.types.request import AllowedTools
from tests.support.agents import KEY, SSE, calls, looped, says, scripted, sent, streamed
from tests.support.twins import every_kind


def weather(city: str) -> str:
    """The weather now."""
    return f"21 C in {city}"


def fahrenheit(celsius: float) -> float:
    """Convert degrees."""
    return celsius * 9 / 5 + 32


async def slow_weather(city: str) -> str:
    """The weather now."""
    await anyio.lowlevel.checkpoint()
    return f"21 C in {city}"


def results(run: ToolRun) -> list[tuple[str, bool, tuple[ToolResultContent, ...]]]:
    """(id, is_error, content) of every result, in order."""
    return [
        (result.tool_call_id, result.is_error, result.content)
        for step in run.steps
        for result in step.results
    ]


def texts(run: ToolRun) -> list[str]:
    """The text of every result."""
    return ["".join([part.text for part in content]) for _, _, content in results(run)]  # type: ignore[union-attr]


@every_kind
def test_the_model_calls_tools_until_it_has_answered(kind: str) -> None:
    llm, transport = scripted(
        calls(("a", "weather", {"city": "Oslo"}), ("b", "weather", {"city": "Bergen"})),
        calls(("c", "fahrenheit", {"celsius": 21})),
        says("70 F"),
    )
    steps: list[ToolStep] = []
    run = looped(kind, llm, "How warm?", [weather, fahrenheit], on_step=steps.append).unwrap()
    assert run.text == "70 F"
    assert run.messages == (
        user("How warm?"),
        run.steps[0].completion.message,
        tool_result("a", "21 C in Oslo", name="weather"),
        tool_result("b", "21 C in Bergen", name="weather"),
        run.steps[1].completion.message,
        tool_result("c", "69.8", name="fahrenheit"),
        assistant("70 F"),
    )
    assert tuple(steps) == run.steps
    assert run.completion == run.steps[2].completion
    assert run.usage == Usage(input_tokens=300, output_tokens=30)
    assert run.cost_usd == 3 * (run.steps[0].cost_usd or 0) == llm.get_costs().totals.cost_usd
    assert run.cost_usd is not None
    assert run.cost_usd > 0
    assert [turn["role"] for turn in sent(transport)["messages"]] == [
        "user", "assistant", "tool", "tool", "assistant", "tool",
    ]  # fmt: skip


@every_kind
def test_the_conversation_goes_on_with_the_next_question(kind: str) -> None:
    llm, transport = scripted(
        calls(("a", "weather", {"city": "Oslo"})), says("21 C"), says("Warmer.")
    )
    run = looped(kind, llm, "Oslo?", [weather]).unwrap()
    again = looped(kind, llm, [*run.messages, "And Bergen?"], [weather]).unwrap()
    assert again.messages == (*run.messages, user("And Bergen?"), assistant("Warmer."))
    assert len(again.steps) == 1
    assert len(sent(transport)["messages"]) == 5


@every_kind
def test_without_tools_it_is_one_completion(kind: str) -> None:
    llm, _ = scripted(says("Hi"))
    assert looped(kind, llm, "Hi").unwrap().messages == (user("Hi"), assistant("Hi"))


@every_kind
def test_the_tools_and_settings_of_the_request_are_used(kind: str) -> None:
    llm, transport = scripted(calls(("a", "weather", {"city": "Oslo"})), says("21 C"))
    request = ChatRequest(messages="Oslo?", tools=[weather], max_tokens=50)
    run = looped(kind, llm, request, [fahrenheit]).unwrap()
    assert texts(run) == ["21 C in Oslo"]
    for index in (0, 1):
        body = sent(transport, index)
        names = [tool["function"]["name"] for tool in body["tools"]]
        assert (names, body["max_completion_tokens"]) == (["weather", "fahrenheit"], 50)


class Place(pydantic.BaseModel):
    city: str
    at: tuple[float, float] = (0, 0)


@every_kind
def test_arguments_are_values_of_the_annotated_types(kind: str) -> None:
    values: list[Any] = []

    def visit(place: Annotated[Place, "Where to."], days: int = 2) -> Place:
        """Visit a place."""
        values.append((place, days))
        return place

    llm, transport = scripted(calls(("a", "visit", {"place": {"city": "Oslo"}})), says("Nice."))
    run = looped(kind, llm, "Go.", [visit]).unwrap()
    assert values == [(Place(city="Oslo"), 2)]
    assert texts(run) == ['{"city":"Oslo","at":[0.0,0.0]}']
    place = sent(transport)["tools"][0]["function"]["parameters"]["properties"]["place"]
    assert (place["description"], place["properties"]["city"]["type"]) == ("Where to.", "string")


# Errors for the model


def fails(key: str) -> str:
    raise ValueError(f"{KEY} is wrong for {key}")


@every_kind
def test_what_cannot_be_run_is_a_result_for_the_model_and_the_rest_runs(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    raised: list[tuple[str, BaseException]] = []
    llm, _ = scripted(
        calls(
            ("a", "fails", {"key": "x"}),
            ("b", "weather", '{"city": '),
            ("c", "Weather", {}),
            ("d", "weather", {"city": "Oslo"}),
            ("e", "weather", {"city": 1}),
        ),
        says("Done."),
    )
    with caplog.at_level(logging.WARNING, "llm_pure"):
        run = looped(
            kind, llm, "Go.", [weather, fails],
            on_error=lambda call, error: raised.append((call.id, error)),
        ).unwrap()  # fmt: skip
    assert [(call_id, is_error) for call_id, is_error, _ in results(run)] == [
        ("a", True), ("b", True), ("c", True), ("d", False), ("e", True),
    ]  # fmt: skip
    shown = texts(run)
    assert shown[0] == "ValueError: *** is wrong for x"
    assert '"required":["city"]' in shown[1]
    assert shown[2] == "there is no tool 'Weather'; the tools are: weather, fails"
    assert "(at weather/city)" in shown[4]
    assert [(call_id, type(error)) for call_id, error in raised] == [("a", ValueError)]
    assert [record.getMessage() for record in caplog.records] == [
        "the tool fails raised ValueError: *** is wrong for x"
    ]


@every_kind
def test_a_tool_that_returns_what_is_no_json_is_an_error_result(kind: str) -> None:
    def broken() -> Any:
        return object()

    llm, _ = scripted(calls(("a", "broken", {})), says("Done."))
    run = looped(kind, llm, "Go.", [broken]).unwrap()
    assert texts(run)[0].startswith("TypeError: the tool returned object")


@every_kind
def test_a_tool_may_be_another_run(kind: str) -> None:
    inner, _ = scripted(calls(("x", "weather", {"city": "Oslo"})), says("It is warm."))
    lost, _ = scripted(ConnectionFailed(message="reset", retryable=False))

    def research(question: str) -> LLMResult[ToolRun]:
        """Research a question."""
        return run_tools(inner, question, [weather])

    def lost_research(question: str) -> LLMResult[ToolRun]:
        """Research a question."""
        return run_tools(lost, question)

    llm, _ = scripted(
        calls(("a", "research", {"question": "?"}), ("b", "lost_research", {"question": "?"})),
        says("Warm."),
    )
    run = looped(kind, llm, "Go.", [research, lost_research]).unwrap()
    assert [is_error for _, is_error, _ in results(run)] == [False, True]
    assert texts(run)[0] == "It is warm."
    assert "openai: connection: reset" in texts(run)[1]


# Side by side


@every_kind
def test_calls_of_one_turn_run_side_by_side_and_results_keep_their_order(kind: str) -> None:
    both = threading.Barrier(2, timeout=5)

    def meet(name: str) -> str:
        both.wait()
        time.sleep(0.02 if name == "first" else 0)
        return name

    llm, _ = scripted(
        calls(("a", "meet", {"name": "first"}), ("b", "meet", {"name": "second"})), says("Met.")
    )
    assert texts(looped(kind, llm, "Go.", [meet]).unwrap()) == ["first", "second"]


@every_kind
def test_max_concurrency_bounds_the_calls_under_way(kind: str) -> None:
    running: list[int] = [0]
    counts: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            running[0] += 1
            counts.append(running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1
        return number

    llm, _ = scripted(calls(*[(f"c{i}", "work", {"number": i}) for i in range(6)]), says("Done."))
    run = looped(kind, llm, "Go.", [work], max_concurrency=2).unwrap()
    assert texts(run) == ["0", "1", "2", "3", "4", "5"]
    assert max(counts) == 2


def test_one_at_a_time_runs_in_the_callers_thread() -> None:
    threads: list[threading.Thread] = []

    def where(number: int) -> None:
        threads.append(threading.current_thread())

    llm, _ = scripted(
        calls(("a", "where", {"number": 1}), ("b", "where", {"number": 2})), says(".")
    )
    looped("sync", llm, "Go.", [where], max_concurrency=1).unwrap()
    assert threads == [threading.current_thread()] * 2


USER = contextvars.ContextVar("USER", default="nobody")


@every_kind
def test_tools_see_the_context_variables_of_the_caller(kind: str) -> None:
    def who() -> str:
        return USER.get()

    llm, _ = scripted(calls(("a", "who", {}), ("b", "who", {})), says("Done."))
    token = USER.set("Ada")
    try:
        assert texts(looped(kind, llm, "Who?", [who]).unwrap()) == ["Ada", "Ada"]
    finally:
        USER.reset(token)


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_async_tools_run_in_the_event_loop_and_sync_ones_in_threads(kind: str) -> None:
    threads: dict[str, bool] = {}

    async def here(name: str) -> str:
        await anyio.lowlevel.checkpoint()
        threads["here"] = threading.current_thread() is threading.main_thread()
        return name

    def there(name: str) -> str:
        threads["there"] = threading.current_thread() is threading.main_thread()
        return name

    class Asks:
        async def __call__(self, name: str) -> str:
            return name

    async def late(name: str) -> str:
        return name

    def returns_coroutine(name: str) -> Any:
        return late(name)

    llm, _ = scripted(
        calls(*[(name, name, {"name": name}) for name in ("here", "there", "Asks", "returns_coroutine")]),
        says("Done."),
    )  # fmt: skip
    run = looped(kind, llm, "Go.", [here, there, Asks(), returns_coroutine]).unwrap()
    assert texts(run) == ["here", "there", "Asks", "returns_coroutine"]
    assert threads == {"here": True, "there": False}


def test_an_async_tool_is_refused_by_run_tools_before_anything_is_sent() -> None:
    llm, transport = scripted(says("Hi"))
    error = looped("sync", llm, "Hi", [weather, slow_weather]).failure()
    assert error == InvalidRequest(
        message="slow_weather is an async function: use arun_tools", param="tools/1"
    )
    assert transport.requests == []


# Limits


@every_kind
def test_after_max_steps_the_error_has_the_conversation_and_a_new_run_goes_on(kind: str) -> None:
    number = [0]

    def count() -> int:
        number[0] += 1
        return number[0]

    llm, transport = scripted(
        calls(("a", "count", {})), calls(("b", "count", {})), says("Two.")
    )  # fmt: skip
    error = looped(kind, llm, "Count.", [count], max_steps=2).failure()
    assert isinstance(error, IncompleteAnswer)
    assert error.message == "the model calls count in the last of max_steps=2 responses"
    assert error.finish_reason == "tool_calls"
    assert error.run is not None
    assert error.partial == error.run.completion
    assert [message.role for message in error.run.messages] == [
        "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert number == [1]
    run = looped(kind, llm, error.run.messages, [count]).unwrap()
    assert (run.text, number) == ("Two.", [2])
    assert run.messages == (
        *error.run.messages, tool_result("b", "2", name="count"), assistant("Two."),
    )  # fmt: skip
    assert len(transport.requests) == 3


@every_kind
def test_a_paused_turn_is_sent_again_and_counts_as_a_step(kind: str) -> None:
    def answer(stop_reason: str) -> ScriptedResponse:
        content = [{"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}]
        body = {
            "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "id": "m",
            "content": content if stop_reason == "pause_turn" else [{"type": "text", "text": "Hi"}],
            "stop_reason": stop_reason, "usage": {"input_tokens": 1, "output_tokens": 1},
        }  # fmt: skip
        return ScriptedResponse(
            headers=(("content-type", "application/json"),), chunks=(msgspec.json.encode(body),)
        )

    fields = {"api_type": "anthropic", "model": "claude-sonnet-4-5"}
    llm, transport = scripted(answer("pause_turn"), answer("end_turn"), **fields)
    run = looped(kind, llm, "Hi").unwrap()
    assert (run.text, len(run.steps)) == ("Hi", 2)
    assert sent(transport)["messages"][1]["content"][0]["id"] == "s1"
    llm, _ = scripted(answer("pause_turn"), **fields)
    error = looped(kind, llm, "Hi", max_steps=1).failure()
    assert isinstance(error, IncompleteAnswer)
    assert (error.finish_reason, error.message) == (
        "pause",
        "the provider paused the answer in the last of max_steps=1 responses",
    )


@every_kind
def test_max_usd_ends_the_run_before_the_next_call(kind: str) -> None:
    llm, transport = scripted(calls(("a", "weather", {"city": "Oslo"})), says("21 C"))
    error = looped(kind, llm, "Oslo?", [weather], max_usd="0.00001").failure()
    assert isinstance(error, BudgetExceeded)
    assert error.run is not None
    assert error.run.cost_usd is not None
    assert error.run.cost_usd >= Decimal("0.00001")
    assert len(transport.requests) == 1
    assert looped(kind, llm, error.run.messages, [weather], max_usd=1).unwrap().text == "21 C"


@every_kind
def test_max_usd_needs_a_price(kind: str) -> None:
    answers = (calls(("a", "weather", {"city": "Oslo"})), says("21 C"))
    unknown = {"api_type": "open_llm", "base_url": "http://localhost/v1", "model": "nobody/knows"}
    script = [msgspec.structs.replace(one, chunks=(one.chunks[0].replace(b"gpt-5-mini", b"x"),)) for one in answers]  # fmt: skip
    llm, _ = scripted(*script, **unknown)
    error = looped(kind, llm, "Oslo?", [weather], max_usd=1).failure()
    assert isinstance(error, UnknownPrice)
    assert error.run is not None
    assert looped(kind, llm, error.run.messages, [weather]).unwrap().cost_usd is None


@every_kind
def test_a_clients_budget_ends_the_run_and_the_conversation_is_kept(kind: str) -> None:
    llm, transport = scripted(calls(("a", "weather", {"city": "Oslo"})), says("21 C"))
    request = ChatRequest(messages="Oslo?", max_tokens=1000)
    poor = LLM(llm.config, transport, budget="0.0039")
    error = looped(kind, poor, request, [weather]).failure()
    assert isinstance(error, BudgetExceeded)
    assert error.run is not None
    assert [message.role for message in error.run.messages] == ["user", "assistant", "tool"]


@every_kind
def test_a_forced_call_is_forced_in_the_first_request_only(kind: str) -> None:
    forced = {"type": "function", "function": {"name": "weather"}}
    rows: list[tuple[Any, Any]] = [
        ("required", "required"),
        (NamedToolChoice("weather"), forced),
    ]
    for choice, wire in rows:
        llm, transport = scripted(calls(("a", "weather", {"city": "Oslo"})), says("21 C"))
        request = ChatRequest(messages="Oslo?", tool_choice=choice)
        looped(kind, llm, request, [weather]).unwrap()
        choices = [sent(transport, index).get("tool_choice") for index in (0, 1)]
        assert choices == [wire, "auto"]
    llm, transport = scripted(calls(("a", "weather", {"city": "Oslo"})), says("21 C"))
    allowed = ChatRequest(messages="Oslo?", tool_choice=AllowedTools(("weather",), "required"))
    looped(kind, llm, allowed, [weather, fahrenheit]).unwrap()
    modes = [sent(transport, index)["tool_choice"]["allowed_tools"]["mode"] for index in (0, 1)]
    assert modes == ["required", "auto"]


@every_kind
def test_a_call_over_its_time_is_an_error_result_and_the_rest_runs(kind: str) -> None:
    go_on = threading.Event()
    raised: list[BaseException] = []

    def stuck(name: str) -> str:
        go_on.wait(20)
        return name

    llm, _ = scripted(
        calls(("a", "stuck", {"name": "x"}), ("b", "weather", {"city": "Oslo"}), ("c", "weather", {"city": "Rome"})),
        says("Done."),
    )  # fmt: skip
    try:
        started_s = time.monotonic()
        run = looped(
            kind, llm, "Go.", [stuck, weather], tool_timeout_s=0.5, max_concurrency=1,
            on_error=lambda call, error: raised.append(error),
        ).unwrap()  # fmt: skip
        assert time.monotonic() - started_s < 15
    finally:
        go_on.set()
    assert texts(run) == [
        "TimeoutError: stuck did not return within 0.5 s", "21 C in Oslo", "21 C in Rome",
    ]  # fmt: skip
    assert [type(error) for error in raised] == [TimeoutError]


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_an_async_call_over_its_time_is_cancelled(kind: str) -> None:
    cancelled: list[bool] = []

    async def stuck() -> None:
        try:
            await anyio.sleep(5)
        except anyio.get_cancelled_exc_class():
            cancelled.append(True)
            raise

    llm, _ = scripted(calls(("a", "stuck", {})), says("Done."))
    run = looped(kind, llm, "Go.", [stuck], tool_timeout_s=0.02).unwrap()
    assert (texts(run), cancelled) == (["TimeoutError: stuck did not return within 0.02 s"], [True])


# Ends that are no answer


@every_kind
def test_an_error_of_a_call_keeps_the_conversation_which_goes_on(kind: str) -> None:
    busy = ScriptedResponse(status=429, chunks=(b'{"error":{"message":"slow down"}}',))
    lost = ConnectionFailed(message="reset", retryable=False)
    cut = ScriptedResponse(headers=SSE, chunks=streamed("Hal").chunks[:1])
    rows: list[tuple[Any, type[Any], dict[str, Any]]] = [
        (busy, RateLimited, {}),
        (lost, ConnectionFailed, {}),
        (cut, StreamInterrupted, {"stream": True}),
    ]
    for fault, error_kind, options in rows:
        answer = calls(("a", "weather", {"city": "Oslo"}))
        if options:
            answer = streamed(calls=[("a", "weather", {"city": "Oslo"})])
        llm, _ = scripted(answer, fault, streamed("21 C") if options else says("21 C"))
        error = looped(kind, llm, "Oslo?", [weather], **options).failure()
        assert isinstance(error, error_kind)
        assert error.run is not None
        assert [message.role for message in error.run.messages] == ["user", "assistant", "tool"]
        assert len(error.run.steps) == 1
        assert looped(kind, llm, error.run.messages, [weather], **options).unwrap().text == "21 C"


@every_kind
def test_the_first_call_may_fail_too(kind: str) -> None:
    llm, _ = scripted(ConnectionFailed(message="refused", retryable=False))
    error = looped(kind, llm, "Hi", [weather]).failure()
    assert error.run == ToolRun(messages=(user("Hi"),))


@every_kind
def test_an_answer_that_is_cut_or_filtered_is_no_success(kind: str) -> None:
    for finish, reason in (("length", "length"), ("content_filter", "content_filter")):
        llm, _ = scripted(says("Hal", finish=finish))
        error = looped(kind, llm, "Hi", [weather]).failure()
        assert isinstance(error, IncompleteAnswer)
        assert (error.finish_reason, error.partial.text) == (reason, "Hal")
        assert error.run is not None
        assert error.run.messages == (user("Hi"), assistant("Hal"))


@every_kind
def test_a_refusal_is_content_filtered(kind: str) -> None:
    body = (
        says("").chunks[0].replace(b'"content": ""', b'"content": null, "refusal": "I will not."')
    )
    llm, _ = scripted(ScriptedResponse(headers=(("content-type", "application/json"),), chunks=(body,)))  # fmt: skip
    error = looped(kind, llm, "Hi", [weather]).failure()
    assert isinstance(error, ContentFiltered)
    assert error.message == "I will not."
    assert error.run is not None


@every_kind
def test_calls_cut_off_at_the_output_limit_are_called_again(kind: str) -> None:
    llm, transport = scripted(
        calls(("a", "weather", {"city": "Oslo"}), ("b", "weather", '{"ci'), finish="length"),
        calls(("c", "weather", {"city": "Rome"})),
        says("Both."),
    )
    run = looped(kind, llm, "Go.", [weather]).unwrap()
    assert [is_error for _, is_error, _ in results(run)] == [False, True, False]
    assert "cut off at the output limit" in texts(run)[1]
    arguments = sent(transport)["messages"][1]["tool_calls"][1]["function"]["arguments"]
    assert arguments == '{"INVALID_JSON":"{\\"ci"}'
    assert run.steps[0].completion.tool_calls[1].arguments == '{"ci'


@every_kind
def test_a_tool_without_a_function_ends_the_run_and_its_result_goes_on(kind: str) -> None:
    by_hand = Tool(name="by_hand", parameters={"type": "object"})
    llm, transport = scripted(
        calls(("a", "by_hand", {}), ("b", "weather", {"city": "Oslo"})), says("Done.")
    )
    error = looped(kind, llm, "Go.", [by_hand, weather]).failure()
    assert isinstance(error, IncompleteAnswer)
    assert error.message == "the model calls by_hand, which has no function here"
    assert error.run is not None
    assert error.run.messages[2:] == (tool_result("b", "21 C in Oslo", name="weather"),)
    again = looped(kind, llm, error.run.messages, [by_hand, weather]).failure()
    assert isinstance(again, IncompleteAnswer)
    assert len(transport.requests) == 1
    messages = [*error.run.messages, tool_result("a", "It is done.")]
    assert looped(kind, llm, messages, [by_hand, weather]).unwrap().text == "Done."


@every_kind
def test_a_schema_is_run_by_the_function_that_it_is_bound_to(kind: str) -> None:
    schema = {"type": "object", "properties": {"a-b": {"type": "integer"}}, "required": ["a-b"]}
    tool = bind_tool(Tool(name="remote", parameters=schema), call=lambda **named: named).unwrap()
    llm, _ = scripted(calls(("a", "remote", {"a-b": 1}), ("b", "remote", {"a-b": "x"})), says("."))
    run = looped(kind, llm, "Go.", [tool]).unwrap()
    assert texts(run)[0] == '{"a-b":1}'
    assert [is_error for _, is_error, _ in results(run)] == [False, True]


# Hooks


@every_kind
def test_the_user_approves_changes_and_denies_calls_in_their_order(kind: str) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    decisions: list[Any] = [True, {"city": "Rome"}, False, "not there", None]

    def approve(call: ParsedCall) -> Any:
        seen.append((call.name, call.arguments))
        return decisions[len(seen) - 1]

    cities = ["a", "b", "c", "d", "e"]
    llm, _ = scripted(
        calls(*[(city, "weather", {"city": city}) for city in cities], ("f", "weather", {})),
        says("Done."),
    )
    run = looped(kind, llm, "Go.", [weather], approve=approve).unwrap()
    assert seen == [("weather", {"city": city}) for city in cities]
    assert texts(run)[:5] == [
        "21 C in a",
        "21 C in Rome",
        "the user denied this call",
        "the user denied this call: not there",
        "the user denied this call",
    ]
    assert [is_error for _, is_error, _ in results(run)] == [False, False, True, True, True, True]


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_async_hooks_are_awaited(kind: str) -> None:
    log: list[str] = []

    async def approve(call: ParsedCall) -> bool:
        await anyio.lowlevel.checkpoint()
        log.append("approve")
        return True

    async def on_step(step: ToolStep) -> None:
        await anyio.lowlevel.checkpoint()
        log.append("step")

    async def on_error(call: ToolCall, error: BaseException) -> None:
        await anyio.lowlevel.checkpoint()
        log.append("error")

    llm, _ = scripted(calls(("a", "fails", {"key": "x"})), says("Done."))
    hooks = {"approve": approve, "on_step": on_step, "on_error": on_error}
    looped(kind, llm, "Go.", [fails], **hooks).unwrap()
    assert log == ["approve", "error", "step", "step"]


@every_kind
def test_events_of_every_turn_arrive_as_they_come(kind: str) -> None:
    script = [
        streamed("Let me ", "see.", calls=[("a", "weather", {"city": "Oslo"})]),
        streamed("21", " C"),
    ]
    llm, transport = scripted(*script)
    events: list[StreamEvent] = []
    run = looped(kind, llm, "Oslo?", [weather], on_event=events.append).unwrap()
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert deltas == ["Let me ", "see.", "21", " C"]
    assert run.text == "21 C"
    assert [sent(transport, index)["stream"] for index in (0, 1)] == [True, True]


@every_kind
def test_stream_overrides_what_on_event_implies(kind: str) -> None:
    llm, transport = scripted(says("Hi"))
    events: list[StreamEvent] = []
    looped(kind, llm, "Hi", on_event=events.append, stream=False).unwrap()
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hi"]
    assert not sent(transport).get("stream")


@every_kind
def test_what_a_hook_raises_passes_through(kind: str) -> None:
    def on_step(step: ToolStep) -> None:
        raise LookupError("mine")

    llm, _ = scripted(says("Hi"))
    with pytest.raises(LookupError, match="mine"):
        looped(kind, llm, "Hi", on_step=on_step)


async def async_hook(value: Any) -> None: ...


BAD: list[tuple[str, dict[str, Any], str | None]] = [
    ("no steps", {"max_steps": 0}, "max_steps"),
    ("steps that are true", {"max_steps": True}, "max_steps"),
    ("no concurrency", {"max_concurrency": 0}, "max_concurrency"),
    ("no number", {"max_concurrency": "2"}, "max_concurrency"),
    ("a wrong limit", {"max_usd": "much"}, "max_usd"),
    ("a negative limit", {"max_usd": -1}, "max_usd"),
    ("a wrong time", {"tool_timeout_s": "1"}, "tool_timeout_s"),
    ("a negative time", {"timeout_s": -1}, "timeout_s"),
    ("a hook that is text", {"on_step": "print"}, "on_step"),
    ("an approval that is true", {"approve": True}, "approve"),
    ("no tools", {"tools": "weather"}, "tools"),
    ("one tool", {"tools": weather}, "tools"),
    ("no tool", {"tools": [weather, 1]}, "tools/1"),
    ("no messages", {"request": []}, None),
    ("messages of nothing", {"request": 1}, None),
]


@every_kind
@pytest.mark.parametrize(("named", "param"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_wrong_arguments_are_errors_before_anything_is_sent(
    kind: str, named: dict[str, Any], param: str | None
) -> None:
    llm, transport = scripted(says("Hi"))
    arguments = {"request": "Hi", "tools": [weather], **named}
    error = looped(
        kind, llm, arguments.pop("request"), arguments.pop("tools"), **arguments
    ).failure()
    assert isinstance(error, InvalidRequest)
    assert param is None or error.param == param
    assert transport.requests == []


def test_an_async_hook_is_refused_by_run_tools() -> None:
    for name in ("on_event", "on_step", "on_error", "approve"):
        llm, transport = scripted(says("Hi"))
        error = looped("sync", llm, "Hi", **{name: async_hook}).failure()
        assert isinstance(error, InvalidRequest)
        assert error.param == name
        assert transport.requests == []


@every_kind
def test_a_client_with_a_wrong_configuration_fails_the_run(kind: str) -> None:
    error = looped(kind, LLM(LLMConfig(api_type="nobody")), "Hi", [weather]).failure()
    assert error.kind == "configuration"


# Interruptions


@every_kind
@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_tool_passes_through_and_nothing_runs_on(
    kind: str, interrupt: type[BaseException]
) -> None:
    ended: list[bool] = []

    def other() -> None:
        time.sleep(0.05)
        ended.append(True)

    def stops() -> None:
        time.sleep(0.01)
        raise interrupt

    llm, transport = scripted(calls(("a", "other", {}), ("b", "stops", {})), says("Done."))
    before = threading.active_count()
    with pytest.raises(interrupt):
        looped(kind, llm, "Go.", [other, stops])
    assert ended == [True]
    assert threading.active_count() <= before + 2  # idle worker threads of anyio
    assert len(transport.requests) == 1


def test_an_interrupt_of_the_program_waits_for_tools_and_starts_no_other() -> None:
    log: list[str] = []

    def work(name: str) -> None:
        log.append(f"{name} begins")
        if name == "a":
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        log.append(f"{name} ends")

    llm, _ = scripted(calls(*[(name, "work", {"name": name}) for name in "abc"]), says("Done."))
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored behind a shell's `&`
    try:
        with pytest.raises(KeyboardInterrupt):
            looped("sync", llm, "Go.", [work], max_concurrency=2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(log) in (
        ["a begins", "a ends"],
        ["a begins", "a ends", "b begins", "b ends"],
    )


def test_a_coroutine_of_a_sync_function_is_closed_and_says_what_to_use() -> None:
    def hidden() -> Any:
        return slow_weather("Oslo")

    llm, _ = scripted(calls(("a", "hidden", {})), says("Done."))
    run = looped("sync", llm, "Go.", [hidden]).unwrap()
    assert texts(run) == ["TypeError: hidden is an async function: arun_tools runs it"]


class Picky(pydantic.BaseModel):
    city: str

    @pydantic.field_validator("city")
    @classmethod
    def known(cls, city: str) -> str:
        return {"Oslo": city}[city]


@every_kind
def test_what_a_validator_raises_is_a_result_too(kind: str) -> None:
    def visit(place: Picky) -> str:
        return place.city

    llm, _ = scripted(
        calls(("a", "visit", {"place": {"city": "Rome"}}), ("b", "visit", {"place": {"city": "Oslo"}})),
        says("Done."),
    )  # fmt: skip
    run = looped(kind, llm, "Go.", [visit]).unwrap()
    assert texts(run) == ["KeyError: 'Rome'", "Oslo"]


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_a_cancellation_reaches_async_tools_and_waits_for_threads(kind: str) -> None:
    log: list[str] = []
    begun = threading.Event()

    async def main() -> None:
        async def waits() -> None:
            try:
                while not begun.is_set():
                    await anyio.sleep(0.001)
                scope.cancel()
                await anyio.sleep(5)
            finally:
                log.append("cancelled")

        def works() -> None:
            begun.set()
            time.sleep(0.05)
            log.append("ended")

        llm, _ = scripted(calls(("a", "waits", {}), ("b", "works", {})), says("Done."))
        with anyio.CancelScope() as scope:
            await arun_tools(llm, "Go.", [waits, works])
        assert scope.cancelled_caught

    anyio.run(main, backend=kind)
    assert log == ["cancelled", "ended"]


@every_kind
def test_a_run_is_saved_as_json_and_goes_on_in_another_process(kind: str) -> None:
    script = (calls(("a", "weather", {"city": "Oslo"}), ("b", "weather", '{"ci')), says("21 C"))
    llm, _ = scripted(*script)
    error = looped(kind, llm, "Oslo?", [weather], max_steps=1).failure()
    assert error.run is not None
    saved = msgspec.json.encode(error.run)
    run = msgspec.json.decode(saved, type=ToolRun)
    assert run == error.run
    done = looped(kind, llm, run.messages, [weather]).unwrap()
    assert done.messages[2] == tool_result("a", "21 C in Oslo", name="weather")
    assert done.text == "21 C"


def test_an_empty_run_has_an_empty_completion() -> None:
    run = ToolRun()
    assert (run.completion, run.text, run.usage, run.cost_usd) == (
        Completion(), "", Usage(), Decimal(0),
    )  # fmt: skip


def test_usage_is_summed_as_far_as_it_is_known() -> None:
    first = Completion(usage=Usage(input_tokens=5, output_tokens=1, cached_input_tokens=2))
    second = Completion(usage=Usage(input_tokens=7, estimated=True))
    run = ToolRun(steps=(ToolStep(completion=first), ToolStep(completion=second)))
    assert run.usage == Usage(input_tokens=12, cached_input_tokens=2, estimated=True)
    assert run.cost_usd is None


def test_the_run_of_an_error_keeps_the_conversation_as_it_is() -> None:
    """Redaction of an error's texts does not reach the conversation, which is sent again."""
    messages = (user("sk-proj-abcdefghijklmnopqrstuvwx"), Message("assistant"))
    error = IncompleteAnswer(message="m", run=ToolRun(messages=messages))
    assert error.run is not None
    assert error.run.messages == messages
    masked = redact_error(error, ["sk-proj-abcdefghijklmnopqrstuvwx"]).run
    assert masked == ToolRun(messages=(user("***"), Message("assistant")))
