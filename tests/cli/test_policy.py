"""`llm-pure policy simulate`."""

import json
from pathlib import Path

import pytest

from llm_pure.cli.main import main

Captured = pytest.CaptureFixture[str]
POLICY = (
    "{max_attempts: 3, initial_backoff_s: 1, target_count: 2, limit: {requests_per_minute: 600}}"
)
OUTAGE = """
{"error": "rate_limited", "from_s": 1, "until_s": 5, "share": 0.5, "retry_after_s": 2}
{"error": "connection", "share": 0.1, "configuration": 0}
"""


def simulated(tmp_path: Path, policy: str, outage: str, *more: str) -> int:
    (tmp_path / "p.yaml").write_text(policy)
    (tmp_path / "o.jsonl").write_text(outage)
    files = [str(tmp_path / "p.yaml"), str(tmp_path / "o.jsonl")]
    return main(["policy", "simulate", *files, *more])


def test_an_outage_of_one_error_is_counted(tmp_path: Path, capsys: Captured) -> None:
    outage = '{"error": "server_error", "until_s": 0.15, "takes_s": 0.5}'
    assert simulated(tmp_path, "max_attempts: 1", outage, "--calls", "4") == 0
    assert capsys.readouterr().out == (
        """calls        4
succeeded    2 (50.00%)
errors       2 server_error
sends        4 (1.000 a call)
waited       mean 0.000 s, p50 0.000 s, p95 0.000 s, max 0.000 s
took         mean 0.750 s, p50 0.500 s, p95 1.000 s, max 1.000 s
"""
    )


def test_the_same_seed_prints_the_same_bytes(tmp_path: Path, capsys: Captured) -> None:
    printed = []
    for seed in ("1", "1", "2"):
        assert simulated(tmp_path, POLICY, OUTAGE, "--seed", seed, "--json") == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0] != printed[2]
    assert json.loads(printed[0])["calls"] == 1000


UNREADABLE = {
    "an unknown field of the policy": ("attempt: 3", "", "policy/attempt is not known"),
    "an unknown field of the limit": ("limit: {rpm: 3}", "", "limit/rpm is not known"),
    "an unknown error": ("", '{"error": "fire"}', "line 1: unknown error 'fire'"),
    "an unknown field of the outage": (
        "",
        '{"error": "quota", "at": 1}',
        "line 1: not an outage in JSON: ",
    ),
    "no JSON": ("", "\nx", "line 2: not an outage in JSON: "),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_78_and_says_where(
    name: str, tmp_path: Path, capsys: Captured
) -> None:
    policy, outage, expected = UNREADABLE[name]
    assert simulated(tmp_path, policy, outage) == 78
    assert expected in capsys.readouterr().err


def test_a_file_that_is_not_there_is_66(tmp_path: Path) -> None:
    assert main(["policy", "simulate", str(tmp_path / "p"), str(tmp_path / "o")]) == 66
