"""What a model does not take, by data: settings are dropped, clamped or renamed, and each change is reported.

A rule never fails by itself; who wants "all or nothing" builds with `strict=True`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.request import ReasoningRequest

Settings: TypeAlias = dict[str, Any]
"""Sampling settings under the names of ChatRequest; only those that are to be sent."""


class Adaptation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was not sent as it was asked. before, after: the values, where they are short."""

    field: str
    action: Literal["dropped", "clamped", "renamed", "rewritten", "changed"]
    reason: str
    before: Any = None
    after: Any = None

    @property
    def lossless(self) -> bool:
        """What is renamed, or said in other words, means what it meant; the rest does not."""
        return self.action in ("renamed", "rewritten")


class ModelProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What the models whose names begin with `prefix` do not take.

    refuses: setting -> why. unsupported_while_reasoning: the same, while the model reasons. bounds: setting -> (lowest, highest).
    reasoning: "none" cannot, "off" only when asked, "on" unless asked not to, "always", "unknown". efforts: those it
    takes, empty when nobody said. facts: whatever else a dialect wants to know of these models.
    source: where this is said, with its date.
    """

    prefix: str
    unsupported: Mapping[str, str] = {}
    unsupported_while_reasoning: Mapping[str, str] = {}
    ranges: Mapping[str, tuple[float, float]] = {}
    reasoning: Literal["none", "off", "on", "always", "unknown"] = "unknown"
    efforts: tuple[str, ...] = ()
    traits: Mapping[str, Any] = {}
    source: str = ""


DEFAULT_PROFILE = ModelProfile(prefix="")

_REFUSED_EVERYWHERE = {"best_of": "chat APIs have no best_of"}


def profile_for(rules: Sequence[ModelProfile], model: str, plan: str | None = None) -> ModelProfile:
    """The first rule whose prefix fits; a path before the name ("models/", "openai/") does not count.

    plan: config.pricing_plan, which names the model where `model` is a name of the user's own: an Azure deployment.
    """
    for given in (model, plan):
        name = given.rsplit("/", 1)[-1] if given else ""
        if not name:
            continue
        for rule in rules:
            if name.startswith(rule.prefix):
                return rule
    return DEFAULT_PROFILE


def reasoning_enabled(rule: ModelProfile, asked: ReasoningRequest | None) -> bool:
    """Will a model of this rule reason, when asked so?"""
    if rule.reasoning == "always":
        return True
    if asked is None:
        return rule.reasoning == "on"
    return asked.enabled and asked.effort != "none" and rule.reasoning != "none"


def adapt(
    settings: Settings, user_set: frozenset[str], rule: ModelProfile, *, reasoning: bool = False
) -> tuple[Settings, tuple[Adaptation, ...]]:
    """The settings that may be sent, and what was changed of those that the user chose (`explicit`).

    A default that is not taken goes without a word.
    """
    sent = dict(settings)
    told: list[Adaptation] = []
    refuses = {
        **_REFUSED_EVERYWHERE,
        **rule.unsupported,
        **(rule.unsupported_while_reasoning if reasoning else {}),
    }
    for name, reason in refuses.items():
        if name in sent:
            before = sent.pop(name)
            told.append(Adaptation(field=name, action="dropped", reason=reason, before=before))
    for name, (low, high) in rule.ranges.items():
        value = sent.get(name)
        if isinstance(value, int | float) and not low <= value <= high:
            bound = low if value < low else high
            whole = isinstance(value, int) and bound == int(bound)
            sent[name] = after = int(bound) if whole else bound
            reason = f"{name} is between {low:g} and {high:g} here"
            told.append(
                Adaptation(field=name, action="clamped", reason=reason, before=value, after=after)
            )
    return sent, tuple([one for one in told if one.field in user_set])


def strict_error(adaptations: Sequence[Adaptation], *, provider: str) -> UnsupportedFeature | None:
    """What a strict build fails with: the adaptations that lose something; None when there is none."""
    lost = [one for one in adaptations if not one.lossless]
    if not lost:
        return None
    told = "; ".join([f"{one.field} {one.action}: {one.reason}" for one in lost])
    return UnsupportedFeature(message=f"strict: {told}", provider=provider, feature=lost[0].field)
