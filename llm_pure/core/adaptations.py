"""Adapt sampling settings to what a model supports.

Unsupported settings are dropped, clamped or renamed, and every change is returned as an Adaptation. With `strict=True`,
`build_chat` fails instead if a change loses information.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import SafeRepr
from llm_pure.types.request import ReasoningRequest

Settings: TypeAlias = dict[str, Any]
"""The sampling settings to send, under the names of ChatRequest."""


class Adaptation(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """One difference between the request and what is sent."""

    field: str
    action: Literal["dropped", "clamped", "renamed", "rewritten", "added", "changed"]
    reason: str
    before: Any = None
    """The requested value, if it is short; `after` is the value that is sent."""
    after: Any = None

    @property
    def lossless(self) -> bool:
        """True if the meaning is unchanged: the value was renamed or rewritten, or the service needs a value beside it."""
        return self.action in ("renamed", "rewritten", "added")


class ModelProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and reasoning of the models whose names begin with `prefix`."""

    prefix: str
    unsupported: Mapping[str, str] = {}
    """Setting -> reason."""
    unsupported_while_reasoning: Mapping[str, str] = {}
    """Setting -> reason; applies while the model reasons."""
    ranges: Mapping[str, tuple[float, float]] = {}
    """Setting -> (minimum, maximum)."""
    reasoning: Literal["none", "off", "on", "always", "unknown"] = "unknown"
    """Whether it reasons: "none" never, "off" on request, "on" unless disabled, "always" always."""
    efforts: tuple[str, ...] = ()
    """The supported efforts; empty if not documented."""
    traits: Mapping[str, Any] = {}
    """Further facts for the dialect."""
    is_fallback: bool = False
    """For models that no other profile names: they are taken for the vendor's newest kind."""
    source: str = ""
    """Where this is documented, with the date."""


DEFAULT_PROFILE = ModelProfile(prefix="")

_UNSUPPORTED_EVERYWHERE = {"best_of": "chat APIs have no best_of"}


def profile_for(
    profiles: Sequence[ModelProfile], model: str, plan: str | None = None
) -> ModelProfile:
    """Return the first profile whose prefix matches, fallbacks last; a path in the name ("models/", "openai/") is ignored.

    `plan`: config.pricing_plan, the model's name if `model` is a name chosen by the user, as for an Azure deployment.
    """
    fallback = DEFAULT_PROFILE
    for path in (model, plan):
        name = path.rsplit("/", 1)[-1] if path else ""
        if not name:
            continue
        for profile in profiles:
            if name.startswith(profile.prefix):
                if not profile.is_fallback:
                    return profile
                if fallback is DEFAULT_PROFILE:
                    fallback = profile
    return fallback


def reasoning_enabled(profile: ModelProfile, requested: ReasoningRequest | None) -> bool:
    """Return true if a model of this profile reasons for this request."""
    if profile.reasoning == "always":
        return True
    if requested is None:
        return profile.reasoning == "on"
    return requested.enabled and requested.effort != "none" and profile.reasoning != "none"


def adapt(
    settings: Settings,
    user_set: frozenset[str],
    profile: ModelProfile,
    *,
    reasoning: bool = False,
) -> tuple[Settings, tuple[Adaptation, ...]]:
    """Return the settings to send and the adaptations.

    Only settings in `user_set` are reported; an unsupported default of the configuration is dropped silently.
    """
    sent = dict(settings)
    adaptations: list[Adaptation] = []
    while_reasoning = profile.unsupported_while_reasoning if reasoning else {}
    unsupported: Mapping[str, str] = {}
    if not (
        profile.unsupported.keys().isdisjoint(sent)
        and while_reasoning.keys().isdisjoint(sent)
        and _UNSUPPORTED_EVERYWHERE.keys().isdisjoint(sent)
    ):
        unsupported = {**_UNSUPPORTED_EVERYWHERE, **profile.unsupported, **while_reasoning}
    for name, reason in unsupported.items():
        if name in sent:
            before = sent.pop(name)
            adaptations.append(
                Adaptation(field=name, action="dropped", reason=reason, before=before)
            )
    if "stop" in sent:
        _leave_out_empty_stops(sent, adaptations)
    ranges = profile.ranges if _are_beyond(sent, profile.ranges) else {}
    for name, (low, high) in ranges.items():
        value = sent.get(name)
        if isinstance(value, int | float) and not low <= value <= high:
            bound = low if value < low else high
            is_int = isinstance(value, int) and bound == int(bound)
            sent[name] = after = int(bound) if is_int else bound
            reason = f"{name} is between {low:g} and {high:g} here"
            adaptations.append(
                Adaptation(field=name, action="clamped", reason=reason, before=value, after=after)
            )
    return sent, tuple([adaptation for adaptation in adaptations if adaptation.field in user_set])


_NUMBER = (int, float)  # a union would be made anew at each look


