"""`llm-pure cassette check`."""

import json
from pathlib import Path

import pytest

from llm_pure.cli.main import main
from tests.support.scenarios import CASSETTES

Captured = pytest.CaptureFixture[str]


def test_our_own_cassettes_all_parse(capsys: Captured) -> None:
    assert main(["cassette", "check", str(CASSETTES)]) == 0
    assert capsys.readouterr().out.endswith("; 0 could not be read\n")


def test_json_is_one_line_for_each_interaction_with_the_stated_keys(capsys: Captured) -> None:
    main(["cassette", "check", "--json", str(CASSETTES / "openai")])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(list((CASSETTES / "openai").glob("*.yaml")))
    assert {frozenset(line) for line in lines} == {
        frozenset(
            {
                "file", "index", "provider", "operation", "streamed", "outcome", "text", "reasoning",
                "tool_calls", "finish_reason", "raw_finish_reason", "usage", "error", "reason",
            }
        )
    }  # fmt: skip


def test_a_damaged_answer_is_65(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "bad.yaml").write_text(
        """
version: 1
interactions:
- request: {method: POST, uri: 'http://h/v1/chat/completions', body: '{}', headers: {}}
  response: {status: {code: 200, message: OK}, headers: {}, body: {string: '{"id": "c1", "cho'}}
"""
    )

    assert main(["cassette", "check", str(tmp_path)]) == 65
    assert "FAIL" in capsys.readouterr().out


def test_a_path_that_is_not_there_is_66(capsys: Captured) -> None:
    assert main(["cassette", "check", "/nowhere/at/all"]) == 66
    assert capsys.readouterr().err == "no such file or folder: /nowhere/at/all\n"
