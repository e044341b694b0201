"""Requests whose completion is more than text, and how to read it: code, and values of a type. No I/O.

Schemas, parsers and repair are loaded by the first call that needs them.
"""

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.chat.prompt import SystemInput, build_prompt
from llm_pure.client.arguments import invalid_argument
from llm_pure.client.call import chat_request
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.messages import Message, tool_result, user
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import Failure, LLMResult, Success
from llm_pure.types.tool_run import ToolRun, ToolStep

if TYPE_CHECKING:
    from llm_pure.output.code import CodeOutput


def request_for_code(message: MessagesInput, system_msgs: SystemInput) -> LLMResult[ChatRequest]:
    """Return the request for code, with the code tool."""
    from llm_pure.output.code import code_request  # imported late: start-up

    return build_prompt(message, system_msgs=system_msgs).map(code_request)


def code_of(language: str, completion: Completion) -> "LLMResult[CodeOutput]":
    """Read the code of a completion. language: of code without a language tag. Fails as `require_complete` does."""
    from llm_pure.client.completeness import require_complete  # imported late: start-up
    from llm_pure.output.code import CODE_TOOL, parse_code

    complete = require_complete(completion, CODE_TOOL.name)
    return complete.map(lambda answer: parse_code(answer, language=language))


def request_for_value(
    kind: object, message: MessagesInput, system_msgs: SystemInput, stream: bool
) -> LLMResult[ChatRequest]:
    """Return the request for a value of a type, with its schema."""
    from llm_pure.output.structured import structured_request  # imported late: start-up

    request = build_prompt(message, system_msgs=system_msgs)
    return request.bind(
        lambda prompt: structured_request(chat_request(prompt, stream=stream), kind)
    )


def value_of(kind: object, completion: Completion) -> LLMResult[Any]:
    """Read the value of a completion. Fails with ProtocolError if it does not match the type, else as `require_complete` does."""
    from llm_pure.client.completeness import require_complete  # imported late: start-up
    from llm_pure.output.structured import answer_name, parse_structured

    complete = require_complete(completion, answer_name(kind))
    return complete.bind(lambda answer: parse_structured(answer, kind))


TypedSteps: TypeAlias = Generator[ChatRequest, LLMResult[Completion], LLMResult[Any]]
"""Yields each request and receives its Result; `drive` and `adrive` run it."""


def typed_steps(kind: object, request: LLMResult[ChatRequest], attempts: int) -> TypedSteps:
    """Ask for a value of the type; ask again with the error while it does not match, at most `attempts` times in all.

    The last error has every attempt in its `run`. An answer that is cut, filtered or refused is not requested again.
    """
    if type(attempts) is not int or attempts < 1:
        return invalid_argument("attempts", "an integer of at least 1", attempts)
    if isinstance(request, Failure):
        return request
    from llm_pure.output.tool_steps import sendable_message  # imported late: start-up

    chat, run = request.unwrap(), ToolRun()
    while True:
        result = yield chat
        value = result.bind(partial(value_of, kind))
        if isinstance(value, Success) or attempts == 1:
            return value
        error: LLMError = value.failure()
        if isinstance(result, Failure):
            return Failure(msgspec.structs.replace(error, run=run))
        completion = result.unwrap()
        messages = parse_messages(chat.messages).value_or(())
        run = ToolRun(
            messages=(*messages, sendable_message(completion.message)),
            steps=(*run.steps, ToolStep(completion=completion)),
        )
        if not isinstance(error, ProtocolError):
            return Failure(msgspec.structs.replace(error, run=run))
        if len(run.steps) == attempts:
            remedy = (
                f"all {attempts} attempts are in error.run: use a simpler type or another model"
            )
            return Failure(msgspec.structs.replace(error, run=run, remedy=remedy))
        chat = msgspec.structs.replace(
            chat, messages=(*run.messages, *_correction(completion, error))
        )


def _correction(completion: Completion, error: LLMError) -> tuple[Message, ...]:
    """The messages that ask again: results of the calls if the answer was one, else the user's."""
    where = error.where if isinstance(error, ProtocolError) else ""
    text = (
        f"{error.message} (at {where}). Answer again, with all of the answer, as the schema says."
    )
    calls = completion.tool_calls
    if not calls:
        return (user(text),)
    return tuple([tool_result(call.id, text, name=call.name, is_error=True) for call in calls])
