"""Which model a command asks: `-m`, `--config`, the files and the environment, the same for every command."""

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from llm_pure.cli.main import main
from tests.support.loopback import Connection, Loopback, response

Captured = pytest.CaptureFixture[str]
KEYS = {
    "file": "sk-of-the-file-0123456789",
    "other": "sk-of-another-0123456789",
    "environment": "sk-of-the-environment-01",
}
CHAT = {
    "id": "c1",
    "model": "m1",
    "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
ANSWERS = {
    "chat/completions": CHAT,
    "embeddings": {"data": [{"index": 0, "embedding": [0.5]}], "model": "e"},
}


class Server(Loopback):
    """Answers chat and embeddings, and keeps (address, key, model) of each request."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str, str]] = []
        self.streams = 0
        super().__init__(self._answer)

    def _answer(self, connection: Connection) -> None:
        head, _, body = connection.read_request().partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        path = lines[0].split()[1].removeprefix("/v1/")
        key = next(line for line in lines if line.lower().startswith("authorization: "))
        payload = json.loads(body)
        self.streams += bool(payload.get("stream"))
        self.received.append((path, key.partition("Bearer ")[2], payload["model"]))
        data = json.dumps(ANSWERS[path]).encode()
        connection.send(response(data, headers=(("content-type", "application/json"),)))


@pytest.fixture
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of one's own, an environment with one key, and nothing piped in."""
    for name in list(os.environ):
        if name.endswith(("_KEY", "_URL", "_TOKEN")) or name.startswith("LLM_PURE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["environment"])
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.chdir(tmp_path)


pytestmark = pytest.mark.usefixtures("_alone")


def project(server: Server, name: str = "llm-pure.yaml", more: str = "") -> None:
    Path(name).write_text(
        f"""
llm: {{model: default-model, api_key: {KEYS["file"]}, base_url: "{server.url}/v1"}}
models:
  fast: {{model: fast-model, api_key: {KEYS["other"]}, base_url: "{server.url}/v1"}}
  local: {{api_type: ollama, model: llama3}}
{more}
"""
    )


TOLD = "[openai:m1 · tokens 3 in, 2 out · stop]\n"


def test_without_a_name_the_files_default_model_is_asked_and_told(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_PURE_MODEL", "openai:of-the-environment")
    with Server() as server:
        project(server)
        code = main(["ask", "--no-stream", "hi"])
    assert (code, *capsys.readouterr()) == (0, "Hello\n", f"[llm of llm-pure.yaml]\n{TOLD}")
    assert server.received == [("chat/completions", KEYS["file"], "default-model")]
    assert server.streams == 0


NAMES = {
    "a name": ("fast", KEYS["other"], "fast-model"),
    "an api_type": ("openai", KEYS["other"], "fast-model"),
    "a model of a provider in the files": ("openai:gpt-9", KEYS["other"], "gpt-9"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_finds_a_model_of_the_files(name: str) -> None:
    model_option, key, model = NAMES[name]
    with Server() as server:
        project(server)
        assert main(["ask", "--no-stream", "-m", model_option, "hi"]) == 0
    assert server.received == [("chat/completions", key, model)]


def test_a_provider_that_no_file_has_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEYS["environment"])
    with Server() as server:
        project(server)
        arguments = ["ask", "--no-stream", "-m", "mistral:m", "--base-url", f"{server.url}/v1"]
        assert main([*arguments, "hi"]) == 0
    assert server.received == [("chat/completions", KEYS["environment"], "m")]
    assert "llm-pure.yaml" not in capsys.readouterr().err


def test_a_model_of_a_provider_takes_nothing_of_the_files_own_model() -> None:
    with Server() as server:
        Path("llm-pure.yaml").write_text(
            f"""
models:
  own: {{model: x, api_key: {KEYS["file"]}, base_url: "{server.url}/v1", pricing_plan: gpt-4o, context_length: 10}}
  lost: {{api_key: "${{NOT_SET}}"}}
fallbacks: {{own: [lost]}}
compress: {{type: post_cut_by_token}}
"""
        )
        assert main(["ask", "--no-stream", "-m", "openai:gpt-9", "hi"]) == 0
    assert server.received == [("chat/completions", KEYS["file"], "gpt-9")]


def test_without_files_the_environment_says_which_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PURE_MODEL", "openai:of-the-environment")
    with Server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        assert main(["ask", "--no-stream", "hi"]) == 0
    assert server.received == [("chat/completions", KEYS["environment"], "of-the-environment")]


def test_a_file_that_is_named_is_read_alone(capsys: Captured) -> None:
    with Server() as server:
        project(server)
        Path("other.yaml").write_text(
            f"models: {{lone: {{model: m, base_url: '{server.url}/v1'}}}}"
        )
        assert main(["ask", "--no-stream", "--config", "other.yaml", "-m", "lone", "hi"]) == 0
        assert main(["ask", "--no-stream", "--config", "other.yaml", "-m", "fast", "hi"]) == 64
    assert server.received == [("chat/completions", KEYS["environment"], "m")]
    assert "configured are lone" in capsys.readouterr().err


def test_a_base_url_goes_over_the_files() -> None:
    with Server() as server, Server() as elsewhere:
        project(server)
        arguments = ["ask", "--no-stream", "-m", "fast", "--base-url", f"{elsewhere.url}/v1"]
        assert main([*arguments, "hi"]) == 0
    assert (server.received, len(elsewhere.received)) == ([], 1)


FAULTS = {
    "a file that is not there": (
        ["--config", "none.yaml"],
        66,
        f"none.yaml: {os.strerror(errno.ENOENT)}",
    ),
    "a file with an unknown key": (
        ["--config", "bad.yaml"],
        78,
        "bad.yaml: llm/modle is not known",
    ),
    "a name that nobody has": (["-m", "fsat"], 64, "did you mean fast"),
    "a model whose variable is not set": (
        ["--config", "unset.yaml", "-m", "a"],
        78,
        "needs the variable NOT_SET",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("command", ["ask", "build", "code"])
def test_what_cannot_be_used_is_an_exit_code_and_says_why(
    name: str, command: str, capsys: Captured
) -> None:
    arguments, code, expected = FAULTS[name]
    Path("llm-pure.yaml").write_text("models: {fast: {model: m}}")
    Path("bad.yaml").write_text("llm: {modle: m}")
    Path("unset.yaml").write_text('models: {a: {api_key: "${NOT_SET}"}}')
    assert main([command, *arguments, "hi"]) == code
    assert expected in capsys.readouterr().err


COMMANDS = {
    "code": (["code", "-m", "fast", "hi"], "chat/completions", KEYS["other"], "fast-model"),
    "embed": (["embed", "-m", "fast", "hi"], "embeddings", KEYS["other"], "fast-model"),
    "embed without a name": (
        ["embed", "hi"],
        "embeddings",
        KEYS["other"],
        "text-embedding-3-small",
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_calls_takes_its_model_from_the_files(name: str) -> None:
    arguments, *expected = COMMANDS[name]
    with Server() as server:
        project(server)
        main(arguments)
    assert server.received == [tuple(expected)]


def test_build_takes_its_model_from_the_files_and_shows_no_key(capsys: Captured) -> None:
    with Server() as server:
        project(server)
        assert main(["build", "-m", "fast", "hi"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["body"]["model"] == "fast-model"
    assert err == "[fast of llm-pure.yaml]\n"
    assert not [key for key in KEYS.values() if key in out + err]


def test_tokens_are_counted_for_a_model_of_the_files(capsys: Captured) -> None:
    Path("llm-pure.yaml").write_text(
        "models: {mine: {model: my-deployment, pricing_plan: gpt-3.5-turbo}}"
    )
    Path("text").write_text("hello world")
    assert main(["tokens", "-m", "mine", "text"]) == 0
    out, err = capsys.readouterr()
    assert out == "        2  text\n"
    assert err.startswith("my-deployment: exact, cl100k_base")


def test_an_estimate_takes_the_files_prices(capsys: Captured) -> None:
    Path("llm-pure.yaml").write_text(
        "models: {mine: {model: x, pricing_plan: gpt-4o}}\nprices: {x: {input: 1000000, output: 0}}"
    )
    Path("text").write_text("hello world")
    assert main(["cost", "estimate", "-m", "mine", "text", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert float(row["input_usd"]) == row["input_tokens"]


def test_the_files_budget_refuses_a_question(capsys: Captured) -> None:
    with Server() as server:
        project(
            server,
            more="cost_control: {max_budget: 0.0000001}\nprices: {fast-model: {input: 1, output: 1}}",
        )
        assert main(["ask", "--no-stream", "-m", "fast", "hi"]) == 78
    assert server.received == []
    assert "budget" in capsys.readouterr().err


def test_the_files_fallbacks_stand_in(capsys: Captured) -> None:
    with Server() as server:
        project(server, more="fallbacks: {down: [fast]}")
        text = Path("llm-pure.yaml").read_text()
        down = '  down: {model: d, api_key: key-0123456, base_url: "http://127.0.0.1:1/v1"}\n'
        Path("llm-pure.yaml").write_text(text.replace("  local:", f"{down}  local:"))
        assert main(["ask", "--no-stream", "-m", "down", "hi"]) == 0
    assert server.received == [("chat/completions", KEYS["other"], "fast-model")]
    assert capsys.readouterr().out == "Hello\n"


def test_a_name_as_litellm_writes_it_is_shown_as_it_is_written_here(capsys: Captured) -> None:
    assert main(["ask", "-m", "anthropic/claude-sonnet-4-5", "hi"]) == 64
    assert "such as anthropic:claude-sonnet-4-5; " in capsys.readouterr().err
    assert main(["ask", "-m", "meta/llama", "hi"]) == 64
    assert "such as openai:meta/llama; " in capsys.readouterr().err
