"""Disorders of the label: other content types, a byte order mark, a buffered body for a stream and the reverse. Pure."""

import msgspec

from llm_pure.replay.disorders.answer import (
    Frame,
    RecordedAnswer,
    decode_frames,
    encode_frames,
    with_body,
    with_content_type,
)
from llm_pure.replay.disorders.disorder import (
    ALL_DIALECTS,
    AWS_DIALECTS,
    DASHSCOPE,
    GEMINI,
    OLLAMA,
    OPENAI_CHAT,
    SSE_DIALECTS,
    Deform,
    Disorder,
)

_JSON, _SSE, _NDJSON = "application/json", "text/event-stream", "application/x-ndjson"
_TEXT = "text/plain; charset=utf-8"
_LABEL_SOURCE = "answers.md N: proxies and local servers that do not set the type"
_TEXT_DIALECTS = (*SSE_DIALECTS, OLLAMA)
_NAMES = {None: "none", _JSON: "json", _SSE: "sse", _NDJSON: "ndjson", _TEXT: "text",
    "application/octet-stream": "binary"}  # fmt: skip


def _labeled(content_type: str | None) -> Deform:
    def deform(answer: RecordedAnswer) -> RecordedAnswer | None:
        if decode_frames(answer) is None or (content_type and answer.reader in AWS_DIALECTS):
            return None
        return with_content_type(answer, content_type)

    return deform


def _label(content_type: str | None, streamed: bool, dialects: tuple[str, ...]) -> Disorder:
    kind = "stream" if streamed else "buffered body"
    return Disorder(
        name=f"{'stream' if streamed else 'body'}_labeled_{_NAMES[content_type]}",
        description=f"a {kind} with the content type {content_type}"
        if content_type
        else f"a {kind} without a content type",
        source=_LABEL_SOURCE,
        dialects=dialects,
        streamed=streamed,
        deform=_labeled(content_type),
    )


def _shouted(answer: RecordedAnswer) -> RecordedAnswer | None:
    labels = [value for name, value in answer.response.headers if name == "content-type"]
    return with_content_type(answer, labels[0].upper()) if labels else None


def _with_bom(answer: RecordedAnswer) -> RecordedAnswer | None:
    if decode_frames(answer) is None or answer.reader in AWS_DIALECTS:
        return None
    return with_body(answer, b"\xef\xbb\xbf" + answer.response.body)


def _read_as(streamed: bool, *content_type: str | None) -> Deform:
    """Read the answer with the other function, under another content type if there is one."""

    def deform(answer: RecordedAnswer) -> RecordedAnswer | None:
        framed = decode_frames(answer)
        is_stream = framed is not None and framed.framing != "json"
        if framed is None or is_stream == streamed or framed.framing == "aws_eventstream":
            return None
        if content_type and answer.reader in AWS_DIALECTS:
            return None
        other = msgspec.structs.replace(answer, streamed=streamed)
        return with_content_type(other, content_type[0]) if content_type else other

    return deform


def _as_event(done: bool) -> Deform:
    """Send a buffered body as the only event of a stream."""

    def deform(answer: RecordedAnswer) -> RecordedAnswer | None:
        value = Frame(data=answer.response.body).json()
        if value is None:
            return None
        frames = [Frame(data=msgspec.json.encode(value))] + (
            [Frame(data=b"[DONE]")] if done else []
        )
        event = with_content_type(with_body(answer, encode_frames("sse", frames)), _SSE)
        return msgspec.structs.replace(event, streamed=True)

    return deform


def _as_json_array(spaced: bool) -> Deform:
    """Put the JSON of all events into one array; spaced: with blank lines around each item."""

    def deform(answer: RecordedAnswer) -> RecordedAnswer | None:
        framed = decode_frames(answer)
        if framed is None or framed.framing != "sse":
            return None
        frames = [frame for frame in framed.frames if frame.json() is not None]
        spaces = [
            msgspec.structs.replace(frame, data=b"\n \r\n%s\n\n" % frame.data) for frame in frames
        ]
        body = encode_frames("json_array", spaces if spaced else frames)
        return with_content_type(with_body(answer, body), _JSON)

    return deform


