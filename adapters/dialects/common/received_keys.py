"""Keys of inner objects that a dialect does not read, as adaptations: a client's request loses nothing in silence."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.core.adaptations import Adaptation

KnownKeys: TypeAlias = Mapping[str, frozenset[str] | None]
"""Key -> the keys of its object; None for a value that is not looked into."""

CHOICE_KEYS: KnownKeys = {
    "type": None,
    "name": None,
    "mode": None,
    "tools": None,
    "server_label": None,
    "function": frozenset({"name"}),
    "custom": frozenset({"name"}),
    "allowed_tools": frozenset({"mode", "tools"}),
}
"""The keys of OpenAI's `tool_choice`."""


def report_unknown(
    value: object,
    known: KnownKeys,
    adaptations: list[Adaptation],
    path: str,
) -> None:
    """Report the keys of an object, and of the objects in it, that are not known."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key not in known:
            _report(inner, adaptations, f"{path}/{key}")
        elif isinstance(inner, dict) and (keys := known[key]) is not None:
            for name, item in inner.items():
                if name not in keys:
                    _report(item, adaptations, f"{path}/{key}/{name}")


def _report(value: Any, adaptations: list[Adaptation], path: str) -> None:
    if value is not None:
        short = value if isinstance(value, str | int | float) else None
        adaptations.append(dropped(path, "this library has no field for it", short))
