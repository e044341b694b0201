"""`llm-pure repair`: JSON on standard output, what was changed on standard error."""

import io
import json
import sys
from pathlib import Path

import pytest

from llm_pure.cli.main import main

Captured = pytest.CaptureFixture[str]


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_what_was_changed_is_told_beside(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "arguments.txt"
    file.write_text('{"a": 1,}', "utf-8")
    assert main(["repair", str(file)]) == 0
    assert tuple(capsys.readouterr()) == (
        '{"a":1}\n',
        "repaired (lenient): 1 edit\n  at 7: ',' -> ''\n",
    )


def test_json_from_a_pipe_is_exact(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    piped(monkeypatch, '{"a": 1}')
    assert main(["repair"]) == 0
    assert tuple(capsys.readouterr()) == ('{"a":1}\n', "exact: the input is valid JSON\n")


def test_what_was_cut_off_is_65(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    piped(monkeypatch, '{"a": "b')
    assert main(["repair"]) == 65
    assert tuple(capsys.readouterr()) == ("", "unrepairable: input ends inside a string\n")


def test_json_output_holds_the_edits(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    piped(monkeypatch, "print(1)")
    assert main(["repair", "--code", "--json"]) == 0
    value = {"language": "python", "code": "print(1)"}
    assert json.loads(capsys.readouterr().out) == {
        "outcome": "repaired",
        "value": value,
        "edits": [{"offset": 0, "before": "print(1)", "after": '{"language":"python","code":"print(1)"}'}],
        "rung": "bare",
    }  # fmt: skip


def test_no_such_file_is_66(capsys: Captured) -> None:
    assert main(["repair", "/nowhere/at/all"]) == 66
