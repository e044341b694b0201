"""Streamed transcripts and images in the place of a buffered body: the events -> the body that they make together.

A stream without its last event is StreamInterrupted, an error in it is that error; both carry what was received.
Source: openai-python 3.57.0 (TranscriptionStreamEvent, ImageGenStreamEvent, ImageEditStreamEvent) and mistralai 3.7.0
(TranscriptionStreamEvents); read 2026-11-29.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

import msgspec

from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.error_mapping import request_id, with_body
from llm_pure.core.service import AnyService, decode_error, malformed_response
from llm_pure.core.stream import DONE, is_heartbeat
from llm_pure.framing.json_codec import any_json
from llm_pure.framing.sse import ErrorData, SseDataDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, StreamInterrupted
from llm_pure.types.http import HttpResponse, get_header
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import Image, Message, Part, Text
from llm_pure.types.rejection import Rejected

JsonObject = dict[str, Any]

_EVENTS = re.compile(
    rb'\s*+(?:\xef\xbb\xbf\s*+)?(?:(?::|id:|retry:)[^\n]*+\n\s*+)*+(?:event: ?\w++\.|data: ?\{\s*+")'
)
"""The beginning of events with JSON, under any content type; a transcript as plain text may begin with "data:"."""


class EventFold(Protocol):
    """What the events of one operation make together."""

    complete: bool
    """The last event has come."""
    one_end: bool
    """Nothing counts after the last event."""
    kept_errors: AbstractSet[str]
    """Types of events whose error is one of a part of the content."""

    def add(self, kind: str, event: JsonObject) -> None:
        """One more event, and its type."""

    def body(self) -> JsonObject:
        """The buffered body with the same content."""
        ...

    def parts(self) -> tuple[Part, ...]:
        """What was received, as the parts of a Completion."""
        ...


def read_event_body(
    service: AnyService, response: HttpResponse, fold: EventFold
) -> JsonObject | None:
    """The body that the events of a stream make; None if the response is none. Raises Rejected with the stream's error."""
    if response.status >= 300 or not _is_stream(response):
        return None
    decoder = SseDataDecoder()
    frames: list[bytes] = [*decoder.feed(response.body), *decoder.close()]
    error: LLMError | None = None
    ended = False
    for number, frame in enumerate(frames, 1):
        if fold.complete and (fold.one_end or DONE.startswith(frame.strip())):
            break
        if is_heartbeat(frame) or frame.strip() == DONE:
            ended = ended or frame.strip() == DONE
            continue
        event = any_json(frame)
        if not isinstance(event, dict):
            if number < len(frames):  # the last one is an event that the end of the body cut off
                message = "the event is not a JSON object"
                error = malformed_response(service, response, message, f"event {number}")
            fold.complete = ended = False
            break
        kind = str(event.get("type"))
        error = None if kind in fold.kept_errors else find_error(service, event, response)
        if error is None and (event.get("type") == "error" or type(frame) is ErrorData):
            error = event_error(service, event, response)
        if error is not None:
            error = with_body(error, event)
            break
        fold.add(kind, event)
    if error is None and decoder.stray:
        stray = HttpResponse(response.status, response.headers, decoder.stray)
        error = decode_error(service, find_error, stray)
    if error is None and (fold.complete or (ended and fold.parts())):
        return fold.body()
    if error is None:
        message = "the body ended before the last event"
        error = StreamInterrupted(message=message, provider=service.name, status=response.status)
    parts = fold.parts()
    partial = Completion(provider=service.name, message=Message("assistant", parts))
    raise Rejected(
        msgspec.structs.replace(
            error,
            partial=partial if parts else None,
            request_id=error.request_id or request_id(response.headers),
        )
    )


def _is_stream(response: HttpResponse) -> bool:
    content_type = get_header(response.headers, "content-type") or ""
    if content_type.partition(";")[0].strip().lower() == "text/event-stream":
        return not response.body.lstrip().startswith(b"{")
    return _EVENTS.match(response.body) is not None


def event_error(service: AnyService, event: JsonObject, response: HttpResponse) -> LLMError | None:
    """The error of an event of the type "error", which may have its fields beside the type."""
    fields = {key: value for key, value in event.items() if key != "type"}
    return find_error(service, {"error": fields or "error"}, response)


