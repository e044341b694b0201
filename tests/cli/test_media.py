"""`llm-pure image`, `speak`, `transcribe`, `moderate`, `embed` and `code`, against a server on loopback."""

import base64
import json
import os
import stat
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from llm_pure.cli.exit_codes import CommandFailed
from llm_pure.cli.files import write_file
from llm_pure.cli.main import main
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
    with pytest.raises(CommandFailed) as failed:
        write_file(file, b"new", force=False)
    assert failed.value.code == 73
    assert file.read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_file_may_be_read_by_those_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.bin", b"new", force=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_no_such_folder_is_73(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as failed:
        write_file(tmp_path / "no" / "a.bin", b"new", force=True)
    assert failed.value.code == 73


def test_a_transcript_goes_to_standard_output(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    assert answered(["transcribe", str(file)], {"text": "Hi"}) == 0
    assert capsys.readouterr().out == "Hi\n"
    assert main(["transcribe", str(tmp_path / "none.wav")]) == 66


@pytest.mark.parametrize(
    ("flagged", "expected"), [(True, "flagged: hate\n"), (False, "not flagged\n")]
)
def test_a_judgement_names_what_was_found(flagged: bool, expected: str, capsys: Captured) -> None:
    row = {"flagged": flagged, "categories": {"hate": flagged, "violence": False}}
    assert answered(["moderate", "hi"], {"results": [row]}) == 0
    assert capsys.readouterr().out == expected


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


# more of the same commands


def test_nothing_is_sent_where_a_file_could_not_be_written(
    tmp_path: Path, capsys: Captured
) -> None:
    """There is no server: what comes to sending ends in 69."""
    away = ["--base-url", "http://127.0.0.1:9"]
    (tmp_path / "cat-2.png").write_bytes(b"mine")
    (tmp_path / "dog.webp").write_bytes(b"mine")
    cases = [
        (["image", "a", "-n", "2", "-o", str(tmp_path / "cat.png")], "cat-2.png already exists"),
        (["image", "a", "-n", "2", "-o", str(tmp_path / "cat")], "cat-2.png already exists"),
        (["image", "a", "-o", str(tmp_path / "dog")], "dog.webp already exists"),
        (["image", "a", "-o", str(tmp_path / "no" / "cat.png")], "does not exist"),
        (["speak", "a", "-o", str(tmp_path / "no" / "a.mp3")], "does not exist"),
        (["speak", "a", "-o", str(tmp_path)], "is a folder"),
    ]
    for arguments, expected in cases:
        assert main([*arguments, *away]) == 73
        assert expected in capsys.readouterr().err
    assert sorted([path.name for path in tmp_path.iterdir()]) == ["cat-2.png", "dog.webp"]


def test_pictures_that_were_not_asked_for_are_kept_beside_those_that_are_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "cat-1.png").write_bytes(b"mine")
    two = {"data": PICTURE["data"] * 2}
    assert answered(["image", "a", "-o", str(tmp_path / "cat.png")], two) == 0
    assert (tmp_path / "cat-1.png").read_bytes() == b"mine"
    assert sorted([path.name for path in tmp_path.iterdir()]) == [
        "cat-1-1.png",
        "cat-1.png",
        "cat-2.png",
    ]


def test_one_picture_where_two_were_asked_for_has_its_number(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"mine")
    assert answered(["image", "a", "-n", "2", "-o", str(tmp_path / "cat.png")], PICTURE) == 0
    assert (tmp_path / "cat.png").read_bytes() == b"mine"
    assert (tmp_path / "cat-1.png").read_bytes() == tiny_png()


def test_force_writes_over_each_of_several(tmp_path: Path) -> None:
    (tmp_path / "cat-1.png").write_bytes(b"old")
    two = {"data": PICTURE["data"] * 2}
    arguments = ["image", "a", "-n", "2", "--force", "-o", str(tmp_path / "cat.png")]
    assert answered(arguments, two) == 0
    assert sorted([path.name for path in tmp_path.iterdir()]) == ["cat-1.png", "cat-2.png"]
    assert (tmp_path / "cat-1.png").read_bytes() == tiny_png()


def test_a_picture_is_made_of_another(tmp_path: Path, capsys: Captured) -> None:
    source = tmp_path / "in.png"
    source.write_bytes(tiny_png())
    target = str(tmp_path / "out.png")
    assert answered(["image", "redder", "-i", str(source), "-o", target], PICTURE) == 0
    assert (tmp_path / "out.png").read_bytes() == tiny_png()
    source.write_bytes(b"<svg/>")
    away = ["--base-url", "http://127.0.0.1:9"]
    assert main(["image", "x", "-i", str(source), "-o", str(tmp_path / "o2.png"), *away]) == 65
    assert "SVG" in capsys.readouterr().err
    assert main(["image", "x", "-i", str(tmp_path / "none"), "-o", str(tmp_path / "o2.png")]) == 66


