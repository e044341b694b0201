"""Fragments of a stream: tool calls, which are assigned to a part; reasoning details and audio, which are joined at the end."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_chat.state import CALLS, State
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
    *,
    complete: bool = False,
) -> tuple[State, ToolCallDelta]:
    """Assign a fragment to the call that it continues, or begin a call. `complete`: it is a call of its own."""
    calls, event = state.calls.read(choice, index, call_id, name, arguments, complete=complete)
    if calls is not state.calls:
        state = replace(state, calls=calls)
    return state, ToolCallDelta(event.arguments, CALLS + event.index, choice, event.id, event.name)


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
