"""The steps of `run_tools`: one generator that yields requests, calls of tools and calls of hooks, and ends in the run. No I/O.

`client.tool_loop` has the sync and the async driver.
"""

import logging
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from llm_pure.client.completeness import require_complete
from llm_pure.output.tool_results import error_result
from llm_pure.output.tool_steps import (
    Answered,
    AnyTool,
    CallOutcome,
    CallTools,
    ParsedCall,
    add_results,
    after_first_step,
    next_step,
    parse_calls,
    pending_calls,
)
from llm_pure.types.completion import Completion
from llm_pure.types.errors import BudgetExceeded, IncompleteAnswer, LLMError, UnknownPrice
from llm_pure.types.messages import Text, ToolCall, ToolResult
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success
from llm_pure.types.tool_run import ToolRun, ToolStep

OnStep: TypeAlias = Callable[[ToolStep], object]
"""Called after each response, with the results of its calls. `arun_tools` awaits what it returns, if it can."""
OnToolError: TypeAlias = Callable[[ToolCall, BaseException], object]
"""Called with a call and what its function raised; TimeoutError after `tool_timeout_s`."""
Decision: TypeAlias = bool | str | Mapping[str, Any] | None
Approve: TypeAlias = Callable[[ParsedCall], Decision | Awaitable[Decision]]
"""Called before each call: True runs it, a mapping runs it with these arguments; False, None or a reason deny it."""

_log = logging.getLogger("llm_pure")


class StepSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps of a run depend on, besides the conversation."""

    max_steps: int = 10
    max_usd: Decimal | None = None
    on_step: OnStep | None = None
    on_error: OnToolError | None = None
    approve: Approve | None = None
    cost_of: Callable[[ChatRequest, Completion], Decimal | None]
    """Cost of a response in USD; None if its price is unknown."""


class Complete(msgspec.Struct, frozen=True):
    """Send a request; the driver sends back an `LLMResult[Completion]`."""

    request: ChatRequest


class RunCalls(msgspec.Struct, frozen=True):
    """Run calls; the driver sends back their outcomes, in order."""

    calls: tuple[ParsedCall, ...]


class CallHook(msgspec.Struct, frozen=True):
    """Call a user's function; the driver sends back what it returns."""

    hook: Callable[..., Any]
    arguments: tuple[Any, ...]


Action: TypeAlias = Complete | RunCalls | CallHook
RunSteps: TypeAlias = Generator[Action, Any, LLMResult[ToolRun]]


def run_steps(
    request: ChatRequest, run: ToolRun, tools: Sequence[AnyTool], settings: StepSettings
) -> RunSteps:
    """Go on with a run until the model has answered. request: its messages are those of the run."""
    pending = pending_calls(run.messages)
    if pending:
        calls = parse_calls(pending, tools)
        results = yield from _call_steps(calls, settings)
        run = msgspec.structs.replace(run, messages=add_results(run.messages, results).unwrap())
        if any(call.is_external for call in calls):
            return _external(run, calls)
    while True:
        stopped = _stop(run, settings)
        if stopped is not None:
            return _failure(stopped, run)
        result = yield Complete(msgspec.structs.replace(request, messages=run.messages))
        if isinstance(result, Failure):
            return _failure(result.failure(), run)
        completion: Completion = result.unwrap()
        decision = next_step(completion, tools)
        is_last = len(run.steps) + 1 == settings.max_steps
        results = ()
        if isinstance(decision, CallTools) and not is_last:
            results = yield from _call_steps(decision.calls, settings)
        cost_usd = settings.cost_of(request, completion)
        step = ToolStep(completion=completion, results=results, cost_usd=cost_usd)
        messages = add_results((*run.messages, decision.message), results).unwrap()
        run = ToolRun(messages=messages, steps=(*run.steps, step))
        if settings.on_step is not None:
            yield CallHook(settings.on_step, (step,))
        if isinstance(decision, Answered):
            complete = require_complete(completion)
            if isinstance(complete, Failure):
                return _failure(complete.failure(), run)
            return Success(run)
        if isinstance(decision, CallTools) and any(call.is_external for call in decision.calls):
            return _external(run, decision.calls)
        request = after_first_step(request)


def _call_steps(
    calls: tuple[ParsedCall, ...], settings: StepSettings
) -> Generator[RunCalls | CallHook, Any, tuple[ToolResult, ...]]:
    """Run the calls that have a function here, if they are approved. Return their results, in order."""
    ready: list[ParsedCall] = []
    for call in calls:
        if call.is_external:
            continue
        if settings.approve is not None and call.error is None:
            decision = yield CallHook(settings.approve, (call,))
            ready.append(_decided(call, decision))
        else:
            ready.append(call)
    runnable = tuple([call for call in ready if call.error is None])
    outcomes: Sequence[CallOutcome] = (yield RunCalls(runnable)) if runnable else ()
    for call, outcome in zip(runnable, outcomes, strict=True):
        if outcome.exception is not None:
            text = "".join([part.text for part in outcome.result.content if isinstance(part, Text)])
            _log.warning("the tool %s raised %s", call.name, " ".join(text.split())[:500])
            if settings.on_error is not None:
                yield CallHook(settings.on_error, (call.call, outcome.exception))
    in_order = iter(outcomes)
    return tuple([call.error or next(in_order).result for call in ready])


def _decided(call: ParsedCall, decision: object) -> ParsedCall:
    """The call as the user decided: as it is, with other arguments, or denied. Whatever is no approval denies."""
    if decision is True:
        return call
    if isinstance(decision, Mapping):
        return msgspec.structs.replace(call, arguments=dict(decision))
    reason = f": {decision}" if isinstance(decision, str) and decision else ""
    return msgspec.structs.replace(
        call, error=error_result(call.call, f"the user denied this call{reason}")
    )


def _stop(run: ToolRun, settings: StepSettings) -> LLMError | None:
    """The error that ends the run before the next response, None if it may go on."""
    if len(run.steps) >= settings.max_steps:
        completion = run.completion
        names = ", ".join([call.name for call in completion.tool_calls])
        goes_on = f"the model calls {names}" if names else "the provider paused the answer"
        return IncompleteAnswer(
            message=f"{goes_on} in the last of max_steps={settings.max_steps} responses",
            provider=completion.provider,
            finish_reason="tool_calls" if names else "pause",
            partial=completion,
            remedy="raise max_steps, or go on: run_tools(llm, error.run.messages, tools)",
        )
    if settings.max_usd is None or not run.steps:
        return None
    if run.cost_usd is None:
        message = "the price of a response is unknown, and max_usd needs it"
        model = run.completion.model
        return UnknownPrice(message=message, model=model, provider=run.completion.provider)
    if run.cost_usd >= settings.max_usd:
        message = f"the run has spent {run.cost_usd} USD of max_usd={settings.max_usd}"
        remedy = "raise max_usd, or go on: run_tools(llm, error.run.messages, tools)"
        return BudgetExceeded(message=message, partial=run.completion, remedy=remedy)
    return None


def _external(run: ToolRun, calls: Sequence[ParsedCall]) -> LLMResult[ToolRun]:
    names = ", ".join([call.name for call in calls if call.is_external])
    error = IncompleteAnswer(
        message=f"the model calls {names}, which has no function here",
        provider=run.completion.provider,
        finish_reason="tool_calls",
        partial=run.completion,
        remedy="pass a function, bind_tool(tool, call=...), or append its result to error.run.messages and go on",
    )
    return _failure(error, run)


def _failure(error: LLMError, run: ToolRun) -> LLMResult[ToolRun]:
    return Failure(msgspec.structs.replace(error, run=run))