def test_what_the_model_does_not_take_is_told(tmp_path: Path, capsys: Captured) -> None:
    target = str(tmp_path / "a.png")
    assert answered(["image", "a", "--quality", "hd", "-o", target], PICTURE) == 0
    expected = capsys.readouterr().err
    assert "quality was dropped: gpt-image models have no quality 'hd'" in expected
    assert "response_format" not in expected


def test_sound_that_breaks_off_leaves_no_file(tmp_path: Path, capsys: Captured) -> None:
    complete = http(200, "audio/mpeg", b"ID3" + bytes(100))
    with one_answer(complete[:-50]) as url:
        code = main(["speak", "hi", "-o", str(tmp_path / "a.mp3"), "--base-url", url])
    assert code == 65
    assert list(tmp_path.iterdir()) == []
    assert "cut off" in capsys.readouterr().err


def test_sound_under_the_wrong_ending_is_told(tmp_path: Path, capsys: Captured) -> None:
    assert answered(["speak", "hi", "-o", str(tmp_path / "a.flac")], b"ID3new", "audio/mpeg") == 0
    assert "a.flac contains audio/mpeg" in capsys.readouterr().err


def test_sound_may_go_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert answered(["speak", "hi", "-o", "-"], b"ID3new", "audio/mpeg") == 0
    assert capfdbinary.readouterr().out == b"ID3new"


@pytest.mark.parametrize("command", ["image", "speak", "moderate", "embed", "code"])
def test_nothing_to_do_is_wrong_usage(command: str, capsys: Captured) -> None:
    assert main([command]) == 64
    assert "pass a text, or pipe one in" in capsys.readouterr().err


def test_subtitles_are_printed_as_they_are_and_objects_as_json(
    tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    subtitles = b"1\n00:00:00,000 --> 00:00:01,000\nHi\n\n"
    assert answered(["transcribe", str(file), "--format", "srt"], subtitles, "text/plain") == 0
    assert capsys.readouterr().out == subtitles.decode().rstrip("\n") + "\n"
    assert answered(["transcribe", str(file), "--format", "json"], {"text": "Hi"}) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "Hi"


def test_a_picture_is_not_transcribed(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(tiny_png())
    assert main(["transcribe", str(file), "--base-url", "http://127.0.0.1:9"]) == 65
    assert "the bytes are image/png, not audio" in capsys.readouterr().err


def test_each_line_is_embedded_by_itself(capsys: Captured) -> None:
    rows = [{"embedding": [float(place)], "index": place} for place in range(2)]
    assert answered(["embed", "--lines", "a", " ", "b c"], {"data": rows, "model": "m"}) == 0
    assert capsys.readouterr().out == "[0.0]\n[1.0]\n"


def test_each_line_is_judged_by_itself(capsys: Captured) -> None:
    rows = [{"flagged": False}, {"flagged": True}]
    assert answered(["moderate", "--lines", "a", "b"], {"results": rows}) == 0
    assert capsys.readouterr().out == "not flagged\nflagged\n"


class Terminal(StringIO):
    """Standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_progress_is_for_terminals_and_gone_in_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with monkeypatch.context() as looked_at:
        looked_at.setattr(sys, "stderr", terminal)
        assert (
            answered(["speak", "hi", "-o", str(tmp_path / "a.mp3")], b"ID3new", "audio/mpeg") == 0
        )
    shown = terminal.getvalue()
    assert "\r\x1b[2K6 bytes of audio ...\r\x1b[2K" in shown
    assert shown.endswith(f"{tmp_path / 'a.mp3'}: 6 bytes\n")
    assert answered(["speak", "hi", "-o", str(tmp_path / "b.mp3")], b"ID3new", "audio/mpeg") == 0
    assert capsys.readouterr().err == f"{tmp_path / 'b.mp3'}: 6 bytes\n"


def test_the_model_that_is_named_judges(capsys: Captured) -> None:
    body = json.dumps({"results": [{"flagged": False}]}).encode()
    seen: list[bytes] = []
    with one_answer(http(200, JSON, body), seen) as url:
        assert main(["moderate", "hi", "-m", "openai:my-judge", "--base-url", url]) == 0
    assert json.loads(seen[0].partition(b"\r\n\r\n")[2]) == {"input": "hi", "model": "my-judge"}
