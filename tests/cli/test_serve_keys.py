"""`llm-pure serve key` and `llm-pure serve env`."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from llm_pure.cli.main import main
from llm_pure.gateway.client_keys import key_hash, parse_client_keys
from llm_pure.gateway.client_settings import CLIENTS, GatewayAddress, settings_of_program

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["laptop", 'odd "name": {}', "ключ"])
def test_key_is_printed_once_with_the_line_of_the_file(name: str, capsys: Captured) -> None:
    assert main(["serve", "key", name]) == 0
    output = capsys.readouterr()
    key, line = output.out.splitlines()
    assert (key[:3], len(key)) == ("lp-", 46)
    section = yaml.safe_load(line)["serve"]["keys"]
    assert section == {name: {"sha256": key_hash(key)}}
    assert [row.name for row in parse_client_keys(section).unwrap().keys] == [name]
    assert key not in line + output.err


def test_keys_differ_and_a_name_is_needed(capsys: Captured) -> None:
    keys = set()
    for _ in range(3):
        assert main(["serve", "key", "k"]) == 0
        keys.add(capsys.readouterr().out.splitlines()[0])
    assert len(keys) == 3
    assert main(["serve", "key", ""]) == 64
    assert main(["serve", "key", "a\nb"]) == 64


def env_of(capsys: Captured, *arguments: str) -> tuple[str, str]:
    assert main(["serve", "env", *arguments]) == 0
    output = capsys.readouterr()
    return output.out, output.err


def test_environment_of_claude_for_a_gateway_without_keys(capsys: Captured) -> None:
    out, err = env_of(capsys, "claude")
    assert (out.splitlines(), err) == (
        [
            "unset ANTHROPIC_API_KEY",
            "export ANTHROPIC_BASE_URL=http://127.0.0.1:4141",
            "export ANTHROPIC_AUTH_TOKEN=none",
            "export CLAUDE_CODE_ATTRIBUTION_HEADER=0",
        ],
        "",
    )


CONFIG = """
models: {fast: {api_type: groq, api_key: k}}
serve: {host: 0.0.0.0, port: 8080, aliases: {best: fast}, keys: {laptop: {sha256: "%s"}}}
"""


def test_environment_names_the_variable_of_the_key(folder: Path, capsys: Captured) -> None:
    (folder / "llm-pure.yaml").write_text(CONFIG % ("a" * 64))
    out, err = env_of(capsys, "openai", "-m", "fast")
    assert "export OPENAI_BASE_URL=http://127.0.0.1:8080/v1\n" in out
    assert 'export OPENAI_API_KEY="$LLM_PURE_KEY"\n' in out
    assert err == "LLM_PURE_KEY is the key that `llm-pure serve key NAME` has printed.\n"
    assert "export AIDER_MODEL=openai/best\n" in env_of(capsys, "aider", "-m", "best")[0]
    assert main(["serve", "env", "claude", "-m", "slow"]) == 64
    assert "configured are fast" in capsys.readouterr().err


def test_codex_gets_a_block_of_toml(capsys: Captured) -> None:
    out, err = env_of(capsys, "codex", "--url", "https://llm.example/")
    assert tomllib.loads(out) == {
        "model_provider": "llm-pure",
        "model_providers": {
            "llm-pure": {
                "name": "llm-pure",
                "base_url": "https://llm.example/v1",
                "env_key": "LLM_PURE_KEY",
                "wire_api": "responses",
            }
        },
    }
    assert err == "export LLM_PURE_KEY=none\nIn ~/.codex/config.toml:\n"


def test_opencode_gets_a_block_of_json(folder: Path, capsys: Captured) -> None:
    (folder / "llm-pure.yaml").write_text(CONFIG % ("a" * 64))
    config = json.loads(env_of(capsys, "opencode", "-m", "fast", "--port", "1")[0])
    assert config["model"] == "llm-pure/fast"
    assert config["provider"]["llm-pure"]["options"] == {
        "baseURL": "http://127.0.0.1:1/v1",
        "apiKey": "{env:LLM_PURE_KEY}",
    }


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_shell_runs_the_lines(client: str, capsys: Captured) -> None:
    out, err = env_of(capsys, client, "--url", "http://[::1]:9/$(touch pwned)'")
    lines = err if client in ("codex", "opencode") else out
    script = "\n".join(line for line in lines.splitlines() if not line.startswith("In "))
    environment = subprocess.run(
        ["bash", "-c", f"{script}\nenv"], capture_output=True, text=True, check=True
    ).stdout
    for name, value in CLIENTS[client](
        GatewayAddress(url="http://[::1]:9/$(touch pwned)'")
    ).variables.items():
        if name != "OPENCODE_CONFIG_CONTENT":
            assert f"{name}={value}\n" in environment
    assert not Path("pwned").exists()


GATEWAY = GatewayAddress(url="http://127.0.0.1:7", key="lp-x", model="smart")


def test_a_program_gets_the_variables_of_every_package() -> None:
    settings = settings_of_program("python3", GATEWAY)
    assert (settings.arguments, settings.variables["ANTHROPIC_API_KEY"]) == ((), "lp-x")
    assert "ANTHROPIC_AUTH_TOKEN" in settings.unset
    assert not set(settings.unset) & set(settings.variables)
    assert {
        "OPENAI_BASE_URL": "http://127.0.0.1:7/v1",
        "OPENAI_API_BASE": "http://127.0.0.1:7/v1",
        "OPENAI_API_KEY": "lp-x",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:7",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:7",
        "GEMINI_API_KEY": "lp-x",
        "OLLAMA_HOST": "http://127.0.0.1:7",
    }.items() <= settings.variables.items()


def test_codex_is_configured_by_its_arguments_and_claude_by_its_models() -> None:
    codex = settings_of_program("codex", GATEWAY)
    flags = dict(flag.split("=", 1) for flag in codex.arguments[1::2])
    assert set(codex.arguments[::2]) == {"-c"}
    assert flags["model"] == '"smart"'
    assert flags["model_providers.llm-pure.wire_api"] == '"responses"'
    assert codex.variables == {"LLM_PURE_KEY": "lp-x"}
    claude = settings_of_program("claude", GATEWAY)
    assert claude.unset == ("ANTHROPIC_API_KEY",)
    models = {name for name, value in claude.variables.items() if value == "smart"}
    assert models == {
        "ANTHROPIC_MODEL",
        *[f"ANTHROPIC_DEFAULT_{tier}_MODEL" for tier in ("OPUS", "SONNET", "HAIKU", "FABLE")],
    }


@pytest.mark.parametrize(
    ("serve", "code", "lines"),
    [
        (
            'keys: {ci: {sha256: "%s", rpm_limit: 5, models: [fast]}}' % ("a" * 64),
            0,
            ["serve: ready", "  keys      ci", "  serve/keys/ci/rpm_limit is read as requests_per_minute"],
        ),
        ("aliases: {best: fast}", 0, ["serve: ready", "  keys      none: this machine only"]),
        ("aliases: {best: slow}", 78, ["serve: cannot be used"]),
        ("keys: {ci: {}}", 78, ["serve: cannot be used"]),
        (
            'keys: {ci: {sha256: "%s", models: [slow]}}' % ("a" * 64),
            78,
            ["serve: cannot be used"],
        ),
    ],
)  # fmt: skip
def test_config_check_reads_the_keys(
    serve: str, code: int, lines: list[str], folder: Path, capsys: Captured
) -> None:
    models = "models: {fast: {api_type: groq, api_key: gsk-0123456789}}"
    (folder / "llm-pure.yaml").write_text(f"{models}\nserve: {{{serve}}}\n")
    assert main(["config", "check"]) == code
    printed = capsys.readouterr().out.splitlines()
    start = printed.index(lines[0])
    assert printed[start : start + len(lines)] == lines
