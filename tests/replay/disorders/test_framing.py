"""Disorders of the framing, on literal bytes."""

import pytest

from llm_pure.framing.aws_eventstream import encode_message
from tests.support.disorder_rows import Row, answer_after, deformed

A, B, DONE = b'data: {"choices":[]}\n\n', b'data: {"choices":[1]}\n\n', b"data: [DONE]\n\n"
BOTH = A + B
START = b'event: message_start\ndata: {"type":"message_start","message":{}}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
LINES = b'{"done":false}\n{"done":true}\n'
NDJSON = "application/x-ndjson"
AWS = "application/vnd.amazon.eventstream"


def message(event: str, payload: bytes) -> bytes:
    return encode_message(((":event-type", event), (":message-type", "event")), payload)


def around(heartbeat: bytes) -> bytes:
    return heartbeat + A + heartbeat + B + heartbeat


HEARTBEATS = {
    "heartbeat_comment": b": keep-alive\n\n",
    "heartbeat_empty_comment": b":\n\n",
    "heartbeat_comment_ping": b": PING\n\n",
    "heartbeat_openrouter_remark": b": OPENROUTER PROCESSING\n\n",
    "heartbeat_ping_json": b'event: ping\ndata: {"type": "ping"}\n\n',
    "heartbeat_ping_date": b"event: ping\ndata: 2023-02-20 08:40:33.556053\n\n",
    "heartbeat_ping_empty": b"event: ping\ndata: \n\n",
    "heartbeat_keepalive_event": b'event: keepalive\ndata: {"type":"keepalive"}\n\n',
    "heartbeat_heartbeat_event": b"event: heartbeat\ndata: {}\n\n",
    "heartbeat_null": b"data: null\n\n",
    "heartbeat_empty_object": b"data: {}\n\n",
    "heartbeat_blank": b"data: \n\n",
    "heartbeat_retry": b"retry: 3000\n\n",
    "heartbeat_id": b"id: 1\n\n",
    "heartbeat_empty_chunk": b'data: {"id":"","object":"chat.completion.chunk","model":"","choices":[]}\n\n',
}

ROWS = (
    *[Row(disorder=name, before=BOTH, after=around(sent)) for name, sent in HEARTBEATS.items()],
    Row(
        disorder="heartbeat_ping_data",
        before=START + STOP,
        after=b'data: {"type": "ping"}\n\n'.join([b"", START, STOP, b""]),
    ),
    Row(
        disorder="crlf_line_ends",
        before=BOTH,
        after=b'data: {"choices":[]}\r\n\r\ndata: {"choices":[1]}\r\n\r\n',
    ),
    Row(
        disorder="cr_line_ends",
        before=BOTH,
        after=b'data: {"choices":[]}\r\rdata: {"choices":[1]}\r\r',
    ),
    Row(
        disorder="no_space_after_colon",
        before=BOTH,
        after=b'data:{"choices":[]}\n\ndata:{"choices":[1]}\n\n',
    ),
    Row(
        disorder="more_blank_lines",
        before=BOTH,
        after=b'data: {"choices":[]}\n\n\ndata: {"choices":[1]}\n\n\n',
    ),
    Row(
        disorder="no_last_blank_line",
        before=BOTH,
        after=b'data: {"choices":[]}\n\ndata: {"choices":[1]}\n',
    ),
    Row(
        disorder="data_in_several_lines",
        before=A + DONE,
        after=b'data: {\ndata:   "choices": []\ndata: }\n\ndata: [DONE]\n\n',
    ),
    Row(
        disorder="event_ids",
        before=BOTH,
        after=b'id: 0\ndata: {"choices":[]}\n\nid: 1\ndata: {"choices":[1]}\n\n',
    ),
    Row(
        disorder="event_names_left_out",
        before=START + STOP,
        after=b'data: {"type":"message_start","message":{}}\n\ndata: {"type":"message_stop"}\n\n',
    ),
    Row(disorder="event_names_left_out", dialect="cohere_chat", before=b"event: a\ndata: {}\n\n", after=None),
    Row(disorder="event_names_message", before=A, after=b"event: message\n" + A),
    Row(
        disorder="unknown_events",
        before=START + STOP,
        after=START + b'event: x_unknown_field\ndata: {"type":"x_unknown_field","index":0}\n\n' + STOP,
    ),
    Row(
        disorder="unknown_events",
        content_type=AWS,
        before=message("messageStart", b'{"role":"assistant"}') + message("messageStop", b"{}"),
        after=message("messageStart", b'{"role":"assistant"}')
        + message("x_unknown_field", b'{"x_unknown_field":1}')
        + message("messageStop", b"{}"),
    ),
    Row(
        disorder="initial_response",
        content_type=AWS,
        before=message("messageStart", b'{"role":"assistant"}'),
        after=message("initial-response", b"{}") + message("messageStart", b'{"role":"assistant"}'),
    ),
    Row(disorder="done_added", before=A, after=A + DONE),
    Row(disorder="done_added", before=A + DONE, after=None),
    Row(disorder="done_twice", before=A + DONE, after=A + DONE + DONE),
    Row(disorder="done_named", before=A + DONE, after=A + b"event: done\n" + DONE),
    Row(disorder="last_event_twice", before=START + STOP, after=START + STOP + STOP),
    Row(disorder="blank_lines", content_type=NDJSON, before=LINES,
        after=b'\n{"done":false}\n\n \n{"done":true}\n\n \n'),
    Row(disorder="ndjson_crlf", content_type=NDJSON, before=LINES, after=b'{"done":false}\r\n{"done":true}\r\n'),
    Row(disorder="ndjson_no_last_line_end", content_type=NDJSON, before=LINES, after=LINES[:-1]),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.disorder)
def test_framing_disorder_changes_the_bytes_as_expected(row: Row) -> None:
    assert deformed(row) == answer_after(row)


@pytest.mark.parametrize("name", HEARTBEATS)
def test_heartbeats_do_not_apply_to_lines_of_json(name: str) -> None:
    lines = b'{"choices":[]}\n{"choices":[]}\n'
    assert deformed(Row(disorder=name, before=lines, after=None, content_type=NDJSON)) is None
