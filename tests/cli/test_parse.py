"""`llm-pure parse`: saved answers of every kind of goodness, from a file and from standard input."""

import errno
import io
import json
import os
import sys
from pathlib import Path

import pytest

from llm_pure.cli.main import main

WHOLE = json.dumps(
    {
        "id": "c1",
        "model": "m1",
        "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
).encode()
STREAM = (
    b'data: {"id":"c1","model":"m1","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    b'data: {"id":"c1","model":"m1","choices":[{"index":0,"delta":{"content":"lo"},'
    b'"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"c1","model":"m1","choices":[],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n'
    b"data: [DONE]\n\n"
)
SLOW = b'{"error":{"message":"slow down","type":"rate_limit_error"}}'
HEAD = b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 7\r\n\r\n"
STREAM_HEAD = b"HTTP/2 200\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Captured = pytest.CaptureFixture[str]


def piped(
    arguments: list[str], data: bytes, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code = main(["parse", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        (["openai"], WHOLE),
        (["openai:gpt-5-mini"], WHOLE),
        (["openai", "--stream"], STREAM),
        (["openai", "--stream"], WHOLE),
        (["openai"], STREAM_HEAD + STREAM),
        (["openai"], CONTINUE + STREAM_HEAD + STREAM),
    ],
    ids=[
        "a body", "a model beside the provider", "a stream", "a body in place of a stream",
        "a stream below its head", "two heads",
    ],
)  # fmt: skip
def test_an_answer_is_the_completion_as_json(
    arguments: list[str], data: bytes, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = piped(arguments, data, capsys, monkeypatch)

    completion = json.loads(out)
    assert (code, err) == (0, "")
    assert (completion["text"], completion["provider"], completion["finish_reason"]) == (
        "Hello",
        "openai",
        "stop",
    )
    assert (completion["usage"]["input_tokens"], completion["usage"]["output_tokens"]) == (3, 2)


def test_a_file_is_read_as_well(tmp_path: Path, capsys: Captured) -> None:
    saved = tmp_path / "answer"
    saved.write_bytes(STREAM)

    assert main(["parse", "openai", "--stream", str(saved)]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "Hello"


@pytest.mark.parametrize(
    ("arguments", "data", "code", "expected"),
    [
        (["openai"], SLOW, 75, "rate_limited: slow down"),
        (["openai", "--status", "429"], SLOW, 75, "status 429"),
        (["openai"], HEAD + SLOW, 75, "status 429, code rate_limit_error, retry after 7 s"),
        (["openai", "--status", "500"], HEAD + b"oops", 69, "server_error"),
        (["openai"], b"<html>hello</html>", 65, "protocol"),
        (["openai"], b"", 66, "no response to parse"),
        (["openai", "--stream"], b"", 66, "no response to parse"),
        (["openai"], HEAD, 75, "rate_limited"),
        (["openai"], STREAM_HEAD, 65, "stream_interrupted"),
        (["openai", "--stream"], STREAM[:-20], 65, "stream_interrupted"),
        (["openai"], b"\xff\xfe", 65, "protocol"),
        (["opnai"], WHOLE, 64, "openai"),
        (["openai", "/no/such/file"], b"", 66, f"/no/such/file: {os.strerror(errno.ENOENT)}"),
    ],
)
def test_anything_else_is_one_line_and_an_exit_code(
    arguments: list[str],
    data: bytes,
    code: int,
    expected: str,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exit_code, out, err = piped(arguments, data, capsys, monkeypatch)

    assert (exit_code, out) == (code, "")
    assert expected in err
    assert err.count("\n") == 1
