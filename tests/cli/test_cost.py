"""`llm-pure tokens` and `llm-pure cost`: counted, estimated, reported and raced without a network."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from llm_pure import Usage
from llm_pure.cli.main import main
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.pricing.ledger import Call, Cost

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    path = tmp_path / "prompt.txt"
    path.write_text("Hello, wörld! <|endoftext|>")
    return str(path)


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    path = tmp_path / "ledger.db"
    account = open_ledger(path, Budget(max_usd=Decimal(2))).unwrap()
    for model, usd, day in (("big", "0.75", 19), ("small", "0.25", 20), ("gpt-4o", None, 20)):
        cost = None if usd is None else Cost(total_usd=Decimal(usd))
        at = NOON.replace(day=day)
        usage = Usage(1000, 100, 400)
        call = Call(model=model, provider="openai", usage=usage, cost=cost, at=at, duration_s=2.0)
        account.settle("", call)
    return str(path)


def test_tokens_of_a_file_are_a_number(prompt: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "-m", "openai:gpt-4o", prompt]) == 0
    captured = capsys.readouterr()
    assert captured.out.split() == ["13", prompt]
    assert "exact, o200k_base" in captured.err


def test_tokens_of_several_files_have_a_total(
    prompt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tokens", "-m", "gpt-oss:20b", prompt, prompt]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1].split() == ["26", "total"]
    assert "o200k_harmony" in captured.err


def test_tokens_as_json(prompt: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "-m", "claude-opus-5-5", "--json", prompt, "missing.txt"]) == 66
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "file": prompt,
        "model": "claude-opus-5-5",
        "tokens": 15,
        "method": "estimate",
        "encoding": "o200k_base",
    }


def test_an_estimate_has_input_and_the_longest_answer(
    prompt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["cost", "estimate", "-m", "openai:gpt-4o", "--max-tokens", "100", "--json", prompt]
    assert main(command) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["input_tokens"], row["method"], row["max_output_tokens"]) == (
        20,
        "overhead rule",
        100,
    )
    total = Decimal(row["input_usd"]) + Decimal(row["most_output_usd"])
    assert Decimal(row["most_total_usd"]) == total > 0
    assert main(command[:-2] + command[-1:]) == 0
    assert "USD at most, by the price of openai:gpt-4o" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["cost", "estimate", "-m", "openai:nobody-knows-it"], 78),
        (["cost", "estimate", "-m", "gpt-4o"], 64),
        (["cost", "report", "missing.db"], 66),
        (["cost", "report"], 64),
    ],
)
def test_what_cannot_be_told_is_an_exit_code(
    arguments: list[str],
    code: int,
    prompt: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LLM_PURE_LEDGER", raising=False)
    command = [*arguments, prompt] if "estimate" in arguments else arguments
    assert main(command) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_an_estimate_of_a_missing_file_is_66() -> None:
    assert main(["cost", "estimate", "-m", "openai:gpt-4o", "missing.txt"]) == 66


def test_the_report_has_models_days_and_the_total(
    ledger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", "report", "--json", ledger]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["by"], row["name"], row["calls"]) for row in rows] == [
        ("model", "openai:big", 1),
        ("model", "openai:small", 1),
        ("model", "openai:gpt-4o", 1),
        ("day", "2026-11-19", 1),
        ("day", "2026-11-20", 2),
        ("total", "", 3),
    ]
    assert rows[0] == {
        "by": "model",
        "name": "openai:big",
        "calls": 1,
        "unpriced_calls": 0,
        "estimated_calls": 0,
        "input_tokens": 1000,
        "cached_input_tokens": 400,
        "cache_write_tokens": 0,
        "output_tokens": 100,
        "reasoning_tokens": 0,
        "cost_usd": "0.75",
        "cost_per_call_usd": "0.75",
        "tokens_per_s": 50.0,
    }
    # a call that had no price: 600 at 2.5, 400 cached at 1.25, 100 at 10, for a million
    assert rows[2]["cost_usd"] == "0.0030"


def test_the_report_as_csv_and_as_a_table(
    ledger: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_PURE_LEDGER", ledger)
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["cost", "report", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["calls"] for row in rows] == ["1", "1", "1", "1", "2", "3"]
    assert main(["cost", "report"]) == 0
    captured = capsys.readouterr()
    dearest = captured.out.splitlines()[1]
    assert dearest.startswith("openai:big")
    assert dearest.endswith("█" * 18)
    assert "budget 2 USD, left 1" in captured.err


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_the_table_of_a_report_fits_the_terminal(
    columns: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    account = open_ledger(tmp_path / "wide.db").unwrap()
    for n in range(3):
        name = "anthropic.claude-opus-5-5-20261101-v1:0-with-a-name-of-a-deployment"
        usage = Usage(123_456_789 * 10**n, 98_765_432, 12_345_678)
        cost = Cost(total_usd=Decimal("12345.678901")) if n else None
        call = Call(
            model=f"{name}-{n}", provider="bedrock", usage=usage, cost=cost, at=NOON, duration_s=3.0
        )
        account.settle("", call)
    assert main(["cost", "report", str(tmp_path / "wide.db")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= max(columns, 60)
    assert lines[1].startswith("bedrock")
    assert ("bedrock:anthropic.claude-opus" in lines[1]) == (columns == 200)


def test_tokens_and_costs_of_folders_and_patterns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("docs/a.md", "docs/deep/b.md", "docs/c.txt", "docs/.git/config", ".hidden.md"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("Hello")
    Path("docs/logo.png").write_bytes(b"\x89PNG\0\0")

    def files(*arguments: str) -> list[str]:
        assert main([*arguments, "--json"]) == 0
        return [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]

    expected = ["docs/a.md", "docs/c.txt", "docs/deep/b.md"]
    assert files("tokens", "docs") == expected
    assert files("tokens", "docs/**/*.md") == ["docs/a.md", "docs/deep/b.md"]
    assert files("cost", "estimate", "-m", "openai:gpt-4o", "docs") == expected
    assert files("tokens", "docs/c.txt", "docs/deep") == ["docs/c.txt", "docs/deep/b.md"]
    assert main(["tokens", "docs"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1].split() == ["3", "total"]
    assert "docs: 1 binary files left out" in captured.err
    assert main(["cost", "estimate", "docs", "-m", "openai:gpt-4o"]) == 0
    assert "total   " in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("command", [["tokens"], ["cost", "estimate", "-m", "openai:gpt-4o"]])
def test_a_pattern_or_folder_without_text_is_66(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path, tmp_path / "*.md"):
        assert main([*command, str(path)]) == 66
        assert capsys.readouterr() == ("", f"{path}: no text file there\n")


def test_an_empty_ledger_has_an_empty_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_ledger(tmp_path / "new.db").unwrap()
    for form in ("--json", "--csv"):
        assert main(["cost", "report", form, str(tmp_path / "new.db")]) == 0
    assert main(["cost", "report", str(tmp_path / "new.db")]) == 0
    assert "total" in capsys.readouterr().out


def test_a_race_of_processes_never_passes_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    command = "cost race --limit 0.05 --workers 2 --calls 20 --lease 1 --json"
    assert main(command.split()) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["holds"]
    assert row["admitted"] + row["refused"] == 20
    assert 0 < Decimal(row["spent_usd"]) <= Decimal("0.05")
    assert row["refused"] > 0
    assert row["held_after_usd"] == "0"


def test_ask_sends_nothing_that_may_cost_too_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-sent-anywhere")
    monkeypatch.setattr("sys.stdin", None)
    for ledger in ("", str(tmp_path / "ledger.db")):
        monkeypatch.setenv("LLM_PURE_LEDGER", ledger)
        code = main(["ask", "-m", "openai:gpt-4o", "--max-cost", "0.0001", "hi"])
        assert code == 78
        assert "budget_exceeded" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["much", "-1", "NaN"])
def test_money_on_the_command_line_is_a_number(text: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["cost", "race", f"--limit={text}"])
    assert stopped.value.code == 64
