"""Lines of OpenAI batch files: each is a request or a value that says what is wrong with it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, EmbedRequest, Message, Text, user
from llm_pure.server.batch_lines import (
    BatchLine,
    InvalidBatchLine,
    read_batch_line,
    read_batch_lines,
)

MESSAGES = [{"role": "user", "content": "Hi."}]


def line(**fields: Any) -> str:
    body = {"model": "gpt-4o-mini", "messages": MESSAGES}
    values = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    return json.dumps({name: value for name, value in {**values, **fields}.items() if value != ...})


def read(text: str | bytes) -> BatchLine:
    result = read_batch_line(text)
    assert isinstance(result, BatchLine)
    return result


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v1/chat/completions", {"messages": MESSAGES}),
        ("https://api.openai.com/v1/chat/completions", {"messages": MESSAGES}),
        ("/v1/responses", {"input": "Hi."}),
        ("/v1/responses/", {"input": MESSAGES}),
        ("/v1/completions", {"prompt": "Hi."}),
    ],
)
def test_a_line_is_a_chat_request(url: str, body: Any) -> None:
    fields = {"model": "gpt-4o-mini", "temperature": 0.5, **body}
    result = read(line(url=url, body=fields))
    assert (result.custom_id, result.line, result.url) == ("a", 1, url)
    assert result.received.operation == "chat"
    assert result.chat == ChatRequest(
        model="gpt-4o-mini", messages=[user("Hi.")], temperature=0.5, stream=result.chat.stream
    )
    assert not result.chat.stream


def test_a_line_is_a_request_for_embeddings() -> None:
    result = read(line(url="/v1/embeddings", body={"model": "e", "input": ["x", "y"]}))
    assert result.received.embed == EmbedRequest(input=("x", "y"), model="e")


def test_a_stream_is_not_streamed_and_fields_without_a_counterpart_are_adaptations() -> None:
    body = {"model": "m", "messages": MESSAGES, "stream": True, "frobnicate": 1}
    result = read(line(body=body))
    assert (result.received.stream, result.chat.stream) == (False, False)
    assert [change.field for change in result.received.adaptations] == ["frobnicate", "stream"]


@pytest.mark.parametrize(
    ("text", "param", "custom_id"),
    [
        ("{", None, ""),
        ("[]", None, ""),
        (b"\xff\xfe", None, ""),
        ("[" * 100_000, None, ""),
        (line(custom_id=...), "custom_id", ""),
        (line(custom_id=7), "custom_id", ""),
        (line(custom_id=""), "custom_id", ""),
        (line(method="GET"), "method", "a"),
        (line(url=...), "url", "a"),
        (line(url=3), "url", "a"),
        (line(body=...), "body", "a"),
        (line(body=[]), "body", "a"),
        (line(body={}), "body/model", "a"),
        (line(body={"model": "m", "messages": [{"role": "cat"}]}), "body/messages/0/role", "a"),
        (line(body={"model": "m", "messages": MESSAGES, "n": "x"}), "body/n", "a"),
    ],
)
def test_a_line_that_cannot_be_read_says_where(
    text: str | bytes, param: str | None, custom_id: str
) -> None:
    result = read_batch_line(text, 7)
    assert isinstance(result, InvalidBatchLine)
    assert (result.line, result.custom_id) == (7, custom_id)
    assert result.error.kind == "invalid_request"
    assert getattr(result.error, "param", None) == param


def test_another_operation_is_not_supported() -> None:
    result = read_batch_line(line(url="/v1/moderations", body={"input": "x"}))
    assert isinstance(result, InvalidBatchLine)
    assert (result.error.kind, result.custom_id) == ("unsupported", "a")


def test_lines_are_numbered_blank_ones_skipped_and_a_second_id_is_invalid() -> None:
    lines = ["\ufeff" + line(), "  \n", line(custom_id="b") + "\r\n", line(), "x"]
    results = list(read_batch_lines(lines))
    assert [(type(r).__name__, r.line, r.custom_id) for r in results] == [
        ("BatchLine", 1, "a"),
        ("BatchLine", 3, "b"),
        ("InvalidBatchLine", 4, "a"),
        ("InvalidBatchLine", 5, ""),
    ]
    again = list(read_batch_lines(lines, unique_ids=False))
    assert [type(result).__name__ for result in again][2] == "BatchLine"


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_any_line_is_read_or_is_a_value(text: bytes | str) -> None:
    assert isinstance(read_batch_line(text), BatchLine | InvalidBatchLine)


def test_messages_are_values() -> None:
    (message,) = read(line()).received.messages
    assert message == Message("user", (Text("Hi."),))
