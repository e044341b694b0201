"""`run_tools`: call a model and run the tools that it calls, until it has answered; sync, and async on asyncio and trio.

The decisions are pure (`output.tool_steps`), their order is `tool_loop_steps`, calls are run by `tool_calls`. Here are the
arguments and the drivers.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from inspect import isawaitable

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.client.arguments import check_arguments, invalid_argument
from llm_pure.client.budgets import to_amount
from llm_pure.client.call import ChatInput, chat_request
from llm_pure.client.drivers import abind, adrive, drive
from llm_pure.client.llm import LLM, OnEvent
from llm_pure.client.targets import target_secrets
from llm_pure.client.tool_calls import CallSettings, arun_calls, is_async, run_calls
from llm_pure.client.tool_loop_steps import (
    Action,
    Approve,
    Complete,
    OnStep,
    OnToolError,
    RunCalls,
    RunSteps,
    StepSettings,
    run_steps,
)
from llm_pure.output.tool_steps import AnyTool
from llm_pure.output.tools import BoundTool, bind_tools
from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest, ToolInput
from llm_pure.types.result import Failure, LLMResult
from llm_pure.types.tool_run import ToolRun


class _Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `run_tools` and `arun_tools` as they are passed."""

    max_steps: int
    max_usd: Decimal | float | str | None
    max_concurrency: int
    tool_timeout_s: float | None
    timeout_s: float | None
    stream: bool | None
    on_event: OnEvent | None
    on_step: OnStep | None
    on_error: OnToolError | None
    approve: Approve | None
    is_async: bool


class _Run(msgspec.Struct, frozen=True):
    """A run that may start."""

    steps: RunSteps
    calls: CallSettings


def run_tools(
    llm: LLM,
    request: ChatInput,
    tools: Sequence[ToolInput] = (),
    *,
    max_steps: int = 10,
    max_usd: Decimal | float | str | None = None,
    max_concurrency: int = 5,
    tool_timeout_s: float | None = None,
    timeout_s: float | None = None,
    stream: bool | None = None,
    on_event: OnEvent | None = None,
    on_step: OnStep | None = None,
    on_error: OnToolError | None = None,
    approve: Approve | None = None,
) -> LLMResult[ToolRun]:
    """Call the model, run the tools that it calls, send the results back, and so on until it has answered.

    tools: functions and whatever else a request takes, besides the request's own. Parameters are validated as annotated;
    docstrings and Annotated texts describe them. A tool returns text, JSON, parts such as an Image, or a Result.
    A tool without a function is offered to the model, and a call of it ends the run.

    Success is the complete answer: `.text`, `.steps`, `.usage`, `.cost_usd`, and `.messages`, the conversation to go on with.
    Every Failure of the run has `error.run`, the same up to there: `run_tools(llm, error.run.messages, tools)` goes on, and
    runs calls without a result first. Fails with IncompleteAnswer after `max_steps` responses (calls of the last one are not
    run), for an answer that is cut or filtered, and for calls that nothing here runs; with ContentFiltered for a refusal;
    with BudgetExceeded before the call after `max_usd` is spent; with InvalidRequest for an async function, which
    `arun_tools` takes; and as `completion` does.

    Calls of one response run side by side in threads, at most `max_concurrency`; 1 runs them in the caller's thread. What a
    tool raises, wrong arguments and unknown names are results for the model to correct; `on_error` gets the exception.
    A forced tool_choice holds for the first response only.

    tool_timeout_s: of one call; timeout_s: of one response.
    on_event: receives the events of every response as they come, which is streamed then, unless `stream` says otherwise.
    on_step: receives each response with the results of its calls.
    approve: is called before each call, one after another. True runs it, a mapping runs it with these arguments; False,
    None or a reason deny it.
    """
    options = _Options(
        max_steps=max_steps, max_usd=max_usd, max_concurrency=max_concurrency,
        tool_timeout_s=tool_timeout_s, timeout_s=timeout_s, stream=stream, on_event=on_event,
        on_step=on_step, on_error=on_error, approve=approve, is_async=False,
    )  # fmt: skip
    prepared = _prepare(llm, request, tools, options)
    if isinstance(prepared, Failure):
        return prepared
    run: _Run = prepared.unwrap()

    def perform(action: Action) -> object:
        if isinstance(action, Complete):
            complete = partial(llm.completion, on_event=on_event, timeout_s=timeout_s)
            return llm.compress_request(action.request).bind(complete)
        if isinstance(action, RunCalls):
            return run_calls(action.calls, run.calls)
        return action.hook(*action.arguments)

    with llm:
        return drive(run.steps, perform)


