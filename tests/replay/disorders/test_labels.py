"""Disorders of the label and of the kind of body, on literal bytes."""

import pytest

from llm_pure.framing.aws_eventstream import encode_message
from tests.support.disorder_rows import EVENT_STREAM, Row, answer_after, deformed

STREAM = b'data: {"choices":[1]}\n\ndata: [DONE]\n\n'
BODY = b'{"choices":[1]}'
LINES = b'{"done":false}\n{"done":true}\n'
GEMINI = b'data: {"candidates":[1]}\n\ndata: {"candidates":[2]}\n\n'
CONVERSE = encode_message(((":event-type", "messageStop"),), b"{}")
BOM = b"\xef\xbb\xbf"
JSON, NDJSON, TEXT, AWS = (
    "application/json", "application/x-ndjson", "text/plain; charset=utf-8", "application/vnd.amazon.eventstream",
)  # fmt: skip
LABELS = {
    "none": None,
    "text": TEXT,
    "binary": "application/octet-stream",
    "json": JSON,
    "ndjson": NDJSON,
}

ROWS = (
    *[
        Row(disorder=f"stream_labeled_{name}", before=STREAM, after=STREAM, after_content_type=label)
        for name, label in LABELS.items()
    ],
    Row(disorder="stream_labeled_sse", before=LINES, after=LINES, content_type=NDJSON, after_content_type=EVENT_STREAM),
    Row(disorder="stream_labeled_none", before=CONVERSE, after=CONVERSE, content_type=AWS, after_content_type=None),
    *[
        Row(
            disorder=f"body_labeled_{name}",
            streamed=False,
            before=BODY,
            after=BODY,
            content_type=JSON,
            after_content_type=label,
        )
        for name, label in {"none": None, "text": TEXT, "sse": EVENT_STREAM, "ndjson": NDJSON}.items()
    ],
    Row(disorder="content_type_upper_case", before=STREAM, after=STREAM, after_content_type="TEXT/EVENT-STREAM"),
    Row(disorder="content_type_upper_case", before=STREAM, after=None, content_type=None),
    Row(disorder="byte_order_mark", before=STREAM, after=BOM + STREAM),
    Row(disorder="byte_order_mark", before=BODY, after=BOM + BODY, content_type=JSON, streamed=False),
    Row(disorder="body_for_stream", before=BODY, after=BODY, content_type=JSON, streamed=False, after_streamed=True),
    *[
        Row(
            disorder=f"body_for_stream_labeled_{name}",
            before=BODY,
            after=BODY,
            content_type=JSON,
            streamed=False,
            after_streamed=True,
            after_content_type=label,
        )
        for name, label in {"none": None, "text": TEXT, "sse": EVENT_STREAM}.items()
    ],
    Row(
        disorder="body_as_event",
        before=BODY,
        after=STREAM,
        content_type=JSON,
        streamed=False,
        after_streamed=True,
        after_content_type=EVENT_STREAM,
    ),
    Row(disorder="stream_for_body", before=STREAM, after=STREAM, after_streamed=False),
    Row(disorder="stream_for_body", before=BODY, after=None, content_type=JSON),
    Row(disorder="stream_for_body_labeled_json", before=STREAM, after=STREAM, after_streamed=False, after_content_type=JSON),
    Row(
        disorder="json_array_for_events",
        before=GEMINI,
        after=b'[{"candidates":[1]},\r\n{"candidates":[2]}]',
        after_content_type=JSON,
    ),
    Row(
        disorder="json_array_with_blank_lines",
        before=GEMINI,
        after=b'[\n \r\n{"candidates":[1]}\n\n,\r\n\n \r\n{"candidates":[2]}\n\n]',
        after_content_type=JSON,
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.disorder)
def test_label_disorder_changes_label_and_bytes_as_expected(row: Row) -> None:
    assert deformed(row) == answer_after(row)


@pytest.mark.parametrize(
    "name",
    ["body_labeled_text", "body_labeled_sse", "body_for_stream_labeled_text", "byte_order_mark"],
)
def test_bodies_that_aws_serves_are_not_relabeled(name: str) -> None:
    row = Row(
        disorder=name,
        dialect="bedrock_invoke",
        before=BODY,
        after=None,
        content_type=JSON,
        streamed=False,
    )
    assert deformed(row) is None
