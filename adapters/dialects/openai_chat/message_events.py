"""What one message says, whole (`message`) or more of it (`delta`) -> events."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.state import (
    CALLS,
    PICTURES,
    REASONING,
    REFUSAL,
    TEXT,
    State,
)
from llm_pure.chat.message_input import arguments_text
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import (
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.media import from_data_url
from llm_pure.types.messages import Image, Opaque


def read_message(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    said: wire.Message,
    raw: dict[str, Any],
) -> State:
    state = thought(state, events, choice, said.reasoning_content or said.reasoning)
    if isinstance(said.content, str):
        if said.content:
            events.append(TextDelta(said.content, TEXT, choice))
    elif said.content:
        state = _content_parts(name, state, events, choice, said.content)
    if said.refusal:
        events.append(RefusalDelta(said.refusal, REFUSAL, choice))
    for detail in said.reasoning_details or ():
        state = replace(state, details=(state.details, (choice, detail)))
    if said.audio:
        state = replace(state, audio=(state.audio, (choice, said.audio)))
    for picture in said.images or ():
        events.append(PartReceived(_picture(name, picture), PICTURES + state.pictures, choice))
        state = replace(state, pictures=state.pictures + 1)
    raw_calls = raw.get("tool_calls") or []
    for place, call in enumerate(said.tool_calls or ()):
        index = call.index
        if index is None and len(said.tool_calls or ()) > 1:
            index = place
        called = call.function or wire.Function()
        custom = call.custom or wire.Custom()
        given = called.arguments
        state, event = call_piece(
            state,
            choice,
            index,
            call.id,
            called.name or custom.name,
            given if isinstance(given, str) else arguments_text(given) if given else "",
            custom.input or "",
        )
        events.append(event)
        more = {k: v for k, v in raw_calls[place].items() if k not in wire.KNOWN_FIELDS_CALL and v}
        if call.custom is not None:
            more["type"] = "custom"
        if more:
            events.append(ProviderMetadataReceived(json_text(more), event.index, choice))
    old = said.function_call
    if old is not None and (old.name or old.arguments):
        text = arguments_text(old.arguments) if old.arguments else ""
        state, event = call_piece(state, choice, -1, None, old.name, text)
        events.append(event)
    return state


def thought(state: State, events: list[StreamEvent], choice: int, text: str | None) -> State:
    """Reasoning, marked once as this provider's own: it may want it back."""
    if not text:
        return state
    events.append(ReasoningDelta(text, REASONING, choice))
    if choice in state.thinking:
        return state
    events.append(ProviderMetadataReceived("{}", REASONING, choice, "reasoning"))
    return replace(state, thinking=state.thinking | {choice})


def call_piece(
    state: State,
    choice: int,
    index: int | None,
    call_id: str | None,
    name: str | None,
    arguments: str,
    text: str = "",
) -> tuple[State, ToolCallDelta]:
    """Which call a piece belongs to: its index; a new id under an old index begins another call.

    Empty ids and names never replace earlier ones (DashScope, Mistral-hosted GLM send them).
    """
    if index is None:
        begins = bool(call_id) or state.last_call is None
        key = (choice, len(state.calls)) if begins else (state.last_call or (choice, 0))
    else:
        key = (choice, index)
    known = state.calls.get(key)
    if known is None or (call_id and known[1] and call_id != known[1]):
        known = (CALLS + len(state.calls), call_id or "")
        calls = {**state.calls, key: known}
        if key in state.calls:  # keep the count, so that the next call gets an index of its own
            calls[(choice, -2 - len(calls))] = state.calls[key]
        state = replace(state, calls=calls, last_call=key)
    elif call_id and not known[1]:
        state = replace(state, calls={**state.calls, key: (known[0], call_id)}, last_call=key)
    elif state.last_call != key:
        state = replace(state, last_call=key)
    return state, ToolCallDelta(arguments + text, known[0], choice, call_id or "", name or "")


def _content_parts(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    parts: list[dict[str, Any]],
) -> State:
    """Mistral's content lists: text and thinking; what else there is stays whole."""
    for part in parts:
        kind, text = part.get("type"), part.get("text")
        if kind == "text" and isinstance(text, str):
            if text:
                events.append(TextDelta(text, TEXT, choice))
        elif kind == "thinking":
            state = thought(state, events, choice, "".join(_texts(part.get("thinking"))))
            signature = part.get("signature")
            if isinstance(signature, str):
                events.append(ReasoningDelta("", REASONING, choice, signature))
        else:
            whole = Opaque(name, str(kind), json_text(part))
            events.append(PartReceived(whole, PICTURES + state.pictures, choice))
            state = replace(state, pictures=state.pictures + 1)
    return state


def _texts(thinking: Any) -> Iterator[str]:
    if isinstance(thinking, str):
        yield thinking
    for item in thinking if isinstance(thinking, list) else ():
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            yield item["text"]


def _picture(name: str, picture: dict[str, Any]) -> Image | Opaque:
    place = picture.get("image_url")
    url = place.get("url") if isinstance(place, dict) else place
    if not isinstance(url, str):
        return Opaque(name, "image", json_text(picture))
    found = from_data_url(url)
    if found is None:
        return Image(url=url)
    return Image(data=found[0], media_type=found[1])
