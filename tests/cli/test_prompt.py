"""`llm-pure ask -i`: pictures beside the question."""

import sys
from pathlib import Path

import pytest

from llm_pure import ChatRequest, Image, system, user
from llm_pure.cli.attached import with_images
from llm_pure.cli.main import main
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.result import Failure, Success
from tests.support.png import tiny_png


def test_pictures_stand_after_the_words_in_order(tmp_path: Path) -> None:
    file = tmp_path / "lies.jpg"
    file.write_bytes(tiny_png())
    request = ChatRequest(messages=(system("Be brief."), user("What?")))
    got = with_images(request, [str(file), "https://example.org/cat.png"])
    pictures = (Image(data=tiny_png()), Image(url="https://example.org/cat.png"))
    assert got == Success(ChatRequest(messages=(system("Be brief."), user("What?", *pictures))))


def test_without_pictures_the_request_stays_as_it_is() -> None:
    request = ChatRequest(messages="What?")
    assert with_images(request, []) == Success(request)


def test_a_file_that_is_not_there_is_named() -> None:
    got = with_images(ChatRequest(messages="What?"), ["/no/such.png"])
    error = InvalidRequest(
        message="this picture cannot be read: No such file or directory", param="/no/such.png"
    )
    assert got == Failure(error)


def test_an_svg_is_told_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdefghij")
    file = tmp_path / "cat.png"
    file.write_bytes(b"<svg/>")
    assert main(["ask", "What?", "-i", str(file), "--base-url", "http://127.0.0.1:9"]) == 65
    assert "SVG and other markup is not supported as an image" in capsys.readouterr().err
