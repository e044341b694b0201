"""Disorders of the framing: heartbeats between frames, line ends, names of events, sentinels. Pure."""

from collections.abc import Callable

import msgspec

from llm_pure.replay.disorders.answer import (
    Frame,
    Framing,
    RecordedAnswer,
    decode_frames,
    with_body,
)
from llm_pure.replay.disorders.disorder import (
    ANTHROPIC,
    AWS_DIALECTS,
    COHERE,
    CONVERSE,
    DASHSCOPE,
    GEMINI,
    LLAMA,
    OLLAMA,
    OPENAI_CHAT,
    QIANFAN_V1,
    RESPONSES,
    SSE_DIALECTS,
    UNKNOWN_FIELD,
    Deform,
    Disorder,
    EditFrames,
    editing_frames,
)

_DONE = b"[DONE]"
_COMMENT_SOURCE = "the WHATWG standard: a comment every 15 seconds keeps a connection open"

_HEARTBEATS: tuple[tuple[str, str, str, Frame], ...] = (
    ("comment", ": keep-alive", _COMMENT_SOURCE, Frame(lines=(b": keep-alive",))),
    ("empty_comment", "a lone colon", "LiteLLM, Caddy and FastAPI's sse-starlette", Frame(lines=(b":",))),
    ("openrouter_remark", ": OPENROUTER PROCESSING", "OpenRouter, documented",
        Frame(lines=(b": OPENROUTER PROCESSING",))),
    ("ping_json", "`event: ping` with a type", "Anthropic, documented; proxies send it in every dialect",
        Frame(event="ping", data=b'{"type": "ping"}')),
    ("ping_date", "`event: ping` with a date", "sse-starlette before 1.7: servers built on FastAPI",
        Frame(event="ping", data=b"2023-02-20 08:40:33.556053")),
    ("ping_empty", "`event: ping` with empty data", "Spring and Go servers", Frame(event="ping", data=b"")),
    ("keepalive_event", "`event: keepalive` with a type", "OpenAI Responses (codex reads it), Cloudflare",
        Frame(event="keepalive", data=b'{"type":"keepalive"}')),
    ("heartbeat_event", "`event: heartbeat` with an empty object", "gateways built on Spring",
        Frame(event="heartbeat", data=b"{}")),
    ("null", "`data: null`", "answers.md, kind 6: gateways that forward a missing chunk", Frame(data=b"null")),
    ("empty_object", "`data: {}`", "answers.md, kind 6: gateways that forward an empty chunk", Frame(data=b"{}")),
    ("blank", "`data: ` without data", "one-api and its forks", Frame(data=b"")),
    ("comment_ping", ": PING", "one-api and new-api", Frame(lines=(b": PING",))),
    ("retry", "`retry: 3000` alone", "the WHATWG standard", Frame(lines=(b"retry: 3000",))),
    ("id", "`id: 1` alone", "the WHATWG standard", Frame(lines=(b"id: 1",))),
)  # fmt: skip
"""(name, description, source, frame); each is sent before, between and after all frames."""


def _between(heartbeat: Frame) -> EditFrames:
    def edit(frames: list[Frame]) -> list[Frame]:
        return [heartbeat, *[item for frame in frames for item in (frame, heartbeat)]]

    return edit


def _initial_response(frames: list[Frame]) -> list[Frame]:
    """Send the event that begins AWS event streams of other services."""
    first = msgspec.structs.replace(frames[0], event="initial-response", data=b"{}", wrapper=None)
    return [first, *frames]


def _named_done(frames: list[Frame]) -> list[Frame]:
    return [
        msgspec.structs.replace(frame, event="done") if _is_done(frame) else frame
        for frame in frames
    ]


def _heartbeats() -> tuple[Disorder, ...]:
    return tuple(
        [
            Disorder(
                name=f"heartbeat_{name}",
                description=f"a heartbeat before, between and after all events: {description}",
                source=source,
                dialects=SSE_DIALECTS,
                streamed=True,
                deform=editing_frames(_between(frame), "sse"),
            )
            for name, description, source, frame in _HEARTBEATS
        ]
    )


def _unknown_event(frames: list[Frame]) -> list[Frame] | None:
    """Send an event of an unknown type after every frame but the last."""
    named = [frame for frame in frames if frame.json() is not None]
    if not named:
        return None
    data = b'{"type":"%s","index":0}' % UNKNOWN_FIELD.encode()
    result: list[Frame] = []
    for frame in frames:
        unknown = msgspec.structs.replace(
            named[0],
            data=b'{"%s":1}' % UNKNOWN_FIELD.encode() if named[0].headers else data,
            event=None if named[0].event is None else UNKNOWN_FIELD,
            lines=(),
        )
        result += [frame, unknown]
    return result[:-1]


def _on_body(change: Callable[[bytes], bytes], *framings: Framing) -> Deform:
    """Change the bytes of a body in one of these framings."""

    def deform(answer: RecordedAnswer) -> RecordedAnswer | None:
        framed = decode_frames(answer)
        if framed is None or framed.framing not in framings:
            return None
        return with_body(answer, change(answer.response.body))

    return deform


