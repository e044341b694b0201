"""Sound as it comes: the body of /audio/speech, whole bytes or events with base64 in them -> pieces of sound.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.3); read 2026-11-20.
"""

import re
from collections.abc import Callable

import msgspec

from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.openai_common.json_response import body_of
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.provider import SpeechDecoder
from llm_pure.framing.json_codec import decode_any
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.types.completion import Usage
from llm_pure.types.errors import LLMError, ProtocolError, StreamInterrupted
from llm_pure.types.http import HttpResponse, ResponseHead, get_header
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.operations import Speech
from llm_pure.types.result import Failure, LLMResult, Success


def open_speech(name: str, head: ResponseHead) -> SpeechDecoder:
    """Reads the answer as it comes: events where it says that it is a stream of them, else sound."""
    kind = (get_header(head.headers, "content-type") or "").partition(";")[0].strip().lower()
    if head.status >= 400 or kind == "application/json":
        return _Sound(name, head, _Body(name, head))
    if kind == "text/event-stream":
        return _Sound(name, head, _Events(name, head))
    return _Sound(name, head, _Bytes(name, head, kind))


class _State(msgspec.Struct, frozen=True):
    """What is known beside the sound itself. ended: the answer has told its own end. fault: it cannot go on."""

    ended: bool = False
    usage: Usage = Usage()
    fault: LLMError | None = None


class _Reader:
    """One way in which sound is sent."""

    def __init__(self, name: str, head: ResponseHead) -> None:
        self.name = name
        self.head = head

    media_type = ""

    def feed(self, state: _State, data: bytes) -> tuple[_State, list[bytes]]:
        raise NotImplementedError

    def close(self, state: _State, received: int) -> tuple[_State, list[bytes]]:
        raise NotImplementedError

    def abort(self, state: _State, received: int) -> tuple[_State, list[bytes]]:
        return self.close(state, received)

    def interrupted(self, message: str) -> LLMError:
        return StreamInterrupted(message=message, provider=self.name, status=self.head.status)

    def fault(self, message: str, where: str, evidence: bytes) -> LLMError:
        return ProtocolError(
            message=message,
            provider=self.name,
            status=self.head.status,
            where=where,
            evidence=evidence,
        )


class _Bytes(_Reader):
    """The body is the sound. Only its length, where it is told, says whether it is whole."""

    def __init__(self, name: str, head: ResponseHead, kind: str) -> None:
        super().__init__(name, head)
        self.media_type = kind if kind.startswith("audio/") else ""
        length = get_header(head.headers, "content-length") or ""
        coded = get_header(head.headers, "content-encoding")
        self._length = int(length) if re.fullmatch("[0-9]{1,18}", length) and not coded else None

    def feed(self, state: _State, data: bytes) -> tuple[_State, list[bytes]]:
        return state, [data] if data else []

    def close(self, state: _State, received: int) -> tuple[_State, list[bytes]]:
        if self._length is not None and received < self._length:
            what = f"the sound broke off after {received} of {self._length} bytes"
            return msgspec.structs.replace(state, fault=self.interrupted(what)), []
        if not received:
            fault = self.fault("there is no sound in the answer", "body", b"")
            return msgspec.structs.replace(state, fault=fault), []
        return msgspec.structs.replace(state, ended=True), []

    def abort(self, state: _State, received: int) -> tuple[_State, list[bytes]]:
        if self._length is not None:
            return self.close(state, received)
        what = f"the sound broke off after {received} bytes"
        return msgspec.structs.replace(state, fault=self.interrupted(what)), []


