"""The order of turns, where a service is strict about it; and ids of calls, where it is strict about them."""

import hashlib
import re
from typing import Any

from llm_pure.adapters.dialects.openai_chat.quirks import TurnOrder
from llm_pure.adapters.dialects.openai_chat.sending import changed
from llm_pure.core.adaptations import Adaptation

_SHORT_ID = re.compile(r"[a-zA-Z0-9]{9}")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Wire = dict[str, Any]


def short_id(call_id: str) -> str:
    """The id when it is nine letters and digits; else nine that are made from it, always the same.

    Source: mistralai/client-python: a foreign id is a 400, "invalid_function_call"; read 2026-11-20.

    >>> short_id("aB3dE6gH9"), short_id("call_1")
    ('aB3dE6gH9', 'sPnjkEYJU')
    """
    if _SHORT_ID.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).digest()
    return "".join([_LETTERS[byte % len(_LETTERS)] for byte in digest[:9]])


def in_order(
    order: TurnOrder, before: list[Wire], turns: list[Wire], path: str
) -> tuple[list[Wire], tuple[Adaptation, ...]]:
    """The messages so far and these more, as the service wants them to follow one another; and what that took."""
    messages = list(before)
    told: list[Adaptation] = []
    for turn in turns:
        last = messages[-1] if messages else None
        role, last_role = turn["role"], last["role"] if last else None
        if order == "assistant_after_tools" and (role, last_role) == ("user", "tool"):
            reason = "no user speaks straight after a tool here; the assistant says OK in between"
            told.append(changed(path, reason))
            messages.append({"role": "assistant", "content": "OK"})
        elif order == "alternating" and last and role == last_role and role != "tool":
            reason = f"two messages of the {role} in a row are one message here"
            told.append(changed(path, reason))
            messages[-1] = _joined(last, turn)
            continue
        messages.append(turn)
    return messages, tuple(told)


def _joined(one: Wire, other: Wire) -> Wire:
    """Both turns as one: strings with a blank line between them, else all parts of both."""
    first, second = one["content"] or "", other["content"] or ""
    if isinstance(first, str) and isinstance(second, str):
        content: Any = "\n\n".join(filter(None, [first, second]))
    else:
        content = [*_parts(first), *_parts(second)]
    calls = [*one.get("tool_calls", ()), *other.get("tool_calls", ())]
    return {**one, **other, "content": content, **({"tool_calls": calls} if calls else {})}


def _parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)
