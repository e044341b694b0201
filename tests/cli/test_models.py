"""`llm-pure models`: the models that a provider lists, from a server on loopback."""

import json
import sys

import pytest

from llm_pure.cli.main import main
from tests.support.loopback import Loopback, always, response

LISTED = {"object": "list", "data": [{"id": "a", "owned_by": "acme"}, {"id": "b"}]}
JSON = (("content-type", "application/json"),)
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "LLM_PURE_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", None)


@pytest.mark.parametrize("model", ["openai", "openai:gpt-4o", None])
def test_each_model_is_a_line(
    model: str | None, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-checked-here")
    chosen = [] if model is None else ["-m", model]
    with Loopback(always(response(json.dumps(LISTED).encode(), headers=JSON))) as server:
        code = main(["models", *chosen, "--base-url", server.url])
        assert (code, capsys.readouterr().out) == (0, "a\nb\n")
        assert main(["models", *chosen, "--base-url", server.url, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["owned_by"]) for row in rows] == [("a", "acme"), ("b", None)]


@pytest.mark.parametrize(
    ("model", "code", "expected"),
    [
        ("openai", 78, "set OPENAI_API_KEY"),
        ("opneai", 64, "openai"),
        ("perplexity", 64, "list of models"),
    ],
)
def test_without_a_list_it_is_an_exit_code(
    model: str, code: int, expected: str, capsys: Captured
) -> None:
    assert main(["models", "-m", model]) == code
    out, err = capsys.readouterr()
    assert (out, expected in err) == ("", True), err
