"""Keys of inner objects that a dialect does not read, as adaptations: a client's request loses nothing in silence."""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.core.adaptations import Adaptation

NO_KEYS: frozenset[str] = frozenset()

CHOICE_KEYS: Mapping[str, frozenset[str]] = {
    "type": NO_KEYS,
    "name": NO_KEYS,
    "mode": NO_KEYS,
    "tools": NO_KEYS,
    "server_label": NO_KEYS,
    "function": frozenset({"name"}),
    "custom": frozenset({"name"}),
    "allowed_tools": frozenset({"mode", "tools"}),
}
"""Key of OpenAI's `tool_choice` -> the keys of its object, for those that have one."""


def report_unknown(
    value: object,
    known: Mapping[str, frozenset[str]],
    adaptations: list[Adaptation],
    path: str,
) -> None:
    """Report the keys of an object, and of the objects in it, that are not known."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key not in known:
            _report(inner, adaptations, f"{path}/{key}")
        elif isinstance(inner, dict):
            for name, item in inner.items():
                if name not in known[key]:
                    _report(item, adaptations, f"{path}/{key}/{name}")


def _report(value: Any, adaptations: list[Adaptation], path: str) -> None:
    if value is not None:
        short = value if isinstance(value, str | int | float) else None
        adaptations.append(dropped(path, "this library has no field for it", short))