class _Events(_Reader):
    """speech.audio.delta {audio}, in the end speech.audio.done {usage}. Events of other types change nothing."""

    def __init__(self, name: str, head: ResponseHead) -> None:
        super().__init__(name, head)
        self._frames = SseDataDecoder()

    def feed(self, state: _State, data: bytes) -> tuple[_State, list[bytes]]:
        state, sound = self._run(state, self._frames.feed(data))
        broken = self._frames.fault
        if broken is not None and state.fault is None:
            fault = self.fault(broken.message, "event", broken.evidence)
            state = msgspec.structs.replace(state, fault=fault)
        return state, sound

    def close(self, state: _State, received: int) -> tuple[_State, list[bytes]]:
        state, sound = self._run(state, self._frames.close())
        told = self._told()
        if told is not None and not state.ended:
            return msgspec.structs.replace(state, fault=told), sound
        if not state.ended and (state.fault is None or isinstance(state.fault, ProtocolError)):
            # an event that could not be read is the one that the end of the body cut off
            what = f"the sound broke off after {received} bytes"
            state = msgspec.structs.replace(state, fault=self.interrupted(what))
        return state, sound

    def _told(self) -> LLMError | None:
        """The error that came as bare JSON in place of events."""
        decoded = decode_any(self._frames.stray, provider=self.name)
        if isinstance(decoded, Failure):
            return None
        whole = HttpResponse(self.head.status, self.head.headers, self._frames.stray)
        return error_in_body(self.name, {}, decoded.unwrap(), whole)

    def _run(self, state: _State, frames: list[bytes]) -> tuple[_State, list[bytes]]:
        sound: list[bytes] = []
        for frame in frames:
            if state.ended or state.fault is not None:
                break
            state, piece = self._step(state, frame)
            if piece:
                sound.append(piece)
        return state, sound

    def _step(self, state: _State, frame: bytes) -> tuple[_State, bytes]:
        if frame.strip() == b"[DONE]":
            return state, b""
        decoded = decode_any(frame, provider=self.name)
        body = None if isinstance(decoded, Failure) else decoded.unwrap()
        if not isinstance(body, dict):
            fault = self.fault("this event is no JSON object", "event", frame)
            return msgspec.structs.replace(state, fault=fault), b""
        match body.get("type"):
            case "speech.audio.delta":
                audio = body.get("audio")
                piece = from_base64(audio) if isinstance(audio, str) else None
                if piece is None:
                    fault = self.fault("this sound is no base64", "speech.audio.delta", frame)
                    return msgspec.structs.replace(state, fault=fault), b""
                return state, piece
            case "speech.audio.done":
                usage = body.get("usage")
                read = read_usage(usage) if isinstance(usage, dict) else Usage()
                return msgspec.structs.replace(state, ended=True, usage=read), b""
            case _:
                whole = HttpResponse(self.head.status, self.head.headers, frame)
                told = error_in_body(self.name, {}, body, whole)
                return msgspec.structs.replace(state, fault=told), b""


class _Body(_Reader):
    """An error, or JSON where sound was expected."""

    def __init__(self, name: str, head: ResponseHead) -> None:
        super().__init__(name, head)
        self._body = bytearray()

    def feed(self, state: _State, data: bytes) -> tuple[_State, list[bytes]]:
        self._body += data
        return state, []

    def close(self, state: _State, received: int) -> tuple[_State, list[bytes]]:
        body = bytes(self._body)
        read = body_of(self.name, HttpResponse(self.head.status, self.head.headers, body))
        if isinstance(read, Failure):
            return msgspec.structs.replace(state, fault=read.failure()), []
        fault = self.fault("there is no sound in the answer", "body", body)
        return msgspec.structs.replace(state, fault=fault), []


_End = Callable[[_State, int], tuple[_State, list[bytes]]]


class _Sound:
    """The SpeechDecoder around a reader: the sound so far, faults after the sound before them, once failed always failed."""

    def __init__(self, name: str, head: ResponseHead, reader: _Reader) -> None:
        self._name = name
        self._reader = reader
        self._state = _State()
        self._sound = bytearray()
        self._error: LLMError | None = None
        self._closed = False

    def feed(self, data: bytes) -> LLMResult[tuple[bytes, ...]]:
        """The sound in these bytes."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._state, sound = self._reader.feed(self._state, data)
        return self._given(sound)

    def close(self) -> LLMResult[tuple[bytes, ...]]:
        """The body is over."""
        return self._end(self._reader.close)

    def abort(self) -> LLMResult[tuple[bytes, ...]]:
        """The connection broke."""
        return self._end(self._reader.abort)

    def _end(self, end: _End) -> LLMResult[tuple[bytes, ...]]:
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        self._state, sound = end(self._state, len(self._sound))
        given = self._given(sound)
        if self._state.fault is not None:  # nothing is asked for after the end: it comes at once
            return Failure(self._carrying(self._state.fault))
        return given

    def partial(self) -> Speech:
        """The sound as far as it has come."""
        data = bytes(self._sound)
        kind = media_type_of(data) or self._reader.media_type or None
        return Speech(data=data, media_type=kind, provider=self._name, usage=self._state.usage)

    def _given(self, sound: list[bytes]) -> LLMResult[tuple[bytes, ...]]:
        for piece in sound:
            self._sound += piece
        if self._state.fault is not None:
            self._error = self._carrying(self._state.fault)
            if not sound:
                return Failure(self._error)
        return Success(tuple(sound))

    def _carrying(self, error: LLMError) -> LLMError:
        if not self._sound:
            return error
        return msgspec.structs.replace(error, partial=self.partial().completion)
