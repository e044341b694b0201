"""Fragments of a stream: tool calls, which are assigned to a part; reasoning details and audio, which are joined at the end."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_chat.state import (
    CALLS,
    NO_CALL,
    NO_LAST_CALL,
    CallHead,
    State,
)
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import ToolCallDelta
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import Audio, ProviderMetadata

_TEXT_FIELDS = ("text", "summary", "data")
"""Fields of a reasoning detail that arrive in fragments."""


def read_call_fragment(
    state: State,
    choice: int,
    index: int | None,
    call_id: str | None,
    name: str | None,
    arguments: str,
) -> tuple[State, ToolCallDelta]:
    """Assign a fragment to the call that it continues, or begin a call.

    A known id decides, then a known index, then the call that went on last. A name begins a call, unless it continues the
    name of the call at its index. Empty ids and names, and the id "null", mean none (DashScope, GLM hosted by Mistral).
    """
    if not call_id and not name and arguments and state.last_call[:2] == (choice, index):
        return state, ToolCallDelta(arguments, CALLS + state.last_call[2], choice)
    call_id = "" if call_id == "null" else call_id or ""
    name = name or ""
    calls = state.calls
    number = calls.find(choice, call_id, index) if calls.count else None
    if number is None and not call_id and (index is None or not name):
        number = calls.last(choice)
    head: CallHead = NO_CALL if number is None else state.call_heads.get(number)
    if number is None or (name and _begins(state, choice, head, call_id, index, name, arguments)):
        calls, number = calls.begin(choice, call_id, index)
        head = NO_CALL
    else:
        calls = calls.link(choice, number, call_id, index)
    after = CallHead(
        head.id or call_id, _join_name(head.name, name), head.has_arguments or bool(arguments)
    )
    heads = state.call_heads if after == head else state.call_heads.put(number, after)
    last_call = (choice, index, number) if after.has_arguments else NO_LAST_CALL
    if calls is not state.calls or heads is not state.call_heads or last_call != state.last_call:
        state = replace(state, calls=calls, call_heads=heads, last_call=last_call)
    return state, ToolCallDelta(
        arguments,
        CALLS + number,
        choice,
        after.id if after.id != head.id else "",
        after.name if after.name != head.name else "",
    )


def _begins(
    state: State,
    choice: int,
    head: CallHead,
    call_id: str,
    index: int | None,
    name: str,
    arguments: str,
) -> bool:
    """Whether a fragment with a name begins another call than the one at its index, or than the last one."""
    if call_id and state.calls.by_id.get((choice, call_id)) is not None:
        return False
    if call_id and head.id:
        return True
    if head.has_arguments and head.name and name != head.name:
        return True
    if index is not None or not head.name:
        return False
    return name != head.name or (head.has_arguments and arguments.lstrip().startswith("{"))


def _join_name(before: str, name: str) -> str:
    """The name with another piece of it; NVIDIA repeats the complete name in each chunk."""
    return name or before if name.startswith(before) else before + name


def join_details(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join fragments of the same `index` and `type`: texts are concatenated, of other fields the last value counts.

    Source: OpenRouter, "Reasoning tokens", read 2026-11-20.
    """
    joined: dict[object, dict[str, Any]] = {}
    for position, detail in enumerate(details):
        key = (detail["index"], detail.get("type")) if _is_fragment(detail) else ("at", position)
        entry = joined.setdefault(key, {})
        for name, value in detail.items():
            if name in _TEXT_FIELDS and isinstance(entry.get(name), str):
                entry[name] += value or ""
            elif value is not None or name not in entry:
                entry[name] = value
    return list(joined.values())


def _is_fragment(detail: dict[str, Any]) -> bool:
    values = [detail.get(name) for name in ("type", *_TEXT_FIELDS)]
    return isinstance(detail.get("index"), int | str) and all(
        isinstance(value, str | None) for value in values
    )


def join_audio(name: str, fragments: list[dict[str, Any]]) -> Audio:
    """One Audio of all fragments. Its id is sent back in the next turn; `expires_at` (Unix seconds) is kept."""
    data = b"".join([from_base64(str(piece.get("data") or "")) or b"" for piece in fragments])
    transcript = "".join([str(piece.get("transcript") or "") for piece in fragments])
    last: dict[str, Any] = {}
    for piece in fragments:
        last |= {key: value for key, value in piece.items() if value is not None}
    extra = {key: last[key] for key in last if key not in ("id", "data", "transcript")}
    file_id = last.get("id")
    return Audio(
        data=data or None,
        file_id=file_id if isinstance(file_id, str) else None,
        media_type=media_type_of(data),
        transcript=transcript or None,
        provider_metadata=ProviderMetadata(name, json_text(extra)) if extra else None,
    )
