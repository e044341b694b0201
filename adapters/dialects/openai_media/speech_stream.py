"""Streamed speech: the body of /audio/speech, bytes or events with base64 audio -> chunks of audio.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.3); read 2026-11-20.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.openai_common.json_response import read_object
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.error_mapping import with_body
from llm_pure.core.provider import SpeechDecoder
from llm_pure.core.service import AnyService, decode_error, malformed_response
from llm_pure.core.stream import DONE, is_heartbeat
from llm_pure.framing import BYTE_ORDER_MARK
from llm_pure.framing.json_codec import decode_any
from llm_pure.framing.sse import ErrorData, SseDataDecoder
from llm_pure.types.completion import Usage
from llm_pure.types.errors import LLMError, ProtocolError, StreamInterrupted
from llm_pure.types.http import HttpResponse, ResponseHead, get_header
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.operations import Speech
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult, Success

_NO_AUDIO = "the response has no audio"


def open_speech(service: AnyService, head: ResponseHead) -> SpeechDecoder:
    """The decoder for a response with this head: JSON by status, audio by content type, else the first bytes decide."""
    kind = (get_header(head.headers, "content-type") or "").partition(";")[0].strip().lower()
    if head.status >= 400:
        return _Decoder(service, lambda start, last=False: _JsonBody(service, head))
    if kind.startswith("audio/"):
        return _Decoder(service, partial(_choose_audio, service, head, kind))
    return _Decoder(service, partial(_choose, service, head, kind))


_RAW = ("pcm", "l16", "l8", "basic", "mulaw", "ulaw", "alaw")
"""Subtypes of audio without a beginning of its own: any bytes may be samples."""


def _choose_audio(
    service: AnyService, head: ResponseHead, kind: str, start: bytes, *, last: bool = False
) -> "_Reader | None":
    """The reader of a body labeled as audio: gateways keep the label for an error or a page."""
    if kind.removeprefix("audio/").removeprefix("x-") in _RAW:
        return _Bytes(service, head, kind)
    is_short = len(start) < 2 or any(name.startswith(start) for name in _EVENTS)
    if is_short and not last:
        return None
    if start.startswith(_EVENTS):
        return _Events(service, head)
    is_text = start.startswith((b'{"', b"{ ", b"{\n", b"{\r", b"<!", b"<h"))
    return _JsonBody(service, head) if is_text else _Bytes(service, head, kind)


_EVENTS = (b"data: {", b"data:{", b"event: ")
_NAMES = (b"data:", b"event:", b": ", b"id:", b"retry:")
"""How events begin."""


def _choose(
    service: AnyService, head: ResponseHead, kind: str, start: bytes, *, last: bool = False
) -> "_Reader | None":
    """The reader of a body that begins so; None if more of it is needed. Gateways send wrong content types or none."""
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip(b" \t\r\n")
    needs_more = not text or any(name.startswith(text) and name != text for name in _NAMES)
    if needs_more and not last and len(start) < _START_LIMIT:
        return None
    if text.startswith(_NAMES):
        return _Events(service, head)
    if text.startswith(b"{"):
        return _JsonBody(service, head)
    if kind == "text/event-stream":
        return _Events(service, head)
    is_text = kind == "application/json" or kind.startswith("text/")
    if is_text and not (media_type_of(start) or "").startswith("audio/"):
        return _JsonBody(service, head)
    return _Bytes(service, head, kind)


_START_LIMIT = 1024


class _Reader:
    """Reads the audio of one body. Nothing more is read once `error` is set, or `ended`."""

    media_type = ""

    def __init__(self, service: AnyService, head: ResponseHead) -> None:
        self.service = service
        self.head = head
        self.ended = False
        self.usage = Usage()
        self.error: LLMError | None = None

    def feed(self, data: bytes) -> list[bytes]:
        raise NotImplementedError

    def close(self, received: int) -> list[bytes]:
        """The body is complete. `received`: bytes of audio so far."""
        raise NotImplementedError

    def abort(self, received: int) -> list[bytes]:
        """The connection broke."""
        return self.close(received)

    def interrupt(self, received: str) -> None:
        message = f"the audio was cut off after {received} bytes"
        self.error = StreamInterrupted(
            message=message, provider=self.service.name, status=self.head.status
        )

    def reject(self, message: str, where: str, evidence: bytes) -> None:
        self.error = malformed_response(self.service, self.response(evidence), message, where)

    def response(self, body: bytes) -> HttpResponse:
        return HttpResponse(self.head.status, self.head.headers, body)


class _Bytes(_Reader):
    """The body is the audio. Only content-length, where it is sent, shows whether it is complete."""

    def __init__(self, service: AnyService, head: ResponseHead, kind: str) -> None:
        super().__init__(service, head)
        self.media_type = kind if kind.startswith("audio/") else ""
        length = get_header(head.headers, "content-length") or ""
        coded = get_header(head.headers, "content-encoding")
        self._length = int(length) if re.fullmatch("[0-9]{1,18}", length) and not coded else None

    def feed(self, data: bytes) -> list[bytes]:
        return [data] if data else []

    def close(self, received: int) -> list[bytes]:
        if self._length is not None and received < self._length:
            self.interrupt(f"{received} of {self._length}")
        elif not received:
            self.reject(_NO_AUDIO, "body", b"")
        return []

    def abort(self, received: int) -> list[bytes]:
        if self._length is not None:
            return self.close(received)
        self.interrupt(f"{received}")
        return []


class _Events(_Reader):
    """speech.audio.delta {audio}, in the end speech.audio.done {usage}. Events of other types are skipped."""

    def __init__(self, service: AnyService, head: ResponseHead) -> None:
        super().__init__(service, head)
        self._frames = SseDataDecoder()

    def feed(self, data: bytes) -> list[bytes]:
        audio = self._read(self._frames.feed(data))
        error = self._frames.fault
        if error is not None and self.error is None:
            self.reject(error.message, "event", error.evidence)
        return audio

    def close(self, received: int) -> list[bytes]:
        audio = self._read(self._frames.close())
        if self.ended:
            return audio
        # bare JSON in place of events
        error = decode_error(self.service, find_error, self.response(self._frames.stray))
        if error is not None:
            self.error = error
        elif self.error is None or isinstance(self.error, ProtocolError):
            # an event that could not be read is the one that the end of the body cut off
            self.interrupt(f"{received}")
        return audio

    def _read(self, frames: list[bytes]) -> list[bytes]:
        audio: list[bytes] = []
        for frame in frames:
            if self.ended or self.error is not None:
                break
            chunk = self._read_frame(frame)
            if chunk:
                audio.append(chunk)
        return audio

    def _read_frame(self, frame: bytes) -> bytes:
        if frame.strip() == DONE or is_heartbeat(frame):
            return b""
        body: Any = decode_any(frame, provider=self.service.name).value_or(None)
        if not isinstance(body, dict):
            self.reject("the event is not a JSON object", "event", frame)
            return b""
        match body.get("type"):
            case "speech.audio.delta":
                audio = body.get("audio") or ""
                chunk = from_base64(audio) if isinstance(audio, str) else None
                if chunk is None:
                    self.reject("the audio is not base64", "speech.audio.delta", frame)
                return chunk or b""
            case "speech.audio.done":
                usage = body.get("usage")
                self.usage = read_usage(usage) if isinstance(usage, dict) else Usage()
                self.ended = True
            case kind:
                response = self.response(frame)
                self.error = find_error(self.service, body, response)
                if self.error is None and (kind == "error" or type(frame) is ErrorData):
                    from llm_pure.adapters.dialects.openai_media import (
                        event_streams,  # imported late: start-up
                    )

                    self.error = event_streams.event_error(self.service, body, response)
                if self.error is not None:
                    self.error = with_body(self.error, body)
        return b""


class _JsonBody(_Reader):
    """An error, or JSON where audio was expected."""

    def __init__(self, service: AnyService, head: ResponseHead) -> None:
        super().__init__(service, head)
        self._body = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._body += data
        return []

    def close(self, received: int) -> list[bytes]:
        response = self.response(bytes(self._body))
        try:
            read_object(self.service, response)
        except Rejected as rejected:
            self.error = rejected.error
        else:
            self.reject(_NO_AUDIO, "body", response.body)
        return []


class _Decoder:
    """The SpeechDecoder around a reader: delivers the audio before an error first, then fails with it forever.

    `choose`: the reader of a body that begins with these bytes; None if it needs more of them.
    """

    def __init__(self, service: AnyService, choose: Callable[..., Any]) -> None:
        self._service = service
        self._choose = choose
        self._start = b""
        self._chosen: _Reader | None = None
        self._audio = bytearray()
        self._error: LLMError | None = None
        self._closed = False

    def feed(self, data: bytes) -> LLMResult[tuple[bytes, ...]]:
        """The audio in these bytes."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        if self._chosen is None:
            self._start += data
            self._chosen = self._choose(self._start)
            if self._chosen is None:
                return Success(())
            data = self._start
        return self._deliver(self._chosen.feed(data))

    def close(self) -> LLMResult[tuple[bytes, ...]]:
        """The body is complete."""
        return self._end(lambda reader, received: reader.close(received))

    def abort(self) -> LLMResult[tuple[bytes, ...]]:
        """The connection broke."""
        return self._end(lambda reader, received: reader.abort(received))

    def partial(self) -> Speech:
        """The audio so far."""
        data = bytes(self._audio)
        reader = self._chosen
        if reader is None:
            return Speech(data=data, provider=self._service.name)
        media_type = media_type_of(data) or reader.media_type or None
        return Speech(
            data=data, media_type=media_type, provider=self._service.name, usage=reader.usage
        )

    def _end(self, end: Callable[[_Reader, int], list[bytes]]) -> LLMResult[tuple[bytes, ...]]:
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        audio: list[bytes] = []
        reader = self._chosen
        if reader is None:  # the body is shorter than the beginning that decides
            reader = self._chosen = self._choose(self._start, last=True)
            audio = reader.feed(self._start)
        received = len(self._audio) + sum(map(len, audio))
        return self._deliver([*audio, *end(reader, received)], last=True)

    def _deliver(self, audio: list[bytes], *, last: bool = False) -> LLMResult[tuple[bytes, ...]]:
        for chunk in audio:
            self._audio += chunk
        error = self._chosen.error if self._chosen is not None else None
        if error is not None:
            self._error = (
                replace(error, partial=self.partial().completion) if self._audio else error
            )
            if last or not audio:
                return Failure(self._error)
        return Success(tuple(audio))
