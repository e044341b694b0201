"""Whether a completion is the complete answer. `ask` and the like return nothing less; `completion` returns any."""

from collections.abc import Mapping

from llm_pure.types.completion import Completion, FinishReason
from llm_pure.types.errors import ContentFiltered, IncompleteAnswer
from llm_pure.types.result import Failure, LLMResult, Success

STOPPED: Mapping[FinishReason, str] = {
    "length": "the answer ends at the token limit",
    "content_filter": "a filter of the provider ended the answer",
    "tool_calls": "the model calls a tool, and nothing runs it",
    "pause": "the provider paused the answer",
    "error": "the provider ended the answer with an error",
}
"""Finish reason of an answer that goes on, or should -> message. "unknown" is none of them: gateways report reasons of their
own, or none."""


def require_complete(completion: Completion, tool: str = "") -> LLMResult[Completion]:
    """Return the completion if it is a complete answer: of its first choice, if there are several.

    Fails with IncompleteAnswer, with the completion as `partial`, if it ended by a reason in STOPPED, or has tool calls
    but none of `tool`, which carries the answer; with ContentFiltered if the model refused.
    """
    reason: FinishReason = completion.finish_reason
    names = [call.name for call in completion.tool_calls]
    if reason in ("stop", "unknown", "tool_calls"):
        if names and tool not in names:
            reason = "tool_calls"
        elif names or completion.text:
            return Success(completion)
    if reason == "refusal" or (completion.refusal and reason in ("stop", "unknown")):
        message = completion.refusal or "the model refused to answer"
        return Failure(
            ContentFiltered(message=message, provider=completion.provider, partial=completion)
        )
    message = STOPPED.get(reason, "")
    if not message:
        return Success(completion)
    if reason == "tool_calls" and names:
        message = f"the model calls {', '.join(names)}, and nothing runs it"
    return Failure(
        IncompleteAnswer(
            message=message,
            provider=completion.provider,
            finish_reason=reason,
            partial=completion,
        )
    )
