"""The chat request of `llm-pure ask`: text, system prompt and images."""

import errno
import os
import sys
from pathlib import Path

import pytest

from llm_pure import ChatRequest, Image, system, user
from llm_pure.cli.exit_codes import CommandFailed
from llm_pure.cli.main import main
from llm_pure.cli.prompt import build_request
from llm_pure.types.errors import InvalidRequest
from tests.support.png import tiny_png


def test_images_follow_the_text_in_order(tmp_path: Path) -> None:
    file = tmp_path / "png-bytes.jpg"
    file.write_bytes(tiny_png())
    request = build_request("What?", "Be brief.", [str(file), "https://example.org/cat.png"])
    images = (Image(data=tiny_png()), Image(url="https://example.org/cat.png"))
    assert request == ChatRequest(messages=(system("Be brief."), user("What?", *images)))


def test_a_request_without_images_is_one_message() -> None:
    request = build_request("What?", stream=True)
    assert request == ChatRequest(messages=(user("What?"),), stream=True)


def test_a_missing_image_is_named_in_the_error() -> None:
    with pytest.raises(CommandFailed) as failed:
        build_request("What?", images=["/no/such.png"])
    message = f"cannot read image: {os.strerror(errno.ENOENT)}"
    assert failed.value.reason == InvalidRequest(message=message, param="/no/such.png")
    assert failed.value.code == 65


def test_an_svg_is_rejected_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdefghij")
    file = tmp_path / "cat.png"
    file.write_bytes(b"<svg/>")
    assert main(["ask", "What?", "-i", str(file), "--base-url", "http://127.0.0.1:9"]) == 65
    assert "SVG and other markup is not supported as an image" in capsys.readouterr().err
