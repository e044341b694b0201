"""Short forms of Adaptation, and adaptations of sampling settings that several APIs have in common."""

from collections.abc import Collection
from typing import Literal

from llm_pure.core.adaptations import Adaptation, Settings


def dropped(field: str, reason: str, before: object = None) -> Adaptation:
    """Something that is not sent."""
    return Adaptation(field=field, action="dropped", reason=reason, before=before)


def changed(field: str, reason: str, before: object = None, after: object = None) -> Adaptation:
    """Something that is sent in a form that loses information."""
    return Adaptation(field=field, action="changed", reason=reason, before=before, after=after)


def clamped(field: str, reason: str, before: object = None, after: object = None) -> Adaptation:
    """A value that is sent as the nearest supported one."""
    return Adaptation(field=field, action="clamped", reason=reason, before=before, after=after)


def renamed(field: str, reason: str, before: object = None, after: object = None) -> Adaptation:
    """Something that is sent under another name, with the same meaning."""
    return Adaptation(field=field, action="renamed", reason=reason, before=before, after=after)


def rewritten(field: str, reason: str, before: object = None, after: object = None) -> Adaptation:
    """Something that is sent in another form, or left out because it says nothing; the meaning is the same."""
    return Adaptation(field=field, action="rewritten", reason=reason, before=before, after=after)


def added(field: str, reason: str, after: object = None) -> Adaptation:
    """Something that the service needs beside what was requested."""
    return Adaptation(field=field, action="added", reason=reason, after=after)


def dropped_tool_mark(index: int, name: str) -> Adaptation:
    """The cache mark of a tool, for services that take none at tools."""
    return dropped(f"tools/{index}/cache", f"{name} takes no cache marks at tools", True)


def limit_stops(
    settings: Settings, limit: int, service: str, adaptations: list[Adaptation]
) -> None:
    """Keep the first stop sequences, as many as the service takes."""
    stop = settings.get("stop", ())
    if len(stop) > limit:
        reason = f"{service} supports at most {limit} stop sequence{'s' if limit > 1 else ''}"
        adaptations.append(clamped("stop", reason, stop, stop[:limit]))
        settings["stop"] = stop[:limit]


def leave_out_long_stops(
    settings: Settings,
    limit: int,
    unit: Literal["bytes", "characters"],
    service: str,
    adaptations: list[Adaptation],
) -> None:
    """Leave out the stop sequences that are longer than the service takes."""
    stop = settings["stop"]
    measured = [text.encode(errors="replace") if unit == "bytes" else text for text in stop]
    kept = tuple([text for text, size in zip(stop, measured, strict=True) if len(size) <= limit])
    if len(kept) == len(stop):
        return
    long = [text for text in stop if text not in kept]
    reason = f"a stop sequence has at most {limit} {unit} at {service}"
    adaptations.append(dropped("stop", reason, long[0] if len(long) == 1 else tuple(long)))
    settings["stop"] = kept
    if not kept:
        del settings["stop"]


def leave_out_blank_stops(settings: Settings, adaptations: list[Adaptation]) -> None:
    """Remove stop sequences of white space alone, which Claude rejects; `stop` is removed if no other is left."""
    stop = settings["stop"]
    kept = tuple([text for text in stop if text.strip()])
    if len(kept) == len(stop):
        return
    reason = "the API rejects stop sequences that are only white space"
    adaptations.append(changed("stop", reason, stop, kept))
    if kept:
        settings["stop"] = kept
    else:
        del settings["stop"]


def keep_temperature_or_top_p(
    settings: Settings, user_set: Collection[str], adaptations: list[Adaptation], *, model: str
) -> None:
    """Remove top_p from `settings`, or the temperature if only top_p was set by the user, where both are present.

    >>> settings: Settings = {"temperature": 0.5, "top_p": 0.9}
    >>> adaptations: list[Adaptation] = []
    >>> keep_temperature_or_top_p(settings, {"top_p"}, adaptations, model="m")
    >>> settings, adaptations
    ({'top_p': 0.9}, [])
    """
    if "temperature" not in settings or "top_p" not in settings:
        return
    removed = "top_p" if "temperature" in user_set else "temperature"
    before = settings.pop(removed)
    if removed in user_set:
        reason = f"{model} takes temperature or top_p, not both"
        adaptations.append(dropped(removed, reason, before))
