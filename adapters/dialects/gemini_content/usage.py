"""usageMetadata -> Usage.

Counters of zero are absent on the wire. Source: ai.google.dev, "UsageMetadata", and some 490 recorded responses
(the wire notes of this project); read 2026-11-20.
"""

from typing import Any

from llm_pure.types.completion import Usage


def read_usage(raw: dict[str, Any]) -> Usage:
    """promptTokenCount includes cached input, but no input of server-side tools; candidatesTokenCount excludes thoughts.

    Output is the total minus the input, since the last item of a stream may lack candidatesTokenCount (recorded with
    built-in tools), and with tools at least candidates plus thoughts: the total may exclude their input. Parts never exceed their sum.
    """
    prompt = tokens(raw.get("promptTokenCount"))
    total = tokens(raw.get("totalTokenCount"))
    candidates = tokens(raw.get("candidatesTokenCount"))
    thoughts = tokens(raw.get("thoughtsTokenCount"))
    cached = tokens(raw.get("cachedContentTokenCount"))
    tools = tokens(raw.get("toolUsePromptTokenCount")) or 0
    sent = None if prompt is None else prompt + tools
    output: int | None = None
    if total is not None and sent is not None and total >= sent:
        output = total - sent
    if (output is None or tools) and (candidates is not None or thoughts is not None):
        output = max(output or 0, (candidates or 0) + (thoughts or 0))
    if cached is not None and sent is not None:
        cached = min(cached, sent)
    if thoughts is not None and output is not None:
        thoughts = min(thoughts, output)
    return Usage(sent, output, cached, None, thoughts, False, raw)


def tokens(value: object) -> int | None:
    """Return a count as an int, also from decimal text; None for anything else."""
    if type(value) is int:
        return value if value >= 0 else None
    if isinstance(value, float) and value >= 0 and value.is_integer():
        return int(value)
    # int() raises on thousands of digits
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return None
