"""Reasoning efforts of OpenAI's APIs and their token budgets, for services that support only one of the two."""

from collections.abc import Sequence

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.types.request import ReasoningRequest

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""In ascending order."""

_EFFORT_OF_BUDGET = ((1024, "low"), (8192, "medium"))
"""(maximum tokens, effort); larger budgets are "high"."""

_BUDGET_OF_EFFORT = {"minimal": 512, "low": 1024, "medium": 8192, "high": 16384}
"""Effort -> tokens; higher efforts get 32768. `effort_of_budget` maps low, medium and high back to themselves."""


def is_enabled(request: ReasoningRequest) -> bool:
    """Whether the request turns reasoning on."""
    return request.enabled and request.effort != "none"


def nearest_effort(effort: str, supported: Sequence[str]) -> str:
    """Return the supported effort closest to `effort`, the lower of two. "none" only for "none", or if it is the only one.

    >>> nearest_effort("minimal", ("none", "low", "high")), nearest_effort("xhigh", ("low", "max"))
    ('low', 'max')
    """
    rank = EFFORTS.index(effort)
    candidates = [name for name in supported if name != "none" or effort == "none"] or supported
    return min(candidates, key=lambda name: (abs(EFFORTS.index(name) - rank), EFFORTS.index(name)))


def effort_of_budget(tokens: int) -> str:
    """The effort for a token budget.

    >>> effort_of_budget(1024), effort_of_budget(1025), effort_of_budget(100_000)
    ('low', 'medium', 'high')
    """
    return next((effort for limit, effort in _EFFORT_OF_BUDGET if tokens <= limit), "high")


def budget_of(effort: str) -> int:
    """The token budget for an effort above "none".

    >>> budget_of("medium"), budget_of("max")
    (8192, 32768)
    """
    return _BUDGET_OF_EFFORT.get(effort, 32768)


def effort_of(
    request: ReasoningRequest | None, profile: ModelProfile, model: str
) -> tuple[str | None, tuple[Adaptation, ...]]:
    """Return the effort to send, None if nothing is sent, and the adaptations."""
    if request is None:
        return None, ()
    if profile.reasoning == "none":
        if not request.enabled:
            return None, ()
        return None, (dropped("reasoning", f"{model} has no reasoning to ask for"),)
    effort: str | None = request.effort if request.enabled else "none"
    adaptations = not_both(
        request, request.budget_tokens, f"{model} takes an effort, and the budget is not sent"
    )
    if effort is None and request.budget_tokens is not None:
        effort = effort_of_budget(request.budget_tokens)
        reason = f"{model} takes an effort, not a budget in tokens"
        adaptations = (changed("reasoning", reason, request.budget_tokens, effort),)
    if effort is None or not profile.efforts or effort in profile.efforts:
        return effort, adaptations
    nearest = nearest_effort(effort, profile.efforts)
    reason = f"{model} takes {', '.join(profile.efforts)}"
    return nearest, (*adaptations, changed("reasoning", reason, effort, nearest))


def not_both(request: ReasoningRequest, unsent: object, reason: str) -> tuple[Adaptation, ...]:
    """The adaptation for a request with both an effort and a budget, of which `unsent` is dropped; () for other requests."""
    if not is_enabled(request) or request.effort is None or request.budget_tokens is None:
        return ()
    return (dropped("reasoning", reason, unsent),)
