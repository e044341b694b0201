"""Response fields beyond this library's model: kept under the provider's name, emitted once and again when they change."""

from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import (
    ExtraReceived,
    ProviderMetadataReceived,
    StreamEvent,
    ToolCallDelta,
)

SeenExtras: TypeAlias = Entries
"""The extra fields as they were last received, by name. Part of a dialect's State."""

NO_NAMES: frozenset[str] = frozenset()


def extra_fields(raw: Any, known: AbstractSet[str]) -> dict[str, Any]:
    """Return the fields of a JSON object that are not `known`, without null and empty values.

    >>> extra_fields({"id": "1", "tier": "x", "note": "", "zero": 0}, {"id"})
    {'tier': 'x', 'zero': 0}
    """
    if not isinstance(raw, dict) or raw.keys() <= known:
        return {}
    return {
        key: value
        for key, value in raw.items()
        if key not in known and (value or value == 0)  # 0 and false are values
    }


def extra_events(raw: Any, known: AbstractSet[str]) -> list[StreamEvent]:
    """An event for each extra field of an object that arrives once."""
    return [ExtraReceived(key, value) for key, value in extra_fields(raw, known).items()]


def emit_extra_fields(
    events: list[StreamEvent],
    seen: SeenExtras,
    raw: Any,
    known: AbstractSet[str],
    choice: int | None = None,
    *,
    lists: AbstractSet[str] = NO_NAMES,
) -> SeenExtras:
    """Append an event for each extra field that is new or has changed. Return the fields seen from now on.

    Of a list, the items beyond those of the one before: it comes in pieces, or all again.
    `lists`: fields that arrive as lists in pieces; each piece is emitted, to be appended.
    """
    extra = extra_fields(raw, known)
    scope = "" if choice is None else f"{choice}/"
    for key, value in extra.items():
        if key in lists and isinstance(value, list):
            events.append(ExtraReceived(key, value, append=True, choice=choice))
            continue
        before = seen.get(scope + key)
        if before == value:
            continue
        seen = seen.put(scope + key, value)
        if isinstance(before, list) and isinstance(value, list):
            items = new_items(before, value)
            events += [ExtraReceived(key, items, append=True, choice=choice)] if items else []
        else:
            events.append(ExtraReceived(key, value, choice=choice))
    return seen


def new_items(before: list[Any], value: list[Any]) -> list[Any]:
    """The items of a list that were not in the list before it: services send a list in pieces, or all of it again.

    >>> new_items([1, 2], [1, 2, 3]), new_items([1], [2])
    ([3], [2])
    """
    if value[: len(before)] == before:
        return value[len(before) :]
    known = {json_text(item) for item in before}
    return [item for item in value if json_text(item) not in known]


def emit_call(
    events: list[StreamEvent], call: ToolCallDelta, raw: Any, known: AbstractSet[str]
) -> None:
    """Append a call, or a fragment of one. Its extra fields become provider metadata, which is replayed with it."""
    events.append(call)
    extra = extra_fields(raw, known)
    if extra:
        events.append(ProviderMetadataReceived(json_text(extra), call.index, call.choice))
