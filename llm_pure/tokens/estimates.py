"""Estimate usage that the provider did not report; `Usage.estimated` marks it."""

import msgspec

from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.tokens.count import Count, TokenCounter, count_request, count_text
from llm_pure.tokens.windows import window_for
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.messages import (
    Audio,
    Document,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)

_MARGIN = {"exact": (100, 0), "overhead rule": (102, 16), "estimate": (125, 600)}
"""Method of a count -> (percent, tokens) of the margin that the provider's count is not expected to exceed."""


def estimated_usage(
    counter: TokenCounter, request: ResolvedRequest, completion: Completion
) -> Usage:
    """Count what is missing from the usage; reported values are kept."""
    usage = completion.usage
    if usage.input_tokens is not None and usage.output_tokens is not None:
        return usage
    input_tokens = usage.input_tokens
    output_tokens = usage.output_tokens
    return msgspec.structs.replace(
        usage,
        input_tokens=count_request(counter, request).tokens
        if input_tokens is None
        else input_tokens,
        output_tokens=count_completion(counter, completion.message)
        if output_tokens is None
        else output_tokens,
        estimated=True,
    )


def partial_usage(counter: TokenCounter, request: ResolvedRequest, partial: Completion) -> Usage:
    """Estimate the usage of a response that was cut off: at least the output received."""
    usage = estimated_usage(counter, request, partial)
    output_tokens = max(usage.output_tokens or 0, count_completion(counter, partial.message))
    return msgspec.structs.replace(usage, output_tokens=output_tokens, estimated=True)


def count_completion(counter: TokenCounter, message: Message) -> int:
    """Tokens of a response message: text, visible reasoning and tool calls."""
    total = 0
    for part in message.parts:
        match part:
            case Text(text=text) | Refusal(text=text) | Reasoning(text=text):
                total += count_text(counter, text).tokens
            case ToolCall():
                tokens = count_text(counter, f"{part.name}{part.arguments}").tokens
                total += counter.family.call + tokens
            case _:
                pass
    return total


def max_input_tokens(count: Count) -> int:
    """Upper bound of the provider's count of the input, for reservations."""
    percent, more = _MARGIN[count.method]
    return -(-count.tokens * percent // 100) + more


def input_limit(
    config: LLMConfig, resolved: ResolvedRequest, count: Count, *, stored: bool = False
) -> int | None:
    """Return the maximum input tokens of a request; stored: it continues what the service has, as a conversation.

    What cannot be counted here, such as a file by its address, may fill the context of the model; None if that is unknown.
    """
    counted = max_input_tokens(count)
    if not stored and not any(
        _is_uncountable(part) for message in resolved.messages for part in message.parts
    ):
        return counted
    window = window_for(resolved.model, config.pricing_plan)
    context = config.context_length or (None if window is None else window.context)
    return None if context is None else max(counted, context)


def _is_uncountable(part: Part) -> bool:
    """Whether no rule bounds the tokens: a video, or a file that is not in the request. Images have a largest size."""
    match part:
        case Document(data=data) | Audio(data=data):
            return data is None
        case ToolResult():
            return any(map(_is_uncountable, part.content))
        case _:
            return isinstance(part, Video)


def max_output_tokens(request: ResolvedRequest) -> int | None:
    """Maximum output of a request, including reasoning and alternatives; None if no limit is sent, or none that is one."""
    limit = request.settings.get("max_tokens")
    if not isinstance(limit, int) or limit <= 0:
        return None
    budget = request.reasoning.budget_tokens if request.reasoning else None
    n = request.settings.get("n")
    return (limit + max(0, budget or 0)) * (max(1, n) if isinstance(n, int) else 1)


def output_limit(config: LLMConfig, resolved: ResolvedRequest) -> int | None:
    """Return the maximum output tokens of a request: its own, the model's, the configuration's context; None if unknown."""
    limit = max_output_tokens(resolved)
    if limit is not None:
        return limit
    window = window_for(resolved.model, config.pricing_plan)
    return config.context_length if window is None else window.output or window.context
