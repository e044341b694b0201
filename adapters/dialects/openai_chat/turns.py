"""Message order and tool call ids, for providers that are strict about them."""

import hashlib
import re
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import changed
from llm_pure.adapters.dialects.openai_chat.quirks import TurnOrder
from llm_pure.core.adaptations import Adaptation

_SHORT_ID = re.compile(r"[a-zA-Z0-9]{9}")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Wire = dict[str, Any]


def short_id(call_id: str) -> str:
    """The id if it is nine letters and digits, else a hash of it in this form.

    Source: mistralai/client-python: a foreign id is a 400, "invalid_function_call"; read 2026-11-20.

    >>> short_id("aB3dE6gH9"), short_id("call_1")
    ('aB3dE6gH9', 'sPnjkEYJU')
    """
    if _SHORT_ID.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).digest()
    return "".join([_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:9]])


def append_turn(
    order: TurnOrder, messages: list[Wire], turn: Wire, path: str, adaptations: list[Adaptation]
) -> None:
    """Append a message in the order that the provider requires: merge it into the last one, or insert one before it."""
    last = messages[-1] if messages else None
    role, last_role = turn["role"], last["role"] if last else None
    if order == "assistant_after_tools" and (role, last_role) == ("user", "tool"):
        reason = "a user message directly after a tool message is not supported; an assistant message OK is inserted"
        adaptations.append(changed(path, reason))
        messages.append({"role": "assistant", "content": "OK"})
    elif order == "alternating" and last and role == last_role and role != "tool":
        reason = f"consecutive {role} messages are not supported; they are merged"
        adaptations.append(changed(path, reason))
        messages[-1] = _merge(last, turn)
        return
    messages.append(turn)


def _merge(first: Wire, second: Wire) -> Wire:
    """Both messages as one: strings joined by a blank line, else all parts of both."""
    before, after = first["content"] or "", second["content"] or ""
    if isinstance(before, str) and isinstance(after, str):
        content: Any = "\n\n".join(filter(None, [before, after]))
    else:
        content = [*_parts(before), *_parts(after)]
    calls = [*first.get("tool_calls", ()), *second.get("tool_calls", ())]
    return {**first, **second, "content": content, **({"tool_calls": calls} if calls else {})}


def _parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)