def _with_line_ends(end: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(b"\r\n", b"\n").replace(b"\n", end)


def _without_event_names(frames: list[Frame]) -> list[Frame] | None:
    if not all("type" in (frame.json() or {}) for frame in frames if frame.event is not None):
        return None
    return [msgspec.structs.replace(frame, event=None) for frame in frames]


def _with_event_names(name: str) -> EditFrames:
    def edit(frames: list[Frame]) -> list[Frame] | None:
        if any(frame.event is not None for frame in frames):
            return None
        return [
            frame if frame.data is None else msgspec.structs.replace(frame, event=name)
            for frame in frames
        ]

    return edit


def _with_event_ids(frames: list[Frame]) -> list[Frame]:
    return [
        frame
        if frame.data is None
        else msgspec.structs.replace(frame, lines=(*frame.lines, b"id: %d" % number))
        for number, frame in enumerate(frames)
    ]


def _in_several_lines(frames: list[Frame]) -> list[Frame]:
    """Send each JSON object as several data lines, indented."""
    return [
        frame
        if frame.data is None or frame.json() is None
        else msgspec.structs.replace(frame, data=msgspec.json.format(frame.data, indent=2))
        for frame in frames
    ]


def _is_done(frame: Frame) -> bool:
    return frame.data is not None and frame.data.strip() == _DONE


def _with_done(frames: list[Frame]) -> list[Frame] | None:
    return None if any(_is_done(frame) for frame in frames) else [*frames, Frame(data=_DONE)]


def _done_twice(frames: list[Frame]) -> list[Frame] | None:
    return [*frames, Frame(data=_DONE)] if any(_is_done(frame) for frame in frames) else None


def _last_twice(frames: list[Frame]) -> list[Frame]:
    return [*frames, frames[-1]]


def _without_last_blank_line(body: bytes) -> bytes:
    return body.rstrip(b"\r\n") + b"\n"


def _disorder(
    name: str,
    description: str,
    source: str,
    deform: Deform,
    dialects: tuple[str, ...] = SSE_DIALECTS,
    streamed: bool | None = True,
) -> Disorder:
    return Disorder(
        name=name,
        description=description,
        source=source,
        dialects=dialects,
        streamed=streamed,
        deform=deform,
    )


FRAMING_DISORDERS: tuple[Disorder, ...] = (
    *_heartbeats(),
    _disorder("crlf_line_ends", "lines end in CRLF", "the WHATWG standard; Azure, Gemini",
        _on_body(_with_line_ends(b"\r\n"), "sse")),
    _disorder("cr_line_ends", "lines end in CR", "the WHATWG standard", _on_body(_with_line_ends(b"\r"), "sse")),
    _disorder("no_space_after_colon", "`data:` without a space", "DashScope, Spark, Spring",
        _on_body(lambda body: body.replace(b"data: ", b"data:").replace(b"event: ", b"event:"), "sse"),
        tuple([dialect for dialect in SSE_DIALECTS if dialect != DASHSCOPE])),
    _disorder("more_blank_lines", "two blank lines after every event", "gateways that add their own",
        _on_body(lambda body: body.replace(b"\n\n", b"\n\n\n"), "sse")),
    _disorder("no_last_blank_line", "the body ends after the last line", "llama.cpp, Cloudflare workers",
        _on_body(_without_last_blank_line, "sse")),
    _disorder("data_in_several_lines", "indented JSON, a data line for each of its lines", "the WHATWG standard; Spring",
        editing_frames(_in_several_lines, "sse")),
    _disorder("event_ids", "an id on every event", "the WHATWG standard; DashScope", editing_frames(_with_event_ids, "sse")),
    _disorder("event_names_left_out", "no `event:` lines; the data has a type", "new-api, LiteLLM",
        editing_frames(_without_event_names, "sse"), (RESPONSES, ANTHROPIC, COHERE)),
    _disorder("event_names_message", "`event: message` before every event", "Spring, the WHATWG standard's default",
        editing_frames(_with_event_names("message"), "sse"), (OPENAI_CHAT, GEMINI, LLAMA, QIANFAN_V1)),
    _disorder("unknown_events", "events of an unknown type between all others",
        "Anthropic, OpenAI, Cohere and AWS: types may be added", editing_frames(_unknown_event, "sse", "aws_eventstream"),
        (RESPONSES, ANTHROPIC, COHERE, CONVERSE)),
    _disorder("done_added", "`data: [DONE]` at the end of a stream that has none", "answers.md O: gateways send it in every dialect",
        editing_frames(_with_done, "sse")),
    _disorder("done_twice", "`data: [DONE]` twice", "a gateway adds its own", editing_frames(_done_twice, "sse"), (OPENAI_CHAT,)),
    _disorder("done_named", "`event: done` before `data: [DONE]`", "gateways built on Spring", editing_frames(_named_done, "sse"),
        (OPENAI_CHAT,)),
    _disorder("heartbeat_empty_chunk", "a chunk without choices between all events", "Azure's first chunk; vLLM behind proxies",
        editing_frames(_between(Frame(data=b'{"id":"","object":"chat.completion.chunk","model":"","choices":[]}')), "sse"),
        (OPENAI_CHAT,)),
    _disorder("heartbeat_ping_data", '`data: {"type": "ping"}` without a name', "gateways that drop the names",
        editing_frames(_between(Frame(data=b'{"type": "ping"}')), "sse"), (ANTHROPIC, RESPONSES, COHERE)),
    _disorder("initial_response", "an event `initial-response` first", "smithy.io: amazon-eventstream",
        editing_frames(_initial_response, "aws_eventstream"), AWS_DIALECTS),
    _disorder("last_event_twice", "the last event twice", "gateways that add their own",
        editing_frames(_last_twice, "sse"), (ANTHROPIC, COHERE)),
    _disorder("blank_lines", "blank lines between all lines", "proxies that keep connections open",
        _on_body(lambda body: b"\n" + body.replace(b"\n", b"\n\n \n"), "ndjson"), (OLLAMA,)),
    _disorder("ndjson_crlf", "lines end in CRLF", "proxies on Windows", _on_body(_with_line_ends(b"\r\n"), "ndjson"), (OLLAMA,)),
    _disorder("ndjson_no_last_line_end", "no line end after the last line", "proxies that join lines",
        _on_body(lambda body: body.rstrip(), "ndjson"), (OLLAMA,)),
)  # fmt: skip
