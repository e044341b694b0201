"""`llm-pure replay serve --as` and `--rules`: what is served, what is written, and options that do not go together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_pure import HttpRequest
from llm_pure.cli.arguments import SERVED_DIALECTS, create_parser
from llm_pure.cli.main import main
from llm_pure.cli.serve_double import serve_double
from llm_pure.server import server_dialects
from llm_pure.transports.base import Timeouts, Transport
from tests.support.scenarios import CASSETTES

RULES = """
models: [m]
rules:
  - when: weather
    calls: [{name: get_weather, arguments: {city: Oslo}}]
  - text: Ask me about the weather.
"""


def run(send: Callable[[Transport], Any], *words: str) -> Any:
    """What `send` makes of the server's transport; options as on the command line."""
    answers = []

    def serve(transport: Transport) -> int:
        answers.append(send(transport))
        return 0

    options = create_parser().parse_args(["replay", "serve", *words])
    assert serve_double(options, serve) == 0
    return answers[0]


def chat(question: str, path: str = "/api/chat?key=abc-123456789") -> Callable[[Transport], Any]:
    """A request in the form that Ollama's and Anthropic's APIs share."""
    body = {"model": "m", "messages": [{"role": "user", "content": question}], "max_tokens": 9, "stream": False}  # fmt: skip
    request = HttpRequest("POST", f"http://127.0.0.1:1{path}", (("x-api-key", "secret-123456"),), json.dumps(body).encode())  # fmt: skip
    return lambda transport: json.loads(transport.send(request, Timeouts()).unwrap().body)


def test_rules_of_a_file_answer_and_requests_are_written_without_keys(tmp_path: Path) -> None:
    rules, received = tmp_path / "rules.yaml", tmp_path / "received.jsonl"
    rules.write_text(RULES)
    words = ("--rules", str(rules), "--received", str(received))
    answer = run(chat("the weather?"), *words)
    assert answer["message"]["tool_calls"][0]["function"] == {
        "name": "get_weather", "arguments": {"city": "Oslo"}
    }  # fmt: skip
    assert run(chat("hi"), *words)["message"]["content"] == "Ask me about the weather."
    run(lambda transport: transport.send(HttpRequest("GET", "http://127.0.0.1:1/v1/files"), Timeouts()), *words)  # fmt: skip
    lines = [json.loads(line) for line in received.read_text().splitlines()]
    assert [line.pop("body") and line for line in lines[:1]] == [
        {"method": "POST", "path": "/api/chat?key=***", "dialect": "ollama_native", "operation": "chat", "model": "m",
         "stream": False, "prompt": "the weather?"},
    ]  # fmt: skip
    assert lines[2] == {"method": "GET", "path": "/v1/files", "body": None}
    assert "secret" not in received.read_text()


def test_recordings_answer_clients_of_another_dialect(capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(CASSETTES / "openai")
    question = "Why are pure functions easy to test?"
    answer = run(chat(question, "/v1/messages"), "--as", "anthropic_messages", folder)
    assert (answer["type"], answer["role"], answer["content"][0]["type"]) == ("message", "assistant", "text")  # fmt: skip
    assert "recordings are no chat" in capsys.readouterr().err
    refused = run(chat(question), "--as", "anthropic_messages", folder)
    assert refused == {"error": "this server answers clients of anthropic_messages, not of ollama_native"}  # fmt: skip
    assert run(chat(question), "--as", "any", folder)["done"] is True


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 64),
        (("--rules", "missing.yaml"), 66),
        (("--rules", "wrong.yaml"), 78),
        (("--rules", "rules.yaml", "x.yaml"), 64),
        (("--rules", "rules.yaml", "--as", "any"), 64),
        (("--rules", "rules.yaml", "--cut-at", "3"), 64),
        (("--as", "any", "missing.yaml"), 66),
        (("--as", "any", "--record", "once", "rules.yaml"), 64),
        (("--rules", "rules.yaml", "--received", "none/x.jsonl"), 73),
    ],
)
def test_options_that_do_not_work_end_the_command(
    words: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(RULES)
    Path("wrong.yaml").write_text("rules: [{}]")
    assert main(["replay", "serve", *words]) == code


def test_the_dialects_of_the_help_are_those_of_the_library() -> None:
    assert tuple(server_dialects) == SERVED_DIALECTS
