"""Laws of the steps of a run, over any completions: nothing is lost, calls have results, the limits hold, a run goes on."""

import inspect
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Completion,
    LLMResult,
    ToolResult,
    ToolRun,
    assistant,
    run_tools,
    user,
)
from llm_pure.client.drivers import drive
from llm_pure.client.tool_loop_steps import CallHook, Complete, RunCalls, StepSettings, run_steps
from llm_pure.output.tool_steps import pending_calls, run_call
from llm_pure.types.errors import ConnectionFailed, IncompleteAnswer
from llm_pure.types.result import Failure, Success
from tests.support.agents import calls, says, scripted
from tests.support.completions import ANY_TOOLS, COMPLETIONS
from tests.support.laws import examples

NO_MORE = ConnectionFailed(message="no more")


def played(
    answers: Sequence[Completion], run: ToolRun, tools: Sequence[Any], **named: Any
) -> tuple[LLMResult[ToolRun], list[ChatRequest]]:
    """The result of a run over these answers, after which the connection is lost; and the requests."""
    requests: list[ChatRequest] = []

    def perform(action: Complete | RunCalls | CallHook) -> object:
        if isinstance(action, RunCalls):
            return tuple([run_call(call) for call in action.calls])
        assert isinstance(action, Complete)
        requests.append(action.request)
        count = len(requests)
        return Success(answers[count - 1]) if count <= len(answers) else Failure(NO_MORE)

    steps = run_steps(
        ChatRequest(messages=run.messages, tool_choice="required"),
        run,
        tools,
        StepSettings(cost_of=lambda request, completion: Decimal(1), **named),
    )
    return drive(steps, perform), requests


def run_of(result: LLMResult[ToolRun]) -> ToolRun:
    run: ToolRun | None = result.value_or(None)
    if run is None:
        run = result.failure().run
    assert run is not None
    return run


def outline(run: ToolRun) -> list[Any]:
    """The messages without the texts of errors: of a cut call, the reason is known in its own run only."""
    return [
        (part.tool_call_id, part.name, part.is_error or part.content)
        if isinstance(part, ToolResult)
        else part
        for message in run.messages
        for part in message.parts
    ]


ANSWERS = st.lists(COMPLETIONS, max_size=4)


@examples(300)
@given(answers=ANSWERS, tools=ANY_TOOLS, max_steps=st.integers(1, 4))
def test_a_run_keeps_every_response_and_result_whatever_ends_it(
    answers: list[Completion], tools: Sequence[Any], max_steps: int
) -> None:
    first = ToolRun(messages=(user("Hi"),))
    result, requests = played(answers, first, tools, max_steps=max_steps)
    run = run_of(result)
    assert len(requests) <= max_steps
    assert [step.completion for step in run.steps] == answers[: len(run.steps)]
    assert run.cost_usd == len(run.steps)
    assert run.messages[:1] == first.messages
    turns = [message for message in run.messages if message.role == "assistant"]
    assert [turn.text for turn in turns] == [step.completion.text for step in run.steps]
    results = [part for message in run.messages if message.role == "tool" for part in message.parts]
    assert results == [result for step in run.steps for result in step.results]
    for request in requests[1:]:
        assert pending_calls(request.messages) == ()  # type: ignore[arg-type]
        assert request.tool_choice == "auto"
    for step in run.steps[:-1]:
        ids = [call.id for call in step.completion.tool_calls]
        assert [result.tool_call_id for result in step.results] == ids
    if isinstance(result, Success):
        assert run.completion.finish_reason in ("stop", "unknown", "tool_calls")
        assert pending_calls(run.messages) == ()


@examples(200)
@given(answers=ANSWERS, tools=ANY_TOOLS, max_steps=st.integers(1, 3))
def test_a_run_that_ended_early_goes_on_and_ends_as_if_it_had_not(
    answers: list[Completion], tools: Sequence[Any], max_steps: int
) -> None:
    first = ToolRun(messages=(user("Hi"),))
    result, _ = played(answers, first, tools, max_steps=10)
    early, _ = played(answers, first, tools, max_steps=max_steps)
    run = run_of(early)
    is_at_limit = (
        isinstance(early, Failure)
        and isinstance(early.failure(), IncompleteAnswer)
        and "max_steps" in early.failure().message
    )
    if is_at_limit and len(answers) > max_steps:
        later, _ = played(answers[max_steps:], ToolRun(messages=run.messages), tools, max_steps=10)
        assert outline(run_of(later)) == outline(run_of(result))
        assert type(later) is type(result)


@examples(100)
@given(answers=ANSWERS, tools=ANY_TOOLS, max_usd=st.integers(0, 3))
def test_no_request_follows_once_the_limit_is_spent(
    answers: list[Completion], tools: Sequence[Any], max_usd: int
) -> None:
    first = ToolRun(messages=(user("Hi"), assistant("Ho"), user("Hi")))
    _, requests = played(answers, first, tools, max_usd=Decimal(max_usd))
    assert len(requests) <= max(1, max_usd)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.floats(),
    st.text(max_size=4),
    st.binary(max_size=4),
    st.just(object()),
    st.just(lambda *arguments: None),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=4), st.just(print)), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.just({"role": "user", "content": 1}),
)
PARAMETERS = [name for name in inspect.signature(run_tools).parameters if name != "llm"]


@examples(300)
@given(values=st.dictionaries(st.sampled_from(PARAMETERS), JUNK, min_size=1, max_size=2))
def test_no_argument_makes_a_run_raise(values: dict[str, Any]) -> None:
    llm, _ = scripted(calls(("a", "f", {})), says("Hi"))
    arguments = {"request": "Hi", "tools": [], **values}
    result = run_tools(llm, **arguments)
    assert isinstance(result, Success) or result.failure().message


@examples(100)
@given(tool=JUNK | st.sampled_from([int, print, max, type, Exception, ToolRun, "".join]))
def test_no_tool_makes_a_run_raise(tool: Any) -> None:
    llm, _ = scripted(calls(("a", "f", {})), says("Hi"))
    for request in ("Hi", ChatRequest(messages="Hi", tools=tool)):
        result = run_tools(llm, request, [tool])
        assert isinstance(result, Success) or result.failure().message
