"""What doubles answer, as a Completion or an error. Pure."""

from collections.abc import Sequence
from typing import TypeAlias

from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError
from llm_pure.types.messages import Message, Part, Text, ToolCall

Answer: TypeAlias = str | Completion | ToolCall | Sequence[ToolCall] | LLMError
"""What a double answers: text, tool calls, a Completion, or an error."""


def as_completion(answer: Answer) -> Completion | LLMError:
    """Return an answer as a Completion, or as the error that it is. Raises TypeError for anything else."""
    if isinstance(answer, Completion | LLMError):
        return answer
    if isinstance(answer, str):
        parts: tuple[Part, ...] = (Text(answer),) if answer else ()
        return Completion(message=Message("assistant", parts), finish_reason="stop")
    calls = (answer,) if isinstance(answer, ToolCall) else answer
    if isinstance(calls, list | tuple) and all(isinstance(call, ToolCall) for call in calls):
        message = Message("assistant", tuple(calls))
        return Completion(message=message, finish_reason="tool_calls")
    kind = type(answer).__name__
    raise TypeError(f"a double answers with text, tool calls, a Completion or an error, not {kind}")
