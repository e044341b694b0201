"""A recorded answer as a value, and its frames: decode a body into frames, change them, encode them again. Pure.

Frames of server-sent events keep their other lines; messages of an AWS event stream get new checksums; InvokeModel's payloads
are unwrapped from their base64 and wrapped again.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.framing import BYTE_ORDER_MARK
from llm_pure.framing.aws_eventstream import EventStreamDecoder, MessageHeaders, encode_message
from llm_pure.framing.json_array import JsonArrayDecoder
from llm_pure.types.http import HttpResponse, get_header

Framing: TypeAlias = Literal["sse", "ndjson", "aws_eventstream", "json_array", "json"]
"""How a body is divided. "json": one JSON document, not divided."""

JsonObject: TypeAlias = dict[str, Any]

_AWS = "application/vnd.amazon.eventstream"
_SSE_FIELDS = (b"data", b"event", b"id", b"retry")


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one chat call."""

    dialect: str
    """The dialect of the bytes, see `detect_dialect`."""
    reader: str
    """The dialect of the provider that reads them, which may be another one: InvokeModel carries several."""
    streamed: bool
    """Read by `open_stream`, whatever the body is; else by `parse_chat`."""
    response: HttpResponse


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a body."""

    data: bytes | None = None
    """None for an event of comments only."""
    event: str | None = None
    """The event's name: the SSE field `event`, or the header `:event-type`."""
    lines: tuple[bytes, ...] = ()
    """Further lines of a server-sent event, before its data."""
    headers: MessageHeaders = ()
    """Further headers of an AWS message."""
    wrapper: Mapping[str, Any] | None = None
    """For InvokeModel: the payload whose `bytes` are the data, without them."""

    def json(self) -> JsonObject | None:
        """Return the data as a new JSON object, None if it is none."""
        if self.data is None:
            return None
        try:
            value = msgspec.json.decode(self.data)
        except (msgspec.DecodeError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def with_json(self, value: JsonObject) -> "Frame":
        """Return the frame with other data. A named event whose data has a type is renamed with it."""
        kind = value.get("type")
        event = kind if self.event is not None and not self.headers and kind else self.event
        return msgspec.structs.replace(self, data=msgspec.json.encode(value), event=event)


class Framed(msgspec.Struct, frozen=True, kw_only=True):
    """A body as frames."""

    framing: Framing
    frames: tuple[Frame, ...]


def recorded_answer(dialect: str, streamed: bool, response: HttpResponse) -> RecordedAnswer:
    """Return the answer of a provider's `dialect` under the dialect that its bytes show."""
    answer = RecordedAnswer(dialect=dialect, reader=dialect, streamed=streamed, response=response)
    return msgspec.structs.replace(answer, dialect=detect_dialect(answer))


def detect_dialect(answer: RecordedAnswer) -> str:
    """Return the dialect of a body: some providers answer in the dialect of another one."""
    framed = decode_frames(answer)
    for frame in () if framed is None else framed.frames:
        value = frame.json()
        dialect = None if value is None else _dialect_of(frame, value)
        if dialect is not None:
            return dialect
    return answer.dialect


def _dialect_of(frame: Frame, value: JsonObject) -> str | None:
    kind = value.get("type")
    kind = kind if isinstance(kind, str) else ""
    output = value.get("output")
    if frame.headers and frame.wrapper is None:
        return "bedrock_converse"
    if "choices" in value:
        return "openai_chat"
    if value.get("object") == "response" or kind.startswith("response."):
        return "openai_responses"
    if kind in ("message", "message_start"):
        return "anthropic_messages"
    if kind == "message-start" or {"message", "finish_reason"} <= value.keys():
        return "cohere_chat"
    if "candidates" in value or "usageMetadata" in value:
        return "gemini_content"
    if isinstance(output, dict):
        return "bedrock_converse" if "message" in output else "dashscope_generation"
    if "completion_message" in value or isinstance(value.get("event"), dict):
        return "llama_native"
    if "done" in value:
        return "ollama_native"
    if "result" in value and "id" in value:
        return "qianfan_v1"
    return "spark_frames" if {"header", "payload"} <= value.keys() else None


def decode_frames(answer: RecordedAnswer) -> Framed | None:
    """Return the frames of a body; None if it is empty or not divided as its dialects divide bodies."""
    body = answer.response.body.removeprefix(BYTE_ORDER_MARK)
    content_type = (get_header(answer.response.headers, "content-type") or "").lower()
    start = body.lstrip()[:1]
    if content_type.startswith(_AWS):
        return _decode_aws(body)
    if start == b"[" and answer.streamed:
        return _decode_array(body)
    if start == b"{":
        lines = [line for line in body.splitlines() if line.strip()]
        divided = answer.streamed and (len(lines) > 1 or "ndjson" in content_type)
        if divided and all(line.startswith(b"{") and line.endswith(b"}") for line in lines):
            return Framed(framing="ndjson", frames=tuple([Frame(data=line) for line in lines]))
        return Framed(framing="json", frames=(Frame(data=body),))
    return _decode_sse(body) if start else None


def _decode_sse(body: bytes) -> Framed | None:
    frames: list[Frame] = []
    blocks = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n")
    for block in blocks:
        data: list[bytes] = []
        lines: list[bytes] = []
        event: str | None = None
        for line in block.strip(b"\n").split(b"\n"):
            name, _, value = line.partition(b":")
            if name == b"data":
                data.append(value.removeprefix(b" "))
            elif name == b"event":
                event = value.removeprefix(b" ").decode("utf-8", "replace")
            elif not name or name in _SSE_FIELDS:
                lines += [line] if line else []
            else:
                return None
        if data or lines:
            joined = b"\n".join(data) if data else None
            frames.append(Frame(data=joined, event=event, lines=tuple(lines)))
    return Framed(framing="sse", frames=tuple(frames)) if frames else None


def _decode_aws(body: bytes) -> Framed | None:
    decoder = EventStreamDecoder()
    frames = [_aws_frame(message.headers, message.payload) for message in decoder.feed(body)]
    complete = decoder.fault is None and bool(frames)
    return Framed(framing="aws_eventstream", frames=tuple(frames)) if complete else None


def _aws_frame(headers: MessageHeaders, payload: bytes) -> Frame:
    event = next((str(value) for name, value in headers if name == ":event-type"), None)
    frame = Frame(data=payload, event=event, headers=headers)
    outer = frame.json() or {}
    inner = outer.pop("bytes", None)
    try:
        data = base64.b64decode(inner, validate=True) if isinstance(inner, str) else None
    except (binascii.Error, ValueError):
        data = None
    return frame if data is None else msgspec.structs.replace(frame, data=data, wrapper=outer)


def _decode_array(body: bytes) -> Framed | None:
    decoder = JsonArrayDecoder()
    items = decoder.feed(body)
    if decoder.fault is not None or not decoder.ended:
        return None
    return Framed(framing="json_array", frames=tuple([Frame(data=item) for item in items]))


def encode_frames(framing: Framing, frames: Sequence[Frame]) -> bytes:
    """Return the body of these frames."""
    match framing:
        case "sse":
            return b"".join([_encode_event(frame) for frame in frames])
        case "ndjson":
            return b"".join([(frame.data or b"") + b"\n" for frame in frames])
        case "aws_eventstream":
            return b"".join([_encode_aws(frame) for frame in frames])
        case "json_array":
            return b"[" + b",\r\n".join([frame.data or b"" for frame in frames]) + b"]"
        case "json":
            return b"".join([frame.data or b"" for frame in frames])


def _encode_event(frame: Frame) -> bytes:
    lines = list(frame.lines)
    if frame.event is not None:
        lines.append(b"event: " + frame.event.encode())
    if frame.data is not None:
        lines += [b"data: " + line for line in frame.data.split(b"\n")]
    return b"\n".join(lines) + b"\n\n"


def _encode_aws(frame: Frame) -> bytes:
    payload = frame.data or b""
    if frame.wrapper is not None:
        text = base64.b64encode(payload).decode()
        payload = msgspec.json.encode({**frame.wrapper, "bytes": text})
    headers = [
        (name, frame.event if name == ":event-type" and frame.event is not None else value)
        for name, value in frame.headers
    ]
    return encode_message(tuple(headers), payload)


def with_frames(
    answer: RecordedAnswer, framing: Framing, frames: Sequence[Frame]
) -> RecordedAnswer:
    """Return the answer with another body."""
    return with_body(answer, encode_frames(framing, frames))


def with_body(answer: RecordedAnswer, body: bytes) -> RecordedAnswer:
    """Return the answer with another body, without a length that would be wrong for it."""
    headers = tuple([pair for pair in answer.response.headers if pair[0] != "content-length"])
    response = HttpResponse(answer.response.status, headers, body)
    return msgspec.structs.replace(answer, response=response)


def with_content_type(answer: RecordedAnswer, content_type: str | None) -> RecordedAnswer:
    """Return the answer with another content type, or without one."""
    response = answer.response
    others = tuple([pair for pair in response.headers if pair[0] != "content-type"])
    labels = () if content_type is None else (("content-type", content_type),)
    labeled = HttpResponse(response.status, (*labels, *others), response.body)
    return msgspec.structs.replace(answer, response=labeled)
