"""Put a request's `extra` over the body that a dialect has built."""

from collections.abc import Collection, Mapping
from typing import Any

from llm_pure.core.adaptations import Adaptation

_SETTING_OF_KEY: Mapping[str, str] = {
    "stream": "stream",
    **dict.fromkeys(
        ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens", "maxOutputTokens",
         "maxTokenCount", "max_tokens_to_sample", "max_gen_len", "num_predict"),
        "max_tokens",
    ),
    "temperature": "temperature",
}  # fmt: skip
"""Keys of bodies whose values may be a configuration file's defaults -> the setting."""

_SETS = frozenset({"include", "anthropic_beta"})
"""Keys whose lists are sets of names: `extra` adds to them; an empty list replaces them."""


def overlay(
    below: Mapping[str, Any],
    above: Mapping[str, Any],
    path: str,
    user_set: frozenset[str],
    defaults: Collection[str],
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    """Return `below` with `above` over it, object by object; `merge_extra` has what is reported.

    `path`: of `above`. `user_set`: the settings that the user set; a configuration's defaults are replaced without a report.
    """
    merged = dict(below)
    for key, value in above.items():
        key_path = f"{path}/{key}"
        before = merged.get(key)
        if before is None or before == value:
            merged[key] = value
        elif isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = overlay(before, value, key_path, user_set, defaults, adaptations)
        elif (
            key in _SETS and value and isinstance(before, list) and isinstance(value, list | tuple)
        ):
            merged[key] = [*before, *[name for name in value if name not in before]]
        else:
            merged[key] = value
            setting = _SETTING_OF_KEY.get(key)
            is_default = key_path.removeprefix("extra/") in defaults or key in _SETS
            if not is_default and (setting is None or setting in user_set):
                adaptations.append(_overridden(key_path, before, value))
    return merged


def _overridden(path: str, before: Any, after: Any) -> Adaptation:
    short = str | int | float | None
    return Adaptation(
        field=path,
        action="changed",
        reason="extra replaces what the request has set",
        before=before if isinstance(before, short) else None,
        after=after if isinstance(after, short) else None,
    )
