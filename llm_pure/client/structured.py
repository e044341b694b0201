"""Requests whose completion is more than text, and how to read it: code, and values of a type. No I/O.

Schemas, parsers and repair are loaded by the first call that needs them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llm_pure.chat.prompt import build_prompt
from llm_pure.client.call import chat_request
from llm_pure.types.completion import Completion
from llm_pure.types.request import ChatRequest, MessagesInput
from llm_pure.types.result import LLMResult

if TYPE_CHECKING:
    from llm_pure.output.code import CodeOutput

SystemInput = str | Sequence[str] | None
ValueType = type[Any] | Mapping[str, Any]
"""A type, or a JSON Schema."""


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
    kind: ValueType, message: MessagesInput, system_msgs: SystemInput, stream: bool
) -> LLMResult[ChatRequest]:
    """Return the request for a value of a type, with its schema."""
    from llm_pure.output.structured import structured_request  # imported late: start-up

    request = build_prompt(message, system_msgs=system_msgs)
    return request.bind(
        lambda prompt: structured_request(chat_request(prompt, stream=stream), kind)
    )


def value_of(kind: ValueType, completion: Completion) -> LLMResult[Any]:
    """Read the value of a completion. Fails with ProtocolError if it does not match the type, else as `require_complete` does."""
    from llm_pure.client.completeness import require_complete  # imported late: start-up
    from llm_pure.output.structured import answer_name, parse_structured

    complete = require_complete(completion, answer_name(kind))
    return complete.bind(lambda answer: parse_structured(answer, kind))