_TEXT_DELTAS: Mapping[str, str] = {
    "transcript.text.delta": "delta",
    "transcription.text.delta": "text",
}
"""Type of an event with more text -> its field. The second type is Mistral's, as below."""
_SEGMENTS = frozenset({"transcript.text.segment", "transcription.segment"})
_TEXT_DONE = frozenset({"transcript.text.done", "transcription.done"})


class TranscriptFold:
    """The events of a transcript: deltas of text, segments, and in the end the complete text."""

    def __init__(self) -> None:
        self.complete = False
        self.one_end = True
        self.kept_errors: AbstractSet[str] = frozenset()
        self._texts: list[str] = []
        self._segments: list[JsonObject] = []
        self._logprobs: list[Any] = []
        self._fields: JsonObject = {}

    def add(self, kind: str, event: JsonObject) -> None:
        """One more event, and its type."""
        fields = {key: value for key, value in event.items() if key != "type"}
        if kind in _TEXT_DELTAS:
            text = event.get(_TEXT_DELTAS[kind])
            self._texts += [text] if isinstance(text, str) else []
            logprobs = event.get("logprobs")
            self._logprobs += logprobs if isinstance(logprobs, list) else []
        elif kind in _SEGMENTS:
            self._segments.append(fields)
        elif kind in _TEXT_DONE:
            self.complete = True
            self._fields |= {key: value for key, value in fields.items() if value is not None}
        elif kind == "transcription.language":
            self._fields["language"] = event.get("audio_language")
        else:
            self._fields.setdefault("events", []).append(event)

    def body(self) -> JsonObject:
        """The buffered body with the same content. What the last event has counts."""
        received = {
            "text": "".join(self._texts) or None,
            "segments": self._segments,
            "logprobs": self._logprobs,
        }
        kept = {key: value for key, value in self._fields.items() if value not in ("", [])}
        body = {key: value for key, value in received.items() if value} | kept
        return {"text": "", **body}

    def parts(self) -> tuple[Part, ...]:
        """The text so far."""
        text = self.body()["text"]
        return (Text(text),) if isinstance(text, str) and text else ()


class ImagesFold:
    """The events of images: each is drawn in partial images, the last of which is the complete one.

    Seedream sends the complete ones, or their errors, as `partial_succeeded` and `partial_failed`, and `completed` once, with the usage:
    docs.byteplus.com, ModelArk, "Streaming response", as quoted by its users, read 2026-11-30.
    """

    def __init__(self) -> None:
        self.complete = False
        self.one_end = False
        self.kept_errors: AbstractSet[str] = {"image_generation.partial_failed"}
        self._rows: list[JsonObject] = []
        self._fields: JsonObject = {}
        self._partial: str | None = None

    def add(self, kind: str, event: JsonObject) -> None:
        """One more event, and its type."""
        image = event.get("b64_json")
        if kind.endswith(".partial_image"):
            self.complete = False
            self._partial = image if isinstance(image, str) else None
        elif kind.endswith((".completed", ".partial_succeeded", ".partial_failed")):
            self.complete, self._partial = kind.endswith(".completed"), None
            own = _OF_IMAGE if self.complete else (*_OF_IMAGE, "size")
            row = {key: event[key] for key in own if event.get(key)}
            self._rows += [row] if row else []
            self._fields |= {
                "created" if key == "created_at" else key: value
                for key, value in event.items()
                if key not in (*own, "type", "image_index")
            }
        else:
            self._fields.setdefault("events", []).append(event)

    def body(self) -> JsonObject:
        """The buffered body with the same content."""
        return {**self._fields, "data": self._rows}

    def parts(self) -> tuple[Part, ...]:
        """The complete images, and the last partial one."""
        parts: list[Part] = []
        for row in (*self._rows, {"b64_json": self._partial}):
            text, url = row.get("b64_json"), row.get("url")
            data = from_base64(text) if isinstance(text, str) else None
            if data:
                parts.append(Image(data=data, media_type=media_type_of(data)))
            elif url and isinstance(url, str):
                parts.append(Image(url=url))
        return tuple(parts)


_OF_IMAGE = ("b64_json", "url", "revised_prompt", "error")
"""The fields of one image, the others belong to the response."""
