"""One step of a tool loop, without I/O: completion -> calls to run, or the answer; results -> the next request's messages.

`client.tool_loop.run_tools` drives these functions. A loop of your own needs no more:

    match next_step(completion, tools):
        case CallTools(message=message, calls=calls):
            results = [run_call(call).result for call in calls]
            messages = add_results((*messages, message), results).unwrap()
        case ContinueTurn(message=message):
            messages = (*messages, message)
        case Answered(message=message):
            ...
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from inspect import iscoroutine
from typing import Any, TypeAlias

import msgspec

from llm_pure.core.request_fields import tool_name
from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.output.tool_results import error_result, exception_result, value_result
from llm_pure.output.tools import BoundTool, arguments_message
from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Message, ToolCall, ToolResult
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.request import AllowedTools, ChatRequest, NamedToolChoice, NativeTool, Tool
from llm_pure.types.result import Failure

AnyTool: TypeAlias = BoundTool | NativeTool

SCHEMA_LIMIT = 1_000
"""Maximum characters of a schema in an error result."""

NAMES_LIMIT = 40
"""Maximum number of tool names in an error result."""


class ParsedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call with its arguments, or with the error result that it gets."""

    call: ToolCall
    tool: BoundTool | None = None
    """None if there is none of this name, or if the provider or somebody else runs it."""
    arguments: Any = None
    """By parameter name, of the annotated types; None if they are wrong."""
    error: ToolResult | None = None
    """The result of a call that cannot be run: an unknown tool, wrong arguments, a denial."""

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.call.name

    @property
    def is_external(self) -> bool:
        """True if the tool has no function here: its result must come from elsewhere."""
        return self.error is None and (self.tool is None or self.tool.call is None)


class CallOutcome(msgspec.Struct, frozen=True):
    """The result of a call, and the exception that led to it."""

    result: ToolResult
    exception: BaseException | None = None


class CallTools(msgspec.Struct, frozen=True):
    """The model calls tools; each call needs one result before the next request."""

    message: Message
    """The turn for the next request, of `sendable_message`."""
    calls: tuple[ParsedCall, ...]


class ContinueTurn(msgspec.Struct, frozen=True):
    """The provider paused the turn (Anthropic's `pause_turn`): send the conversation with this message again."""

    message: Message


class Answered(msgspec.Struct, frozen=True):
    """Nothing is left to run: this is the answer, complete or not, as the completion's `finish_reason` says."""

    message: Message


NextStep: TypeAlias = CallTools | ContinueTurn | Answered

_INVALID_JSON = "INVALID_JSON"

_ENDED = ("content_filter", "refusal", "error")
"""Finish reasons after which calls are not run: the provider withdrew the turn."""


def next_step(completion: Completion, tools: Sequence[AnyTool]) -> NextStep:
    """Return what follows a completion. `tools`: of `bind_tools`. What the provider runs itself needs no step.

    >>> from llm_pure.output.tools import bind_tools
    >>> from llm_pure.types.messages import assistant
    >>> def double(x: int) -> int: return 2 * x
    >>> calls = assistant(ToolCall("c1", "double", '{"x": 4}'), ToolCall("c2", "triple", "{}"))
    >>> step = next_step(Completion(message=calls), bind_tools([double]).unwrap())
    >>> [(call.arguments, call.error and call.error.content[0].text) for call in step.calls]
    [({'x': 4}, None), (None, "there is no tool 'triple'; the tools are: double")]
    """
    message = sendable_message(completion.message, tools)
    if completion.tool_calls and completion.finish_reason not in _ENDED:
        is_cut = completion.finish_reason == "length"
        return CallTools(message, parse_calls(completion.tool_calls, tools, is_cut=is_cut))
    if completion.finish_reason == "pause":
        return ContinueTurn(message)
    return Answered(message)


def sendable_message(message: Message, tools: Sequence[AnyTool] = ()) -> Message:
    """Return the message with arguments that every service accepts: those that are no JSON object are put into one.

    {"INVALID_JSON": text}, as Anthropic recommends. Calls of native tools stay, since theirs may be plain text.
    Source: platform.claude.com, "Fine-grained tool streaming"; read 2026-11-29.

    >>> sendable_message(Message("assistant", (ToolCall("c1", "f", "{"),))).tool_calls[0].arguments
    '{"INVALID_JSON":"{"}'
    """
    native = _native_names(tools)
    parts = tuple([_sendable(part, native) for part in message.parts])
    if all(part is before for part, before in zip(parts, message.parts, strict=True)):
        return message
    return msgspec.structs.replace(message, parts=parts)


def _sendable(part: Any, native: set[str]) -> Any:
    if not isinstance(part, ToolCall) or part.name in native:
        return part
    if json_object(part.arguments) is not None:
        return part
    text = part.arguments.encode("utf-8", "replace").decode()
    arguments = json_text({_INVALID_JSON: text}) if text.strip() else "{}"
    return msgspec.structs.replace(part, arguments=arguments)


