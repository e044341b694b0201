"""The tool loop as a type checker sees it: read by mypy and pyright, not run."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never, assert_type

from returns.result import Result

from llm_pure import (
    LLM,
    Completion,
    LLMError,
    Message,
    ToolCall,
    ToolResult,
    ToolRun,
    ToolStep,
    Usage,
    arun_tools,
    run_tools,
    unwrap,
)
from llm_pure.output.tool_steps import (
    Answered,
    CallTools,
    ContinueTurn,
    NextStep,
    ParsedCall,
    add_results,
    next_step,
    run_call,
)
from llm_pure.output.tools import BoundTool, bind_tools
from llm_pure.types.request import NativeTool


def weather(city: str) -> str:
    return city


async def slow_weather(city: str) -> str:
    return city


def a_run_is_typed(llm: LLM) -> None:
    result = run_tools(llm, "Hi", [weather])
    assert_type(result, Result[ToolRun, LLMError])
    run = unwrap(result)
    assert_type(run, ToolRun)
    assert_type(run.text, str)
    assert_type(run.messages, tuple[Message, ...])
    assert_type(run.steps, tuple[ToolStep, ...])
    assert_type(run.steps[0].results, tuple[ToolResult, ...])
    assert_type(run.completion, Completion)
    assert_type(run.usage, Usage)
    assert_type(run.cost_usd, Decimal | None)
    again = run_tools(llm, [*run.messages, "And now?"], [weather])
    assert_type(again.failure().run, ToolRun | None)


async def so_is_an_async_run_with_hooks(llm: LLM) -> None:
    async def approve(call: ParsedCall) -> bool:
        return call.name == "weather"

    def on_error(call: ToolCall, error: BaseException) -> None: ...

    result = await arun_tools(
        llm, "Hi", [weather, slow_weather], approve=approve, on_error=on_error, on_step=print
    )
    assert_type(result, Result[ToolRun, LLMError])


def a_loop_of_ones_own_is_typed(
    completion: Completion, tools: Sequence[BoundTool | NativeTool], messages: tuple[Message, ...]
) -> None:
    assert_type(bind_tools([weather]), Result[tuple[BoundTool | NativeTool, ...], LLMError])
    step = next_step(completion, tools)
    assert_type(step, NextStep)
    match step:
        case CallTools(message=message, calls=calls):
            results = [run_call(call).result for call in calls]
            assert_type(results, list[ToolResult])
            added = add_results((*messages, message), results)
            assert_type(added, Result[tuple[Message, ...], LLMError])
        case ContinueTurn() | Answered():
            assert_type(step.message, Message)
        case _:
            assert_never(step)


def a_value_asked_for_again_is_typed(llm: LLM) -> None:
    assert_type(llm.ask_typed(ToolRun, "Hi", attempts=3), Result[ToolRun, LLMError])
