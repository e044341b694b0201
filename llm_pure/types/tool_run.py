"""`ToolRun`: the conversation of several calls, with the responses and the tool results in it."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from llm_pure.types.completion import Completion, Usage
from llm_pure.types.messages import Message, SafeRepr, ToolResult


class ToolStep(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """One response of the model, and the results of its tool calls."""

    completion: Completion = Completion()
    results: tuple[ToolResult, ...] = ()
    """In the order of the calls; () if there are no calls, or if they were not run."""
    cost_usd: Decimal | None = None
    """None if the price is unknown."""


class ToolRun(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The conversation so far. `messages` and a further question are the next request."""

    messages: tuple[Message, ...] = ()
    """The messages of the request, then each response and its results."""
    steps: tuple[ToolStep, ...] = ()

    @property
    def completion(self) -> Completion:
        """The last response; an empty one if there is none."""
        return self.steps[-1].completion if self.steps else Completion()

    @property
    def text(self) -> str:
        """The text of the last response."""
        return self.completion.text

    @property
    def usage(self) -> Usage:
        """The sum over the steps. A count of input or output that a step did not report is None, as there is no sum."""
        usages = [step.completion.usage for step in self.steps]
        return Usage(
            input_tokens=_total(usages, lambda usage: usage.input_tokens),
            output_tokens=_total(usages, lambda usage: usage.output_tokens),
            cached_input_tokens=_partial_total(usages, lambda usage: usage.cached_input_tokens),
            cache_write_tokens=_partial_total(usages, lambda usage: usage.cache_write_tokens),
            reasoning_tokens=_partial_total(usages, lambda usage: usage.reasoning_tokens),
            estimated=any(usage.estimated for usage in usages),
        )

    @property
    def cost_usd(self) -> Decimal | None:
        """The sum over the steps; None if the price of one is unknown."""
        costs = [step.cost_usd for step in self.steps]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _total(usages: list[Usage], count_of: Callable[[Usage], int | None]) -> int | None:
    counts = [count_of(usage) for usage in usages]
    known = [count for count in counts if count is not None]
    return sum(known) if counts and len(known) == len(counts) else None


def _partial_total(usages: list[Usage], count_of: Callable[[Usage], int | None]) -> int | None:
    """Services leave out a part that is zero: what is reported counts."""
    known = [count for usage in usages if (count := count_of(usage)) is not None]
    return sum(known) if known else None