LABEL_DISORDERS: tuple[Disorder, ...] = (
    _label(None, True, ALL_DIALECTS),
    _label(_TEXT, True, _TEXT_DIALECTS),
    _label("application/octet-stream", True, _TEXT_DIALECTS),
    _label(_JSON, True, _TEXT_DIALECTS),
    _label(_SSE, True, (OLLAMA,)),
    _label(_NDJSON, True, SSE_DIALECTS),
    _label(None, False, ALL_DIALECTS),
    _label(_TEXT, False, _TEXT_DIALECTS),
    _label(_SSE, False, _TEXT_DIALECTS),
    _label(_NDJSON, False, _TEXT_DIALECTS),
    Disorder(
        name="content_type_upper_case",
        description="the content type in upper case",
        source="RFC 9110: media types are case-insensitive",
        dialects=ALL_DIALECTS,
        deform=_shouted,
    ),
    Disorder(
        name="byte_order_mark",
        description="a UTF-8 byte order mark before the body",
        source="the WHATWG standard for event streams; .NET servers for JSON",
        dialects=_TEXT_DIALECTS,
        deform=_with_bom,
    ),
    Disorder(
        name="body_for_stream",
        description="a buffered body, labeled as JSON, for a stream request",
        source="docs/reference/streaming.md: servers that ignore `stream`",
        dialects=ALL_DIALECTS,
        streamed=False,
        deform=_read_as(True),
    ),
    Disorder(
        name="body_for_stream_labeled_sse",
        description="a buffered body, labeled as an event stream, for a stream request",
        source="answers.md N",
        dialects=SSE_DIALECTS,
        streamed=False,
        deform=_read_as(True, _SSE),
    ),
    Disorder(
        name="body_for_stream_labeled_text",
        description="a buffered body, labeled as text, for a stream request",
        source="answers.md N",
        dialects=_TEXT_DIALECTS,
        streamed=False,
        deform=_read_as(True, _TEXT),
    ),
    Disorder(
        name="body_for_stream_labeled_none",
        description="a buffered body without a content type for a stream request",
        source="answers.md N",
        dialects=_TEXT_DIALECTS,
        streamed=False,
        deform=_read_as(True, None),
    ),
    Disorder(
        name="body_as_event",
        description="a buffered body as the only event of a stream, then [DONE]",
        source="answers.md A; gateways that imitate streaming",
        dialects=(OPENAI_CHAT, GEMINI, DASHSCOPE),
        streamed=False,
        deform=_as_event(done=True),
    ),
    Disorder(
        name="stream_for_body",
        description="a stream for a request of a buffered body",
        source="issue 13: gateways that always stream; Ollama's default",
        dialects=_TEXT_DIALECTS,
        streamed=True,
        deform=_read_as(False),
    ),
    Disorder(
        name="stream_for_body_labeled_json",
        description="a stream, labeled as JSON, for a request of a buffered body",
        source="issue 13: gateways that always stream",
        dialects=_TEXT_DIALECTS,
        streamed=True,
        deform=_read_as(False, _JSON),
    ),
    Disorder(
        name="json_array_for_events",
        description="one JSON array in place of events",
        source="Gemini and Vertex without `alt=sse`, which proxies drop",
        dialects=(GEMINI,),
        streamed=True,
        deform=_as_json_array(spaced=False),
    ),
    Disorder(
        name="json_array_with_blank_lines",
        description="one JSON array in place of events, blank lines between its items",
        source="proxies that keep connections open",
        dialects=(GEMINI,),
        streamed=True,
        deform=_as_json_array(spaced=True),
    ),
)  # fmt: skip