def _leave_out_empty_stops(settings: Settings, adaptations: list[Adaptation]) -> None:
    """Keep each stop sequence once, and none that is empty: services answer 400 to "", and a repetition says nothing."""
    stop = settings["stop"]
    kept = tuple(dict.fromkeys([text for text in stop if text]))
    if len(kept) == len(stop):
        return
    is_loss = "" in stop
    reason = "services refuse an empty stop sequence" if is_loss else "a repeated stop sequence"
    action: Literal["dropped", "rewritten"] = "dropped" if is_loss else "rewritten"
    adaptations.append(
        Adaptation(field="stop", action=action, reason=reason, before=stop, after=kept)
    )
    if kept:
        settings["stop"] = kept
    else:
        del settings["stop"]


def _are_beyond(settings: Settings, ranges: Mapping[str, tuple[float, float]]) -> bool:
    """Whether a setting is out of its range; most are not."""
    for name, value in settings.items():
        bounds = ranges.get(name)
        if (
            bounds is not None
            and isinstance(value, _NUMBER)
            and not bounds[0] <= value <= bounds[1]
        ):
            return True
    return False


class FieldRule(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the body that the service refuses without another field, or beside one."""

    field: str
    """The field that is dropped."""
    setting: str
    """Its name in ChatRequest; "" for a field that the library sends by itself, which is dropped silently."""
    needs: str | None = None
    """The field without which, or with a false value of which, it is dropped."""
    excluded_by: Mapping[str, tuple[Any, ...]] = {}
    """Field -> its values with which it is dropped; () for any value but null and false."""
    unless: tuple[Any, ...] = ()
    """Values of the field that are not dropped."""
    reason: str
    source: str
    """Where this is documented, with the date."""

    def drops(self, body: Mapping[str, Any]) -> bool:
        """Return true if the field must be dropped from this body."""
        if body.get(self.field) is None or body[self.field] in self.unless:
            return False
        if self.needs is not None and not body.get(self.needs):
            return True
        return any(
            body[name] in values if values else body[name] not in (None, False, [], {})
            for name, values in self.excluded_by.items()
            if name in body
        )


def apply_rules(
    body: dict[str, Any], rules: Sequence[FieldRule], adaptations: list[Adaptation]
) -> None:
    """Drop the fields of the body that these rules do not allow."""
    for rule in rules:
        if rule.field in body and rule.drops(body):
            before = body.pop(rule.field)
            if rule.setting:
                short = before if isinstance(before, str | int | float) else None
                adaptations.append(
                    Adaptation(
                        field=rule.setting, action="dropped", reason=rule.reason, before=short
                    )
                )


class MetadataLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a service takes as metadata."""

    max_pairs: int
    key: re.Pattern[str]
    """Keys match it entirely."""
    value: re.Pattern[str]
    source: str
    """Where this is documented, with the date."""


def fit_metadata(
    metadata: Mapping[str, str], limits: MetadataLimits, adaptations: list[Adaptation]
) -> dict[str, str]:
    """Return the pairs that the service takes; the others are dropped and reported."""
    kept: dict[str, str] = {}
    for key, value in metadata.items():
        if len(kept) == limits.max_pairs:
            reason = f"the service takes at most {limits.max_pairs} pairs"
        elif not limits.key.fullmatch(key):
            reason = "the service does not take this key"
        elif not limits.value.fullmatch(value):
            reason = "the service does not take this value"
        else:
            kept[key] = value
            continue
        adaptations.append(
            Adaptation(field=f"metadata/{key}", action="dropped", reason=reason, before=value)
        )
    return kept


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier, and what the service takes as one. Of another value its hash is sent, which identifies as well."""

    path: str
    """A key of the body, or a path."""
    min_length: int = 1
    max_length: int
    refused: re.Pattern[str] | None = None
    """Values that the service refuses."""
    source: str
    """Where this is documented, with the date."""

    def fit(self, field: str, value: str, adaptations: list[Adaptation]) -> str:
        """Return the value, or its hash."""
        is_refused = self.refused is not None and self.refused.search(value) is not None
        if not value or (self.min_length <= len(value) <= self.max_length and not is_refused):
            return value
        adaptations.append(
            Adaptation(
                field=field,
                action="rewritten",
                reason=f"{self.path} has {self.min_length} to {self.max_length} characters here, and no personal data; its hash is sent",
            )
        )
        from hashlib import sha256  # imported late: start-up

        return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """An option that is one of a service's words. Other values, as other services have them, are refused."""

    path: str
    """A key of the body, a path, or the name of a header."""
    values: frozenset[str]
    source: str
    """Where this is documented, with the date."""

    def has(self, field: str, value: str, service: str, adaptations: list[Adaptation]) -> bool:
        """True for a word of the service; another one is reported as dropped."""
        if value in self.values:
            return True
        reason = f"{service} has {', '.join(sorted(self.values))} for it"
        adaptations.append(Adaptation(field=field, action="dropped", reason=reason, before=value))
        return False


def strict_error(adaptations: Sequence[Adaptation], *, provider: str) -> UnsupportedFeature | None:
    """Return the error of a strict build: the adaptations that lose information. None if there are none."""
    lossy = [adaptation for adaptation in adaptations if not adaptation.lossless]
    if not lossy:
        return None
    changes = "; ".join([f"{change.field} {change.action}: {change.reason}" for change in lossy])
    return UnsupportedFeature(
        message=f"strict: {changes}", provider=provider, feature=lossy[0].field
    )
