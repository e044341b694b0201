"""Rows: every form of line becomes a request, and every other line a row with an error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, Tool, system, user
from llm_pure.bulk import Row, RowForm, read_rows
from llm_pure.bulk.identity import canonical_json, identify
from llm_pure.bulk.requests import parse_request_fields, request_fields
from llm_pure.bulk.rows import read_row
from llm_pure.bulk.templates import parse_template
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.request import JsonFormat, NamedToolChoice, ReasoningRequest


def row(line: str | bytes, **form: Any) -> Row:
    return read_row(0, line.encode() if isinstance(line, str) else line, RowForm(**form))


def batch_line(body: dict[str, Any], url: str = "/v1/chat/completions") -> str:
    return json.dumps({"custom_id": "a", "method": "POST", "url": url, "body": body})


def test_prompt_becomes_a_user_message() -> None:
    read = row('{"prompt": "Is 7 prime?"}')
    assert read.request == ChatRequest(messages=(user("Is 7 prime?"),), stream=False)
    assert (read.custom_id, read.has_custom_id, read.error) == ("row-1", False, None)


def test_template_takes_the_columns_and_the_runs_settings() -> None:
    prompt = parse_template("{n} of {{{name}}}: {x}").unwrap()
    read = row(
        '{"n": 1, "name": "a", "x": null, "custom_id": 7}',
        prompt=prompt,
        system="Be brief.",
        request=ChatRequest(messages=(), max_tokens=9),
    )
    messages = (system("Be brief."), user("1 of {a}: "))
    assert read.request == ChatRequest(messages=messages, max_tokens=9, stream=False)
    assert read.custom_id == "7"


def test_batch_line_keeps_what_its_body_has() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 3}
    read = row(batch_line({**body, "novel": 1, "stream": True}), dialect="openai_chat")
    assert read.request == ChatRequest(
        model="m", messages=[user("hi")], max_tokens=3, extra={"novel": 1}, stream=False
    )
    other = row(batch_line({**body, "novel": 1}), dialect="anthropic_messages", model="claude")
    assert other.request == ChatRequest(
        model="claude", messages=[user("hi")], max_tokens=3, stream=False
    )


def test_batch_line_of_responses_is_read_by_its_dialect() -> None:
    read = row(batch_line({"model": "m", "input": "hi"}, "/v1/responses"))
    assert read.request is not None
    assert read.error is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "row 1: the line is empty"),
        (b"{", "row 1: the line is no valid JSON: Input data was truncated; write each object in one line, for example with jq -c ."),
        (b"{'prompt': 1}", "row 1: the line is no valid JSON: JSON is malformed: object keys must be strings (byte 1); JSON has double quotes"),
        (b"PK\x03\x04", "row 1: the line is no valid JSON: JSON is malformed: invalid character (byte 0); the file is a zip archive"),
        (b"[1]", "row 1: the line is no JSON object"),
        (b'{"prompt": "\xff"}', "row 1: the line is no valid JSON"),
        (b'{"prompt": "\\ud800"}', "row 1: the line is no valid JSON"),
        (b'{"prompt": ""}', "the prompt is empty"),
        (b'{"prompt": 3}', "prompt must be a text, not int"),
        (b'{"text": "x"}', "the row has no prompt, messages or body, and the run no template; its columns are text"),
        (b'{"messages": []}', "messages must be a list of messages"),
        (b'{"url": "/v1/embeddings", "body": {}}', "url '/v1/embeddings' of a batch line"),
        (b'{"$request": {"messages": []}}', "the request has no messages"),
        (b'{"$request": 1}', "the row's request cannot be read"),
        (b"[" * 100_000, "row 1: the line is"),
    ],
)  # fmt: skip
def test_line_that_is_no_request_is_a_row_with_its_error(line: bytes, message: str) -> None:
    read = row(line)
    assert read.request is None
    assert read.error is not None
    assert read.error.message.startswith(message)


def test_byte_order_mark_and_crlf_are_taken() -> None:
    lines = [b'\xef\xbb\xbf{"prompt": "a"}\r\n', b'\xef\xbb\xbf{"prompt": "b"}\r\n']  # of two files
    assert [read.error for read in read_rows(lines)] == [None, None]


@given(st.binary(max_size=60) | st.from_regex(rb'\{"(prompt|messages|body|\$request)": .{0,30}\}'))
def test_no_line_raises(line: bytes) -> None:
    read = row(line)
    assert (read.request is None) == (read.error is not None)


@pytest.mark.parametrize("text", ["{", "a }", "{}", "{a{b}"])
def test_template_with_a_lone_brace_is_refused(text: str) -> None:
    assert parse_template(text).failure().kind == "configuration"


def test_template_reaches_into_no_value() -> None:
    prompt = parse_template("{text.__class__}").unwrap()
    error = row('{"text": "x"}', prompt=prompt).error
    assert isinstance(error, InvalidRequest)
    assert error.message == "the row has no column 'text.__class__'; its columns are text"


def test_request_with_everything_survives_as_json() -> None:
    request = ChatRequest(
        messages=(system("s"), user("u")),
        tools=(Tool(name="f", parameters={"type": "object", "properties": {}}),),
        tool_choice=NamedToolChoice("f"),
        reasoning=ReasoningRequest(effort="low"),
        response_format=JsonFormat(),
        stop=("x",),
        extra={"a": [1, None]},
    )
    assert parse_request_fields(json.loads(json.dumps(request_fields(request)))) == request


def test_request_leaves_credentials_out() -> None:
    request = ChatRequest(messages="u", headers={"authorization": "Bearer canary"}, model="m")
    assert "canary" not in json.dumps(request_fields(request))


def test_ids_depend_on_the_request_and_not_on_its_columns() -> None:
    assert row('{"prompt": "a", "custom_id": 2.0}').custom_id == "2.0"  # as pandas writes integers
    one, other = row('{"prompt": "a", "n": 1}'), row('{"n": 2, "prompt": "a", "custom_id": "x"}')
    assert one.key == other.key
    spaced = row('{"messages":   [{"content":"a","role":"user"}]}')
    assert spaced.key == row('{"messages": [{"role": "user", "content": "a"}]}').key


def test_canonical_json_leaves_defaults_out_so_that_new_fields_change_no_id() -> None:
    assert canonical_json(user("a")) == b'{"parts":[{"text":"a","type":"text"}],"role":"user"}'


def test_ids_are_those_of_the_first_release() -> None:
    """An id that changes pays every row of every run again."""
    read = row('{"prompt": "Is 7 prime?"}')
    first, second = identify([read.key, read.key], b"prefix")
    assert first.id.hex() == "798a0472819e2592974c02c50ad97090"
    assert second.id.hex() == "a0bbd9e46343e644566cd70aac89231e"


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12))
def test_equal_rows_have_ids_of_their_own(keys: list[bytes]) -> None:
    items = list(identify(keys, b""))
    assert len({item.id for item in items}) == len(keys)
    assert [item.ordinal for item in items] == [keys[:n].count(key) for n, key in enumerate(keys)]
