"""The chat request of `llm-pure ask`: text, system prompt and images."""

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from llm_pure import ChatRequest, Document, Image, system, user
from llm_pure.cli.exit_codes import CommandFailed
from llm_pure.cli.files import read_text
from llm_pure.cli.main import main
from llm_pure.cli.prompt import build_request
from tests.support.png import tiny_png


def test_images_follow_the_text_in_order(tmp_path: Path) -> None:
    file = tmp_path / "png-bytes.jpg"
    file.write_bytes(tiny_png())
    request = build_request("What?", "Be brief.", [str(file), "https://example.org/cat.png"])
    images = (
        Image(data=tiny_png(), media_type="image/png"),
        Image(url="https://example.org/cat.png"),
    )
    assert request == ChatRequest(messages=(system("Be brief."), user("What?", *images)))


def test_a_request_without_images_is_one_message() -> None:
    request = build_request("What?", stream=True)
    assert request == ChatRequest(messages=(user("What?"),), stream=True)


def test_a_missing_file_is_named_in_the_error() -> None:
    with pytest.raises(CommandFailed) as failed:
        build_request("What?", files=["/no/such.png"])
    assert failed.value.reason == f"/no/such.png: {os.strerror(errno.ENOENT)}"
    assert failed.value.code == 66


def test_a_file_is_sent_as_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(b"%PDF-1.7")
    part = Document(data=b"%PDF-1.7", media_type="application/pdf", name="report.pdf")
    assert build_request("What?", files=[str(file)]) == ChatRequest(messages=(user("What?", part),))


def test_limit_and_temperature_are_those_of_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    settings = ["--max-tokens", "9", "--temperature", "0.5"]
    assert main(["build", "-m", "openai:gpt-4o", *settings, "hi"]) == 0
    body = json.loads(capsys.readouterr().out)["body"]
    assert (body["max_completion_tokens"], body["temperature"]) == (9, 0.5)


def test_an_svg_is_rejected_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdefghij")
    file = tmp_path / "cat.png"
    file.write_bytes(b"<svg/>")
    assert main(["ask", "What?", "-i", str(file), "--base-url", "http://127.0.0.1:9"]) == 65
    assert "SVG and other markup is not supported as an image" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        ("café".encode(), "café", ""),
        ("café".encode("utf-8-sig"), "café", ""),
        ("café".encode("utf-16"), "café", ""),
        ("café".encode("latin-1"), "caf\ufffd", "{path} is not in UTF-8: bytes that mean nothing there are replaced\n"),
    ],
)  # fmt: skip
def test_a_text_is_read_in_its_encoding_and_a_loss_is_reported(
    data: bytes, text: str, note: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A byte order mark is Windows': Notepad writes it before UTF-8, PowerShell's `>` before UTF-16."""
    path = tmp_path / "question.txt"
    path.write_bytes(data)
    assert read_text(str(path)) == text
    assert capsys.readouterr().err == note.format(path=path)
