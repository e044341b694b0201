"""usageMetadata -> Usage.

Counters that are zero are left out on the wire. Source: ai.google.dev, "UsageMetadata", and some 490 recorded answers
(the wire notes of this project); read 2026-11-20.
"""

from typing import Any

from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """promptTokenCount has cached input in it, but not what server-side tools put in; candidatesTokenCount no thoughts.

    Output is what the total leaves, since the last item of a stream may lack candidatesTokenCount (recorded with
    built-in tools); without a total, candidates and thoughts together. Parts never exceed their whole.
    """
    prompt = tokens(raw.get("promptTokenCount"))
    total = tokens(raw.get("totalTokenCount"))
    answer = tokens(raw.get("candidatesTokenCount"))
    thoughts = tokens(raw.get("thoughtsTokenCount"))
    cached = tokens(raw.get("cachedContentTokenCount"))
    sent = None if prompt is None else prompt + (tokens(raw.get("toolUsePromptTokenCount")) or 0)
    if total is not None and sent is not None and total >= sent:
        made: int | None = total - sent
    elif answer is None and thoughts is None:
        made = None
    else:
        made = (answer or 0) + (thoughts or 0)
    if cached is not None and sent is not None and cached > sent:
        cached = sent
    if thoughts is not None and made is not None and thoughts > made:
        thoughts = made
    return Usage(sent, made, cached, None, thoughts, False, raw)


def tokens(value: object) -> int | None:
    """A count as the wire says it; None for anything that is no count."""
    if type(value) is int:
        return value if value >= 0 else None
    if isinstance(value, float) and value >= 0 and value.is_integer():
        return int(value)
    # int() raises on thousands of digits
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return None
