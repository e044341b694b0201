"""`llm-pure translate`: bodies of every kind on standard output, what is lost on standard error, and the exit code."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_pure.cli.main import main

REQUEST = {
    "model": "claude-x",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
    "top_k": 3,
}
ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 5,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
STREAM = (
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"h\xc3\xa9"}}]}\n\n'
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


def run(
    capsys: pytest.CaptureFixture[str], file: Path, data: Any, *options: str
) -> tuple[int, str, str]:
    file.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    code = main(["translate", *options, str(file)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "body"


def test_a_request_is_translated_and_losses_go_to_standard_error(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--from", "anthropic_messages", "--to", "openai-chat", "--model", "gpt-4o")
    code, out, err = run(capsys, file, REQUEST, *options)
    assert code == 0
    assert json.loads(out) == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 9,
    }
    lines = err.splitlines()
    assert lines[0].startswith("top_k dropped: ")
    assert lines[-1] == "POST https://api.openai.com/v1/chat/completions"


def test_strict_fails_for_a_loss(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, file, REQUEST, "--from", "anthropic", "--to", "chat", "--strict")
    assert (code, out) == (64, "")
    assert "top_k" in err


def test_an_answer_is_translated(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, file, ANSWER, "--from", "deepseek", "--to", "openai_responses")
    assert code == 0
    body = json.loads(out)
    assert (body["object"], body["created_at"], body["status"]) == ("response", 5, "completed")
    assert body["output"][0]["content"][0]["text"] == "hi"


def test_an_error_is_translated_with_its_status(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"error": {"message": "slow down", "type": "rate_limit_error", "code": None}}
    options = ("--from", "openai", "--to", "anthropic", "--status", "429")
    code, out, err = run(capsys, file, error, *options)
    assert code == 0
    assert json.loads(out)["error"] == {"type": "rate_limit_error", "message": "slow down"}
    assert "the answer is an error" in err


def test_a_stream_is_translated(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, file, STREAM, "--from", "openai", "--to", "ollama")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["message"]["content"], line["done"]) for line in lines] == [
        ("hé", False),
        ("", True),
    ]


def test_a_cut_stream_is_translated_up_to_its_error_and_exits_with_65(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, file, STREAM[:90], "--from", "openai", "--to", "anthropic")
    assert code == 65
    assert "event: error" in out
    assert "event: message_stop" not in out
    assert "stream_interrupted" in err


LOG: tuple[Any, ...] = (
    REQUEST,
    {"unknown": 1},
    {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": [{"role": "user", "content": "x"}]}},
    {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 2}},
)  # fmt: skip


def test_a_log_is_translated_line_by_line_and_a_bad_line_is_reported(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = b"\n\n".join([json.dumps(line).encode() for line in LOG])
    code, out, err = run(capsys, file, data, "--from", "anthropic", "--to", "gemini", "-m", "g")
    assert code == 65
    first, batch, answer = [json.loads(line) for line in out.splitlines()]
    assert first["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]
    assert first["generationConfig"] == {"maxOutputTokens": 9, "topK": 3}
    assert batch == {
        "custom_id": "a",
        "method": "POST",
        "url": "/v1beta/models/g:generateContent",
        "body": {"contents": [{"role": "user", "parts": [{"text": "x"}]}]},
    }
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "hi"}]
    assert "line 3: error: invalid_request" in err
    assert "1 line could not be translated" in err


def test_json_has_all_that_is_known_of_each_body(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = b"\n".join([json.dumps(line).encode() for line in LOG[:2]])
    code, out, _ = run(capsys, file, data, "--from", "anthropic", "--to", "openai", "--json")
    assert code == 65
    first, second = [json.loads(line) for line in out.splitlines()]
    assert {name: first[name] for name in ("line", "kind", "url", "error")} == {
        "line": 1,
        "kind": "request",
        "url": "https://api.openai.com/v1/chat/completions",
        "error": None,
    }
    assert first["body"]["messages"] == [{"role": "user", "content": "hi"}]
    assert [change["field"] for change in first["adaptations"]] == ["top_k", "max_tokens"]
    assert (second["line"], second["body"], second["error"]["kind"]) == (2, None, "invalid_request")


@pytest.mark.parametrize(
    ("data", "options", "code", "text"),
    [
        (b"", ("--from", "openai", "--to", "anthropic"), 66, "the input is empty"),
        (b"hello", ("--from", "openai", "--to", "anthropic"), 65, "no request, no answer"),
        (b"[1]", ("--from", "openai", "--to", "anthropic"), 65, "no request, no answer"),
        (b"{}", ("--from", "openai", "--to", "french"), 64, "no server side of 'french'"),
        (b"{}", ("--from", "cohere", "--to", "openai"), 64, "no server side of 'cohere_chat'"),
        (b'{"contents":"x"}', ("--from", "gemini", "--to", "openai"), 64, "no model in its body"),
        (b'{"messages":[{}]}', ("--from", "openai", "--to", "anthropic"), 65, "model is missing"),
    ],
)
def test_what_cannot_be_translated_says_why(
    data: bytes,
    options: tuple[str, ...],
    code: int,
    text: str,
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    result, out, err = run(capsys, file, data, *options)
    assert (result, out) == (code, "")
    assert text in err


def test_standard_input_and_a_missing_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(ANSWER).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["translate", "--from", "openai", "--to", "ollama"]) == 0
    assert json.loads(capsys.readouterr().out)["message"]["content"] == "hi"
    assert main(["translate", "--from", "openai", "--to", "ollama", "/nowhere/at/all"]) == 66
