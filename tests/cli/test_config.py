"""`llm-pure config check` and `llm-pure doctor`."""

import errno
import os
from pathlib import Path

import pytest

from llm_pure.cli.main import main

Captured = pytest.CaptureFixture[str]
SECRET = "sk-secret-0123456789abcdef"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without keys, and a home without files."""
    for name in os.environ:
        if name.upper().endswith(("_KEY", "_TOKEN", "_URL", "_PROXY", "_HOME", "_HOST")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_every_model_is_told_with_what_it_uses_and_why(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "c.yaml").write_text(
        f"""
llm: {{api_type: openai, model: gpt-5-mini, api_key: {SECRET}}}
roles: []
models:
  local: {{api_type: ollama, model: llama3, proxy: "http://me:{SECRET}@proxy.example:1"}}
"""
    )
    assert main(["config", "check", "c.yaml"]) == 0
    assert capsys.readouterr().out == (
        """file c.yaml
ignored sections: roles
llm: ready
  provider  openai  (c.yaml)
  model     gpt-5-mini  (c.yaml)
  address   https://api.openai.com/v1  (default of the provider)
  key       set  (c.yaml)
local: ready
  provider  ollama  (c.yaml)
  model     llama3  (c.yaml)
  address   http://localhost:11434  (default of the provider)
  key       missing  (not set: $OLLAMA_API_KEY)
  proxy     http://***@proxy.example:1  (c.yaml)
"""
    )


def test_what_a_model_says_of_its_transport_is_told_too(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "c.yaml").write_text(
        f"""
llm:
  model: gpt-5-mini
  api_key: {SECRET}
  connect_timeout: 3
  max_connections: 20
  tls_verify: false
  tls_key_password: {SECRET}
"""
    )
    assert main(["config", "check", "c.yaml"]) == 0
    assert capsys.readouterr().out == (
        """file c.yaml
llm: ready
  provider  openai  (c.yaml)
  model     gpt-5-mini  (c.yaml)
  address   https://api.openai.com/v1  (default of the provider)
  key       set  (c.yaml)
  connect_timeout 3.0  (c.yaml)
  max_connections 20  (c.yaml)
  tls_verify off: any certificate is accepted  (c.yaml)
"""
    )


def test_what_the_files_say_beside_a_model_is_told_with_it(
    tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "c.yaml").write_text(
        """
models:
  local: {api_type: ollama, model: llama3, compress_type: pre_cut_by_msg}
  other: {api_type: ollama, model: llama4}
cost_control: {max_budget: 5}
fallbacks: {local: [other]}
retry: {max_attempts: 3}
limit: {requests_per_minute: 30, tokens_per_minute: 1000}
"""
    )
    assert main(["config", "check", "c.yaml"]) == 0
    local = capsys.readouterr().out.partition("other: ready")[0]
    assert local.splitlines()[6:] == [
        "  fallbacks other  (c.yaml)",
        "  budget    5.0 USD  (c.yaml)",
        "  compress  pre_cut_by_msg, to at most 0.8 of 128000 tokens  (c.yaml)",
        "  retry     3 attempts  (c.yaml)",
        "  limit     30 requests, 1000 tokens per minute  (c.yaml)",
    ]


BROKEN = {
    "a fallback that is broken": (
        'models: {a: {api_type: ollama, model: m}, b: {api_key: "${MY_KEY}"}}\nfallbacks: {a: [b]}',
        "a: cannot be used",
    ),
    "authorities that are not there": (
        f"llm: {{model: m, api_key: {SECRET}, tls_ca_file: /none/ca.pem}}",
        f"tls_ca_file cannot be used: /none/ca.pem: {os.strerror(errno.ENOENT)}",
    ),
    "a time below 0": (
        f"llm: {{model: m, api_key: {SECRET}, read_timeout: -1}}",
        "read_timeout must be above 0, not -1",
    ),
    "a placeholder for a key": (
        "llm: {model: m, api_key: YOUR_API_KEY}",
        "openai: configuration: the key for openai is a placeholder: set OPENAI_API_KEY, or `api_key`",
    ),
    "an unknown provider": (
        "llm: {api_type: opnai, model: m}",
        "did you mean openai",
    ),
    "a variable that is not set": (
        'models: {a: {api_key: "${MY_KEY}", model: m}}',
        "models/a/api_key needs the variable MY_KEY, which is not set",
    ),
    "a placeholder for a proxy": (
        f"llm: {{model: m, api_key: {SECRET}, proxy: YOUR_PROXY}}",
        "proxy is a placeholder: YOUR_PROXY",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_model_that_cannot_be_used_is_78_and_says_why(
    name: str, tmp_path: Path, capsys: Captured
) -> None:
    text, expected = BROKEN[name]
    (tmp_path / "llm-pure.yaml").write_text(text)
    assert main(["config", "check"]) == 78
    shown = capsys.readouterr()
    assert expected in shown.out
    assert SECRET not in shown.out + shown.err


def test_an_unknown_key_is_78_and_names_the_nearest(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "c.yaml").write_text("llm: {modle: m}")
    assert main(["config", "check", "c.yaml"]) == 78
    expected = (
        "error: configuration: c.yaml: llm/modle is not known (did you mean model?); "
        "correct the configuration; `llm-pure doctor` shows each setting and its source\n"
    )
    assert capsys.readouterr().err == expected


def test_a_file_that_is_not_there_is_66(capsys: Captured) -> None:
    assert main(["config", "check", "c.yaml"]) == 66
    assert main(["config", "check"]) == 66
    assert "no configuration file; searched" in capsys.readouterr().err


def test_doctor_tells_files_transports_and_what_the_environment_has_keys_for(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", SECRET)
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "file llm-pure.yaml: not found\n" in shown
    assert "transport httpx: ready\n" in shown
    assert (
        """mistral: ready
  provider  mistral  (the environment)
  model     -  (set by each request)
  address   https://api.mistral.ai/v1  (default of the provider)
  key       set  ($MISTRAL_API_KEY)
"""
        in shown
    )
    assert SECRET not in shown


def test_doctor_with_nothing_at_all_is_78(capsys: Captured) -> None:
    assert main(["doctor"]) == 78
    assert "the environment has no provider's key" in capsys.readouterr().err
