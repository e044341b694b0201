"""Parts of a candidate -> events, for buffered responses and for streams.

Consecutive text without a signature is one part. A part with a signature, or with any other side field, stays a part of
its own, even an empty part at the end of a stream: Google checks each signature at its original position.
Source: ai.google.dev, "Thought signatures" ("don't merge a part containing a signature with one that does not");
read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.part_identity import Chain, chain_items
from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.partial_args import join_fragments
from llm_pure.framing.json_codec import any_json, json_text
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
    id: str = ""
    name: str = ""
    fragments: Chain = None


class ChoiceState(msgspec.Struct, frozen=True):
    """One candidate so far."""

    index: int = -1
    """Index of its last part."""
    kind: Kind = ""
    """Kind of deltas that may extend the last part, "" for a closed part."""
    call: OpenCall | None = None
    finished: bool = False
    """A finish reason was received, and no content after it."""


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
    if None in raw.values():
        raw = {key: value for key, value in raw.items() if value is not None}
        data = json_text(raw).encode()
    if part.text and (part.functionCall or part.inlineData or part.fileData):
        state = read_text(choice, state, part, {}, events)
    side = {key: value for key, value in raw.items() if key not in _PAYLOADS}
    if part.functionCall is not None:
        if part.thought:
            side["thought"] = True
        return read_call(choice, state, part.functionCall, raw["functionCall"], side, events)
    media = None if part.thought else _media(name, part, side, raw)
    if media is not None:
        events.append(PartReceived(media, state.index + 1, choice))
        return _closed(state)
    is_text = part.text is not None or (part.thought and raw.keys() <= wire.SIDE_FIELDS)
    if is_text and part.inlineData is None and part.fileData is None:
        return read_text(choice, state, part, side, events)
    if not raw:
        return state
    events.append(PartReceived(Opaque(name, _kind(raw), data.decode()), state.index + 1, choice))
    return _closed(state)


def end_call(choice: int, state: ChoiceState, events: list[StreamEvent]) -> ChoiceState:
    """Emit the joined arguments of an open call, if there is one."""
    if state.call is None:
        return state
    text = json_text(join_fragments(chain_items(state.call.fragments)))
    events.append(ToolCallDelta(text, state.call.index, choice))
    return msgspec.structs.replace(state, call=None)


_PAYLOADS = frozenset({"text", "thought", "inlineData", "fileData", "functionCall"})


def _closed(state: ChoiceState) -> ChoiceState:
    """The state after one more part that cannot be extended."""
    return ChoiceState(state.index + 1, "", state.call, state.finished)


def read_text(
    choice: int,
    state: ChoiceState,
    part: wire.Part | wire.PlainAnswerPart,
    side: dict[str, Any],
    events: list[StreamEvent],
) -> ChoiceState:
    """Read a part with text. side: the fields beside it."""
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


def read_call(
    choice: int,
    state: ChoiceState,
    call: wire.FunctionCall,
    raw: Mapping[str, Any],
    side: dict[str, Any],
    events: list[StreamEvent],
) -> ChoiceState:
    fragments = call.partialArgs or ()
    if state.call is not None and _continues(state.call, call):
        return _extend(choice, state, state.call, call, events)
    if not any(raw.values()) and not side:  # the end of a call that has ended
        return state
    state = end_call(choice, state, events)
    index = state.index + 1
    in_fragments = bool(fragments or call.willContinue)
    arguments = "" if in_fragments else _arguments(bytes(call.args))
    events.append(ToolCallDelta(arguments, index, choice, call.id or "", call.name or ""))
    kept = {k: v for k, v in raw.items() if k not in wire.KNOWN_FIELDS_CALL and v is not None}
    provider_metadata = {"functionCall": kept, **side} if kept else side
    events.append(ProviderMetadataReceived(json_text(provider_metadata), index, choice))
    if not in_fragments:
        return _closed(state)
    begun = OpenCall(index, call.id or "", call.name or "")
    state = ChoiceState(index, "", begun, state.finished)
    return _extend(choice, state, begun, call, events)


def _continues(begun: OpenCall, call: wire.FunctionCall) -> bool:
    """Whether a fragment belongs to the open call: it has no name, or the call's id, or the name again and no id."""
    if not call.name or (call.id and call.id == begun.id):
        return True
    return call.name == begun.name and not call.id and bool(call.partialArgs)


def _extend(
    choice: int,
    state: ChoiceState,
    begun: OpenCall,
    call: wire.FunctionCall,
    events: list[StreamEvent],
) -> ChoiceState:
    """Add a fragment to the open call, and end the call unless more will follow."""
    fragments = begun.fragments
    for fragment in call.partialArgs or ():
        fragments = (fragments, fragment)
    extended = msgspec.structs.replace(begun, fragments=fragments)
    state = msgspec.structs.replace(state, call=extended)
    return state if call.willContinue else end_call(choice, state, events)


def _arguments(args: bytes) -> str:
    """The arguments' JSON text as received. Gateways send it as a JSON string too."""
    if args.startswith(b'"'):
        return str(any_json(args) or "")
    return "" if args == b"null" else args.decode()


_MEDIA_PARTS: Mapping[str, type[Image | Audio]] = {"image": Image, "audio": Audio}


_KNOWN_FIELDS_MEDIA = frozenset({"mimeType", "data", "fileUri"})


def _media(
    name: str, part: wire.Part, side: dict[str, Any], raw: Mapping[str, Any]
) -> Image | Audio | Document | None:
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
    for key in ("inlineData", "fileData"):  # displayName
        fields = extra_fields(raw.get(key), _KNOWN_FIELDS_MEDIA)
        if fields:
            side = {key: fields, **side}
    metadata = ProviderMetadata(name, json_text(side))
    return kind(data=data, url=url, media_type=media_type, provider_metadata=metadata)


def _kind(raw: Mapping[str, Any]) -> str:
    """The key of the payload; without a payload, the first side field."""
    return next((key for key in raw if key not in wire.SIDE_FIELDS), next(iter(raw)))
