"""`llm-pure image`, `speak`, `transcribe`, `moderate`, `embed` and `code`, against a server on loopback."""

import base64
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_pure.cli import main
from llm_pure.cli.files import write_file
from tests.support.one_answer import http, one_answer
from tests.support.png import tiny_png

Captured = pytest.CaptureFixture[str]
JSON = "application/json"


@pytest.fixture(autouse=True)
def _a_key_and_nothing_piped_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LLM_PURE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdefghij")
    monkeypatch.setattr(sys, "stdin", None)


def answered(arguments: list[str], body: Any, kind: str = JSON, status: int = 200) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with one_answer(http(status, kind, data)) as url:
        return main([*arguments, "--base-url", url])


PICTURE = {"data": [{"b64_json": base64.b64encode(tiny_png()).decode()}]}


def test_a_picture_is_written_under_the_ending_of_its_bytes(tmp_path: Path) -> None:
    assert answered(["image", "a", "cat", "-o", str(tmp_path / "cat")], PICTURE) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["cat.png"]
    assert (tmp_path / "cat.png").read_bytes() == tiny_png()


def test_several_pictures_are_numbered(tmp_path: Path) -> None:
    two = {"data": PICTURE["data"] * 2}
    assert answered(["image", "a", "-n", "2", "-o", str(tmp_path / "cat.png")], two) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat-1.png", "cat-2.png"]


def test_a_picture_that_is_elsewhere_is_a_url(capsys: Captured) -> None:
    assert answered(["image", "a"], {"data": [{"url": "https://example.org/1.png"}]}) == 0
    assert capsys.readouterr().out == "https://example.org/1.png\n"


def test_no_file_is_written_over_without_force(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "hello.mp3"
    file.write_bytes(b"mine")
    arguments = ["speak", "hello", "-o", str(file)]
    assert main(arguments) == 73
    assert file.read_bytes() == b"mine"
    assert answered([*arguments, "--force"], b"ID3new", "audio/mpeg") == 0
    assert file.read_bytes() == b"ID3new"
    assert [path.name for path in tmp_path.iterdir()] == ["hello.mp3"]


def test_a_file_that_comes_in_between_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"mine")
    assert write_file(file, b"new", force=False) == 73
    assert file.read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_file_may_be_read_by_those_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert write_file(tmp_path / "a.bin", b"new", force=False) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_no_such_folder_is_73(tmp_path: Path) -> None:
    assert write_file(tmp_path / "no" / "a.bin", b"new", force=True) == 73


def test_a_transcript_goes_to_standard_output(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    assert answered(["transcribe", str(file)], {"text": "Hi"}) == 0
    assert capsys.readouterr().out == "Hi\n"
    assert main(["transcribe", str(tmp_path / "none.wav")]) == 66


@pytest.mark.parametrize(("flagged", "said"), [(True, "flagged: hate\n"), (False, "not flagged\n")])
def test_a_judgement_names_what_was_found(flagged: bool, said: str, capsys: Captured) -> None:
    row = {"flagged": flagged, "categories": {"hate": flagged, "violence": False}}
    assert answered(["moderate", "hi"], {"results": [row]}) == 0
    assert capsys.readouterr().out == said


def test_a_vector_is_json(capsys: Captured) -> None:
    body = {"data": [{"embedding": [0.5, 1], "index": 0}], "model": "m"}
    assert answered(["embed", "hi"], body) == 0
    assert json.loads(capsys.readouterr().out) == [0.5, 1]


@pytest.mark.parametrize(
    ("arguments", "code", "out"),
    [
        ('{"language": "python", "code": "print(1)"}', 0, "print(1)\n"),
        ('{"language": "python", "code": "print("1")"}', 0, 'print("1")\n'),
        ('{"language": "python", "code": "pri', 65, ""),
    ],
)
def test_code_is_printed_or_it_is_said_why_not(
    arguments: str, code: int, out: str, capsys: Captured
) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "execute", "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {
        "id": "1",
        "model": "m",
        "choices": [{"message": message, "finish_reason": "tool_calls"}],
    }
    assert answered(["code", "print", "one"], body) == code
    assert capsys.readouterr().out == out


def test_an_error_of_the_service_is_its_exit_code(capsys: Captured) -> None:
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}
    assert answered(["moderate", "hi"], body, status=401) == 77
    assert main(["speak", "hi", "-m", "anthropic:m1", "-o", "/tmp/never-written.mp3"]) == 64