async def arun_tools(
    llm: LLM,
    request: ChatInput,
    tools: Sequence[ToolInput] = (),
    *,
    max_steps: int = 10,
    max_usd: Decimal | float | str | None = None,
    max_concurrency: int = 5,
    tool_timeout_s: float | None = None,
    timeout_s: float | None = None,
    stream: bool | None = None,
    on_event: OnEvent | None = None,
    on_step: OnStep | None = None,
    on_error: OnToolError | None = None,
    approve: Approve | None = None,
) -> LLMResult[ToolRun]:
    """`run_tools`, async, on asyncio and trio: async tools run in the event loop, others in worker threads.

    What a hook returns is awaited if it can be.
    """
    options = _Options(
        max_steps=max_steps, max_usd=max_usd, max_concurrency=max_concurrency,
        tool_timeout_s=tool_timeout_s, timeout_s=timeout_s, stream=stream, on_event=on_event,
        on_step=on_step, on_error=on_error, approve=approve, is_async=True,
    )  # fmt: skip
    prepared = _prepare(llm, request, tools, options)
    if isinstance(prepared, Failure):
        return prepared
    run: _Run = prepared.unwrap()

    async def perform(action: Action) -> object:
        if isinstance(action, Complete):
            complete = partial(llm.acompletion, on_event=on_event, timeout_s=timeout_s)
            return await abind(llm.compress_request(action.request), complete)
        if isinstance(action, RunCalls):
            return await arun_calls(action.calls, run.calls)
        value = action.hook(*action.arguments)
        return await value if isawaitable(value) else value

    async with llm:
        return await adrive(run.steps, perform)


@returns_failure
def _prepare(llm: LLM, request: ChatInput, tools: Sequence[ToolInput], options: _Options) -> _Run:
    """Check the arguments and bind the tools. Fails with InvalidRequest before anything is sent."""
    invalid = _check_options(options)
    if invalid is not None:
        raise Rejected(invalid.failure())
    chat = chat_request(request)
    every_tool = (*ok(bind_tools(chat.tools)), *ok(bind_tools(tools)))
    if not options.is_async:
        _reject_async(every_tool)
    stream = options.stream
    if stream is None:
        stream = True if chat.stream is None and options.on_event is not None else chat.stream
    sent = tuple([tool.tool if isinstance(tool, BoundTool) else tool for tool in every_tool])
    run = ToolRun(messages=ok(parse_messages(chat.messages)))
    settings = StepSettings(
        max_steps=options.max_steps,
        max_usd=None if options.max_usd is None else to_amount(options.max_usd, "max_usd"),
        on_step=options.on_step,
        on_error=options.on_error,
        approve=options.approve,
        cost_of=partial(_cost_usd, llm),
    )
    return _Run(
        run_steps(
            msgspec.structs.replace(chat, tools=sent, stream=stream), run, every_tool, settings
        ),
        CallSettings(
            max_concurrency=options.max_concurrency,
            timeout_s=options.tool_timeout_s,
            secrets=_secrets(llm),
        ),
    )


def _check_options(options: _Options) -> Failure[InvalidRequest] | None:
    for name in ("max_steps", "max_concurrency"):
        value: object = getattr(options, name)
        if type(value) is not int or value < 1:
            return invalid_argument(name, "an integer of at least 1", value)
    for name in ("tool_timeout_s", "timeout_s"):
        value = getattr(options, name)
        if check_arguments(timeout_s=value):
            return invalid_argument(name, "a number of seconds", value)
    for name in ("on_event", "on_step", "on_error", "approve"):
        hook = getattr(options, name)
        if hook is not None and not callable(hook):
            return invalid_argument(name, "a function", hook)
        if hook is not None and is_async(hook) and not options.is_async:
            return invalid_argument(name, "a sync function (arun_tools awaits async ones)", hook)
    if options.max_usd is not None:
        try:
            to_amount(options.max_usd, "max_usd")
        except ValueError as error:
            return Failure(InvalidRequest(message=str(error), param="max_usd"))
    return None


def _reject_async(tools: Sequence[AnyTool]) -> None:
    for index, tool in enumerate(tools):
        if isinstance(tool, BoundTool) and tool.call is not None and is_async(tool.call):
            message = f"{tool.tool.name} is an async function: use arun_tools"
            raise Rejected(InvalidRequest(message=message, param=f"tools/{index}"))


def _secrets(llm: LLM) -> frozenset[str]:
    targets = llm._context.targets.value_or(())
    return frozenset[str]().union(*[target_secrets(target) for target in targets])


def _cost_usd(llm: LLM, request: ChatRequest, completion: Completion) -> Decimal | None:
    """Cost of a response by the client's prices; None if the price is unknown."""
    from llm_pure.client.costs import completion_cost  # imported late: start-up

    targets = llm._context.targets.value_or(())
    target = next(
        (target for target in targets if target.provider.name == completion.provider), None
    )
    config = llm.config if target is None else target.config
    config = msgspec.structs.replace(config, model=request.model or config.model)
    cost = llm._context.billing.table.bind(
        lambda table: completion_cost(completion, config=config, prices=table)
    )
    return cost.map(lambda value: value.total_usd).value_or(None)
