"""Usage that no provider reported: counted here, and marked so."""

import msgspec

from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.tokens.count import Count, TokenCounter, count_request, count_text
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.messages import Message, Reasoning, Refusal, Text, ToolCall

_MARGIN = {"exact": (100, 0), "overhead rule": (102, 16), "estimate": (125, 600)}
"""Method of a count -> (percent, tokens more) that the provider's own count is not expected to pass."""


def estimated_usage(counter: TokenCounter, draft: ResolvedRequest, completion: Completion) -> Usage:
    """The usage with what is missing counted here; what the provider said stays."""
    usage = completion.usage
    if usage.input_tokens is not None and usage.output_tokens is not None:
        return usage
    sent = usage.input_tokens
    made = usage.output_tokens
    return msgspec.structs.replace(
        usage,
        input_tokens=count_request(counter, draft).tokens if sent is None else sent,
        output_tokens=count_completion(counter, completion.message) if made is None else made,
        estimated=True,
    )


def partial_usage(counter: TokenCounter, draft: ResolvedRequest, partial: Completion) -> Usage:
    """The usage of an answer that was cut off: what came of it is counted, where the provider said less."""
    usage = estimated_usage(counter, draft, partial)
    made = max(usage.output_tokens or 0, count_completion(counter, partial.message))
    return msgspec.structs.replace(usage, output_tokens=made, estimated=True)


def count_completion(counter: TokenCounter, message: Message) -> int:
    """The tokens of an answer: its words, its thoughts as far as they are shown, its tool calls."""
    total = 0
    for part in message.parts:
        match part:
            case Text(text=text) | Refusal(text=text) | Reasoning(text=text):
                total += count_text(counter, text).tokens
            case ToolCall():
                said = count_text(counter, f"{part.name}{part.arguments}").tokens
                total += counter.family.call + said
            case _:
                pass
    return total


def max_input_tokens(count: Count) -> int:
    """What the provider's own count will not pass, as far as one can tell: for reservations."""
    percent, more = _MARGIN[count.method]
    return -(-count.tokens * percent // 100) + more


def max_output_tokens(draft: ResolvedRequest) -> int | None:
    """The longest answer that was asked for, thoughts and alternatives included; None where no limit is sent."""
    limit = draft.settings.get("max_tokens")
    if not isinstance(limit, int):
        return None
    budget = draft.reasoning.budget_tokens if draft.reasoning else None
    several = draft.settings.get("n")
    return (limit + (budget or 0)) * (several if isinstance(several, int) else 1)
