"""Arguments of a tool call that are not simply the JSON of its fragments: they repeat each other, or hold several calls.

Gateways send the complete arguments after their fragments, the arguments so far in each chunk, or `{}` before the first
fragment. Only text that is no JSON is read so, and only as JSON that all fragments agree with.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from llm_pure.framing.json_codec import any_json, json_object, json_text
from llm_pure.types.messages import ToolCall


def join_arguments(fragments: Sequence[str]) -> str:
    """The arguments in these fragments; simply joined, if that is JSON or there is no other way to read them.

    >>> join_arguments(['{"a":', "1}", '{"a":1}']), join_arguments(["{}", '{"a"', ":1}"])
    ('{"a":1}', '{"a":1}')
    >>> join_arguments(['{"a":', '{"b":2}', "}"]), join_arguments(['{"a"', '{"a":1}'])
    ('{"a":{"b":2}}', '{"a":1}')
    >>> join_arguments(["null"]), join_arguments(['"{}"'])
    ('{}', '{}')
    """
    text = "".join(fragments)
    value = any_json(text.encode("utf-8", "replace"))
    if isinstance(value, str) and _is_object_or_null(value):  # encoded twice
        return join_arguments((value,))
    if value is not None:
        return text
    if text.strip() == "null":
        return "{}"
    return _only_value(text) or _last_of_growing(fragments) or text


def _only_value(text: str) -> str:
    """The one object in several, of which the others repeat it or are empty; "" if they differ, or the text has more."""
    objects = _objects(text)
    filled = {value for value in objects if value.strip() not in _EMPTY}
    if (
        len(objects) < 2
        or len({repr(any_json(value.encode("utf-8", "replace"))) for value in filled}) > 1
    ):
        return ""
    return next((value.strip() for value in objects if value in filled), "{}")


_EMPTY = ("{}", "null")
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|null|[\[\]{}]', re.DOTALL)


def _objects(text: str) -> list[str]:
    """The JSON objects and nulls that stand one after the other; none if the last one is not complete."""
    objects: list[str] = []
    depth = start = 0
    for token in _TOKENS.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth -= 1
        elif first == '"' or depth:
            continue
        if depth == 0:
            objects.append(text[start : token.end()])
            start = token.end()
    complete = depth == 0 and not text[start:].strip()
    return objects if complete and all(map(_is_object_or_null, objects)) else []


def _is_object_or_null(text: str) -> bool:
    return text.strip() == "null" or isinstance(any_json(text.encode("utf-8", "replace")), dict)


def _last_of_growing(fragments: Sequence[str]) -> str:
    """The last fragment, if each one begins with the one before it, and the last one is an object; else ""."""
    grown = [fragment for fragment in fragments if fragment]
    if any(not after.startswith(before) for before, after in pairwise(grown)):
        return ""
    return grown[-1] if grown and _is_object_or_null(grown[-1]) else ""


def unwrap_parallel(call: ToolCall) -> tuple[ToolCall, ...]:
    """The calls in {"tool_uses": [{"recipient_name": "functions.X", "parameters": {...}}]}.

    Source: vercel/ai fixture openai/parallel-tool-call-wrapper, read 2026-11-20.
    """
    uses = (json_object(call.arguments) or {}).get("tool_uses")
    calls: list[ToolCall] = []
    for index, use in enumerate(uses if isinstance(uses, list) else ()):
        if not isinstance(use, dict) or not isinstance(use.get("recipient_name"), str):
            return (call,)
        call_id = f"{call.id}_{index}" if call.id else ""
        name = use["recipient_name"].removeprefix("functions.")
        calls.append(ToolCall(call_id, name, json_text(use.get("parameters") or {})))
    return tuple(calls) or (call,)