def _received_arguments(text: str) -> str:
    """The arguments as the model wrote them, also of a call that `sendable_message` has changed; "{}" for none."""
    value = json_object(text) or {}
    original = value.get(_INVALID_JSON) if len(value) == 1 else None
    if isinstance(original, str):
        return original
    return text if text.strip() else "{}"


def _native_names(tools: Sequence[AnyTool]) -> set[str]:
    return {tool_name(tool) for tool in tools if isinstance(tool, NativeTool)}


def parse_calls(
    calls: Iterable[ToolCall], tools: Sequence[AnyTool], *, is_cut: bool = False
) -> tuple[ParsedCall, ...]:
    """Return each call with its arguments or its error result. is_cut: the response ended at the output limit."""
    known = {tool.tool.name: tool for tool in tools if isinstance(tool, BoundTool)}
    native = _native_names(tools)
    return tuple([_parse_call(call, known, native, is_cut) for call in calls])


def _parse_call(
    call: ToolCall, known: Mapping[str, BoundTool], native: set[str], is_cut: bool
) -> ParsedCall:
    tool = known.get(call.name)
    if tool is None:
        if call.name in native:
            return ParsedCall(call=call)
        names = ", ".join(list(known)[:NAMES_LIMIT]) or "none"
        message = f"there is no tool {call.name!r}; the tools are: {names}"
        return ParsedCall(call=call, error=error_result(call, message))
    arguments = _received_arguments(call.arguments)
    try:
        parsed = tool.parse_arguments(arguments)
    except Exception as error:  # noqa: BLE001  a validator of the user's class may raise anything
        return ParsedCall(call=call, tool=tool, error=exception_result(call, error))
    if isinstance(parsed, Failure):
        if is_cut and json_object(arguments) is None:
            message = "the arguments were cut off at the output limit; call again with shorter ones"
        else:
            message = f"{arguments_message(parsed.failure())}; expected: {_schema_text(tool.tool)}"
        return ParsedCall(call=call, tool=tool, error=error_result(call, message))
    return ParsedCall(call=call, tool=tool, arguments=parsed.unwrap())


def _schema_text(tool: Tool) -> str:
    text = json_text(tool.parameters)
    return text if len(text) <= SCHEMA_LIMIT else f"{text[:SCHEMA_LIMIT]} ..."


def run_call(call: ParsedCall, secrets: frozenset[str] = frozenset()) -> CallOutcome:
    """Call the function of a tool in this thread. An exception becomes an error result, without the secrets."""
    if call.error is not None or call.tool is None or call.tool.call is None:
        return CallOutcome(call.error or error_result(call.call, f"{call.name} is not run here"))
    try:
        value = call.tool.call(**call.arguments)
        if iscoroutine(value):
            value.close()
            raise TypeError(f"{call.name} is an async function: arun_tools runs it")
        return CallOutcome(value_result(call.call, value))
    except Exception as error:  # noqa: BLE001  the model reads whatever a tool raises
        return CallOutcome(exception_result(call.call, error, secrets), error)


def pending_calls(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """Return the calls of the last turn that have no result yet; none if the user has gone on without them.

    >>> from llm_pure.types.messages import assistant, tool_result
    >>> turn = assistant(ToolCall("a", "f"), ToolCall("b", "f"))
    >>> [call.id for call in pending_calls([turn, tool_result("a", "1")])]
    ['b']
    """
    results: Counter[str] = Counter()
    for message in reversed(messages):
        if message.role == "assistant":
            pending = []
            for call in message.tool_calls:
                if results[call.id] > 0:
                    results[call.id] -= 1
                else:
                    pending.append(call)
            return tuple(pending)
        ids = [part.tool_call_id for part in message.parts if isinstance(part, ToolResult)]
        if len(ids) < len(message.parts) or not ids:
            return ()
        results.update(ids)
    return ()


@returns_failure
def add_results(messages: Sequence[Message], results: Iterable[ToolResult]) -> tuple[Message, ...]:
    """Return the messages with one message for each result, in the order of the pending calls.

    Calls without a result stay pending. Fails with InvalidRequest for a result of no pending call.
    """
    waiting = list(results)
    added: list[Message] = []
    for call in pending_calls(messages):
        index = next((i for i, one in enumerate(waiting) if one.tool_call_id == call.id), None)
        if index is not None:
            added.append(Message("tool", (waiting.pop(index),)))
    if waiting:
        message = f"no call waits for a result with the id {waiting[0].tool_call_id!r}"
        raise Rejected(InvalidRequest(message=message, param="results"))
    return (*messages, *added)


def after_first_step(request: ChatRequest) -> ChatRequest:
    """Return the request for the steps after the first: a forced tool call is forced once, then the model decides.

    Forced in each step, the model could never answer.
    """
    match request.tool_choice:
        case "required" | NamedToolChoice():
            return msgspec.structs.replace(request, tool_choice="auto")
        case AllowedTools(names=names, mode="required"):
            return msgspec.structs.replace(request, tool_choice=AllowedTools(names))
        case _:
            return request
