"""Parts of a candidate -> events, for buffered responses and for streams.

Consecutive text without a signature is one part. A part with a signature, or with any other side field, stays a part of
its own, even an empty part at the end of a stream: Google checks each signature at its original position.
Source: ai.google.dev, "Thought signatures" ("don't merge a part containing a signature with one that does not");
read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.partial_args import join_fragments
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import (
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.media import from_base64
from llm_pure.types.messages import Audio, Document, Image, Opaque, ProviderMetadata

Kind = Literal["", "text", "reasoning"]


class OpenCall(msgspec.Struct, frozen=True):
    """A function call whose arguments arrive in fragments."""

    index: int
    """Index of its part."""
    fragments: tuple[wire.PartialArg, ...] = ()


class ChoiceState(msgspec.Struct, frozen=True):
    """One candidate so far."""

    index: int = -1
    """Index of its last part."""
    kind: Kind = ""
    """Kind of deltas that may extend the last part, "" for a closed part."""
    call: OpenCall | None = None
    finished: bool = False
    """A finish reason was received."""


def read_part(
    name: str,
    choice: int,
    state: ChoiceState,
    part: wire.Part,
    data: bytes,
    raw: Mapping[str, Any],
    events: list[StreamEvent],
) -> ChoiceState:
    """Read one part of candidate number `choice`. data, raw: the part as bytes and as plain JSON."""
    side = {k: v for k, v in raw.items() if k not in _PAYLOADS and v is not None}
    if part.functionCall is not None:
        return _read_call(choice, state, part.functionCall, raw["functionCall"], side, events)
    media = None if part.thought else _media(name, part, side)
    if media is not None:
        events.append(PartReceived(media, state.index + 1, choice))
        return _closed(state)
    if part.text is not None and part.inlineData is None and part.fileData is None:
        return _read_text(choice, state, part, side, events)
    if not raw:
        return state
    events.append(PartReceived(Opaque(name, _kind(raw), data.decode()), state.index + 1, choice))
    return _closed(state)


def end_call(choice: int, state: ChoiceState, events: list[StreamEvent]) -> ChoiceState:
    """Emit the joined arguments of an open call, if there is one."""
    if state.call is None:
        return state
    text = json_text(join_fragments(state.call.fragments))
    events.append(ToolCallDelta(text, state.call.index, choice))
    return msgspec.structs.replace(state, call=None)


_PAYLOADS = frozenset({"text", "thought", "inlineData", "fileData", "functionCall"})


def _closed(state: ChoiceState) -> ChoiceState:
    """The state after one more part that cannot be extended."""
    return ChoiceState(state.index + 1, "", state.call, state.finished)


def _read_text(
    choice: int,
    state: ChoiceState,
    part: wire.Part,
    side: dict[str, Any],
    events: list[StreamEvent],
) -> ChoiceState:
    text = part.text or ""
    kind: Literal["text", "reasoning"] = "reasoning" if part.thought else "text"
    if not text and not side:
        return state
    index = state.index if not side and state.kind == kind else state.index + 1
    if kind == "reasoning":
        signature = side.pop("thoughtSignature", None)
        events.append(ReasoningDelta(text, index, choice, signature))
        if side or index != state.index:  # new parts are marked as this provider's own
            events.append(ProviderMetadataReceived(json_text(side), index, choice, kind))
        sealed = bool(side) or signature is not None
    else:
        if text:
            events.append(TextDelta(text, index, choice))
        if side:
            events.append(ProviderMetadataReceived(json_text(side), index, choice, kind))
        sealed = bool(side)
    return ChoiceState(index, "" if sealed else kind, state.call, state.finished)


def _read_call(
    choice: int,
    state: ChoiceState,
    call: wire.FunctionCall,
    raw: Mapping[str, Any],
    side: dict[str, Any],
    events: list[StreamEvent],
) -> ChoiceState:
    fragments = tuple(call.partialArgs or ())
    if state.call is not None and not call.name:
        extended = OpenCall(state.call.index, state.call.fragments + fragments)
        state = msgspec.structs.replace(state, call=extended)
        return state if call.willContinue else end_call(choice, state, events)
    state = end_call(choice, state, events)
    index = state.index + 1
    in_fragments = bool(fragments or call.willContinue)
    arguments = "" if in_fragments else bytes(call.args).decode()
    if arguments == "null":
        arguments = ""
    events.append(ToolCallDelta(arguments, index, choice, call.id or "", call.name or ""))
    kept = {k: v for k, v in raw.items() if k not in wire.KNOWN_FIELDS_CALL and v is not None}
    provider_metadata = {"functionCall": kept, **side} if kept else side
    events.append(ProviderMetadataReceived(json_text(provider_metadata), index, choice))
    if not in_fragments:
        return _closed(state)
    state = ChoiceState(index, "", OpenCall(index, fragments), state.finished)
    return state if call.willContinue else end_call(choice, state, events)


_MEDIA_PARTS: Mapping[str, type[Image | Audio]] = {"image": Image, "audio": Audio}


def _media(name: str, part: wire.Part, side: dict[str, Any]) -> Image | Audio | Document | None:
    """The image, audio or file in a part; None for other parts and for damaged base64."""
    data: bytes | None = None
    url: str | None = None
    media_type: str | None = None
    if part.inlineData is not None and part.inlineData.data is not None:
        data, media_type = from_base64(part.inlineData.data), part.inlineData.mimeType
    elif part.fileData is not None:
        url, media_type = part.fileData.fileUri, part.fileData.mimeType
    if data is None and not url:
        return None
    kind = _MEDIA_PARTS.get((media_type or "").split("/")[0], Document)
    metadata = ProviderMetadata(name, json_text(side))
    return kind(data=data, url=url, media_type=media_type, provider_metadata=metadata)


def _kind(raw: Mapping[str, Any]) -> str:
    """The key of the payload; without a payload, the first side field."""
    return next((key for key in raw if key not in wire.SIDE_FIELDS), next(iter(raw)))
