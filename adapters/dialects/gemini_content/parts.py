"""Parts of an answer -> events; the one reader for whole answers and for streams.

Text that goes on without a signature is one part. A part with a signature, or with any other side field, stays a part
of its own, even an empty one at the end of a stream: Google checks signatures in the place where it gave them.
Source: ai.google.dev, "Thought signatures" ("don't merge a part containing a signature with one that does not");
read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.partial_args import assembled
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
    """A function call whose arguments come in pieces. index: its part."""

    index: int
    pieces: tuple[wire.PartialArg, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """One candidate so far.

    index: of its last part. kind: what may still be added to that part, "" when it is closed. call: the function call
    that goes on. finished: it has named a reason.
    """

    index: int = -1
    kind: Kind = ""
    call: OpenCall | None = None
    finished: bool = False


def read_part(
    name: str,
    choice: int,
    answer: Answer,
    part: wire.Part,
    data: bytes,
    raw: Mapping[str, Any],
    events: list[StreamEvent],
) -> Answer:
    """One part of candidate number `choice`. data, raw: the part as it came, as bytes and as plain JSON."""
    side = {k: v for k, v in raw.items() if k not in _PAYLOADS and v is not None}
    if part.functionCall is not None:
        return _read_call(choice, answer, part.functionCall, raw["functionCall"], side, events)
    media = None if part.thought else _media(name, part, side)
    if media is not None:
        events.append(PartReceived(media, answer.index + 1, choice))
        return _closed(answer)
    if part.text is not None and part.inlineData is None and part.fileData is None:
        return _read_text(choice, answer, part, side, events)
    if not raw:
        return answer
    whole = Opaque(name, _kind(raw), data.decode())
    events.append(PartReceived(whole, answer.index + 1, choice))
    return _closed(answer)


def end_call(choice: int, answer: Answer, events: list[StreamEvent]) -> Answer:
    """The arguments of a call that came in pieces, once no more will come."""
    if answer.call is None:
        return answer
    text = json_text(assembled(answer.call.pieces))
    events.append(ToolCallDelta(text, answer.call.index, choice))
    return msgspec.structs.replace(answer, call=None)


_PAYLOADS = frozenset({"text", "thought", "inlineData", "fileData", "functionCall"})


def _closed(answer: Answer) -> Answer:
    """One part more, and nothing can be added to it."""
    return Answer(answer.index + 1, "", answer.call, answer.finished)


def _read_text(
    choice: int,
    answer: Answer,
    part: wire.Part,
    side: dict[str, Any],
    events: list[StreamEvent],
) -> Answer:
    text = part.text or ""
    kind: Literal["text", "reasoning"] = "reasoning" if part.thought else "text"
    if not text and not side:
        return answer
    index = answer.index if not side and answer.kind == kind else answer.index + 1
    if kind == "reasoning":
        signature = side.pop("thoughtSignature", None)
        events.append(ReasoningDelta(text, index, choice, signature))
        if (
            side or index != answer.index
        ):  # marked as this provider's own, with nothing else to keep
            events.append(ProviderMetadataReceived(json_text(side), index, choice, kind))
        sealed = bool(side) or signature is not None
    else:
        if text:
            events.append(TextDelta(text, index, choice))
        if side:
            events.append(ProviderMetadataReceived(json_text(side), index, choice, kind))
        sealed = bool(side)
    return Answer(index, "" if sealed else kind, answer.call, answer.finished)


def _read_call(
    choice: int,
    answer: Answer,
    call: wire.FunctionCall,
    raw: Mapping[str, Any],
    side: dict[str, Any],
    events: list[StreamEvent],
) -> Answer:
    pieces = tuple(call.partialArgs or ())
    if answer.call is not None and not call.name:
        going = OpenCall(answer.call.index, answer.call.pieces + pieces)
        answer = msgspec.structs.replace(answer, call=going)
        return answer if call.willContinue else end_call(choice, answer, events)
    answer = end_call(choice, answer, events)
    index = answer.index + 1
    in_pieces = bool(pieces or call.willContinue)
    arguments = "" if in_pieces else bytes(call.args).decode()
    if arguments == "null":
        arguments = ""
    events.append(ToolCallDelta(arguments, index, choice, call.id or "", call.name or ""))
    kept = {k: v for k, v in raw.items() if k not in wire.KNOWN_FIELDS_CALL and v is not None}
    provider_metadata = {"functionCall": kept, **side} if kept else side
    events.append(ProviderMetadataReceived(json_text(provider_metadata), index, choice))
    if not in_pieces:
        return _closed(answer)
    answer = Answer(index, "", OpenCall(index, pieces), answer.finished)
    return answer if call.willContinue else end_call(choice, answer, events)


def _media(name: str, part: wire.Part, side: dict[str, Any]) -> Image | Audio | Document | None:
    """A picture, sound or file; None when the part is none, or its base64 is damaged."""
    data: bytes | None = None
    url: str | None = None
    if part.inlineData is not None and part.inlineData.data is not None:
        data, media_type = from_base64(part.inlineData.data), part.inlineData.mimeType
    elif part.fileData is not None:
        url, media_type = part.fileData.fileUri, part.fileData.mimeType
    else:
        return None
    if data is None and not url:
        return None
    provider_metadata = ProviderMetadata(name, json_text(side))
    match (media_type or "").split("/")[0]:
        case "image":
            return Image(
                data=data, url=url, media_type=media_type, provider_metadata=provider_metadata
            )
        case "audio":
            return Audio(
                data=data, url=url, media_type=media_type, provider_metadata=provider_metadata
            )
        case _:
            return Document(
                data=data, url=url, media_type=media_type, provider_metadata=provider_metadata
            )


def _kind(raw: Mapping[str, Any]) -> str:
    """The payload's key; of a part that has none, its first side field."""
    return next((key for key in raw if key not in wire.SIDE_FIELDS), next(iter(raw)))
